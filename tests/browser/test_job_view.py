"""The view of one job, in a bare page."""

from __future__ import annotations

from typing import Any

import pytest
from documents import ABSENT, IN_TOUCH, JOB_URL, STARTED, after, milliseconds

from browser.page import HEIGHT, ViewPage, show_static
from jobwidgets._display.job import static_html
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._widgets.job_updates import MOST_MESSAGES
from jobwidgets.dialects import find_dialect
from jobwidgets.errors import ProtocolError, ServerError

LIVES: list[tuple[str, str | None, str, dict[str, Any]]] = [
    ("queued", "0", "0 of 5 steps", {"status": "SUBMITTED", "stepsCompleted": 0}),
    ("running", "40", "2 of 5 steps", {"stepsCompleted": 2}),
    ("running", None, "unknown", {"stepsCompleted": ABSENT, "totalSteps": ABSENT}),
    ("PONDERING (unknown status)", "20", "1 of 5 steps", {"status": "PONDERING"}),
    ("succeeded", "100", "5 of 5 steps", {"status": "COMPLETED", "stepsCompleted": 5}),
    ("failed", "60", "3 of 5 steps", {"status": "FAILED", "stepsCompleted": 3}),
    ("cancelled", "20", "1 of 5 steps", {"status": "CANCELLED"}),
]
"""Words, value and words of the bar, changes of the document."""


def trouble(state: ContactState, **changes: Any) -> Contact:
    """Return a contact that failed, last heard at the job's start."""
    error = ServerError("502 Bad Gateway")
    return Contact(state, last_heard=STARTED, failures=2, error=error, **changes)


def at(view: ViewPage, seconds: float) -> None:
    """Set the page's clock to some seconds after the job's start, and let it go on."""
    view.page.clock.install(time=after(seconds))


def test_every_life(view: ViewPage) -> None:
    """Status, operation, id and a progress bar with its value in words, whatever the job does."""
    view.open()
    bar = view.page.get_by_role("progressbar", name="progress of the job")
    for words, value, steps, changes in LIVES:
        view.tell(**changes)
        assert (view.text("words"), view.text("kind"), view.text("id")) == (
            words,
            "addMission",
            "j1",
        )
        assert len(view.part("mark").text_content() or "") == 1
        assert view.root.get_attribute("data-status") == str(view.kernel.history.status)
        assert (bar.get_attribute("aria-valuenow"), bar.get_attribute("aria-valuetext")) == (
            value,
            steps,
        )
        assert (bar.get_attribute("data-unknown") is not None) is (value is None)


def test_links(view: ViewPage) -> None:
    """The id leads to the job's page, "results" to them once it has succeeded, each in a tab."""
    view.kernel.dialect = find_dialect("ogc")
    view.open()
    assert view.root.get_by_role("link").all_inner_texts() == ["j1"]
    view.tell(status="COMPLETED")
    for name, url in (("j1", JOB_URL), ("results", f"{JOB_URL}/results")):
        link = view.root.get_by_role("link", name=name)
        assert link.get_attribute("rel") == "noopener noreferrer"
        with view.page.context.expect_page() as opened:
            link.press("Enter")
        assert opened.value.url == url
    view.kernel.dialect = None
    view.tell(username="other")
    assert view.root.get_by_role("link").count() == 0
    assert view.text("id") == "j1"


def test_server_text_is_text(view: ViewPage) -> None:
    """A server's markup and what turns its text round are shown, and do nothing."""
    hostile = '<img src=x onerror="window.hacked = 1"><script>\u202ewindow.hacked = 1</script>'
    view.open(messages=[hostile], messageCodes=[hostile], type=hostile, username=hostile)
    assert view.root.inner_text().count("<img src=x") == 4
    assert view.root.inner_text().count("<script>\\u202e") == 4
    assert view.root.locator("img, script").count() == 0
    assert view.page.evaluate("() => window.hacked") is None


