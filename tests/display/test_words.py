from dataclasses import replace
from datetime import timedelta

import pytest
from documents import after, document, snapshot

from jobwidgets._display.words import duration, moment, seen, since_start, totals
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Message, Status

LATEST = snapshot(document(), at=5)


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        ([], "no jobs"),
        ([None], "1 not heard of yet"),
        ([Status.UNKNOWN] * 2, "2 of unknown status"),
        (
            [Status.SUCCEEDED] * 46 + [Status.FAILED] + [Status.RUNNING] * 3,
            "3 running, 1 failed, 46 succeeded",
        ),
    ],
)
def test_totals(statuses: list[Status | None], words: str) -> None:
    """What goes on comes first, then what went wrong, then what is well."""
    assert totals(statuses) == words


def test_totals_count_every_status() -> None:
    """No status is left out."""
    assert totals([None, *Status]).count("1 ") == 1 + len(Status)


@pytest.mark.parametrize(
    ("message", "seconds", "words"),
    [
        (Message(1, "a", seen=after(3)), 3.0, "+3.0 s"),
        (Message(1, "a", time=after(2), seen=after(3)), 2.0, "+2.0 s"),
        (Message(1, "a", time=after(2)), 2.0, "+2.0 s"),
        (Message(1, "a", seen=after(-1)), 0.0, "+0.0 s"),
        (Message(1, "a"), None, ""),
    ],
)
def test_since_start(message: Message, seconds: float | None, words: str) -> None:
    """A message's own time comes before the first sight of it."""
    assert since_start(message, LATEST) == seconds
    assert seen(message, LATEST) == words


def test_late_sight_tells_nothing() -> None:
    """Of a job that had long ended, a message's own time counts and the first sight does not."""
    ended = replace(LATEST, ended=after(60))
    late = Message(1, "a", seen=after(3600))
    assert since_start(late, ended) is None
    assert seen(late, ended) == "13:00:00"
    timed = replace(late, time=after(2))
    assert since_start(timed, ended) == 2.0
    assert moment(timed) == after(2)


@pytest.mark.parametrize(
    ("status", "seconds", "words"),
    [
        ("COMPLETED", 1.234, "1.234 s"),
        ("FAILED", 61.5, "61.5 s"),
        ("PROCESSING", 4.475, "4 s"),
        ("PROCESSING", 0.4, "0 s"),
        ("PROCESSING", 100.9, "1 min 40 s"),
        ("COMPLETED", None, ""),
        ("PROCESSING", None, ""),
    ],
)
def test_duration(status: str, seconds: float | None, words: str) -> None:
    """What the server tells of an ended job is told exactly, what is counted here is not."""
    history = JobHistory("j1")
    history.latest = snapshot(document(status=status))
    history.elapsed = None if seconds is None else timedelta(seconds=seconds)
    assert duration(history) == words
