"""What keeps people without a mouse, without eyes or with colours of their own out: nothing.

Marked *lab*: axe-core takes its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from documents import STARTED, Shown, after, document, snapshot, watched
from playwright.sync_api import Browser, Page
from stepped import CODES, example, many, steps_of, telling

from browser.board_page import FAILED, FINAL, RUNNING, BoardPage, board_page
from browser.page import THEMES, ViewPage, bare_page, view_page, wear
from jobwidgets._display.board import board_html
from jobwidgets._display.job import static_html
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Message
from jobwidgets._widgets.board import JobBoard
from jobwidgets.dialects.openeo import OpenEO
from jobwidgets.errors import ServerError

pytestmark = pytest.mark.lab

WIDTHS = (800, 320)
LONG = "lorem ipsum dolor sit amet " * 80
ROOT = ".jobwidgets"
# All rules of WCAG 2.2 A and AA, and those beyond it that axe-core holds for good practice.
RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
}
TROUBLE = ServerError("502 Bad Gateway")


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with the widgets on the page: rule, node and reason."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate("([root, rules]) => axe.run(root, rules)", [ROOT, RULES])["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]}: {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


def assert_accessible(page: Page, state: str) -> None:
    """Look at the page in both themes and at both widths."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 700})
        for theme in THEMES:
            wear(page, theme)
            page.evaluate("() => new Promise(requestAnimationFrame)")
            assert violations(page) == [], f"{state}, {theme}, {width} px"


def job_states(view: ViewPage) -> Iterator[str]:
    """Bring a live view from state to state."""
    view.open(stepsCompleted=2, messages=["one", LONG, "three"])
    view.part("frame").get_by_role("button", name="show all").click()
    yield "running, a long message unfolded"
    view.kernel.contact = Contact(
        ContactState.RETRYING, last_heard=STARTED, failures=2, error=TROUBLE
    )
    view.tell()
    yield "no contact"
    view.kernel.contact = Contact(ContactState.UNAUTHORISED, last_heard=STARTED, error=TROUBLE)
    view.tell()
    view.root.get_by_role("button", name="stop watching").click()
    yield "token wanted, stop asked for"
    view.kernel.contact = Contact(ContactState.LOST, last_heard=STARTED, error=TROUBLE)
    view.tell()
    yield "contact lost"
    view.tell(stepsCompleted=3, messages=[f"message {n}" for n in range(3000)])
    view.root.get_by_label("filter messages by text").fill("9")
    yield "3,000 messages, filtered"
    view.root.get_by_label("filter messages by text").fill("nowhere")
    yield "no message fits"
    view.kernel.take(with_levels(view))
    view.tell()
    view.root.get_by_label("filter messages by text").fill("")
    yield "levels"
    view.tell(status="FAILED", stepsCompleted=3)
    yield "failed"


def step_states(view: ViewPage) -> Iterator[str]:
    """Bring a live view of steps from state to state."""
    for second, messages in ((1, 2), (16, 6)):
        view.kernel.take(snapshot(example(messages), second))
    view.open()
    yield "steps running"
    view.kernel.contact = Contact(ContactState.STOPPED, last_heard=after(16))
    view.tell()
    yield "steps last known"
    view.kernel.contact = Contact(ContactState.IN_TOUCH, last_heard=after(16))
    view.tell(**telling(*CODES[:6], None, status="FAILED"))
    yield "a failed step chosen"
    view.tell(**telling(*CODES[:5], None, status="FAILED"))
    yield "several may have failed"
    view.tell(**telling(*CODES, status="COMPLETED"))
    yield "steps ended"
    view.kernel.history, view.kernel.dialect = many(40)
    view.tell()
    yield "40 steps"


def with_levels(view: ViewPage) -> Any:
    """Return the latest snapshot with messages of every level."""
    latest = view.kernel.history.latest
    assert latest is not None
    levels = ["info", "warning", "error", None]
    messages = tuple(Message(n, "text", code=1, level=level) for n, level in enumerate(levels, 1))
    return replace(latest, messages=messages * 3)


