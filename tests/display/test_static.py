import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from documents import ABSENT, after, case, document, milliseconds, snapshot, watched
from pages import ELEMENTS, HOSTILE, KEPT_BY_GITHUB, Page

from jobwidgets._display.job import static_html, static_text
from jobwidgets._display.words import (
    MARKS,
    drawn_progress,
    duration,
    ownership,
    plain_contact,
    since_start,
    span,
    status_words,
    steps,
)
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Status
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
    assert dict(page.attributes)["value"] == "1"


def test_example_on_github() -> None:
    """Where bar, styles and titles are taken out, each fact is still there, in a table."""
    page = Page(static_html(watched(case("completed"))))
    assert {name for name, _ in page.elements} - KEPT_BY_GITHUB == {"progress"}
    texts = "\n".join(page.texts)
    for fact in [*FACTS, case("completed")["jobId"], *case("completed")["messages"]]:
        assert fact in texts


def test_example_as_text() -> None:
    """So does its text, a line a message."""
    text = static_text(watched(case("completed")))
    assert text.startswith("JobWidget('j522676d9-983a-48e2-a51c-5066966160f0')\n")
    for fact in [*FACTS[:-1], f"mission {MISSION_ID}"]:
        assert fact in text
    lines = text.splitlines()[-11:]
    codes = case("completed")["customAttributes"]["messageCodes"]
    for number, (line, message) in enumerate(
        zip(lines, case("completed")["messages"], strict=True)
    ):
        assert line.split()[0] == str(number + 1)
        assert f" {codes[number]} " in line
        assert line.endswith(f" {message}")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text(text: str) -> None:
    """Whatever a server writes, the elements and attributes are those of a harmless word."""
    shown, harmless = (Page(static_html(*every_field(word))) for word in (text, "harmless"))
    assert shown.elements == harmless.elements
    assert shown.words.count(text) == harmless.words.count("harmless") >= 9
    on_one_line = re.sub(r"[\x00-\x1f]", " ", text)  # a terminal would obey these
    assert static_text(*every_field(text)).count(on_one_line) >= 8


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("status", ["FAILED", "COMPLETED", "PROCESSING"])
def test_hostile_reason(text: str, status: str) -> None:
    """A hostile message is text as an ended job's last word, too, and as a watch's error."""
    history = watched(document(messages=[text], status=status, messageCodes=[text]))
    history.watch_error = ServerError(text)
    page = Page(static_html(history))
    assert {name for name, _ in page.elements} <= ELEMENTS
    assert page.rows[1][-1] == text


def test_hostile_case() -> None:
    """The case of the mission: an image with an onerror is a line of text."""
    html = static_html(watched(case("hostile-message")))
    assert "<img" not in html
    assert Page(html).rows[1][-1] == "<img src=x onerror=alert(1)>"


LIVES: dict[str, JobHistory] = {
    "never heard of": JobHistory("j1"),
    "nothing but an id": watched({"jobId": "j1"}),
    "submitted": watched(case("submitted")),
    "running": watched(case("submitted"), case("processing-2-of-5")),
    "failed": watched(case("failed-partial")),
    "example": watched(case("completed")),
    "every field": every_field("x")[0],
    "many messages": long_list(10_000),
}


@pytest.mark.parametrize("history", LIVES.values(), ids=LIVES)
@pytest.mark.parametrize("contact", [None, Contact(), every_field("x")[1]])
def test_one_plain_element(history: JobHistory, contact: Contact | None) -> None:
    """A job is one root element of native ones, without scripts, style sheets and links."""
    html = static_html(history, contact)
    page = Page(html)
    assert page.roots == 1
    assert html.startswith('<div class="jobwidgets"')
    assert [value for name, value in page.attributes if name == "class"] == ["jobwidgets"]
    assert {name for name, _ in page.elements} <= ELEMENTS
    names = {name for name, _ in page.attributes}
    assert not [name for name in names if name.startswith(("on", "data-")) or ":" in name]
    assert names.isdisjoint({"href", "src", "srcset", "srcdoc", "id", "name", "action", "xmlns"})


@pytest.mark.parametrize("history", LIVES.values(), ids=LIVES)
def test_colours_are_literal(history: JobHistory) -> None:
    """The saved notebook has no variables of a theme, and loads nothing."""
    html = static_html(history)
    assert not re.search(r"(var|url|calc|attr|expression)\(|@import|!important", html)
    styles = ";".join(value or "" for name, value in Page(html).attributes if name == "style")
    colours = re.findall(r"color:\s*([^;]+)", styles)
    assert colours
    for colour in colours:
        assert re.fullmatch(r"#[0-9a-f]{6}|transparent|inherit|currentcolor", colour)


