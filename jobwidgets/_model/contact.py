"""Whether the server answers, apart from how its job is doing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from jobwidgets.errors import (
    CertificateError,
    DocumentError,
    JobwidgetsError,
    NoSuchJobError,
    ProtocolError,
    RefusedError,
    UnauthorisedError,
)

# Before the first document these mean a wrong URL or setting, which asking again does not mend.
_PERMANENT = (CertificateError, DocumentError, NoSuchJobError, ProtocolError, RefusedError)

LOST_AFTER = 5.0
"""Seconds after the first of two failed polls from which on a job is out of contact."""


class ContactState(StrEnum):
    """Whether the server answers; never mixed with the job's status."""

    CONNECTING = "connecting"
    """The watch has begun, its first answer is awaited."""
    IN_TOUCH = "in touch"
    RETRYING = "retrying"
    UNAUTHORISED = "unauthorised"
    """The server wants a (new) token or a sign-in.

    A job that was never seen is not asked for again without a new token; one that was seen is,
    after ever longer pauses (`Contact.next_try`), and at once with a new token.
    """
    LOST = "lost"
    """The watch gave up; why is in `Contact.error`."""
    STOPPED = "stopped"
    """The watch was stopped, or has not begun."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whether the server answers.

    Parameters
    ----------
    state
        In one word.
    last_heard
        When the last document was received (UTC); None before the first.
    failures
        Polls in a row that got no document.
    error
        What the last of them met; None when the last poll was answered.
    next_try
        When the server is asked again (UTC); None when it is not, or is being asked now.
    missing_since
        When the server first said that it has no such job, and has said nothing else since (UTC);
        None otherwise. Before the first document the job may just not be there yet.
    cached_since
        Of when the last document is (UTC, this client's clock) where it came from a cache on the
        way and not from the server; None for a fresh one.
    stale_from
        From when on what was seen is only what was last known (UTC): `LOST_AFTER` seconds after the
        first of two failed polls, or when the watch was stopped or gave up. None while the server
        answers; a single lost poll changes nothing.
    """

    state: ContactState = ContactState.STOPPED
    last_heard: datetime | None = None
    failures: int = 0
    error: JobwidgetsError | None = None
    next_try: datetime | None = None
    missing_since: datetime | None = None
    cached_since: datetime | None = None
    stale_from: datetime | None = None


def state_after(
    error: JobwidgetsError, *, was_heard: bool, silent: float, give_up_after: float | None
) -> ContactState:
    """Return how the contact stands after an exchange that got no document.

    Parameters
    ----------
    error
        What the exchange met.
    was_heard
        Whether there has ever been a document.
    silent
        Seconds without one.
    give_up_after
        Seconds after which nothing more is asked; None never gives up.
    """
    if not was_heard and isinstance(error, _PERMANENT):
        return ContactState.LOST
    if silent >= (give_up_after or math.inf):
        return ContactState.LOST
    is_refused = isinstance(error, UnauthorisedError)
    return ContactState.UNAUTHORISED if is_refused else ContactState.RETRYING
