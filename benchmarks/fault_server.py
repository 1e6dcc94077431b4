"""A job server that fails at random, and keeps the record of what its jobs really came to.

Each job begins when it is first asked for and lives a few seconds. Run as
``python -m benchmarks.fault_server <seed> <token seconds>`` it prints its port and serves until its
standard input closes.
"""

# ruff: noqa: T201 - what is printed is the result

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks.job_server import Connection, closed_input

STEPS = 5
FAULT = 0.08
"""The part of the polls that meet a fault."""
OUTAGES = 25.0, 2.0
"""Seconds between two outages, and seconds that one lasts: no connection is kept or taken."""
_ENDS = ("COMPLETED", "COMPLETED", "COMPLETED", "FAILED", "CANCELLED")
_EXPIRED = {"error": {"code": 498, "message": "Invalid or expired token.", "details": []}}


@dataclass
class Job:
    """One job's life, drawn when it begins."""

    id: str
    rng: random.Random
    born: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self.length = self.rng.uniform(5, 40)
        self.end = self.rng.choice(_ENDS)
        told = (self.rng.uniform(0, self.length) for _ in range(self.rng.randint(0, 15)))
        self.told = sorted(told)
        self.was_seen = self.was_missing = False

    def document(self) -> dict[str, Any]:
        """Return what the server says now."""
        age = time.time() - self.born
        has_ended = age >= self.length
        number = sum(1 for at in self.told if at <= age)
        steps = STEPS if has_ended else int(STEPS * age / self.length)
        document = {
            "jobId": self.id,
            "status": self.end if has_ended else "PROCESSING",
            "messages": [f"Message {n} of job {self.id}." for n in range(number)],
            "startTime": round(self.born * 1000),
            "type": "addMission",
            "customAttributes": {
                "stepsCompleted": steps,
                "totalSteps": STEPS,
                "isCancelled": has_ended and self.end == "CANCELLED",
                "messageCodes": list(range(1500, 1500 + number)),
            },
        }
        if has_ended:
            document["endTime"] = round((self.born + self.length) * 1000)
        return document


class Faulty:
    """Answers for jobs, mostly."""

    def __init__(self, seed: int, token_seconds: float) -> None:
        self._token_seconds = token_seconds  # no token is refused sooner
        self._rng = random.Random(seed)  # noqa: S311 - no secret
        self._jobs: dict[str, Job] = {}
        self._tokens: dict[str, float] = {}
        self._open: set[asyncio.Transport] = set()
        self.counts: dict[str, int] = {}
        self._faults = {
            "reset": self._reset,
            "reset in the body": self._torso,
            "hang": self._hang,
            "half JSON": self._half,
            "a page": lambda c, _: c.send(b"<html>Bad gateway</html>", "502 Bad Gateway"),
            "503": lambda c, _: c.send(b"", "503 Service Unavailable"),
            "429": lambda c, _: c.send(b"{}", "429 Too Many Requests"),
            "error body 500": lambda c, _: c.send(b'{"error": {"code": 500, "message": "!"}}'),
            "a page with 200": lambda c, _: c.send(b"<html>Please wait</html>"),
            "no job": lambda c, _: c.send(b'{"a": 1}'),
            "one 404": self._missing,
        }

    def respond(self, connection: Connection, target: str, headers: dict[str, str]) -> None:
        """Answer with a document or a fault; tokens, counts and the record without any."""
        path = target.partition("?")[0]
        self._open = {t for t in self._open if not t.is_closing()} | {connection.transport}
        if path == "/token":
            token = f"token-{self._rng.getrandbits(64):x}"
            self._tokens[token] = time.monotonic()
            connection.send(token.encode())
        elif path == "/counts":
            connection.send(json.dumps(self.counts).encode())
        elif path.startswith("/record/"):
            # What is asked for here is over: the record is read once.
            job = self._jobs.pop(path[8:], None)
            connection.send(json.dumps(job and job.document()).encode())
        else:
            self._answer(connection, path.rpartition("/")[2], headers)

    def _answer(self, connection: Connection, job_id: str, headers: dict[str, str]) -> None:
        token = headers.get("x-esri-authorization", "").removeprefix("Bearer ")
        if not self._is_valid(token):
            self._count("expired token")
            connection.send(json.dumps(_EXPIRED).encode())
            return
        rng = random.Random(self._rng.random())  # noqa: S311 - no secret
        job = self._jobs.setdefault(job_id, Job(job_id, rng))
        if self._rng.random() < FAULT:
            name = self._rng.choice(list(self._faults))
            # Before its first document a watch rightly takes some of these as its user's mistake.
            if job.was_seen or name in {"reset", "hang", "half JSON", "503"}:
                self._count(name)
                self._faults[name](connection, job)
                return
        job.was_seen, job.was_missing = True, False
        self._count("documents")
        connection.send(json.dumps(job.document()).encode())

    def _is_valid(self, token: str) -> bool:
        born = self._tokens.get(token)
        if born is None:
            return False
        if time.monotonic() - born > self._token_seconds and self._rng.random() < 0.001:
            del self._tokens[token]
        return token in self._tokens

    def _count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    def _reset(self, connection: Connection, _: Job) -> None:
        connection.transport.abort()

    def _torso(self, connection: Connection, _: Job) -> None:
        connection.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{")
        connection.transport.close()

    def _hang(self, connection: Connection, _: Job) -> None:
        """Answer nothing."""

    def _half(self, connection: Connection, job: Job) -> None:
        body = json.dumps(job.document()).encode()
        connection.send(body[: len(body) // 2])

    def _missing(self, connection: Connection, job: Job) -> None:
        if job.was_missing:  # two in a row, seconds apart, would rightly mean that it is gone
            connection.send(json.dumps(job.document()).encode())
        else:
            job.was_missing = True
            connection.send(b"", "404 Not Found")

    async def run(self) -> None:
        """Serve on one port, with outages, until standard input closes."""
        port, over = 0, asyncio.create_task(closed_input())
        while not over.done():
            server = await asyncio.get_running_loop().create_server(
                lambda: Connection(self.respond), "127.0.0.1", port, backlog=1024
            )
            if not port:
                port = server.sockets[0].getsockname()[1]
                print(port, flush=True)
            await asyncio.wait([over], timeout=OUTAGES[0])
            self._count("outages")
            server.close()
            for transport in self._open:
                transport.abort()
            await asyncio.wait([over], timeout=OUTAGES[1])


if __name__ == "__main__":
    asyncio.run(Faulty(int(sys.argv[1]), float(sys.argv[2])).run())