@pytest.mark.parametrize("history", LIVES.values(), ids=LIVES)
def test_text_begins_with_its_class(history: JobHistory) -> None:
    """The text of every job begins with the word that tests of notebooks look for."""
    lines = static_text(history).split("\n")
    assert lines[0] == f"JobWidget({history.job_id!r})"
    assert all(lines)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "SUBMITTED"}, "queued"),
        ({"status": "PROCESSING"}, "running"),
        ({"status": "PROCESSING", "isCancelled": True}, "cancelling"),
        ({"status": "COMPLETED"}, "succeeded"),
        ({"status": "FAILED"}, "failed"),
        ({"status": "CANCELLED"}, "cancelled"),
        ({"status": "ARCHIVING <1>"}, "ARCHIVING <1> (unknown status)"),
        ({"status": None}, "no status"),
    ],
)
def test_each_status_in_words(changes: dict[str, Any], words: str) -> None:
    """A status is told in words, an unknown one in the server's, which is on hover besides."""
    history = watched(document(**changes))
    assert status_words(history) == words
    page = Page(static_html(history))
    assert words in page.texts
    assert ("title", changes["status"] or "") in page.attributes
    assert words in static_text(history)


def test_a_job_that_is_gone() -> None:
    """A removed job keeps all that was seen, under its own word."""
    history = watched(document(stepsCompleted=2))
    history.record(replace(snapshot(document(stepsCompleted=2), at=9), status=Status.GONE))
    page = Page(static_html(history))
    assert "gone" in page.texts
    assert "2 of 5 steps" in page.texts
    assert page.rows[1][-1] == "Started mission creation."


def test_a_job_that_nobody_heard_of() -> None:
    """Before the first document there is an id, and that nothing was heard."""
    history = JobHistory("j1")
    assert status_words(history) == "not heard of yet"
    assert steps(None) == ownership(None) == duration(history) == ""
    assert static_text(history) == "JobWidget('j1')\nnot heard of yet"


def test_every_status_has_a_mark() -> None:
    """No status is told by its colour alone; a running job is no other's shape."""
    assert set(MARKS) == {None, *Status}
    shapes = [mark for mark, _ in MARKS.values()]
    assert all(len(shape) == 1 for shape in shapes)
    assert len({MARKS[status] for status in Status if status.is_final}) == 4


@pytest.mark.parametrize(
    ("changes", "drawn"),
    [
        ({"stepsCompleted": 0}, 0.0),
        ({"stepsCompleted": 2}, 0.4),
        ({"stepsCompleted": 5, "status": "COMPLETED"}, 1.0),
        ({"stepsCompleted": 2, "status": "COMPLETED"}, 1.0),
        ({"stepsCompleted": 2, "status": "FAILED"}, 0.4),
        ({"stepsCompleted": 2, "status": "CANCELLED"}, 0.4),
    ],
)
def test_fact_4_bar(changes: dict[str, Any], drawn: float) -> None:
    """The bar is full for a job that succeeded, and stays where any other one stopped."""
    history = watched(document(**changes))
    assert history.latest is not None
    assert drawn_progress(history.latest) == drawn
    assert float(dict(Page(static_html(history)).attributes)["value"] or "nan") == drawn


@pytest.mark.parametrize("status", ["PROCESSING", "FAILED", "CANCELLED", "CANCELLING", "odd"])
def test_fact_4_no_full_bar_before_success(status: str) -> None:
    """All steps done is not the end: the bar is full only for a success."""
    history = watched(document(stepsCompleted=5, status=status))
    value = float(dict(Page(static_html(history)).attributes)["value"] or "nan")
    assert 0.9 < value < 1.0


@pytest.mark.parametrize("status", ["PROCESSING", "COMPLETED", "FAILED"])
def test_fact_4_no_bar_without_counters(status: str) -> None:
    """Where nobody knows, no bar is drawn."""
    history = watched(document(status=status, stepsCompleted=ABSENT, totalSteps=ABSENT))
    assert "progress" not in {name for name, _ in Page(static_html(history)).elements}
    assert "steps" not in static_text(history)


@pytest.mark.parametrize("count", [0, 1, 2, 500])
def test_short_list_is_shown_whole(count: int) -> None:
    """Up to 500 messages are all there."""
    page, text = Page(static_html(long_list(count))), static_text(long_list(count))
    shown = [row[-1] for row in page.rows[1:]]
    assert shown == [f"message {n}" for n in range(1, count + 1)]
    assert text.count("  message ") == count
    assert " more" not in text + page.words


@pytest.mark.parametrize("count", [501, 502, 10_000])
def test_long_list_is_cut_in_its_middle(count: int) -> None:
    """Of a longer list the first 50 and the last 450 are shown, and how many are not."""
    page, text = Page(static_html(long_list(count))), static_text(long_list(count))
    numbers = [*range(1, 51), *range(count - 449, count + 1)]
    expected = [f"message {n}" for n in numbers]
    expected.insert(50, f"{count - 500} more")
    assert [row[-1] for row in page.rows[1:]] == expected
    assert re.findall(r"message \d+|\d+ more", text) == expected
    assert f"{count} messages" in page.words


