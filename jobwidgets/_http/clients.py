"""Clients with one connection each: all that there is of httpx.

httpx 0.28 is frozen, and its active continuation httpx2 has the same API. No other module imports
httpx, so a move there is a change of the one import below.
"""

from __future__ import annotations

import logging
import os
import ssl
from contextvars import ContextVar
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx as httpx  # the checks take it from here

from jobwidgets._http.answers import HttpAnswer, phrase_of
from jobwidgets._http.bodies import read_body
from jobwidgets._http.remedies import users_problem
from jobwidgets._http.settings import Http, secrets_of, without_user
from jobwidgets._model.exchanged import Request
from jobwidgets._model.redact import redacted
from jobwidgets.errors import BodyError, JobwidgetsError, RefusedError, TransportError

_USUAL = {
    "timeout": httpx.Timeout(30.0, connect=10.0),
    "limits": httpx.Limits(max_connections=1, keepalive_expiry=None),
}
_ENDLESS = 600.0  # seconds that a user waits who sets no timeout
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # for http, where nobody asks it
_is_ours: ContextVar[bool] = ContextVar("_is_ours", default=False)
# httpx writes a line for each request; nobody wants one for each poll.
logging.getLogger("httpx").addFilter(lambda _: not _is_ours.get())


class Client:
    """A client with one connection, for one request at a time; to be closed after a failure.

    RefusedError if the settings make none: asking again does not mend that.
    """

    def __init__(self, origin: str, http: Http) -> None:
        self._client = _made(origin, http)
        self._cookies = httpx.Cookies(http.given.get("cookies"))
        is_direct = http.given.get("proxy") is None and http.proxy(origin) is None
        self._host = str(urlsplit(origin).hostname) if is_direct else "of the proxy"
        self._is_signed = bool({"auth", "event_hooks"} & http.given.keys())
        timeout = self._client.timeout
        given = (timeout.connect, timeout.read, timeout.write)
        self.patience = max(_ENDLESS if one is None else float(one) for one in given)
        """Seconds that the user waits for a part of an answer; some minutes for no timeout."""

    async def send(self, request: Request, cookies: Any, largest_body: int) -> HttpAnswer:
        """Make one request; TransportError, BodyError or RefusedError if no whole answer came.

        `cookies` are those of the answer that has led here, in the same exchange.
        """
        self._client.cookies = self._cookies if cookies is None else cookies
        ours, problem = _is_ours.set(True), None
        try:
            async with self._client.stream(
                request.method, request.url, headers=request.headers, content=request.body
            ) as response:
                body = await _body(response, largest_body)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            problem = _typed(error, request.url, self._host)
        finally:
            _is_ours.reset(ours)
        if problem is not None:  # raised here, where what may not be seen is no context of it
            raise problem
        known = {name.lower(): value for name, value in response.headers.items()}
        known |= response.extensions.get("location", {})
        sent = secrets_of(response.request.headers.items()) if self._is_signed else []
        return HttpAnswer(response.status_code, body, known, self._client.cookies, tuple(sent))

    async def aclose(self) -> None:
        """Close the connection."""
        await self._client.aclose()


async def _body(response: httpx.Response, largest: int) -> bytes:
    length = response.headers.get("content-length", "")
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if response.is_stream_consumed:  # by a hook of the user's
        length, encoding = str(len(response.content)), ""
    if length.isdecimal() and int(length) > largest:
        raise BodyError(f"the answer is larger than {largest} bytes")
    chunks = response.aiter_bytes() if response.is_stream_consumed else response.aiter_raw()
    try:
        return await read_body(chunks, encoding, largest)
    except BodyError:
        if response.status_code < HTTPStatus.BAD_REQUEST:
            raise
        return b""  # the status tells enough


def is_hung_up(error: TransportError) -> bool:
    """Return whether a server has closed a connection, or spoken no HTTP, instead of answering."""
    return isinstance(error.__cause__, httpx.RemoteProtocolError | httpx.ReadError)


def _typed(error: Exception, url: str, host: str) -> JobwidgetsError:
    """Return the error that is raised for one of httpx; `host` is whose name was looked up."""
    if isinstance(error, httpx.LocalProtocolError):  # it quotes the header
        return RefusedError("a header holds what no header may hold")
    code = str(error)[:3]
    if isinstance(error, httpx.ProxyError) and code.isdecimal():  # what follows may quote anything
        return TransportError(f"the proxy answered {code} {phrase_of(int(code))}")
    if isinstance(error, httpx.DecodingError):  # met by a hook of the user's
        typed: JobwidgetsError = BodyError("the answer's compression is broken")
    elif isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | UnicodeError):
        typed = RefusedError(f"no request can be made of this URL: {redacted(url)}")
    else:
        typed = _problem(error, host)
    typed.__cause__ = error
    return typed


