"""The steps in the view of one job, in a bare page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from documents import after, milliseconds, snapshot
from playwright.sync_api import Browser, Locator
from stepped import (
    COMMUNICATIONS,
    EVENTS,
    FINISHING,
    MAP,
    TRACKS,
    Dialect,
    administered,
    coded,
    example,
    many,
)

from browser.page import HEIGHT, ViewPage, show_static, view_page
from jobwidgets._display import step_bars
from jobwidgets._display.job import static_html
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.step_times import job_steps
from jobwidgets._views import joined_esm
from jobwidgets.dialects import Answer
from jobwidgets.dialects.relatives import ServerAdmin

FAILED = {"status": "FAILED", "endTime": milliseconds(after(41)), "stepsCompleted": 2}
Polls = tuple[tuple[float, dict[str, Any]], ...]
RUNNING: Polls = (
    (1, example(0)),
    (2, example(4)),
    (16, example(5, stepsCompleted=1)),
    (20, example(8, stepsCompleted=3)),
)


def tell(view: ViewPage, *polls: tuple[float, dict[str, Any]]) -> None:
    """Take in documents at their seconds of the job, and tell all of it at the last one."""
    for second, given in polls:
        view.kernel.take(snapshot(given, second))
        view.kernel.seconds, view.kernel.now = second, after(second)
    if view.page.evaluate("() => models.length") == 0:
        view.open()
    view.tell()


def stop_clock(view: ViewPage) -> None:
    """Let time go on in the page only where a test says so."""
    view.page.clock.install(time=after(0))
    view.page.clock.pause_at(after(20))


def rows(view: ViewPage) -> list[list[str]]:
    """Return mark, name and time of each step, as they are seen."""
    lines = view.part("steptable").locator("tbody tr")
    return [
        [
            row.locator(part).inner_text()
            for part in ("button span >> nth=0", "button span >> nth=1")
        ]
        + [row.locator(".jobwidgets-took").inner_text()]
        for row in lines.all()
    ]


def step(view: ViewPage, name: str) -> Locator:
    """Return the button of a step."""
    return view.part("steptable").get_by_role("button", name=name)


def test_steps_that_run(view: ViewPage) -> None:
    """A line a step; clocks go on by themselves; the line names what runs, the bar has segments."""
    stop_clock(view)
    tell(view, *RUNNING)
    assert rows(view) == [
        ["✓", TRACKS, "14 s"],
        ["✓", COMMUNICATIONS, "18 s"],
        ["✓", EVENTS, "18 s"],
        ["▸", MAP, "running 0:00"],
        ["·", FINISHING, "not begun"],
    ]
    table = view.page.get_by_role("table", name="Steps of the job")
    assert table.get_by_role("rowheader").count() == 5
    title = view.part("took").nth(1).get_attribute("title")
    assert title == "begun between +1.0 s and +2.0 s, ended between +2.0 s and +16.0 s"
    drawn = view.part("segment").evaluate_all("all => all.map((n) => n.dataset.state)")
    assert drawn == ["done", "done", "done", "running", ""]
    view.sent()
    view.page.clock.run_for(8000)
    assert rows(view)[3][2] == "running 0:08"
    assert view.text("line").startswith(f"{MAP} 0:08 · admin")
    assert view.sent() == []


def test_clocks_go_on_over_other_updates(view: ViewPage) -> None:
    """An update that tells nothing of a step leaves its clock and the axis where they were."""
    stop_clock(view)
    tell(view, *RUNNING)
    axis = "t => Math.round(t.style.getPropertyValue('--axis'))"
    for second in (28, 36):
        view.page.clock.run_for(8000)
        tell(view, (second, example(8, stepsCompleted=3, username=f"user {second}")))
        assert rows(view)[3][2] == f"running 0:{second - 20:02}"
        assert view.part("steptable").evaluate(axis) == second


def test_bars_stand_on_one_axis(view: ViewPage) -> None:
    """Where a bar begins and ends is its share of the axis, its faint edge reaches further."""
    stop_clock(view)
    tell(view, *RUNNING, (40, example(8, stepsCompleted=3, username="other")))
    track = view.part("track").nth(1).bounding_box()
    assert track is not None

    def ends(row: int) -> list[float]:
        bars = view.part("steptable").locator("tbody tr").nth(row).locator("i")
        boxes = [bar.bounding_box() for bar in bars.all()]
        edges = [(box["x"], box["x"] + box["width"]) for box in boxes if box]
        seconds = [40 * (x - track["x"]) / track["width"] for pair in edges for x in pair]
        return [round(second, 0) for second in seconds]

    assert ends(1) == [1, 20, 2, 16]
    assert ends(3)[1:] == [40, 20, 40]
    assert view.part("tick").all_inner_texts() in (
        ["0:00", "0:20"],
        ["0:00", "0:10", "0:20", "0:30"],
    )


@pytest.mark.parametrize("way", ["click", "Enter", "Space"])
def test_choosing_a_step(view: ViewPage, way: str) -> None:
    """It filters the one list of messages, whose box keeps its height; a chip takes that back."""
    tell(view, *RUNNING)
    box = view.part("scroller").bounding_box()
    if way == "click":
        step(view, TRACKS).click()
    else:
        step(view, TRACKS).focus()
        view.page.keyboard.press("ArrowDown")
        view.page.keyboard.press("ArrowUp")
        view.page.keyboard.press(way)
    assert step(view, TRACKS).get_attribute("aria-pressed") == "true"
    assert (view.text("count"), view.numbers()) == ("2 of 8", [2, 5])
    assert view.part("scroller").bounding_box() == box
    tell(view, (24, example(9)))
    assert (view.text("count"), view.numbers()) == ("2 of 9", [2, 5])
    chip = view.root.get_by_role("button", name="show the messages of all steps")
    assert chip.inner_text() == f"{TRACKS} ✕"
    chip.click()
    assert view.text("count") == "9 messages"
    assert step(view, TRACKS).get_attribute("aria-pressed") == "false"
    assert view.root.evaluate("root => root.contains(document.activeElement)")


def test_messages_that_come_to_a_chosen_step(view: ViewPage) -> None:
    """Those between, while it alone is under way, come in as they arrive."""
    tell(view, (1, coded()), (2, coded(1501)))
    step(view, TRACKS).click()
    tell(view, (3, coded(1501, None, None, 1502)), (4, coded(1501, None, None, 1502, None)))
    assert (view.text("count"), view.numbers()) == ("4 of 5", [1, 2, 3, 4])
    tell(view, (5, coded(1507, 1508)))
    assert view.text("count") == "2 messages"


@pytest.mark.parametrize("has_filtered", [False, True])
def test_failed_step_is_chosen(view: ViewPage, *, has_filtered: bool) -> None:
    """The head names it, and its messages are shown, unless the reader has chosen others."""
    tell(view, *RUNNING[:3])
    if has_filtered:
        step(view, TRACKS).click()
    tell(view, (20, example(6, stepsCompleted=2)), (41, example(6, None, **FAILED)))
    assert view.text("words") == f"failed in {EVENTS}"
    chosen = TRACKS if has_filtered else EVENTS
    assert view.part("stepchip").inner_text() == f"{chosen} ✕"
    assert view.numbers() == ([2, 5] if has_filtered else [4, 7])
    view.part("stepchip").click()
    tell(view, (42, example(6, None, None, **FAILED)))
    assert view.text("count") == "8 messages"


def test_several_that_may_have_failed(view: ViewPage) -> None:
    """They are named in the line, and none is chosen."""
    tell(view, *RUNNING[:3], (41, example(5, None, **FAILED)))
    assert view.text("words") == "failed"
    assert view.text("line").startswith(f"under way at the end: {COMMUNICATIONS}, {EVENTS} · ")
    assert not view.part("stepchip").is_visible()


@pytest.mark.parametrize("how", ["stopped", "kernel gone"])
def test_out_of_contact(view: ViewPage, how: str) -> None:
    """Clocks stand, what ran is "?" since when, and nothing moves or is named as running."""
    stop_clock(view)
    tell(view, *RUNNING)
    if how == "stopped":
        view.kernel.contact = Contact(ContactState.STOPPED, last_heard=after(20))
        view.tell()
    else:
        view.page.evaluate(
            "() => { models[0].isGone = true; models[0].trigger('comm_live_update'); }"
        )
    stood = view.part("steptable").evaluate("t => t.style.getPropertyValue('--axis')")
    view.page.clock.run_for(60_000)
    assert view.part("steptable").evaluate("t => t.style.getPropertyValue('--axis')") == stood
    assert rows(view)[3] == ["?", MAP, "since 0:20"]
    assert MAP not in view.text("line")
    animated = "all => all.filter((n) => getComputedStyle(n).animationName !== 'none').length"
    assert view.part("segment").evaluate_all(animated) == 0


def test_narrow(engine: Browser) -> None:
    """At 320 px there is no axis; names and times stay, and nothing sticks out."""
    with view_page(engine, width=320) as view:
        stop_clock(view)
        tell(view, *RUNNING)
        assert not view.part("axis").first.is_visible()
        assert rows(view)[1] == ["✓", COMMUNICATIONS, "18 s"]
        page = "() => [document.documentElement.scrollWidth, innerWidth]"
        assert view.page.evaluate(page) == [320, 320]
        assert view.text("line") == f"{MAP} 0:00"


@pytest.mark.parametrize("width", [800, 320])
@pytest.mark.parametrize("count", [5, 40])
def test_end_moves_nothing(engine: Browser, width: int, count: int) -> None:
    """The failure of a step does not move the view, nor does the frozen form that follows."""
    codes = [code for n in range(count - 1) for code in (2 * n, 2 * n + 1)] + [2 * count - 2]
    with view_page(engine, width=width) as view:
        view.kernel.dialect = Dialect(*(f"step {n}" for n in range(count)))
        tell(view, (1, coded()), (2, coded(*codes)))
        running = view.root.evaluate(HEIGHT)
        tell(view, (41, coded(*codes, None, **FAILED)))
        assert view.text("words") == f"failed in step {count - 1}"
        assert abs(view.root.evaluate(HEIGHT) - running) <= 30  # one message more
        live = view.root.evaluate(HEIGHT)
        history, contact = view.kernel.history, view.kernel.contact
        steps = job_steps(history, view.kernel.dialect)
        frozen = show_static(view.page, static_html(history, contact, steps)).evaluate(HEIGHT)
        assert live / 1.25 < frozen < live * 1.25


def test_a_thousand_steps(view: ViewPage) -> None:
    """Their box scrolls, with the newest in sight; one more is a small update."""
    history, view.kernel.dialect = many(1000)
    view.kernel.history = history
    view.open()
    view.tell()
    box = view.part("stepbox").bounding_box()
    newest = step(view, "step 999").bounding_box()
    assert box is not None
    assert newest is not None
    assert box["height"] <= 260
    assert box["y"] < newest["y"] < box["y"] + box["height"]
    step(view, "step 999").click()
    view.page.keyboard.press("Home")
    assert view.page.evaluate("() => document.activeElement.textContent") == "✓step 0, done"
    assert view.page.locator("button[tabindex='0']:visible").count() == 1


def test_lost_update_is_made_good(view: ViewPage) -> None:
    """A view that missed one asks for all steps."""
    tell(view, *RUNNING[:2])
    view.kernel.take(snapshot(RUNNING[2][1], 16))
    assert view.kernel.next() is not None  # and nobody gets it
    tell(view, RUNNING[3])
    assert [row[0] for row in rows(view)] == ["✓", "✓", "✓", "▸", "·"]


def test_view_that_opens_late(view: ViewPage) -> None:
    """What it finds is the last update, which tells what was new: it asks for the other steps."""
    for second, given in RUNNING:
        view.kernel.take(snapshot(given, second))
        update = view.kernel.next()
    view.page.evaluate("newModel", {"_update": update})
    view.open()
    assert not view.part("steptable").is_visible()
    view.tell()
    assert [row[0] for row in rows(view)] == ["✓", "✓", "✓", "▸", "·"]
    assert view.sent() == []


def test_without_steps(view: ViewPage) -> None:
    """The view is as it was: one table, one bar."""
    view.open()
    assert view.page.get_by_role("table").count() == 1
    assert view.part("segment").count() == 0


@pytest.mark.parametrize("seconds", [0.4, 1, 3, 41, 66.3, 4000, 200_000, 4e6])
def test_both_languages_have_the_same_ticks(view: ViewPage, seconds: float) -> None:
    """The static form's axis has the marks of the live one."""
    found = view.page.evaluate(
        """async ([source, seconds]) => {
          const blob = new Blob([source], { type: "text/javascript" });
          return (await import(URL.createObjectURL(blob))).ticks(seconds);
        }""",
        [joined_esm("words.js"), seconds],
    )
    assert found == step_bars.ticks(seconds)


def test_steps_that_a_document_tells(view: ViewPage) -> None:
    """They have no messages of their own: all of them are shown, though a step has failed."""
    view.kernel.dialect = ServerAdmin()
    for second, current, status in ((1, 1, "EXECUTING"), (9, 2, "FAILED")):
        told = administered(current, "stop", "save", "start", status=status)
        told["operationResponse"] = {"status": "error", "messages": ["disk full"]}
        view.kernel.take(replace(ServerAdmin().read(Answer(told)), seen=after(second)))
    view.open()
    view.tell()
    assert rows(view) == [
        ["✓", "stop", "at least 8 s"],
        ["✕", "save", "at most 8 s"],
        ["·", "start", "not begun"],
    ]
    assert view.text("words") == "failed in save"
    assert view.numbers() == [1]