def test_elapsed_time_counts_on(view: ViewPage) -> None:
    """Time goes on in the browser alone, and stands still when the job has ended."""
    at(view, 0)
    view.open()
    view.sent()
    assert view.text("elapsed") == "0:00"
    view.page.clock.run_for(75_000)
    assert view.text("elapsed") in {"1:14", "1:15", "1:16"}
    assert view.sent() == []
    view.tell(status="COMPLETED", stepsCompleted=5, endTime=milliseconds(after(66.311)))
    assert view.text("elapsed") == "66.311 s"
    view.page.clock.run_for(5000)
    assert view.text("elapsed") == "66.311 s"


@pytest.mark.parametrize("hours", [0, 3, -3])
def test_sentences_go_on_by_themselves(view: ViewPage, hours: int) -> None:
    """Ages count on in the browser, however far its clock is from the kernel's."""
    at(view, 3600 * hours)
    view.kernel.contact = trouble(ContactState.RETRYING, next_try=after(10))
    view.kernel.now = after(2)
    view.open(messages=[])
    fine = "The job itself may be fine."
    expected = f"admin · No answer for 2 s (502 Bad Gateway). Trying again in 8 s. {fine}"
    assert view.text("line") == expected
    view.page.clock.run_for(5000)
    expected = f"admin · No answer for 7 s (502 Bad Gateway). Trying again in 3 s. {fine}"
    assert view.text("line") == expected
    view.page.clock.run_for(4000)
    expected = f"admin · No answer for 11 s (502 Bad Gateway). Trying again now. {fine}"
    assert view.text("line") == expected


def test_time_goes_on_while_the_machine_sleeps(view: ViewPage) -> None:
    """The browser's monotonic clock stands then; the next second shows the time that has passed."""
    at(view, 0)
    view.open()
    view.page.clock.run_for(2000)
    view.page.clock.set_system_time(after(3600))
    view.page.clock.run_for(1000)
    assert view.text("elapsed") in {"1:00:00", "1:00:01"}


def test_view_that_opens_late_tells_the_same(view: ViewPage) -> None:
    """A second view of a model counts from when the update came, not from when it was opened."""
    at(view, 0)
    view.open()
    view.page.clock.run_for(30_000)
    view.open()
    assert view.page.locator(".jobwidgets-elapsed").all_inner_texts() == ["0:30", "0:30"]
    assert view.text("line") == "admin · connected · unchanged for 30 s"


def test_buttons_tell_the_kernel(view: ViewPage) -> None:
    """Stop and resume are asked for once, and wait for the kernel's answer."""
    view.open()
    view.sent()
    view.root.get_by_role("button", name="stop watching").click()
    assert [one.get("act") for one in view.sent() if "act" in one] == ["stop"]
    assert view.part("action").first.is_disabled()
    view.kernel.contact = Contact(ContactState.STOPPED)
    view.tell()
    view.root.get_by_role("button", name="resume").click()
    assert [one.get("act") for one in view.sent() if "act" in one] == ["start"]
    view.tell(status="COMPLETED", stepsCompleted=5)
    assert not view.part("action").first.is_visible()


def test_focus_and_selection_are_told(view: ViewPage) -> None:
    """The kernel learns when the view is in use, and when no more."""
    view.open()
    view.sent()

    def uses() -> list[bool]:
        return list(view.page.evaluate("() => models[0].sent.map((one) => one.in_use)"))

    view.part("scroller").focus()
    view.until(lambda: uses() == [True], "the use")
    view.page.evaluate("() => document.activeElement.blur()")
    view.until(lambda: uses() == [True, False], "the end of it")


def test_closed_view_lets_go(view: ViewPage) -> None:
    """A removed view says so, and leaves no listener and no clock behind."""
    view.open()
    view.sent()
    view.page.evaluate("() => views.pop().close()")
    assert view.sent()[-1]["open"] is False
    assert view.page.evaluate("() => models[0].listeners.length") == 1  # when updates come
    view.tell(stepsCompleted=2)


# What a saved notebook keeps, and a kernel that is gone.


AGAIN = " · To keep this in the saved notebook, run this cell again."
BY_ITSELF = " · Inside another widget this is not saved with the notebook: show it by itself."


