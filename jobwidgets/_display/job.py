"""A job's history as plain HTML and plain text: pure functions.

The HTML is one root ``<div class="jobwidgets">``; see `markup` for what it is made of.
"""

from __future__ import annotations

from collections.abc import Sequence

from jobwidgets._display.cancelling import cancel_words
from jobwidgets._display.contact import last_known
from jobwidgets._display.links import page_url, results_url
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
    WORD,
    box,
    escaped,
    line,
    link,
    longest_text,
    mark,
    plain,
)
from jobwidgets._display.saved import as_of, known_at, rows_within
from jobwidgets._display.standing import is_last_known, standing
from jobwidgets._display.statuses import raw_status
from jobwidgets._display.step_bars import axis_length, segments
from jobwidgets._display.step_table import segments_html, step_text, steps_html
from jobwidgets._display.steps import at_the_end, job_words, step_lines
from jobwidgets._display.times import counted, utc
from jobwidgets._display.words import (
    LONGEST_PREVIEW,
    drawn_progress,
    duration,
    kind,
    message_text,
    message_time,
    messages_note,
    ownership,
    seen,
    time_name,
    word,
)
from jobwidgets._display.words import steps as steps_done
from jobwidgets._model.contact import Contact
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Message
from jobwidgets._model.step_times import JobSteps
from jobwidgets.dialects import Dialect

_HEIGHT = 320  # px of the messages, as in _views/messages.css


def static_html(
    history: JobHistory,
    contact: Contact | None = None,
    steps: JobSteps | None = None,
    dialect: Dialect | None = None,
    *,
    most: int | None = None,
) -> str:
    """Return the job as one HTML element, which loads nothing.

    Parameters
    ----------
    dialect
        Of its server: it knows the job's page and its results; None knows of none.
    most
        About how many bytes it may have: then it shows the newest messages that fit, each cut.
        None is the form of the end, the whole.
    """
    told = JobSteps() if steps is None else steps
    facts = (at_the_end(told, history.status), ownership(history.latest))
    parts = [
        _head(history, contact, told, dialect),
        _bar(history, contact, told),
        line(" · ".join(fact for fact in facts if fact)),
        line(last_known(history, contact)),
        line(cancel_words(history)),
        steps_table(history, contact, told, most),
    ]
    parts.append(_messages(history, dialect, most, parts))
    return f'<div class="jobwidgets" style="{ROOT}">{"".join(parts)}</div>'


def static_text(
    history: JobHistory,
    contact: Contact | None = None,
    steps: JobSteps | None = None,
    *,
    most: int | None = None,
) -> str:
    """Return the job as lines of text; the first begins with ``JobWidget(``.

    Parameters
    ----------
    most
        As for `static_html`.
    """
    latest, told = history.latest, JobSteps() if steps is None else steps
    known, lost = as_of(known_at(history, contact)), is_last_known(history, contact)
    words = standing(history, contact, job_words(history, told)).words
    facts = (words, kind(latest), steps_done(latest), duration(history), known)
    lines = [
        f"JobWidget({word(history.job_id)!r})",
        " · ".join(fact for fact in facts if fact),
        at_the_end(told, history.status),
        ownership(latest),
        last_known(history, contact),
        cancel_words(history),
        *step_text(step_lines(told, history.status, None, is_lost=lost), most),
    ]
    columns = _Columns(history, is_brief=most is not None)
    rows = rows_within(most, history.messages, columns.text, lines)
    return "\n".join(plain(text) for text in (*lines, *rows) if text)


def _head(
    history: JobHistory, contact: Contact | None, steps: JobSteps, dialect: Dialect | None
) -> str:
    id_style = "font-size:12px;background-color:transparent;padding:0"
    shown, raw = standing(history, contact, job_words(history, steps)), escaped(raw_status(history))
    known = known_at(history, contact)
    name = link(escaped(word(history.job_id)), page_url(history, dialect))
    times = ", ".join(text for text in (duration(history), as_of(known)) if text)
    return (
        f'<div style="{ROW}">{mark(shown.mark, shown.colour)}'
        f'<strong style="{GAP}" title="{raw}">{escaped(shown.words)}</strong>'
        f'<span style="{GAP}">{escaped(kind(history.latest))}</span>'
        f'<code style="{id_style};{GAP};{MUTED}">{name}</code>'
        f"{_results(history, dialect)}"
        f'<span style="margin:0 0 0 auto" title="{utc(known)}">{escaped(times)}</span></div>'
    )


