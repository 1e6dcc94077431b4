"""That a job was asked to be cancelled, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jobwidgets.errors import JobwidgetsError


@dataclass(frozen=True, slots=True)
class Cancel:
    """One request to cancel a job.

    Parameters
    ----------
    asked
        When it was made (UTC).
    is_sent
        Whether it may have reached the server: a job that then is not there any more was
        cancelled, and one that goes on is being cancelled.
    error
        Why it came to nothing, or was not answered; None where it was taken.
    """

    asked: datetime
    is_sent: bool = False
    error: JobwidgetsError | None = None


def is_sent(cancel: Cancel | None) -> bool:
    """Return whether a request to cancel a job may have reached its server."""
    return cancel is not None and cancel.is_sent
