"""What one job document says, as frozen values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """Where a job stands, in one vocabulary for every server.

    A `str`: ``str(job.status) == "succeeded"``. The server's own word is the raw status.
    """

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    GONE = "gone"
    """The server had the job and has it no more: its outcome is unknown."""
    UNKNOWN = "unknown"
    """The server's word is not known here: the job may go on, so it is watched on."""

    @property
    def is_final(self) -> bool:
        """Whether a job with this status can change no more."""
        return self in _FINAL


_FINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.GONE})


@dataclass(frozen=True, slots=True)
class Message:
    """One line that the server wrote about a job.

    Parameters
    ----------
    number
        Its place in the server's list, from 1.
    text
        The server's words, any token in them redacted.
    code
        The server's code of this message: an integer, or a word where it is none.
        None where the server gave no code.
    level, time
        The severity and the UTC time where the server tells them. Mission tells neither.
    seen
        When this client first saw it (UTC). It is later than the event by at most the gap
        between two polls. None in a document that nobody watched.
    """

    number: int
    text: str
    code: int | str | None = None
    level: str | None = None
    time: datetime | None = None
    seen: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ToldStep:
    """One step of a job, where the document itself tells of it.

    Parameters
    ----------
    name
        The server's words for it.
    has_begun, has_ended
        Where it stands.
    begun, ended
        UTC times by the server's clock; None where it tells none.
    begun_seen, ended_seen
        When this client first saw that it had begun, or ended (UTC), even if a later document does
        not say so. None in a document that nobody watched.
    """

    name: str
    has_begun: bool = True
    has_ended: bool = False
    begun: datetime | None = None
    ended: datetime | None = None
    begun_seen: datetime | None = field(default=None, compare=False)
    ended_seen: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One job document, parsed.

    Two snapshots are equal when they say the same; when they were seen does not count.

    Parameters
    ----------
    id
        The server's name of the job, opaque.
    status, raw_status
        The status, and the server's own word for it (None where it sent no word).
    steps_done, steps_total
        Step counters; None where the server sent no usable number.
    progress
        0…1; None without usable counters.
    messages
        In the server's order.
    started, ended
        UTC times by the server's clock; None means "not yet" or "not given".
    owner, kind
        Who started the job, and the server's free word for the operation.
    attributes
        The server's custom attributes, and every part of the document that has no other place
        here, under the server's names. Do not change it.
    steps
        The steps that the document tells of, those to come too; () where message codes tell them,
        or nothing does.
    document
        The document itself, tokens redacted. Do not change it.
    seen
        When it was received (UTC, this client's clock); None when nobody watched.
    """

    id: str
    status: Status
    raw_status: str | None = None
    steps_done: int | None = None
    steps_total: int | None = None
    progress: float | None = None
    messages: tuple[Message, ...] = ()
    started: datetime | None = None
    ended: datetime | None = None
    owner: str | None = None
    kind: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict, hash=False)
    steps: tuple[ToldStep, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    seen: datetime | None = field(default=None, compare=False)

    def says_the_same(self, other: Snapshot) -> bool:
        """Return whether nothing has changed; unlike ``==`` it tells 1 from true and from 1.0."""
        return self == other and _text(self.attributes) == _text(other.attributes)

    @property
    def duration(self) -> timedelta | None:
        """The server's end less its start; None until both are known, or if skewed below 0."""
        if self.started is None or self.ended is None or self.ended < self.started:
            return None
        return self.ended - self.started


def _text(attributes: Mapping[str, Any]) -> str | None:
    try:
        return json.dumps(attributes, sort_keys=True, default=repr)
    except (RecursionError, TypeError):  # then what `==` says must do
        return None
