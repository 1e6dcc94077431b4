"""What a dialect raises for an answer that is no job: an error body, or something else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any

from jobwidgets._model.exchanged import Answer
from jobwidgets._visible import clipped
from jobwidgets.errors import (
    DocumentError,
    ExchangeError,
    NoSuchJobError,
    RefusedError,
    ServerError,
    UnauthorisedError,
)

_LONGEST_QUOTE = 200  # characters of a server's words in an error's text
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


def error_class(code: int) -> type[ExchangeError]:
    """Return the class of the error that an error code, or an HTTP status from 400 on, is."""
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerError
    return _BY_CODE.get(code, RefusedError)


def refused(answer: Answer, text: str, code: int | None = None) -> ExchangeError:
    """Return the error that an error body stands for, to be raised by `Dialect.read`.

    Parameters
    ----------
    answer
        What came.
    text
        The server's words, "" where it sent none.
    code
        The server's error code, which often differs from the HTTP status. None, and a number below
        400, take the HTTP status instead; where that is no error either, it is a refusal without
        a code.
    """
    code = code or 0
    if code < HTTPStatus.BAD_REQUEST:  # none, or a number without a meaning
        code = answer.status
    if code < HTTPStatus.BAD_REQUEST:
        return RefusedError(_sentence(None, text))
    return error_class(code)(_sentence(code, text), code=code)


def _sentence(code: int | None, text: str) -> str:
    text = clipped(" ".join(text.split()), _LONGEST_QUOTE)
    return " ".join(part for part in ("" if code is None else str(code), text) if part) or "refused"


def found(document: object, ids: Collection[str] = ()) -> str:
    """Return what was found instead of a job: names and types, no values.

    Of the names of `ids`, under which a text is expected, it tells those that have something else.
    """
    if isinstance(document, Mapping):
        names = ", ".join(sorted(str(name)[:40] for name in document)[:8])
        odd = [name for name in document if name in ids and not _is_text(document[name])]
        whose = "".join(f"; its {name} is {_no_text(document[name])}" for name in odd)
        return f"an object with: {names}{whose}" if names else "an empty object"
    if isinstance(document, list | tuple):
        return f"a list of {len(document)}"
    return "null" if document is None else f"a {type(document).__name__}"


def job_of(body: object, *names: str) -> Mapping[str, Any]:
    """Return a document whose id, a text, stands under one of `names`.

    DocumentError if it is none; the text tells what was found.
    """
    expected = " or ".join(f'"{name}"' for name in names)
    if not isinstance(body, Mapping):
        raise DocumentError(f"expected a job document, found {found(body)}")
    if not any(_is_text(body.get(name)) for name in names):
        told = found(body, names)
        raise DocumentError(f"expected a job document with a {expected}, found {told}")
    return body


def _no_text(value: object) -> str:
    return "empty" if value == "" else f"{found(value)}, not a text"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)
