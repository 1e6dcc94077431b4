"""A job's history as plain HTML and plain text: pure functions.

The HTML is one root ``<div class="jobwidgets">``; see `markup` for what it is made of.
"""

from __future__ import annotations

from jobwidgets._display.contact import last_known
from jobwidgets._display.markup import (
    CELL,
    GAP,
    MUTED,
    NUMBER,
    ROOT,
    ROW,
    TABLE,
    TEXT,
    TR,
    box,
    escaped,
    first_and_last,
    line,
    longest_text,
    mark,
    plain,
)
from jobwidgets._display.statuses import MARKS, raw_status, status_words
from jobwidgets._display.times import counted, utc
from jobwidgets._display.words import (
    drawn_progress,
    duration,
    kind,
    message_text,
    message_time,
    ownership,
    seen,
    steps,
    word,
)
from jobwidgets._model.contact import Contact
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Message

_HEIGHT = 320  # px of the messages, as in _views/messages.css


def static_html(history: JobHistory, contact: Contact | None = None) -> str:
    """Return the job as one HTML element, without scripts, style sheets or links."""
    parts = (
        _head(history),
        _bar(history),
        line(ownership(history.latest)),
        line(last_known(history, contact)),
        _messages(history),
    )
    return f'<div class="jobwidgets" style="{ROOT}">{"".join(parts)}</div>'


def static_text(history: JobHistory, contact: Contact | None = None) -> str:
    """Return the job as lines of text; the first begins with ``JobWidget(``."""
    latest = history.latest
    facts = (status_words(history), kind(latest), steps(latest), duration(history))
    lines = [
        f"JobWidget({word(history.job_id)!r})",
        " · ".join(fact for fact in facts if fact),
        ownership(latest),
        last_known(history, contact),
        *_message_lines(history),
    ]
    return "\n".join(plain(text) for text in lines if text)


def _head(history: JobHistory) -> str:
    id_style = "font-size:12px;background-color:transparent;padding:0"
    words, raw = escaped(status_words(history)), escaped(raw_status(history))
    return (
        f'<div style="{ROW}">{mark(history.status)}'
        f'<strong style="{GAP}" title="{raw}">{words}</strong>'
        f'<span style="{GAP}">{escaped(kind(history.latest))}</span>'
        f'<code style="{id_style};{GAP};{MUTED}">{escaped(word(history.job_id))}</code>'
        f'<span style="margin:0 0 0 auto">{escaped(duration(history))}</span></div>'
    )


def _bar(history: JobHistory) -> str:
    value = drawn_progress(history.latest)
    if value is None:
        return ""
    # No <progress>: its track is white in the dark, so that an empty one reads as full.
    fill = f"height:4px;width:{value:.1%};background-color:{MARKS[history.status][1]}"
    track = f"flex:1;height:4px;{GAP};background-color:rgba(128,128,128,0.35)"
    return (
        f'<div style="{ROW}"><div style="{track}"><div style="{fill}"></div></div>'
        f'<span style="{MUTED}">{escaped(steps(history.latest))}</span></div>'
    )


def _messages(history: JobHistory) -> str:
    """Return the messages in a box of the live view's height, the newest in sight."""
    if not history.messages:
        return ""
    count = counted(len(history.messages), "message")
    table = box(messages_table(history), _HEIGHT, shows_end=True)
    return f"<details open><summary>{count}</summary>{table}</details>"


def messages_table(history: JobHistory) -> str:
    """Return the messages of a job as a table."""
    columns = _Columns(history)
    rows = "".join(columns.html(message) for message in first_and_last(history.messages))
    return (
        f'<table style="{TABLE}"><thead><tr style="{TR}">{columns.html_head()}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


class _Columns:
    """The columns of one job's messages: only those in which something stands."""

    def __init__(self, history: JobHistory) -> None:
        self._latest = history.latest
        self._longest = longest_text(len(history.messages))
        self._has_seen = any(message_time(message) is not None for message in history.messages)
        self._has_code = any(message.code is not None for message in history.messages)

    def html_head(self) -> str:
        names = ["#", *["seen"] * self._has_seen, *["code"] * self._has_code]
        numbers = (f'<th scope="col" style="{NUMBER}">{name}</th>' for name in names)
        return f'{"".join(numbers)}<th scope="col" style="{CELL};{MUTED}">message</th>'

    def html(self, message: Message | int) -> str:
        if isinstance(message, int):
            width = 2 + self._has_seen + self._has_code
            cell = f'<td colspan="{width}" style="{CELL};{MUTED}">{counted(message)} more</td>'
            return f'<tr style="{TR}">{cell}</tr>'
        cells = [f'<td style="{NUMBER}">{message.number}</td>']
        if self._has_seen:
            title, words = utc(message_time(message)), seen(message, self._latest)
            cells.append(f'<td style="{NUMBER}" title="{title}">{words}</td>')
        if self._has_code:
            cells.append(f'<td style="{NUMBER}">{escaped(word(message.code))}</td>')
        text = escaped(message_text(message, self._longest))
        cells.append(f'<td dir="auto" style="{TEXT}">{text}</td>')
        return f'<tr style="{TR}">{"".join(cells)}</tr>'

    def text(self, message: Message | int) -> str:
        if isinstance(message, int):
            return f"  … {counted(message)} more"
        cells = [f"{message.number:>5}"]
        if self._has_seen:
            cells.append(f"{seen(message, self._latest):>9}")
        if self._has_code:
            cells.append(f"{word(message.code):>5}")
        return "  ".join([*cells, message_text(message, self._longest)])


def _message_lines(history: JobHistory) -> list[str]:
    columns = _Columns(history)
    return [columns.text(message) for message in first_and_last(history.messages)]
