"""500 jobs for minutes against a server that fails at random: nothing lost, nothing grown.

Exits with 1 unless every job's final status and messages equal the server's own record, and
memory, threads and sockets stay flat after the warm-up.
"""

# ruff: noqa: T201 - what is printed is the result

from __future__ import annotations

import argparse
import json
import logging
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import psutil

from benchmarks.processes import server
from jobwidgets._http.budget import configure
from jobwidgets._http.connections import Limits
from jobwidgets.dialects import Answer
from jobwidgets.dialects.mission import Mission
from jobwidgets.job import Job

SAMPLE = 10.0
"""Seconds between two printed samples."""
WARM = 60.0
"""Seconds after which nothing may grow any more: every kind of fault was met."""
GROWTH = 1.10
"""Largest memory after the warm-up, as a multiple of the memory then."""
THREADS = 5
"""Largest number: the main one, the poller's, the callbacks', one each for a token and a name."""
_PATIENCE = 90.0  # seconds for the last jobs to end: a life, some retries and an outage
_TRIES = 40  # half seconds: more than an outage


def fetch(url: str) -> bytes:
    """Return what the server has at a URL, however often it is out."""
    for _ in range(_TRIES):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bytes(answer.read())
        except OSError:
            time.sleep(0.5)
    raise ConnectionError(f"no answer from {url}")


class Soak:
    """Jobs that are watched; each one that ends is compared and another takes its place."""

    def __init__(self, address: str, jobs: int) -> None:
        self._address, self._width = address, jobs
        self._names: Iterator[int] = iter(range(10**9))
        self._watched: set[Job] = set()
        self._done: list[Job] = []
        self._process = psutil.Process()
        self.compared = 0
        self.wrong: list[str] = []
        self.samples: list[tuple[float, float, int, int]] = []

    def run(self, seconds: float) -> None:
        """Watch for some seconds, then until the last job has ended."""
        began = time.monotonic()
        self._fill(began + min(seconds / 4, 20.0))
        while (now := time.monotonic()) < began + seconds:
            self._compare()
            self._fill()
            if now >= began + SAMPLE * (len(self.samples) + 1):
                self._sample(now - began)
            time.sleep(0.2)
        while self._watched and time.monotonic() < began + seconds + _PATIENCE:
            self._compare()
            time.sleep(0.2)
        self.wrong += [f"{one.id}: {one.status}, {one.contact}" for one in self._watched]

    def _fill(self, until: float = 0.0) -> None:
        """Begin jobs up to the width; the first ones spread over the seconds until a time."""
        missing = self._width - len(self._watched)
        pause = max(until - time.monotonic(), 0.0) / max(missing, 1)
        for _ in range(missing):
            job = Job(
                f"{self._address}/arcgis/rest/jobs/j{next(self._names)}",
                token=self._token,
                http={"timeout": 3.0},
            )
            self._watched.add(job)
            job.add_done_callback(self._done.append)
            time.sleep(pause)

    def _token(self) -> str:
        return fetch(f"{self._address}/token").decode()

    def _compare(self) -> None:
        """Compare the jobs that have ended with the server's record, and forget them."""
        done, self._done[:] = list(self._done), []
        for job in done:
            self._watched.discard(job)
            record = json.loads(fetch(f"{self._address}/record/{job.id}"))
            self.compared += 1
            if (found := _seen(job)) != (expected := _recorded(record)):
                self.wrong.append(f"{job.id}: {found} is not {expected}; {job.error!r}")

    def _sample(self, age: float) -> None:
        memory = self._process.memory_info().rss / 1e6
        sockets = len(self._process.net_connections())
        self.samples.append((age, memory, threading.active_count(), sockets))
        print(
            f"{age:5.0f} s: {memory:6.1f} MB, {threading.active_count()} threads, "
            f"{sockets} sockets, {self.compared} jobs ended, {len(self.wrong)} wrong",
            flush=True,
        )

    def grown(self) -> list[str]:
        """Return what has grown since the warm-up."""
        warm = [sample for sample in self.samples if sample[0] >= WARM]
        if not warm:
            return []
        first, rest = warm[0], warm
        found = []
        if max(sample[1] for sample in rest) > GROWTH * first[1]:
            found.append("memory")
        if max(sample[2] for sample in rest) > THREADS:
            found.append("threads")
        if max(sample[3] for sample in rest) > Limits().kept + 2:  # a token's, a record's
            found.append("sockets")
        return found


def _seen(job: Job) -> tuple[str, list[tuple[str, Any]]]:
    return str(job.status), [(message.text, message.code) for message in job.messages]


def _recorded(record: dict[str, Any] | None) -> tuple[str, list[tuple[str, Any]]]:
    if record is None:
        return "never asked for", []
    snapshot = Mission().read(Answer(record))
    return str(snapshot.status), [(message.text, message.code) for message in snapshot.messages]


def main() -> int:
    """Soak and print; 1 if anything was wrong or has grown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--requests-per-second", type=float, default=200.0)
    parser.add_argument("--token-seconds", type=float, default=20.0, help="the shortest life")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.getLogger("jobwidgets").setLevel(logging.ERROR)
    configure(requests_per_second=given.requests_per_second)
    with server("fault_server", given.seed, given.token_seconds) as address:
        soak = Soak(address, given.jobs)
        soak.run(60 * given.minutes)
        counts = json.loads(fetch(f"{address}/counts"))
    print("\nthe server answered:", ", ".join(f"{n} x {what}" for what, n in counts.items()))
    for line in soak.wrong[:20]:
        print("WRONG", line)
    grown = soak.grown()
    print(f"{soak.compared} jobs compared, {len(soak.wrong)} wrong, grown: {grown or 'nothing'}")
    return 1 if soak.wrong or grown or not soak.compared else 0


if __name__ == "__main__":
    sys.exit(main())
