"""Ways to poll many jobs, each measured in a process of its own.

``python -m benchmarks.clients measure <way> <jobs url> <number> <seconds> <interval>``, and the
same with ``cell`` and no way, print one line of JSON.
"""

# ruff: noqa: T201 - what is printed is the result

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
import urllib.request
from collections.abc import Callable

import httpx
import psutil

from benchmarks.tables import quantile
from jobwidgets._http.budget import configure
from jobwidgets.job import Job

PAIRS = 10  # of the speeds of a cell

Start = Callable[[str, int, float], object]
"""Begins to poll so many jobs under a URL, an interval (s) after each answer; what it returns is
kept until the end."""


def jobwidgets_jobs(url: str, number: int, interval: float) -> list[Job]:
    """Watch with jobwidgets: one thread, a few connections."""
    configure(requests_per_second=100_000)
    return [Job(f"{url}/{n}", poll_interval=interval).start() for n in range(number)]


def jobs_within_the_budget(url: str, number: int, interval: float) -> list[Job]:
    """Watch with jobwidgets as it is by default: a few requests a second to one host."""
    return [Job(f"{url}/{n}", poll_interval=interval).start() for n in range(number)]


def one_client(url: str, number: int, interval: float) -> object:
    """Poll with one httpx.AsyncClient of default limits, a task a job."""

    async def run() -> None:
        async with httpx.AsyncClient(timeout=600) as client:
            await asyncio.gather(*(poll(client, f"{url}/{n}?f=json") for n in range(number)))

    async def poll(client: httpx.AsyncClient, target: str) -> None:
        while True:
            json.loads((await client.get(target)).content)
            await asyncio.sleep(interval)

    threading.Thread(target=asyncio.run, args=(run(),), daemon=True).start()
    return None


def threads(url: str, number: int, interval: float) -> object:
    """Poll with a thread and an httpx.Client (kept alive) a job."""
    context = httpx.create_ssl_context()

    def poll(target: str) -> None:
        with httpx.Client(verify=context, timeout=60) as client:
            while True:
                json.loads(client.get(target).content)
                time.sleep(interval)

    targets = [f"{url}/{n}?f=json" for n in range(number)]
    started = [threading.Thread(target=poll, args=(t,), daemon=True) for t in targets]
    for thread in started:
        thread.start()
    return started


WAYS: dict[str, Start] = {
    "jobwidgets": jobwidgets_jobs,
    "jobwidgets, default budget": jobs_within_the_budget,
    "a thread and httpx.Client a job": threads,
    "one httpx.AsyncClient": one_client,
}


def measure(way: str, url: str, number: int, seconds: float, interval: float) -> dict[str, float]:
    """Return what one way costs, after a warm-up of a third of the time."""
    host = url.split("/arcgis")[0]
    process = psutil.Process()
    warm = WAYS[way](url.replace("/rest", "/warm"), 16, interval)
    time.sleep(interval + 0.5)
    before = process.memory_info().rss
    jobs = WAYS[way](url, number, interval)
    time.sleep(max(seconds / 3, 2 * interval))
    _late(host)
    began, burnt = time.monotonic(), time.process_time()
    time.sleep(seconds)
    took, burnt = time.monotonic() - began, time.process_time() - burnt
    after = process.memory_info().rss  # before what was measured is read, which takes some too
    late = _late(host)
    del warm
    return {
        "polls": len(late) / took,
        "p50": quantile(late, 0.5),
        "p99": quantile(late, 0.99),
        "micros": burnt / max(len(late), 1) * 1e6,
        "core": burnt / took,
        "threads": process.num_threads(),
        "sockets": len(process.net_connections()),
        "kb": (after - before) / number / 1000,
        "jobs": float(jobs is not None),
    }


def cell(url: str, number: int, seconds: float, interval: float) -> list[float]:
    """Return the speeds of a pure-Python loop beside the polls, each as a part of that alone.

    Both are measured by turns, for so many seconds each: the machine's speed drifts.
    """
    jobs: list[Job] = jobwidgets_jobs(url, number, interval)
    parts = []
    for _ in range(PAIRS):
        time.sleep(interval / 2)
        beside = _turns(seconds)
        for job in jobs:
            job.stop()
        time.sleep(interval / 2)
        parts.append(beside / _turns(seconds))
        for job in jobs:
            job.start()
    return parts


def _turns(seconds: float) -> float:
    """Return how many turns a second a pure-Python loop makes."""
    turns, began = 0, time.perf_counter()
    while time.perf_counter() < began + seconds:
        turns += sum(1 for _ in range(1000))
    return turns / (time.perf_counter() - began)


def _late(host: str) -> list[float]:
    """Return how late (s) each poll since the last call came, by the server's clock."""
    with urllib.request.urlopen(f"{host}/late") as answer:
        late: list[float] = json.load(answer)
    return late


if __name__ == "__main__":
    what, *words, url, number, seconds, interval = sys.argv[1:]
    functions: dict[str, Callable[..., object]] = {"cell": cell, "measure": measure}
    print(json.dumps(functions[what](*words, url, int(number), float(seconds), float(interval))))
