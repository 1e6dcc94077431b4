"""A dataset: a folder of Parquet files, a row a job, which many write and read at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from operator import methodcaller
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeGuard

import numpy as np
import pandas as pd

from jobwidgets._model.redact import redacted
from jobwidgets._model.steps import StepCodes
from jobwidgets.frames._columns import microseconds
from jobwidgets.frames._documents import need_pyarrow
from jobwidgets.frames._tables import (
    JOBS,
    MESSAGES,
    SNAPSHOTS,
    STEPS,
    Columns,
    Kinds,
    typed,
)

if TYPE_CHECKING:
    from jobwidgets.frames._block import Block
    from jobwidgets.frames._dataset_block import DatasetBlock
    from jobwidgets.frames._dataset_read import Part

Moment: TypeAlias = str | date | np.datetime64
"""A time; one without a zone, or a day alone, is UTC."""
Engine: TypeAlias = Literal["pandas", "dask"]

NO_MONTH = "none"
_FIRST, _LAST = (
    int(np.datetime64(time, "us").astype("i8"))
    for time in ("0001-01-01", "9999-12-31T23:59:59.999999")
)
_FOLDERS = "month=*"
_FILES = "*.parquet"
_OF_ATTRIBUTES = ("dialect", "document", "attributes")
_COLUMNS = {
    "jobs": (
        *("url", "job_id", "kind", "owner", "status", "raw_status", "started", "ended"),
        *("steps_done", "steps_total", "progress", "messages", "mission_id", "error"),
    ),
    "messages": ("job_id", "messages", "message_rows"),
    "snapshots": ("job_id", "snapshot_rows"),
    "steps": ("dialect", "job_id", "started", "messages", "message_rows", "step_rows"),
}


def is_dataset(thing: object) -> TypeGuard[str | PathLike[str]]:
    """Return whether `thing` names a folder that `write_dataset` has written to."""
    if not isinstance(thing, str | PathLike) or not str(thing):
        return False
    return is_folder(thing) and any(Path(thing).glob(_FOLDERS))


def is_folder(path: str | PathLike[str]) -> bool:
    """Return whether there is such a folder; no name is too long to be asked for."""
    return os.path.isdir(path)  # noqa: PTH112 - that of Path raises at a JSON text given by mistake


def folder_of(path: str | PathLike[str]) -> Path:
    """Return a folder that can be written to; ValueError for a URL and for no name."""
    if not str(path) or "://" in str(path):
        found = redacted(str(path))
        raise ValueError(f"expected a folder of this machine, found {found!r}")
    return Path(path)


def need_dask() -> None:
    """Raise the error that says what to install."""
    try:
        import dask.dataframe  # noqa: F401 - only whether it is there
    except ImportError as error:
        text = "engine='dask' takes Dask: pip install 'jobwidgets[dask]'"
        raise ModuleNotFoundError(text) from error


def _check(engine: object) -> None:
    if engine not in ("pandas", "dask"):
        raise ValueError(f"engine is {engine!r}; expected 'pandas' or 'dask'")


def refuse(since: object, until: object, engine: object) -> None:
    """Raise the error of what only a dataset takes, and of a word that is no engine."""
    _check(engine)
    given = {"since": since, "until": until, "engine": None if engine == "pandas" else engine}
    names = [f"{name}=" for name, value in given.items() if value is not None]
    if names:
        raise ValueError(f"{', '.join(names)}: only for the folder of a dataset, given by itself")


class Dataset:
    """The jobs of a folder, each once: its last state.

    Parameters
    ----------
    folder
        What `write_dataset` has written to.
    since, until
        Only jobs that started at or after `since`, and before `until`.
    engine
        Whether the frames are pandas' or Dask's.
    """

    def __init__(
        self,
        folder: str | PathLike[str],
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        engine: Engine = "pandas",
    ) -> None:
        need_pyarrow("a dataset")
        _check(engine)
        # Whoever computes a Dask DataFrame may be in another folder.
        self._folder = Path(folder).absolute()
        self._engine = engine
        self._is_whole = since is None and until is None
        self._since = _FIRST if since is None else _microseconds(since, "since")
        self._until = _LAST if until is None else _microseconds(until, "until")

    def jobs(self, attributes: Sequence[str] = ()) -> pd.DataFrame:
        """Return the rows of `jobs_frame`."""
        columns = (*_COLUMNS["jobs"], *(_OF_ATTRIBUTES if attributes else ()))
        return self._frame(methodcaller("jobs", attributes), columns, JOBS)

    def messages(self) -> pd.DataFrame:
        """Return the rows of `messages_frame`."""
        return self._frame(methodcaller("messages"), _COLUMNS["messages"], MESSAGES)

    def snapshots(self) -> pd.DataFrame:
        """Return the rows of `snapshots_frame`."""
        return self._frame(methodcaller("snapshots"), _COLUMNS["snapshots"], SNAPSHOTS)

    def steps(self, given: StepCodes | None) -> pd.DataFrame:
        """Return the rows of `steps_frame`; for `given` see `Block.steps`."""
        codes = None if given is None else dict(given)
        return self._frame(methodcaller("steps", codes), _COLUMNS["steps"], STEPS)

    def _frame(
        self, rows: Callable[[Block], Columns], columns: Sequence[str], kinds: Kinds
    ) -> pd.DataFrame:
        if self._engine == "dask":
            need_dask()
            from jobwidgets.frames._dataset_dask import frame

            return frame(self.parts(), rows, columns, kinds)
        return typed(rows(self.block(columns)), kinds)

    def block(self, columns: Sequence[str] | None = None) -> DatasetBlock:
        """Return all jobs in the order in which they were written, with some columns or all."""
        from jobwidgets.frames._dataset_read import block

        return block(self.parts(), columns)

    def blocks(self) -> Iterator[DatasetBlock]:
        """Yield all jobs, those of a file at a time."""
        from jobwidgets.frames._dataset_read import block

        for part in self.parts():
            yield block([part])

    def parts(self) -> list[Part]:
        """Return the files that hold anything, with the rows that count."""
        from jobwidgets.frames._dataset_read import parts

        return parts(self.files(), None if self._is_whole else (self._since, self._until))

    def files(self) -> list[Path]:
        """Return the files of the months that are asked for."""
        folders = sorted(path for path in self._folder.glob(_FOLDERS) if self._may_hold(path.name))
        return [
            file
            for folder in folders
            for file in sorted(folder.glob(_FILES))
            if not file.name.startswith((".", "_"))
        ]

    def _may_hold(self, name: str) -> bool:
        """Return whether the jobs of a month can be among those asked for."""
        month = name.partition("=")[2]
        if self._is_whole:
            return True
        first, last = month_names(np.array([self._since, self._until - 1]))
        return month != NO_MONTH and first <= month <= last


def month_names(times: np.ndarray) -> list[str]:
    """Return the UTC month of each time, such as "2026-05"; "none" for a missing one."""
    months = times.astype("M8[us]").astype("M8[M]").astype(str)
    return [NO_MONTH if month == "NaT" else month for month in months.tolist()]


def _microseconds(moment: Moment, name: str) -> int:
    if not isinstance(moment, str | date | np.datetime64):
        found = type(moment).__name__
        raise TypeError(f"{name}: expected a text such as '2026-05-31' or a date; found a {found}")
    try:
        time = pd.Timestamp(moment)
    except ValueError as error:
        text = f"{name}: expected a time, such as '2026-05-31'; found {moment!r}"
        raise ValueError(text) from error
    if pd.isna(time):
        raise ValueError(f"{name}: expected a time, found NaT")
    time = time.tz_localize("UTC") if time.tzinfo is None else time.tz_convert("UTC")
    return microseconds(time.to_pydatetime(warn=False))
