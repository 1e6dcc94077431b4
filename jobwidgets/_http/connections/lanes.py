"""The few connections to one origin, lent to one request at a time."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from jobwidgets._http.connections.http1 import Prepared, prepared
from jobwidgets._http.connections.http_settings import (
    Http,
    client,
    client_settings,
    uses_httpx_client,
    uses_httpx_transport,
)
from jobwidgets._http.connections.wire import KEPT_ALIVE, Wire
from jobwidgets._http.urls import root
from jobwidgets._model.redact import redacted
from jobwidgets.errors import RefusedError

STUCK = 5.0
"""Seconds after which a request that has no answer counts no more as one in flight."""
# A URL below an origin of which nothing is encoded or normalised before it is sent.
_PLAIN = re.compile(r"(?:/(?!\.)[\w.~-]*)+(?:\?[\w.~=&-]*)?", re.ASCII)


class Lanes:
    """The connections to one origin with the same settings, and the requests over them.

    Parameters
    ----------
    place
        The origin.
    http
        The settings, checked.
    number
        How many connections, and so requests in flight.
    """

    def __init__(self, place: str, http: Http, number: int) -> None:
        self.http = http
        self._settings = client_settings(http, KEPT_ALIVE)
        self._is_wired = not uses_httpx_transport(http, place)
        self._is_direct = self._is_wired and not uses_httpx_client(http)
        self._free = asyncio.Semaphore(number)
        self._idle: list[Lane] = []
        self._first = self._new()
        self._used_at = math.inf  # never: it has not lapsed either
        self._last: _Made | None = None

    def request(self, url: str, headers: Mapping[str, str]) -> Prepared | httpx.Request:
        """Return a request; where nothing of the user's may change it, made after the last one.

        RefusedError if none can be made.
        """
        alike = None if self._last is None else self._last.alike(url, headers)
        if alike is not None:
            return alike
        try:
            made = self._first.client.build_request("GET", url, headers=headers)
            return self._noted(url, headers, made) if self._is_direct else made
        except (httpx.InvalidURL, UnicodeError) as error:
            raise RefusedError(f"no request can be made of this URL: {redacted(url)}") from error
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol) as error:
            raise RefusedError(str(error)) from error

    def _noted(self, url: str, headers: Mapping[str, str], made: httpx.Request) -> Prepared:
        request = prepared(made)
        self._last = _Made(root(url), headers, request)
        return request

    async def borrow(self) -> tuple[Lane, Room]:
        """Return a free connection, and its place among the requests in flight."""
        await self._free.acquire()
        room = Room(self._free)
        try:
            # The last one back first: few connections are kept warm, the rest may lapse.
            return (self._idle.pop() if self._idle else self._new()), room
        except BaseException:
            room.leave()
            raise

    def give_back(self, lane: Lane, room: Room) -> None:
        """Let another request have what one borrowed."""
        self._idle.append(lane)
        room.leave()

    def _new(self) -> Lane:
        if not self._is_wired:
            plain = client(self._settings)
            return Lane(plain, partial(plain.send, stream=True))
        wire = Wire(self._settings["verify"])
        wired = client({**self._settings, "transport": wire})
        return Lane(wired, wire.ask if self._is_direct else partial(wired.send, stream=True))

    def taken_out(self) -> list[Lane]:
        """Take out the connections that are not in use; a transport of the user's stays."""
        if self.http.get("transport") is not None:
            return []
        idle, self._idle = self._idle, []
        return idle

    def note_use(self) -> None:
        """Note that a request is made now."""
        self._used_at = asyncio.get_running_loop().time()

    @property
    def has_lapsed(self) -> bool:
        """Whether no request was made for long; a transport of the user's is kept all the same."""
        unused = asyncio.get_running_loop().time() - self._used_at
        return unused > KEPT_ALIVE and self.http.get("transport") is None

    async def aclose(self) -> None:
        """Close everything."""
        await close([*self._idle, self._first])


async def close(lanes: list[Lane]) -> None:
    """Close some connections."""
    async with AsyncExitStack() as stack:
        for lane in lanes:
            stack.push_async_callback(lane.client.aclose)


@dataclass(frozen=True, slots=True)
class _Made:
    """A request that httpx has made: it takes ten times as long as to make one like it."""

    root: str
    headers: Mapping[str, str]
    request: Prepared

    def alike(self, url: str, headers: Mapping[str, str]) -> Prepared | None:
        """Return the same request of another URL; None if httpx must make it."""
        target = url.removeprefix(self.root)
        if target == url or headers != self.headers or not _PLAIN.fullmatch(target):
            return None
        return self.request.at(target)


@dataclass(frozen=True, slots=True)
class Lane:
    """One connection: the client that it belongs to, and what sends a request over it."""

    client: httpx.AsyncClient
    ask: Callable[[Any], Awaitable[httpx.Response]]


class Room:
    """A place among the requests in flight; one that hangs loses it, so that others go on."""

    __slots__ = ("_free", "_timer")

    def __init__(self, free: asyncio.Semaphore) -> None:
        self._free: asyncio.Semaphore | None = free
        self._timer = asyncio.get_running_loop().call_later(STUCK, self.leave)

    def leave(self) -> None:
        """Give the place to another request, once."""
        self._timer.cancel()
        if self._free is not None:
            self._free.release()
            self._free = None
