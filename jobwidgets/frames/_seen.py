"""Snapshots to columns: those of any dialect, and those of histories."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
import pandas as pd

from jobwidgets._model import packed
from jobwidgets._model.history import JobHistory
from jobwidgets._model.packed import FIELDS, NONE
from jobwidgets._model.severity import reason_of
from jobwidgets._model.snapshot import Message, Snapshot
from jobwidgets._model.steps import Mark, StepCodes, StepEvents, steps_of
from jobwidgets.dialects import Dialect
from jobwidgets.frames._block import Block
from jobwidgets.frames._columns import (
    NO_STATUS,
    STATUS_NUMBER,
    TIME,
    Column,
    microseconds,
    missing,
    numbered,
    within,
)
from jobwidgets.frames._steps import (
    EventTimes,
    ToldSteps,
    can_be_read_again,
    shifted,
    step_codes,
)
from jobwidgets.frames._tables import Columns
from jobwidgets.frames._texts import no_texts, texts

_PACKED = np.dtype([(name, f"<{code}") for name, code in FIELDS])


class _Nothing:
    """The facts of a job that never gave a document: each is None."""

    def __getattr__(self, _: str) -> None:
        return None


_NOTHING = _Nothing()


class Snapshots(Block):
    """Snapshots, one a job; None for a job that never gave a document."""

    def __init__(
        self, snapshots: Sequence[Snapshot | None], dialects: Sequence[Dialect | None]
    ) -> None:
        self._snapshots: list[Any] = [_NOTHING if one is None else one for one in snapshots]
        self._dialects = dialects

    def __len__(self) -> int:
        return len(self._snapshots)

    def _facts(self, name: str) -> list[Any]:
        return list(map(attrgetter(name), self._snapshots))

    @cached_property
    def job_ids(self) -> Column:
        return texts(self._facts("id"))

    @property
    def raw_status(self) -> Column:
        return texts(self._facts("raw_status"))

    @cached_property
    def status_numbers(self) -> np.ndarray:
        numbers = {None: NO_STATUS} | STATUS_NUMBER
        return np.array([numbers[status] for status in self._facts("status")], dtype="i1")

    @property
    def kinds(self) -> Column:
        return texts(self._facts("kind"))

    @property
    def owners(self) -> Column:
        return texts(self._facts("owner"))

    @property
    def mission_ids(self) -> Column:
        ids = self.attribute("missionId")
        return texts([value if isinstance(value, str) else None for value in ids])

    @cached_property
    def started(self) -> np.ndarray:
        return _times(self._facts("started"))

    @cached_property
    def ended(self) -> np.ndarray:
        return _times(self._facts("ended"))

    @cached_property
    def steps_done(self) -> np.ndarray:
        return numbered(self._facts("steps_done"))

    @cached_property
    def steps_total(self) -> np.ndarray:
        return numbered(self._facts("steps_total"))

    @cached_property
    def progress(self) -> np.ndarray:
        return np.array(self._facts("progress"), dtype="f8")

    @cached_property
    def message_counts(self) -> np.ndarray:
        lists = self._facts("messages")
        return numbered([None if messages is None else len(messages) for messages in lists])

    @cached_property
    def _messages(self) -> list[Message]:
        return list(chain.from_iterable(filter(None, self._facts("messages"))))

    @property
    def message_texts(self) -> Column:
        return texts([message.text for message in self._messages])

    @property
    def message_codes(self) -> np.ndarray:
        codes: list[Any] = [NONE if m.code is None else m.code for m in self._messages]
        try:
            return np.array(array("q", codes))  # which refuses words
        except TypeError:
            return numbered([None if isinstance(code, str) else code for code in codes])

    @property
    def message_levels(self) -> Column:
        levels = [message.level for message in self._messages]
        return texts(levels) if any(levels) else no_texts(len(levels))

    @property
    def message_times(self) -> np.ndarray:
        return _times([message.time for message in self._messages])

    @property
    def message_sights(self) -> np.ndarray:
        return _sights(self._messages)

    def written(self) -> EventTimes:
        return EventTimes.told(self.message_times)

    def _mark_times(self, events: Sequence[Message | Mark], _: np.ndarray) -> EventTimes:
        """Return the times of what tells of steps, of which each job has so many."""
        return EventTimes.told(_times([event.time for event in events]))

    @property
    def documents(self) -> Sequence[Mapping[str, Any] | None]:
        return self._facts("document")

    @property
    def attributes(self) -> Sequence[Mapping[str, Any] | None]:
        return self._facts("attributes")

    def attribute(self, name: str) -> Sequence[Any]:
        return [None if one is None else one.get(name) for one in self.attributes]

    def reasons(self, jobs: np.ndarray) -> Sequence[str | None]:
        return [reason_of(self._snapshots[job].messages or ()) for job in jobs.tolist()]

    def dialects(self, given: str) -> Sequence[str | None]:
        return [given if dialect is None else dialect.name for dialect in self._dialects]

    def step_codes(self, given: StepCodes | None) -> Sequence[StepCodes]:
        codes = step_codes(None, given)
        return [codes if dialect is None else dialect.steps for dialect in self._dialects]

    def told_steps(self, given: StepCodes | None) -> ToldSteps | None:
        found: dict[int, list[StepEvents]] = {}
        events: list[Message | Mark] = []
        counts = np.zeros(len(self), dtype="i8")
        for job, codes in self._not_by_codes(given):
            steps, its = steps_of(self._snapshots[job], codes)
            found[job], counts[job] = shifted(steps, len(events)), len(its)
            events += its
        return ToldSteps(found, self._mark_times(events, counts)) if found else None

    def _not_by_codes(self, given: StepCodes | None) -> Iterator[tuple[int, StepCodes]]:
        """Yield the jobs of whose steps not numeric codes tell, each with its dialect's codes."""
        all_codes = self.step_codes(given)
        keys = list(zip(self.dialects(""), map(id, all_codes), strict=True))
        known = dict(zip(keys, all_codes, strict=True))
        others = {key for key in known if not can_be_read_again(key[0] or None, known[key])}
        for job, (snapshot, key) in enumerate(zip(self._snapshots, keys, strict=True)):
            if snapshot.steps or (key in others and snapshot is not _NOTHING):
                yield job, known[key]


