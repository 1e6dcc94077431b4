"""The columns of a board. Marked *lab*, with all that takes long in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from documents import Shown
from playwright.sync_api import Browser, Page, expect

from browser.board_page import RUNNING, BoardPage, board_page

pytestmark = pytest.mark.lab

OTHER = {"type": "deleteMission", "username": "eva"}


def made(*changes: dict[str, Any]) -> list[Shown]:
    """Return a job for each of these changes of its document."""
    return [
        Shown(f"j{number}", **(RUNNING | {"stepsCompleted": 1} | one))
        for number, one in enumerate(changes)
    ]


@pytest.fixture
def board(engine: Browser) -> Iterator[BoardPage]:
    """Show a board of jobs of two kinds and two owners."""
    with board_page(engine, made({}, OTHER), width=1100) as page:
        page.open()
        yield page


def heads(page: Page) -> list[str]:
    """Return the heads of the columns that are shown."""
    return [text for text in page.get_by_role("columnheader").all_inner_texts() if text]


def test_what_is_the_same_everywhere_is_in_the_caption(engine: Browser) -> None:
    """Kind and owner get a column as soon as one job differs, and leave the caption."""
    with board_page(engine, made({}, {}), width=1100) as board:
        board.open()
        assert board.part("caption").inner_text() == "addMission · admin"
        assert not {"kind", "owner"} & set(heads(board.page))
        board.poll(1, type="deleteMission")
        board.tell()
        assert board.part("caption").inner_text() == "admin"
        assert "kind" in heads(board.page)


def test_start_is_told_as_an_age(board: BoardPage) -> None:
    """The age goes on without traffic; the moment is in the title, and the column sorts by it."""
    cell = board.part("row").first.locator(".jobwidgets-started")
    expect(cell).to_have_text("1 s ago")
    expect(cell).to_have_text("2 s ago")
    assert "2026-05-01 12:00:00 UTC" in str(cell.get_attribute("title"))
    board.poll(0, startTime=1_777_000_000_000)
    board.poll(1, startTime=1_776_000_000_000)
    board.tell()
    board.page.get_by_role("button", name="started").click()
    assert board.ids() == ["j1", "j0"]


def test_choice_of_columns_is_kept(board: BoardPage) -> None:
    """What the reader does not want is gone from every board, after the page is loaded anew too."""
    board.root.get_by_role("button", name="columns").press("Enter")
    group = board.page.get_by_role("group", name="columns")
    group.get_by_label("owner").press("Space")
    group.get_by_label("last message").uncheck()
    assert not {"owner", "last message"} & set(heads(board.page))
    board.page.reload()
    board.updates.forget()
    board.open()
    assert heads(board.page) == ["status", "kind", "job", "progress", "started", "time"]
    board.root.get_by_role("button", name="columns").click()
    group.get_by_label("owner").check()
    assert "owner" in heads(board.page)


def test_board_without_a_place_for_the_choice(board: BoardPage) -> None:
    """Where a page may keep nothing, or something else is in the place, the choice still works."""
    board.page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error(); }; }")
    board.root.get_by_role("button", name="columns").click()
    for name in ("owner", "kind"):
        board.page.get_by_role("group", name="columns").get_by_label(name).uncheck()
    assert not {"owner", "kind"} & set(heads(board.page))


def test_columns_give_way_where_there_is_little_room(board: BoardPage) -> None:
    """Owner, kind and start go one after another; the last message keeps its place."""
    for width, gone in [(1100, set()), (900, {"owner"}), (800, {"owner", "kind"})]:
        board.page.set_viewport_size({"width": width, "height": 700})
        board.page.evaluate("() => new Promise(requestAnimationFrame)")
        assert {"owner", "kind", "started", "last message"} - set(heads(board.page)) == gone
