"""How the status of a job stands: told by the server, last known, or waiting for the user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from jobwidgets._display.sentences import Clock
from jobwidgets._display.statuses import AMBER, GREY, MARKS
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets.errors import (
    CertificateError,
    DocumentError,
    JobwidgetsError,
    NoSuchHostError,
    NoSuchJobError,
    ProtocolError,
    RefusedError,
    UnauthorisedError,
)

LAST_KNOWN = "?"
"""The shape of a status that is only last known."""
_WORDS: dict[type[JobwidgetsError], str] = {
    CertificateError: "certificate refused",
    DocumentError: "not a job",
    NoSuchHostError: "host not found",
    NoSuchJobError: "no such job",
    ProtocolError: "wrong protocol",
    RefusedError: "refused",
    UnauthorisedError: "not signed in",
}
_PARKED = frozenset({ContactState.LOST, ContactState.UNAUTHORISED})


@dataclass(frozen=True, slots=True)
class Standing:
    """A status as it is shown.

    Parameters
    ----------
    mark, colour
        Its shape, and the colour behind it.
    words
        In words.
    needs_user
        Whether nothing was seen, and nothing will be before the user mends what is wrong.
    """

    mark: str
    colour: str
    words: str
    needs_user: bool = False


def standing(
    history: JobHistory, contact: Contact | None, words: str, now: datetime | None = None
) -> Standing:
    """Return how the status stands; `words` is what it is called while the server answers."""
    needed = needed_of_user(history, contact)
    if needed:
        return Standing("!", AMBER, needed, needs_user=True)
    if is_last_known(history, contact, now):
        return Standing(LAST_KNOWN, GREY, last_known_words(history, words))
    return Standing(*MARKS[history.status], words)


def last_known_words(history: JobHistory, words: str) -> str:
    """Return a status in words, as one that may have changed since."""
    is_open = history.latest is not None and not history.has_ended
    return f"{words} (last known)" if is_open else words


def is_last_known(
    history: JobHistory, contact: Contact | None, now: datetime | None = None
) -> bool:
    """Return whether what was seen of a job may have changed since, and nobody can tell."""
    from_ = None if contact is None else last_known_from(history, contact)
    return from_ is not None and from_ <= (now or datetime.now(UTC))


def last_known_from(history: JobHistory, contact: Contact) -> datetime | None:
    """Return from when on a job is out of contact; None where it is not, or was never seen."""
    if history.has_ended or history.latest is None:
        return None
    if contact.state in {ContactState.STOPPED, ContactState.LOST}:
        return contact.last_heard or history.latest.seen or datetime.min.replace(tzinfo=UTC)
    return contact.stale_from


def until_last_known(history: JobHistory, contact: Contact, now: datetime) -> Clock | None:
    """Return a clock that counts down to when a job is out of contact; None where it is not."""
    from_ = last_known_from(history, contact)
    return None if from_ is None else Clock("span", (from_ - now).total_seconds(), -1, from_)


def needed_of_user(history: JobHistory, contact: Contact | None) -> str:
    """Return in a word or two what the user has to mend before anything is seen; "" for nothing."""
    if contact is None or history.latest is not None:
        return ""
    is_stuck = contact.state in _PARKED or isinstance(contact.error, NoSuchHostError)
    if not is_stuck or contact.error is None:
        return ""
    kind = type(contact.error)
    is_function = history.url is None
    return "function failed" if is_function and kind is DocumentError else _WORDS.get(kind, "")
