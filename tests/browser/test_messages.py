"""The message table, in a bare page."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from documents import STARTED, document, snapshot
from pages import Page
from playwright.sync_api import Browser

from browser.page import INSECURE, ViewPage, show_static, view_page
from jobwidgets._display.job import static_html
from jobwidgets._widgets.job_updates import MOST_MESSAGES
from jobwidgets.dialects import find_dialect

LONG = "lorem ipsum dolor sit amet " * 80


def texts(count: int, first: int = 1) -> list[str]:
    """Return messages of one line each."""
    return [f"message {number}" for number in range(first, first + count)]


def drawn(view: ViewPage) -> int:
    """Return how many rows are in the page."""
    return view.part("table").locator("tbody tr").count()


def wait_for_all(view: ViewPage, which: int = 0) -> None:
    """Let the kernel answer until a view has no gap left."""

    def is_whole() -> bool:
        view.tell()
        return not view.part("table").page.locator("tr[data-pending]").count() and not asked(view)

    view.until(is_whole, "all messages")


def asked(view: ViewPage) -> list[dict[str, Any]]:
    """Return what the views ask for that the kernel has not heard yet."""
    return list(view.page.evaluate("() => models[0].sent.filter((one) => one.need)"))


def copied_lines(view: ViewPage) -> list[list[str]]:
    """Copy all messages, and return their cells."""
    view.part("tools").get_by_role("button").click()
    view.until(lambda: view.part("tools").get_by_role("button").inner_text() == "copied", "a copy")
    return [line.split("\t") for line in view.pasted().split("\n")]


@pytest.fixture
def allowed(view: ViewPage) -> ViewPage:
    """Return a page that may use the clipboard."""
    view.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return view


@pytest.mark.parametrize("count", [1, 1000, 100_000])
def test_only_what_is_in_sight_is_in_the_page(view: ViewPage, count: int) -> None:
    """However many messages there are, few rows are drawn, and the newest is in sight."""
    view.open(messages=texts(count))
    assert drawn(view) <= min(count, 40)
    assert view.numbers()[-1] == count


def test_table_has_the_semantics_of_one(view: ViewPage) -> None:
    """It has a caption and column heads, and rows that know their place among all."""
    view.open(messages=texts(1000))
    table = view.page.get_by_role("table", name="Messages of the job")
    assert table.get_attribute("aria-rowcount") == "1001"
    heads = view.page.get_by_role("columnheader")
    assert heads.all_inner_texts() == ["#", "first seen", "code", "message"]
    assert {head.get_attribute("scope") for head in heads.all()} == {"col"}
    last = view.part("table").locator("tbody tr").last
    assert last.get_attribute("aria-rowindex") == "1001"
    assert last.locator("td").first.inner_text() == "1000"


def test_newest_message_is_followed(view: ViewPage) -> None:
    """While the newest message is in sight, the next ones come into sight by themselves."""
    view.open(messages=texts(5))
    for count in (6, 20, 21, 500, 3000):
        view.tell(messages=texts(count))
        assert view.numbers()[-1] == count
    assert not view.part("news").is_visible()


@pytest.mark.parametrize("way", ["click", "key"])
def test_reader_who_scrolled_up_is_left_alone(view: ViewPage, way: str) -> None:
    """Nothing moves then; a button tells how many came, and it or End leads to them."""
    view.open(messages=texts(400))
    view.scroll(1000)
    before = view.numbers()
    view.tell(messages=texts(401))
    assert view.text("news") == "1 new message ↓"
    view.tell(messages=texts(412))
    assert (view.numbers(), view.text("news")) == (before, "12 new messages ↓")
    if way == "click":
        view.part("news").click()
    else:
        view.part("scroller").focus()
        view.page.keyboard.press("End")
    view.until(lambda: view.numbers()[-1:] == [412], "the newest message")
    view.until(lambda: not view.part("news").is_visible(), "no news")
    view.tell(messages=texts(420))
    assert view.numbers()[-1] == 420


def test_rows_of_any_height_follow_one_another(view: ViewPage) -> None:
    """Wherever the reader scrolls, rows have no gap and no overlap, and none is missing."""
    view.open(messages=[LONG[: (n * 7919) % 900 + 1] for n in range(800)])
    for top in (0, 3000, 9000, 20_000, 8000, -1):
        view.scroll(top)
        boxes = (
            view.part("table")
            .locator("tbody")
            .evaluate(
                "b => [...b.rows].map((r) => [r.getBoundingClientRect().top,"
                " r.getBoundingClientRect().bottom])"
            )
        )
        assert all(abs(a[1] - b[0]) < 0.5 for a, b in pairwise(boxes))
        numbers = view.numbers()
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        bottom = view.part("scroller").bounding_box()
        assert bottom is not None
        assert boxes[-1][1] >= bottom["y"] + bottom["height"] - 2
    assert numbers[-1] == 800


def test_long_message_is_folded(view: ViewPage) -> None:
    """A long message shows a few lines; its button, by Enter, shows all, and less again."""
    view.open(messages=["short", LONG, "short"])
    body = view.part("table").locator("tbody tr").nth(1).locator(".jobwidgets-body")
    more = view.root.get_by_role("button", name="show all 2,160 characters")
    folded = body.bounding_box()
    assert folded is not None
    assert folded["height"] == 100
    more.focus()
    view.page.keyboard.press("Enter")
    whole = body.bounding_box()
    assert whole is not None
    assert whole["height"] > 200
    view.tell(messages=["short", LONG, "short", *texts(300)])
    view.scroll(-1)
    view.scroll(0)
    again = body.bounding_box()
    assert again is not None
    assert again["height"] == whole["height"]
    view.root.get_by_role("button", name="show less").click()
    view.until(lambda: (body.bounding_box() or {})["height"] == 100, "the folded message")


def test_very_long_message_says_how_much_is_not_here(view: ViewPage) -> None:
    """Of a message that was cut the button promises more, not all; its end tells what is left."""
    view.open(messages=["word " * 1_000_000])
    view.part("table").locator("tbody").get_by_role("button", name="show more").click()
    assert re.search(r"\(4,9\d\d,\d{3} more characters\)$", view.text("body"))


@pytest.mark.parametrize("text", ["x" * 81, "two\nlines", "a " * 50])
def test_message_that_fits_has_no_button(view: ViewPage, text: str) -> None:
    """Only what is cut off can be unfolded."""
    view.open(messages=[text])
    assert view.part("table").locator("tbody").get_by_role("button").count() == 0


def test_filter_counts_matches(view: ViewPage) -> None:
    """The filter shows messages with the text in them, whatever the case, and counts them."""
    view.open(messages=[f"{'Copied' if n % 30 == 1 else 'read'} [{n}]" for n in range(1, 1001)])
    assert view.text("count") == "1,000 messages"
    field = view.root.get_by_role("searchbox", name="filter messages by text")
    field.fill("COPIED")
    assert view.text("count") == "34 of 1,000"
    assert view.numbers()[-1] == 991
    assert view.part("table").get_attribute("aria-rowcount") == "35"
    field.fill("[9")
    assert view.text("count") == "111 of 1,000"
    field.fill("nothing of the kind")
    assert (view.text("count"), drawn(view)) == ("0 of 1,000", 0)
    field.fill("")
    assert (view.text("count"), view.numbers()[-1]) == ("1,000 messages", 1000)


def test_filter_lets_new_matches_in(view: ViewPage) -> None:
    """Messages that come while a filter is set are filtered too."""
    view.open(messages=texts(50))
    view.root.get_by_role("searchbox").fill("message 5")
    assert view.text("count") == "2 of 50"
    view.tell(messages=texts(60))
    assert (view.text("count"), view.numbers()) == ("11 of 60", [5, *range(50, 60)])
    view.tell(messages=["other", *texts(10)])
    assert (view.text("count"), view.numbers()) == ("1 of 11", [6])


def levelled(*levels: str | None, time: datetime | None = None) -> Any:
    """Return a snapshot with messages of these levels, and of a time of the server's."""
    parsed = snapshot(document(messages=texts(len(levels)), messageCodes=[]))
    pairs = zip(parsed.messages, levels, strict=True)
    given = tuple(replace(one, level=level, time=time) for one, level in pairs)
    return replace(parsed, messages=given)


