"""What is seen of a job: what a document says, and what it leaves out and is known."""

from __future__ import annotations

from dataclasses import replace

from jobwidgets._http.source import Reading
from jobwidgets._model.cancel import is_sent
from jobwidgets._model.history import JobHistory
from jobwidgets._model.latest import accumulated
from jobwidgets._model.snapshot import Snapshot, Status

_GOING_ON = frozenset({Status.QUEUED, Status.RUNNING})


def as_seen(
    reading: Reading, snapshot: Snapshot, history: JobHistory, messages_are: str
) -> Snapshot:
    """Return what a document says, and what is known beside it.

    All messages where each document has one, what a list leaves out, and that a job that goes on
    is being cancelled. One that was cancelled may be told as not begun, as openEO allows.
    """
    if reading.is_listed and history.latest is not None:
        snapshot = _completed(snapshot, history.latest, messages_are)
    if messages_are == "latest":
        snapshot = replace(snapshot, messages=accumulated(history.messages, snapshot.messages))
    if snapshot.status in _GOING_ON and is_sent(history.cancel):
        is_over = history.status is Status.CANCELLED and snapshot.status is Status.QUEUED
        return replace(snapshot, status=Status.CANCELLED if is_over else Status.CANCELLING)
    return snapshot


def _completed(listed: Snapshot, latest: Snapshot, messages_are: str) -> Snapshot:
    """Return what a list says, with the facts that it left out and the job has told."""
    names = ("started", "owner", "kind", "steps_total")
    left_out = {name: getattr(latest, name) for name in names if getattr(listed, name) is None}
    messages = {
        "latest": listed.messages,
        "list": listed.messages or latest.messages,
        "log": latest.messages,
    }[messages_are]
    return replace(listed, **left_out, messages=messages)
