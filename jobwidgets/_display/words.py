"""What is said of a job in words and numbers, the same in every view: pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Message, Snapshot, Status

# The mark is white on these: 4.5:1. The word beside it has the page's own colour.
_GREEN, _RED, _BLUE, _GREY = "#1a7f37", "#cf222e", "#0969da", "#656d76"
MARKS: dict[Status | None, tuple[str, str]] = {
    None: ("…", _GREY),
    Status.QUEUED: ("○", _GREY),
    Status.RUNNING: ("▸", _BLUE),
    Status.CANCELLING: ("◌", _GREY),
    Status.SUCCEEDED: ("✓", _GREEN),
    Status.FAILED: ("✕", _RED),
    Status.CANCELLED: ("⊘", _GREY),
    Status.GONE: ("?", _GREY),
    Status.UNKNOWN: ("?", _GREY),
}
"""The shape and the colour of each status."""
_ORDER = (
    Status.RUNNING,
    Status.CANCELLING,
    Status.QUEUED,
    None,
    Status.FAILED,
    Status.CANCELLED,
    Status.GONE,
    Status.UNKNOWN,
    Status.SUCCEEDED,
)  # in which the totals are told: what goes on, what went wrong, what is well
CONTACT_WORDS = {
    ContactState.RETRYING: "no answer",
    ContactState.UNAUTHORISED: "needs a token",
    ContactState.LOST: "given up",
    ContactState.STOPPED: "not watched",
}
"""A short word for each trouble with the server; the others are none."""

LONGEST_TEXT = 300
"""Characters of a job's last message in its row."""


class Shown(Protocol):
    """A `Job`, as much of it as is shown."""

    @property
    def history(self) -> JobHistory:
        """Everything that was seen of it."""

    @property
    def contact(self) -> Contact:
        """Whether the server answers."""

    @property
    def elapsed(self) -> timedelta | None:
        """How long it has run by now."""


def status_words(history: JobHistory) -> str:
    """Return the status in words; an unknown one as the server's own word."""
    latest = history.latest
    if latest is None:
        return "not heard of yet"
    if latest.status is Status.UNKNOWN:
        return f"{latest.raw_status} (unknown status)" if latest.raw_status else "no status"
    return str(latest.status)


def steps(latest: Snapshot | None) -> str:
    """Return "2 of 5 steps", or "" when unknown."""
    if latest is None or latest.steps_done is None or not latest.steps_total:
        return ""
    return f"{latest.steps_done} of {latest.steps_total} steps"


def ownership(latest: Snapshot | None) -> str:
    """Return whose job it is and what it made."""
    if latest is None:
        return ""
    mission = latest.attributes.get("missionId")
    facts = (latest.owner, f"mission {mission}" if isinstance(mission, str) else None)
    return " · ".join(fact for fact in facts if fact)


def duration(history: JobHistory) -> str:
    """Return how long the job took, or had run at the last document; "" when unknown.

    What had run is told in whole seconds: it is counted by two clocks, and was over a poll ago.
    """
    elapsed = history.elapsed
    if elapsed is None:
        return ""
    has_ended = history.status is not None and history.status.is_final
    return span(elapsed if has_ended else timedelta(seconds=elapsed // timedelta(seconds=1)))


def span(time: timedelta) -> str:
    """Return a time span: to the millisecond below 100 s, to the second above."""
    seconds = time / timedelta(seconds=1)
    if seconds < 100:
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {seconds:02} s"


def plain_contact(history: JobHistory, contact: Contact | None) -> str:
    """Return why and since when nothing more is known; "" for an ended job."""
    if history.status is not None and history.status.is_final:
        return ""
    error = history.watch_error or (contact.error if contact is not None else None)
    heard = clock(contact.last_heard if contact is not None else None)
    if contact is not None and contact.state is ContactState.STOPPED and heard and error is None:
        return f"Not watched since {heard}."
    facts = (
        f"Last heard {heard}." if heard else "",
        f"{str(error).rstrip('.')}." if error is not None else "",
    )
    return " ".join(fact for fact in facts if fact)


def drawn_progress(latest: Snapshot) -> float:
    """Return the part of the bar that is drawn: full only for a job that succeeded."""
    progress = latest.progress or 0.0
    return progress if latest.status is Status.SUCCEEDED else min(progress, 0.97)


def moment(message: Message) -> datetime | None:
    """Return a message's own time where the server tells it, else its first sight."""
    return message.time if message.time is not None else message.seen


def since_start(message: Message, latest: Snapshot | None) -> float | None:
    """Return the seconds from the job's start to the `moment` of a message, at least 0.

    None when unknown, and for the first sight of a job that had ended before anybody looked: there
    it tells nothing.
    """
    time = moment(message)
    if time is None or latest is None or latest.started is None:
        return None
    is_sight = message.time is None
    if is_sight and latest.ended is not None and time > latest.ended + timedelta(minutes=1):
        return None
    return max((time - latest.started) / timedelta(seconds=1), 0.0)


def seen(message: Message, latest: Snapshot | None) -> str:
    """Return the `moment` of a message: since the start, else the time of day (UTC)."""
    since, time = since_start(message, latest), moment(message)
    if since is None:
        return "" if time is None else f"{time.astimezone(UTC):%H:%M:%S}"
    return f"+{since:.1f} s" if since < 100 else f"+{span(timedelta(seconds=since))}"


def short_id(job_id: str) -> str:
    """Return as much of an id as a line has room for: its two ends tell ids apart."""
    return f"{job_id[:8]}…{job_id[-4:]}" if len(job_id) > 14 else job_id


def kind(latest: Snapshot | None) -> str:
    """Return the server's word for the operation; "" when unknown."""
    return (latest.kind or "") if latest is not None else ""


def clock(time: datetime | None) -> str:
    """Return a date and a time of day in UTC; "" for None."""
    return "" if time is None else f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def contact_words(history: JobHistory, contact: Contact) -> tuple[str, str]:
    """Return a short word for a trouble with the server, and what it met; "" where there is none.

    Of an ended job nothing more is to be heard, and a watch that has not begun is no trouble.
    """
    has_ended = history.status is not None and history.status.is_final
    has_begun = contact.state is not ContactState.STOPPED or contact.last_heard is not None
    word = CONTACT_WORDS.get(contact.state, "") if has_begun and not has_ended else ""
    return word, str(contact.error or "") if word else ""


def totals(statuses: Iterable[Status | None]) -> str:
    """Return how many jobs there are of each status: "3 running, 1 failed, 46 succeeded"."""
    counts = Counter(statuses)
    words = {None: "not heard of yet", Status.UNKNOWN: "of unknown status"}
    told = (f"{counts[status]} {words.get(status, status)}" for status in _ORDER if counts[status])
    return ", ".join(told) or "no jobs"


def shortened(text: str) -> str:
    """Return the beginning of a message."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
