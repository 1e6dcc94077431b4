"""What is said of a request to cancel a job: pure functions."""

from __future__ import annotations

from jobwidgets._display.times import utc
from jobwidgets._display.words import word
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Status


def can_cancel(history: JobHistory) -> bool:
    """Return whether it makes sense to offer that the job be cancelled."""
    asked = history.cancel
    goes_on = history.status is not None and not history.has_ended
    is_over = asked is None or asked.error is not None or _came_to_nothing(history)
    return history.can_cancel and goes_on and is_over


def _came_to_nothing(history: JobHistory) -> bool:
    """Return whether a job goes on though its server has told an end of it."""
    is_settled = history.cancel is not None and history.cancel.settled is not None
    goes_on = not history.has_ended and history.status is not Status.CANCELLING
    return is_settled and goes_on


def cancel_words(history: JobHistory) -> str:
    """Return what became of the last request to cancel a job; "" where there is nothing to say."""
    cancel = history.cancel
    if cancel is None or history.status in {Status.CANCELLED, Status.GONE}:
        return ""
    if history.has_ended:
        return "It had ended before it could be cancelled."
    if cancel.error is not None:
        return f"Not cancelled: {word(cancel.error)}"
    so_far = ", and goes on all the same" if _came_to_nothing(history) else ""
    asked = f"It was asked to be cancelled at {utc(cancel.asked)}"
    return f"{asked}{so_far}." if cancel.is_sent else ""
