"""What the views are told of a job: plain JSON values, pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from jobwidgets.contact import Contact
from jobwidgets.history import JobHistory
from jobwidgets.snapshot import Message, Snapshot
from jobwidgets.static import (
    MARKS,
    drawn_progress,
    duration,
    ownership,
    since_start,
    status_words,
    steps,
)

MOST_ROWS = 2000
"""Rows of the message table in one update."""


class Updates:
    """The numbered updates of one job's views, each with what the views do not know yet.

    An update is a dict: ``n`` its number, ``head`` all but the messages, ``total`` how many
    messages there are, ``rows`` those from index ``from`` on. A view that misses a number asks
    for all again.
    """

    def __init__(self) -> None:
        self._number = 0
        self._head: dict[str, Any] = {}
        self._total = 0
        self._known = 0

    def note(self, first_message: int | None) -> None:
        """Note that messages from this index on are new or changed; None for none."""
        if first_message is not None:
            self._known = min(self._known, first_message)

    def forget(self) -> None:
        """Tell everything again: a view was opened, or missed something."""
        self._head, self._known = {}, 0

    def has_more(self, history: JobHistory) -> bool:
        """Whether messages are left for another update."""
        return self._known < len(history.messages)

    def next(
        self, history: JobHistory, contact: Contact, elapsed: timedelta | None
    ) -> dict[str, Any] | None:
        """Return the next update; None when the views know everything."""
        new_head, messages = head(history, contact, elapsed), history.messages
        first, total = min(self._known, len(messages)), len(messages)
        if first == total == self._total and not _is_news(new_head, self._head):
            return None
        chunk = messages[first : first + MOST_ROWS]
        self._number += 1
        self._head, self._total, self._known = new_head, total, first + len(chunk)
        return {
            "n": self._number,
            "head": new_head,
            "total": total,
            "from": first,
            "rows": rows(history, chunk),
        }


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
        "contact": _contact(contact),
    }


def rows(history: JobHistory, messages: Sequence[Message]) -> list[list[Any]]:
    """Return a row a message: first seen, seconds since the job's start, code, text."""
    return [
        [_milliseconds(m.seen), since_start(m, history.latest), m.code, m.text] for m in messages
    ]


def _is_news(new: dict[str, Any], known: dict[str, Any]) -> bool:
    # Time alone is no news: the views count it on by themselves.
    return {**new, "elapsed": None} != {**known, "elapsed": None}


def _progress(latest: Snapshot | None) -> float | None:
    return drawn_progress(latest) if latest is not None and latest.progress is not None else None


def _contact(contact: Contact) -> dict[str, Any]:
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
