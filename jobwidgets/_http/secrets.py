"""Texts that no traceback with local variables shows: made where a user's arguments come in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from jobwidgets._model.redact import REDACTED, redacted

T = TypeVar("T")
_ESCAPE = re.compile("%[0-9A-F]{2}")


class Secret(str):
    """A token: `plain` is the one way to what it says."""

    __slots__ = ()

    def __repr__(self) -> str:
        return REDACTED

    __str__ = __repr__

    @property
    def plain(self) -> str:
        """The token itself."""
        return str.__str__(self)


class SecretProvider:
    """A callable that returns tokens: its repr may hold a password, as that of a partial does."""

    __slots__ = ("__weakref__", "_call")

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call

    def __call__(self) -> Any:
        return self._call()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretProvider) and self._call == other._call

    def __hash__(self) -> int:
        return hash(self._call)

    def __repr__(self) -> str:
        return f"a {type(self._call).__name__}"


class SecretSettings(dict[str, Any]):
    """Settings of HTTP, shown by their names alone."""

    def __repr__(self) -> str:
        return repr(dict.fromkeys(self, REDACTED))


class SecretUrl(str):
    """A URL, shown without the token or the password that it may hold."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(str(self))

    def __str__(self) -> str:
        user, at, rest = redacted(str.__str__(self)).rpartition("@")
        return f"{REDACTED}@{rest}" if at and user else rest


def hidden(token: T) -> T:
    """Return what a user gave as a token or its provider, fit for a frame that may raise."""
    if token is None or isinstance(token, Secret | SecretProvider):
        return token
    held: Any
    if isinstance(token, str):
        held = Secret(str.__str__(token))
    elif callable(token):
        held = SecretProvider(token)
    else:
        held = _stand_in(token)
    return held  # type: ignore[no-any-return]


def hidden_settings(http: T) -> T:
    """Return what a user gave as settings of HTTP, fit for a frame that may raise."""
    held: Any = SecretSettings(http) if isinstance(http, Mapping) else _stand_in(http)
    return http if http is None else held


def hidden_in(url: T) -> T:
    """Return what a user gave as a URL, fit for a frame that may raise."""
    # Not str(url): of one that is hidden already, that is what is shown.
    held: Any = SecretUrl(str.__str__(url)) if isinstance(url, str) else url
    return held  # type: ignore[no-any-return]


def _stand_in(given: object) -> object:
    """Return an empty object for one of no use, of a class of the same name: errors tell that."""
    return type(type(given).__name__, (), {})()


def forms_of(secret: str) -> set[str]:
    """Return a secret in each form in which servers quote it: as it is, and percent-encoded."""
    quoted = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    return {secret, *quoted, *(_ESCAPE.sub(lambda one: one[0].lower(), form) for form in quoted)}
