"""A job server by hand on asyncio, in a process of its own: the floor of what an answer costs.

It also measures: how late each job is asked for again, seen from the wire, so that all clients
are measured alike. Run as ``python -m benchmarks.job_server <interval>`` it prints its port and
serves until its standard input closes.
"""

# ruff: noqa: T201 - what is printed is the result

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable
from email.utils import formatdate

Respond = Callable[["Connection", str, dict[str, str]], None]
"""Answers one request: its connection, its target, and its headers (names in lower case)."""


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection, for GET without a body."""

    def __init__(self, respond: Respond) -> None:
        self.transport: asyncio.Transport
        self._respond = respond
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            pairs = (line.partition(":") for line in lines)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            self._respond(self, first.split(" ")[1], headers)

    def send(self, body: bytes, status: str = "200 OK", kind: str = "application/json") -> None:
        """Send one whole answer."""
        self.transport.write(
            f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            f"Date: {formatdate(usegmt=True)}\r\n\r\n".encode("latin-1")
            + body
        )


class Jobs:
    """Jobs that run for ever, each asked for once an interval.

    Parameters
    ----------
    interval
        Seconds after an answer at which the next poll of the same job is due.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._answered: dict[str, float] = {}
        self._bodies: dict[str, bytes] = {}
        self._late: list[float] = []

    def respond(self, connection: Connection, target: str, _: dict[str, str]) -> None:
        """Answer with a job's document, or at /late with what was measured since the last time."""
        path = target.partition("?")[0]
        if path == "/late":
            late, self._late = self._late, []
            connection.send(json.dumps(late).encode())
            return
        now = time.monotonic()
        if path in self._answered:
            self._late.append(now - self._answered[path] - self._interval)
        if path not in self._bodies:
            self._bodies[path] = json.dumps(_document(path.rpartition("/")[2])).encode()
        connection.send(self._bodies[path])
        self._answered[path] = time.monotonic()


def _document(job_id: str) -> dict[str, object]:
    """Return a document of 0.9 kB with 12 messages."""
    messages = [f"Created layer {n} for the events of the map." for n in range(12)]
    return {
        "jobId": job_id,
        "messages": messages,
        "startTime": round(time.time() * 1000),
        "type": "addMission",
        "status": "PROCESSING",
        "username": "admin",
        "customAttributes": {
            "stepsCompleted": 2,
            "totalSteps": 5,
            "isCancelled": False,
            "messageCodes": list(range(1500, 1512)),
        },
    }


async def serve(respond: Respond) -> None:
    """Serve on a free port of loopback, print it, and go on until standard input closes."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(respond), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await closed_input()


async def closed_input() -> None:
    """Return when nobody holds the other end of standard input any more."""
    loop, closed = asyncio.get_running_loop(), asyncio.Event()

    def read() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(closed.set)

    threading.Thread(target=read, daemon=True).start()
    await closed.wait()


if __name__ == "__main__":
    asyncio.run(serve(Jobs(float(sys.argv[1])).respond))
