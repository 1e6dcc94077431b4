from __future__ import annotations

from collections.abc import Iterator

import pytest
from shells import CellShell, shell

from jobwidgets._widgets.notebook import replace_in_cell


class Closable:
    """A thing that a cell makes."""

    def __init__(self) -> None:
        self.is_closed = False

    def close(self) -> None:
        """Note that it was closed."""
        self.is_closed = True


@pytest.fixture
def cells() -> Iterator[CellShell]:
    """Return a shell that says which cell is running."""
    with shell() as running:
        yield running


def made() -> Closable:
    """Make a thing in the running cell."""
    thing = Closable()
    replace_in_cell(thing.close)
    return thing


def test_running_a_cell_again_closes_what_it_made(cells: CellShell) -> None:
    """The same cell id with a newer execution closes everything of the older one."""
    cells.run("a cell of this test", "execution 1")
    old = [made(), made()]
    cells.run("a cell of this test", "execution 2")
    new = made()
    assert [thing.is_closed for thing in [*old, new]] == [True, True, False]


def test_one_execution_makes_many(cells: CellShell) -> None:
    """What one execution of a cell makes stays side by side."""
    cells.run("a loop", "execution 1")
    things = [made(), made(), made()]
    assert not any(thing.is_closed for thing in things)


def test_another_cell_closes_nothing(cells: CellShell) -> None:
    """A cell closes only its own."""
    cells.run("one", "execution 1")
    first = made()
    cells.run("other", "execution 2")
    made()
    assert not first.is_closed


@pytest.mark.parametrize("parent", [{}, {"header": {}, "metadata": {}}, {"metadata": None}])
def test_without_a_cell_id_nothing_is_closed(cells: CellShell, parent: dict[str, object]) -> None:
    """A front end that tells no cell id gets no replacement."""
    cells.parent = parent
    first = made()
    second = made()
    assert not first.is_closed
    assert not second.is_closed


def test_without_a_shell_nothing_happens() -> None:
    """In plain Python there are no cells."""
    assert not made().is_closed


def test_what_is_forgotten_is_not_kept_alive(cells: CellShell) -> None:
    """A thing that nobody holds any more is not closed, and raises nothing."""
    cells.run("forgetful", "execution 1")
    made()
    cells.run("forgetful", "execution 2")
    assert not made().is_closed
