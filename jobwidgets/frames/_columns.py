"""Values of a job as pandas columns, each of one dtype whatever it holds."""

from __future__ import annotations

from array import array
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from jobwidgets._model.packed import FIELDS, NONE
from jobwidgets._model.snapshot import Status

Dtype: TypeAlias = str | pd.CategoricalDtype | pd.DatetimeTZDtype

# Sorted in the order of a job's life, but not ordered: `status > "succeeded"` would take in jobs
# that run under a word that is not known here.
STATUS = pd.CategoricalDtype([status.value for status in Status])
TIME = pd.DatetimeTZDtype("us", "UTC")
DTYPES: dict[str, Dtype] = {
    "url": "str",
    "job_id": "str",
    "kind": "str",
    "owner": "str",
    "status": STATUS,
    "raw_status": "str",
    "started": TIME,
    "ended": TIME,
    "seen": TIME,
    "duration": "timedelta64[us]",
    "steps_done": "Int64",
    "steps_total": "Int64",
    "progress": "float64",
    "messages": "Int64",
    "mission_id": "str",
    "error": "str",
    "number": "Int64",
    "code": "Int64",
    "text": "str",
}
"""The dtype of each column, the same in every frame that has it."""
_PACKED = np.dtype([(name, f"<{code}") for name, code in FIELDS])


def column(name: str, values: list[Any]) -> pd.Series:
    """Return the column called `name`, in which None is missing."""
    dtype = DTYPES[name]
    if dtype == "Int64":
        numbers = array("q", [NONE if value is None else value for value in values])
        return integers(np.array(numbers, dtype="int64"))
    return pd.Series(values, dtype=dtype)


def integers(numbers: np.ndarray) -> pd.Series:
    """Return a column of `Int64`, in which `NONE` is missing."""
    numbers = numbers.astype("int64")
    missing = numbers == NONE
    numbers[missing] = 0
    return pd.Series(pd.arrays.IntegerArray(numbers, missing))


def repeated(name: str, values: list[Any], counts: list[int]) -> pd.Series:
    """Return the column called `name` with each value as often as its count says."""
    return column(name, values).repeat(counts).reset_index(drop=True)


def unpacked(buffer: bytes) -> np.ndarray:
    """Return the packed snapshots of jobs as an array with the names of `FIELDS`."""
    return np.frombuffer(buffer, dtype=_PACKED)
