from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from documents import ABSENT, after, document, milliseconds, snapshot, watched

from jobwidgets._display.statuses import rank, status_words, totals, totals_words
from jobwidgets._display.words import (
    LONGEST_PREVIEW,
    LONGEST_TEXT,
    drawn_progress,
    duration,
    is_cut,
    message_text,
    message_time,
    ownership,
    preview,
    seen,
    since_start,
    steps,
)
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Message, Status

LATEST = snapshot(document(), at=5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "SUBMITTED"}, "queued"),
        ({"status": "PROCESSING", "isCancelled": True}, "cancelling"),
        ({"status": "COMPLETED"}, "succeeded"),
        ({"status": "ARCHIVING <1>"}, "ARCHIVING <1> (unknown status)"),
        ({"status": "\u202edetelpmoC"}, "\\u202edetelpmoC (unknown status)"),
        ({"status": "x" * 10_000}, f"{'x' * 160}… (9,840 more characters) (unknown status)"),
        ({"status": None}, "no status"),
    ],
)
def test_status(changes: dict[str, Any], words: str) -> None:
    """A status is told in words, an unknown one in the server's, fit to be shown."""
    assert status_words(watched(document(**changes))) == words


def test_end_in_an_unknown_word() -> None:
    """A job that ended in a word that is not known here is shown as ended in that word."""
    history = JobHistory("j1")
    for second in (100, 115, 131):
        ended = document(status="Archived", endTime=milliseconds(after(60)))
        history.record(snapshot(ended, at=second))
        history.record_again(after(second))
    assert status_words(history) == "Archived (ended)"
    assert duration(history) == "60 s"


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        ([], "no jobs"),
        ([None], "1 no answer yet"),
        ([Status.UNKNOWN] * 2, "2 of unknown status"),
        (
            [Status.SUCCEEDED] * 1046 + [Status.FAILED] + [Status.RUNNING] * 3,
            "3 running, 1 failed, 1,046 succeeded",
        ),
    ],
)
def test_totals(statuses: list[Status | None], words: str) -> None:
    """What goes on comes first, then what went wrong, then what is well."""
    assert totals_words(statuses) == words
    assert sum(total.count for total in totals(statuses)) == len(statuses)


def test_every_status_has_its_place() -> None:
    """No status is left out of the totals, or of the order by which jobs are sorted."""
    statuses: list[Status | None] = [None, *Status]
    assert {total.status for total in totals([])} == set(statuses)
    assert sorted(rank(status) for status in statuses) == list(range(len(statuses)))


@pytest.mark.parametrize(
    ("message", "seconds", "words"),
    [
        (Message(1, "a", seen=after(3)), 3.0, "+3.0 s"),
        (Message(1, "a", seen=after(101)), 101.0, "+1:41"),
        (Message(1, "a", time=after(2), seen=after(3)), 2.0, "+2.0 s"),
        (Message(1, "a", seen=after(-1)), 0.0, "+0.0 s"),  # the server's clock is ahead
        (Message(1, "a"), None, ""),
    ],
)
def test_time_of_a_message(message: Message, seconds: float | None, words: str) -> None:
    """A message's own time comes before the first sight of it."""
    assert since_start(message, LATEST) == seconds
    assert seen(message, LATEST) == words


def test_late_sight_tells_nothing() -> None:
    """Of a job that had long ended, a message's own time counts and the first sight does not."""
    ended = replace(LATEST, ended=after(60))
    late = Message(1, "a", seen=after(3600))
    assert (since_start(late, ended), seen(late, ended)) == (None, "13:00:00 UTC")
    timed = replace(late, time=after(2))
    assert (since_start(timed, ended), message_time(timed)) == (2.0, after(2))


@pytest.mark.parametrize(
    ("status", "seconds", "words"),
    [
        ("COMPLETED", 1.234, "1.234 s"),
        ("FAILED", 161.5, "2:42"),
        ("PROCESSING", 4.475, "0:04"),
        ("PROCESSING", 100.9, "1:40"),
        ("PROCESSING", None, ""),
    ],
)
def test_duration(status: str, seconds: float | None, words: str) -> None:
    """What the server tells of an ended job is told exactly, what is counted here is not."""
    history = JobHistory("j1")
    history.latest = snapshot(document(status=status))
    history.elapsed = None if seconds is None else timedelta(seconds=seconds)
    assert duration(history) == words


@pytest.mark.parametrize(
    ("changes", "words", "part"),
    [
        ({"stepsCompleted": 2}, "2 of 5 steps", 0.4),
        ({"stepsCompleted": 5}, "5 of 5 steps", 0.97),
        ({"stepsCompleted": 5, "status": "FAILED"}, "5 of 5 steps", 0.97),
        ({"stepsCompleted": 3, "status": "COMPLETED"}, "3 of 5 steps", 1.0),
        ({"totalSteps": 0, "status": "FAILED"}, "", None),
        ({"totalSteps": ABSENT, "status": "COMPLETED"}, "", 1.0),
    ],
)
def test_progress(changes: dict[str, Any], words: str, part: float | None) -> None:
    """The bar is full for a job that succeeded, and for no other."""
    latest = watched(document(**changes)).latest
    assert (steps(latest), drawn_progress(latest)) == (words, part)


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "admin"),
        ({"username": ABSENT}, ""),
        ({"customAttributes": {"missionId": "m1"}}, "admin · mission m1"),
        ({"customAttributes": {"missionId": "m1"}, "username": ""}, "mission m1"),
        ({"customAttributes": {"missionId": ["<b>"]}}, "admin"),
    ],
)
def test_ownership(changes: dict[str, Any], shown: str) -> None:
    """Whose job it is, and the mission that it made, where they are told."""
    assert ownership(watched(document(**changes)).latest) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mNo disk.\x1b[0m", "No disk."),
        ("\x9b1;38;2;9;9;9mNo\x9bm \x1b[2K\x1b[?25ldisk.\x1b[1 q", "No disk."),
        ("\x1b]0;title\x07 \x1b[31", "\\x1b]0;title\\x07 \\x1b[31"),
        ("\x1b\x1b[0m[31m", "\\x1b[31m"),
        ("\x1b[36mtoken\x1b[0m=\x1b[35mabc", "token=[redacted]"),
        ("[31m 50% [K", "[31m 50% [K"),
        ("\x1b[m" + "x" * LONGEST_TEXT, "x" * LONGEST_TEXT),
    ],
)
def test_colours_are_taken_out_for_show(text: str, shown: str) -> None:
    """A terminal's colours are no words; other controls are seen, and the message keeps both."""
    history = watched(document(messages=[text], status="FAILED"))
    (message,) = history.messages
    assert message_text(message) == shown
    assert preview(history)[:20] == shown[:20]
    assert (message.text, is_cut(message)) == (text, False)


def test_long_text_is_cut_for_show() -> None:
    """The history keeps every character; a view shows the first, and how many more there are."""
    history = watched(document(messages=["x" * 1_000_000], endTime=milliseconds(after(1))))
    text = message_text(history.messages[0])
    assert len(text) <= LONGEST_TEXT
    assert text.endswith(" more characters)")
    assert len(preview(history)) == LONGEST_PREVIEW
    assert len(history.messages[0].text) == 1_000_000
