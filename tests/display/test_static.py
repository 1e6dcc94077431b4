import re
from dataclasses import replace
from typing import Any

import pytest
from documents import ABSENT, STARTED, case, document, snapshot, watched
from pages import ELEMENTS, HOSTILE, Page

from jobwidgets._display.job import static_html, static_text
from jobwidgets._display.statuses import MARKS
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Status
from jobwidgets._visible import visible
from jobwidgets.dialects import Answer
from jobwidgets.dialects.mission import Mission
from jobwidgets.errors import ServerError

FACTS = ["admin", "addMission", "succeeded", "5 of 5 steps", "66.311 s", "11 messages"]
MISSION_ID = "d942d2bdb70c4104bcd1a76d4cf8a6b7"


def long_list(count: int) -> JobHistory:
    """Return the history of a job with that many messages."""
    return watched(document(messages=[f"message {n}" for n in range(1, count + 1)]))


def every_field(text: str) -> tuple[JobHistory, Contact]:
    """Return a job of which every text that comes from outside is `text`."""
    parts = {"jobId": text, "status": text, "type": text, "username": text}
    custom = {"missionId": text, "messageCodes": [text, text], "stepsCompleted": 1, "totalSteps": 5}
    history = watched({**parts, "messages": [text, text], "customAttributes": custom})
    error = ServerError(text, code=502)
    return history, Contact(ContactState.RETRYING, failures=1, error=error)


def test_example_as_html() -> None:
    """Esri's own example shows each fact and every message with its code."""
    page = Page(static_html(watched(case("completed"))))
    for fact in [*FACTS, case("completed")["jobId"], MISSION_ID]:
        assert fact in page.words
    texts, codes = case("completed")["messages"], case("completed")["customAttributes"]
    for number, row in enumerate(page.rows[1:], start=1):
        assert (row[0], row[-1]) == (str(number), texts[number - 1])
        assert str(codes["messageCodes"][number - 1]) in row
    assert len(page.rows) == 1 + 11
    assert "width:100.0%" in page.words


def test_example_on_github() -> None:
    """Where styles and titles are taken out, each fact is still there, in a table."""
    page = Page(static_html(watched(case("completed"))))
    assert {name for name, _ in page.elements} <= ELEMENTS
    texts = "\n".join(page.texts)
    for fact in [*FACTS, case("completed")["jobId"], *case("completed")["messages"]]:
        assert fact in texts


def test_example_as_text() -> None:
    """So does its text, a line a message."""
    text = static_text(watched(case("completed")))
    assert text.startswith("JobWidget('j522676d9-983a-48e2-a51c-5066966160f0')\n")
    for fact in [*FACTS[:-1], f"mission {MISSION_ID}"]:
        assert fact in text
    for number, line in enumerate(text.splitlines()[-11:]):
        code = case("completed")["customAttributes"]["messageCodes"][number]
        cells = re.split("  +", line.strip())
        assert (cells[0], cells[-2]) == (str(number + 1), str(code))
        assert cells[-1] == case("completed")["messages"][number]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text(text: str) -> None:
    """Whatever a server writes, the elements and attributes are those of a harmless word."""
    shown, harmless = (Page(static_html(*every_field(word))) for word in (text, "harmless"))
    assert shown.elements == harmless.elements
    assert shown.words.count(visible(text)[:150]) >= harmless.words.count("harmless") >= 9
    lines = static_text(*every_field(text))
    on_one_line = visible(text).translate({10: " ", 9: " "})
    assert lines.count(on_one_line[:150]) >= 8
    assert visible(lines) == lines


LIVES: dict[str, JobHistory] = {
    "never heard of": JobHistory("j1"),
    "nothing but an id": watched({"jobId": "j1"}),
    "running": watched(case("submitted"), case("processing-2-of-5")),
    "failed": watched(case("failed-partial")),
    "every field": every_field("x")[0],
    "many messages": long_list(10_000),
}


@pytest.mark.parametrize("history", LIVES.values(), ids=LIVES)
@pytest.mark.parametrize("contact", [None, every_field("x")[1]])
def test_one_plain_element(history: JobHistory, contact: Contact | None) -> None:
    """A job is one root element of native ones, with literal colours, and loads nothing."""
    html = static_html(history, contact)
    page = Page(html)
    assert page.roots == 1
    assert html.startswith('<div class="jobwidgets"')
    assert [value for name, value in page.attributes if name == "class"] == ["jobwidgets"]
    assert {name for name, _ in page.elements} <= ELEMENTS
    names = {name for name, _ in page.attributes}
    assert not [name for name in names if name.startswith(("on", "data-")) or ":" in name]
    assert names.isdisjoint({"href", "src", "srcset", "srcdoc", "id", "name", "action", "xmlns"})
    assert not re.search(r"(var|url|calc|attr|expression)\(|@import|!important", html)
    styles = ";".join(value or "" for name, value in page.attributes if name == "style")
    for colour in re.findall(r"color:\s*([^;]+)", styles):
        assert re.fullmatch(r"#[0-9a-f]{6}|transparent|rgba\(128,128,128,0.35\)", colour)
    lines = static_text(history, contact).split("\n")
    assert lines[0] == f"JobWidget({history.job_id!r})"
    assert all(lines)


