"""The JSON value that something in a table stands for: tables hold it in types of their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd


def plain(value: Any) -> Any:
    """Return the JSON value that `value` stands for; NaN, NaT and `pd.NA` are None.

    A time becomes a datetime in UTC, which a naive one is taken for.
    """
    if value is None or type(value) in {str, int, bool}:
        return value
    if isinstance(value, float):
        return None if value != value else float(value)  # NaN alone differs from itself
    if isinstance(value, Mapping):
        return {str(name): plain(value[name]) for name in value}
    if isinstance(value, list | tuple | pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        return [plain(item) for item in value]
    return _plain_array(value) if isinstance(value, np.ndarray | np.generic) else _plain_odd(value)


def _plain_array(value: np.ndarray | np.generic) -> Any:
    if isinstance(value, np.datetime64):
        return plain(pd.Timestamp(value))
    if value.ndim == 0:
        return plain(value.item())
    return [plain(item) for item in np.asarray(value)]


def _plain_odd(value: Any) -> Any:
    """Return what stands for a value of pandas, pyarrow, polars, DuckDB or the standard library."""
    if value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, date):
        return _plain_time(value)
    if isinstance(value, Decimal):
        return plain(float(value)) if value.is_nan() or value % 1 else int(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode(errors="backslashreplace")
    if isinstance(value, UUID):
        return str(value)
    for name in ("as_py", "to_pylist", "to_list"):  # pyarrow's scalars and lists, polars' series
        if hasattr(value, name):
            return plain(getattr(value, name)())
    return value


def _plain_time(value: date) -> datetime:
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime(warn=False)
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
