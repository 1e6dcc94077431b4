"""The updates that the views of a job get: plain JSON values, pure functions.

An update is a dict:

``n``
    Its number. A view that misses one asks for what it then lacks.
``head``
    All but the steps and messages; see `job_values.Head`.
``steps``
    What has changed of the steps, if anything; see `step_updates`.
``total``
    How many messages there are.
``time_name``
    What their times are, as `words.time_name` has it.
``keep``
    How many leading ones are as they were.
``parts``
    ``[first, messages]`` each: the newest of those that changed, and older ones that a view asked
    for. `first` is the index of the first of them; for each see `job_values.message_values`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from jobwidgets._display.standing import is_last_known
from jobwidgets._display.words import time_name
from jobwidgets._model.contact import Contact
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Message
from jobwidgets._model.step_times import JobSteps
from jobwidgets._widgets.job_values import (
    Head,
    MessageValues,
    head,
    json_value,
    message_values,
)
from jobwidgets._widgets.step_updates import StepRows
from jobwidgets.dialects import Dialect

MOST_MESSAGES = 1000
"""Messages in one update."""
MOST_BYTES = 150_000
"""Bytes of the messages in one update; a single one may be longer."""


class Updates:
    """The numbered updates of one job's views: what is new, and what a view has asked for."""

    def __init__(self) -> None:
        self._number = 0
        self._head: Head | None = None
        self._messages: Sequence[Message] = ()  # of the last update
        self._steps = StepRows()
        self._changed = 0
        self._wanted: list[tuple[int, int]] = []

    def note(self, first_message: int | None) -> None:
        """Note that messages from this index on are new or changed; None for none."""
        if first_message is not None:
            self._changed = min(self._changed, first_message)

    def want(self, ranges: object) -> None:
        """Note the ranges ``[from, to]`` of messages that a view asks for; ignore invalid ones."""
        self._wanted += [(one[0], one[1]) for one in _as_list(ranges) if _is_range(one)]
        self._wanted = _joined(self._wanted)

    def want_steps(self) -> None:
        """Note that a view lacks steps: the next update has all of them."""
        self._steps = StepRows()

    @property
    def has_more(self) -> bool:
        """Whether a view waits for messages."""
        return bool(self._wanted)

    def next(
        self,
        history: JobHistory,
        contact: Contact,
        elapsed: timedelta | None,
        steps: JobSteps | None = None,
        dialect: Dialect | None = None,
        *,
        is_kept: bool = False,
        now: datetime | None = None,
    ) -> dict[str, Any] | None:
        """Return the next update; None when there is nothing to tell.

        Parameters
        ----------
        is_kept
            Whether every output of the widget was updated to its last form.
        now
            The time of the update; None is the current one.
        """
        new_head = head(history, contact, elapsed, steps, dialect, is_kept=is_kept, now=now)
        new_steps = _step_rows(history, contact, steps, now)
        messages = history.messages
        total = len(messages)
        # What was recorded before this update may be published after it: it was sent already.
        keep = total if messages is self._messages else min(self._changed, total)
        parts = self._parts(history, keep)
        # Time alone is no news: clocks are equal that count by the same moment.
        told = new_steps.since(self._steps)
        is_same = total == len(self._messages) and new_head == self._head
        if not parts and told is None and is_same:
            return None
        self._number += 1
        self._head, self._messages, self._changed = new_head, messages, total
        self._steps = new_steps
        return _update(self._number, new_head, told, messages, keep, parts)

    def whole(
        self,
        history: JobHistory,
        contact: Contact,
        elapsed: timedelta | None,
        steps: JobSteps | None = None,
        dialect: Dialect | None = None,
        *,
        is_kept: bool = False,
        now: datetime | None = None,
    ) -> dict[str, Any]:
        """Return the last update as one that needs no other before: for a page that opens.

        It may already hold what the next one will tell, and can be asked for by any thread.
        """
        number = self._number  # read first: the rest may be newer than the number, never older
        new_head = head(history, contact, elapsed, steps, dialect, is_kept=is_kept, now=now)
        told = _step_rows(history, contact, steps, now).since(StepRows())
        total = len(history.messages)
        part, _ = _newest(history, 0, total, MOST_MESSAGES, MOST_BYTES)
        return _update(number, new_head, told, history.messages, 0, [part] if part[1] else [])

    def _parts(self, history: JobHistory, keep: int) -> list[tuple[int, list[MessageValues]]]:
        """Return the newest messages that changed, then wanted ones, as many as fit."""
        total = len(history.messages)
        parts: list[tuple[int, list[MessageValues]]] = []
        messages_left, bytes_left = MOST_MESSAGES, MOST_BYTES
        waiting = [(keep, total)] if keep < total else []
        self._wanted = _without(self._wanted, total, None)
        while messages_left > 0 and bytes_left > 0 and (waiting or self._wanted):
            start, end = waiting.pop() if waiting else self._wanted[-1]
            part, size = _newest(history, start, end, messages_left, bytes_left)
            if parts and size > bytes_left:
                break
            parts.append(part)
            self._wanted = _without(self._wanted, part[0], part[0] + len(part[1]))
            messages_left, bytes_left = messages_left - len(part[1]), bytes_left - size
        return parts


def _step_rows(
    history: JobHistory, contact: Contact, steps: JobSteps | None, now: datetime | None
) -> StepRows:
    if steps is None:
        return StepRows()
    now = now or datetime.now(UTC)
    is_lost = is_last_known(history, contact, now)
    heard = contact.last_heard if is_lost else None
    return StepRows.of(steps, history.status, heard or now, is_lost=is_lost)


def _update(
    number: int,
    new_head: Head,
    steps: dict[str, Any] | None,
    messages: Sequence[Message],
    keep: int,
    parts: Sequence[Any],
) -> dict[str, Any]:
    given = [list(part) for part in parts]
    update = {
        "n": number,
        "head": {name: json_value(value) for name, value in new_head.items()},
        "total": len(messages),
        "time_name": time_name(messages),
        "keep": keep,
        "parts": given,
    }
    return update if steps is None else {**update, "steps": steps}


def _newest(
    history: JobHistory, start: int, end: int, most_messages: int, most_bytes: int
) -> tuple[tuple[int, list[MessageValues]], int]:
    """Return the newest messages from `start` to `end` that fit, at least one, and their bytes."""
    found: list[MessageValues] = []
    size = 0
    for message in reversed(history.messages[start:end]):
        values = message_values(message, history.latest)
        length = len(json.dumps(values)) + 1
        if found and (len(found) >= most_messages or size + length > most_bytes):
            break
        found.append(values)
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