def test_raw_status_is_on_hover() -> None:
    """The server's own word is told beside ours, in the text where it is not known here."""
    html = static_html(watched(document(status="ARCHIVING <1>")))
    assert ("title", "ARCHIVING <1>") in Page(html).attributes
    assert "ARCHIVING <1> (unknown status)" in Page(html).texts


def test_a_job_that_nobody_heard_of() -> None:
    """Before the first document there is an id, and that nothing was heard."""
    assert static_text(JobHistory("j1")) == "JobWidget('j1')\nno answer yet"
    contact = Contact(ContactState.RETRYING, STARTED, 1, ServerError("502 Bad Gateway"))
    assert "502 Bad Gateway." in static_text(JobHistory("j1"), contact)


@pytest.mark.parametrize("status", [None, *Status])
def test_mark_is_shown(status: Status | None) -> None:
    """Each status has its shape beside its word: none is told by its colour alone."""
    history = JobHistory("j1")
    if status is not None:
        history.latest = replace(snapshot(document()), status=status)
    assert MARKS[status][0] in Page(static_html(history)).texts
    assert len(MARKS[status][0]) == 1


@pytest.mark.parametrize("status", ["PROCESSING", "FAILED"])
def test_no_bar_without_counters(status: str) -> None:
    """Where nobody knows, no bar is drawn."""
    history = watched(document(status=status, stepsCompleted=ABSENT, totalSteps=ABSENT))
    assert "width:0.0%" in static_html(watched(document(stepsCompleted=0)))
    assert "0.0%" not in static_html(history)
    assert "steps" not in static_text(history)


@pytest.mark.parametrize("count", [0, 1, 500, 501, 10_000])
def test_long_list_is_cut_in_its_middle(count: int) -> None:
    """Up to 500 messages are all there; else the first 50, the last 450, how many are not."""
    page, text = Page(static_html(long_list(count))), static_text(long_list(count))
    expected = [f"message {n}" for n in range(1, count + 1)]
    if count > 500:
        expected[50:-450] = [f"{count - 500:,} more"]
        assert ("colspan", str(len(page.rows[0]))) in page.attributes
    assert [row[-1] for row in page.rows[1:]] == expected
    assert re.findall(r"message \d+|[\d,]+ more", text) == expected


def test_long_texts_are_cut() -> None:
    """However long the messages, a notebook that keeps them stays small; the last are readable."""
    history = watched(document(messages=["x" * 7_000_000] * 3 + ["y" * 10_000] * 600))
    for form in (static_html(history), static_text(history)):
        assert len(form) < 1_000_000
        assert form.count("more characters") == 500
    short = watched(document(messages=["z" * 15_000]))
    assert "z" * 15_000 in static_html(short)


def test_columns_without_a_value_are_left_out() -> None:
    """A column in which nothing would stand is not drawn."""
    bare = JobHistory("j1")
    bare.latest = Mission().read(Answer(document(messageCodes=[])))
    assert Page(static_html(bare)).rows == [["#", "message"], ["1", "Started mission creation."]]
    assert len(Page(static_html(watched(document()))).rows[0]) == 4


@pytest.mark.parametrize(("text", "code"), [("a", 0), ("b", None), ("", 1500), ("0", "E-1")])
def test_falsy_values_are_shown(text: str, code: int | str | None) -> None:
    """A code 0 and an empty text are values like any other."""
    history = watched(document(messages=["first", text], messageCodes=[1500, code]))
    row = Page(static_html(history)).rows[2]
    assert (row[-1], row[-2]) == (text, "" if code is None else str(code))


@pytest.mark.parametrize(
    ("changes", "at", "shown"),
    [
        ({}, 12.34, "+12.3 s"),
        ({"messageCodes": ["1234567"]}, 36_000, "+10:00:00"),
        ({"startTime": ABSENT}, 3661, "13:01:01 UTC"),
    ],
)
def test_first_sight_of_a_message(changes: dict[str, Any], at: float, shown: str) -> None:
    """A message tells when it was seen; in the text its columns do not touch."""
    history = JobHistory("j1")
    history.record(snapshot(document(**changes), at=at))
    number, seen, code, text = Page(static_html(history)).rows[1]
    assert (number, seen, text) == ("1", shown, "Started mission creation.")
    assert re.search(rf" 1 +{re.escape(seen)} +{code} +Started", static_text(history))