@pytest.mark.parametrize(
    ("page", "box", "words"),
    [
        ("jp-Notebook", "", AGAIN),
        ("jp-Notebook", "jupyter-widgets widget-container widget-box", BY_ITSELF),
        ("jp-Notebook voila", "", ""),
        ("", "", ""),
    ],
)
def test_view_that_no_freeze_reached(view: ViewPage, page: str, box: str, words: str) -> None:
    """A view that lives on after all were frozen says what to do, where a notebook can be saved."""
    at(view, 0)
    view.page.evaluate(
        "([page, box]) => { const [name, voila] = page.split(' '); document.body.className = name;"
        " if (voila) document.body.dataset.voila = voila;"
        " document.querySelector('main').className = box; }",
        [page, box],
    )
    view.open(status="COMPLETED", stepsCompleted=5)
    view.page.clock.run_for(5000)
    view.kernel.is_kept = True
    view.tell()
    assert view.text("line") == "admin"
    view.page.clock.run_for(5000)
    assert view.text("line") == f"admin{words}"


@pytest.mark.parametrize("how", ["restart", "shutdown", "dead"])
def test_kernel_that_is_gone(view: ViewPage, how: str) -> None:
    """Without a kernel the view tells what was last known, as such, and its clocks stand."""
    at(view, 0)
    view.open(stepsCompleted=2)
    view.page.evaluate("() => { models[0].widget_manager = { kernel: { status: 'idle' } }; }")
    view.page.clock.run_for(3000)
    assert view.text("words") == "running"
    view.page.evaluate(
        {
            "restart": "() => { models[0].isGone = true; models[0].trigger('comm_live_update'); }",
            "shutdown": "() => { delete models[0].widget_manager.kernel; }",
            "dead": "() => { models[0].widget_manager.kernel.status = 'dead'; }",
        }[how]
    )
    view.page.clock.run_for(2000)
    assert view.text("words") == "running (last known)"
    assert view.text("line") == "admin · The kernel is gone: this is what was last known."
    assert not view.part("action").first.is_visible()
    stood = view.text("elapsed")
    view.page.clock.run_for(60_000)
    assert view.text("elapsed") == stood


def test_rows_that_will_not_come(view: ViewPage) -> None:
    """What was not here when the kernel went is said not to be kept."""
    view.open(messages=[f"message {n}" for n in range(2 * MOST_MESSAGES)])
    view.scroll(0)
    first = view.root.locator("tbody tr .jobwidgets-body").first
    assert first.inner_text() == "not here yet"
    view.page.evaluate("() => { models[0].isGone = true; models[0].trigger('comm_live_update'); }")
    assert first.inner_text() == "not kept"


def test_kernel_that_comes_back(view: ViewPage) -> None:
    """When messages can be sent again, the view goes on."""
    view.open()
    view.page.evaluate(
        "() => { models[0].isGone = true; models[0].trigger('comm_live_update');"
        " models[0].isGone = false; }"
    )
    assert view.text("words") == "running (last known)"
    view.page.evaluate("() => models[0].trigger('comm_live_update')")
    assert view.text("words") == "running"


def test_ended_job_outlives_its_kernel(view: ViewPage) -> None:
    """What has ended is known for good: there is nothing to say of the kernel."""
    at(view, 0)
    view.open(status="COMPLETED", stepsCompleted=5)
    view.page.evaluate("() => { models[0].isGone = true; models[0].trigger('comm_live_update'); }")
    view.page.clock.run_for(2000)
    assert (view.text("words"), view.text("line")) == ("succeeded", "admin")


# How it looks.


def test_nothing_sticks_out(view: ViewPage) -> None:
    """However narrow the page, nothing is wider than it, and messages have room."""
    view.kernel.contact = trouble(ContactState.RETRYING, next_try=after(100))
    view.open(messages=[f"message {n} " * 10 for n in range(20)], stepsCompleted=2)
    for width in (320, 400, 800):
        view.page.set_viewport_size({"width": width, "height": 700})
        view.until(
            lambda: (view.root.get_attribute("data-narrow") is not None) is (width < 480),  # noqa: B023
            "narrow",
        )
        page = "() => [document.documentElement.scrollWidth, innerWidth]"
        assert view.page.evaluate(page) == [width, width]
        text = view.root.locator("th.jobwidgets-text").bounding_box()
        assert text is not None
        assert text["width"] >= 150


