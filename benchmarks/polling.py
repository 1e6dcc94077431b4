"""What polling 1,000 jobs once a second costs, on loopback, against two other ways in one run."""

# ruff: noqa: T201 - what is printed is the result

from __future__ import annotations

import argparse
from statistics import median

from benchmarks.clients import WAYS
from benchmarks.processes import ask, server
from benchmarks.tables import print_table

_HEAD = ("polls/s", "lag p50 ms", "p99 ms", "CPU us/poll", "% core", "threads", "sockets", "kB/job")
_INTERVAL = 1.0  # seconds
_FULL_PACE = 0.97  # of a poll an interval: the answer itself takes some of the time


def _measured(way: str, jobs: int, seconds: float, interval: float) -> dict[str, float]:
    with server("job_server", interval) as address:
        url = f"{address}/arcgis/rest/jobs"
        told: dict[str, float] = ask("clients", "measure", way, url, jobs, seconds, interval)
    return told


def _cells(told: dict[str, float]) -> list[str]:
    return [
        f"{told['polls']:.0f}",
        f"{1000 * told['p50']:.1f}",
        f"{1000 * told['p99']:.1f}",
        f"{told['micros']:.0f}",
        f"{100 * told['core']:.0f}",
        f"{told['threads']:.0f}",
        f"{told['sockets']:.0f}",
        f"{told['kb']:.1f}",
    ]


def print_ways(jobs: int, seconds: float) -> None:
    """Print what each way costs, the ratios to jobwidgets, and which figures are met."""
    ways = list(WAYS)
    told = {way: _measured(way, jobs, seconds, _INTERVAL) for way in ways}
    rows = [[way, *_cells(one)] for way, one in told.items()]
    print_table(f"{jobs} jobs, a poll {_INTERVAL:g} s after each answer", ["way", *_HEAD], rows)
    ours = told[ways[0]]
    for way in ways[1:]:
        other = told[way]
        print(
            f"jobwidgets / {way}: polls/s {ours['polls'] / max(other['polls'], 0.01):.1f} x, "
            f"CPU a poll {ours['micros'] / other['micros']:.3f} x, "
            f"memory {ours['kb'] / other['kb']:.2f} x"
        )
    print("\nthe figures to beat")
    pace = jobs / _INTERVAL
    _judge("polls/s, of the full pace", ours["polls"] / pace, at_least=_FULL_PACE)
    one_client = max(told[ways[-1]]["polls"], 0.01)
    _judge("polls/s, of one AsyncClient's", ours["polls"] / one_client, at_least=25)
    _judge("lag p99, of 250 ms", ours["p99"] / 0.25)
    _judge("CPU of a core, of 90 %", ours["core"] / 0.9)
    _judge("CPU of a core at the default budget, of 2 %", told[ways[1]]["core"] / 0.02)
    _judge("threads, of 3", ours["threads"] / 3)
    _judge("memory a job, of 5 kB", ours["kb"] / 5)


def _judge(what: str, ratio: float, at_least: float | None = None) -> None:
    """Print whether a ratio is met: at most 1, or at least so much."""
    is_met = ratio <= 1 if at_least is None else ratio >= at_least
    bound = "<= 1" if at_least is None else f">= {at_least:g}"
    print(f"{'met' if is_met else 'NOT met':>7}: {what}: {ratio:.2f} x ({bound})")


def print_cell(seconds: float) -> None:
    """Print the speed of a pure-Python cell beside 60 polls/s, as a part of its speed alone."""
    with server("job_server", _INTERVAL) as address:
        url = f"{address}/arcgis/rest/jobs"
        parts = sorted(ask("clients", "cell", url, 60, seconds, _INTERVAL))
    shown = ", ".join(f"{100 * part:.0f}" for part in parts)
    print(f"\na pure-Python cell beside 60 polls/s, in % of its speed alone: {shown}")
    _judge("the cell's speed, of its speed alone", median(parts), at_least=0.95)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=12.0, help="measured, for each way")
    given = parser.parse_args()
    print_ways(given.jobs, given.seconds)
    print_cell(given.seconds / 4)


if __name__ == "__main__":
    main()
