"""Selecting jobs on a board. Marked *lab*, with all that takes long in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from documents import Shown
from playwright.sync_api import Browser, Locator, expect

from browser.board_page import FAILED, FINAL, RUNNING, BoardPage, board_page
from browser.page import HERE, INSECURE
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._widgets.board_selection import Selection
from jobwidgets.errors import ServerError

pytestmark = pytest.mark.lab

KINDS = [RUNNING, FINAL, FAILED]
# What a paste finds, as text and as HTML.
_PASTE = """() => new Promise((done) => {
  const area = document.createElement('textarea');
  document.body.append(area);
  area.addEventListener('paste', (event) => {
    const take = (type) => event.clipboardData.getData(type);
    done([take('text/plain'), take('text/html')]);
    area.remove();
  });
  area.focus();
})"""


def made(count: int) -> list[Shown]:
    """Return jobs that run, have succeeded and have failed, one after another."""
    jobs = [Shown(f"j{number}") for number in range(count)]
    for number, job in enumerate(jobs):
        job.poll(**KINDS[number % 3])
    return jobs


@pytest.fixture
def board(engine: Browser) -> Iterator[BoardPage]:
    """Show a board of nine jobs."""
    with board_page(engine, made(9)) as page:
        page.open()
        yield page


def box(board: BoardPage, number: int) -> Locator:
    """Return the box of a job."""
    return board.root.get_by_label(f"select j{number}", exact=True)


def chosen(board: BoardPage) -> list[int]:
    """Return which jobs are selected, for the view and for the kernel."""
    board.tell()
    marked = board.root.locator(".jobwidgets-row[data-selected] .jobwidgets-job").all_inner_texts()
    checked = board.root.locator(".jobwidgets-row input:checked").count()
    assert sorted(marked) == [f"j{index}" for index in board.selection.indexes]
    assert checked == len(marked)
    return list(board.selection.indexes)


def test_clicks_select(board: BoardPage) -> None:
    """A click on a box selects one; with Shift a range; on a row it takes Ctrl or Shift."""
    box(board, 1).click()
    assert chosen(board) == [1]
    box(board, 4).click(modifiers=["Shift"])
    assert chosen(board) == [1, 2, 3, 4]
    box(board, 2).click(modifiers=["Shift"])
    assert chosen(board) == [1, 2]
    board.part("last").nth(8).click(modifiers=["Control"])
    assert chosen(board) == [1, 2, 7]
    box(board, 1).click()
    assert chosen(board) == [2, 7]
    expect(board.part("boardactions")).to_contain_text("2 selected")
    assert board.part("detail").count() == 0
    assert board.page.evaluate("() => getSelection().isCollapsed")


def test_keys_select(board: BoardPage) -> None:
    """Space, Shift with arrows, Ctrl+A; Enter unfolds from the box, and clear takes all back."""
    box(board, 0).focus()
    for key, indexes in [
        ("Space", [0]),
        ("ArrowDown", [0]),
        ("Shift+ArrowDown", [0, 1, 2]),
        ("Shift+ArrowUp", [0, 1]),
        ("Shift+End", list(range(9))),
        ("Space", list(range(8))),
        ("Control+a", list(range(9))),
    ]:
        board.page.keyboard.press(key)
        assert chosen(board) == indexes, key
    assert board.focused() == "j8"
    assert board.page.get_by_role("status").inner_text() == "9 jobs selected"
    board.page.keyboard.press("Enter")
    expect(board.part("detail")).to_have_count(1)
    board.root.get_by_role("button", name="clear the selection").press("Enter")
    assert chosen(board) == []
    assert board.page.evaluate("() => document.activeElement.textContent") == "copy all"


def test_selection_outlives_filter_order_and_folds(board: BoardPage) -> None:
    """What is hidden stays selected; the head's box is for those that are shown."""
    every = board.root.get_by_label("select all that are shown")
    box(board, 0).click()
    board.part("chip").nth(1).click()
    assert board.ids() == ["j2", "j5", "j8"]
    every.check()
    board.part("chip").nth(1).click()
    assert chosen(board) == [0, 2, 5, 8]
    assert every.evaluate("node => node.indeterminate")
    board.page.get_by_role("button", name="status", exact=True).click()
    board.part("fold").first.click()
    board.part("fold").first.click()
    board.poll(0, **FINAL)
    assert chosen(board) == [0, 2, 5, 8]


