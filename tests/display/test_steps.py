import re
from typing import Any

import pytest
from documents import ABSENT, IN_TOUCH, after, milliseconds
from pages import ELEMENTS, HOSTILE, Page
from stepped import (
    COMMUNICATIONS,
    EVENTS,
    FINISHING,
    MAP,
    TRACKS,
    Dialect,
    Poll,
    administered,
    administered_polls,
    coded,
    example,
    many,
    polled,
    steps_of,
)

from jobwidgets._display.job import static_html, static_text
from jobwidgets._display.statuses import BLUE, GREEN
from jobwidgets._display.step_bars import segments, ticks
from jobwidgets._display.steps import at_the_end, step_lines, under_way
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._model.step_times import job_steps
from jobwidgets._visible import visible

ENDED = {"endTime": milliseconds(after(41)), "stepsCompleted": 2}
BEGUN: list[Poll] = [(1, example(0)), (2, example(4)), (16, example(5)), (20, example(6))]
RUNNING = [*BEGUN, (30, example(8, stepsCompleted=3))]
FAILED = [*BEGUN, (41, example(6, None, status="FAILED", **ENDED))]
NOT_BEGUN = [("·", MAP, "not begun"), ("·", FINISHING, "not begun")]
Row = tuple[str, str, str]

LIVES: dict[str, tuple[list[Poll], str, list[Row]]] = {
    "running": (
        RUNNING,
        "running",
        [
            ("✓", TRACKS, "14 s"),
            ("✓", COMMUNICATIONS, "18 s"),
            ("✓", EVENTS, "28 s"),
            ("▸", MAP, "since 0:30"),
            NOT_BEGUN[1],
        ],
    ),
    "failed in a step": (
        FAILED,
        f"failed in {EVENTS}",
        [
            ("✓", TRACKS, "14 s"),
            ("✓", COMMUNICATIONS, "18 s"),
            ("✕", EVENTS, "39 s"),
            *NOT_BEGUN,
        ],
    ),
    "failed in one of two": (
        [*BEGUN[:3], (150, example(5, None, status="FAILED", **ENDED))],
        "failed",
        [
            ("✓", TRACKS, "14 s"),
            ("⊘", COMMUNICATIONS, "39 s"),
            ("⊘", EVENTS, "39 s"),
            *NOT_BEGUN,
        ],
    ),
    "met under way, and at its end": (
        [(5, example(3)), (150, example(6, totalSteps=3))],
        "running",
        [
            ("✓", TRACKS, "at least 2:25"),
            ("✓", COMMUNICATIONS, "at least 2:25"),
            ("▸", EVENTS, "since 2:30"),
        ],
    ),
    "met before": (
        [(5, example(5))],
        "running",
        [
            ("✓", TRACKS, "done"),
            ("▸", COMMUNICATIONS, "since 0:05 or before"),
            ("▸", EVENTS, "since 0:05 or before"),
            *NOT_BEGUN,
        ],
    ),
    "between two polls": (
        [(1, coded()), (1.5, coded(1501, 1502)), (6, coded(1501, 1502, 1507, 1508, totalSteps=2))],
        "running",
        [("✓", TRACKS, "under 1 s"), ("✓", MAP, "at most 5 s")],
    ),
    "cancelled": (
        [(1, coded()), (2, coded(1507)), (9, coded(1507, status="CANCELLED", totalSteps=9))],
        "cancelled",
        [("⊘", MAP, "7 s")],
    ),
    "a success that tells no end": (
        [(1, coded()), (2, coded(1507)), (9, coded(1507, status="COMPLETED"))],
        "succeeded",
        [("?", MAP, "7 s")],
    ),
}


def forms(history: JobHistory, dialect: Any = None) -> tuple[Page, list[str]]:
    """Return both static forms of a job: as a page, and as lines."""
    steps = steps_of(history, dialect)
    text = static_text(history, None, steps)
    return Page(static_html(history, None, steps)), text.split("\n")


def shown(page: Page) -> list[Row]:
    """Return mark, name and time of each row of the table of steps."""
    rows = page.rows[1 : next(i for i, row in enumerate(page.rows) if row[0] == "#")]
    return [(*row[0].split(" ", 1), row[-1]) for row in rows]  # type: ignore[misc]


@pytest.mark.parametrize(("polls", "words", "rows"), LIVES.values(), ids=LIVES)
def test_lives(polls: list[Poll], words: str, rows: list[Row]) -> None:
    """Each step is a row of the table, and a line of the text, before the messages."""
    page, lines = forms(polled(*polls))
    assert words in page.texts
    assert lines[1].startswith(f"{words} · ")
    assert shown(page) == rows
    assert {name for name, _ in page.elements} <= ELEMENTS
    told = [tuple(re.split(r"(?<=^.) |  +", line.strip())) for line in lines]
    assert [row for row in told if row in rows] == rows
    assert told.index(rows[-1]) < len(told) - len(page.rows) + len(rows) + 2


def test_nothing_without_steps() -> None:
    """Without steps a job is told as before."""
    history = polled((1, coded(1500)))
    assert static_html(history, None, steps_of(history)) == static_html(history)
    assert static_text(history, None, steps_of(history)) == static_text(history)


def test_steps_of_a_job_out_of_contact() -> None:
    """Nobody knows how they go on: no step is shown as running, and no bar has a colour."""
    history, lost = polled(*RUNNING), Contact(ContactState.STOPPED, after(30))
    steps = steps_of(history)
    rows = [("?", *row[1:]) if row[0] == "▸" else row for row in LIVES["running"][2]]
    html, in_touch = static_html(history, lost, steps), static_html(history, IN_TOUCH, steps)
    assert shown(Page(html)) == rows
    assert f"  ? {MAP} " in static_text(history, lost, steps)
    for colour in (BLUE, GREEN):
        assert colour in in_touch
        assert colour not in html


