"""Checks what users set of a client, when they set it; quotes no value, as it may be a secret."""

from __future__ import annotations

import inspect
import ssl
from collections.abc import Callable, Mapping
from http.cookiejar import CookieJar
from numbers import Real
from pathlib import Path
from typing import Any

from jobwidgets._http.clients import httpx

# What jobwidgets decides itself: where a request goes, and where a token travels.
_OURS = {
    "base_url": "the URL of the job is given whole",
    "follow_redirects": "redirects are followed on the same origin only",
    "max_redirects": "redirects are followed on the same origin only",
    "params": "parameters belong into the URL, and a token into token=",
}


def check_http(http: object) -> None:
    """Raise TypeError or ValueError, without a quote, if these are no settings for a client."""
    if not isinstance(http, Mapping):
        raise TypeError(f"http is a dict of settings, found a {type(http).__name__}")
    known = inspect.signature(httpx.AsyncClient).parameters.keys() - _OURS.keys()
    for name in http:
        if name not in known:
            reason = _OURS.get(name, f"expected some of: {', '.join(sorted(known))}")
            raise TypeError(f"http= takes no {name!r}: {reason}")
        problem = _problem(name, http[name])
        if problem is not None:  # raised here, where no local variable holds the value
            raise problem


def _problem(name: str, value: object) -> Exception | None:
    check, expected = _CHECKS.get(name, (str, ""))
    kind: type[Exception] = TypeError
    try:
        is_fit = value is None or check(value)
    except (TypeError, AttributeError):
        is_fit = False
    except (ValueError, OSError, httpx.InvalidURL):
        is_fit, kind = False, ValueError
    found = type(value).__name__
    text = f"http= has a {name!r} of no use: expected {expected}, found a {found}"
    return None if is_fit else kind(text)


def _is_authority(verify: Any) -> bool:
    return isinstance(verify, bool | ssl.SSLContext) or bool(Path(verify).stat())


def _is_proxy(proxy: Any) -> bool:
    url = (proxy if isinstance(proxy, httpx.Proxy) else httpx.Proxy(proxy)).url
    return bool(url.host) and (url.port is None or 0 < url.port < 2**16)


def _is_timeout(timeout: Any) -> bool:
    given = httpx.Timeout(timeout).as_dict().values()
    return all(one is None or (isinstance(one, Real) and one > 0) for one in given)


def _is_transport(given: Any) -> bool:
    return isinstance(given, httpx.AsyncBaseTransport)


def _are_mounts(mounts: Any) -> bool:
    return all(
        "://" in key and httpx.URL(key) is not None and (one is None or _is_transport(one))
        for key, one in mounts.items()
    )


def _are_headers(headers: Any) -> bool:
    # What else no header may hold is met at each request, and tried again for ever.
    return all(value.isprintable() for value in httpx.Headers(headers).values())


def _are_cookies(cookies: Any) -> bool:
    if isinstance(cookies, CookieJar | httpx.Cookies):
        return True
    return all(isinstance(text, str) for pair in dict(cookies).items() for text in pair)


def _is_auth(auth: Any) -> bool:
    is_pair = isinstance(auth, tuple) and [type(text) for text in auth] == [str, str]
    return is_pair or isinstance(auth, httpx.Auth) or callable(auth)


def _are_hooks(hooks: Any) -> bool:
    functions = [one for functions in hooks.values() for one in functions]
    return hooks.keys() <= {"request", "response"} and all(map(_is_coroutine, functions))


def _is_coroutine(function: Any) -> bool:
    is_coroutine = inspect.iscoroutinefunction
    return is_coroutine(function) or is_coroutine(type(function).__call__)


_CHECKS: dict[str, tuple[Callable[[Any], object], str]] = {
    "verify": (_is_authority, "True, False, the path of a file or folder, or an SSLContext"),
    "proxy": (_is_proxy, "a URL like http://host:port or socks5://host:port"),
    "timeout": (_is_timeout, "positive seconds or an httpx.Timeout"),
    "transport": (_is_transport, "an httpx.AsyncBaseTransport"),
    "mounts": (_are_mounts, "a dict like {'all://host': an httpx.AsyncBaseTransport}"),
    "headers": (_are_headers, "a dict of printable texts"),
    "cookies": (_are_cookies, "a dict of texts"),
    "auth": (_is_auth, "(user, password) or an httpx.Auth"),
    "event_hooks": (_are_hooks, "{'request': [coroutine functions], 'response': […]}"),
}
