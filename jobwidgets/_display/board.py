"""A board of jobs as plain HTML and plain text: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jobwidgets._display.job import messages_html
from jobwidgets._display.markup import (
    GAP,
    MUTED,
    ROOT,
    ROW,
    TABLE,
    escaped,
    first_and_last,
    line,
    mark,
    plain,
)
from jobwidgets._display.sentences import list_last_known
from jobwidgets._display.times import counted
from jobwidgets._display.words import (
    Shown,
    duration,
    kind,
    owner,
    preview,
    short_id,
    status_words,
    steps,
    totals_words,
    trouble,
    word,
)
from jobwidgets._model.contact import Contact
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Status

UNFOLDED = 10
"""How many failed jobs show their messages in the static form."""
MOST_MESSAGES = 50
"""Messages of a failed job that are shown; of a longer list, none."""

# There may be 500 rows: only what undoes the front ends' own style of tables.
_TR = "background-color:transparent;border-bottom:1px solid rgba(128,128,128,0.35)"
_CELL = "text-align:left;vertical-align:top;line-height:20px;padding:2px 12px 2px 0"
_SHORT = f"{_CELL};white-space:nowrap"
_TEXT = f"{_CELL};overflow-wrap:anywhere"
_HEAD = f"{_CELL};font-weight:400;{MUTED}"
_ID = "font-family:monospace;font-size:12px"


@dataclass(frozen=True, slots=True)
class _Row:
    history: JobHistory
    cells: tuple[str, ...]


_NAMES = ("status", "kind", "job", "steps", "time", "owner", "contact", "last message")


def board_html(jobs: Sequence[Shown], contact: Contact | None = None) -> str:
    """Return the board as one HTML element, without scripts, style sheets or links.

    Parameters
    ----------
    jobs
        In the order of the board.
    contact
        That with a jobs resource; None without one.
    """
    words = escaped(totals_words(job.history.status for job in jobs))
    head = f'<div style="{ROW}"><strong style="{GAP}">{words}</strong></div>'
    return (
        f'<div class="jobwidgets" style="{ROOT}">{head}{line(list_last_known(contact))}'
        f"{_table(jobs) if jobs else ''}</div>"
    )


def board_text(name: str, jobs: Sequence[Shown], contact: Contact | None = None) -> str:
    """Return the board as lines of text, the first of which is `name`."""
    rows = [row if isinstance(row, int) else _row(row).cells for row in first_and_last(jobs)]
    columns = zip(*(row for row in rows if not isinstance(row, int)), strict=True)
    widths = [max(len(cell) for cell in column) for column in columns]
    lines = [name, totals_words(job.history.status for job in jobs), list_last_known(contact)]
    for row in rows:
        if isinstance(row, int):
            lines.append(f"  … {counted(row)} more")
            continue
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width)
        lines.append("  " + "  ".join(padded).rstrip())
    return "\n".join(plain(text) for text in lines if text)


def _row(job: Shown) -> _Row:
    history, latest = job.history, job.history.latest
    cells = (
        status_words(history),
        kind(latest),
        word(history.job_id),
        steps(latest, noun=""),
        duration(history),
        owner(latest),
        trouble(history, job.contact)[0],
        preview(history),
    )
    return _Row(history, cells)


def _table(jobs: Sequence[Shown]) -> str:
    rows = [row if isinstance(row, int) else _row(row) for row in first_and_last(jobs)]
    of_jobs = [row for row in rows if isinstance(row, _Row)]
    kept = [i for i in range(len(_NAMES)) if any(row.cells[i] for row in of_jobs)]
    failed = [row for row in of_jobs if _is_unfolded(row.history)][:UNFOLDED]
    head = "".join(f'<th scope="col" style="{_head(_NAMES[i])}">{_NAMES[i]}</th>' for i in kept)
    body = "".join(_row_html(row, kept, is_unfolded=row in failed) for row in rows)
    return (
        f'<table style="{TABLE}"><thead><tr style="{_TR}">{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _head(name: str) -> str:
    # A text that may break anywhere would else be squeezed to one letter a line.
    return f"{_HEAD};min-width:160px" if name == "last message" else _HEAD


def _is_unfolded(history: JobHistory) -> bool:
    return history.status is Status.FAILED and 1 < len(history.messages) <= MOST_MESSAGES


def _row_html(row: _Row | int, kept: Sequence[int], *, is_unfolded: bool) -> str:
    if isinstance(row, int):
        return _wide(f'<span style="{MUTED}">{counted(row)} more</span>', len(kept))
    cells = "".join(_cell_html(row, i) for i in kept)
    messages = _wide(messages_html(row.history), len(kept)) if is_unfolded else ""
    return f'<tr style="{_TR}">{cells}</tr>{messages}'


def _wide(content: str, width: int) -> str:
    return f'<tr style="{_TR}"><td colspan="{width}" style="{_CELL}">{content}</td></tr>'


def _cell_html(row: _Row, column: int) -> str:
    name, text = _NAMES[column], escaped(row.cells[column])
    if name == "last message":
        return f'<td dir="auto" style="{_TEXT}">{text}</td>'
    if name == "status":
        text = f"{mark(row.history.status)}{text}"
    if name == "job":
        short = escaped(short_id(row.cells[column]))
        text = f'<span style="{_ID}" title="{text}">{short}</span>'
    return f'<td style="{_SHORT}">{text}</td>'
