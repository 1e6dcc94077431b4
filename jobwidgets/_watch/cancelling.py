"""Cancels a job, through to the server's last word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from jobwidgets._model.cancel import Cancel, is_open
from jobwidgets._model.exchanged import CancelAnswer
from jobwidgets._model.history import JobHistory
from jobwidgets._model.latest import accumulated
from jobwidgets._model.snapshot import Message, Snapshot, Status
from jobwidgets.errors import (
    BodyError,
    JobwidgetsError,
    NoSuchJobError,
    ServerError,
    TransportError,
)

if TYPE_CHECKING:
    from jobwidgets._http.connections import Connections
    from jobwidgets._watch.watch import Watch

# After one of these the server may have heard it, and only not have said so.
_OPEN = (BodyError, ServerError, TransportError)
_SETTLES = timedelta(minutes=1)  # see `Cancel`


async def cancel(watch: Watch, connections: Connections) -> None:
    """Ask that a job be cancelled, and record the answer; the caller has just looked at the job.

    Nothing is asked for a job that has ended: with some servers that would remove its results.

    Raises
    ------
    JobwidgetsError
        If it was refused, or not answered; noted in the history too.
    """
    history, asked = watch.history, datetime.now(UTC)
    history.cancel = Cancel(asked)
    if history.has_ended:
        return
    try:
        answer = await watch.source.cancel(connections)
    except JobwidgetsError as error:
        history.cancel = Cancel(asked, isinstance(error, _OPEN), error)
        raise
    is_end = answer.status is not None and answer.status.is_final
    settled = datetime.now(UTC) + _SETTLES if is_end else None
    history.cancel = Cancel(asked, is_sent=True, settled=settled)
    if history.latest is not None:
        watch.record(_answered(history, history.latest, answer, watch.source.messages_are))
        watch.source.forget()  # the same document would be news again


def note_failure(watch: Watch, error: JobwidgetsError) -> None:
    """Note why a job was not cancelled, where it was not even asked for that."""
    cancel = watch.history.cancel
    if cancel is None or cancel.error is not error:
        now = datetime.now(UTC)
        watch.history.cancel = Cancel(now, is_open(cancel, now), error)


def is_cancelled_by(error: JobwidgetsError, history: JobHistory) -> bool:
    """Return whether an error says that a job is cancelled: its server knows it no more."""
    is_missing = isinstance(error, NoSuchJobError)
    return is_missing and is_open(history.cancel, datetime.now(UTC)) and not history.has_ended


def note_told(history: JobHistory, told: Status, seen: datetime) -> None:
    """Note that a document has told a status: an end settles the request to cancel the job."""
    if told.is_final and is_open(history.cancel, seen) and history.cancel is not None:
        history.cancel = replace(history.cancel, settled=seen)


def _answered(
    history: JobHistory, latest: Snapshot, answer: CancelAnswer, messages_are: str
) -> Snapshot:
    """Return what is known after an answer: it tells a status and a message, and no more."""
    messages, status = history.messages, answer.status
    if messages_are == "latest" and answer.message:  # else the document or the log will tell it
        messages = accumulated(messages, (Message(1, answer.message),))
    status = Status.CANCELLING if status is None or not status.is_final else status
    raw = None if status.is_final else latest.raw_status  # the word for what was before
    now = datetime.now(UTC)
    return replace(latest, status=status, raw_status=raw, messages=messages, seen=now)
