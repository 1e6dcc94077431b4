"""The connections to all servers. The only place that knows httpx."""

from __future__ import annotations

import asyncio
import inspect
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request

import httpx

from jobwidgets.answer import Answer, BodyError, RefusedError, TransportError
from jobwidgets.budget import Budget, Urgency, lateness
from jobwidgets.redact import redacted
from jobwidgets.urls import origin

LANES = 16
"""Connections, and so requests in flight, to one origin with the same settings."""
DEADLINE = 60.0
"""Seconds for one whole answer, from the moment in which a connection is free for it."""
STUCK = 5.0
"""Seconds after which a request that has no answer counts no more as one in flight."""
LARGEST_BODY = 64 * 1024 * 1024
"""Bytes of one answer, decompressed."""

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_KEPT_ALIVE = 65.0  # seconds: twice the longest usual pause between two polls
_SETTINGS = frozenset(inspect.signature(httpx.AsyncClient).parameters)
# What jobwidgets decides itself: where a request goes, and where a token travels.
_OURS = {
    "base_url": "the URL of the job is given whole",
    "follow_redirects": "redirects are followed on the same origin only",
    "max_redirects": "redirects are followed on the same origin only",
    "params": "parameters belong into the URL, and a token into token=",
}

Http = Mapping[str, Any]
"""Keyword arguments of httpx.AsyncClient."""


def checked_http(http: Http | None) -> Http:
    """Return a copy of a user's settings for httpx.AsyncClient; TypeError for unknown ones."""
    if http is not None and not isinstance(http, Mapping):
        raise TypeError(f"http is a dict of settings, found a {type(http).__name__}")
    settings = dict(http or {})
    for name in settings:
        if name in _OURS:
            raise TypeError(f"http= takes no {name!r}: {_OURS[name]}")
        if name not in _SETTINGS:
            known = ", ".join(sorted(_SETTINGS - _OURS.keys()))
            raise TypeError(f"http= has no setting {name!r}; expected some of: {known}")
    return settings


class Connections:
    """The clients of one event loop: a few of one connection each, for an origin and settings.

    A request waits here for a free client, never within httpx: its pool rescans every connection
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
        self._lanes = lanes
        self._deadline = deadline
        self._largest_body = largest_body
        self._known: list[tuple[str, Http, _Lanes]] = []
        self._budgets: dict[str | None, Budget] = {}

    async def admit(self, url: str, urgency: Urgency | None = None) -> None:
        """Return when the budget of the host of `url` has room for a request.

        `urgency` decides who goes first; None is that of a job with a delay of one second.
        """
        if urgency is None:
            urgency = lateness(asyncio.get_running_loop().time(), 1.0)
        await self._budgets.setdefault(urlsplit(url).hostname, Budget()).admit(urgency)

    async def get(self, url: str, headers: Mapping[str, str], http: Http) -> Answer:
        """Make one GET request, which was admitted.

        Raises
        ------
        TransportError
            If no whole answer came.
        BodyError
            If the body is too large, or its compression broken.
        RefusedError
            If the URL is one that no request can be made of.
        """
        try:
            async with (
                self._to(origin(url), http).lend() as client,
                asyncio.timeout(self._deadline),
                client.stream("GET", url, headers=headers) as response,
            ):
                body = await self._body(response)
        except TimeoutError as error:
            raise TransportError(f"no whole answer within {self._deadline:g} s") from error
        except httpx.DecodingError as error:
            raise BodyError("the answer's compression is broken") from error
        except (httpx.TransportError, OSError) as error:
            raise TransportError(_reason(error)) from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise RefusedError(f"no request can be made of this URL: {redacted(url)}") from error
        names = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, body, names)

    async def aclose(self) -> None:
        """Close every connection; a later request opens new ones."""
        known, self._known = self._known, []
        async with AsyncExitStack() as stack:
            for _, _, lanes in known:
                stack.push_async_callback(lanes.aclose)

    def _to(self, place: str, http: Http) -> _Lanes:
        for known_place, known_http, lanes in self._known:
            if known_place == place and known_http == http:
                return lanes
        lanes = _Lanes(_client_settings(http), self._lanes)
        self._known.append((place, http, lanes))
        return lanes

    async def _body(self, response: httpx.Response) -> bytes:
        chunks, size = [], 0
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > self._largest_body:
                raise BodyError(f"the answer is larger than {self._largest_body} bytes")
            chunks.append(chunk)
        return b"".join(chunks)


class _Lanes:
    def __init__(self, settings: dict[str, Any], number: int) -> None:
        self._settings = settings
        self._free = asyncio.Semaphore(number)
        self._idle: list[httpx.AsyncClient] = []

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[httpx.AsyncClient]:
        loop = asyncio.get_running_loop()
        await self._free.acquire()
        # A request that hangs makes room for another one, so that it holds up no other job.
        room = loop.call_later(STUCK, self._free.release)
        # The last one back first: few connections are kept warm, the rest may lapse.
        client = self._idle.pop() if self._idle else httpx.AsyncClient(**self._settings)
        try:
            yield client
        finally:
            self._idle.append(client)
            if room.when() > loop.time():
                room.cancel()
                self._free.release()

    async def aclose(self) -> None:
        async with AsyncExitStack() as stack:
            for client in self._idle:
                stack.push_async_callback(client.aclose)


def _client_settings(http: Http) -> dict[str, Any]:
    limits = httpx.Limits(
        max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEPT_ALIVE
    )
    settings = {"timeout": _TIMEOUT, "limits": limits, **http, "cookies": _cookies(http)}
    if "transport" not in http:  # a transport of the user's brings its own TLS
        settings["verify"] = _ssl_context(http)
    return settings


class _NoNewCookies(DefaultCookiePolicy):
    """Keeps no cookie that a server sets: the next request may be for another user's job."""

    def set_ok(self, cookie: Cookie, request: Request) -> bool:
        return False


def _cookies(http: Http) -> CookieJar:
    jar = CookieJar(policy=_NoNewCookies())
    for cookie in httpx.Cookies(http.get("cookies")).jar:
        jar.set_cookie(cookie)
    return jar


def _ssl_context(http: Http) -> ssl.SSLContext:
    """Return one context (26 ms to make) for all clients with the settings `http`."""
    verify = http.get("verify", True)
    if not isinstance(verify, str | Path):
        return httpx.create_ssl_context(verify, trust_env=http.get("trust_env", True))
    # httpx itself has deprecated paths; they are what users have at hand.
    if Path(verify).is_dir():
        return ssl.create_default_context(capath=verify)
    return ssl.create_default_context(cafile=verify)


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
