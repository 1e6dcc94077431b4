from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from shells import CellShell, shell

from jobwidgets._watch.poller import poller
from jobwidgets._widgets.live import LiveWidget

VIEW = "application/vnd.jupyter.widget-view+json"


class Numbers:
    """Updates that tell a number when it has changed."""

    def __init__(self) -> None:
        self.told: tuple[int, bool] | None = None
        self.has_more = False

    def next(self, number: int, *, is_kept: bool) -> dict[str, Any] | None:
        """Return the number, unless it was told."""
        if (number, is_kept) == self.told:
            return None
        self.told = (number, is_kept)
        return {"number": number, "kept": is_kept}

    def whole(self, number: int, *, is_kept: bool) -> dict[str, Any]:
        """Return the number, and that this is all."""
        return {"number": number, "kept": is_kept, "whole": True}


class Number(LiveWidget):
    """Shows a number until it is zero."""

    _esm = "export default {}"
    _updates: Any

    def __init__(self, number: int) -> None:
        self.number = number
        self.heard: list[Any] = []
        self.has_left = False
        self._updates = Numbers()
        super().__init__(freeze=True)

    def _facts(self) -> tuple[Any, ...]:
        return (self.number,)

    def _static_bundle(self) -> dict[str, Any]:
        return {"text/plain": f"number {self.number}"}

    def _is_over(self) -> bool:
        return self.number == 0

    def _handle(self, content: dict[str, Any]) -> None:
        self.heard.append(content)

    def _release(self) -> None:
        self.has_left = True


@pytest.fixture
def notebook() -> Iterator[CellShell]:
    """Return a shell that keeps what is displayed."""
    with shell() as running:
        yield running


@pytest.fixture
def number(notebook: CellShell) -> Iterator[Number]:
    """Return a widget that is closed in the end."""
    made = Number(3)
    yield made
    made.close()


def settled() -> None:
    """Return when the poller has done what it was told."""
    poller().thread.do(lambda: None)


def tell(number: Number, value: int) -> None:
    """Change the number, and let the views know at once."""
    number.number = value
    poller().thread.do(number._update_views)
    poller().thread.do(number._throttle.flush)


def test_tells_what_is_new_only(number: Number) -> None:
    """The first update is there at once; the same number again is told to nobody."""
    assert number._update == {"number": 3, "kept": False}
    told: list[Any] = []
    number.observe(lambda change: told.append(change["new"]["number"]), "_update")
    for value in (3, 4, 4, 5):
        tell(number, value)
    assert told == [4, 5]


def test_page_that_opens_gets_the_whole(number: Number) -> None:
    """The whole state has what needs no other update before; a single trait is as it was told."""
    assert number.get_state()["_update"]["whole"]
    assert "whole" not in number.get_state("_update")["_update"]


def test_what_a_view_says_is_heard_until_the_end(number: Number) -> None:
    """A view is listened to on the poller's thread; odd contents and late ones are no harm."""
    for content in (None, 7, {"view": "v", "act": "stop"}):
        number._on_view_message(number, content, [])
    settled()
    number.close()
    number._on_view_message(number, {"view": "v"}, [])
    settled()
    assert number.heard == [{"view": "v", "act": "stop"}]


def test_closed_whole(number: Number) -> None:
    """Closing leaves neither a model nor a layout open, and lets go of the jobs."""
    layout = number.layout
    number.close()
    assert (number.comm, layout.comm, number.has_left) == (None, None, True)


def test_displayed_live_then_frozen(notebook: CellShell, number: Number) -> None:
    """The output is the live view with the static form, and at the end the static form alone."""
    number._ipython_display_()
    settled()
    (shown,) = notebook.outputs
    assert set(shown["data"]) == {VIEW, "text/plain"}
    tell(number, 0)
    display_id = shown["transient"]["display_id"]
    assert notebook.last_of(display_id) == {"text/plain": "number 0"}
    poller().thread.do(number._throttle.flush)
    assert number._update == {"number": 0, "kept": True}


def test_displayed_after_the_end(notebook: CellShell) -> None:
    """What is over, or closed, is displayed in its static form at once."""
    over, closed = Number(0), Number(3)
    closed.close()
    for widget in (over, closed):
        widget._ipython_display_()
    over.close()
    assert [set(output["data"]) for output in notebook.outputs] == [{"text/plain"}] * 2
