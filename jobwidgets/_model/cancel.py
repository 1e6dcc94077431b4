"""That a job was asked to be cancelled, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jobwidgets.errors import JobwidgetsError


@dataclass(frozen=True, slots=True)
class Cancel:
    """One request to cancel a job.

    While it is open, a job that goes on is being cancelled, and one that its server knows no more
    was cancelled. It is open from when it may have reached the server until that has told an end,
    whichever: what is told afterwards counts as it is told, so that a job which goes on after all
    runs, and may be cancelled again. An end that only the answer to the request told counts so
    after a minute: not all that answers for a server may know of it at once (ours).

    Parameters
    ----------
    asked
        When it was made (UTC).
    is_sent
        Whether it may have reached the server.
    error
        Why it came to nothing, or was not answered; None where it was taken.
    settled
        From when on it is open no more (UTC); None while no end was told.
    """

    asked: datetime
    is_sent: bool = False
    error: JobwidgetsError | None = None
    settled: datetime | None = None


def is_open(cancel: Cancel | None, now: datetime) -> bool:
    """Return whether a request to cancel a job still says what becomes of it; see `Cancel`."""
    if cancel is None or not cancel.is_sent:
        return False
    return cancel.settled is None or now < cancel.settled