def test_one_selection_for_all_views(board: BoardPage) -> None:
    """What another view or Python has selected is shown; own clicks meanwhile are not undone."""
    board.selection = Selection((3, 4))
    assert chosen(board) == [3, 4]
    box(board, 5).click()
    board.answer()
    late = board.next()
    box(board, 6).click()
    board.page.evaluate("update => models[0].put('_update', update)", late)
    assert box(board, 6).is_checked()
    assert chosen(board) == [3, 4, 5, 6]
    board.page.evaluate("() => openView(models[0])")
    expect(board.root.last.get_by_text("4 selected")).to_be_visible()


def test_acts_on_the_selection(board: BoardPage) -> None:
    """Only what fits a selected job is offered, and asked for of those jobs alone."""
    stop = board.root.get_by_role("button", name="stop watching")
    box(board, 1).click()
    expect(stop).to_be_hidden()
    box(board, 3).click()
    box(board, 0).click()
    stop.click()
    board.tell()
    assert board.acts == [("stop", [0, 3])]
    assert board.root.get_by_role("button", name="resume").is_hidden()


def test_tries_the_selection_again(board: BoardPage) -> None:
    """Jobs that are not answered are asked for at once: those that are selected, or the list."""
    board.jobs[0].contact = Contact(ContactState.LOST, failures=1, error=ServerError("502"))
    board.contact = board.jobs[0].contact
    board.updates.note(0)
    board.tell()
    again = board.root.get_by_role("button", name="try now")
    again.click()
    for index in (0, 1):
        box(board, index).click()
    board.part("boardactions").get_by_role("button", name="try now").click()
    board.tell()
    assert board.acts == [("list", []), ("try", [0])]
    board.contact = Contact(ContactState.IN_TOUCH)
    board.tell()
    expect(again).to_have_count(1)


def test_cancels_the_selection(board: BoardPage) -> None:
    """Once the reader has confirmed, those of the selected jobs are cancelled that can be."""
    for index in (0, 3):
        board.jobs[index].history.can_cancel = True
        board.poll(index, stepsCompleted=3)
    board.tell()
    for index in (0, 1, 3):
        box(board, index).click()
    board.root.get_by_role("button", name="cancel 2 jobs").click()
    group = board.root.get_by_role("group", name="cancel 2 jobs on the server?")
    group.get_by_role("button", name="yes, cancel").click()
    board.tell()
    assert board.acts == [("cancel", [0, 3])]


@pytest.mark.parametrize("origin", [HERE, INSECURE])
@pytest.mark.parametrize("way", ["button", "keys"])
def test_copy_as_a_table(engine: Browser, origin: str, way: str) -> None:
    """Selected jobs go to the clipboard as lines with tabs and as a table, whatever the origin."""
    jobs = made(3)
    jobs[1].poll(**FINAL, messages=["<b>a\tb</b>\nc"])
    with board_page(engine, jobs, origin=origin) as board:
        board.open()
        for number in (2, 1):
            box(board, number).click()
        if way == "keys":
            board.page.keyboard.press("Control+c")
        else:
            board.root.get_by_role("button", name="copy").click()
            expect(board.root.get_by_role("button", name="copied")).to_be_visible()
        text, html = pasted(board)
        head, *lines = [line.split("\t") for line in text.splitlines()]
        assert head[:6] == ["id", "status", "kind", "progress", "started", "took (s)"]
        facts = ["succeeded", "addMission", "5 of 5", "2026-05-01T12:00:00Z", "60", "admin", ""]
        assert lines[0] == ["j1", *facts, "<b>a b</b> c"]
        assert [line[:2] for line in lines] == [["j1", "succeeded"], ["j2", "failed"]]
        assert "<td>&lt;b&gt;a b&lt;/b&gt; c</td>" in html


def test_copy_without_a_selection(board: BoardPage) -> None:
    """Then all jobs that are shown are copied."""
    board.part("chip").first.click()
    board.root.get_by_role("button", name="copy these").click()
    expect(board.root.get_by_role("button", name="copied")).to_be_visible()
    assert [line.split("\t")[0] for line in pasted(board)[0].splitlines()] == [
        *("id", "j0", "j3", "j6")
    ]


def pasted(board: BoardPage) -> Any:
    """Return what is on the clipboard, as text and as HTML."""
    board.page.evaluate(f"() => {{ window.pasted = ({_PASTE})(); }}")
    board.page.keyboard.press("Control+v")
    return board.page.evaluate("() => window.pasted")
