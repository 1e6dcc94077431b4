"""A board of 1,000 jobs: what a tick costs the wire and the browser.

The browser's time of a tick (script and layout) stands beside that of writing the same table anew
with innerHTML, in the same page.
"""

from __future__ import annotations

import argparse
import html
import json
import random
import statistics
import sys
import threading
import time
from typing import Any

from browser.board_page import FINAL, BoardPage, board_page
from browser.lab import launched
from documents import JOBS_URL, Shown, document
from servers import Replies

from benchmarks.tables import print_table, quantile
from jobwidgets import Job, JobBoard, configure

BUDGET = 30.0
"""Milliseconds of the browser's time for one tick."""
MOST_MESSAGES = 5.0
"""Comm messages a second."""

_TICK = """update => {
  const begin = performance.now();
  models[0].put('_update', update);
  document.body.offsetHeight;
  return performance.now() - begin;
}"""
_ANEW = """html => {
  const place = document.querySelector('#anew');
  const begin = performance.now();
  place.innerHTML = html;
  document.body.offsetHeight;
  return performance.now() - begin;
}"""


def table(board: BoardPage) -> str:
    """Return the rows as one HTML table, as a widget without a view of its own sends it."""
    rows = []
    for job in board.jobs:
        latest = job.history.latest
        assert latest is not None
        text = html.escape(latest.messages[-1].text)
        facts = (latest.status, latest.kind, latest.id, latest.progress, latest.owner, text)
        rows.append("<tr>" + "".join(f"<td>{fact}</td>" for fact in facts) + "</tr>")
    return f"<table>{''.join(rows)}</table>"


def change(board: BoardPage, number: int, tick: int) -> None:
    """Let some jobs have made a step."""
    for index in random.sample(range(len(board.jobs)), number):
        board.poll(index, stepsCompleted=tick % 4, messages=[f"Step {tick} of {index}."])


def measure_browser(jobs: int, changed: int, ticks: int) -> dict[str, list[float]]:
    """Return milliseconds and bytes of each tick, for the board and for a table written anew."""
    found: dict[str, list[float]] = {"board": [], "sorted": [], "anew": [], "bytes": []}
    with (
        launched() as engine,
        board_page(engine, [Shown(f"j{n:04}") for n in range(jobs)]) as board,
    ):
        for index in range(jobs):
            board.poll(index)
        board.open()
        board.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<div id=anew></div>')")
        head = board.page.get_by_role("columnheader", name="time").get_by_role("button")
        for tick in range(ticks):
            for way in ("board", "sorted", "anew"):
                if way != "anew" and tick == 0:
                    continue
                change(board, changed, tick)
                update = board.next()
                assert update is not None
                found["bytes"].append(float(len(json.dumps(update))))
                if way == "sorted":
                    head.click()
                spent = board.page.evaluate(_TICK, update)
                if way == "anew":
                    spent = board.page.evaluate(_ANEW, table(board))
                    board.page.evaluate(_ANEW, "")
                elif way == "sorted":
                    head.click()
                    head.click()
                found[way].append(spent)
    return found


def measure_wire(jobs: int, seconds: float) -> tuple[float, float]:
    """Return updates a second, and the most bytes of one, while jobs run against no network."""
    ages: dict[str, int] = {}

    def answer(request: Any) -> Any:
        name = str(request.url).partition("?")[0].rpartition("/")[2]
        ages[name] = age = ages.get(name, 0) + 1
        final = FINAL if age > 20 else {}
        return document(jobId=name, messages=[f"Message {n}." for n in range(age)], **final)

    configure(requests_per_second=2000)
    settings = {"http": {"transport": Replies(answer)}, "poll_interval": 0.5}
    sizes: list[int] = []
    lock = threading.Lock()
    board = JobBoard([Job(f"{JOBS_URL}/j{n}", **settings) for n in range(jobs)])  # type: ignore[arg-type]

    def note(told: Any) -> None:
        with lock:
            sizes.append(len(json.dumps(told["new"])))

    board.observe(note, "_update")
    begin = time.monotonic()
    time.sleep(seconds)
    spent = time.monotonic() - begin
    with lock:
        counted = list(sizes)
    board.close()
    return len(counted) / spent, float(max(counted, default=0))


def main() -> int:
    """Print what a tick costs; return 1 if a figure to beat is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--changed", type=int, default=100, help="jobs that change in one tick")
    parser.add_argument("--ticks", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=10.0, help="of polling 1,000 jobs")
    given = parser.parse_args()
    found = measure_browser(given.jobs, given.changed, given.ticks)
    anew = statistics.median(found["anew"])
    rows = [
        [
            name,
            f"{statistics.median(found[way]):.1f}",
            f"{quantile(found[way], 0.95):.1f}",
            f"{anew / statistics.median(found[way]):.0f}x",
        ]
        for name, way in [
            ("the board", "board"),
            ("the board, sorted by time", "sorted"),
            ("innerHTML of the same table", "anew"),
        ]
    ]
    title = f"{given.jobs} jobs, {given.changed} of which change: the browser's ms a tick"
    print_table(title, ["way", "median", "p95", "faster"], rows)
    rate, most = measure_wire(given.jobs, given.seconds)
    print_table(
        f"{given.jobs} jobs polled twice a second",
        ["updates/s", "kB a tick", "most kB"],
        [[f"{rate:.1f}", f"{statistics.median(found['bytes']) / 1000:.1f}", f"{most / 1000:.0f}"]],
    )
    is_slow = max(statistics.median(found[way]) for way in ("board", "sorted")) > BUDGET
    return 1 if is_slow or rate > MOST_MESSAGES else 0


if __name__ == "__main__":
    sys.exit(main())
