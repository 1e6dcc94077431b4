"""Makes text fit to be seen, logged and stored: takes tokens out, and what UTF-8 cannot hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from jobwidgets.errors import DocumentError

REDACTED = "[redacted]"
# Esri servers quote whole request URLs in messages; `%3D` is a `=` within another URL.
_END = r"""&\s"'<>;,)\]}"""
# The first branch takes what was redacted before as a whole, so that doing it twice is harmless.
_TOKEN = re.compile(
    rf"(token(?:=|%3D))(?:{re.escape(REDACTED)}[^{_END}]*|[^{_END}]+)", re.IGNORECASE
)
# The one character beyond ASCII that counts as a letter of "token" when case does not count.
_KELVIN = "\N{KELVIN SIGN}".encode()
# A shorter secret would blot out ordinary words.
_SHORTEST_SECRET = 8
# Characters. Longer texts are seldom the same in two documents.
_LONGEST_SHARED = 100


def redacted(text: str, secret: str | None = None) -> str:
    """Return `text` with each ``token=…`` and each copy of `secret` replaced.

    A lone surrogate, which JSON can carry and UTF-8 cannot, becomes a backslash and its number.

    Parameters
    ----------
    text
        Any text of a server's or a user's.
    secret
        A token to look for word by word; None, or one shorter than 8 characters, looks for none.
    """
    if secret is not None and len(secret) >= _SHORTEST_SECRET:
        text = text.replace(secret, REDACTED)
    text = _encodable(text)
    # Nearly every text ends here: the search costs three times as much.
    return _TOKEN.sub(rf"\g<1>{REDACTED}", text) if "token" in text.lower() else text


def may_need_redaction(texts: bytes) -> bool:
    """Return whether `redacted` might change any of some texts, which stand here as UTF-8.

    One look through millions of texts at once, for what every form of a token contains.
    """
    return b"token" in texts.lower() or _KELVIN in texts


def redacted_texts(texts: list[str | None]) -> list[str | None]:
    """Return `texts`, each redacted; nearly always that is what was given, after one look."""
    try:
        if not may_need_redaction("".join(filter(None, texts)).encode()):
            return texts
    except UnicodeEncodeError:
        pass  # a lone surrogate
    return [None if text is None else redacted(text) for text in texts]


def _encodable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def redacted_document(document: Any, secrets: Iterable[str] = ()) -> Any:
    """Return a copy of a decoded JSON value with every text in it redacted, names included.

    The text of an attribute whose name ends with "token" is a token as a whole. NaN, which JSON
    does not have and Python reads, is no value: None; nor is pandas' NA.

    Parameters
    ----------
    document
        Any JSON value.
    secrets
        Tokens to look for word by word; one that is a part of another one comes after it.

    Raises
    ------
    DocumentError
        If it is nested too deeply.
    """
    try:
        return _redacted(document, tuple(secrets))
    except RecursionError as error:
        raise DocumentError("the document is nested too deeply to be read") from error


def _redacted(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return _shared(_without(value, secrets))
    if isinstance(value, list | tuple):
        return [_redacted(item, secrets) for item in value]
    if isinstance(value, Mapping):
        return dict(_redacted_item(str(name), value[name], secrets) for name in value)
    if type(value) is int:
        return _one_copy(value)
    try:
        return None if value != value else value  # NaN alone differs from itself
    except (TypeError, ValueError):  # pandas' NA and arrays have no truth
        return None if type(value).__name__ == "NAType" else value


def _redacted_item(name: str, value: Any, secrets: tuple[str, ...]) -> tuple[str, Any]:
    is_token = isinstance(value, str) and name.casefold().endswith("token")
    value = REDACTED if is_token else _redacted(value, secrets)
    return _shared(_without(name, secrets)), value


def _without(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = redacted(text, secret)
    return text if secrets else redacted(text)


def _shared(text: str) -> str:
    return _one_copy(text) if len(text) <= _LONGEST_SHARED else text


@lru_cache(maxsize=4096)  # not sys.intern: its memory grows with whatever servers send
def _one_copy(value: Any) -> Any:
    """Return the same object for equal values: the documents of a server repeat most of theirs."""
    return value
