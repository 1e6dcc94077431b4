"""What polling 1,000 jobs once a second costs, on loopback, against two other ways in one run."""

# ruff: noqa: T201 - what is printed is the result

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":  # runs as a file too
    sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.clients import WAYS
from benchmarks.processes import ask, server
from benchmarks.tables import print_table

_HEAD = ("polls/s", "lag p50 ms", "p99 ms", "CPU us/poll", "% core", "threads", "sockets", "kB/job")


def _measured(way: str, jobs: int, seconds: float, interval: float) -> dict[str, float]:
    with server("job_server.py", interval) as address:
        url = f"{address}/arcgis/rest/jobs"
        told: dict[str, float] = ask("clients.py", "measure", way, url, jobs, seconds, interval)
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
    """Print what each way costs, and the ratios to jobwidgets."""
    ways = [way for way in WAYS if way != "nothing"]
    told = {way: _measured(way, jobs, seconds, 1.0) for way in ways}
    rows = [[way, *_cells(one)] for way, one in told.items()]
    print_table(f"{jobs} jobs, a poll 1 s after each answer", ["way", *_HEAD], rows)
    ours = told[ways[0]]
    for way in ways[1:]:
        other = told[way]
        print(
            f"jobwidgets / {way}: polls/s {ours['polls'] / max(other['polls'], 0.01):.1f} x, "
            f"CPU a poll {ours['micros'] / other['micros']:.3f} x, "
            f"memory {ours['kb'] / other['kb']:.2f} x"
        )


def print_cell(seconds: float, pairs: int) -> None:
    """Print the speed of a pure-Python cell beside 60 polls/s, as a part of its speed alone."""
    parts = []
    for _ in range(pairs):  # in turns: the machine's speed drifts
        with server("job_server.py", 1.0) as address:
            given = (f"{address}/arcgis/rest/jobs", 60, seconds, 1.0)
            alone = ask("clients.py", "cell", "nothing", *given)
            beside = ask("clients.py", "cell", "jobwidgets", *given)
        parts.append(beside["turns"] / alone["turns"])
    shown = ", ".join(f"{100 * part:.1f} %" for part in parts)
    print(f"\na pure-Python cell beside 60 polls/s, of its speed alone: {shown}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=12.0, help="measured, for each way")
    given = parser.parse_args()
    print_ways(given.jobs, given.seconds)
    print_cell(given.seconds / 3, pairs=3)


if __name__ == "__main__":
    main()
