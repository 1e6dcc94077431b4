"""Texts that no traceback with local variables shows: made where a user's arguments come in."""

from __future__ import annotations

import re
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


class SecretUrl(str):
    """A URL, shown without the token that it may hold."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(str(self))

    def __str__(self) -> str:
        return redacted(str.__str__(self))


def hidden(token: T) -> T:
    """Return what a user gave as a token, fit for a frame that may raise."""
    held: Any = Secret(token) if type(token) is str else token
    return held  # type: ignore[no-any-return]


def hidden_in(url: T) -> T:
    """Return what a user gave as a URL, fit for a frame that may raise."""
    held: Any = SecretUrl(url) if type(url) is str else url
    return held  # type: ignore[no-any-return]


def forms_of(secret: str) -> set[str]:
    """Return a secret in each form in which servers quote it: as it is, and percent-encoded."""
    quoted = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    return {secret, *quoted, *(_ESCAPE.sub(lambda one: one[0].lower(), form) for form in quoted)}