@pytest.mark.parametrize(("time", "name"), [(None, "first seen"), (STARTED, "time")])
def test_static_form_has_the_same_columns(view: ViewPage, time: datetime | None, name: str) -> None:
    """Live and static tell alike which times are the server's own, and the levels."""
    view.kernel.take(levelled("info", "error", time=time))
    view.open()
    heads = view.page.get_by_role("columnheader").all_inner_texts()
    assert heads == ["#", name, "level", "message"]
    rows = Page(static_html(view.kernel.history)).rows
    assert (rows[0], rows[2][2]) == (heads, "error")


def test_levels_have_a_column_and_a_filter(view: ViewPage) -> None:
    """Levels are words with a mark; a list of those there are filters by them."""
    view.kernel.take(levelled("info", "warning", "error", None, "info", "info"))
    view.open()
    assert view.page.get_by_role("columnheader").all_inner_texts() == [
        "#",
        "first seen",
        "level",
        "message",
    ]
    choice = view.root.get_by_role("combobox", name="filter messages by level")
    assert choice.locator("option").all_inner_texts() == ["all levels", "info", "warning", "error"]
    choice.select_option("info")
    assert (view.text("count"), view.numbers()) == ("3 of 6", [1, 5, 6])
    choice.select_option("")
    cells = view.root.locator("td.jobwidgets-level")
    assert cells.all_inner_texts() == ["info", "warning", "error", "", "info", "info"]
    assert cells.nth(2).get_attribute("data-level") == "error"


