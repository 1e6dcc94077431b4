"""Snapshots to columns: those of any dialect, and those of histories."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, islice, repeat
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


class Snapshots(Block):
    """Snapshots, one a job; None for a job that never gave a document."""

    def __init__(
        self, snapshots: Sequence[Snapshot | None], dialects: Sequence[Dialect | None]
    ) -> None:
        self._snapshots = snapshots
        self._dialects = dialects

    def __len__(self) -> int:
        return len(self._snapshots)

    def _facts(self, name: str) -> list[Any]:
        fact = attrgetter(name)
        return [None if snapshot is None else fact(snapshot) for snapshot in self._snapshots]

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
        return list(chain.from_iterable(s.messages for s in self._snapshots if s is not None))

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

    @cached_property
    def message_sights(self) -> np.ndarray:
        return _sights(self._messages)

    def written(self) -> EventTimes:
        return self._event_times(self._messages, self._message_numbers)

    def _event_times(self, events: Sequence[Message | Mark], _: np.ndarray) -> EventTimes:
        """Return the times of messages or marks, of which each job has so many."""
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
        found = (self._snapshots[job] for job in jobs.tolist())
        return [None if one is None else reason_of(one.messages) for one in found]

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
            steps, its = steps_of(self._snapshots[job], codes)  # type: ignore[arg-type]  # it has one
            found[job], counts[job] = shifted(steps, len(events)), len(its)
            events += its
        return ToldSteps(found, self._event_times(events, counts)) if found else None

    def _not_by_codes(self, given: StepCodes | None) -> Iterator[tuple[int, StepCodes]]:
        """Yield the jobs of whose steps not numeric codes tell, each with its dialect's codes."""
        names, all_codes = self.dialects(""), self.step_codes(given)
        plain: dict[tuple[str | None, int], bool] = {}
        for job, (snapshot, name, codes) in enumerate(
            zip(self._snapshots, names, all_codes, strict=True)
        ):
            key = name or None, id(codes)
            if key not in plain:
                plain[key] = can_be_read_again(name or None, codes)
            if snapshot is not None and (snapshot.steps or not plain[key]):
                yield job, codes


class Histories(Snapshots):
    """Jobs that were watched."""

    def __init__(self, histories: Sequence[JobHistory]) -> None:
        # Read once: the poller may be writing.
        latest = [history.latest for history in histories]
        super().__init__(latest, [None] * len(histories))
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
        words = self._ends()
        for place, history in enumerate(self._histories):
            if words[place] is None and history.watch_error is not None:
                words[place] = str(history.watch_error)
        return texts(words)

    def dialects(self, given: str) -> Sequence[str | None]:
        return [history.dialect for history in self._histories]

    @property
    def have_ended(self) -> np.ndarray:
        ended = zip(self._snapshots, self._histories, strict=True)
        by_watch = [history.latest is latest and history.has_ended for latest, history in ended]
        return np.asarray(super().have_ended | np.array(by_watch, dtype=bool))

    @property
    def last_sights(self) -> np.ndarray:
        return _times(self._facts("seen"))

    def step_codes(self, given: StepCodes | None) -> Sequence[StepCodes]:
        names = self.dialects("")
        codes = {name: step_codes(name, given) for name in set(names)}
        return [codes[name] for name in names]

    def _event_times(self, events: Sequence[Message | Mark], counts: np.ndarray) -> EventTimes:
        told, sights = _times([event.time for event in events]), _sights(events)
        started = np.repeat(self.started, counts)
        return EventTimes.of_watched(told, sights, self._polls(sights, counts), started)

    @property
    def message_polls(self) -> np.ndarray:
        return self._polls(self.message_sights, self._message_numbers)

    def _polls(self, sights: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return when the polls before first sights were, of which each job has so many."""
        rows, seen_at, found = self._snapshot_rows, sights.tolist(), list[int]()
        polls = iter(zip(rows["seen"].tolist(), rows["polled_before"].tolist(), strict=True))
        for snapshots, events in zip(self.snapshot_counts.tolist(), counts.tolist(), strict=True):
            before = dict(islice(polls, snapshots))
            found += map(before.get, seen_at[len(found) : len(found) + events], repeat(NONE))
        return np.array(found, dtype="i8")

    @cached_property
    def _packed_snapshots(self) -> list[tuple[bytes, tuple[str | None, ...]]]:
        return [packed.columns(history.snapshots) for history in self._histories]

    @cached_property
    def _snapshot_rows(self) -> np.ndarray:
        return np.frombuffer(b"".join(rows for rows, _ in self._packed_snapshots), dtype=_PACKED)

    @cached_property
    def snapshot_counts(self) -> np.ndarray:
        counts = [len(rows) // _PACKED.itemsize for rows, _ in self._packed_snapshots]
        return np.array(counts, dtype="i8")

    @property
    def snapshot_polls(self) -> np.ndarray:
        return np.asarray(self._snapshot_rows["polled_before"], dtype="i8")

    def snapshots(self) -> Columns:
        """Return the columns of a row a distinct snapshot, without a loop over the snapshots."""
        rows = self._snapshot_rows
        owners = np.repeat(np.arange(len(self)), self.snapshot_counts)
        # Each job numbers its words on its own: where its first word is in the list of all.
        lists = [words for _, words in self._packed_snapshots]
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
