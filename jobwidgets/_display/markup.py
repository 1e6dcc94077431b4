"""HTML that reads well wherever a notebook is shown: its styles, its table, its escaping.

Style sheets, scripts, ARIA attributes and CSS variables are taken out of an untrusted notebook in
JupyterLab, by nbviewer and GitHub: so these are native elements, and inline styles whose colours
hold on light and on dark. All text from a server is escaped here, in `escaped`.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import TypeVar

from jobwidgets._display.words import LONGEST_TEXT
from jobwidgets._visible import visible

T = TypeVar("T")
_ONE_LINE = str.maketrans("\n\t", "  ")

FIRST, LAST = 50, 450
"""How many rows are shown of a list that is longer than both together."""
_MOST_TEXT = 200_000
"""Characters of all messages of a static form, about; each may have a thousand."""

ROOT = "font-size:13px;line-height:20px;max-width:1200px"
ROW = "display:flex;flex-wrap:wrap;align-items:center;line-height:20px;margin:0"
GAP = "margin:0 12px 0 0"
MUTED = "opacity:0.75"
# Front ends style tables by themselves (stripes, equal widths, right alignment): undone here.
TABLE = (
    "width:100%;table-layout:auto;margin:4px 0 0 0;border:0;border-collapse:collapse;font-size:13px"
)
TR = "background-color:transparent"
CELL = (
    "text-align:left;vertical-align:top;line-height:20px;font-weight:400;white-space:normal;"
    "padding:2px 12px 2px 0;border:0;border-bottom:1px solid rgba(128,128,128,0.35)"
)
NUMBER = CELL.replace("left", "right", 1).replace("normal", "nowrap") + f";width:1%;{MUTED}"
WORD = CELL.replace("normal", "nowrap") + f";width:1%;{MUTED}"
TEXT = f"{CELL};overflow-wrap:anywhere"


def escaped(text: object) -> str:
    """Return a text of anyone's as HTML, in an element or an attribute."""
    return html.escape(str(text), quote=True)


def page(title: str, content: str) -> str:
    """Return a static form as a page of its own, complete without a network, light and dark."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escaped(title)}</title>"
        "<style>:root{color-scheme:light dark}body{margin:24px;font-family:system-ui,sans-serif}"
        f"</style></head><body>{content}</body></html>\n"
    )


def plain(line: str) -> str:
    """Return one line of a text for a terminal."""
    return visible(line).translate(_ONE_LINE)


def mark(shape: str, colour: str) -> str:
    """Return the shape of a status, in its colour."""
    style = (
        "display:inline-block;width:18px;line-height:18px;text-align:center;border-radius:9px;"
        f"margin:0 8px 0 0;color:#ffffff;background-color:{colour}"
    )
    return f'<span style="{style}">{shape}</span>'


def box(content: str, height: int, *, shows_end: bool = False) -> str:
    """Return content that scrolls where it is higher than a live view's box, in pixels.

    The frozen form is no higher than the live one: nothing below it moves.

    Parameters
    ----------
    shows_end
        Whether the end is in sight at first, as where a live view follows the newest.
    """
    style = f"max-height:{height}px;overflow:auto"
    if shows_end:  # what is laid out from the end is scrolled to it, without a script
        style += ";display:flex;flex-direction:column-reverse"
        content = f'<div style="flex:none">{content}</div>'
    return f'<div tabindex="0" style="{style}">{content}</div>'


def link(content: str, url: str | None) -> str:
    """Return HTML as a link that opens in a tab of its own; as it is without a URL."""
    if url is None:
        return content
    style = "color:inherit;text-decoration:underline"
    others = f'target="_blank" rel="noopener noreferrer" style="{style}"'
    return f'<a href="{escaped(url)}" {others}>{content}</a>'


def line(text: str) -> str:
    """Return a line of less weight; "" for no text."""
    return f'<div style="{MUTED}">{escaped(text)}</div>' if text else ""


def first_and_last(rows: Sequence[T], last: int = LAST) -> Iterator[T | int]:
    """Yield the rows to show, and in the place of the others how many they are."""
    hidden = len(rows) - FIRST - last
    if hidden <= 0:
        yield from rows
        return
    yield from rows[:FIRST]
    yield hidden
    yield from rows[-last:]


def longest_text(rows: int) -> int:
    """Return how many characters each of so many messages may have."""
    return min(LONGEST_TEXT, max(1000, _MOST_TEXT // max(min(rows, FIRST + LAST), 1)))