def test_live_view_of_a_job(view: ViewPage) -> None:
    """axe-core finds nothing wrong with a live view, whatever it shows."""
    for state in job_states(view):
        assert_accessible(view.page, state)


def test_live_steps(view: ViewPage) -> None:
    """Nor with the steps."""
    for state in step_states(view):
        assert_accessible(view.page, state)


def test_view_that_opens(view: ViewPage) -> None:
    """Nor with one without messages, of a status that is not known here."""
    view.open(status="PONDERING", messages=[])
    assert_accessible(view.page, "no messages")


def jobs(count: int) -> list[Shown]:
    """Return jobs that run, have succeeded and have failed; one has lost contact."""
    made = [Shown(f"j{number:04}") for number in range(count)]
    for number, job in enumerate(made):
        job.poll(**[RUNNING, FINAL, FAILED][number % 3])
    lost = Contact(ContactState.RETRYING, failures=2, error=TROUBLE, stale_from=STARTED)
    made[0].contact = lost
    return made


def board_states(board: BoardPage) -> Iterator[str]:
    """Bring a board from state to state."""
    board.open()
    yield "30 jobs"
    for index in (2, 5):
        board.part("fold").nth(index).click()
        board.tell()
    yield "two rows unfolded"
    with_steps(board)
    yield "steps in unfolded rows, a failed one chosen"
    board.root.get_by_role("button", name="columns").click()
    yield "columns to choose from"
    board.part("chip").nth(1).click()
    yield "filtered by a status"
    board.part("fold").first.press("Control+A")
    yield "some selected"
    board.part("sorter").first.press("Enter")
    yield "sorted"
    board.root.get_by_label("filter jobs by text").fill("nowhere")
    yield "no job fits"


def with_steps(board: BoardPage) -> None:
    """Let the jobs of unfolded rows tell of steps: one has failed in a step, one runs."""
    board.poll(2, **telling(*CODES[:6], None, status="FAILED"))
    board.poll(6, **telling(*CODES[:6]))
    board.part("fold").nth(6).click()
    board.tell()


def test_live_board(engine: Browser) -> None:
    """Nor with a board."""
    with board_page(engine, jobs(30)) as board:
        for state in board_states(board):
            assert_accessible(board.page, state)


STATIC: dict[str, Callable[[], str]] = {
    "running": lambda: static_html(watched(document_of()), Contact(ContactState.STOPPED)),
    "ended": lambda: static_html(watched(document_of(**FINAL)), None, None, OpenEO()),
    "failed": lambda: static_html(watched(document_of(**FAILED))),
    "given up": lambda: static_html(JobHistory("j1"), Contact(ContactState.LOST, error=TROUBLE)),
    "steps, midway": lambda: static_of(watched(example(2), example(6))),
    "steps, failed": lambda: static_of(watched(example(2), example(6, None, status="FAILED"))),
    "40 steps": lambda: static_of(*many(40)),
    "board": lambda: board_html(jobs(30)),
    "board, a failed job unfolded": lambda: board_html(
        [Shown("j1", **telling(*CODES[:6], None, status="FAILED"))]
    ).replace("<details", "<details open"),
    "board of none": lambda: board_html([], Contact(ContactState.LOST, error=TROUBLE)),
}


def static_of(history: JobHistory, dialect: Any = None) -> str:
    """Return the static form of a job that is not watched any more, with its steps."""
    return static_html(history, Contact(ContactState.STOPPED), steps_of(history, dialect))


def document_of(**changes: Any) -> dict[str, Any]:
    """Return a document whose messages have a long word and a right-to-left text."""
    texts = {"messages": ["Started.", "d942d2bdb70c4104" * 6, "بدأ إنشاء المهمة (42)."]}
    return document(**{**texts, **changes})


