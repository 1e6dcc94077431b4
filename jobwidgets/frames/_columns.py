"""Values of a job as pandas columns, each of one dtype whatever it holds."""

from __future__ import annotations

from array import array
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from jobwidgets._model.history import NONE, JobHistory
from jobwidgets._model.snapshot import Status

Dtype: TypeAlias = str | pd.CategoricalDtype | pd.DatetimeTZDtype

STATUS = pd.CategoricalDtype([status.value for status in Status], ordered=True)
TIME = pd.DatetimeTZDtype("us", "UTC")
# As jobwidgets._model.history.ROW packs them.
_ROW = np.dtype(
    [
        ("seen", "<i8"),
        ("status", "i1"),
        ("raw_status", "<i4"),
        ("steps_done", "<i8"),
        ("steps_total", "<i8"),
        ("progress", "<f8"),
        ("messages", "<i4"),
    ]
)


def typed(values: list[Any], dtype: Dtype) -> pd.Series:
    """Return a column of `dtype`, in which None is missing."""
    if dtype == "Int64":
        return _integers(array("q", [NONE if value is None else value for value in values]))
    return pd.Series(values, dtype=dtype)


def _integers(values: array[int] | np.ndarray) -> pd.Series:
    """Return a column of `Int64`, in which `NONE` is missing."""
    numbers = np.array(values, dtype="int64")
    missing = numbers == NONE
    numbers[missing] = 0
    return pd.Series(pd.arrays.IntegerArray(numbers, missing))


def repeated(texts: list[str], counts: list[int]) -> pd.Series:
    """Return a column of `str` with each text as often as its count says."""
    return typed(texts, "str").repeat(counts).reset_index(drop=True)


class SnapshotRows:
    """The snapshots of many jobs, as one set of typed columns."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._counts: list[int] = []
        self._rows = bytearray()
        self._words: dict[str | None, int] = {}
        # Of all jobs, one after another: where in `_words` each of a job's words is.
        self._places: list[int] = []
        self._starts: list[int] = []

    def add(self, history: JobHistory) -> None:
        """Add the snapshots of one job, without a loop over them."""
        # Rows first: the poller may be adding one, whose word is there before it.
        rows, words = history.snapshots.rows, history.snapshots.words
        self._rows += rows
        self._starts.append(len(self._places))
        self._places += [self._words.setdefault(word, len(self._words)) for word in words]
        self._ids.append(history.job_id)
        self._counts.append(len(rows) // _ROW.itemsize)

    def frame(self) -> pd.DataFrame:
        """Return the columns as `snapshots_frame` documents them."""
        rows = np.frombuffer(bytes(self._rows), dtype=_ROW)
        words = typed(list(self._words), "str")
        starts = np.array(self._starts, dtype="i8").repeat(self._counts)
        places = np.array(self._places, dtype="i8")[starts + rows["raw_status"]]
        return pd.DataFrame(
            {
                "job_id": repeated(self._ids, self._counts),
                "seen": pd.Series(rows["seen"].astype("i8").view("M8[us]"), dtype=TIME),
                "status": pd.Categorical.from_codes(rows["status"], dtype=STATUS),
                "raw_status": words.array.take(places),
                "progress": rows["progress"].astype("f8"),
                "steps_done": _integers(rows["steps_done"]),
                "steps_total": _integers(rows["steps_total"]),
                "messages": _integers(rows["messages"]),
            }
        )
