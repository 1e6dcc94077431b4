"""The connections to all servers, lent to one request at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jobwidgets._http.answers import HttpAnswer
from jobwidgets._http.budget import Budgets
from jobwidgets._http.clients import Client, is_hung_up
from jobwidgets._http.remedies import HTTPS_WANTED
from jobwidgets._http.settings import Http
from jobwidgets._http.urls import origin, root
from jobwidgets._model.exchanged import Request
from jobwidgets.errors import (
    BodyError,
    CertificateError,
    JobwidgetsError,
    ProtocolError,
    TransportError,
)

_PROBE = 3.0  # seconds to see whether a port speaks https
_PROBED = 1  # bytes of what it says then


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of all there is: connections are to one origin with the same settings.

    Parameters
    ----------
    kept
        Connections that are kept, and requests in flight.
    most
        Connections that are open while requests hang.
    stuck
        Seconds after which a request that has no answer counts no more as one in flight.
    idle
        Seconds that an unused connection is kept: twice the longest usual pause between polls.
    deadline
        Seconds for one whole answer, from the moment in which a connection is free for it; at least
        the user's timeout.
    body
        Bytes of one answer, decompressed.
    """

    kept: int = 16
    most: int = 32
    stuck: float = 5.0
    idle: float = 65.0
    deadline: float = 60.0
    body: int = 64 * 1024 * 1024


class Connections(Budgets):
    """The connections of one event loop: a few for each origin and settings.

    A request waits here for a free one, never within httpx: its pool rescans every connection
    and queued request at each request (https://github.com/encode/httpx/issues/3215).
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        super().__init__(self._limits.kept)
        self._pools: dict[tuple[str, Http], _Pool] = {}
        self.secured: dict[str, str] = {}
        """What https URL or root to ask instead of an http one whose server answered there."""

    def secure(self, url: str, answered: str) -> None:
        """Note that what was asked for at `url`, over http, was answered over https."""
        old, new = root(url), root(answered)
        bare, path = answered.partition("?")[0], url.partition("?")[0].removeprefix(old)
        if bare == f"{new}{path}":  # then it is so for all that this server has
            self.secured[old] = new
            self.secured.pop(url, None)
        else:
            self.secured[url] = answered

    async def send(self, request: Request, http: Http, cookies: Any = None) -> HttpAnswer:
        """Make one request, which was admitted; see `Client.send`."""
        url = request.url
        async with AsyncExitStack() as lending:
            pool = self._pool(url, http)
            with self.waiting_for_connection(url):
                client = await lending.enter_async_context(pool.lent())
            deadline = max(self._limits.deadline, client.patience)
            try:
                async with asyncio.timeout(deadline):
                    answer = await client.send(request, cookies, self._limits.body)
            except TimeoutError as error:
                raise TransportError(f"no whole answer within {deadline:g} s") from error
            except TransportError as error:
                failed = error
            else:
                pool.has_answered = True
                return answer
            # Out here, where what the port is asked once more has no other error as its context.
            if is_hung_up(failed) and not pool.has_answered and await _is_https(url, http):
                raise ProtocolError(HTTPS_WANTED) from failed.__cause__
            raise failed

    async def drop_idle(self, url: str | None = None) -> None:
        """Close the idle connections to the origin of `url`, None to all: they may be dead.

        Or an answer was none to what had been asked, and more of that kind may be on its way.
        """
        closing: set[asyncio.Task[None]] = set()
        for place, pool in self._pools.items():  # all before anything is awaited
            if url is None or place[0] == _origin(root(url)):
                closing |= pool.drop_idle()
        await asyncio.gather(*closing)

    async def aclose(self) -> None:
        """Close every connection; a later request opens new ones."""
        await self.drop_idle()
        self._pools.clear()

    def _pool(self, url: str, http: Http) -> _Pool:
        place = _origin(root(url)), http
        if place not in self._pools:
            # Settings come and go: a cell that is run again may make an SSLContext each time.
            self._pools = {other: pool for other, pool in self._pools.items() if pool.is_used}
            self._pools[place] = _Pool(place, self._limits)
        return self._pools[place]


class _Pool:
    """The clients for one origin and settings."""

    def __init__(self, place: tuple[str, Http], limits: Limits) -> None:
        self._place, self._limits = place, limits
        self._free, self._open = asyncio.Semaphore(limits.kept), asyncio.Semaphore(limits.most)
        self._idle: dict[Client, asyncio.TimerHandle] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._number_lent = 0
        self.has_answered = False
        """Whether there was an answer, so that the origin speaks what was asked."""

    @property
    def is_used(self) -> bool:
        return bool(self._idle or self._number_lent)

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[Client]:
        """Lend a client; one that has failed is closed: httpcore may have lost its connection."""
        async with self._open, self._in_flight():
            client = self._take()
            self._number_lent += 1
            try:
                yield client
            except BaseException:
                self._close(client)
                raise
            finally:
                self._number_lent -= 1
            self._keep(client)

    @asynccontextmanager
    async def _in_flight(self) -> AsyncIterator[None]:
        """Hold a place among the requests in flight; one that hangs loses it to another one."""
        await self._free.acquire()
        held = [self._free.release]

        def leave() -> None:
            if held:
                held.pop()()

        timer = asyncio.get_running_loop().call_later(self._limits.stuck, leave)
        try:
            yield
        finally:
            timer.cancel()
            leave()

    def _take(self) -> Client:
        """Take the last one back first: few connections are kept warm, the rest may lapse."""
        if not self._idle:
            return Client(*self._place)
        client, timer = self._idle.popitem()
        timer.cancel()
        return client

    def _keep(self, client: Client) -> None:
        if len(self._idle) >= self._limits.kept:
            self._close(client)
        else:
            loop = asyncio.get_running_loop()
            self._idle[client] = loop.call_later(self._limits.idle, self._lapse, client)

    def _lapse(self, client: Client) -> None:
        self._idle.pop(client).cancel()
        self._close(client)

    def _close(self, client: Client) -> None:
        task = asyncio.get_running_loop().create_task(client.aclose())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def drop_idle(self) -> set[asyncio.Task[None]]:
        """Close what is not lent; return what closes."""
        for client in list(self._idle):
            self._lapse(client)
        return self._closing


async def _is_https(url: str, http: Http) -> bool:
    """Return whether a port that hangs up on http speaks https: many do so without a word."""
    if not url.startswith("http:") or http.given.get("transport") is not None:
        return False
    secure = url.replace("http:", "https:", 1)
    client = Client(origin(root(secure)), http)
    try:
        async with asyncio.timeout(_PROBE):
            await client.send(Request(secure), None, _PROBED)  # without the token
    except (CertificateError, BodyError):
        return True
    except (JobwidgetsError, TimeoutError):
        return False
    finally:
        await client.aclose()
    return True


@lru_cache(256)
def _origin(place: str) -> str:
    return origin(place)
