import re
from dataclasses import replace
from typing import Any

import pytest
from documents import IN_TOUCH, STARTED, Shown
from pages import ELEMENTS, HOSTILE, Page

from jobwidgets._display.board import MOST_FAILURES, MOST_MESSAGES, board_html, board_text
from jobwidgets._display.markup import FIRST, LAST
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets.errors import ServerError

FINAL = {"status": "COMPLETED", "stepsCompleted": 5}
FAILED = {"status": "FAILED", "messages": ["Started.", "No disk."]}


def every_field(text: str) -> list[Shown]:
    """Return jobs of which every text that comes from outside is `text`."""
    error = ServerError(text, code=502)
    trouble = Contact(ContactState.RETRYING, failures=2, error=error)
    parts = {"type": text, "username": text, "messages": [text, text]}
    return [
        Shown(text, trouble, status=text, **parts),
        Shown(text, status="FAILED", **{**parts, "type": f"{text}2"}),
    ]


def test_board_as_html() -> None:
    """Totals, and a row a job with each fact."""
    other = Shown("b", messages=["Working."], type="deleteMission", username="eva")
    page = Page(board_html([Shown("a", **FINAL), other, Shown("c")]))
    assert page.texts[0] == "1 running, 1 no answer yet, 1 succeeded"
    assert page.rows[0] == [
        *("status", "kind", "job", "steps", "started", "time", "owner", "last message")
    ]
    facts = ("addMission", "a", "5 of 5", "2026-05-01 12:00", "60 s", "admin")
    assert page.rows[1][1:] == [*facts, "Started mission creation."]
    assert [row[2] for row in page.rows[1:]] == ["a", "b", "c"]
    assert page.rows[2][0].endswith("running")
    assert page.roots == 1


def test_board_as_text() -> None:
    """The same as lines, below the name of the board; of one without jobs, that it has none."""
    assert board_text("JobBoard(0 jobs)", []) == "JobBoard(0 jobs)\nno jobs"
    lines = board_text("JobBoard(2 jobs)", [Shown("a", **FINAL), Shown("b")]).splitlines()
    assert lines[:2] == ["JobBoard(2 jobs)", "1 no answer yet, 1 succeeded"]
    assert lines[2] == "addMission · admin"
    facts = ["succeeded", "a", "5 of 5", "2026-05-01 12:00:00 UTC", "60 s"]
    assert re.split(r"  +", lines[3].strip()) == [*facts, "Started mission creation."]
    assert lines[4].split() == ["no", "answer", "yet", "b"]


@pytest.mark.parametrize(
    ("changes", "caption", "columns"),
    [
        ([{}], "addMission · admin", set()),
        ([{}, {}, None], "addMission · admin", set()),
        ([{}, {"type": "other"}], "admin", {"kind"}),
        ([{}, {"username": None}], "addMission", {"owner"}),
        ([{"type": None, "username": None}], "", set()),
        ([None], "", set()),
    ],
)
def test_what_is_the_same_everywhere_is_said_once(
    changes: list[dict[str, Any] | None], caption: str, columns: set[str]
) -> None:
    """Kind and owner have a column where jobs that were seen differ, else they stand above."""
    jobs = [Shown(f"j{n}", **(one or {})) for n, one in enumerate(changes)]
    for job, one in zip(jobs, changes, strict=True):
        if one == {}:
            job.poll()
    page = Page(board_html(jobs))
    assert columns == {"kind", "owner"} & set(page.rows[0])
    assert page.texts.count(caption) == bool(caption)


def test_trouble_has_a_column_of_its_own() -> None:
    """A job without contact says so beside its status."""
    error = ServerError("502 Bad Gateway")
    contact = replace(IN_TOUCH, state=ContactState.RETRYING, failures=2, error=error)
    page = Page(board_html([Shown("a", contact, messages=[])]))
    row = dict(zip(page.rows[0], page.rows[1], strict=True))
    assert (row["status"][1:], row["contact"]) == ("running", "no answer")


def test_long_id_is_shortened() -> None:
    """Both ends of a long id are shown, the whole on hover and in the text."""
    name = "d942d2bdb70c4104bcd1a76d4cf8a6b7"
    page = Page(board_html([Shown(name)]))
    assert "d942d2bd…a6b7" in page.texts
    assert f'title="{name}"' in board_html([Shown(name)])
    assert name in board_text("JobBoard(1 job)", [Shown(name)])


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text(text: str) -> None:
    """Whatever a server writes, the elements and attributes are those of a harmless word."""
    trouble = Contact(ContactState.RETRYING, STARTED, failures=1, error=ServerError(text))
    shown, harmless = (Page(board_html(every_field(one), trouble)) for one in (text, "harmless"))
    assert shown.elements == harmless.elements
    assert {name for name, _ in shown.elements} <= ELEMENTS
    lines = board_text("JobBoard(2 jobs)", every_field(text), trouble).splitlines()
    assert len(lines) == 6
    assert min("".join(lines)) >= " "  # nothing that a terminal would obey


def test_failed_jobs_keep_their_messages() -> None:
    """What went wrong unfolds from a failed job's last message; nothing is unfolded before."""
    page = Page(board_html([Shown("a", **FAILED), Shown("b", **FINAL)]))
    assert [names for name, names in page.elements if name == "details"] == [()]
    assert page.texts.count("No disk.") == 2


def test_what_a_reader_unfolded_stays_so() -> None:
    """Whatever became of the job; others are not unfolded, nor is any before the end."""
    jobs = [Shown("a", **FAILED), Shown("b", **FINAL), Shown("c", **FINAL), Shown("d")]
    page = Page(board_html(jobs, unfolded={1, 3}))
    assert [names for name, names in page.elements if name == "details"] == [(), ("open",)]
    assert page.texts.count("Started mission creation.") == 3
    assert "details" not in board_html(jobs, unfolded={1}, most=50_000)


def test_few_failed_jobs_keep_their_messages() -> None:
    """Of many failed jobs the first keep their messages, of a long list none."""
    many = [Shown(f"j{n}", **FAILED) for n in range(MOST_FAILURES + 5)]
    page = Page(board_html(many))
    assert sum(name == "details" for name, _ in page.elements) == MOST_FAILURES
    chatty = Shown("a", status="FAILED", messages=["x"] * (MOST_MESSAGES + 1))
    assert "details" not in {name for name, _ in Page(board_html([chatty])).elements}


def test_long_board_is_cut_in_its_middle() -> None:
    """Of a thousand jobs the first and the last are shown, and how many are not."""
    jobs = [Shown(f"j{n}", **FINAL) for n in range(1000)]
    html = board_html(jobs)
    page = Page(html)
    assert len(page.rows) == 1 + FIRST + 1 + LAST
    assert page.rows[1 + FIRST] == [f"{1000 - FIRST - LAST} more"]
    assert page.texts[0] == "1,000 succeeded"
    assert len(html) < 800_000
    assert f"  … {1000 - FIRST - LAST} more" in board_text("JobBoard(1000 jobs)", jobs).splitlines()
