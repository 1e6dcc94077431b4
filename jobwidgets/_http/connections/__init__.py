"""The connections to all servers, and the requests that are made over them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import lru_cache
from urllib.parse import urlsplit

import httpx

from jobwidgets._http.answers import Answer
from jobwidgets._http.budget import Budget, Urgency, lateness
from jobwidgets._http.connections.bodies import read_body
from jobwidgets._http.connections.http_settings import Http, checked_http
from jobwidgets._http.connections.lanes import Lanes, close
from jobwidgets._http.urls import origin, root
from jobwidgets._model.redact import redacted
from jobwidgets.errors import BodyError, RefusedError, TransportError

LANES = 16
"""Connections, and so requests in flight, to one origin with the same settings."""
DEADLINE = 60.0
"""Seconds for one whole answer, from the moment in which a connection is free for it."""
LARGEST_BODY = 64 * 1024 * 1024
"""Bytes of one answer, decompressed."""
MOST_SERVERS = 256
"""Servers whose origin is kept."""

__all__ = ["DEADLINE", "LANES", "LARGEST_BODY", "Connections", "Http", "checked_http"]


class Connections:
    """The connections of one event loop: a few for each origin and settings.

    A request waits here for a free one, never within httpx: its pool rescans every connection
    and queued request at each request (https://github.com/encode/httpx/issues/3215).

    Parameters
    ----------
    lanes
        How many connections to one origin with the same settings.
    deadline
        Seconds for one whole answer.
    largest_body
        Bytes of one answer, decompressed.
    """

    def __init__(
        self,
        *,
        lanes: int = LANES,
        deadline: float = DEADLINE,
        largest_body: int = LARGEST_BODY,
    ) -> None:
        self._number = lanes
        self._deadline = deadline
        self._largest_body = largest_body
        self._lanes: dict[str, list[Lanes]] = {}
        self._budgets: dict[str, Budget] = {}

    async def admit(self, url: str, urgency: Urgency | None = None) -> None:
        """Return when the budget of the host of `url` has room for a request.

        `urgency` decides who goes first; None is that of a job with a delay of one second.
        """
        if urgency is None:
            urgency = lateness(asyncio.get_running_loop().time(), 1.0)
        await self._budget(url).admit(urgency, root(url))

    def ask(self, url: str, urgency: Urgency, go: Callable[[], object]) -> None:
        """Call `go` when `admit` would return: it costs less to wait without a task."""
        self._budget(url).ask(urgency, go, root(url))

    def withdraw(self, url: str, go: Callable[[], object]) -> None:
        """Call `go` no more."""
        self._budget(url).withdraw(go)

    async def get(self, url: str, headers: Mapping[str, str], http: Http) -> Answer:
        """Make one GET request, which was admitted.

        Raises
        ------
        TransportError
            If no whole answer came.
        BodyError
            If the body is too large, or compressed in a way that cannot be read.
        RefusedError
            If no request can be made of the URL, or with the settings.
        """
        lanes = await self._to(_origin(root(url)), http)
        request = lanes.request(url, headers)
        with self._budget(url).at_the_door(root(url)):
            lane, room = await lanes.borrow()
        try:
            async with asyncio.timeout(self._deadline):
                response = await lane.ask(request)
                try:
                    body = await read_body(response, self._largest_body)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise TransportError(f"no whole answer within {self._deadline:g} s") from error
        except httpx.DecodingError as error:  # met by a hook of the user's
            raise BodyError("the answer's compression is broken") from error
        except httpx.InvalidURL as error:
            raise RefusedError(f"{error}: {redacted(url)}") from error
        except (httpx.TransportError, OSError) as error:
            raise TransportError(_reason(error)) from error
        finally:
            lanes.give_back(lane, room)
        return Answer(response.status_code, body, _headers(response))

    async def drop_idle(self, url: str | None = None) -> None:
        """Close the idle connections to the origin of `url`, None to all: they may be dead.

        Or an answer was none to what had been asked, and more of that kind may be on its way.
        """
        chosen = self._lanes.values() if url is None else [self._lanes.get(_origin(root(url)), [])]
        # All at once, before anything is awaited: none of them is lent any more.
        await close([lane for group in chosen for lanes in group for lane in lanes.taken_out()])

    async def aclose(self) -> None:
        """Close every connection; a later request opens new ones."""
        known, self._lanes = self._lanes, {}
        await _close([lanes for group in known.values() for lanes in group])

    def _budget(self, url: str) -> Budget:
        host = _host(root(url))
        if host not in self._budgets:
            self._budgets[host] = Budget(self._number)
        return self._budgets[host]

    async def _to(self, place: str, http: Http) -> Lanes:
        group = self._lanes.get(place, [])
        lanes = next((one for one in group if one.http == http), None)
        if lanes is None:
            lanes = Lanes(place, http, self._number)
            # Settings come and go: a cell that is run again may make an SSLContext each time.
            lapsed = [one for one in group if one.has_lapsed]
            self._lanes[place] = [*(one for one in group if one not in lapsed), lanes]
            await _close(lapsed)
        lanes.note_use()
        return lanes


async def _close(group: list[Lanes]) -> None:
    async with AsyncExitStack() as stack:
        for lanes in group:
            stack.push_async_callback(lanes.aclose)


@lru_cache(MOST_SERVERS)
def _origin(place: str) -> str:
    return origin(place)


@lru_cache(MOST_SERVERS)
def _host(place: str) -> str:
    return urlsplit(place).hostname or ""


def _headers(response: httpx.Response) -> dict[str, str]:
    location = response.extensions.get("location")
    known = {} if location is None else {"location": location}
    return {**known, **{name.lower(): value for name, value in response.headers.items()}}


def _reason(error: Exception) -> str:
    """Return what went wrong below HTTP, in one line."""
    if isinstance(error, httpx.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    root: BaseException = error
    while (deeper := root.__cause__ or root.__context__) is not None:
        root = deeper
    if isinstance(root, ConnectionError) and root.errno is not None:
        return os.strerror(root.errno)  # anyio only says that all attempts failed
    return redacted(str(error) or str(root) or type(error).__name__)
