"""What a view shows of a job, as it crosses to the browser: pure functions.

Where something is read as it stands it is a text. Where time goes on in it, it is a sentence,
``{"parts": […], "then": […], "until": seconds}``: `parts` is said, and after `until` seconds
`then` (both None where nothing follows). A part is a text, or a clock ``[form, seconds,
direction]``: what it shows when it is sent, in the form ``"clock"`` (1:15), ``"duration"`` (66.311
s), ``"span"`` (12 min) or ``"ago"`` (12 min ago), and whether it counts up (1), down (-1) or stands
(0). It counts from when the page gets the update, by the page's own monotonic clock: no moment is
compared with the reader's clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict

from jobwidgets._display.cancelling import can_cancel, cancel_words
from jobwidgets._display.contact import on_job
from jobwidgets._display.links import page_url, results_url
from jobwidgets._display.sentences import Clock, Part, Sentence, elapsed_clock, last_clock
from jobwidgets._display.standing import (
    is_last_known,
    last_known_words,
    standing,
    until_last_known,
)
from jobwidgets._display.statuses import MARKS, raw_status
from jobwidgets._display.step_bars import Segment, segments
from jobwidgets._display.steps import at_the_end, job_words, under_way
from jobwidgets._display.words import (
    drawn_progress,
    is_asked,
    is_cut,
    kind,
    message_text,
    message_time,
    messages_note,
    ownership,
    seen,
    short_id,
    trouble,
    word,
)
from jobwidgets._display.words import steps as steps_done
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._model.severity import severity
from jobwidgets._model.snapshot import Message, Snapshot, Status
from jobwidgets._model.step_times import JobSteps
from jobwidgets.dialects import Dialect

MessageValues = list[Any]


class Head(TypedDict):
    """All that a view shows of a job but its messages.

    Texts are "" where there is nothing to be said.
    """

    id: str
    """The id as it is shown; `short_id` is as much of it as fits into a line."""
    short_id: str
    page_url: str | None
    """Where `id` leads; None where there is no page of the job."""
    results_url: str | None
    """Where the results are; None where that is not known, or there are none."""
    kind: str
    status: Status | None
    """A machine key: it sets colours, and is never read."""
    mark: str
    """The shape of the status."""
    words: str
    """The status in words, `status_hint` tells more on hover."""
    status_hint: str
    last_known: str
    """What is said in place of `words` once the job is out of contact, or the kernel is gone."""
    lost: Clock | None
    """Counts down to when the job is out of contact; None where it is not."""
    needs_user: bool
    """Whether nothing was seen, and nothing will be before the user mends what is wrong."""
    spoken: str
    """What is read out when it changes."""
    steps: str
    progress: float | None
    """The part of the bar that is drawn, 0…1; None if unknown."""
    segments: tuple[Segment, ...]
    """The bar in segments, one a step; none where it is drawn as one."""
    is_moving: bool
    """Whether the bar moves where no part is known; it stands once the job is out of contact."""
    is_over: bool
    """Whether the job has ended."""
    time: Clock | None
    """How long it took, or how long it has run; None when unknown."""
    last_time: Clock | None
    """The same at the last document, for a job that is out of contact."""
    under_way: Sentence
    """The steps that run now, or did when the job failed and it is not known in which."""
    ownership: str
    contact: Sentence
    is_troubled: bool
    """Whether `contact` tells of a trouble."""
    messages_note: str
    """What is to be known of all messages."""
    action: str | None
    """What a click can do: ``"stop"`` or ``"start"`` the watch, ``"try"`` at once."""
    can_cancel: bool
    """Whether it is offered that the job be cancelled."""
    cancelled: str
    """What became of the last request to do so."""
    kept: bool
    """Whether every output has got its last form: a view that goes on is in none."""


def head(
    history: JobHistory,
    contact: Contact,
    elapsed: timedelta | None,
    steps: JobSteps | None = None,
    dialect: Dialect | None = None,
    *,
    is_kept: bool = False,
    now: datetime | None = None,
) -> Head:
    """Return all but the steps and messages, as it is at `now` (None: the current time)."""
    latest, now = history.latest, now or datetime.now(UTC)
    told = JobSteps() if steps is None else steps
    words = job_words(history, told)
    shown = standing(history, contact, words, now)
    progress, raw = drawn_progress(latest), raw_status(history)
    return {
        "id": word(history.job_id),
        "short_id": short_id(history.job_id),
        "page_url": page_url(history, dialect),
        "results_url": results_url(history, dialect),
        "kind": kind(latest),
        "status": history.status,
        "mark": shown.mark if shown.needs_user else MARKS[history.status][0],
        "words": shown.words if shown.needs_user else words,
        "status_hint": f"the server's word: {raw}" if raw else "",
        "last_known": shown.words if shown.needs_user else last_known_words(history, words),
        "lost": until_last_known(history, contact, now),
        "needs_user": shown.needs_user,
        "spoken": ", ".join(text for text in (shown.words, steps_done(latest)) if text),
        "steps": steps_done(latest),
        "progress": progress,
        "segments": segments(told, latest),
        "is_moving": progress is None and may_move(history, contact) and not shown.needs_user,
        "is_over": history.has_ended,
        "time": elapsed_clock(history, elapsed),
        "last_time": last_clock(history),
        "under_way": _under_way(history, contact, told, now),
        "ownership": ownership(latest),
        "contact": on_job(history, contact, now),
        "is_troubled": bool(trouble(history, contact)[0]),
        "messages_note": messages_note(dialect),
        "action": action(history, contact),
        "can_cancel": can_cancel(history),
        "cancelled": cancel_words(history),
        "kept": is_kept,
    }


def _under_way(history: JobHistory, contact: Contact, steps: JobSteps, now: datetime) -> Sentence:
    if history.has_ended:
        return Sentence(tuple(filter(None, [at_the_end(steps, history.status)])))
    return Sentence(() if is_last_known(history, contact, now) else under_way(steps, now))


def action(history: JobHistory, contact: Contact) -> str | None:
    """Return what a click can do, as in `Head`; None for an ended job."""
    if history.has_ended:
        return None
    if contact.state is ContactState.STOPPED:
        return "start"
    if contact.state is ContactState.LOST:
        return "try"
    is_well = contact.failures == 0 and contact.stale_from is None
    is_blip = history.latest is not None and contact.failures == 1 and contact.stale_from is None
    return "stop" if is_well or is_blip else "try"


def may_move(history: JobHistory, contact: Contact) -> bool:
    """Return whether the bar of a job of which no part is known moves, or stands out of contact."""
    return not history.has_ended and (history.latest is not None or is_asked(history, contact))


def message_values(message: Message, latest: Snapshot | None) -> MessageValues:
    """Return what a view shows of one message.

    In this order: its time or first sight (milliseconds since 1970-01-01 UTC, or None), that in
    words, code ("" for none), level ("" for none), the level's severity ("error", "warning" or
    None), whether its text is cut, and the text.
    """
    time = message_time(message)
    return [
        None if time is None else round(time.timestamp() * 1000),
        seen(message, latest),
        word(message.code),
        word(message.level),
        severity(message),
        is_cut(message),
        message_text(message),
    ]


def json_value(value: object) -> Any:
    """Return a clock or a sentence as it crosses to the browser; other values as they are."""
    if isinstance(value, Clock):
        return [value.form, round(value.seconds, 3), value.direction]
    if not isinstance(value, Sentence):
        return value
    then = None if value.then is None else _json_parts(value.then)
    until = None if value.until is None else round(value.until, 3)
    return {"parts": _json_parts(value.parts), "then": then, "until": until}


def _json_parts(parts: Sequence[Part]) -> list[Any]:
    return [json_value(part) for part in parts]
