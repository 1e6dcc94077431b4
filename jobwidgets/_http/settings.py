"""The HTTP settings of one job: the user's, and the environment's when the job was made."""

from __future__ import annotations

import os
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http.cookiejar import CookieJar
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

_SECRET = re.compile("auth|cookie|key|secret|token", re.IGNORECASE)  # names of headers
_PORT = re.compile(r"^(\w+://)?[^:]*(:\d*)?/?$|\[")
_SHORTEST = 8  # characters of a secret: a shorter one would blot out ordinary words


@dataclass(frozen=True, slots=True, repr=False)
class Http:
    """Settings; jobs for which all of them are equal share connections.

    Parameters
    ----------
    given
        A user's keyword arguments of httpx.AsyncClient, checked.
    proxies
        Scheme to URL, as the environment names them; ``no`` holds the hosts without a proxy.
    authority
        The environment's variable that names the authorities to trust, and its value.
    files
        What tells the files of authorities from those at the same paths before.
    """

    given: Mapping[str, Any] = field(default_factory=dict)
    proxies: Mapping[str, str] = field(default_factory=dict)
    authority: tuple[str, str] | None = None
    files: tuple[object, ...] = ()

    def __hash__(self) -> int:
        return hash((frozenset(self.given), self.authority, self.files))

    @property
    def secrets(self) -> list[str]:
        """What in the settings a server or a proxy may quote that nobody is to see."""
        headers, cookies = (_pairs(self.given.get(name)) for name in ("headers", "cookies"))
        auth, proxy = self.given.get("auth"), self.given.get("proxy")
        users = [":".join(auth)] if isinstance(auth, tuple) else []
        users += [":".join(map(_text, getattr(proxy, "raw_auth", None) or ()))]
        users += [unquote(_user_of(str(url))) for url in (*self.proxies.values(), proxy)]
        basics = [b64encode(user.encode()).decode() for user in users if user]
        headers += [("Authorization", f"Basic {basic}") for basic in basics]
        return secrets_of(headers) + [text for _, text in cookies if len(text) >= _SHORTEST]

    def proxy(self, origin: str) -> tuple[str, str] | None:
        """Return the variable that names the proxy on the way to `origin`, and its value."""
        name = next((one for one in (urlsplit(origin).scheme, "all") if self.proxies.get(one)), "")
        if not name or self._is_direct(origin):
            return None
        value = self.proxies[name].strip()
        return f"{name.upper()}_PROXY", value if "://" in value else f"http://{value}"

    def _is_direct(self, origin: str) -> bool:
        parts = urlsplit(origin)
        host, port = parts.hostname or "", parts.port
        if "no" not in self.proxies:  # other systems than Linux have lists of their own
            return bool(proxy_bypass(host))
        entries = self.proxies["no"].replace(",", " ").split()
        return any(_is_meant(host, port, entry.casefold()) for entry in entries)


def _is_meant(host: str, port: int | None, entry: str) -> bool:
    """Return whether an entry of NO_PROXY means a host: by name, domain, address or network.

    Neither httpx nor the standard library knows all of them (brackets, ports, ``fd00::/8``).
    """
    try:
        return ip_address(host) in ip_network(entry.strip("[]"), strict=False)
    except ValueError:  # one of them is a name, or has a port
        name, colon, number = entry.rpartition(":")
    if colon and number.isdecimal():
        return int(number) == port and _is_meant(host, port, name)
    domain = entry.removeprefix("*").strip(".")
    return entry == "*" or (bool(domain) and f".{host}".endswith(f".{domain}"))


def secrets_of(headers: Iterable[tuple[str, str]]) -> list[str]:
    """Return what in headers a server may quote that nobody is to see."""
    found = [value for name, value in headers if _SECRET.search(name)]
    last = [text.rpartition(" ")[2] for text in found]  # after "Bearer", "Basic"
    found += [*last, *map(_password, last)]
    found += [one.partition("=")[2] for text in found for one in text.split(";")]
    return [text for text in found if len(text) >= _SHORTEST]


def _password(basic: str) -> str:
    """Return the password of a user's name and password in base64 (RFC 7617), "" if it is none."""
    try:
        return b64decode(basic, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def settings_now(given: Mapping[str, Any] | None = None) -> Http:
    """Return a user's settings, which were checked, with the environment as it is now."""
    given = dict(given or {})
    verify = given.get("verify")
    own = _version(verify) if isinstance(verify, str | Path) else None
    if not given.get("trust_env", True):
        return Http(given, files=(own,))
    names = [name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)]
    authority = (names[0], os.environ[names[0]]) if names else None
    now = Http(given, getproxies(), authority, (own, authority and _version(authority[1])))
    return now if given else _one_copy(now)


def _pairs(given: Any) -> list[tuple[str, str]]:
    """Return names and texts of headers or cookies, in whichever of their forms they are."""
    if isinstance(given, CookieJar) or isinstance(getattr(given, "jar", None), CookieJar):
        return [(one.name, one.value or "") for one in getattr(given, "jar", given)]
    pairs = given.items() if isinstance(given, Mapping) else given or ()
    return [(_text(name), _text(value)) for name, value in pairs]


def _text(given: str | bytes) -> str:
    return given.decode("latin-1") if isinstance(given, bytes) else given


@lru_cache(4)
def _one_copy(http: Http) -> Http:
    return http  # for thousands of jobs


def _version(path: str | Path) -> object:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _user_of(url: str) -> str:
    """Return user and password in the URL of a proxy, "" where it has none."""
    user, _, _ = url.rpartition("@")
    return user.partition("://")[2] or user


def without_user(url: str) -> str:
    """Return the URL of a proxy without user and password, whatever characters these hold."""
    user, at, host = url.rpartition("@")
    if not at and not _PORT.search(url):  # what follows the colon may be a password
        user, host = url, ""
    elif not at:
        return url
    scheme, colon, _ = user.rpartition("://")
    return f"{scheme.partition('://')[0]}{colon}…{at}{host}"
