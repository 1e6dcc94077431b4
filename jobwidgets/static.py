"""A job's history as plain HTML and plain text: pure functions.

The HTML reads well where style sheets, scripts, ARIA attributes and CSS variables are taken out
(an untrusted notebook in JupyterLab, nbviewer, GitHub): native elements, and inline styles whose
colours hold on light and on dark. It is one root ``<div class="jobwidgets">``. All text from a
server is escaped here, in `_escaped`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from jobwidgets.contact import Contact, ContactState
from jobwidgets.history import JobHistory
from jobwidgets.snapshot import Message, Snapshot, Status

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

FIRST, LAST = 50, 450
"""How many messages are shown of a list that is longer than both together."""

# The mark is white on these: 4.5:1. The word beside it has the page's own colour.
_GREEN, _RED, _BLUE, _GREY = "#1a7f37", "#cf222e", "#0969da", "#656d76"
MARKS: dict[Status | None, tuple[str, str]] = {
    None: ("…", _GREY),
    Status.QUEUED: ("○", _GREY),
    Status.RUNNING: ("▸", _BLUE),
    Status.CANCELLING: ("◌", _GREY),
    Status.SUCCEEDED: ("✓", _GREEN),
    Status.FAILED: ("✕", _RED),
    Status.CANCELLED: ("⊘", _GREY),
    Status.GONE: ("?", _GREY),
    Status.UNKNOWN: ("?", _GREY),
}
"""The shape and the colour of each status."""

_ROOT = "font-size:13px;line-height:20px;max-width:1200px"
_ROW = "display:flex;flex-wrap:wrap;align-items:center;line-height:20px;margin:0"
_GAP = "margin:0 12px 0 0"
_MUTED = "opacity:0.75"
# Front ends style tables by themselves (stripes, equal widths, right alignment): undone here.
_TABLE = (
    "width:100%;table-layout:auto;margin:4px 0 0 0;border:0;border-collapse:collapse;font-size:13px"
)
_TR = "background-color:transparent"
_CELL = (
    "text-align:left;vertical-align:top;line-height:20px;font-weight:400;white-space:normal;"
    "padding:2px 12px 2px 0;border:0;border-bottom:1px solid rgba(128,128,128,0.35)"
)
_NUMBER = _CELL.replace("left", "right", 1).replace("normal", "nowrap") + ";width:1%"


def static_html(history: JobHistory, contact: Contact | None = None) -> str:
    """Return the job as one HTML element, without scripts, style sheets or links."""
    parts = (
        _head(history),
        _bar(history.latest),
        _line(ownership(history.latest)),
        _line(plain_contact(history, contact)),
        _messages(history),
    )
    return f'<div class="jobwidgets" style="{_ROOT}">{"".join(parts)}</div>'


def static_text(history: JobHistory, contact: Contact | None = None) -> str:
    """Return the job as lines of text; the first begins with ``JobWidget(``."""
    latest = history.latest
    facts = (status_words(history), _kind(latest), steps(latest), duration(history))
    lines = [
        f"JobWidget({history.job_id!r})",
        " · ".join(fact for fact in facts if fact),
        ownership(latest),
        plain_contact(history, contact),
        *_text_rows(history),
    ]
    return "\n".join(_plain(line) for line in lines if line)


def status_words(history: JobHistory) -> str:
    """Return the status in words; an unknown one as the server's own word."""
    latest = history.latest
    if latest is None:
        return "not heard of yet"
    if latest.status is Status.UNKNOWN:
        return f"{latest.raw_status} (unknown status)" if latest.raw_status else "no status"
    return str(latest.status)


def steps(latest: Snapshot | None) -> str:
    """Return "2 of 5 steps", or "" when unknown."""
    if latest is None or latest.steps_done is None or not latest.steps_total:
        return ""
    return f"{latest.steps_done} of {latest.steps_total} steps"


def ownership(latest: Snapshot | None) -> str:
    """Return whose job it is and what it made."""
    if latest is None:
        return ""
    mission = latest.attributes.get("missionId")
    facts = (latest.owner, f"mission {mission}" if isinstance(mission, str) else None)
    return " · ".join(fact for fact in facts if fact)


def duration(history: JobHistory) -> str:
    """Return how long the job took, or had run at the last document; "" when unknown."""
    return "" if history.elapsed is None else span(history.elapsed)


def span(time: timedelta) -> str:
    """Return a time span: to the millisecond below 100 s, to the second above."""
    seconds = time / timedelta(seconds=1)
    if seconds < 100:
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {seconds:02} s"


def plain_contact(history: JobHistory, contact: Contact | None) -> str:
    """Return why and since when nothing more is known; "" for an ended job."""
    if history.status is not None and history.status.is_final:
        return ""
    error = history.watch_error or (contact.error if contact is not None else None)
    heard = _clock(contact.last_heard if contact is not None else None)
    if contact is not None and contact.state is ContactState.STOPPED and heard and error is None:
        return f"Not watched since {heard}."
    facts = (
        f"Last heard {heard}." if heard else "",
        f"{str(error).rstrip('.')}." if error is not None else "",
    )
    return " ".join(fact for fact in facts if fact)


def _plain(line: str) -> str:
    """Return one line without the characters that a terminal would obey."""
    return _CONTROL.sub(" ", line)


def _escaped(text: object) -> str:
    return html.escape(str(text), quote=True)


def _clock(time: datetime | None) -> str:
    return "" if time is None else f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _kind(latest: Snapshot | None) -> str:
    return (latest.kind or "") if latest is not None else ""


def _head(history: JobHistory) -> str:
    latest = history.latest
    raw = latest.raw_status if latest is not None and latest.raw_status else ""
    kind = _escaped(_kind(latest))
    id_style = "font-size:12px;background-color:transparent;padding:0"
    return (
        f'<div style="{_ROW}">{_mark(history.status)}'
        f'<strong style="{_GAP}" title="{_escaped(raw)}">{_escaped(status_words(history))}</strong>'
        f'<span style="{_GAP}">{kind}</span>'
        f'<code style="{id_style};{_GAP};{_MUTED}">{_escaped(history.job_id)}</code>'
        f'<span style="margin:0 0 0 auto">{_escaped(duration(history))}</span></div>'
    )


def _mark(status: Status | None) -> str:
    mark, colour = MARKS[status]
    style = (
        "display:inline-block;width:18px;height:18px;line-height:18px;text-align:center;"
        f"border-radius:9px;margin:0 8px 0 0;color:#ffffff;background-color:{colour}"
    )
    return f'<span style="{style}">{mark}</span>'


def _bar(latest: Snapshot | None) -> str:
    if latest is None or latest.progress is None:
        return ""
    value = drawn_progress(latest)
    style = f"flex:1;width:auto;height:8px;{_GAP};accent-color:{MARKS[latest.status][1]}"
    return (
        f'<div style="{_ROW}"><progress value="{value:.4g}" max="1" style="{style}">'
        f'{value:.0%}</progress><span style="{_MUTED}">{_escaped(steps(latest))}</span></div>'
    )


def drawn_progress(latest: Snapshot) -> float:
    """Return the part of the bar that is drawn: full only for a job that succeeded."""
    progress = latest.progress or 0.0
    return progress if latest.status is Status.SUCCEEDED else min(progress, 0.97)


def _line(text: str) -> str:
    return f'<div style="{_MUTED}">{_escaped(text)}</div>' if text else ""


def _messages(history: JobHistory) -> str:
    messages = history.messages
    if not messages:
        return ""
    noun = "message" if len(messages) == 1 else "messages"
    columns = _Columns(history)
    rows = "".join(columns.html(message) for message in _shown(messages))
    return (
        f"<details open><summary>{len(messages)} {noun}</summary>"
        f'<table style="{_TABLE}"><thead><tr style="{_TR}">{columns.html_head()}</tr></thead>'
        f"<tbody>{rows}</tbody></table></details>"
    )


def _shown(messages: Sequence[Message]) -> Iterator[Message | int]:
    """Yield the messages to show, and in the place of the others how many they are."""
    hidden = len(messages) - FIRST - LAST
    if hidden <= 0:
        yield from messages
        return
    yield from messages[:FIRST]
    yield hidden
    yield from messages[-LAST:]


class _Columns:
    """The columns of one job's messages: only those in which something stands."""

    def __init__(self, history: JobHistory) -> None:
        self._latest = history.latest
        self._has_seen = any(message.seen is not None for message in history.messages)
        self._has_code = any(message.code is not None for message in history.messages)

    def html_head(self) -> str:
        names = ["#", *["seen"] * self._has_seen, *["code"] * self._has_code]
        numbers = (f'<th scope="col" style="{_NUMBER}">{name}</th>' for name in names)
        return f'{"".join(numbers)}<th scope="col" style="{_CELL}">message</th>'

    def html(self, message: Message | int) -> str:
        if isinstance(message, int):
            width = 2 + self._has_seen + self._has_code
            cell = f'<td colspan="{width}" style="{_CELL};{_MUTED}">{message} more</td>'
            return f'<tr style="{_TR}">{cell}</tr>'
        cells = [f'<td style="{_NUMBER}">{message.number}</td>']
        if self._has_seen:
            title = _clock(message.seen)
            seen = _seen(message, self._latest)
            cells.append(f'<td style="{_NUMBER}" title="{title}">{seen}</td>')
        if self._has_code:
            code = "" if message.code is None else _escaped(message.code)
            cells.append(f'<td style="{_NUMBER}">{code}</td>')
        cells.append(f'<td style="{_CELL}">{_escaped(message.text)}</td>')
        return f'<tr style="{_TR}">{"".join(cells)}</tr>'

    def text(self, message: Message | int) -> str:
        if isinstance(message, int):
            return f"  … {message} more"
        cells = [f"{message.number:>5}"]
        if self._has_seen:
            cells.append(f"{_seen(message, self._latest):>9}")
        if self._has_code:
            cells.append(f"{'' if message.code is None else message.code:>5}")
        return "  ".join([*cells, message.text])


def since_start(message: Message, latest: Snapshot | None) -> float | None:
    """Return the seconds from the job's start to the first sight of a message, at least 0.

    None when unknown, and for a job that had ended before anybody looked: there it tells nothing.
    """
    if message.seen is None or latest is None or latest.started is None:
        return None
    if latest.ended is not None and message.seen > latest.ended + timedelta(minutes=1):
        return None
    return max((message.seen - latest.started) / timedelta(seconds=1), 0.0)


def _seen(message: Message, latest: Snapshot | None) -> str:
    since = since_start(message, latest)
    if since is None:
        return "" if message.seen is None else f"{message.seen.astimezone(UTC):%H:%M:%S}"
    return f"+{since:.1f} s" if since < 100 else f"+{span(timedelta(seconds=since))}"


def _text_rows(history: JobHistory) -> list[str]:
    columns = _Columns(history)
    return [columns.text(message) for message in _shown(history.messages)]
