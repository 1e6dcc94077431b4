"""Reads one HTTP answer: the JSON document in it, or the error that it stands for.

An ArcGIS server answers many errors with HTTP 200, and a gateway answers some with a page, so the
body is read before the HTTP status is trusted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from jobwidgets._http.remedies import HTTPS_WANTED, wants_https
from jobwidgets._model.redact import redacted_document
from jobwidgets._visible import clipped
from jobwidgets.dialects import Dialect, Refusal
from jobwidgets.errors import (
    BodyError,
    DocumentError,
    ExchangeError,
    NoSuchJobError,
    ProtocolError,
    RefusedError,
    ServerError,
    UnauthorisedError,
)

# Bounded: a page of many inputs that are cut off must not be searched again from each of them.
_SIGN_IN = re.compile(rb"""<input[^<>]{1,500}type\s*=\s*["']?password""", re.IGNORECASE)
_LONGEST_QUOTE = 200  # characters of a server's words in an error's text
_LONGEST_AGE = 31_536_000.0  # seconds, a year
_LONGEST_RETRY_AFTER = 86_400.0  # seconds; what asks for more is a mistake of the server's


_BY_CODE: dict[int, type[ExchangeError]] = {
    401: UnauthorisedError,
    403: UnauthorisedError,
    404: NoSuchJobError,
    408: ServerError,  # what a gateway makes of a slow or a reused connection: asked again
    410: NoSuchJobError,
    421: ServerError,
    425: ServerError,
    429: ServerError,
    498: UnauthorisedError,
    499: UnauthorisedError,
}
TOKEN_REFUSED = frozenset({401, 498, 499})
"""Codes that a new token may mend (Esri's 498 is "invalid or expired token", 499 "required")."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer.

    Parameters
    ----------
    status
        The HTTP status.
    body
        The whole body, decompressed.
    headers
        The response's headers, names in lower case.
    cookies
        Cookies for the next request of the same exchange; None sends those of the user.
    secrets
        What a user's `auth` or hooks had put into the request, and the server may quote.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: Any = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def server_time(self) -> datetime | None:
        """The server's clock (the ``Date`` header, RFC 9110 section 6.6.1), None if absent."""
        return _http_date(self.headers.get("date"))

    @property
    def age(self) -> float | None:
        """Seconds spent in caches (the ``Age`` header, RFC 9111 section 5.1), None if absent."""
        value = self.headers.get("age", "").strip()
        return min(float(value), _LONGEST_AGE) if value.isascii() and value.isdigit() else None


def read_document(answer: Answer, dialect: Dialect, secrets: Iterable[str] = ()) -> Any:
    """Return the JSON value that `answer` holds, or raise the ExchangeError that it stands for.

    Tokens are redacted here and nowhere else: nothing that is read or raised afterwards holds one.

    Parameters
    ----------
    answer
        What came.
    dialect
        Knows the server's error bodies.
    secrets
        Tokens that the server may quote; one that is a part of another one comes after it.

    Raises
    ------
    ExchangeError
        If the answer is an error, or no JSON.
    DocumentError
        If it is nested too deeply.
    """
    document, problem = _decoded(answer.body, secrets)
    refusal = dialect.refusal(document)
    if refusal is not None:
        raise _refused(answer, refusal)
    if answer.status == HTTPStatus.FORBIDDEN and problem is not None:
        raise _forbidden(answer)
    if answer.status == HTTPStatus.BAD_REQUEST and wants_https(answer.body):
        raise ProtocolError(HTTPS_WANTED, code=answer.status)
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise _refused(answer, Refusal(None, phrase_of(answer.status)))
    if isinstance(problem, DocumentError):
        raise problem
    if problem is not None:
        # Not the problem itself: it would keep the whole body alive.
        raise _no_json(answer, problem) from ValueError(str(problem))
    return document


def _decoded(body: bytes, secrets: Iterable[str]) -> tuple[Any, Exception | None]:
    try:
        return redacted_document(json.loads(body), secrets), None
    except (ValueError, RecursionError, DocumentError) as problem:
        return None, problem


def _refused(answer: Answer, refusal: Refusal) -> ExchangeError:
    code = refusal.code or 0
    if code < HTTPStatus.BAD_REQUEST:  # none, or a number without a meaning
        code = answer.status
    if code < HTTPStatus.BAD_REQUEST:
        return RefusedError(_sentence(None, refusal.text))
    retry_after = _retry_after(answer)
    return error_class(code)(_sentence(code, refusal.text), code=code, retry_after=retry_after)


def error_class(code: int) -> type[ExchangeError]:
    """Return the class of the error that an error code, or an HTTP status from 400 on, is."""
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerError
    return _BY_CODE.get(code, RefusedError)


def _forbidden(answer: Answer) -> ExchangeError:
    """Return the error for a 403 without JSON: a VPN's or a limit's, say, and no token's fault."""
    if _SIGN_IN.search(answer.body):
        return UnauthorisedError("403: the server answered with a sign-in page", code=403)
    text = "403 Forbidden: a gateway's page, not the server's own answer"
    return RefusedError(text, code=403, retry_after=_retry_after(answer))


def _sentence(code: int | None, text: str) -> str:
    text = clipped(" ".join(text.split()), _LONGEST_QUOTE)
    return " ".join(part for part in ("" if code is None else str(code), text) if part) or "refused"


def phrase_of(status: int) -> str:
    """Return the usual words for an HTTP status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "HTTP error"


def _no_json(answer: Answer, problem: Exception) -> ExchangeError:
    if _SIGN_IN.search(answer.body):
        return UnauthorisedError("the server answered with a sign-in page", code=answer.status)
    if answer.body.lstrip()[:1] == b"<":
        return BodyError("the server answered with a page, not with JSON", code=answer.status)
    if isinstance(problem, RecursionError):
        return BodyError("the answer is nested too deeply to be read", code=answer.status)
    size = len(answer.body)
    text = f"the answer is no (whole) JSON: {size} bytes" if size else "the answer is empty"
    return BodyError(text, code=answer.status)


def _retry_after(answer: Answer) -> float | None:
    """Return the seconds of ``Retry-After``: a number or a date (RFC 9110 section 10.2.3)."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _LONGEST_RETRY_AFTER)
    date = _http_date(value)
    if date is None:
        return None
    seconds = (date - (answer.server_time or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER)


# The answers of one second have the same date; to read one takes longer than all else here.
@lru_cache(maxsize=32)
def _http_date(value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        date = parsedate_to_datetime(value)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
