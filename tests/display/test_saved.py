from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from documents import Shown, after, document, watched

from jobwidgets._display.board import board_html, board_text
from jobwidgets._display.job import static_html, static_text
from jobwidgets._display.saved import board_known_at
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory

MOST = 64_000
FINAL = {"status": "COMPLETED", "stepsCompleted": 5}


def heard(seconds: float, state: ContactState = ContactState.IN_TOUCH) -> Contact:
    """Return the contact with a server that was last heard at that second."""
    return Contact(state, last_heard=after(seconds))


@pytest.mark.parametrize(
    ("history", "contact", "words"),
    [
        (watched(document()), heard(72), "as of 12:01:12 UTC"),
        (watched(document()), Contact(ContactState.LOST, last_heard=after(5)), "12:00:05 UTC"),
        (watched(document()), Contact(last_heard=after(9), cached_since=after(3)), "12:00:03 UTC"),
        (watched(document(**FINAL)), heard(72), None),
        (JobHistory("j1"), heard(72), None),
        (watched(document()), None, None),
    ],
)
def test_time_of_what_is_known(
    history: JobHistory, contact: Contact | None, words: str | None
) -> None:
    """What may still change tells of when it is: of a cache's answer, when that was made."""
    for form in (static_html(history, contact), static_text(history, contact)):
        assert words in form if words else "as of" not in form


@pytest.mark.parametrize(
    ("jobs", "time"),
    [
        ([Shown("a", heard(7), x=1), Shown("b", heard(5), **FINAL)], after(7)),
        ([Shown("a", heard(7), x=1), Shown("b", heard(5), x=1)], after(5)),
        ([Shown("a", heard(7), x=1), Shown("b", heard(5, ContactState.RETRYING), x=1)], after(7)),
        ([Shown(name, heard(5, ContactState.STOPPED), x=1) for name in "ab"], after(5)),
        ([Shown("a", heard(5), **FINAL), Shown("b")], None),
    ],
)
def test_time_of_a_board(jobs: list[Shown], time: datetime | None) -> None:
    """It is that at which the last of the jobs was asked that may change and have contact."""
    assert board_known_at(jobs) == time
    words = f"as of {time:%H:%M:%S} UTC" if time else "as of"
    for form in (board_html(jobs), board_text("JobBoard(2 jobs)", jobs)):
        assert (words in form) is (time is not None)


@pytest.mark.parametrize("text", ["Short.", "long " * 2000, "任务" * 2000, "<'\"&>" * 1000])
@pytest.mark.parametrize("form", [static_html, static_text])
def test_job_that_fits(form: Callable[..., str], text: str) -> None:
    """Of many or long messages the newest are kept that fit, and how many more there are."""
    history = watched(document(messages=[f"{n}! {text}" for n in range(1, 5001)]))
    brief = form(history, heard(1), most=MOST)
    assert MOST / 4 < len(brief.encode()) <= MOST
    assert "5000! " in brief
    assert " 4000! " not in brief
    assert " more" in brief
    assert form(history, heard(1)).count("! ") >= 500


@pytest.mark.parametrize("messages", [[], ["<'&>" * 500]])
def test_board_that_fits(messages: list[str]) -> None:
    """Of many jobs the last are kept that fit, without their messages; the totals count all."""
    facts: dict[str, Any] = {"messages": messages * 9, "status": "FAILED"}
    jobs = [Shown(f"j{n}", heard(1), **facts) for n in range(1, 701)]
    for form in (board_html(jobs, most=MOST), board_text("JobBoard(700 jobs)", jobs, most=MOST)):
        assert len(form.encode()) <= MOST
        assert "700 failed" in form
        assert "j700" in form
        assert " more" in form
        assert "<details" not in form


def test_what_is_short_is_whole() -> None:
    """Where everything fits nothing is left out."""
    history, jobs = watched(document()), [Shown("a", x=1)]
    assert static_html(history, heard(1), most=MOST) == static_html(history, heard(1))
    assert board_html(jobs, most=MOST) == board_html(jobs)
