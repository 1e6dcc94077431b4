"""Which widget stands in which notebook cell, so that running a cell again replaces it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakMethod

from IPython.core.getipython import get_ipython


@dataclass(slots=True)
class _Cell:
    execution: str
    closers: list[WeakMethod[Callable[[], None]]] = field(default_factory=list)


_cells: dict[str, _Cell] = {}


def replace_in_cell(close: Callable[[], None]) -> None:
    """Close what an earlier execution of the running cell made, and note a new `close` for it.

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
