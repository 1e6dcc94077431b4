"""Mission documents in pyarrow's columns to ours, without a Python object a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobwidgets._model.packed import NONE
from jobwidgets._model.redact import redacted_texts
from jobwidgets.dialects import _facts as facts
from jobwidgets.dialects.relatives import is_of_notebook
from jobwidgets.frames._block import Block
from jobwidgets.frames._columns import STATUS_NUMBER, Column
from jobwidgets.frames._mission import from_milliseconds, paired
from jobwidgets.frames._texts import clean_arrow


class MissionTable(Block):
    """Documents that are jobs', as `jobwidgets.frames._mission_arrow_read` reads them."""

    def __init__(self, documents: pa.StructArray) -> None:
        self._parts = _parts(documents)
        self._custom = _parts(self._parts["customAttributes"])

    def __len__(self) -> int:
        return len(self._parts["jobId"])

    @property
    def has_ids(self) -> bool:
        """Whether each document has a job's id."""
        ids = self._parts["jobId"]
        return bool(ids.null_count == 0 and pc.min(pc.binary_length(ids)).as_py() != 0)

    @property
    def has_notebooks(self) -> bool:
        """Whether a job's operation is one on a notebook."""
        return any(map(is_of_notebook, self._parts["type"].unique().drop_null().to_pylist()))

    @cached_property
    def job_ids(self) -> Column:
        return clean_arrow(self._parts["jobId"])

    @property
    def raw_status(self) -> Column:
        return clean_arrow(self._parts["status"])

    @cached_property
    def status_numbers(self) -> np.ndarray:
        words = self._parts["status"].dictionary_encode("encode")
        cancelled = np.asarray(pc.fill_null(self._custom["isCancelled"], False))
        known = words.dictionary.to_pylist()
        numbers = np.array(
            [
                [STATUS_NUMBER[facts.status_of(raw, cancelled=flag)] for flag in (False, True)]
                for raw in known
            ],
            dtype="i1",
        ).reshape(-1, 2)
        return np.asarray(numbers[np.asarray(words.indices), cancelled.astype("i1")])

    @property
    def kinds(self) -> Column:
        return clean_arrow(self._parts["type"])

    @property
    def owners(self) -> Column:
        return clean_arrow(self._parts["username"])

    @property
    def mission_ids(self) -> Column:
        return clean_arrow(pc.coalesce(self._custom["missionId"], self._parts["missionId"]))

    @cached_property
    def started(self) -> np.ndarray:
        return from_milliseconds(_integers(self._parts["startTime"]))

    @cached_property
    def ended(self) -> np.ndarray:
        return from_milliseconds(_integers(self._parts["endTime"]))

    @cached_property
    def steps_done(self) -> np.ndarray:
        return _integers(self._custom["stepsCompleted"])

    @cached_property
    def steps_total(self) -> np.ndarray:
        return _integers(self._custom["totalSteps"])

    @cached_property
    def message_counts(self) -> np.ndarray:
        return lengths(self._parts["messages"])

    @property
    def message_texts(self) -> Column:
        return clean_arrow(_lines(self._parts["messages"]))

    @property
    def message_codes(self) -> np.ndarray:
        lists = self._custom["messageCodes"]
        return paired(_integers(lists.flatten()), lengths(lists), self.message_counts)

    @property
    def documents(self) -> Sequence[Mapping[str, Any]]:
        raise NotImplementedError

    def attribute(self, name: str) -> Sequence[Any]:
        raise NotImplementedError(name)

    def reasons(self, jobs: np.ndarray) -> Sequence[str | None]:
        lists = self._parts["messages"].take(pa.array(jobs))
        counts = lengths(lists)
        lasts = pa.array(np.cumsum(counts) - 1, mask=counts == 0)
        return redacted_texts(_lines(lists).take(lasts).to_pylist())


def _parts(structs: pa.StructArray) -> dict[str, pa.Array]:
    return dict(zip(structs.type.names, structs.flatten(), strict=True))


def _lines(lists: pa.Array) -> pa.Array:
    lines = lists.flatten()
    return pc.fill_null(lines, "") if lines.null_count else lines


def _integers(numbers: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(numbers, NONE))


def lengths(lists: pa.Array) -> np.ndarray:
    """Return how many items each list has; a missing one has none."""
    return np.asarray(pc.fill_null(pc.list_value_length(lists), 0)).astype("i8")