def test_columns_without_a_value_are_left_out() -> None:
    """A column in which nothing would stand is not drawn."""
    bare = JobHistory("j1")
    bare.latest = Mission().parse(document(messageCodes=[]))
    assert Page(static_html(bare)).rows == [["#", "message"], ["1", "Started mission creation."]]
    heads = Page(static_html(watched(document(messageCodes=[])))).rows[0]
    assert (heads[0], len(heads), heads[-1]) == ("#", 3, "message")
    assert len(Page(static_html(watched(document()))).rows[0]) == 4


@pytest.mark.parametrize(
    ("text", "code"), [("a", 0), ("b", None), ("", 1500), ("0", "E-1")]
)  # fmt: skip
def test_falsy_values_are_shown(text: str, code: int | str | None) -> None:
    """A code 0 and an empty text are values like any other."""
    history = watched(document(messages=["first", text], messageCodes=[1500, code]))
    row = Page(static_html(history)).rows[2]
    assert (row[-1], row[-2]) == (text, "" if code is None else str(code))


@pytest.mark.parametrize(
    ("changes", "at", "shown"),
    [
        ({}, 0, "+0.0 s"),
        ({}, 12.34, "+12.3 s"),
        ({}, 100, "+1 min 40 s"),
        ({"startTime": ABSENT}, 3661, "13:01:01"),
    ],
)
def test_first_sight_of_a_message(changes: dict[str, Any], at: float, shown: str) -> None:
    """A message tells how long after the start it was seen, else at which time (UTC)."""
    history = JobHistory("j1")
    history.record(snapshot(document(**changes), at=at))
    assert Page(static_html(history)).rows[1] == ["1", shown, "1500", "Started mission creation."]
    assert f"{shown} " in static_text(history)


@pytest.mark.parametrize(("at", "code"), [(100, 1500), (36_000_000, 1500), (1, "1234567")])
def test_columns_of_the_text_do_not_touch(at: float, code: int | str) -> None:
    """A long time or code stands apart from its neighbours in the text too."""
    history = JobHistory("j1")
    history.record(snapshot(document(messageCodes=[code]), at=at))
    shown = Page(static_html(history)).rows[1][1]
    assert re.search(rf" 1 +{re.escape(shown)} +{code} +Started", static_text(history))


def test_hidden_rows_span_the_table() -> None:
    """The row that stands for the hidden messages is as wide as the others."""
    page = Page(static_html(long_list(501)))
    assert ("colspan", str(len(page.rows[0]))) in page.attributes


@pytest.mark.parametrize("status", list(Status))
def test_mark_is_shown(status: Status) -> None:
    """Each status has its shape beside its word."""
    history = watched(document())
    history.record(replace(snapshot(document(), at=1), status=status))
    assert MARKS[status][0] in Page(static_html(history)).texts


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (0.001, "0.001 s"),
        (1.5, "1.5 s"),
        (10, "10 s"),
        (66.311, "66.311 s"),
        (99.999, "99.999 s"),
        (100, "1 min 40 s"),
        (119.6, "2 min 00 s"),
        (3599.4, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (90_061, "25 h 01 min"),
    ],
)
def test_span(seconds: float, shown: str) -> None:
    """A time span is told as exactly as anybody wants to know."""
    assert span(timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    ("changes", "at", "since"),
    [
        ({}, 12.3, 12.3),
        ({}, 0, 0.0),
        ({}, -5, 0.0),  # the server's clock is ahead
        ({"startTime": ABSENT}, 12.3, None),
        ({"endTime": milliseconds(after(60))}, 61, 61.0),
        ({"endTime": milliseconds(after(60))}, 600, None),  # it had ended before anybody looked
    ],
)
def test_since_start(changes: dict[str, Any], at: float, since: float | None) -> None:
    """A message is timed by the job's own start, where its first sight tells anything."""
    job = snapshot(document(**changes), at=at)
    message = replace(job.messages[0], seen=job.seen)
    assert since_start(message, job) == since
    assert since_start(replace(message, seen=None), job) is None
    assert since_start(message, None) is None


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        (None, ""),
        (Contact(), ""),
        (Contact(ContactState.IN_TOUCH, after(9)), "Last heard 2026-05-01 12:00:09 UTC."),
        (Contact(ContactState.STOPPED, after(9)), "Not watched since 2026-05-01 12:00:09 UTC."),
        (
            Contact(ContactState.RETRYING, after(9), 2, ServerError("502 Bad Gateway")),
            "Last heard 2026-05-01 12:00:09 UTC. 502 Bad Gateway.",
        ),
        (Contact(ContactState.LOST, None, 1, ServerError("404 Not Found.")), "404 Not Found."),
    ],
)
def test_contact_in_words(contact: Contact | None, shown: str) -> None:
    """A job that goes on tells since when nothing more is known, and why; an ended one nothing."""
    history = watched(document())
    assert plain_contact(history, contact) == shown
    assert shown in Page(static_html(history, contact)).words
    assert plain_contact(watched(document(status="FAILED")), contact) == ""


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