def test_selection_is_copied_as_lines(allowed: ViewPage) -> None:
    """A selection over several messages copies number, time, code and text, tab by tab."""
    view = allowed
    view.open(messages=["one", "two\nlines", "three"], messageCodes=[1500, 1501])
    select(view, 0, 1)
    view.page.keyboard.press("Control+C")
    assert view.pasted() == (
        "1\t2026-05-01T12:00:00.000Z\t1500\tone\n2\t2026-05-01T12:00:00.000Z\t1501\ttwo lines"
    )


def test_selection_within_a_message_is_copied_as_it_is(allowed: ViewPage) -> None:
    """A word out of a message is that word."""
    view = allowed
    view.open(messages=["one two three"])
    view.root.locator(".jobwidgets-body").evaluate(
        "n => getSelection().setBaseAndExtent(n.firstChild, 4, n.firstChild, 7)"
    )
    view.page.keyboard.press("Control+C")
    assert view.pasted() == "two"


def select(view: ViewPage, first: int, last: int) -> None:
    """Select from one drawn row's text to another's."""
    view.part("table").locator("tbody").evaluate(
        """(body, [a, b]) => {
          const text = (i) => body.rows[i].querySelector('.jobwidgets-body').firstChild;
          getSelection().setBaseAndExtent(text(a), 1, text(b), 2);
        }""",
        [first, last],
    )


def test_missing_messages_are_told(view: ViewPage) -> None:
    """A server that tells one message at a time may have had more: said beside their number."""
    view.open(messages=["one"])
    assert not view.part("note").is_visible()
    view.kernel.dialect = find_dialect("ogc")
    view.tell(messages=["one", "two"])
    assert (view.text("count"), view.text("note")) == ("2 messages", "faster ones may be missing")
    view.page.set_viewport_size({"width": 320, "height": 700})
    view.tell(messages=[f"message {n}" for n in range(9)])
    view.until(lambda: view.root.get_attribute("data-narrow") is not None, "little room")
    assert view.root.evaluate("root => root.scrollWidth <= root.clientWidth")
    assert view.part("filters").first.evaluate("node => node.scrollWidth <= node.clientWidth")
    kernel = view.kernel
    html = static_html(kernel.history, kernel.contact, None, kernel.dialect)
    assert show_static(view.page, html).locator("summary").inner_text() == (
        "9 messages · faster ones may be missing"
    )


def test_all_messages_are_copied_by_keys(allowed: ViewPage) -> None:
    """Ctrl+A and Ctrl+C within the table copy every message, drawn or not, until a click."""
    view = allowed
    view.open(messages=texts(700))
    view.part("scroller").click(position={"x": 200, "y": 100})
    view.page.keyboard.press("Control+A")
    view.page.keyboard.press("Control+C")
    lines = view.pasted().split("\n")
    assert [line.split("\t")[3] for line in lines] == texts(700)
    assert view.part("table").get_attribute("data-all") is not None
    view.part("scroller").click(position={"x": 200, "y": 100})
    assert view.part("table").get_attribute("data-all") is None


@pytest.mark.parametrize("is_filtered", [False, True])
def test_button_copies_all(allowed: ViewPage, *, is_filtered: bool) -> None:
    """The button copies all messages, or all that the filter lets through."""
    view = allowed
    view.open(messages=texts(50))
    if is_filtered:
        view.root.get_by_role("searchbox").fill("message 4")
    expected = [text for text in texts(50) if not is_filtered or "message 4" in text]
    assert [cells[3] for cells in copied_lines(view)] == expected


