"""The statuses of jobs in words, marks and orders, the same in every view: pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from jobwidgets._display.times import counted
from jobwidgets._display.words import word
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Status

# The mark is white on these: 4.5:1. The word beside it has the page's own colour.
GREEN, RED, BLUE, GREY, AMBER = "#1a7f37", "#cf222e", "#0969da", "#656d76", "#9a6700"
MARKS: dict[Status | None, tuple[str, str]] = {
    None: ("…", GREY),
    Status.QUEUED: ("○", GREY),
    Status.RUNNING: ("▸", BLUE),
    Status.CANCELLING: ("◌", GREY),
    Status.SUCCEEDED: ("✓", GREEN),
    Status.FAILED: ("✕", RED),
    Status.CANCELLED: ("⊘", GREY),
    Status.GONE: ("?", GREY),
    Status.UNKNOWN: ("?", GREY),
}
"""The shape and the colour of each status."""
_ORDER = (
    Status.RUNNING,
    Status.CANCELLING,
    Status.QUEUED,
    None,
    Status.FAILED,
    Status.CANCELLED,
    Status.GONE,
    Status.UNKNOWN,
    Status.SUCCEEDED,
)  # of the totals: what goes on, what went wrong, what is well
_RANKS = (
    Status.FAILED,
    Status.GONE,
    Status.UNKNOWN,
    Status.CANCELLED,
    Status.RUNNING,
    Status.CANCELLING,
    Status.QUEUED,
    None,
    Status.SUCCEEDED,
)  # by which jobs are sorted: what went wrong comes first
_IN_TOTALS = {None: "no answer yet", Status.UNKNOWN: "of unknown status"}


def status_words(history: JobHistory) -> str:
    """Return the status in words; one that is not known here as the server's own word."""
    latest = history.latest
    if latest is None:
        return "no answer yet"
    if latest.status is not Status.UNKNOWN:
        return str(latest.status)
    if not latest.raw_status:
        return "no status"
    return f"{word(latest.raw_status)} ({'ended' if history.has_ended else 'unknown status'})"


def raw_status(history: JobHistory) -> str:
    """Return the server's own word for the status; "" where it sent none."""
    return word(history.latest.raw_status) if history.latest is not None else ""


def rank(status: Status | None) -> int:
    """Return the place of a status among all when jobs are sorted by it."""
    return _RANKS.index(status)


@dataclass(frozen=True, slots=True)
class Total:
    """How many jobs have one status, in `words` too: "3 running"."""

    status: Status | None
    count: int
    words: str


def totals(statuses: Iterable[Status | None]) -> list[Total]:
    """Return how many jobs there are of each status, of those too that none has."""
    counts = Counter(statuses)
    return [_total(status, counts[status]) for status in _ORDER]


def totals_words(statuses: Iterable[Status | None]) -> str:
    """Return how many jobs there are of each status: "3 running, 1 failed, 46 succeeded"."""
    return ", ".join(total.words for total in totals(statuses) if total.count) or "no jobs"


def _total(status: Status | None, count: int) -> Total:
    return Total(status, count, f"{counted(count)} {_IN_TOTALS.get(status, status)}")
