"""The frames of a dataset as Dask DataFrames: a partition a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import dask
import dask.dataframe as dd
import pandas as pd

from jobwidgets.frames._dataset_block import DatasetBlock
from jobwidgets.frames._dataset_read import Part, block
from jobwidgets.frames._tables import Columns, Kinds, typed


def frame(
    parts: Sequence[Part],
    rows: Callable[[DatasetBlock], Columns],
    columns: Sequence[str],
    kinds: Kinds,
) -> pd.DataFrame:
    """Return a frame whose partitions are read when they are computed."""
    # Not called "columns": Dask would give that argument itself.
    make = partial(_partition, rows=rows, needed=columns, kinds=kinds)
    nothing = make(None)
    # It would make texts pyarrow's own, where pandas' `str` is meant.
    with dask.config.set({"dataframe.convert-string": False}):
        found: pd.DataFrame = dd.from_map(make, [*parts] or [None], meta=nothing)
        return found


def _partition(
    part: Part | None,
    rows: Callable[[DatasetBlock], Columns],
    needed: Sequence[str],
    kinds: Kinds,
) -> pd.DataFrame:
    return typed(rows(block([] if part is None else [part], needed)), kinds)
