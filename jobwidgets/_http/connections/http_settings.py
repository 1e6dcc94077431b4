"""What users may set of HTTP, checked once, and the clients of httpx that come of it."""

from __future__ import annotations

import inspect
import os
import ssl
from collections.abc import Callable, Mapping
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, getproxies, proxy_bypass

import httpx

from jobwidgets._http.connections.bodies import ACCEPTED
from jobwidgets._model.redact import redacted
from jobwidgets.errors import RefusedError

Http = Mapping[str, Any]
"""Keyword arguments of httpx.AsyncClient."""

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_SETTINGS = frozenset(inspect.signature(httpx.AsyncClient).parameters)
# What jobwidgets decides itself: where a request goes, and where a token travels.
_OURS = {
    "base_url": "the URL of the job is given whole",
    "follow_redirects": "redirects are followed on the same origin only",
    "max_redirects": "redirects are followed on the same origin only",
    "params": "parameters belong into the URL, and a token into token=",
}
# Only the transports of httpx itself know what to do with these.
_OF_TRANSPORTS = ("transport", "mounts", "proxy", "cert", "http1", "http2", "limits")
# What is done by httpx.AsyncClient around a transport.
_OF_CLIENTS = ("auth", "event_hooks")


def checked_http(http: Http | None) -> Http:
    """Return a copy of a user's settings for httpx.AsyncClient.

    Raises
    ------
    TypeError
        If there is an unknown one, or one of a wrong type.
    ValueError
        If one is of no use: a path that does not exist, a proxy that is no URL.
    """
    if http is not None and not isinstance(http, Mapping):
        raise TypeError(f"http is a dict of settings, found a {type(http).__name__}")
    settings = dict(http or {})
    for name, value in settings.items():
        if name in _OURS:
            raise TypeError(f"http= takes no {name!r}: {_OURS[name]}")
        if name not in _SETTINGS:
            known = ", ".join(sorted(_SETTINGS - _OURS.keys()))
            raise TypeError(f"http= has no setting {name!r}; expected some of: {known}")
        if name in _CHECKS and value is not None:
            _check(name, value)
    return settings


def _check(name: str, value: object) -> None:
    try:
        _CHECKS[name](value)
    except TypeError as error:
        raise TypeError(f"http= has a {name!r} of no use: {redacted(str(error))}") from None
    except (ValueError, httpx.InvalidURL) as error:
        raise ValueError(f"http= has a {name!r} of no use: {redacted(str(error))}") from None


def _check_verify(verify: object) -> None:
    if isinstance(verify, str | Path):
        if not Path(verify).exists():
            raise ValueError(f"there is no {str(verify)!r}")
    elif not isinstance(verify, bool | ssl.SSLContext):
        raise TypeError(f"expected True, False, a path or an SSLContext, found {verify!r}")


def _check_proxy(proxy: Any) -> None:
    try:
        one = proxy if isinstance(proxy, httpx.Proxy) else httpx.Proxy(proxy)
    except (ValueError, TypeError, AttributeError, httpx.InvalidURL):
        one = None
    if one is None or not one.url.host:  # not quoted: it may hold a password
        raise ValueError("expected a URL like http://host:port or socks5://host:port")


def _check_timeout(timeout: Any) -> None:
    given = httpx.Timeout(timeout).as_dict().values()
    if not all(one is None or isinstance(one, int | float) for one in given):
        raise TypeError(f"expected seconds or an httpx.Timeout, found {timeout!r}")


def _check_transport(transport: object) -> None:
    if not hasattr(transport, "handle_async_request"):
        kind = type(transport).__name__
        raise TypeError(f"expected an httpx.AsyncBaseTransport, found a {kind}")


_CHECKS: dict[str, Callable[[Any], object]] = {
    "verify": _check_verify,
    "proxy": _check_proxy,
    "timeout": _check_timeout,
    "transport": _check_transport,
    "headers": httpx.Headers,
    "cookies": httpx.Cookies,
}


def uses_httpx_transport(http: Http, url: str) -> bool:
    """Return whether requests to `url` need what only the transports of httpx can do."""
    if any(http.get(name) is not None for name in _OF_TRANSPORTS):
        return True
    return bool(http.get("trust_env", True)) and _is_proxied(url)


def uses_httpx_client(http: Http) -> bool:
    """Return whether each request has to be made and sent by httpx.AsyncClient itself."""
    return any(http.get(name) is not None for name in _OF_CLIENTS)


def _is_proxied(url: str) -> bool:
    parts, proxies = urlsplit(url), getproxies()
    is_named = parts.scheme in proxies or "all" in proxies
    return is_named and not proxy_bypass(parts.hostname or "")


def client_settings(http: Http, kept_alive: float) -> dict[str, Any]:
    """Return the keyword arguments of a client with one connection; RefusedError if none works.

    Parameters
    ----------
    http
        What the user has set.
    kept_alive
        Seconds that an idle connection is kept.
    """
    limits = httpx.Limits(
        max_connections=1, max_keepalive_connections=1, keepalive_expiry=kept_alive
    )
    headers = httpx.Headers(http.get("headers"))
    headers.setdefault("Accept-Encoding", ACCEPTED)
    settings = {
        "timeout": _TIMEOUT,
        "limits": limits,
        **http,
        "headers": headers,
        "cookies": _cookies(http),
        "event_hooks": _hooks(http),
    }
    if http.get("transport") is None:  # a transport of the user's brings its own TLS
        settings["verify"] = ssl_context(http)
    return settings


def client(settings: dict[str, Any], **more: Any) -> httpx.AsyncClient:
    """Return a client; RefusedError, which asking again does not mend, if the settings forbid."""
    try:
        return httpx.AsyncClient(**settings, **more)
    except Exception as error:
        text = f"http= makes no client: {type(error).__name__}: {redacted(str(error))}"
        raise RefusedError(text) from error


class _NoNewCookies(DefaultCookiePolicy):
    """Keeps no cookie that a server sets: the next request may be for another user's job."""

    def set_ok(self, cookie: Cookie, request: Request) -> bool:
        return False


def _cookies(http: Http) -> CookieJar:
    jar = CookieJar(policy=_NoNewCookies())
    for cookie in httpx.Cookies(http.get("cookies")).jar:
        jar.set_cookie(cookie)
    return jar


def _hooks(http: Http) -> dict[str, list[Any]]:
    given = http.get("event_hooks") or {}
    return {**given, "response": [*given.get("response", ()), _set_location_aside]}


async def _set_location_aside(response: httpx.Response) -> None:
    """Keep httpx from reading ``Location``: it raises where that is no URL, and needs it not."""
    if "location" in response.headers:
        response.extensions["location"] = response.headers.pop("location")


def ssl_context(http: Http) -> ssl.SSLContext:
    """Return one context (26 ms to make) for all clients with the settings `http`."""
    verify = http.get("verify")
    try:
        if not isinstance(verify, str | Path):
            verify = True if verify is None else verify
            return httpx.create_ssl_context(verify, trust_env=http.get("trust_env", True))
        # httpx itself has deprecated paths; they are what users have at hand.
        if Path(verify).is_dir():
            return ssl.create_default_context(capath=verify)
        return ssl.create_default_context(cafile=verify)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise RefusedError(f"http= has a 'verify' of no use: {reason}") from error
