"""What a dialect asks for and is given: requests, answers, and what they say beside a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from jobwidgets._model.snapshot import Message, Snapshot, Status


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    Parameters
    ----------
    url
        Where to, with its query.
    method
        The HTTP method.
    headers
        Headers of this request; the token's are added to them.
    body
        What is sent, None for nothing.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a server, its body parsed; tokens are redacted in it and in the headers.

    Parameters
    ----------
    body
        The JSON value; None also for an empty body.
    url
        What was asked for, without any token; None for a document that somebody has given.
    status
        The HTTP status.
    headers
        The response's headers, names in lower case.
    """

    body: Any
    url: str | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class CancelAnswer(NamedTuple):
    """What the answer to a cancel says: None and "" where it says nothing."""

    status: Status | None = None
    message: str = ""


class JobPage(NamedTuple):
    """One page of a list of jobs.

    Parameters
    ----------
    entries
        The URL of each job, in the server's order, with what the list says of it; None where it
        says no more than that there is one.
    next_url
        The URL of the next page, None after the last.
    """

    entries: tuple[tuple[str, Snapshot | None], ...] = ()
    next_url: str | None = None


class LogPage(NamedTuple):
    """Some more messages of a log.

    Parameters
    ----------
    messages
        In the server's order; their numbers are given where they are put together.
    after
        Where to ask on from; None where there is nothing new.
    ids
        What the server calls each message, None for one without: a message that comes again is
        known by it. () where the server has no ids; then nothing must come again, or all.
    """

    messages: tuple[Message, ...] = ()
    after: str | None = None
    ids: tuple[str | None, ...] = ()
