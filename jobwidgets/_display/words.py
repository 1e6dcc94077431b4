"""What is said of a job in words, the same in every view: pure functions.

Texts of a server's come out of here fit to be shown: what would command a terminal or turn the
reading direction is visible, what is very long is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from jobwidgets._display import times
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._model.redact import redacted
from jobwidgets._model.snapshot import Message, Snapshot, Status
from jobwidgets._model.step_times import JobSteps
from jobwidgets._visible import clipped, visible, without_colours
from jobwidgets.dialects import Dialect

_TROUBLES = {
    ContactState.RETRYING: "no answer",
    ContactState.UNAUTHORISED: "needs a token",
    ContactState.LOST: "given up",
    ContactState.STOPPED: "not watched",
}

LONGEST_WORD = 200
"""Characters of a name, a word or a code of the server's that are shown."""
LONGEST_PREVIEW = 300
"""Characters of a job's last message in its row."""
LONGEST_TEXT = 20_000
"""Characters of a message that are shown; the whole is in ``job.messages``."""


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

    @property
    def _steps(self) -> JobSteps:
        """The steps that its messages tell of."""


def word(given: object) -> str:
    """Return a name, a word or a code of the server's as it is shown; "" for None."""
    return "" if given is None else _fit(str(given), LONGEST_WORD)


def message_text(message: Message, longest: int = LONGEST_TEXT) -> str:
    """Return a message's text as it is shown, in about as many characters."""
    return _fit(_bare(message), longest)


def is_cut(message: Message) -> bool:
    """Return whether `message_text` is not the whole text."""
    return len(message.text) > LONGEST_TEXT and len(_bare(message)) > LONGEST_TEXT


def preview(history: JobHistory) -> str:
    """Return the beginning of the last message; "" without one."""
    if not history.messages:
        return ""
    text = _bare(history.messages[-1])
    cut = text if len(text) <= LONGEST_PREVIEW else text[: LONGEST_PREVIEW - 1] + "…"
    return visible(cut)


def _bare(message: Message) -> str:
    """Return a message's text without colours; the document and ``job.messages`` keep them."""
    bare = without_colours(message.text)
    # What stood apart may have become a token.
    return message.text if bare == message.text else redacted(bare)


def _fit(text: str, longest: int) -> str:
    # Cut first: to look through seven million characters takes its time.
    return visible(clipped(text, longest))


def steps(latest: Snapshot | None, noun: str = " steps") -> str:
    """Return "2 of 5 steps", or "" when unknown; "2 of 5" where the noun stands above."""
    if latest is None or latest.steps_done is None or not latest.steps_total:
        return ""
    return f"{latest.steps_done} of {latest.steps_total}{noun}"


def drawn_progress(latest: Snapshot | None) -> float | None:
    """Return the part of the bar that is drawn: full only for a job that succeeded.

    None if unknown.
    """
    if latest is None:
        return None
    if latest.status is Status.SUCCEEDED:
        return 1.0
    return None if latest.progress is None else min(latest.progress, 0.97)


def ownership(latest: Snapshot | None) -> str:
    """Return whose job it is and what it made."""
    if latest is None:
        return ""
    mission = latest.attributes.get("missionId")
    facts = (owner(latest), f"mission {word(mission)}" if isinstance(mission, str) else "")
    return " · ".join(fact for fact in facts if fact)


def owner(latest: Snapshot | None) -> str:
    """Return who started the job; "" when unknown."""
    return word(latest.owner) if latest is not None else ""


def kind(latest: Snapshot | None) -> str:
    """Return the server's word for the operation; "" when unknown."""
    return word(latest.kind) if latest is not None else ""


def short_id(job_id: str) -> str:
    """Return as much of an id as fits into a line: ids differ at their two ends."""
    job_id = word(job_id)
    return f"{job_id[:8]}…{job_id[-4:]}" if len(job_id) > 14 else job_id


def duration(history: JobHistory) -> str:
    """Return how long the job took, or had run at the last document; "" when unknown."""
    if history.elapsed is None:
        return ""
    seconds = history.elapsed / timedelta(seconds=1)
    # What is counted here is counted by two clocks, and was over a poll ago: no milliseconds.
    return times.duration(seconds) if history.has_ended else times.clock(seconds)


def trouble(history: JobHistory, contact: Contact) -> tuple[str, str]:
    """Return a short word for a trouble with the server, and what it met; "" where there is none.

    There is none for a job that has ended, nor for a watch that has not begun.
    """
    has_begun = contact.state is not ContactState.STOPPED or contact.last_heard is not None
    if history.has_ended or not has_begun or is_blip(history, contact):
        return "", ""
    if contact.cached_since is not None and contact.state is ContactState.IN_TOUCH:
        return "from a cache", f"as of {times.utc(contact.cached_since)}"
    is_missing = contact.missing_since is not None and contact.state is ContactState.RETRYING
    short = "no such job" if is_missing else _TROUBLES.get(contact.state, "")
    return short, str(contact.error or "") if short else ""


def is_blip(history: JobHistory, contact: Contact) -> bool:
    """Return whether a single poll was lost, of which nothing is said: the next may be answered."""
    is_single = contact.state is ContactState.RETRYING and contact.failures == 1
    return is_single and history.latest is not None and contact.stale_from is None


def is_asked(history: JobHistory, contact: Contact) -> bool:
    """Return whether the server is asked about the job, and may answer."""
    given_up = {ContactState.LOST, ContactState.STOPPED, ContactState.UNAUTHORISED}
    return not history.has_ended and contact.state not in given_up


# Messages.


def message_time(message: Message) -> datetime | None:
    """Return a message's own time where the server tells it, else its first sight."""
    return message.time if message.time is not None else message.seen


def messages_note(dialect: Dialect | None) -> str:
    """Return what is to be known of all messages of a job; "" for nothing."""
    is_latest = dialect is not None and dialect.messages_are == "latest"
    return "faster ones may be missing" if is_latest else ""


def since_start(message: Message, latest: Snapshot | None) -> float | None:
    """Return the seconds from the job's start to the `message_time`, at least 0.

    None when unknown, and for the first sight of a job that had ended before anybody looked: there
    it tells nothing.
    """
    time = message_time(message)
    if time is None or latest is None or latest.started is None:
        return None
    is_sight = message.time is None
    if is_sight and latest.ended is not None and time > latest.ended + timedelta(minutes=1):
        return None
    return max((time - latest.started) / timedelta(seconds=1), 0.0)


def seen(message: Message, latest: Snapshot | None) -> str:
    """Return the `message_time` in words: since the start, else the time of day (UTC)."""
    since = since_start(message, latest)
    return times.time_of_day(message_time(message)) if since is None else times.since_start(since)


def time_name(messages: Sequence[Message]) -> str:
    """Return what the times of messages are: the server's own, or when each was first seen."""
    return "time" if messages and messages[-1].time is not None else "first seen"
