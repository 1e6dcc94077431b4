"""Which jobs of a board are selected, as it crosses between its views and the kernel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Selection:
    """The selected jobs, and who chose them.

    Parameters
    ----------
    indexes
        In the order of the board.
    view
        The view that chose them; "" for Python.
    turn
        The number of that choice among the view's own: the view ignores answers to its earlier
        choices.
    """

    indexes: tuple[int, ...] = ()
    view: str = ""
    turn: int = 0

    def json(self) -> dict[str, Any]:
        """Return it as it crosses to the browser, the indexes as ranges ``[from, to]``."""
        return {"view": self.view, "turn": self.turn, "ranges": _ranges(self.indexes)}


def selection(request: dict[str, Any], count: int) -> Selection:
    """Return what a view's message selects among so many jobs; what is invalid is left out."""
    turn = request.get("turn")
    return Selection(
        tuple(indexes_in(request.get("select"), count)),
        str(request.get("view")),
        turn if type(turn) is int else 0,
    )


def indexes_in(ranges: object, count: int) -> list[int]:
    """Return the indexes of ranges ``[from, to]`` that are below `count`, in order, once each."""
    found: set[int] = set()
    for one in ranges if isinstance(ranges, list) else []:
        if isinstance(one, list) and len(one) == 2 and all(type(end) is int for end in one):
            found.update(range(max(one[0], 0), min(one[1], count)))
    return sorted(found)


def _ranges(indexes: Iterable[int]) -> list[list[int]]:
    ranges: list[list[int]] = []
    for index in indexes:
        if ranges and ranges[-1][1] == index:
            ranges[-1][1] += 1
        else:
            ranges.append([index, index + 1])
    return ranges
