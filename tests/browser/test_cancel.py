"""The button that cancels a job, in a real browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from documents import STARTED

from browser.page import ViewPage
from jobwidgets import RefusedError
from jobwidgets._model.cancel import Cancel

QUESTION = "cancel the job on the server?"


@pytest.fixture
def view(view: ViewPage) -> ViewPage:
    """Return a view of a job whose server can cancel it."""
    view.kernel.history.can_cancel = True
    return view


def acts(view: ViewPage) -> list[str]:
    """Return what the view has asked for."""
    return [content["act"] for content in view.sent() if "act" in content]


def test_not_offered(view: ViewPage) -> None:
    """Where the server cannot cancel, or the job has ended, there is no such button."""
    view.kernel.history.can_cancel = False
    view.open()
    button = view.root.get_by_role("button", name="cancel job")
    assert button.count() == 0
    view.kernel.history.can_cancel = True
    view.tell(stepsCompleted=2)
    assert button.is_visible()
    view.tell(status="COMPLETED")
    assert button.count() == 0


def test_by_keyboard(view: ViewPage) -> None:
    """The confirmation stands in the button's place, and is gone through by keyboard alone."""
    view.open()
    button = view.root.get_by_role("button", name="cancel job")
    group = view.root.get_by_role("group", name=QUESTION)
    no, yes = (group.get_by_role("button", name=name, exact=True) for name in ("no", "yes, cancel"))
    button.focus()
    view.page.keyboard.press("Enter")
    assert (group.is_visible(), button.is_visible()) == (True, False)
    assert no.evaluate("no => no === document.activeElement")  # a second Enter cancels nothing
    view.page.keyboard.press("Enter")
    assert button.evaluate("button => button === document.activeElement")
    assert acts(view) == []
    view.page.keyboard.press("Enter")
    view.page.keyboard.press("Shift+Tab")
    assert yes.evaluate("yes => yes === document.activeElement")
    view.page.keyboard.press("Enter")
    assert acts(view) == ["cancel"]
    assert button.is_visible()


def test_what_becomes_of_it(view: ViewPage) -> None:
    """It is told that the job was asked to be cancelled, why it was not, and that it was late."""
    view.open()
    view.kernel.history.cancel = Cancel(STARTED, is_sent=True)
    view.tell(stepsCompleted=2)
    assert "It was asked to be cancelled at " in view.text("cancelled")
    assert view.root.get_by_role("button", name="cancel job").count() == 0
    view.kernel.history.cancel = Cancel(STARTED, error=RefusedError("403 <b>not yours</b>"))
    view.tell(stepsCompleted=3)
    assert view.text("cancelled") == "Not cancelled: 403 <b>not yours</b>"
    assert view.root.get_by_role("button", name="cancel job").is_visible()
    view.kernel.history.cancel = Cancel(STARTED + timedelta(seconds=9), is_sent=True)
    view.tell(status="COMPLETED")
    assert view.text("cancelled") == "It had ended before it could be cancelled."


def test_end_while_it_is_asked(view: ViewPage) -> None:
    """A job that ends while the reader is asked takes the question away, and keeps the focus."""
    view.open()
    view.root.get_by_role("button", name="cancel job").click()
    view.tell(status="COMPLETED")
    assert view.root.get_by_role("group", name=QUESTION).count() == 0
    assert view.root.evaluate("root => root === document.activeElement")
