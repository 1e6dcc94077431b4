"""The updates that the views of a board get: plain JSON values, pure functions.

An update is a dict:

``n``
    Its number. A view that misses one, or lacks a job, asks for all again.
``count``
    How many jobs there are.
``fields``
    The names of the values of a job, in their order; see `board_values.JobValues`.
``jobs``
    ``[index, *values]`` of each that changed.
``unfolded``
    ``[index, {total, time_name, keep, parts}]`` of each unfolded job whose messages or steps
    changed, as in an update of `job_updates`; with ``steps`` where these changed.
``totals``
    ``[status, mark, words, count]`` of each status in their order, those that no job has too.
``spoken``
    The same in words, read out when it changes.
``caption``
    What all jobs have in common, in words.
``alike``
    The names of the values that are in it, of which no column is needed.
``line``
    A sentence (see `job_values`) on the list of the jobs, and on those without contact.
``selection``
    Which jobs are selected; see `board_selection.Selection`.
``is_over``
    Whether nothing more will come.
``is_unlisted``
    Whether there are no jobs because no list of them has come.
``can_try``
    Whether the list can be asked for at once.
``kept``
    Whether every output has got its last form.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from jobwidgets._display.alike import alike, caption
from jobwidgets._display.contact import is_unlisted, on_board
from jobwidgets._display.sentences import Sentence
from jobwidgets._display.statuses import MARKS, Total, totals
from jobwidgets._display.words import Shown, trouble
from jobwidgets._model.contact import Contact
from jobwidgets._widgets.board_selection import Selection
from jobwidgets._widgets.board_values import FIELDS, JobValues, job_values, json_job
from jobwidgets._widgets.job_updates import MOST_BYTES, Updates
from jobwidgets._widgets.job_values import json_value

LARGEST_UPDATE = 200_000
"""Bytes of the jobs and messages in one update; steps of unfolded jobs come on top."""
_UNFOLDED = ("total", "time_name", "keep", "parts", "steps")
_NONE = Selection()
_BYTES_BESIDE_MESSAGES = LARGEST_UPDATE - MOST_BYTES  # with more, messages wait for the next one


class BoardUpdates:
    """The numbered updates of one board's views, each with what the views do not know yet."""

    def __init__(self) -> None:
        self._number = 0
        self._jobs: list[JobValues | None] = []  # as the views know them
        self._summary: _Summary | None = None
        self._changed: dict[int, None] = {}
        self._unfolded: dict[int, _Unfolded] = {}

    def note(self, index: int, first_message: int | None = None) -> None:
        """Note that a job may have changed, and its messages from this index on."""
        while len(self._jobs) <= index:
            self._jobs.append(None)
        self._changed[index] = None
        if index in self._unfolded:
            self._unfolded[index].updates.note(first_message)

    def forget(self) -> None:
        """Send all jobs again: a view lacks one."""
        self._jobs = [None] * len(self._jobs)
        self._changed = dict.fromkeys(range(len(self._jobs)))

    def unfold(self, view: str, index: object) -> None:
        """Send the steps and messages of a job from now on; an invalid index is ignored."""
        if type(index) is int and 0 <= index < len(self._jobs):
            others = self._unfolded[index].views if index in self._unfolded else set()
            # Anew, for this view knows nothing; the others ask for what they then lack.
            self._unfolded[index] = _Unfolded({*others, view})
            self._changed[index] = None

    @property
    def unfolded(self) -> set[int]:
        """The indexes of the jobs that some view shows unfolded."""
        return set(self._unfolded)

    def fold(self, view: str, index: object = None) -> None:
        """Send a view no more of a job than its row; None for all jobs: the view was closed."""
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
        self,
        jobs: Sequence[Shown],
        contact: Contact | None,
        selection: Selection = _NONE,
        *,
        is_kept: bool = False,
        now: datetime | None = None,
    ) -> dict[str, Any] | None:
        """Return the next update; None when the views know everything."""
        changed: list[list[Any]] = []
        unfolded: list[list[Any]] = []
        size = 0
        for index in list(self._changed):
            if size >= (_BYTES_BESIDE_MESSAGES if index in self._unfolded else LARGEST_UPDATE):
                continue
            del self._changed[index]
            new = (self._job(index, jobs[index]), self._unfolded_job(index, jobs[index], now))
            changed += new[0]
            unfolded += new[1]
            size += _size(new[0]) + _size(new[1])
        summary = _summary(jobs, contact, selection, is_kept, now)
        if not changed and not unfolded and summary == self._summary:
            return None
        self._number, self._summary = self._number + 1, summary
        return _update(self._number, summary, changed, unfolded)

    def whole(
        self,
        jobs: Sequence[Shown],
        contact: Contact | None,
        selection: Selection = _NONE,
        *,
        is_kept: bool = False,
        now: datetime | None = None,
    ) -> dict[str, Any]:
        """Return the last update with as many jobs as fit: for a page that opens.

        It may already hold what the next one will tell, and can be asked for by any thread.
        """
        number = self._number  # read first: the rest may be newer than the number, never older
        given, size = [], 0
        for index, job in enumerate(jobs):
            given.append(json_job(index, job_values(job)))
            size += _size(given[-1])
            if size > LARGEST_UPDATE:
                given.pop()
                break
        return _update(number, _summary(jobs, contact, selection, is_kept, now), given, [])

    def _job(self, index: int, job: Shown) -> list[list[Any]]:
        """Return the values of a job, or nothing when the views know them."""
        new = job_values(job)
        if new == self._jobs[index]:  # time alone is no news: see `Clock`
            return []
        self._jobs[index] = new
        return [json_job(index, new)]

    def _unfolded_job(self, index: int, job: Shown, now: datetime | None) -> list[list[Any]]:
        """Return what is new of an unfolded job's steps and messages."""
        if index not in self._unfolded:
            return []
        unfolded = self._unfolded[index]
        facts = job.history, job.contact, job.elapsed, job._steps
        update = unfolded.updates.next(*facts, now=now)
        if unfolded.updates.has_more:
            self._changed[index] = None
        if update is None:
            return []
        if not (update["parts"] or "steps" in update or update["total"] != unfolded.total):
            return []
        unfolded.total = update["total"]
        return [[index, {name: update[name] for name in _UNFOLDED if name in update}]]


