"""Values of jobs as pandas columns, each of one dtype whatever it holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from jobwidgets._model.packed import NONE
from jobwidgets._model.snapshot import Status

Column: TypeAlias = pd.api.extensions.ExtensionArray

# Sorted in the order of a job's life, but not ordered: `status > "succeeded"` would take in jobs
# that run under a word that is not known here.
STATUS = pd.CategoricalDtype([status.value for status in Status])
TIME = pd.DatetimeTZDtype("us", "UTC")
STATUSES = tuple(Status)
STATUS_NUMBER = {status: number for number, status in enumerate(STATUSES)}
NO_STATUS = -1
"""Stands for a missing status among the numbers of statuses, as in any Categorical."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def statuses(numbers: np.ndarray) -> pd.Categorical:
    """Return a column of statuses from their places in `STATUSES`; -1 is missing."""
    return pd.Categorical.from_codes(numbers, dtype=STATUS)


def integers(numbers: np.ndarray) -> Column:
    """Return a column of `Int64`, in which `NONE` is missing."""
    missing = numbers == NONE
    numbers = np.where(missing, 0, numbers) if missing.any() else numbers
    return pd.arrays.IntegerArray(numbers.astype("i8", copy=False), missing)


def times(microseconds: np.ndarray) -> pd.Series:
    """Return a column of UTC times from microseconds since 1970; `NONE`, as NaT is, is missing."""
    return pd.Series(microseconds, dtype=TIME, copy=False)


def spans(microseconds: np.ndarray) -> pd.Series:
    """Return a column of durations from microseconds; `NONE`, as NaT is, is missing."""
    return pd.Series(microseconds.view("m8[us]"), copy=False)


def missing(number: int) -> np.ndarray:
    """Return numbers that are all `NONE`, without the memory for them; not to be written to."""
    return np.broadcast_to(np.int64(NONE), number)


def durations(begins: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return end less begin, both in microseconds; missing where one is, or if below zero."""
    unknown = (begins == NONE) | (ends == NONE) | (ends < begins)
    return np.where(unknown, NONE, ends - np.where(unknown, ends, begins))


def microseconds(time: datetime | None) -> int:
    """Return a time as a number; `NONE` for None."""
    return NONE if time is None else (time - _EPOCH) // _MICROSECOND


def numbered(values: Sequence[int | None]) -> np.ndarray:
    """Return integers as an array, in which `NONE` stands for None."""
    return np.array([NONE if value is None else value for value in values], dtype="i8")


def within(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, for lists of such lengths one after another, each item's list and place, from 0."""
    owners = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts) - counts
    return owners, np.arange(len(owners)) - starts[owners]


def objects(values: Sequence[Any]) -> np.ndarray:
    """Return Python values as they are."""
    column = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):  # numpy would take apart what is a list
        column[place] = value
    return column