def test_button_copies_on_an_insecure_origin(engine: Browser) -> None:
    """Without navigator.clipboard, as on plain http, it copies all the same."""
    with view_page(engine, origin=INSECURE) as view:
        assert view.page.evaluate("() => navigator.clipboard === undefined")
        view.open(messages=texts(50))
        select(view, 1, 2)
        before = view.page.evaluate("() => String(getSelection())")
        assert [cells[3] for cells in copied_lines(view)] == texts(50)
        assert before


def test_selection_and_focus_survive_updates(view: ViewPage) -> None:
    """What is selected stays selected and in the page while hundreds of messages come."""
    view.open(messages=texts(30))
    view.part("scroller").focus()
    select(view, 0, 2)
    before = view.page.evaluate("() => String(getSelection())")
    assert "essage" in before
    for count in (31, 200, 900):
        view.tell(messages=texts(count), stepsCompleted=2)
        assert view.page.evaluate("() => String(getSelection())") == before
    assert view.part("scroller").evaluate("s => s === document.activeElement")


def test_keyboard_scrolls(view: ViewPage) -> None:
    """The focused table moves by arrows, pages, Home and End."""
    view.open(messages=texts(500))
    view.part("scroller").focus()
    view.page.keyboard.press("Home")
    top = "s => s.scrollTop"
    view.until(lambda: view.part("scroller").evaluate(top) == 0, "the first message")
    view.page.keyboard.press("PageDown")
    view.until(lambda: (view.numbers() or [0])[0] > 8, "the second page")
    before = view.part("scroller").evaluate(top)
    view.page.keyboard.press("ArrowUp")
    view.until(lambda: view.part("scroller").evaluate(top) < before, "a row up")
    view.page.keyboard.press("End")
    view.until(lambda: view.numbers()[-1:] == [500], "the last message")


def test_end_after_an_arrow(view: ViewPage) -> None:
    """A scroll that an arrow has begun does not go on once another key leads to the end."""
    view.open(messages=texts(500))
    view.part("scroller").focus()
    at_end = "s => s.scrollHeight - s.scrollTop - s.clientHeight < 2"
    for _ in range(6):
        view.page.keyboard.press("ArrowUp")
        view.page.wait_for_timeout(30)
        view.page.keyboard.press("End")
        view.page.wait_for_timeout(300)  # as long as a browser's scroll goes on
        assert view.part("scroller").evaluate(at_end)


def test_keys_stay_in_the_view(view: ViewPage) -> None:
    """The notebook around a view does not get its keys, but those that are its own."""
    view.page.evaluate(
        "() => { window.got = []; document.addEventListener('keydown', (e) => got.push(e.key),"
        " true); }"
    )
    view.open(messages=texts(500))
    view.part("scroller").focus()
    for key in ("ArrowUp", "PageUp", "Home", "Enter", "Control+A", "Shift+Enter", "Escape", "b"):
        view.page.keyboard.press(key)
    assert view.page.evaluate("() => got.filter((key) => key !== 'Control')") == [
        "Shift",
        "Enter",
        "Escape",
        "b",
    ]


def test_text_runs_in_its_own_direction(view: ViewPage) -> None:
    """Arabic runs from right to left beside English."""
    view.open(messages=["English", "مرحبا"])
    directions = (
        view.part("table")
        .locator("tbody .jobwidgets-body")
        .evaluate_all("all => all.map((n) => getComputedStyle(n).direction)")
    )
    assert directions == ["ltr", "rtl"]


def test_times_are_the_readers(engine: Browser) -> None:
    """The clock time, here and in UTC, is told on hover."""
    with view_page(engine, timezone_id="Asia/Tokyo") as view:
        view.open(messages=texts(1))
        cell = view.root.locator("td.jobwidgets-seen")
        assert cell.inner_text() == "+0.0 s"
        assert cell.get_attribute("title") == "21:00:00 here, 2026-05-01 12:00:00 UTC"


@pytest.mark.parametrize("follows", [True, False])
def test_a_view_that_is_hidden_for_a_while(view: ViewPage, *, follows: bool) -> None:
    """A tab that is left and come back to shows the newest, or the place that was left."""
    view.open(messages=texts(300))
    if not follows:
        view.scroll(2000)
    first = view.numbers()[0]
    display = "display => { document.querySelector('main').style.display = display; }"
    view.page.evaluate(display, "none")
    view.tell(messages=texts(400))
    view.page.evaluate(display, "")
    if follows:
        view.until(lambda: view.numbers()[-1:] == [400], "the newest message")
    else:
        view.until(lambda: view.numbers()[:1] == [first], "the place that was left")
        assert view.text("news") == "100 new messages ↓"