@dataclass(slots=True)
class _Unfolded:
    views: set[str]
    updates: Updates = field(default_factory=Updates)
    total: int | None = None


@dataclass(frozen=True, slots=True)
class _Summary:
    """What is said of all jobs together."""

    count: int
    totals: list[Total]
    alike: dict[str, str]
    line: Sentence
    selection: Selection
    is_over: bool
    is_unlisted: bool
    can_try: bool
    is_kept: bool


def _summary(
    jobs: Sequence[Shown],
    contact: Contact | None,
    selection: Selection,
    is_kept: bool,
    now: datetime | None,
) -> _Summary:
    troubled = sum(bool(trouble(job.history, job.contact)[0]) for job in jobs)
    return _Summary(
        len(jobs),
        totals(job.history.status for job in jobs),
        alike(jobs),
        on_board(contact, troubled, now or datetime.now(UTC)),
        selection,
        contact is None and all(job.history.has_ended for job in jobs),
        is_unlisted(len(jobs), contact),
        contact is not None and contact.error is not None,
        is_kept,
    )


def _update(
    number: int, summary: _Summary, jobs: list[list[Any]], unfolded: list[list[Any]]
) -> dict[str, Any]:
    by_status = [[one.status, MARKS[one.status][0], one.words, one.count] for one in summary.totals]
    return {
        "n": number,
        "count": summary.count,
        "fields": FIELDS,
        "jobs": jobs,
        "unfolded": unfolded,
        "totals": by_status,
        "spoken": ", ".join(one.words for one in summary.totals if one.count),
        "caption": caption(summary.alike),
        "alike": list(summary.alike),
        "line": json_value(summary.line),
        "selection": summary.selection.json(),
        "is_over": summary.is_over,
        "is_unlisted": summary.is_unlisted,
        "can_try": summary.can_try,
        "kept": summary.is_kept,
    }


def _size(values: list[Any]) -> int:
    return len(json.dumps(values)) + 2 if values else 0
