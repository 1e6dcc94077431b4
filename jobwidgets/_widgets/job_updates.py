"""What the views are told of a job: plain JSON values, pure functions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from jobwidgets._display.words import (
    MARKS,
    drawn_progress,
    duration,
    moment,
    ownership,
    since_start,
    status_words,
    steps,
)
from jobwidgets._model.contact import Contact
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Message, Snapshot

MOST_ROWS = 1000
"""Rows of messages in one update."""
MOST_BYTES = 150_000
"""Bytes of the rows in one update; a single row may be longer."""

Row = list[Any]
"""One message: its moment (ms; words.moment), that in seconds since the job's start, code, level,
text."""


class Updates:
    """The numbered updates of one job's views: what is new, and what a view has asked for.

    An update is a dict: ``n`` its number, ``head`` all but the messages, ``total`` how many
    messages there are, ``keep`` how many leading ones are as they were, ``parts`` a list of
    ``[from, rows]``: the newest of those that changed, and older ones that a view asked for. A
    view that opens, or misses a number, shows these and asks for the other rows.
    """

    def __init__(self) -> None:
        self._number = 0
        self._head: dict[str, Any] = {}
        self._total = 0
        self._changed = 0
        self._wanted: list[tuple[int, int]] = []

    def note(self, first_message: int | None) -> None:
        """Note that messages from this index on are new or changed; None for none."""
        if first_message is not None:
            self._changed = min(self._changed, first_message)

    def want(self, ranges: object) -> None:
        """Note the ranges ``[from, to]`` of messages that a view asks for; others are no harm."""
        self._wanted += [(one[0], one[1]) for one in _as_list(ranges) if _is_range(one)]
        self._wanted = _joined(self._wanted)

    @property
    def has_more(self) -> bool:
        """Whether a view waits for messages."""
        return bool(self._wanted)

    def next(
        self,
        history: JobHistory,
        contact: Contact,
        elapsed: timedelta | None,
        *,
        is_kept: bool = False,
    ) -> dict[str, Any] | None:
        """Return the next update; None when there is nothing to tell.

        Parameters
        ----------
        is_kept
            Whether every output of the widget was updated to its last form.
        """
        new_head = {**head(history, contact, elapsed), "kept": is_kept}
        total = len(history.messages)
        keep = min(self._changed, total)
        parts = self._parts(history, keep)
        if not parts and total == self._total and not _is_news(new_head, self._head):
            return None
        self._number += 1
        self._head, self._total, self._changed = new_head, total, total
        return _update(self._number, new_head, total, keep, parts)

    def whole(
        self,
        history: JobHistory,
        contact: Contact,
        elapsed: timedelta | None,
        *,
        is_kept: bool = False,
    ) -> dict[str, Any]:
        """Return the last update as one that needs no other before: for a page that opens.

        It may already hold what the next one will tell, and can be asked for by any thread.
        """
        number = self._number  # read first: what is told may be newer than it says, never older
        new_head = {**head(history, contact, elapsed), "kept": is_kept}
        total = len(history.messages)
        part, _ = _newest(history, 0, total, MOST_ROWS, MOST_BYTES)
        return _update(number, new_head, total, 0, [part] if part[1] else [])

    def _parts(self, history: JobHistory, keep: int) -> list[tuple[int, list[Row]]]:
        """Return the newest rows that changed, then wanted ones, as far as there is room."""
        total = len(history.messages)
        parts: list[tuple[int, list[Row]]] = []
        row_room, byte_room = MOST_ROWS, MOST_BYTES
        waiting = [(keep, total)] if keep < total else []
        self._wanted = _without(self._wanted, total, None)
        while row_room > 0 and byte_room > 0 and (waiting or self._wanted):
            start, end = waiting.pop() if waiting else self._wanted[-1]
            part, size = _newest(history, start, end, row_room, byte_room)
            if parts and size > byte_room:
                break
            parts.append(part)
            self._wanted = _without(self._wanted, part[0], part[0] + len(part[1]))
            row_room, byte_room = row_room - len(part[1]), byte_room - size
        return parts


def _update(
    number: int, new_head: dict[str, Any], total: int, keep: int, parts: Sequence[Any]
) -> dict[str, Any]:
    told = [list(part) for part in parts]
    return {"n": number, "head": new_head, "total": total, "keep": keep, "parts": told}


def _newest(
    history: JobHistory, start: int, end: int, most_rows: int, most_bytes: int
) -> tuple[tuple[int, list[Row]], int]:
    """Return the newest rows from `start` to `end` that fit, at least one, and their bytes."""
    found: list[Row] = []
    size = 0
    for message in reversed(history.messages[start:end]):
        row = _row(message, history.latest)
        length = len(json.dumps(row)) + 1
        if found and (len(found) >= most_rows or size + length > most_bytes):
            break
        found.append(row)
        size += length
    return (end - len(found), found[::-1]), size


def _as_list(given: object) -> list[Any]:
    return given if isinstance(given, list) else []


def _is_range(given: object) -> bool:
    if not isinstance(given, list) or len(given) != 2:
        return False
    return all(type(one) is int for one in given) and 0 <= given[0] < given[1]


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges in order, none touching another."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _without(ranges: list[tuple[int, int]], start: int, end: int | None) -> list[tuple[int, int]]:
    """Return what the ranges hold before `start` and from `end` on; None is infinite."""
    before = [(a, min(b, start)) for a, b in ranges]
    after = [] if end is None else [(max(a, end), b) for a, b in ranges]
    return sorted((a, b) for a, b in [*before, *after] if a < b)


def head(history: JobHistory, contact: Contact, elapsed: timedelta | None) -> dict[str, Any]:
    """Return all but the messages.

    Times are milliseconds since 1970-01-01 UTC, `elapsed` is in seconds; None means unknown, and
    `progress` None a bar that tells no part.
    """
    latest, status = history.latest, history.status
    has_ended = status is not None and status.is_final
    return {
        "id": history.job_id,
        "kind": latest.kind if latest is not None else None,
        "status": status,
        "words": status_words(history),
        "raw": latest.raw_status if latest is not None else None,
        "mark": MARKS[status][0],
        "ownership": ownership(latest),
        "steps": steps(latest),
        "progress": _progress(latest),
        "ended": has_ended,
        "duration": duration(history) if has_ended else None,
        "elapsed": None if elapsed is None or has_ended else elapsed / timedelta(seconds=1),
        "changed": _milliseconds(latest.seen if latest is not None else None),
        "contact": contact_facts(contact),
    }


def rows(history: JobHistory, messages: Sequence[Message]) -> list[Row]:
    """Return a row a message."""
    return [_row(message, history.latest) for message in messages]


def _row(message: Message, latest: Snapshot | None) -> Row:
    since = since_start(message, latest)
    rounded = None if since is None else round(since, 3)
    return [_milliseconds(moment(message)), rounded, message.code, message.level, message.text]


def _is_news(new: dict[str, Any], known: dict[str, Any]) -> bool:
    # Time alone is no news: the views count it on by themselves.
    return {**new, "elapsed": None} != {**known, "elapsed": None}


def _progress(latest: Snapshot | None) -> float | None:
    return drawn_progress(latest) if latest is not None and latest.progress is not None else None


def contact_facts(contact: Contact) -> dict[str, Any]:
    """Return the contact; what changes with each answered poll is told only in trouble."""
    has_failed = contact.failures > 0
    return {
        "state": contact.state,
        "error": str(contact.error) if contact.error is not None else None,
        "heard": _milliseconds(contact.last_heard) if has_failed else None,
        "next": _milliseconds(contact.next_try) if has_failed else None,
    }


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else round(time.timestamp() * 1000)