class Histories(Snapshots):
    """Jobs that were watched."""

    def __init__(self, histories: Sequence[JobHistory]) -> None:
        # Read once: the poller may be writing.
        self._latest = [history.latest for history in histories]
        super().__init__(self._latest, [None] * len(histories))
        self._histories = histories

    @property
    def histories(self) -> Sequence[JobHistory]:
        """The jobs themselves."""
        return self._histories

    @cached_property
    def job_ids(self) -> Column:
        return texts([history.job_id for history in self._histories])

    @property
    def urls(self) -> Column:
        return texts([history.url for history in self._histories])

    @property
    def errors(self) -> Column:
        words, of_watches = self._ends(), [history.watch_error for history in self._histories]
        for job in [job for job, error in enumerate(of_watches) if error is not None]:
            words[job] = words[job] or str(of_watches[job])
        return texts(words)

    def dialects(self, given: str) -> Sequence[str | None]:
        return [history.dialect for history in self._histories]

    @property
    def have_ended(self) -> np.ndarray:
        ended = zip(self._latest, self._histories, strict=True)
        by_watch = [history.latest is latest and history.has_ended for latest, history in ended]
        return np.asarray(super().have_ended | np.array(by_watch, dtype=bool))

    @property
    def last_sights(self) -> np.ndarray:
        return _times(self._facts("seen"))

    def step_codes(self, given: StepCodes | None) -> Sequence[StepCodes]:
        names = self.dialects("")
        codes = {name: step_codes(name, given) for name in set(names)}
        return [codes[name] for name in names]

    def written(self) -> EventTimes:
        started = np.repeat(self.started, self._message_numbers)
        return EventTimes.of_watched(self.message_times, *self._first_seen, started)

    def _mark_times(self, events: Sequence[Message | Mark], counts: np.ndarray) -> EventTimes:
        told, sights = _times([event.time for event in events]), _sights(events)
        started = np.repeat(self.started, counts)
        return EventTimes.of_watched(told, sights, self._polls(sights, counts), started)

    @property
    def message_sights(self) -> np.ndarray:
        return self._first_seen[0]

    @property
    def message_polls(self) -> np.ndarray:
        return self._first_seen[1]

    @cached_property
    def _first_seen(self) -> tuple[np.ndarray, np.ndarray]:
        """When each message was first seen, and the poll before; mostly its snapshot tells."""
        numbers, (are_told, new) = self._message_numbers, self._new_messages
        told = np.repeat(are_told, numbers)
        sights, polls = np.empty((2, len(told)), dtype="i8")
        for found, name in ((sights, "seen"), (polls, "polled_before")):
            found[told] = np.repeat(self._snapshot_rows[name], new)
        others = [self._snapshots[job].messages or () for job in np.flatnonzero(~are_told)]
        sights[~told] = _sights(list(chain.from_iterable(others)))
        polls[~told] = self._polls(sights[~told], np.where(are_told, 0, numbers))
        return sights, polls

    @property
    def _new_messages(self) -> tuple[np.ndarray, np.ndarray]:
        """Whose snapshots tell of their messages' first sights, and how many each brought."""
        owners, places = within(self.snapshot_counts)
        # There may be snapshots that came after the latest was read.
        counts = np.minimum(self._snapshot_rows["message_count"], self._message_numbers[owners])
        new = np.diff(counts, prepend=0)
        new[places == 0] = counts[places == 0]
        only_grew = np.array([grew for _, _, grew in self._packed_snapshots], dtype=bool)
        all_new = np.bincount(owners, new, minlength=len(self))
        are_told = only_grew & (all_new == self._message_numbers)
        return are_told, np.where(are_told[owners], new, 0)

    def _polls(self, sights: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return when the polls before first sights were, of which each job has so many."""
        rows = self._snapshot_rows
        firsts, starts = (np.cumsum(some) - some for some in (counts, self.snapshot_counts))
        found = missing(len(sights)).copy()
        for job in np.flatnonzero(counts):
            its = rows[starts[job] : starts[job] + self.snapshot_counts[job]]
            before = dict(zip(its["seen"].tolist(), its["polled_before"].tolist(), strict=True))
            events = slice(firsts[job], firsts[job] + counts[job])
            found[events] = [before.get(seen, NONE) for seen in sights[events].tolist()]
        return found

    @cached_property
    def _packed_snapshots(self) -> list[tuple[bytes, tuple[str | None, ...], bool]]:
        return [packed.columns(history.snapshots) for history in self._histories]

    @cached_property
    def _snapshot_rows(self) -> np.ndarray:
        return np.frombuffer(
            b"".join([rows for rows, _, _ in self._packed_snapshots]), dtype=_PACKED
        )

    @cached_property
    def snapshot_counts(self) -> np.ndarray:
        sizes = [len(rows) for rows, _, _ in self._packed_snapshots]
        return np.array(sizes, dtype="i8") // _PACKED.itemsize

    @property
    def snapshot_polls(self) -> np.ndarray:
        return np.asarray(self._snapshot_rows["polled_before"], dtype="i8")

    def snapshots(self) -> Columns:
        """Return the columns of a row a distinct snapshot, without a loop over the snapshots."""
        rows = self._snapshot_rows
        owners = np.repeat(np.arange(len(self)), self.snapshot_counts)
        # Each job numbers its words on its own: where its first word is in the list of all.
        lists = [words for _, words, _ in self._packed_snapshots]
        starts = np.cumsum([0, *map(len, lists)])[:-1]
        words = texts(list(chain.from_iterable(lists)))
        return {
            "job_id": self.job_ids.take(owners),
            "seen": rows["seen"],
            "status": rows["status"],
            "raw_status": words.take(starts[owners] + rows["raw_status"]),
            "progress": rows["progress"],
            "steps_done": rows["steps_done"],
            "steps_total": rows["steps_total"],
            "messages": rows["message_count"].astype("i8"),
        }


def _times(values: list[Any]) -> np.ndarray:
    """Return times in microseconds, in which `NONE` is missing."""
    return pd.DatetimeIndex(values, dtype=TIME).asi8 if any(values) else missing(len(values))


def _sights(events: Sequence[Message | Mark]) -> np.ndarray:
    """Return when each was first seen; all that one poll brought is worked out once."""
    sights = [event.seen for event in events]
    numbers = {seen: microseconds(seen) for seen in set(sights)}
    return np.fromiter(map(numbers.__getitem__, sights), "i8", len(sights))
