"""Connects to a host: to the first of its addresses that answers."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

NEXT_ADDRESS = 0.25
"""Seconds after which the next address of a name is tried beside the last (RFC 8305)."""


async def dial(host: str, port: int, next_address: float = NEXT_ADDRESS) -> socket.socket:
    """Return a connected socket; OSError if no address of `host` answers.

    The addresses are tried side by side, each some time after the last, so that one that is never
    answered, of an IPv6 that leads nowhere say, costs little.

    Parameters
    ----------
    host
        A name, which is looked up by the running loop, or an address.
    port
        Of the host.
    next_address
        Seconds after which the next address is tried beside the last.
    """
    loop = asyncio.get_running_loop()
    addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    trying: set[asyncio.Task[socket.socket]] = set()
    failed: list[BaseException] = []
    try:
        while addresses or trying:
            if addresses:
                trying.add(loop.create_task(_connected(*addresses.pop(0))))
            pause = next_address if addresses else None
            done, trying = await asyncio.wait(
                trying, timeout=pause, return_when=asyncio.FIRST_COMPLETED
            )
            reached = [task.result() for task in done if task.exception() is None]
            failed += [error for task in done if (error := task.exception()) is not None]
            for spare in reached[1:]:
                spare.close()
            if reached:
                return reached[0]
    finally:
        for task in trying:
            task.cancel()
            task.add_done_callback(_discard)
    raise failed[-1] if failed else OSError(f"{host} has no address")


def _discard(task: asyncio.Task[socket.socket]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()


async def _connected(
    family: int, kind: int, protocol: int, _: str, address: tuple[Any, ...]
) -> socket.socket:
    one = socket.socket(family, kind, protocol)
    try:
        one.setblocking(False)
        await asyncio.get_running_loop().sock_connect(one, address)
    except BaseException:
        one.close()
        raise
    return one