def _results(history: JobHistory, dialect: Dialect | None) -> str:
    url = results_url(history, dialect)
    return f'<span style="{GAP}">{link("results", url)}</span>' if url else ""


def _bar(history: JobHistory, contact: Contact | None, steps: JobSteps) -> str:
    if drawn := segments(steps, history.latest):
        lost = is_last_known(history, contact)
        return _beside_steps_done(segments_html(drawn, history.status, is_last_known=lost), history)
    value = drawn_progress(history.latest)
    if value is None:
        return ""
    # No <progress>: its track is white in the dark, so that an empty one reads as full.
    fill = f"height:4px;width:{value:.1%};background-color:{standing(history, contact, '').colour}"
    track = f"flex:1;height:4px;{GAP};background-color:rgba(128,128,128,0.35)"
    bar = f'<div style="{track}"><div style="{fill}"></div></div>'
    return _beside_steps_done(bar, history)


def _beside_steps_done(bar: str, history: JobHistory) -> str:
    words = escaped(steps_done(history.latest))
    return f'<div style="{ROW}">{bar}<span style="{MUTED}">{words}</span></div>'


def steps_table(
    history: JobHistory, contact: Contact | None, steps: JobSteps, most: int | None = None
) -> str:
    """Return the steps of a job as a table; "" for none. See `steps_html` for `most`."""
    lost = is_last_known(history, contact)
    length = axis_length(steps, history.latest.seen if history.latest is not None else None)
    lines = step_lines(steps, history.status, None, is_lost=lost)
    return steps_html(lines, length, most, is_last_known=lost)


def _messages(
    history: JobHistory, dialect: Dialect | None, most: int | None, others: Sequence[str]
) -> str:
    """Return the messages in a box of the live view's height, the newest in sight."""
    if not history.messages:
        return ""
    count, note = counted(len(history.messages), "message"), messages_note(dialect)
    count += f' <span style="{MUTED}">· {note}</span>' if note else ""
    table = box(messages_table(history, most, others), _HEIGHT, shows_end=True)
    return f"<details open><summary>{count}</summary>{table}</details>"


def messages_table(history: JobHistory, most: int | None = None, others: Sequence[str] = ()) -> str:
    """Return the messages of a job as a table; see `rows_within` for `most` and `others`."""
    columns = _Columns(history, is_brief=most is not None)
    head = (
        f'<table style="{TABLE}"><thead><tr style="{TR}">{columns.html_head()}</tr></thead><tbody>'
    )
    rows = rows_within(most, history.messages, columns.html, (*others, head))
    return f"{head}{''.join(rows)}</tbody></table>"


class _Columns:
    """The columns of one job's messages: only those in which something stands."""

    def __init__(self, history: JobHistory, *, is_brief: bool = False) -> None:
        self._latest = history.latest
        self._longest = LONGEST_PREVIEW if is_brief else longest_text(len(history.messages))
        self._has_seen = any(message_time(message) is not None for message in history.messages)
        self._time_name = time_name(history.messages)
        self._has_level = any(message.level for message in history.messages)
        self._has_code = any(message.code is not None for message in history.messages)

    def html_head(self) -> str:
        names = [
            "#",
            *[self._time_name] * self._has_seen,
            *["level"] * self._has_level,
            *["code"] * self._has_code,
        ]
        numbers = (f'<th scope="col" style="{NUMBER}">{name}</th>' for name in names)
        return f'{"".join(numbers)}<th scope="col" style="{CELL};{MUTED}">message</th>'

    def html(self, message: Message | int) -> str:
        if isinstance(message, int):
            width = 2 + self._has_seen + self._has_level + self._has_code
            cell = f'<td colspan="{width}" style="{CELL};{MUTED}">{counted(message)} more</td>'
            return f'<tr style="{TR}">{cell}</tr>'
        cells = [f'<td style="{NUMBER}">{message.number}</td>']
        if self._has_seen:
            title, words = utc(message_time(message)), seen(message, self._latest)
            cells.append(f'<td style="{NUMBER}" title="{title}">{words}</td>')
        if self._has_level:
            cells.append(f'<td style="{WORD}">{escaped(word(message.level))}</td>')
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
        if self._has_level:
            cells.append(f"{word(message.level):<7}")
        if self._has_code:
            cells.append(f"{word(message.code):>5}")
        return "  ".join([*cells, message_text(message, self._longest)])
