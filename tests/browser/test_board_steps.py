"""The steps of the jobs that are unfolded in a board, in a bare page. Marked *lab*."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from documents import after, milliseconds
from playwright.sync_api import Browser, Locator, expect
from stepped import CODES, COMMUNICATIONS, EVENTS, FINISHING, MAP, TRACKS, Dialect, telling

from browser.board_page import BoardPage, Shown, board_page
from browser.page import HEIGHT, show_static
from jobwidgets._display.board import board_html
from jobwidgets._model.contact import Contact, ContactState

pytestmark = pytest.mark.lab

FAILED = {"status": "FAILED", "endTime": milliseconds(after(41)), "stepsCompleted": 2}
RUNNING = [(1, 1), (2, 4), (16, 5), (20, 6)]
WIDTHS = (900, 320)


def made(count: int) -> list[Shown]:
    """Return jobs that run, of which two steps have ended and a third is under way."""
    jobs = [Shown(f"j{number:04}") for number in range(count)]
    for job in jobs:
        for second, messages in RUNNING:
            job.poll(at=second, **telling(*CODES[:messages]))
    return jobs


@pytest.fixture
def board(engine: Browser) -> Iterator[BoardPage]:
    """Show a board of three jobs, at the 20th second of each."""
    with board_page(engine, made(3)) as page:
        page.page.clock.install(time=after(0))
        page.page.clock.pause_at(after(20))
        page.now = after(20)
        page.open()
        yield page


def rows(detail: Locator) -> list[list[str]]:
    """Return mark, name and time of each step, as they are seen."""
    lines = detail.locator(".jobwidgets-steptable tbody tr").all()
    parts = ("glyph", "glyph + span", "took")
    return [[line.locator(f".jobwidgets-{part}").inner_text() for part in parts] for line in lines]


def texts(detail: Locator) -> list[str]:
    """Return the messages that are seen."""
    return detail.locator(".jobwidgets-body").all_inner_texts()


def test_row_unfolds_to_its_steps(board: BoardPage) -> None:
    """They stand above the messages, go on by themselves, and nobody else's are told."""
    detail = board.unfold(1)
    first = [["✓", TRACKS, "14 s"], ["✓", COMMUNICATIONS, "18 s"], ["▸", EVENTS, "running 0:18"]]
    assert rows(detail) == [*first, ["·", MAP, "not begun"], ["·", FINISHING, "not begun"]]
    board.page.clock.run_for(8000)
    board.now = after(28)
    assert rows(detail)[2][2] == "running 0:26"
    assert board.page.get_by_role("table", name="Steps of the job").count() == 1
    board.poll(0, at=28, **telling(*CODES[:8]))
    board.poll(1, at=28, **telling(*CODES[:8]))
    board.tell()
    assert rows(detail)[2:4] == [["✓", EVENTS, "26 s"], ["▸", MAP, "running 0:00"]]


def test_step_filters_the_messages_of_its_row(board: BoardPage) -> None:
    """By keyboard, from the row on: the steps, their messages, and all of them again."""
    other = board.unfold(2)
    board.part("fold").first.press("Enter")
    board.tell()
    detail = board.part("detail").first
    keys = board.page.keyboard
    for key in ("Tab", "ArrowDown", "ArrowDown", "ArrowUp", "Enter"):
        keys.press(key)
    assert texts(detail) == ["message 1503", "message 1504"]
    assert len(texts(other)) == 6
    keys.press("Tab")
    chip = detail.get_by_role("button", name="show the messages of all steps")
    expect(chip).to_be_focused()
    keys.press("Enter")
    assert len(texts(detail)) == 6
    assert detail.evaluate("detail => detail.contains(document.activeElement)")
    assert board.focused() == ""  # no arrow went to another row


def test_failed_step_is_chosen(board: BoardPage) -> None:
    """As in the view of one job, whether the row was unfolded before or is now."""
    board.unfold(0)
    for index in (0, 1):
        board.poll(index, at=20, **telling(*CODES[:6]))
        board.poll(index, at=41, **telling(*CODES[:6], None, **FAILED))
    board.tell()
    board.unfold(1)
    for detail in board.part("detail").all():
        assert detail.locator(".jobwidgets-stepchip").inner_text() == f"{EVENTS} ✕"
        assert texts(detail) == ["message 1505", "message None"]


