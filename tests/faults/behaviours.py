"""What a faulty server does with a request: small behaviours, and what joins them."""

from __future__ import annotations

import gzip
import json
import socket
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

from faults.exchange import Behaviour, Exchange, head, http, reset, well

MEGABYTE = 1_000_000


def answers(body: Any = b"", status: int | str = 200, **headers: str) -> Behaviour:
    """Return what answers with a body: bytes as they are, anything else as JSON."""
    return lambda exchange: exchange.send(http(body, status, **headers))


def tells(**changes: Any) -> Behaviour:
    """Return what answers with the job's document, some parts changed."""
    return lambda exchange: exchange.send(http(exchange.record.document(**changes)))


def tells_with(**headers: str) -> Behaviour:
    """Return what answers with the job's document and some headers."""
    return lambda exchange: exchange.send(http(exchange.record.document(), **headers))


def edits(edit: Callable[[bytes], bytes], **headers: str) -> Behaviour:
    """Return what answers with the job's document, its bytes changed by `edit`."""
    return lambda exchange: exchange.send(http(edit(text(exchange)), **headers))


def sends(data: bytes) -> Behaviour:
    """Return what sends bytes as they are."""
    return lambda exchange: exchange.send(data)


def frames(frame: Callable[[bytes], bytes]) -> Behaviour:
    """Return what sends the whole answer that `frame` makes of the job's document."""
    return lambda exchange: exchange.send(frame(text(exchange)))


def drips(size: int, pause: float, start: int = 0) -> Behaviour:
    """Return what sends the truth `size` bytes at a time, the first `start` bytes at once."""

    def behave(exchange: Exchange) -> None:
        whole = http(exchange.record.document())
        exchange.send(whole[:start])
        exchange.drip(whole[start:], size, pause)

    return behave


def then(*behaviours: Behaviour) -> Behaviour:
    """Return what does one thing after another."""

    def behave(exchange: Exchange) -> None:
        for behaviour in behaviours:
            behaviour(exchange)

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Return what does another thing at each request, and begins anew after the last."""
    return lambda exchange: behaviours[(exchange.number - 1) % len(behaviours)](exchange)


def once(behaviour: Behaviour) -> Behaviour:
    """Return what does a thing at the first request, and tells the truth at later ones."""
    return lambda exchange: (behaviour if exchange.number == 1 else well)(exchange)


def refuses(token: str, behaviour: Behaviour) -> Behaviour:
    """Return what tells the truth to everybody but the bearers of `token`."""
    return lambda exchange: (behaviour if exchange.request.token == token else well)(exchange)


def hangs(exchange: Exchange) -> None:
    """Do nothing until the client hangs up."""
    exchange.hang()


def hangs_up(exchange: Exchange) -> None:
    """End the connection in good order."""
    exchange.hang_up()


def resets(exchange: Exchange) -> None:
    """End the connection with a reset."""
    exchange.reset()


def slam(connection: socket.socket) -> None:
    """Reset a new connection."""
    reset(connection)


def ignore(connection: socket.socket) -> None:
    """Say nothing on a new connection until the client hangs up."""
    while connection.recv(4096):
        pass


def babble(connection: socket.socket) -> None:
    """Greet a new connection like a mail server."""
    connection.recv(4096)
    connection.sendall(b"220 mail.example.com ESMTP ready\r\n")


def half(data: bytes) -> bytes:
    """Return the first half."""
    return data[: len(data) // 2]


def half_answer(body: bytes) -> bytes:
    """Return an answer whose second half of the body is missing."""
    return head(Content_Length=str(len(body))) + half(body)


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """Return an answer in chunks."""
    parts = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks]
    return head(Transfer_Encoding="chunked") + b"".join(parts) + end


def bomb(megabytes: int, layers: int = 1) -> Behaviour:
    """Return what answers with spaces, compressed so and so many times."""
    encoding = ", ".join(["gzip"] * layers)
    return lambda exchange: exchange.send(
        http(_packed(megabytes, layers), Content_Encoding=encoding)
    )


@cache
def _packed(megabytes: int, layers: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    spaces = b" " * MEGABYTE
    body = b"".join(packer.compress(spaces) for _ in range(megabytes)) + packer.flush()
    for _ in range(layers - 1):
        body = gzip.compress(body)
    return body


def floods(megabytes: int) -> Behaviour:
    """Return what answers with spaces, as they are."""

    def behave(exchange: Exchange) -> None:
        exchange.send(head(Content_Length=str(megabytes * MEGABYTE)))
        for _ in range(megabytes):
            exchange.send(b" " * MEGABYTE)

    return behave


def nested(depth: int, around: bytes = b"[]") -> bytes:
    """Return lists within lists, as JSON."""
    return around[:1] * depth + around[1:] * depth


def text(exchange: Exchange) -> bytes:
    """Return the job's document as JSON."""
    return json.dumps(exchange.record.document(), ensure_ascii=False).encode()
