"""What a board shows of one job, as it crosses to the browser: pure functions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypedDict

from jobwidgets._display.cancelling import can_cancel
from jobwidgets._display.sentences import Clock, elapsed_clock, last_clock, started_clock
from jobwidgets._display.standing import last_known_words, standing, until_last_known
from jobwidgets._display.statuses import MARKS, rank, raw_status, status_words
from jobwidgets._display.words import (
    Shown,
    drawn_progress,
    kind,
    owner,
    preview,
    short_id,
    steps,
    trouble,
    word,
)
from jobwidgets._model.snapshot import Status
from jobwidgets._widgets.job_values import action, json_value


class JobValues(TypedDict):
    """What a board shows of one job, sent as a list in this order.

    Texts are "" where there is nothing to be said; what has no words here is as in `Head`.
    """

    id: str
    short_id: str
    status: Status | None
    rank: int
    """The place of its status among all when jobs are sorted by it."""
    mark: str
    words: str
    status_hint: str
    last_known: str
    lost: Clock | None
    needs_user: bool
    kind: str
    steps: str
    """As in "2 of 5"."""
    progress: float | None
    has_bar: bool
    is_moving: bool
    started: Clock | None
    """How long ago it started, and in `started_at` when: ms since 1970-01-01 UTC."""
    started_at: int | None
    time: Clock | None
    last_time: Clock | None
    owner: str
    trouble: str
    """A short word for what is wrong with the contact, and in `reason` what it met."""
    reason: str
    preview: str
    """The beginning of the last message."""
    messages: int
    """How many there are."""
    action: str | None
    """What a click can do, as in `Head`."""
    can_cancel: bool
    """Whether it is offered that the job be cancelled."""


FIELDS = list(JobValues.__annotations__)


def job_values(job: Shown) -> JobValues:
    """Return what a board shows of one job."""
    history, latest = job.history, job.history.latest
    progress, raw = drawn_progress(latest), raw_status(history)
    words, now = status_words(history), datetime.now(UTC)
    shown = standing(history, job.contact, words, now)
    short, reason = trouble(history, job.contact)
    is_moving = progress is None and history.status is Status.RUNNING
    started = latest.started if latest is not None else None
    return {
        "id": word(history.job_id),
        "short_id": short_id(history.job_id),
        "status": history.status,
        "rank": rank(history.status),
        "mark": shown.mark if shown.needs_user else MARKS[history.status][0],
        "words": shown.words if shown.needs_user else words,
        "status_hint": f"the server's word: {raw}" if raw else "",
        "last_known": shown.words if shown.needs_user else last_known_words(history, words),
        "lost": until_last_known(history, job.contact, now),
        "needs_user": shown.needs_user,
        "kind": kind(latest),
        "steps": steps(latest, noun=""),
        "progress": progress,
        "has_bar": progress is not None or (latest is not None and not history.has_ended),
        "is_moving": is_moving,
        "started": started_clock(history, job.elapsed),
        "started_at": None if started is None else round(started.timestamp() * 1000),
        "time": elapsed_clock(history, job.elapsed),
        "last_time": last_clock(history),
        "owner": owner(latest),
        "trouble": short,
        "reason": reason,
        "preview": preview(history),
        "messages": len(history.messages),
        "action": action(history, job.contact),
        "can_cancel": can_cancel(history),
    }


def json_job(index: int, values: JobValues) -> list[Any]:
    """Return a job's index and its values in the order of `FIELDS`, as they cross."""
    given: dict[str, Any] = dict(values)
    return [index, *(json_value(given[name]) for name in FIELDS)]