def test_lost_update_is_made_good(board: BoardPage) -> None:
    """A view that missed one gets all steps and messages of what is unfolded again."""
    detail = board.unfold(0)
    board.poll(0, at=28, **telling(*CODES[:8]))
    assert board.next() is not None  # and nobody gets it
    board.poll(0, at=30, **telling(*CODES[:9]))
    board.tell()
    assert [row[0] for row in rows(detail)] == ["✓", "✓", "✓", "✓", "·"]
    assert len(texts(detail)) == 9


@pytest.mark.parametrize("how", ["stopped", "kernel gone"])
def test_out_of_contact(board: BoardPage, how: str) -> None:
    """Clocks stand, what ran is "?" since when, and its bar is grey."""
    detail = board.unfold(0)
    running = detail.locator("tr[data-state='running'] i").last
    colour = "bar => getComputedStyle(bar).backgroundColor"
    blue = running.evaluate(colour)
    if how == "stopped":
        board.jobs[0].contact = Contact(ContactState.STOPPED, last_heard=after(20))
        board.updates.note(0)
        board.tell()
    else:
        board.page.evaluate(
            "() => { models[0].isGone = true; models[0].trigger('comm_live_update'); }"
        )
    time = board.part("time").nth(1).inner_text()
    board.page.clock.run_for(60_000)
    assert board.part("words").nth(1).inner_text() == "running (last known)"
    assert board.part("time").nth(1).inner_text() == time
    assert rows(detail)[2] == ["?", EVENTS, "since 0:02"]
    assert running.evaluate(colour) != blue


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [5, 40])
def test_end_moves_nothing(engine: Browser, width: int, count: int) -> None:
    """The end of an unfolded job, a failed step chosen, moves nothing; it fits into the board."""
    codes = [code for n in range(count - 1) for code in (2 * n, 2 * n + 1)] + [2 * count - 2]
    jobs = made(30)
    jobs[0].dialect = Dialect(*(f"step {n}" for n in range(count)))
    with board_page(engine, jobs, width=width) as board:
        board.open()
        board.poll(0, at=30, **telling(*codes))
        detail = board.unfold(0)
        running = detail.evaluate(HEIGHT)
        board.poll(0, at=41, **telling(*codes, **FAILED))
        board.tell()
        assert rows(detail)[-1][:2] == ["✕", f"step {count - 1}"]
        assert detail.evaluate(HEIGHT) == running
        above = sum(board.root.locator("tr").nth(n).evaluate(HEIGHT) for n in (0, 1))
        assert above + running <= board.part("jobs").evaluate(HEIGHT)
        sticks_out = "root => root.scrollWidth - root.clientWidth"
        assert board.page.locator("html").evaluate(sticks_out) <= 0


@pytest.mark.parametrize("count", [4, 40])
@pytest.mark.parametrize("index", [0, 3])
def test_frozen_board_is_unfolded_as_the_live_one(engine: Browser, count: int, index: int) -> None:
    """When the last job has ended, what a reader has unfolded is there, and nothing jumps."""
    jobs = made(count)
    with board_page(engine, jobs) as board:
        board.open()
        board.unfold(index)
        for number in range(count):
            ended = {"status": "COMPLETED", "stepsCompleted": 5}
            board.poll(number, at=60, **telling(*CODES, **(FAILED if number == 3 else ended)))
        board.tell()
        live = board.root.evaluate(HEIGHT)
        frozen = show_static(board.page, board_html(jobs, unfolded=board.updates.unfolded))
        assert live / 1.25 < frozen.evaluate(HEIGHT) < live * 1.25
        details = frozen.locator("details[open]")
        assert details.count() == 1
        assert "message 1510" in details.inner_text()


def test_what_is_in_sight_stays(engine: Browser) -> None:
    """More steps and messages in a row above move nothing of what the reader looks at."""
    with board_page(engine, made(100)) as board:
        board.open()
        board.unfold(0)
        box = board.part("jobs")
        box.evaluate("node => node.scrollTo(0, 1200)")
        row = board.root.get_by_role("row").filter(has_text="j0034")
        row.wait_for()
        before = row.bounding_box()
        board.poll(0, at=30, **telling(*CODES, None, None))
        board.tell()
        assert box.evaluate("node => node.scrollTop") > 1200
        assert row.bounding_box() == before
