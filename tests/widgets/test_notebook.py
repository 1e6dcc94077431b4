from __future__ import annotations

from types import SimpleNamespace

import pytest
from shells import CellShell

from jobwidgets._widgets.notebook import answer_while_a_cell_runs, replace_in_cell


class Closable:
    """A thing that the running cell makes."""

    def __init__(self) -> None:
        self.is_closed = False
        replace_in_cell(self.close)

    def close(self) -> None:
        """Note that it was closed."""
        self.is_closed = True


@pytest.mark.parametrize(
    ("first", "second", "is_closed"),
    [
        (("a", "execution 1"), ("a", "execution 2"), True),
        (("b", "execution 1"), ("b", "execution 1"), False),
        (("c", "execution 1"), ("d", "execution 2"), False),
        ((None, "execution 1"), (None, "execution 2"), False),
    ],
)
def test_cell_replaces_what_its_earlier_execution_made(
    notebook: CellShell,
    first: tuple[str | None, str],
    second: tuple[str | None, str],
    is_closed: bool,
) -> None:
    """Only the same cell with a newer execution closes; what nobody holds is no harm."""
    notebook.run(*first)
    old = [Closable(), Closable()]
    Closable()
    notebook.run(*second)
    new = Closable()
    assert [thing.is_closed for thing in [*old, new]] == [is_closed, is_closed, False]


@pytest.mark.parametrize("parent", [{}, {"header": {}, "metadata": {}}, {"metadata": None}])
def test_cell_that_tells_no_id_replaces_nothing(
    notebook: CellShell, parent: dict[str, object]
) -> None:
    """A front end that tells no cell id gets no replacement."""
    notebook.parent = parent
    assert not [thing for thing in (Closable(), Closable()) if thing.is_closed]


def test_without_a_shell_nothing_happens() -> None:
    """In plain Python there are no cells."""
    assert not Closable().is_closed


def test_clicks_keep_the_route_that_the_front_end_chose() -> None:
    """Where a kernel chooses the shell of an answer the default stays; other comms get nothing."""
    comm, other = (
        SimpleNamespace(_reply_subshell_for=lambda *_: "the main shell"),
        SimpleNamespace(),
    )
    answer_while_a_cell_runs(comm)
    answer_while_a_cell_runs(other)
    assert comm._reply_subshell_for({}, "a subshell") == "a subshell"
    assert vars(other) == {}
