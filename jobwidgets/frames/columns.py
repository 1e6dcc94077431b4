"""Values of a job as pandas columns, each of one dtype whatever it holds."""

from __future__ import annotations

from array import array
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from jobwidgets.history import NONE, JobHistory, SnapshotColumns
from jobwidgets.snapshot import Status

Dtype: TypeAlias = str | pd.CategoricalDtype | pd.DatetimeTZDtype

STATUS = pd.CategoricalDtype([status.value for status in Status], ordered=True)
TIME = pd.DatetimeTZDtype("us", "UTC")


def typed(values: list[Any], dtype: Dtype) -> pd.Series:
    """Return a column of `dtype`, in which None is missing."""
    if dtype == "Int64":
        return _integers(array("q", [NONE if value is None else value for value in values]))
    return pd.Series(values, dtype=dtype)


def _integers(values: array[int]) -> pd.Series:
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
        self._columns = SnapshotColumns()
        self._words: dict[str | None, int] = {}

    def add(self, history: JobHistory) -> None:
        """Add the snapshots of one job, without a loop over them."""
        columns = history.snapshots
        # The poller may be adding a row: this column is its last. And a slice, since an array
        # whose memory is lent to numpy could not grow.
        count = len(columns.messages)
        for name in ("seen", "status", "steps_done", "steps_total", "progress", "messages"):
            getattr(self._columns, name).extend(getattr(columns, name)[:count])
        words = [self._words.setdefault(word, len(self._words)) for word in columns.words]
        index = np.array(words, dtype="i")[columns.raw_status[:count]]
        self._columns.raw_status.frombytes(index.tobytes())
        self._ids.append(history.job_id)
        self._counts.append(count)

    def frame(self) -> pd.DataFrame:
        """Return the columns as `snapshots_frame` documents them."""
        columns = self._columns
        words = typed(list(self._words), "str")
        return pd.DataFrame(
            {
                "job_id": repeated(self._ids, self._counts),
                "seen": pd.Series(np.array(columns.seen).view("M8[us]"), dtype=TIME),
                "status": pd.Categorical.from_codes(np.array(columns.status), dtype=STATUS),
                "raw_status": words.array.take(np.array(columns.raw_status)),
                "progress": np.array(columns.progress),
                "steps_done": _integers(columns.steps_done),
                "steps_total": _integers(columns.steps_total),
                "messages": _integers(columns.messages),
            }
        )
