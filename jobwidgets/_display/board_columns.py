"""The columns of a board's static form, by inline styles alone: pure functions."""

from __future__ import annotations

CUT = "overflow:hidden;text-overflow:ellipsis"
CELL = f"text-align:left;line-height:20px;padding:4px 12px 3px 0;white-space:nowrap;{CUT}"
WIDTHS = {
    "status": 172,
    "kind": 100,
    "job": 108,
    "steps": 52,
    "started": 124,
    "time": 72,
    "owner": 72,
    "contact": 100,
}  # px, much as in _views/board.css; the last message takes the rest
# As in the live view these are left out where there is little room, the first one last: each grows
# into what is left before the next one does, and its text wraps out of sight unless it fits.
_GROWTH = {"started": 1_000_000, "kind": 10_000, "owner": 100}
_STRUT = '<span style="display:inline-block;vertical-align:top;height:23px"></span>'


def column_style(name: str) -> str:
    """Return the style of a cell."""
    width = WIDTHS.get(name)
    # What lies beside it takes a line of its own, where this column had less than its width.
    if width is None:
        return f"{CELL};flex:1 1 80px"
    if name not in _GROWTH:
        return f"{CELL};width:{width}px"
    room = f"flex:{_GROWTH[name]} 1 0px;max-width:{width}px;height:20px"
    return f"{CELL.replace('nowrap', 'normal')};{room}"


def fitted(name: str, html: str) -> str:
    """Return the content of a cell, out of sight where the column is left out."""
    if name not in _GROWTH:
        return html
    style = f"display:inline-block;vertical-align:top;width:{WIDTHS[name] - 2}px"
    if name != "started":  # whose text is never longer
        style += f";white-space:nowrap;{CUT}"
    return f'{_STRUT}<span style="{style}">{html}</span>'
