"""What is seen of a job: what a document says, and what it leaves out and is known."""

from __future__ import annotations

from dataclasses import replace

from jobwidgets._http.source import Reading
from jobwidgets._model.cancel import is_open
from jobwidgets._model.history import JobHistory
from jobwidgets._model.latest import accumulated
from jobwidgets._model.snapshot import Snapshot, Status

_GOING_ON = frozenset({Status.QUEUED, Status.RUNNING})


def as_seen(
    reading: Reading, snapshot: Snapshot, history: JobHistory, messages_are: str
) -> Snapshot:
    """Return what a document says, and what is known beside it.

    All messages where each document has one, what a list leaves out, and that a job that goes on
    is being cancelled (see `Cancel`). One that was cancelled may be told as not begun, as openEO
    allows: then it stays cancelled.
    """
    if reading.is_listed and history.latest is not None:
        snapshot = _completed(snapshot, history.latest, messages_are)
    if messages_are == "latest":
        snapshot = replace(snapshot, messages=accumulated(history.messages, snapshot.messages))
    cancel = history.cancel
    if snapshot.status not in _GOING_ON or cancel is None or not cancel.is_sent:
        return snapshot
    if history.status is Status.CANCELLED and snapshot.status is Status.QUEUED:
        return replace(snapshot, status=Status.CANCELLED)
    is_being_cancelled = is_open(cancel, reading.seen)
    return replace(snapshot, status=Status.CANCELLING) if is_being_cancelled else snapshot


def _completed(listed: Snapshot, latest: Snapshot, messages_are: str) -> Snapshot:
    """Return what a list says, with the facts that it left out and the job has told."""
    names = ("started", "owner", "kind", "steps_total")
    left_out = {name: getattr(latest, name) for name in names if getattr(listed, name) is None}
    messages = {
        "latest": listed.messages,
        "list": listed.messages or latest.messages,
        "log": latest.messages,
    }[messages_are]
    return replace(listed, **left_out, messages=messages, steps=listed.steps or latest.steps)
