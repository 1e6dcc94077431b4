"""Views within a shadow tree, as marimo shows widgets: the page sees only its host."""

from __future__ import annotations

from documents import Shown
from playwright.sync_api import Browser, Page

from browser.board_page import FINAL, BoardPage, board_page
from browser.page import ViewPage

OPEN = """() => {
  const host = document.querySelector('main').appendChild(document.createElement('div'));
  const shadow = host.attachShadow({ mode: 'open' });
  const style = shadow.appendChild(document.createElement('style'));
  style.textContent = document.querySelector('style').textContent;
  return openView(models[0], shadow.appendChild(document.createElement('div')));
}"""


def open_in_shadow(page: Page, update: object) -> None:
    """Open a view of a new model within a shadow tree."""
    page.evaluate("newModel", {"_update": update or {}})
    page.evaluate(OPEN)


def test_job_by_keyboard(view: ViewPage) -> None:
    """The keys are the view's, a use of it is told to the kernel, and Escape empties the filter."""
    view.kernel.poll(messages=[f"message {n}" for n in range(300)])
    open_in_shadow(view.page, view.kernel.next())
    view.tell()
    view.part("scroller").focus()
    view.until(lambda: any(one.get("in_use") for one in view.sent()), "that it is in use")
    view.page.keyboard.press("Home")
    view.until(lambda: 1 in view.numbers(), "the first message")
    view.page.keyboard.press("Control+A")
    assert view.root.locator(".jobwidgets-table[data-all]").count() == 1
    field = view.root.get_by_role("searchbox")
    field.fill("message 29")
    field.press("Escape")
    assert field.input_value() == ""


def focused_row(board: BoardPage) -> str:
    """Return the id of the row that has the focus."""
    row = board.part("row").filter(has=board.page.locator("button:focus"))
    return row.locator(".jobwidgets-job").inner_text()


def test_board_by_keyboard(engine: Browser) -> None:
    """Arrows go from row to row, and the focus stays in its row when others change places."""
    with board_page(engine, [Shown(f"j{n}") for n in range(6)]) as board:
        for index in range(6):
            board.poll(index)
        open_in_shadow(board.page, board.next())
        board.tell()
        board.root.get_by_role("button", name="time").click()
        board.part("fold").first.focus()
        first = focused_row(board)
        board.page.keyboard.press("ArrowDown")
        second = focused_row(board)
        assert second != first
        board.poll(5, **FINAL)
        board.tell()
        assert focused_row(board) == second
        board.page.keyboard.press("ArrowUp")
        assert focused_row(board) == first