def test_updates_move_nothing(view: ViewPage) -> None:
    """From the first message on, an update moves no part and no column that is there already."""
    view.open(messages=["one"], stepsCompleted=1)
    parts = ("words", "elapsed", "bar", "line", "scroller")

    def places() -> list[float]:
        boxes = [view.part(part).first.bounding_box() for part in parts]
        columns = view.root.locator("th").evaluate_all(
            "all => all.map((n) => n.getBoundingClientRect().x)"
        )
        return [*(box["y"] for box in boxes if box is not None), *columns]

    before = places()
    assert len(before) == len(parts) + 5
    assert not view.root.get_by_role("searchbox").is_visible()
    view.tell(messages=[f"message {n}" for n in range(50)], stepsCompleted=4)
    assert view.root.get_by_role("searchbox").is_visible()
    view.tell(status="COMPLETED", messages=[f"message {n}" for n in range(60)], stepsCompleted=5)
    assert places() == before


@pytest.mark.parametrize("count", [3, 5000])
def test_end_moves_nothing(view: ViewPage, count: int) -> None:
    """The frozen form takes no more room than the live one, and shows the same messages."""
    view.open(messages=[f"message {n}" for n in range(count)], status="FAILED")
    live = view.root.evaluate(HEIGHT)
    frozen = show_static(view.page, static_html(view.kernel.history, view.kernel.contact))
    assert live / 1.25 < frozen.evaluate(HEIGHT) < live * 1.25
    last = frozen.locator("tr").last
    assert last.inner_text().endswith(f"message {count - 1}")
    box, row = frozen.locator("[tabindex]").bounding_box(), last.bounding_box()
    assert box is not None
    assert row is not None
    assert abs(row["y"] + row["height"] - box["y"] - box["height"]) < 2


# Out of contact.


def test_out_of_contact(view: ViewPage) -> None:
    """After two failures and 5 s the job is grey and last known, and its clock and bar stand."""
    at(view, 0)
    view.open(stepsCompleted=ABSENT, totalSteps=ABSENT)
    view.kernel.contact = trouble(ContactState.RETRYING, stale_from=after(5), next_try=after(60))
    view.kernel.now = after(1)
    view.tell()
    view.page.clock.run_for(2000)
    assert (view.text("mark"), view.text("words")) == ("▸", "running")
    view.page.clock.run_for(3000)
    assert (view.text("mark"), view.text("words")) == ("?", "running (last known)")
    assert view.root.get_attribute("data-status") == ""
    stood = view.text("elapsed")
    view.page.clock.run_for(30_000)
    assert view.text("elapsed") == stood
    fill = view.part("fill").first
    assert fill.evaluate("fill => getComputedStyle(fill).animationName") == "none"
    view.sent()
    view.root.get_by_role("button", name="try now").click()
    assert [one.get("act") for one in view.sent() if "act" in one] == ["try"]
    view.kernel.contact = IN_TOUCH
    view.tell()
    assert (view.text("mark"), view.text("words")) == ("▸", "running")


def test_what_only_the_user_can_mend(view: ViewPage) -> None:
    """Such an error is a state of its own with its remedy, and looks like no loading."""
    text = "the server speaks https at this port: write https:// in the URL"
    view.open()
    view.kernel.contact = Contact(ContactState.LOST, failures=1, error=ProtocolError(text))
    view.kernel.history = JobHistory("j1")
    view.page.evaluate("update => models[0].put('_update', update)", view.kernel.next())
    assert (view.text("mark"), view.text("words")) == ("!", "wrong protocol")
    assert view.text("line") == f"{text[:1].upper()}{text[1:]}."
    assert view.root.get_attribute("data-status") == "blocked"
    assert view.part("bar").first.get_attribute("data-unknown") is None
    assert view.root.get_by_role("button", name="try now").is_visible()