def test_how_well_times_are_known() -> None:
    """The bounds of begin and end are told, and drawn as faint edges."""
    html = static_html(history := polled(*RUNNING), None, steps_of(history))
    bounds = {line.name: line.bounds for line in step_lines(steps_of(history), None, None)}
    assert bounds[TRACKS] == "begun between +1.0 s and +2.0 s, ended between +2.0 s and +16.0 s"
    assert bounds[MAP] == "begun between +20.0 s and +30.0 s"
    assert bounds[FINISHING] == ""
    assert ("title", bounds[TRACKS]) in Page(html).attributes
    met = step_lines(steps_of(polled((5, example(3)))), None, None)
    assert met[0].bounds == "begun before +5.0 s"
    # In hundredths of 30 s: not begun until 1 s, begun at 2 s, ended after 2 s and by 16 s.
    widths = re.findall(r"width:([\d.]+)%;height:[06]", html)[:4]
    assert widths == ["3.33", "3.33", "0.00", "46.67"]


@pytest.mark.parametrize("count", [1, 9, 10, 500, 501, 1000])
def test_many_steps(count: int) -> None:
    """Up to 500 steps are all there, in a box that scrolls; else the first 50 and the last 450."""
    page, lines = forms(*many(count))
    expected = [f"step {n}" for n in range(count)]
    if count > 500:
        expected[50:-450] = [f"{count - 500:,} more"]
    rows = page.rows[1 : len(expected) + 1]
    assert [row[0].split(" ", 1)[-1] if len(row) > 1 else row[0] for row in rows] == expected
    assert re.findall(r"step \d+|[\d,]+ more", "\n".join(lines))[: len(expected)] == expected
    assert ("max-height:254px" in page.words) is (count > 9)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text(name: str) -> None:
    """A dialect may take a step's name from a server."""
    history = polled((1, coded()), (2, coded(0, None, status="FAILED")))
    pages = [forms(history, Dialect(one)) for one in (name, "harmless")]
    assert pages[0][0].elements == pages[1][0].elements
    assert pages[0][0].words.count(visible(name)[:50]) >= 2
    assert all(visible(line) == line for line in pages[0][1])


SEGMENTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "one a step": (example(8), ["done"] * 3 + ["running", ""]),
    "one has failed": (example(6, status="FAILED"), ["done", "done", "failed", "", ""]),
    "more to come than are known": (coded(1501, totalSteps=3), ["running", "", ""]),
    "full at the end": (example(11, status="COMPLETED"), ["done"] * 5),
    "nobody knows how many": (coded(1501, 1502, totalSteps=ABSENT), []),
    "more than were to come": (coded(1501, 1502, 1501, totalSteps=1), []),
    "too many": (coded(1501, totalSteps=21), []),
    "none told": (coded(1500), []),
}


@pytest.mark.parametrize(("given", "drawn"), SEGMENTS.values(), ids=SEGMENTS)
def test_segments(given: dict[str, Any], drawn: list[str]) -> None:
    """The bar has a segment a step, where it is known how many there will be, up to 20."""
    history = polled((1, given))
    assert list(segments(steps_of(history), history.latest)) == drawn


def test_steps_that_a_document_tells() -> None:
    """They are shown as those of messages are; without a counter they are counted themselves."""
    polls = [(n, administered(n, "stop", "save", "start", totalsteps=None)) for n in (0.0, 1, 2)]
    history = administered_polls(*polls)
    steps = job_steps(history, None)
    text = static_text(history, None, steps)
    assert re.findall(r"^  (. \w+) +(.*)$", text, re.MULTILINE) == [
        ("✓ stop", "1 s"),
        ("▸ save", "since 0:02"),
        ("· start", "not begun"),
    ]
    assert [row[0] for row in Page(static_html(history, None, steps)).rows[1:]] == [
        *("✓ stop", "▸ save", "· start")
    ]
    assert segments(steps, history.latest) == ("done", "running", "")


def test_sentences() -> None:
    """What runs now is named, with how long; at the end what was under way."""
    steps = steps_of(polled(*RUNNING))
    assert "".join(map(str, under_way(steps, after(38)))) == f"{MAP} 0:08"
    _, dialect = many(5)
    history = polled((1, coded()), (2, coded(0, 2, 4, 6, 8)))
    named = "step 0 0:05, step 1 0:05, step 2 0:05 and 2 more"
    assert "".join(map(str, under_way(steps_of(history, dialect), after(7)))) == named
    met = steps_of(polled((3, example(2))))
    assert "".join(map(str, under_way(met, after(10)))) == f"{TRACKS} at least 0:07"
    history = polled(*BEGUN[:3], (41, example(5, status="FAILED")))
    line = f"under way at the end: {COMMUNICATIONS}, {EVENTS}"
    assert at_the_end(steps_of(history), history.status) == line
    assert line in static_text(history, None, steps_of(history))


@pytest.mark.parametrize(
    ("seconds", "at"),
    [(0.5, [0]), (3, [0, 1, 2]), (41, [0, 20]), (66.3, [0, 20, 40, 60]), (4e6, [0, 1036800])],
)
def test_ticks(seconds: float, at: list[int]) -> None:
    """The axis has a few marks at round times, none at its very end."""
    assert ticks(seconds)[: len(at)] == at
    assert len(ticks(seconds)) <= 5
