from __future__ import annotations

from collections.abc import Iterator

import pytest
from shells import CellShell, shell

from jobwidgets._widgets.notebook import GRACE, LONGEST_GRACE, RETRY, Displays

LIVE = {"text/plain": "live"}
FROZEN = {"text/plain": "frozen"}


@pytest.fixture
def notebook() -> Iterator[CellShell]:
    """Return a shell that keeps what is displayed."""
    with shell() as running:
        yield running


def test_every_output_is_frozen_once(notebook: CellShell) -> None:
    """Each display is an output of its own; each is updated one time."""
    displays = Displays()
    displays.show(LIVE)
    displays.show(LIVE)
    displays.freeze(FROZEN)
    displays.freeze(FROZEN)
    shown, updates = notebook.outputs[:2], notebook.outputs[2:]
    assert [out["update"] for out in shown] == [False, False]
    assert [out["data"] for out in updates] == [FROZEN, FROZEN]
    ids = [out["transient"]["display_id"] for out in notebook.outputs]
    assert len(set(ids)) == 2
    assert ids[:2] == ids[2:]


def test_nothing_displayed_is_nothing_to_freeze() -> None:
    """A widget that was never displayed is not frozen."""
    assert Displays().delay(0) is None


def test_without_a_view_it_is_frozen_at_once(notebook: CellShell) -> None:
    """A notebook that runs without a front end is frozen when the job ends."""
    displays = Displays()
    displays.show(LIVE)
    assert displays.delay(0) == 0


def test_a_view_is_left_a_while(notebook: CellShell) -> None:
    """A view on a screen shows the end before it is replaced."""
    displays = Displays()
    displays.show(LIVE)
    displays.note_view("a", is_open=True, is_in_use=False)
    assert displays.delay(0.5) == GRACE - 0.5
    assert displays.delay(GRACE + 1) == 0
    displays.note_view("a", is_open=False, is_in_use=False)
    assert displays.delay(0.5) == 0


def test_a_view_in_use_is_left_longer(notebook: CellShell) -> None:
    """Focus or a selection in a view keeps it live, but not for ever."""
    displays = Displays()
    displays.show(LIVE)
    displays.note_view("a", is_open=True, is_in_use=True)
    assert displays.delay(GRACE + 1) == RETRY
    assert displays.delay(LONGEST_GRACE) == 0
    displays.note_view("a", is_open=True, is_in_use=False)
    assert displays.delay(GRACE + 1) == 0
