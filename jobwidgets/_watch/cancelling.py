"""Cancels a job, through to the server's last word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jobwidgets._model.cancel import Cancel, is_sent
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
        status, text = await watch.source.cancel(connections)
    except JobwidgetsError as error:
        history.cancel = Cancel(asked, isinstance(error, _OPEN), error)
        raise
    history.cancel = Cancel(asked, is_sent=True)
    if history.latest is not None:
        watch.record(_answered(history, history.latest, status, text, watch.source.messages_are))


def note_failure(watch: Watch, error: JobwidgetsError) -> None:
    """Note why a job was not cancelled, where it was not even asked for that."""
    cancel = watch.history.cancel
    if cancel is None or cancel.error is not error:
        watch.history.cancel = Cancel(datetime.now(UTC), is_sent(cancel), error)


def is_cancelled_by(error: JobwidgetsError, history: JobHistory) -> bool:
    """Return whether an error says that a job is cancelled: its server knows it no more."""
    is_missing = isinstance(error, NoSuchJobError)
    return is_missing and is_sent(history.cancel) and not history.has_ended


def _answered(
    history: JobHistory, latest: Snapshot, status: Status | None, text: str, messages_are: str
) -> Snapshot:
    """Return what is known after an answer: it tells a status and a message, and no more."""
    messages = history.messages
    if messages_are == "latest" and text:  # elsewhere the document or the log will tell it
        messages = accumulated(messages, (Message(1, text),))
    status = Status.CANCELLING if status is None or not status.is_final else status
    raw = None if status.is_final else latest.raw_status  # the word for what was before
    now = datetime.now(UTC)
    return replace(latest, status=status, raw_status=raw, messages=messages, seen=now)
