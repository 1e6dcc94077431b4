"""The view of a board, in a bare page. Marked *lab*, with all that takes long in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from documents import STARTED, Shown
from playwright.sync_api import Browser, expect

from browser.board_page import FAILED, FINAL, RUNNING, BoardPage, board_page
from browser.page import HEIGHT, show_static
from jobwidgets._display.board import board_html
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets.errors import NoSuchJobError, ServerError

pytestmark = pytest.mark.lab

HOSTILE = "<img src=x onerror=alert(1)>"
# JupyterLab's own look of tables, which inline styles have to undo.
LAB_TABLES = """
  td, th, tr {
    border: none; line-height: normal; max-width: none; padding: 0.5em; vertical-align: middle;
    white-space: normal;
  }
  thead { border-bottom: 1px solid #bdbdbd; vertical-align: bottom; }
  table { font-size: 12px; margin-bottom: 1em; table-layout: fixed; }
"""
KINDS = [RUNNING, FINAL, FAILED, FINAL]


def made(count: int) -> list[Shown]:
    """Return jobs of which every fourth runs and every fourth failed."""
    jobs = [Shown(f"j{number:04}") for number in range(count)]
    for number, job in enumerate(jobs):
        job.poll(**KINDS[number % 4])
    return jobs


@pytest.fixture
def board(engine: Browser) -> Iterator[BoardPage]:
    """Show a board of twelve jobs."""
    with board_page(engine, made(12)) as page:
        page.open()
        yield page


@pytest.fixture
def large(engine: Browser) -> Iterator[BoardPage]:
    """Show a board of a thousand jobs."""
    with board_page(engine, made(1000)) as page:
        page.open()
        yield page


def test_totals_and_rows(board: BoardPage) -> None:
    """The totals are told by status, and each job has a row with a shape and a word."""
    assert board.part("chip").all_inner_texts() == ["▸3 running", "✕3 failed", "✓6 succeeded"]
    assert board.ids() == [f"j{number:04}" for number in range(12)]
    assert board.part("row").first.locator(".jobwidgets-status").inner_text() == "▸running"
    assert board.part("row").nth(2).locator(".jobwidgets-last").inner_text() == "No disk."


def test_update_in_place(board: BoardPage) -> None:
    """A changed job keeps its row; the focus stays in it, and a selection in another."""
    node = board.part("row").first.element_handle()
    board.part("fold").first.focus()
    board.page.evaluate(
        "row => getSelection().selectAllChildren(row.querySelector('.jobwidgets-last'))",
        board.part("row").nth(2).element_handle(),
    )
    board.poll(0, **FINAL)
    board.poll(2, status="FAILED", messages=["Started.", "No disk."], stepsCompleted=2)
    assert board.tell() == 1
    assert node.inner_text().strip().startswith("✓")
    assert board.focused() == "j0000"
    assert board.page.evaluate("() => String(getSelection())") == "No disk."


def test_filter_by_status_and_text(board: BoardPage) -> None:
    """Chips and the text field narrow the rows; it says how many are left, and goes back."""
    board.part("chip").nth(1).click()
    assert board.ids() == ["j0002", "j0006", "j0010"]
    expect(board.part("chip").nth(1)).to_have_attribute("aria-pressed", "true")
    board.root.get_by_label("filter jobs by text").fill("J0006")
    assert board.ids() == ["j0006"]
    assert board.part("shown").inner_text() == "1 of 12"
    board.root.get_by_label("filter jobs by text").fill("no DISK")
    assert board.part("shown").inner_text() == "3 of 12"
    board.root.get_by_label("filter jobs by text").fill("nowhere")
    expect(board.root.get_by_text("No job fits.")).to_be_visible()
    board.root.get_by_role("button", name="show all").click()
    assert len(board.ids()) == 12


def test_sort_by_a_column(board: BoardPage) -> None:
    """A head sorts up, down, and as it was given; aria-sort tells which."""
    head = board.page.get_by_role("columnheader", name="status")
    head.get_by_role("button").press("Enter")
    assert board.ids()[:4] == ["j0002", "j0006", "j0010", "j0000"]
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").press("Enter")
    assert board.ids()[:2] == ["j0001", "j0003"]
    expect(head).to_have_attribute("aria-sort", "descending")
    head.get_by_role("button").press("Enter")
    assert board.ids()[:2] == ["j0000", "j0001"]
    assert head.get_attribute("aria-sort") is None


def test_nothing_moves_under_the_focus(board: BoardPage) -> None:
    """While a row has the focus the order stays; when it has gone, it is put right."""
    board.page.get_by_role("columnheader", name="status").get_by_role("button").press("Enter")
    board.part("fold").nth(3).focus()
    board.poll(0, **FINAL)
    board.tell()
    assert (board.focused(), board.ids()[3]) == ("j0000", "j0000")
    board.root.get_by_label("filter jobs by text").focus()
    board.page.wait_for_function(
        "() => document.querySelectorAll('.jobwidgets-job')[4].textContent !== 'j0000'"
    )
    assert board.ids()[3:6] == ["j0004", "j0008", "j0000"]


def test_row_unfolds_to_its_messages(board: BoardPage) -> None:
    """By keyboard: the messages come when they are asked for, stay up to date, and fold away."""
    fold = board.part("fold").first
    fold.press("Enter")
    board.tell()
    expect(fold).to_have_attribute("aria-expanded", "true")
    detail = board.part("detail")
    expect(detail.locator(".jobwidgets-body")).to_have_text(["Started mission creation."])
    board.poll(0, messages=["Started mission creation.", "Second."])
    board.poll(1, messages=["Not asked for."], **FINAL)
    board.tell()
    bodies = detail.locator(".jobwidgets-body")
    expect(bodies).to_have_text(["Started mission creation.", "Second."])
    fold.press("Space")
    expect(detail).to_have_count(0)
    board.answer()
    board.poll(0, messages=["Third."])
    update = board.next()
    assert update is not None
    assert update["unfolded"] == []


def test_unfolded_row_survives_sorting(board: BoardPage) -> None:
    """What is unfolded stays below its row."""
    board.part("fold").nth(2).click()
    board.tell()
    board.page.get_by_role("columnheader", name="status").get_by_role("button").click()
    order = board.root.locator("tbody tr.jobwidgets-row, tr.jobwidgets-detail")
    assert order.nth(0).locator(".jobwidgets-job").inner_text() == "j0002"
    assert "No disk." in order.nth(1).inner_text()


def test_keyboard_goes_through_a_thousand_rows(large: BoardPage) -> None:
    """Tab comes to one row; arrows, End and Home go from row to row, in sight or not."""
    stops = large.root.locator(".jobwidgets-fold[tabindex='0']")
    expect(stops).to_have_count(1)
    stops.focus()
    assert large.focused() == "j0000"
    for key, job in [("ArrowDown", "j0001"), ("End", "j0999"), ("ArrowUp", "j0998")]:
        large.page.keyboard.press(key)
        assert large.focused() == job
    large.page.keyboard.press("Enter")
    large.tell()
    expect(large.part("detail")).to_be_visible()
    large.page.keyboard.press("Home")
    assert large.focused() == "j0000"
    expect(stops).to_have_count(1)


def test_few_rows_are_in_the_page(large: BoardPage) -> None:
    """Of a thousand rows those in sight are drawn; the scroll bar is that of all, late ones too."""
    large.jobs.append(Shown("late"))
    large.updates.note(1000)
    large.tell()
    assert 10 < len(large.ids()) < 60
    height = large.part("jobs").evaluate("node => node.scrollHeight")
    assert height == pytest.approx(1002 * 28, abs=40)
    large.part("jobs").evaluate("node => node.scrollTo(0, 14_000)")
    large.page.wait_for_function(
        "() => [...document.querySelectorAll('.jobwidgets-job')]"
        ".some(node => node.textContent === 'j0505')"
    )
    assert "j0000" not in large.ids()


def test_scroll_and_unfolded_rows_survive_a_tick(large: BoardPage) -> None:
    """A hundred changes move nothing that the reader looks at."""
    large.part("fold").nth(2).click()
    large.tell()
    large.part("jobs").evaluate("node => node.scrollTo(0, 5_000)")
    for index in range(0, 1000, 10):
        large.poll(index, **FINAL)
    assert large.tell() == 1
    assert large.part("jobs").evaluate("node => node.scrollTop") == 5000
    assert large.part("detail").count() == 1


def test_lost_update_is_asked_for(board: BoardPage) -> None:
    """A view that misses a number asks for everything."""
    board.poll(0, **FINAL)
    assert board.next() is not None  # lost on its way
    board.poll(4, **FINAL)
    board.tell()
    assert board.part("row").first.locator(".jobwidgets-words").inner_text() == "succeeded"


def test_unchanged_board_asks_for_nothing(board: BoardPage) -> None:
    """Time goes on without traffic."""
    time = board.part("row").first.locator(".jobwidgets-time")
    before = time.inner_text()
    expect(time).not_to_have_text(before)
    assert board.page.evaluate("() => models[0].sent.length") == 0


def test_trouble_is_told_in_words(board: BoardPage) -> None:
    """A job without contact has a word in its row; the listing's trouble is a sentence."""
    error = ServerError("502 Bad Gateway", code=502)
    trouble = Contact(ContactState.RETRYING, failures=2, error=error, stale_from=STARTED)
    board.jobs[0].contact = trouble
    board.updates.note(0)
    board.contact = replace(trouble, state=ContactState.UNAUTHORISED)
    board.tell()
    cell = board.part("row").first.locator(".jobwidgets-trouble")
    assert (cell.inner_text(), cell.get_attribute("title")) == ("no answer", "502 Bad Gateway")
    line = board.part("line").first.inner_text()
    assert "The server wants a new token (502 Bad Gateway): set jobs.token = … to go on." in line
    assert "1 job without contact" in line


def test_hostile_text_is_text(engine: Browser) -> None:
    """Whatever a server writes is read as text, wherever it stands."""
    job = Shown(HOSTILE)
    job.poll(type=HOSTILE, username=HOSTILE, status=HOSTILE, messages=[HOSTILE])
    lost = ServerError(HOSTILE)
    job.contact = Contact(ContactState.RETRYING, failures=2, error=lost, stale_from=STARTED)
    with board_page(engine, [job]) as board:
        board.open()
        board.part("fold").click()
        board.tell()
        assert board.page.locator("img").count() == 0
        assert board.part("kind").last.inner_text() == HOSTILE
        assert HOSTILE in board.part("detail").inner_text()


def test_read_out_is_calm(board: BoardPage) -> None:
    """The totals are read out when they change, and not at every step."""
    live = board.page.get_by_role("status")
    expect(live).to_have_text("3 running, 3 failed, 6 succeeded")
    board.poll(0, stepsCompleted=3)
    board.tell()
    board.poll(0, **FINAL)
    board.tell()
    assert live.inner_text() == "3 running, 3 failed, 6 succeeded"
    expect(live).to_have_text("2 running, 3 failed, 7 succeeded", timeout=10_000)


def test_nothing_sticks_out(board: BoardPage) -> None:
    """The board fits into the width that there is."""
    board.part("fold").nth(2).click()
    board.tell()
    widest = "node => node.scrollWidth - node.clientWidth"
    for width in (1200, 900, 760, 640, 480, 320):
        board.page.set_viewport_size({"width": width, "height": 700})
        board.page.evaluate("() => new Promise(requestAnimationFrame)")
        assert board.part("jobs").evaluate(widest) <= 0
        assert board.page.locator("html").evaluate(widest) <= 0


def test_empty_board(engine: Browser) -> None:
    """A board without jobs says so."""
    with board_page(engine, []) as board:
        board.open()
        none = board.root.get_by_text("No jobs.")
        expect(none).to_be_visible()
        assert board.page.get_by_role("button").count() == 0
        refused = NoSuchJobError("404 Not found")
        board.contact = Contact(missing_since=STARTED, error=refused, state=ContactState.RETRYING)
        board.tell()
        expect(none).to_be_hidden()
        expect(board.part("line").first).to_contain_text(
            "has no such list of jobs yet (404 Not found)"
        )
        assert "no jobs" not in board_html([], board.contact)
        board.contact = Contact(ContactState.IN_TOUCH, last_heard=STARTED)
        board.tell()
        expect(none).to_be_visible()


def test_kernel_that_is_gone(board: BoardPage) -> None:
    """What was last known stays, and is said to be that."""
    board.page.evaluate("() => { models[0].isGone = true; models[0].trigger('comm_live_update'); }")
    expect(board.part("line").first).to_have_text(
        "The kernel is gone: this is what was last known."
    )
    assert len(board.ids()) == 12


def fates(count: int) -> list[Shown]:
    """Return jobs that have ended, every fourth of which failed; their owners differ."""
    jobs = [Shown(f"j522676d9-983a-48e2-a51c-5066966{n:05}") for n in range(count)]
    for number, job in enumerate(jobs):
        fate = FAILED if number % 4 == 1 else FINAL
        job.poll(username=("admin", "night_shift")[number % 2], **fate)
    return jobs


@pytest.mark.parametrize("width", [700, 764, 900])
@pytest.mark.parametrize(("count", "has_contact"), [(4, False), (200, False), (200, True)])
def test_end_moves_nothing(engine: Browser, width: int, count: int, *, has_contact: bool) -> None:
    """The frozen board takes no more room than the live one, and its rows are as high."""
    jobs = fates(count)
    if has_contact:
        jobs[0].poll()
        jobs[0].contact = Contact(ContactState.STOPPED, last_heard=STARTED)
    with board_page(engine, jobs, width=width) as board:
        live = board.open().evaluate(HEIGHT)
        board.page.add_style_tag(content=LAB_TABLES)
        frozen = show_static(board.page, board_html(jobs))
        assert live / 1.25 < frozen.evaluate(HEIGHT) < live * 1.25
        rows = frozen.locator("> div > table > tbody > tr")
        assert rows.evaluate_all(f"all => all.map({HEIGHT})") == [28] * count
        lefts = "rows => rows.map((row) => row.lastChild.getBoundingClientRect().left)"
        assert len(set(rows.evaluate_all(lefts))) == 1


@pytest.mark.parametrize("width", [320, 700, 1200])
def test_frozen_row_unfolds(engine: Browser, width: int) -> None:
    """A failed job's steps and messages unfold over its row where its column is narrow."""
    jobs = fates(2)
    codes = {"messages": ["Started.", "Creating.", "No disk."], "messageCodes": [1500, 1501]}
    jobs[1].poll(status="FAILED", **codes)
    with board_page(engine, jobs, width=width) as board:
        frozen = show_static(board.page, board_html(jobs))
        frozen.locator("summary").click()
        unfolded = frozen.locator("details > div").bounding_box()
        assert unfolded is not None
        assert unfolded["width"] >= 300
        assert frozen.locator("details th", has_text="took").is_visible()
        assert "Creating." in frozen.inner_text()
        for box in (frozen.locator("> [tabindex]"), frozen.locator("details > div")):
            assert box.evaluate("box => box.scrollWidth <= box.clientWidth")


def test_frozen_columns_are_whole_or_left_out(engine: Browser) -> None:
    """When a job started, and its owner, are there where they fit, and whole."""
    with board_page(engine, fates(2)) as board:
        frozen = show_static(board.page, board_html(board.jobs))
        cells = frozen.locator("> div > table > tbody > tr:first-child > td")
        for width, shown in ((1200, [True, True]), (764, [True, False]), (640, [False, False])):
            board.page.set_viewport_size({"width": width, "height": 700})
            texts = [cells.get_by_text(text) for text in ("2026-05-01 12:00", "admin")]
            in_sight = """span => {
              const [cell, text] = [span.parentNode, span].map((n) => n.getBoundingClientRect());
              return text.top < cell.bottom && span.scrollWidth <= span.clientWidth;
            }"""
            assert [text.evaluate(in_sight) for text in texts] == shown


@pytest.mark.parametrize("width", [320, 700])
def test_frozen_board_never_scrolls_sideways(engine: Browser, width: int) -> None:
    """Where there is little room, a row of the frozen board takes more lines."""
    with board_page(engine, made(12), width=width) as board:
        box = show_static(board.page, board_html(board.jobs)).locator("[tabindex]")
        assert box.evaluate("box => box.scrollWidth <= box.clientWidth")
        cells = box.locator("> table > tbody > tr > td")
        widths = cells.evaluate_all("all => all.map((one) => one.clientWidth)")
        assert min(widths) >= 50
