"""The notebook around a widget: its cells, which end and are run again, and its comms."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakMethod

from IPython.core.getipython import get_ipython

# https://nbformat.readthedocs.io/en/latest/format_description.html#cell-ids; VS Code's is a URI.
_JUPYTERS_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


# Cells


@dataclass(frozen=True, slots=True)
class RunningCell:
    """The cell that is run, as its request tells.

    Parameters
    ----------
    id
        None where the front end tells none (``cellId`` in the metadata of JupyterLab's requests).
    execution
        The id of the request.
    is_unattended
        Whether nobody can answer `input`: so run nbclient, papermill, nbconvert, nbval and Voila.
        They take no update of an output between two cells.
    """

    id: str | None = None
    execution: str = ""
    is_unattended: bool = False

    @property
    def is_jupyters(self) -> bool:
        """Whether outputs stand below each other in JupyterLab's own elements."""
        has_own_id = self.id is not None and _JUPYTERS_ID.fullmatch(self.id) is not None
        return has_own_id or self.is_unattended


def running_cell() -> RunningCell:
    """Return the cell that is run by this shell."""
    get_parent = getattr(get_ipython(), "get_parent", None)
    parent: dict[str, Any] = (get_parent() if get_parent is not None else None) or {}
    cell_id = (parent.get("metadata") or {}).get("cellId")
    execution = str((parent.get("header") or {}).get("msg_id"))
    is_unattended = (parent.get("content") or {}).get("allow_stdin") is False
    return RunningCell(cell_id if isinstance(cell_id, str) else None, execution, is_unattended)


class CellRuns:
    """Whether a cell is running, and what is called as each of them ends.

    Parameters
    ----------
    at_end
        Called on the cell's own thread, and is a part of its run.
    """

    def __init__(self, at_end: Callable[[], object]) -> None:
        self._at_end = at_end
        self._shell: Any = None
        self.is_running = False

    def follow(self) -> None:
        """Follow the cells of this shell, from the running one on."""
        shell = get_ipython()
        if shell is None or shell is self._shell:
            return
        self._shell, self.is_running = shell, True
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._end)

    def _begin(self, _: object) -> None:
        self.is_running = True

    def _end(self, _: object) -> None:
        try:
            self._at_end()
        finally:
            self.is_running = False


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
        A bound method; its object is not kept alive. Where the front end tells no cell id nothing
        is noted or closed.
    """
    running = running_cell()
    if running.id is None:
        return
    cell = _cells.get(running.id)
    if cell is None or cell.execution != running.execution:
        _cells[running.id] = _Cell(running.execution)
        for reference in cell.closers if cell is not None else []:
            close_old = reference()
            if close_old is not None:
                close_old()
    _cells[running.id].closers.append(WeakMethod(close))


# Comms


def answer_while_a_cell_runs(comm: Any) -> None:
    """Let clicks arrive on JupyterLab's subshell although a cell runs in the main one.

    ipykernel 7.4 routes them to the shell that published last, where they wait for the cell. The
    route is private, so it is changed only where it is found.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default