def _problem(error: Any, host: str) -> TransportError:
    """Return the error for what went wrong below HTTP, in one line."""
    if isinstance(error, httpx.TimeoutException):
        is_connected = not isinstance(error, httpx.ConnectTimeout)
        return TransportError("no answer in time" if is_connected else "no connection in time")
    root = _root(error)
    if isinstance(root, ConnectionError) and root.errno is not None:
        return TransportError(os.strerror(root.errno))  # anyio only says that all attempts failed
    text = redacted(str(error) or str(root) or type(error).__name__)
    return users_problem(root, text, host) or TransportError(text)


def _root(error: BaseException) -> BaseException:
    """Return what lies below an error; of a group, one for each address of a name, the first."""
    root = error
    while deeper := root.__cause__ or root.__context__:
        root = deeper.exceptions[0] if isinstance(deeper, ExceptionGroup) else deeper
    return root


def _made(origin: str, http: Http) -> httpx.AsyncClient:
    given, hooks = http.given, http.given.get("event_hooks") or {}
    settings: dict[str, Any] = {**_USUAL, **given, "trust_env": False}
    settings["headers"] = httpx.Headers(given.get("headers"))
    settings["headers"].setdefault("Accept-Encoding", "gzip, deflate")
    settings["event_hooks"] = {**hooks, "response": [*hooks.get("response", ()), _set_aside]}
    settings["mounts"] = {key: _kept(one) for key, one in (given.get("mounts") or {}).items()}
    settings["transport"] = _kept(given.get("transport"))
    proxy = None
    if settings["transport"] is None:  # which brings its own TLS
        settings["verify"] = _tls(origin, http)
        proxy = None if settings.get("proxy") is not None else http.proxy(origin)
    try:
        if proxy and urlsplit(proxy[1]).port == 0:  # one that is too large raises
            raise ValueError
        return httpx.AsyncClient(**{**settings, "proxy": proxy[1]} if proxy else settings)
    except ImportError as error:  # for SOCKS, or HTTP/2
        raise RefusedError(f"{_source(proxy)}: {error}") from error
    except (ValueError, TypeError, httpx.InvalidURL):
        expected = ": expected a URL like http://host:port" if proxy else ""
    # Raised here, where what may quote a password is no context of it.
    raise RefusedError(f"{_source(proxy)} makes no client{expected}")


def _source(proxy: tuple[str, str] | None) -> str:
    return f"{proxy[0]}={without_user(proxy[1])}" if proxy else "http="


async def _set_aside(response: httpx.Response) -> None:
    """Keep httpx from reading ``Location``: it raises where that is no URL, and needs it not."""
    if "location" in response.headers:
        response.extensions["location"] = {"location": response.headers.pop("location")}


class _Kept(httpx.AsyncBaseTransport):
    """A transport of the user's: all clients share it, and none closes it."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self.handle_async_request = transport.handle_async_request  # type: ignore[method-assign]


def _kept(transport: httpx.AsyncBaseTransport | None) -> _Kept | None:
    return None if transport is None else _Kept(transport)


def _tls(origin: str, http: Http) -> ssl.SSLContext:
    verify, authority = http.given.get("verify"), http.authority
    if isinstance(verify, ssl.SSLContext):
        return verify
    if origin.startswith("http:"):
        return _NO_TLS
    if isinstance(verify, str | Path):
        authority = "verify", str(verify)
    return _context(verify is not False, authority, http.files)


@lru_cache(8)
def _context(verify: bool, authority: tuple[str, str] | None, _: object) -> ssl.SSLContext:
    """Return one context (26 ms to make) for all clients with the same authorities."""
    if not verify or authority is None:
        return httpx.create_ssl_context(verify, trust_env=False)
    name, path = authority
    try:
        if Path(path).is_dir():
            return ssl.create_default_context(capath=path)
        content = Path(path).read_bytes()
        is_text = b"-----BEGIN" in content  # PEM; DER is taken from the content alone
        return ssl.create_default_context(
            cafile=path if is_text else None, cadata=None if is_text else content
        )
    except OSError as error:
        raise RefusedError(f"{name}={path} is of no use: {error.strerror}") from error
