"""A board of jobs as plain HTML and plain text: pure functions."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from jobwidgets._display.alike import alike, caption
from jobwidgets._display.board_columns import CELL, CUT, WIDTHS, column_style, fitted
from jobwidgets._display.contact import is_unlisted, list_last_known
from jobwidgets._display.job import messages_table, steps_table
from jobwidgets._display.markup import (
    GAP,
    MUTED,
    ROOT,
    ROW,
    TABLE,
    box,
    escaped,
    first_and_last,
    line,
    mark,
    plain,
)
from jobwidgets._display.saved import as_of, board_known_at, rows_within
from jobwidgets._display.standing import standing
from jobwidgets._display.statuses import status_words, totals_words
from jobwidgets._display.times import counted, utc
from jobwidgets._display.words import (
    Shown,
    duration,
    kind,
    owner,
    preview,
    short_id,
    steps,
    trouble,
    word,
)
from jobwidgets._model.contact import Contact
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Status

MOST_FAILURES = 10
"""How many failed jobs keep their steps and messages in the static form, folded."""
MOST_MESSAGES = 50
"""Messages of a failed job that are kept; of a longer list, none."""
_HEIGHT = 480  # px of the table, as in _views/board.css

# There may be 500 rows: only what undoes the front ends' own style of tables. A row is 28 px high,
# as in the live view, whatever its last message is; where there is little room it takes more lines,
# for what scrolls sideways is not seen.
_BLOCK = "display:block"
_TR = (
    "display:flex;flex-wrap:wrap;padding:0;background-color:transparent;"
    "border-bottom:1px solid rgba(128,128,128,0.35)"
)
_HEAD = f"font-weight:400;{MUTED}"
_MAY_BE_CUT = frozenset({"status", "kind", "owner", "started"})
# What is unfolded takes the whole row, where it has less than this beside the other columns.
_UNFOLDED = "width:300px;min-width:100%;overflow:auto"
_UNFOLDED_HEIGHT = 180  # px of the messages of a job that was unfolded, as in _views/board.css
_SUMMARY = f"width:0;min-width:100%;{CUT}"
_ID = "font-family:monospace;font-size:12px"


@dataclass(frozen=True, slots=True)
class _Row:
    job: Shown
    cells: tuple[str, ...]
    mark: tuple[str, str]


_NAMES = (*WIDTHS, "last message")


def board_html(
    jobs: Sequence[Shown],
    contact: Contact | None = None,
    *,
    most: int | None = None,
    unfolded: Iterable[int] = (),
) -> str:
    """Return the board as one HTML element, without scripts, style sheets or links.

    Parameters
    ----------
    jobs
        In the order of the board.
    contact
        That with a jobs resource; None without one.
    most
        About how many bytes it may have: then it shows the last jobs that fit, and none's
        messages. None is the form of the end, the whole.
    unfolded
        The indexes of jobs that are unfolded, as a reader left them in a live view.
    """
    known = board_known_at(jobs)
    times = f'<span style="{MUTED}" title="{utc(known)}">{as_of(known)}</span>' if known else ""
    words = escaped(_totals(jobs, contact))
    head = f'<div style="{ROW}"><strong style="{GAP}">{words}</strong>{times}</div>'
    same = alike(jobs)
    others = (head, line(list_last_known(contact)), line(caption(same)))
    opened = [jobs[index] for index in sorted(unfolded)][:MOST_FAILURES]
    table = box(_table(jobs, most, others, same, opened), _HEIGHT) if jobs else ""
    return f'<div class="jobwidgets" style="{ROOT}">{"".join(others)}{table}</div>'


def board_text(
    name: str, jobs: Sequence[Shown], contact: Contact | None = None, *, most: int | None = None
) -> str:
    """Return the board as lines of text, the first of which is `name`; see `board_html`."""
    words, known = _totals(jobs, contact), as_of(board_known_at(jobs))
    same = alike(jobs)
    head = " · ".join(text for text in (words, known) if text)
    lines = [name, head, list_last_known(contact), caption(same)]
    columns = zip(_NAMES, *(row.cells for row in _shown_rows(jobs)), strict=True)
    widths = [0 if name in same else max(map(len, cells), default=0) for name, *cells in columns]

    def text(job: Shown | int) -> str:
        if isinstance(job, int):
            return f"  … {counted(job)} more"
        cells = zip(_row(job).cells, widths, strict=True)
        return "  " + "  ".join(cell.ljust(width) for cell, width in cells if width).rstrip()

    lines += rows_within(most, jobs, text, lines)
    return "\n".join(plain(text) for text in lines if text)


def _totals(jobs: Sequence[Shown], contact: Contact | None) -> str:
    if is_unlisted(len(jobs), contact):
        return ""
    return totals_words(job.history.status for job in jobs)


def _row(job: Shown) -> _Row:
    history, latest = job.history, job.history.latest
    shown = standing(history, job.contact, status_words(history))
    cells = (
        shown.words,
        kind(latest),
        word(history.job_id),
        steps(latest, noun=""),
        utc(latest.started if latest is not None else None),
        duration(history),
        owner(latest),
        trouble(history, job.contact)[0],
        preview(history),
    )
    return _Row(job, cells, (shown.mark, shown.colour))


def _table(
    jobs: Sequence[Shown],
    most: int | None,
    others: Sequence[str],
    same: Container[str],
    opened: Container[Shown],
) -> str:
    rows = _shown_rows(jobs)
    differ = [i for i, name in enumerate(_NAMES) if name not in same]
    kept = [i for i in differ if any(row.cells[i] for row in rows)]
    failed = [row.job for row in rows if _keeps_details(row.job.history)][:MOST_FAILURES]
    names = "".join(_head_html(_NAMES[i]) for i in kept)
    head = (
        f'<table style="{TABLE};{_BLOCK}"><thead style="{_BLOCK};border:0">'
        f'<tr style="{_TR}">{names}</tr></thead><tbody style="{_BLOCK}">'
    )

    def html(job: Shown | int) -> str:
        if isinstance(job, int):
            return _number_html(job, kept)
        row, is_open = _row(job), job in opened and bool(job.history.messages)
        keeps_details = most is None and (is_open or job in failed)
        return _row_html(row, kept, _details_html(row, is_open=is_open) if keeps_details else "")

    return f"{head}{''.join(rows_within(most, jobs, html, (*others, head)))}</tbody></table>"


def _shown_rows(jobs: Sequence[Shown]) -> list[_Row]:
    return [_row(job) for job in first_and_last(jobs) if not isinstance(job, int)]


def _head_html(name: str) -> str:
    return f'<th scope="col" style="{column_style(name)};{_HEAD}">{fitted(name, name)}</th>'


def _keeps_details(history: JobHistory) -> bool:
    return history.status is Status.FAILED and 1 < len(history.messages) <= MOST_MESSAGES


def _number_html(jobs: int, kept: Sequence[int]) -> str:
    words = f'<span style="{MUTED}">{counted(jobs)} more</span>'
    return f'<tr style="{_TR}"><td colspan="{len(kept)}" style="{CELL}">{words}</td></tr>'


def _row_html(row: _Row, kept: Sequence[int], details: str) -> str:
    return f'<tr style="{_TR}">{"".join(_cell_html(row, i, details) for i in kept)}</tr>'


def _details_html(row: _Row, *, is_open: bool) -> str:
    """Return the last message, and what unfolds from it: steps and messages."""
    history, messages = row.job.history, messages_table(row.job.history)
    if is_open:  # as high as where the reader left it
        messages = box(messages, _UNFOLDED_HEIGHT, shows_end=True)
    told = steps_table(history, row.job.contact, row.job._steps)
    summary = f'<summary style="{_SUMMARY}">{escaped(row.cells[-1])}</summary>'
    content = f'<div style="{_UNFOLDED}">{told}{messages}</div>'
    return f"<details{' open' if is_open else ''}>{summary}{content}</details>"


def _cell_html(row: _Row, column: int, details: str) -> str:
    name, text = _NAMES[column], escaped(row.cells[column])
    if name == "last message":
        if details:
            style = f"{column_style(name)};flex-basis:92px;overflow:visible;padding-right:0"
            return f'<td dir="auto" style="{style}">{details}</td>'
        return f'<td dir="auto" title="{text}" style="{column_style(name)}">{text}</td>'
    title = f' title="{text}"' if name in _MAY_BE_CUT else ""
    if name == "status":
        text = f"{mark(*row.mark)}{text}"
    if name == "started":
        text = text[: len("2026-05-01 12:00")]
    if name == "job":
        short = escaped(short_id(row.cells[column]))
        text = f'<span style="{_ID}" title="{text}">{short}</span>'
    return f'<td{title} style="{column_style(name)}">{fitted(name, text)}</td>'
