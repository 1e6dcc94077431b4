"""What a static form from before the end is held to: it tells its time, and stays small.

It is sent again and again while a job runs, and saved with the notebook at any moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from jobwidgets._display.markup import LAST, first_and_last
from jobwidgets._display.times import time_of_day
from jobwidgets._display.words import Shown, is_asked
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory

T = TypeVar("T")
_FRAME = 2_000
"""Bytes of what stands around rows, about: the ends of elements and of lines."""


def known_at(history: JobHistory, contact: Contact | None) -> datetime | None:
    """Return of when the last known state of a job is; None for an ended and an unknown one."""
    if history.has_ended or history.latest is None or contact is None:
        return None
    return contact.cached_since or contact.last_heard


def board_known_at(jobs: Iterable[Shown]) -> datetime | None:
    """Return since when no job of a board that may still change was asked for.

    One without contact does not count, for its row says so; unless all are.
    """
    times: dict[bool, list[datetime]] = {True: [], False: []}
    for job in jobs:
        known, state = known_at(job.history, job.contact), job.contact.state
        if known is not None:
            is_in_touch = is_asked(job.history, job.contact) and state is ContactState.IN_TOUCH
            times[is_in_touch].append(known)
    return min(times[True], default=max(times[False], default=None))


def as_of(time: datetime | None) -> str:
    """Return "as of 22:50:12 UTC"; "" for None."""
    return f"as of {time_of_day(time)}" if time else ""


def rows_within(
    most: int | None, rows: Sequence[T], form: Callable[[T | int], str], others: Iterable[str] = ()
) -> list[str]:
    """Return rows in a form, and in the place of those that are left out how many they are.

    Parameters
    ----------
    most
        Bytes of all rows and others: only the last rows that fit are kept. None: the first and
        the last ones of a long list, whatever their size.
    form
        Makes the form of a row, or of a number of rows that are left out.
    others
        What stands beside the rows.
    """
    if most is None:
        return [form(row) for row in first_and_last(rows)]
    left = most - _FRAME - sum(len(text.encode()) for text in others)
    kept: list[str] = []
    for row in reversed(rows[-LAST:]):
        made = form(row)
        left -= len(made.encode()) + 1
        if left < 0:
            break
        kept.append(made)
    hidden = len(rows) - len(kept)
    return [*([form(hidden)] if hidden else []), *reversed(kept)]
