"""Rows of a dataset as a block, of which the frames are made."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobwidgets._model.packed import NONE
from jobwidgets._model.snapshot import Status
from jobwidgets._model.steps import StepCodes, StepEvents
from jobwidgets.frames._block import Block
from jobwidgets.frames._columns import (
    NO_STATUS,
    STATUS_NUMBER,
    Column,
)
from jobwidgets.frames._documents import Reader
from jobwidgets.frames._steps import EventTimes, ToldSteps, step_codes
from jobwidgets.frames._tables import Columns
from jobwidgets.frames._texts import from_arrow

_NUMBERS = {status.value: number for status, number in STATUS_NUMBER.items()}
# A word of a later version's.
_UNKNOWN = STATUS_NUMBER[Status.UNKNOWN]


class DatasetBlock(Block):
    """Some rows of a dataset, with those columns that are asked of it."""

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def _column(self, name: str) -> pa.Array:
        return self._rows[name].combine_chunks()

    @cached_property
    def _messages(self) -> dict[str, pa.Array]:
        return _parts(self._column("message_rows"))

    @cached_property
    def _snapshots(self) -> dict[str, pa.Array]:
        return _parts(self._column("snapshot_rows"))

    def dialects(self, given: str) -> Sequence[str | None]:
        return list(self._column("dialect").to_pylist())

    @property
    def urls(self) -> Column:
        return from_arrow(self._column("url"))

    @cached_property
    def job_ids(self) -> Column:
        return from_arrow(self._column("job_id"))

    @cached_property
    def status_numbers(self) -> np.ndarray:
        return _status_numbers(self._column("status"))

    @property
    def raw_status(self) -> Column:
        return from_arrow(self._column("raw_status"))

    @property
    def kinds(self) -> Column:
        return from_arrow(self._column("kind"))

    @property
    def owners(self) -> Column:
        return from_arrow(self._column("owner"))

    @property
    def mission_ids(self) -> Column:
        return from_arrow(self._column("mission_id"))

    @property
    def errors(self) -> Column:
        return from_arrow(self._column("error"))

    @cached_property
    def started(self) -> np.ndarray:
        return numbers_of(self._column("started"))

    @cached_property
    def ended(self) -> np.ndarray:
        return numbers_of(self._column("ended"))

    @cached_property
    def steps_done(self) -> np.ndarray:
        return numbers_of(self._column("steps_done"))

    @cached_property
    def steps_total(self) -> np.ndarray:
        return numbers_of(self._column("steps_total"))

    @cached_property
    def progress(self) -> np.ndarray:
        return _floats(self._column("progress"))

    @cached_property
    def message_counts(self) -> np.ndarray:
        return numbers_of(self._column("messages"))

    @property
    def message_texts(self) -> Column:
        return from_arrow(self._messages["text"])

    @property
    def message_codes(self) -> np.ndarray:
        return numbers_of(self._messages["code"])

    @property
    def message_levels(self) -> Column:
        return from_arrow(self._messages["level"])

    @property
    def message_times(self) -> np.ndarray:
        return numbers_of(self._messages["time"])

    @property
    def message_sights(self) -> np.ndarray:
        return numbers_of(self._messages["seen"])

    @property
    def message_polls(self) -> np.ndarray:
        return numbers_of(self._messages["polled_before"])

    @property
    def have_ended(self) -> np.ndarray:
        return np.asarray(self._column("has_ended"), dtype=bool)

    @property
    def last_sights(self) -> np.ndarray:
        return numbers_of(self._column("seen"))

    @property
    def written_at(self) -> np.ndarray:
        """When each row was written."""
        return numbers_of(self._column("written"))

    @cached_property
    def documents(self) -> Sequence[Mapping[str, Any] | None]:
        return self._mappings("document")

    @cached_property
    def attributes(self) -> Sequence[Mapping[str, Any] | None]:
        return self._mappings("attributes")

    def _mappings(self, name: str) -> list[Any]:
        texts = self._column(name).to_pylist()
        return [None if text is None else json.loads(text) for text in texts]

    def attribute(self, name: str) -> Sequence[Any]:
        values = [None if one is None else one.get(name) for one in self.attributes]
        unread: defaultdict[str, list[int]] = defaultdict(list)
        for place, dialect in enumerate(self.dialects("")):
            if self.attributes[place] is None and self.documents[place] is not None:
                unread[dialect or ""].append(place)
        for dialect, places in unread.items():
            found = _attribute(dialect, [self.documents[place] for place in places], name)
            for place, value in zip(places, found, strict=True):
                values[place] = value
        return values

    def reasons(self, jobs: np.ndarray) -> Sequence[str | None]:
        raise NotImplementedError

    def written(self) -> EventTimes:
        started = np.repeat(self.started, self._message_numbers)
        return EventTimes.of_watched(
            self.message_times, self.message_sights, self.message_polls, started
        )

    @property
    def snapshot_counts(self) -> np.ndarray:
        return np.asarray(pc.list_value_length(self._column("snapshot_rows")), dtype="i8")

    @property
    def snapshot_polls(self) -> np.ndarray:
        return numbers_of(self._snapshots["polled_before"])

    def snapshots(self) -> Columns:
        """Return the columns of `snapshots_frame`."""
        parts = self._snapshots
        owners = np.repeat(np.arange(len(self)), self.snapshot_counts)
        return {
            "job_id": self.job_ids.take(owners),
            "seen": numbers_of(parts["seen"]),
            "status": _status_numbers(parts["status"]),
            "raw_status": from_arrow(parts["raw_status"]),
            "progress": _floats(parts["progress"]),
            "steps_done": numbers_of(parts["steps_done"]),
            "steps_total": numbers_of(parts["steps_total"]),
            "messages": numbers_of(parts["messages"]),
        }

    def step_codes(self, given: StepCodes | None) -> Sequence[StepCodes]:
        names = self.dialects("")
        codes = {name: step_codes(name, given) for name in set(names)}
        return [codes[name] for name in names]

    def told_steps(self, given: StepCodes | None) -> ToldSteps:
        rows = self._column("step_rows")
        parts = _parts(rows)
        names, are_complete = parts["step"].to_pylist(), parts["complete"].to_pylist()
        steps: list[StepEvents] = []
        for place, (name, is_complete) in enumerate(zip(names, are_complete, strict=True)):
            steps.append(StepEvents(name, place, len(names) + place if is_complete else None))
        counts = np.asarray(pc.fill_null(pc.list_value_length(rows), 0), dtype="i8")
        ends = np.cumsum(counts)
        jobs = np.flatnonzero(counts).tolist()
        of = {job: steps[ends[job] - counts[job] : ends[job]] for job in jobs}
        moments, early = (
            np.concatenate([numbers_of(parts[name]) for name in both])
            for both in (("begun", "ended"), ("begun_early", "ended_early"))
        )
        return ToldSteps(of, EventTimes(moments, early, np.zeros(len(moments), dtype=bool)))


def _attribute(dialect: str, documents: list[Any], name: str) -> Sequence[Any]:
    reader = Reader(dialect or None, "raise", ["jobs"], [name])
    return reader.block(documents, ["a document"] * len(documents)).attribute(name)


def _parts(lists: pa.ListArray) -> dict[str, pa.Array]:
    """Return the fields of all lists' items, one list after another."""
    items = lists.flatten()
    return dict(zip(items.type.names, items.flatten(), strict=True))


def numbers_of(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Return whole numbers, or times in microseconds, in which `NONE` is missing."""
    return np.asarray(pc.fill_null(values.cast(pa.int64()), NONE))


def _floats(values: pa.Array) -> np.ndarray:
    return np.array(pc.fill_null(values, np.nan))


def _status_numbers(words: pa.Array) -> np.ndarray:
    found = words.dictionary_encode()
    numbers = [_NUMBERS.get(word, _UNKNOWN) for word in found.dictionary.to_pylist()]
    places = np.asarray(pc.fill_null(found.indices, len(numbers)))
    return np.array([*numbers, NO_STATUS], dtype="i1").take(places)
