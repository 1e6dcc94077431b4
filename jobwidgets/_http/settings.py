"""What is set of HTTP for one job: by its user, and by the environment when the job was made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


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

    def proxy(self, origin: str) -> tuple[str, str] | None:
        """Return the variable that names the proxy on the way to `origin`, and its value."""
        parts = urlsplit(origin)
        for name in (parts.scheme, "all"):
            if self.proxies.get(name) and not proxy_bypass(parts.hostname or ""):
                return f"{name.upper()}_PROXY", self.proxies[name]
        return None


def settings_now(given: Mapping[str, Any] | None = None) -> Http:
    """Return a user's settings, which were checked, with the environment as it is now."""
    given = dict(given or {})
    verify = given.get("verify")
    own = _version(verify) if isinstance(verify, str | Path) else None
    if not given.get("trust_env", True):
        return Http(given, files=(own,))
    names = [name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)]
    authority = (names[0], os.environ[names[0]]) if names else None
    return Http(given, getproxies(), authority, (own, authority and _version(authority[1])))


def _version(path: str | Path) -> object:
    try:
        told = Path(path).stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size, told.st_ino