def test_static_forms(engine: Browser) -> None:
    """Nor with what a saved notebook keeps."""
    with bare_page(engine, JobBoard) as page:
        page.evaluate("() => { document.body.style.color = 'var(--jp-ui-font-color1)'; }")
        for state, html in STATIC.items():
            page.evaluate("html => { document.querySelector('main').innerHTML = html; }", html())
            assert_accessible(page, state)


# The keyboard.


def stops(page: Page, count: int) -> list[str]:
    """Return where Tab comes to from the start of the page on, each by its name."""
    page.evaluate("() => { document.activeElement.blur(); }")
    names = []
    for _ in range(count):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate(
                """() => {
                  const node = document.activeElement;
                  const style = getComputedStyle(node);
                  const isSeen = style.outlineStyle === 'solid' && style.outlineWidth === '2px';
                  const name = node.getAttribute('aria-label') ?? node.textContent;
                  return isSeen ? name : `${name}: focus not visible`;
                }"""
            )
        )
    return names


def test_tab_comes_to_every_action_of_a_job(view: ViewPage) -> None:
    """In the order in which they are read, and each shows that it has the focus."""
    view.open(messages=[f"message {n}" for n in range(8)] + [LONG])
    expected = ["j1", "stop watching", "filter messages by text", "copy all", "messages"]
    assert stops(view.page, 6) == [*expected, "show all 2,160 characters"]


def test_tab_comes_to_every_action_of_a_board(engine: Browser) -> None:
    """Totals, filter, heads, one row, and what it unfolds to."""
    with board_page(engine, jobs(12)) as board:
        board.open()
        chips = ["▸4 running", "✕4 failed", "✓4 succeeded"]
        heads = ["status", "job", "progress", "started", "time", "contact", "last message"]
        expected = [*chips, "filter jobs by text", "copy all", "columns"]
        expected += ["select all that are shown", *heads, "select j0000", "?running (last known)"]
        assert stops(board.page, len(expected)) == expected
        board.page.keyboard.press("Enter")
        board.tell()
        board.page.keyboard.press("Tab")
        assert board.page.evaluate("() => document.activeElement.ariaLabel") == "messages"


def test_escape_empties_a_filter(view: ViewPage) -> None:
    """Once it is empty, Escape is the notebook's again."""
    view.open(messages=[f"message {n}" for n in range(8)])
    view.page.evaluate(
        "() => { window.heard = 0;"
        " document.addEventListener('keydown', () => { heard += 1; }, true); }"
    )
    field = view.root.get_by_label("filter messages by text")
    field.fill("7")
    assert view.text("count") == "1 of 8"
    field.press("Escape")
    assert (field.input_value(), view.text("count")) == ("", "8 messages")
    assert view.page.evaluate("() => heard") == 0
    field.press("Escape")
    assert view.page.evaluate("() => heard") == 1


def is_inside(view: ViewPage) -> bool:
    """Tell whether the focus is within the view."""
    return bool(view.root.evaluate("root => root.contains(document.activeElement)"))


def test_focus_is_not_lost_with_a_button(view: ViewPage) -> None:
    """A button that waits keeps the focus; when it goes, the focus stays within the view."""
    view.open(stepsCompleted=1)
    button = view.root.get_by_role("button", name="stop watching")
    button.press("Enter")
    button.press("Enter")
    assert [one["act"] for one in view.sent() if "act" in one] == ["stop"]
    assert button.evaluate("node => node === document.activeElement")
    view.tell(status="COMPLETED", stepsCompleted=5)
    assert not button.is_visible()
    assert is_inside(view)


def test_focus_is_not_lost_with_news(view: ViewPage) -> None:
    """When the button of new messages has done its work, the messages have the focus."""
    view.open(messages=[f"message {n}" for n in range(100)])
    view.scroll(0)
    view.tell(messages=[f"message {n}" for n in range(120)])
    news = view.part("news")
    news.focus()
    view.scroll(-1)
    view.until(lambda: not news.is_visible(), "the end")
    assert view.part("scroller").evaluate("node => node === document.activeElement")


