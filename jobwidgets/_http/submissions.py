"""Reads which job a submission has started, from the response that the user has of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from jobwidgets._http.answers import phrase_of
from jobwidgets._http.urls import on_same_server, origin, split_token, without_user
from jobwidgets._model.redact import REDACTED, redacted, redacted_document
from jobwidgets.dialects import Answer, Dialect, refused
from jobwidgets.errors import DocumentError, ExchangeError

_EXPECTED = "expected a response of httpx or requests"


def answer_of(response: Any) -> Answer:
    """Return a response of httpx or requests as an answer.

    Raises
    ------
    TypeError
        If it is something else.
    ValueError
        If it is a stream that nobody has read, or answers no request.
    """
    try:
        url, status, headers = _url_of(response), int(response.status_code), response.headers
        known = {str(name).lower(): str(value) for name, value in headers.items()}
    except (AttributeError, TypeError, ValueError):
        raise TypeError(f"{_EXPECTED}, found a {type(response).__name__}") from None
    if not url:
        raise ValueError("expected the response to a request, found one that has no URL")
    try:
        content = response.content
    except Exception as error:  # noqa: BLE001 - each client raises its own
        name = type(error).__name__
        raise ValueError(f"the response is a stream that was not read ({name})") from None
    try:
        body = redacted_document(json.loads(content))
    except (ValueError, RecursionError, DocumentError):  # empty, or a page
        body = None
    # Where a job is may hold its token, which `Job` takes out of it.
    where = {name: known[name] for name in known if name == "location"}
    return Answer(body, url, status, {**redacted_document(known), **where})


def _url_of(response: Any) -> str:
    try:
        return without_user(str(response.url or ""))
    except RuntimeError:  # httpx: nobody has asked for it
        return ""


def job_url_of(answer: Answer, dialects: Iterable[Dialect]) -> tuple[str, list[Dialect]]:
    """Return the URL of the job that a submission has started, and the dialects that read it so.

    Raises
    ------
    ExchangeError
        If the submission was refused.
    ValueError
        If it tells of no job, of several ones, or of one on another origin.
    """
    found, refusal = _found(answer, list(dialects))
    urls = sorted({on_same_server(str(answer.url), url) or url for _, url in found})
    if not urls and refusal is not None:
        raise refusal
    if not urls and answer.status >= HTTPStatus.BAD_REQUEST:
        raise refused(answer, phrase_of(answer.status))
    if len(urls) != 1:
        told = ", ".join(f"{redacted(url)} ({dialect.name})" for dialect, url in found)
        raise ValueError(
            f"{_told(answer)}: found {told or 'no job'}; give dialect=, or the job's URL"
        )
    url = on_same_server(str(answer.url), urls[0])
    if url is None:
        other, own = redacted(origin(urls[0])), redacted(origin(str(answer.url)))
        raise ValueError(f"the job is on another server, {other}, than the request to {own}")
    return url, [dialect for dialect, _ in found]


def _found(
    answer: Answer, dialects: list[Dialect]
) -> tuple[list[tuple[Dialect, str]], ExchangeError | None]:
    certain = [dialect for dialect in dialects if dialect.matches(str(answer.url))]
    found, refusal = list[tuple[Dialect, str]](), None
    for dialect in certain or dialects:
        try:
            url = dialect.read_submission(answer)
        except ExchangeError as error:
            refusal = error
        except (DocumentError, ValueError):
            continue
        else:
            if url is not None:
                found.append((dialect, split_token(url)[0] if REDACTED in url else url))
    return found, refusal


def _told(answer: Answer) -> str:
    names = ", ".join(sorted(answer.body)[:8]) if isinstance(answer.body, dict) else "no object"
    return f"expected the answer to an asynchronous submission, with {names}, to tell of one job"
