"""Reads one HTTP answer: the JSON document in it, or the error that it stands for.

An ArcGIS server answers many errors with HTTP 200, and a gateway answers some with a page, so the
body is read before the HTTP status is trusted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, TypeVar

from jobwidgets._http.remedies import HTTPS_WANTED, wants_https
from jobwidgets._model.redact import redacted_document
from jobwidgets.dialects import Answer, refused
from jobwidgets.errors import (
    BodyError,
    DocumentError,
    ExchangeError,
    JobwidgetsError,
    ProtocolError,
    RefusedError,
    UnauthorisedError,
)

T = TypeVar("T")
# Bounded: a page of many inputs that are cut off must not be searched again from each of them.
_SIGN_IN = re.compile(rb"""<input[^<>]{1,500}type\s*=\s*["']?password""", re.IGNORECASE)
_LONGEST_AGE = 31_536_000.0  # seconds, a year
_LONGEST_RETRY_AFTER = 86_400.0  # seconds; what asks for more is a mistake of the server's


TOKEN_REFUSED = frozenset({401, 498, 499})
"""Codes that a new token may mend (Esri's 498 is "invalid or expired token", 499 "required")."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
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


def read_answer(
    answer: HttpAnswer,
    read: Callable[[Answer], T],
    url: str,
    secrets: Iterable[str] = (),
    *,
    may_be_empty: bool = False,
) -> T:
    """Return what `read` makes of the JSON value in `answer`, or raise what that stands for.

    Tokens are redacted here and nowhere else: nothing that is read or raised afterwards holds one.

    Parameters
    ----------
    answer
        What came.
    read
        A dialect's function, which knows the server's error bodies.
    url
        What was asked for.
    secrets
        Tokens that the server may quote; one that is a part of another one comes after it.
    may_be_empty
        Whether an empty body is an answer too.

    Raises
    ------
    ExchangeError
        If the answer is an error, or no JSON.
    DocumentError
        If it is nested too deeply, or not what was asked for.
    """
    secrets = tuple(secrets)
    document, problem = _decoded(answer.body, secrets)
    if may_be_empty and not answer.body.strip() and answer.status < HTTPStatus.BAD_REQUEST:
        problem = None
    if problem is None:
        try:
            headers = redacted_document(answer.headers, secrets)
            found = read(Answer(document, url, answer.status, headers))
            if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                return found  # some servers answer 400 with a failed job
        except ExchangeError as error:
            error.retry_after = _retry_after(answer)
            raise
        except DocumentError:
            if answer.status < HTTPStatus.BAD_REQUEST:
                raise
    raise _error(answer, problem)


def _error(answer: HttpAnswer, problem: Exception | None) -> JobwidgetsError:
    if answer.status == HTTPStatus.FORBIDDEN and problem is not None:
        return _forbidden(answer)
    if answer.status == HTTPStatus.BAD_REQUEST and wants_https(answer.body):
        return ProtocolError(HTTPS_WANTED, code=answer.status)
    if answer.status >= HTTPStatus.BAD_REQUEST:
        error = refused(Answer(None, None, answer.status), phrase_of(answer.status))
        error.retry_after = _retry_after(answer)
        return error
    if isinstance(problem, DocumentError):
        return problem
    wrong = _no_json(answer, problem)
    # Not the problem itself: it would keep the whole body alive.
    wrong.__cause__ = ValueError(str(problem))
    return wrong


def _decoded(body: bytes, secrets: Iterable[str]) -> tuple[Any, Exception | None]:
    try:
        return redacted_document(json.loads(body), secrets), None
    except (ValueError, RecursionError, DocumentError) as problem:
        return None, problem


def _forbidden(answer: HttpAnswer) -> ExchangeError:
    """Return the error for a 403 without JSON: a VPN's or a limit's, say, and no token's fault."""
    if _SIGN_IN.search(answer.body):
        return UnauthorisedError("403: the server answered with a sign-in page", code=403)
    text = "403 Forbidden: a gateway's page, not the server's own answer"
    return RefusedError(text, code=403, retry_after=_retry_after(answer))


def phrase_of(status: int) -> str:
    """Return the usual words for an HTTP status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "HTTP error"


def _no_json(answer: HttpAnswer, problem: Exception | None) -> ExchangeError:
    if _SIGN_IN.search(answer.body):
        return UnauthorisedError("the server answered with a sign-in page", code=answer.status)
    if answer.body.lstrip()[:1] == b"<":
        return BodyError("the server answered with a page, not with JSON", code=answer.status)
    if isinstance(problem, RecursionError):
        return BodyError("the answer is nested too deeply to be read", code=answer.status)
    size = len(answer.body)
    text = f"the answer is no (whole) JSON: {size} bytes" if size else "the answer is empty"
    return BodyError(text, code=answer.status)


def _retry_after(answer: HttpAnswer) -> float | None:
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