def test_focus_is_not_lost_with_a_folded_message(view: ViewPage) -> None:
    """A long message's button has the focus after it folds, too, and after an update."""
    view.open(messages=[LONG, "end"])
    view.part("frame").get_by_role("button", name="show all").press("Enter")
    view.tell(messages=[LONG, "end", "more"])
    view.part("frame").get_by_role("button", name="show less").press("Enter")
    assert view.page.evaluate("() => document.activeElement.textContent").startswith("show all")


def test_focus_is_not_lost_with_a_total(engine: Browser) -> None:
    """A total with the focus stays when its number is none; after "show all" it is in the field."""
    with board_page(engine, jobs(12)) as board:
        board.open()
        chip = board.part("chip").first
        chip.press("Enter")
        chip.press("Enter")
        for index in range(0, 12, 3):
            board.poll(index, **FINAL)
        board.tell()
        assert chip.inner_text() == "▸0 running"
        assert chip.evaluate("node => node === document.activeElement")
        board.root.get_by_label("filter jobs by text").fill("nowhere")
        board.root.get_by_role("button", name="show all").press("Enter")
        assert board.page.evaluate("() => document.activeElement.type") == "search"


# What is read out, and what the reader has set.


def test_ten_updates_announce_nothing(view: ViewPage) -> None:
    """Messages, contact and ownership are not read out: neither status nor a whole step changed."""
    view.open(stepsCompleted=2)
    live = view.page.get_by_role("status")
    view.page.evaluate(
        """() => {
          window.changes = 0;
          const live = document.querySelector('[role=status]');
          new MutationObserver((seen) => { changes += seen.length; })
            .observe(live, { childList: true, characterData: true, subtree: true });
        }"""
    )
    for number in range(10):
        if number == 5:
            view.kernel.contact = Contact(ContactState.RETRYING, failures=1, error=TROUBLE)
        messages = [f"message {n}" for n in range(number)]
        view.tell(stepsCompleted=2, messages=messages, username=f"user {number}")
    assert view.page.evaluate("() => changes") == 0
    view.tell(stepsCompleted=3)
    assert live.inner_text() == "running, 3 of 5 steps"
    assert view.page.evaluate("() => changes") == 1
    assert view.root.locator("[aria-live], [role=alert], [role=log]").count() == 0


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves_where_motion_is_unwelcome(engine: Browser, motion: str) -> None:
    """Neither in a job's view nor in a board is anything animated or faded then."""
    moving = """() => [...document.querySelectorAll('.jobwidgets *')].filter((node) => {
      const style = getComputedStyle(node);
      const lasts = (times) => times.split(',').some((time) => parseFloat(time) > 0);
      return style.animationName !== 'none' || lasts(style.transitionDuration);
    }).length"""
    unknown = Shown("j1")
    unknown.poll(stepsCompleted="?", totalSteps="?")
    with view_page(engine) as view, board_page(engine, [unknown]) as board:
        view.open(stepsCompleted="?", totalSteps="?")
        board.open()
        for page in (view.page, board.page):
            page.emulate_media(reduced_motion=motion)
            assert (page.evaluate(moving) == 0) is (motion == "reduce")


def test_forced_colours_leave_every_shape(engine: Browser) -> None:
    """With the system's colours marks, bars, fields and what is pressed are still to be seen."""
    with board_page(engine, jobs(12)) as board:
        board.open()
        board.page.emulate_media(forced_colors="active")
        board.part("chip").first.press("Enter")

        def style(part: str, name: str) -> str:
            return str(board.part(part).first.evaluate(f"n => getComputedStyle(n).{name}"))

        chips = board.part("chip").evaluate_all(
            "all => all.map(n => getComputedStyle(n).borderColor)"
        )
        assert chips[0] != chips[1]
        assert style("mark", "color") != style("mark", "backgroundColor")
        assert style("fill", "backgroundColor") != style("bar", "backgroundColor")
        assert style("bar", "borderTopStyle") == style("field", "borderTopStyle") == "solid"