def test_update_leaves_a_scroll_under_way(view: ViewPage) -> None:
    """Messages that come while the reader scrolls, before the event of it, undo nothing."""
    view.open(messages=texts(300))
    view.kernel.poll(messages=texts(301))
    update = view.kernel.next()
    view.page.evaluate(
        "update => { document.querySelector('.jobwidgets-scroller').scrollTop = 1000;"
        " models[0].put('_update', update); }",
        update,
    )
    view.until(lambda: view.text("news") == "1 new message ↓", "the button")
    assert view.part("scroller").evaluate("s => s.scrollTop") == 1000


def test_narrower_page_keeps_the_place(view: ViewPage) -> None:
    """When lines wrap anew, the first row in sight stays in sight."""
    view.open(messages=[LONG[:300] for _ in range(300)])
    view.scroll(5000)
    first = view.numbers()[0]
    view.page.set_viewport_size({"width": 400, "height": 700})
    view.until(lambda: view.root.get_attribute("data-narrow") is not None, "the narrow view")
    view.until(lambda: abs(view.numbers()[0] - first) <= 1, "the same place")


# The protocol.


def test_newest_come_first(view: ViewPage) -> None:
    """Of a long list the end is there at once; the rest is asked for and replaces its lines."""
    count = 3 * MOST_MESSAGES + 7
    view.open(messages=texts(count))
    assert view.numbers()[-1] == count
    assert asked(view)[-1]["need"] == [[0, count - MOST_MESSAGES]]
    view.scroll(0)
    assert view.part("table").locator("tbody tr").first.inner_text().split() == [
        "1",
        "not",
        "here",
        "yet",
    ]
    wait_for_all(view)
    assert view.numbers()[0] == 1
    assert "message 1" in view.part("table").locator("tbody tr").first.inner_text()


def test_arriving_rows_move_nothing(view: ViewPage) -> None:
    """While older messages arrive, long ones too, what the reader sees stays where it is."""
    long = [LONG[: (n * 7919) % 900 + 1] for n in range(3 * MOST_MESSAGES)]
    view.open(messages=long, messageCodes=[])
    view.scroll(-3000)
    where = "b => [...b.rows].map((r) => [r.cells[0].textContent, r.getBoundingClientRect().y])"
    before = dict(view.part("table").locator("tbody").evaluate(where))
    wait_for_all(view)
    after = dict(view.part("table").locator("tbody").evaluate(where))
    assert len(before.keys() & after.keys()) > 5
    assert all(abs(before[key] - after[key]) < 1.5 for key in before.keys() & after.keys())


def test_lost_updates_are_made_up_for(allowed: ViewPage) -> None:
    """When updates do not arrive, the next one shows it, and the view asks for what it lacks."""
    view = allowed
    view.open(messages=texts(20))
    for n in range(3):
        view.kernel.poll(messages=["changed", *texts(25 + n)])
        assert view.kernel.next() is not None
    view.tell(messages=["changed", *texts(30)])
    wait_for_all(view)
    assert [cells[3] for cells in copied_lines(view)] == ["changed", *texts(30)]


@pytest.mark.parametrize("now", [[], ["other"], ["other", *texts(500)]])
def test_changed_list_replaces_the_old(view: ViewPage, now: list[str]) -> None:
    """A list that shrank or changed is shown as it is now."""
    view.open(messages=texts(400))
    view.scroll(2000)
    view.tell(messages=now)
    wait_for_all(view)
    if now:
        view.scroll(0)
        assert (
            view.part("table")
            .locator("tbody tr")
            .first.inner_text()
            .split("\n")[-1]
            .endswith(now[0])
        )
    assert view.part("messages").is_visible() is bool(now)
    noun = "message" if len(now) == 1 else "messages"
    assert view.part("count").text_content() == f"{len(now)} {noun}"


def test_nothing_is_asked_for_twice(view: ViewPage) -> None:
    """While the kernel is answering, a view does not ask again."""
    view.open(messages=texts(4 * MOST_MESSAGES))
    asks = []
    for _ in range(6):
        sent = view.sent()
        asks += [one for one in sent if "need" in one]
        for one in sent:
            view.kernel.updates.want(one.get("need"))
        if (update := view.kernel.next()) is not None:
            view.give(update)
    assert len(asks) == 1
