"""One request, the truth about the job that it is for, and the ways to answer it."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from documents import ABSENT, after, document, milliseconds

DURATION = timedelta(seconds=66.311)
"""What every job takes, by the server's clock."""

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no seconds: closing sends RST, not FIN
_KNOWN = frozenset(HTTPStatus)


class Record:
    """What the server knows of one job: the truth that a watch should arrive at."""

    def __init__(self, job_id: str) -> None:
        self.id = job_id
        self.messages = ["Started mission creation."]
        self.has_ended = False

    def finish(self) -> None:
        """End the job well."""
        self.has_ended = True

    def say(self, text: str) -> None:
        """Add a message, with the next code."""
        self.messages.append(text)

    def document(self, **changes: Any) -> dict[str, Any]:
        """Return the job's document, with some parts changed."""
        truth = {
            "jobId": self.id,
            "messages": list(self.messages),
            "messageCodes": [1500 + index for index in range(len(self.messages))],
            "status": "COMPLETED" if self.has_ended else "PROCESSING",
            "endTime": milliseconds(after(DURATION.total_seconds())) if self.has_ended else ABSENT,
        }
        return document(**{**truth, **changes})


@dataclass(frozen=True)
class Request:
    """What a client asked for: `at` is in monotonic seconds, `token` None where it sent none."""

    target: str
    job_id: str
    token: str | None
    at: float


class Exchange:
    """One request, and the socket that it is to be answered on.

    Parameters
    ----------
    connection
        The socket.
    request
        What was asked.
    record
        The truth about the job.
    number
        How many requests the present fault has met, from 1.
    """

    def __init__(
        self, connection: socket.socket, request: Request, record: Record, number: int
    ) -> None:
        self.connection = connection
        self.request = request
        self.record = record
        self.number = number
        self.is_over = False

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.connection.sendall(data)

    def drip(self, data: bytes, size: int, pause: float) -> None:
        """Send bytes `size` at a time, with a pause in seconds after each time."""
        for start in range(0, len(data), size):
            self.send(data[start : start + size])
            time.sleep(pause)

    def hang(self) -> None:
        """Do nothing until the client, or the end of the server, hangs up."""
        while self.connection.recv(4096):
            pass
        self.is_over = True

    def hang_up(self) -> None:
        """End the connection in good order."""
        self.is_over = True

    def reset(self) -> None:
        """End the connection with a reset."""
        reset(self.connection)
        self.is_over = True


Behaviour = Callable[[Exchange], None]
"""Answers a request, or does what servers do instead."""


def http(body: Any = b"", status: int | str = 200, **headers: str) -> bytes:
    """Return a whole answer; a body that is no bytes is sent as JSON, `_` in a name as `-`."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = {"Date": formatdate(usegmt=True), "Content_Length": str(len(content)), **headers}
    return head(status, **told) + content


def head(status: int | str = 200, **headers: str) -> bytes:
    """Return a status line and headers."""
    if isinstance(status, int):
        phrase = HTTPStatus(status).phrase if status in _KNOWN else "Odd"
        status = f"{status} {phrase}"
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


def reset(connection: socket.socket) -> None:
    """Have the connection end with a reset when it is closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def well(exchange: Exchange) -> None:
    """Answer with the truth."""
    exchange.send(http(exchange.record.document()))
