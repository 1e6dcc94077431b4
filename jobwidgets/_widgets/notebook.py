"""The notebook around a widget: outputs that are frozen, cells that are run again, comms.

A saved notebook keeps no live widget: JupyterLab shows an error in its place. So an output is
frozen, that is updated once from the widget's view to plain HTML and text.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakMethod

from IPython.core.getipython import get_ipython
from IPython.display import display

GRACE = 2.0
"""Seconds that a view on a screen stays live after the end, so that the end is seen coming."""
RETRY = 0.5
"""Seconds until a view with the focus or a selection in it is looked at again."""
LONGEST_GRACE = 60.0
"""Seconds after which an output is frozen even so."""

Bundle = Mapping[str, Any]
"""MIME type → content."""


# Outputs


class Displays:
    """The outputs of one widget, and the views that a front end has opened of it."""

    def __init__(self) -> None:
        self._publishers: dict[str, Any] = {}  # by the ids of the displays
        self._views: set[str] = set()
        self._in_use: set[str] = set()

    def show(self, bundle: Bundle) -> None:
        """Display `bundle` in the running cell's output, to be frozen later."""
        display_id, publisher = uuid.uuid4().hex, getattr(get_ipython(), "display_pub", None)
        display(bundle, raw=True, display_id=display_id)
        if publisher is not None:  # else this is no notebook, and the text was printed
            self._publishers[display_id] = publisher

    def note_view(self, view: str, *, is_open: bool, is_in_use: bool) -> None:
        """Note whether a view is open, and whether it has the focus or a selection."""
        (self._views.add if is_open else self._views.discard)(view)
        (self._in_use.add if is_open and is_in_use else self._in_use.discard)(view)

    def delay(self, since_end: float) -> float | None:
        """Return the seconds until the outputs may be frozen; None when there is none to freeze.

        Parameters
        ----------
        since_end
            Seconds since the job ended.
        """
        if not self._publishers:
            return None
        if not self._views or since_end >= LONGEST_GRACE:
            return 0.0
        if self._in_use:
            return RETRY
        return max(GRACE - since_end, 0.0)

    def freeze(self, bundle: Bundle) -> None:
        """Update every output to `bundle`, for good."""
        publishers, self._publishers = self._publishers, {}
        for display_id, publisher in publishers.items():
            transient = {"display_id": display_id}
            for one in _publishers_of(publisher):
                one.publish(data=dict(bundle), transient=transient, update=True)


def _publishers_of(displayed: Any) -> list[Any]:
    """Return where an output is updated that was displayed by this publisher.

    A cell that captures its output (``%%capture``, ``capture_output``) replaces the publisher
    while it runs: the update of another cell's output must not be captured. What was captured
    itself may have been shown since, by the shell's own publisher.
    """
    shell = get_ipython()
    current = getattr(shell, "display_pub", displayed)
    is_own = type(current) is getattr(shell, "display_pub_class", None)
    return [displayed, current] if is_own and current is not displayed else [displayed]


# Cells


@dataclass(slots=True)
class _Cell:
    """What one execution of a cell has made."""

    execution: str
    closers: list[WeakMethod[Callable[[], None]]] = field(default_factory=list)


_cells: dict[str, _Cell] = {}


def replace_in_cell(close: Callable[[], None]) -> None:
    """Close what an earlier execution of the running cell made; note `close` for the next one.

    Parameters
    ----------
    close
        A bound method; its object is not kept alive. Where the front end tells no cell id
        (``cellId`` in the metadata of JupyterLab's execute requests), nothing is noted or closed.
    """
    cell_id, execution = _running_cell()
    if cell_id is None:
        return
    cell = _cells.get(cell_id)
    if cell is None or cell.execution != execution:
        _cells[cell_id] = _Cell(execution)
        for reference in cell.closers if cell is not None else []:
            close_old = reference()
            if close_old is not None:
                close_old()
    _cells[cell_id].closers.append(WeakMethod(close))


def _running_cell() -> tuple[str | None, str]:
    """Return the running cell's id and its execution's; None where there is no cell id."""
    get_parent = getattr(get_ipython(), "get_parent", None)
    parent: dict[str, Any] = (get_parent() if get_parent is not None else None) or {}
    cell_id = (parent.get("metadata") or {}).get("cellId")
    execution = str((parent.get("header") or {}).get("msg_id"))
    return cell_id if isinstance(cell_id, str) else None, execution


# Comms


def answer_while_a_cell_runs(comm: Any) -> None:
    """Let clicks arrive on JupyterLab's subshell although a cell runs in the main one.

    ipykernel 7.4 routes them to the shell that published last, where they wait for the cell. The
    route is private, so it is changed only where it is found.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default
