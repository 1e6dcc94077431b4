"""What the views of a board are told of its jobs: plain JSON values, pure functions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from jobwidgets._display.words import (
    MARKS,
    Shown,
    contact_words,
    drawn_progress,
    duration,
    kind,
    shortened,
    status_words,
    steps,
)
from jobwidgets._model.contact import Contact
from jobwidgets._widgets.job_updates import MOST_BYTES, Updates, contact_facts

LARGEST_UPDATE = 200_000
"""Bytes of the rows and messages in one update."""
_ROOM_FOR_MESSAGES = LARGEST_UPDATE - MOST_BYTES  # with more in it, messages wait for the next one


class BoardUpdates:
    """The numbered updates of one board's views, each with what the views do not know yet.

    An update is a dict: ``n`` its number, ``count`` how many jobs there are, ``contact`` that with
    the jobs resource (None without one), ``kept`` whether every output has got its last form,
    ``rows`` those that changed, each with its index and then `cells`, ``messages`` of unfolded
    jobs, each with its index and then total, keep and parts as `Updates` tells them. A view that
    misses a number, or lacks a row, asks for all rows again.
    """

    def __init__(self) -> None:
        self._number = 0
        self._rows: list[list[Any] | None] = []
        self._rest: tuple[Any, ...] = ()
        self._changed: dict[int, None] = {}
        self._unfolded: dict[int, _Unfolded] = {}

    def note(self, index: int, first_message: int | None = None) -> None:
        """Note that a job may have changed, and its messages from this index on."""
        while len(self._rows) <= index:
            self._rows.append(None)
        self._changed[index] = None
        if index in self._unfolded:
            self._unfolded[index].updates.note(first_message)

    def forget(self) -> None:
        """Tell all rows again: a view lacks one."""
        self._rows = [None] * len(self._rows)
        self._changed = dict.fromkeys(range(len(self._rows)))

    def unfold(self, view: str, index: object) -> None:
        """Tell the messages of a job from now on; an index that is none is no harm."""
        if type(index) is int and 0 <= index < len(self._rows):
            others = self._unfolded[index].views if index in self._unfolded else set()
            # Anew, for this view knows nothing; the others ask for what they then lack.
            self._unfolded[index] = _Unfolded({*others, view})
            self._changed[index] = None

    def fold(self, view: str, index: object = None) -> None:
        """Tell a view the messages of a job no more; None for all jobs: the view was closed."""
        for one in [one for one in self._unfolded if index is None or one == index]:
            self._unfolded[one].views.discard(view)
            if not self._unfolded[one].views:
                del self._unfolded[one]

    def want(self, index: object, ranges: object) -> None:
        """Note the ranges of an unfolded job's messages that a view asks for."""
        if type(index) is int and index in self._unfolded:
            self._unfolded[index].updates.want(ranges)
            self._changed[index] = None

    @property
    def has_more(self) -> bool:
        """Whether something is left for another update."""
        return bool(self._changed)

    def next(
        self, jobs: Sequence[Shown], contact: Contact | None, *, is_kept: bool = False
    ) -> dict[str, Any] | None:
        """Return the next update; None when the views know everything."""
        rows: list[list[Any]] = []
        messages: list[list[Any]] = []
        size = 0
        for index in list(self._changed):
            if size >= (_ROOM_FOR_MESSAGES if index in self._unfolded else LARGEST_UPDATE):
                continue
            del self._changed[index]
            new_row, new_messages = (
                self._row(index, jobs[index]),
                self._messages(index, jobs[index]),
            )
            rows += new_row
            messages += new_messages
            size += _size(new_row) + _size(new_messages)
        rest = _rest(len(self._rows), contact, is_kept)
        if not rows and not messages and rest == self._rest:
            return None
        self._number, self._rest = self._number + 1, rest
        return _update(self._number, rest, rows, messages)

    def whole(
        self, jobs: Sequence[Shown], contact: Contact | None, *, is_kept: bool = False
    ) -> dict[str, Any]:
        """Return the last update with the rows of all jobs that fit: for a page that opens.

        It may already hold what the next one will tell, and can be asked for by any thread.
        """
        number = self._number  # read first: what is told may be newer than it says, never older
        rows, size = [], 0
        for index, job in enumerate(jobs):
            row = [index, *cells(job)]
            size += _size(row)
            if size > LARGEST_UPDATE:
                break
            rows.append(row)
        return _update(number, _rest(len(jobs), contact, is_kept), rows, [])

    def _row(self, index: int, job: Shown) -> list[list[Any]]:
        """Return the row of a job, or none when the views know it."""
        new, known = cells(job), self._rows[index]
        if known is not None and _timeless(new) == _timeless(known):
            return []
        self._rows[index] = new
        return [[index, *new]]

    def _messages(self, index: int, job: Shown) -> list[list[Any]]:
        """Return what is to be told of an unfolded job's messages."""
        if index not in self._unfolded:
            return []
        unfolded = self._unfolded[index]
        told = unfolded.updates.next(job.history, job.contact, job.elapsed)
        if unfolded.updates.has_more:
            self._changed[index] = None
        if told is None or not (told["parts"] or told["total"] != unfolded.total):
            return []
        unfolded.total = told["total"]
        return [[index, {name: told[name] for name in ("total", "keep", "parts")}]]


@dataclass(slots=True)
class _Unfolded:
    views: set[str]
    updates: Updates = field(default_factory=Updates)
    total: int | None = None


def _rest(count: int, contact: Contact | None, is_kept: bool) -> tuple[Any, ...]:
    return count, None if contact is None else contact_facts(contact), is_kept


def _update(
    number: int, rest: tuple[Any, ...], rows: list[list[Any]], messages: list[list[Any]]
) -> dict[str, Any]:
    count, contact, is_kept = rest
    told = {"n": number, "count": count, "contact": contact, "kept": is_kept}
    return {**told, "rows": rows, "messages": messages}


def cells(job: Shown) -> list[Any]:
    """Return what is shown of one job: see the names of the columns in views/board.js.

    Seconds of `elapsed` come last: the views count them on by themselves.
    """
    history, latest = job.history, job.history.latest
    has_ended = latest is not None and latest.status.is_final
    messages = history.messages
    elapsed = job.elapsed
    return [
        history.job_id,
        history.status,
        MARKS[history.status][0],
        status_words(history),
        latest.raw_status if latest is not None else None,
        kind(latest),
        steps(latest),
        None if latest is None or latest.progress is None else drawn_progress(latest),
        latest.owner if latest is not None else None,
        shortened(messages[-1].text) if messages else "",
        len(messages),
        *contact_words(history, job.contact),
        has_ended,
        duration(history) if has_ended else None,
        None if elapsed is None else round(elapsed / timedelta(seconds=1), 3),
    ]


def _timeless(row: list[Any]) -> list[Any]:
    # Time alone is no news, that it is known is.
    return [*row[:-1], row[-1] is None]


def _size(values: list[Any]) -> int:
    return len(json.dumps(values)) + 2 if values else 0
