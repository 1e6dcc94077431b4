"""The files of a dataset: which of their rows count, and those rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobwidgets.errors import DocumentError
from jobwidgets.frames._dataset_block import DatasetBlock, numbers_of
from jobwidgets.frames._dataset_schema import SCHEMA
from jobwidgets.frames._parquet import PARQUET_ERRORS, damage

_KEYS = ("dialect", "url", "job_id", "has_ended", "seen", "written", "started")
_SALTS = ("jobwidgets: one.", "jobwidgets: two.")  # of 16 characters, as pandas wants them


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one file that count.

    Parameters
    ----------
    file
        Its path.
    rows
        The numbers of the rows, from 0; None for all of them.
    written
        When each of them was written, in microseconds.
    """

    file: str
    rows: np.ndarray | None
    written: np.ndarray


def parts(files: Sequence[Path], started: tuple[int, int] | None) -> list[Part]:
    """Return those rows that tell the last state of a job, in files that have any.

    Parameters
    ----------
    files
        All that are looked through: of two rows of one job in them, one counts.
    started
        Jobs are left out that began before the first time, or at the second one or later, in
        microseconds; None for all jobs.
    """
    names, keys = [str(file) for file in files], [_keys(file) for file in files]
    found, start = [], 0
    counts = _counting(keys, started)
    for name, of_file in zip(names, keys, strict=True):
        rows = np.flatnonzero(counts[start : start + len(of_file)])
        start += len(of_file)
        if len(rows):
            written = of_file["written"].to_numpy()[rows]
            found.append(Part(name, rows if len(rows) < len(of_file) else None, written))
    return found


def _counting(keys: Sequence[pd.DataFrame], started: tuple[int, int] | None) -> np.ndarray:
    """Return whether each row is asked for, and the last state of its job.

    A state that has ended counts before others, then the later seen, then the later written.
    """
    if not keys:
        return np.zeros(0, dtype=bool)
    rows = pd.concat(keys, ignore_index=True)
    by_state = rows.iloc[np.lexsort((rows["written"], rows["seen"], rows["has_ended"]))]
    counts = ~by_state.duplicated(["key", "other_key"], keep="last").sort_index()
    if started is not None:
        counts &= rows["started"].between(*started, inclusive="left")
    return counts.to_numpy()


def _keys(file: Path) -> pd.DataFrame:
    """Return what says which job each row of a file is of, and which of its rows counts.

    Two hashes of 64 bits stand for a job, which take a fifth of its names' memory.
    """
    table = _read(file, _KEYS)
    line = pa.scalar("\n", SCHEMA.field("job_id").type)
    where = pc.coalesce(table["url"], table["dialect"], line)
    names = pc.binary_join_element_wise(where, table["job_id"], line).to_numpy()
    key, other = (pd.util.hash_array(names, hash_key=salt, categorize=False) for salt in _SALTS)
    numbers = {name: numbers_of(table[name]) for name in ("seen", "written", "started")}
    has_ended = table["has_ended"].to_numpy()
    return pd.DataFrame({"key": key, "other_key": other, "has_ended": has_ended, **numbers})


def block(found: Sequence[Part], columns: Sequence[str] | None = None) -> DatasetBlock:
    """Return the rows that count, in the order in which they were written; None: all columns."""
    names = SCHEMA.names if columns is None else columns
    none = pa.schema([SCHEMA.field(name) for name in names]).empty_table()
    rows = pa.concat_tables([none, *(_rows(part, names) for part in found)])
    written = np.concatenate([part.written for part in found] or [np.array([])])
    if (written[1:] < written[:-1]).any():
        rows = rows.take(np.argsort(written, kind="stable"))
    return DatasetBlock(rows)


def _rows(part: Part, columns: Sequence[str]) -> pa.Table:
    table = _read(Path(part.file), columns)
    return table if part.rows is None else table.take(part.rows)


def _read(file: Path, columns: Sequence[str]) -> pa.Table:
    """Return some columns of a file; one that only later versions write is null."""
    with _told(file), pq.ParquetFile(file) as parquet:
        has = set(parquet.schema_arrow.names)
        if not has.issuperset(_KEYS):
            missing = ", ".join(sorted(set(_KEYS) - has))
            raise DocumentError(f"{file}: not written by write_dataset: it lacks {missing}")
        table = parquet.read([name for name in columns if name in has])
        arrays = [
            table[name].cast(SCHEMA.field(name).type)
            if name in has
            else pa.nulls(len(table), SCHEMA.field(name).type)
            for name in columns
        ]
        return pa.table(dict(zip(columns, arrays, strict=True)))


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except PARQUET_ERRORS as error:
        raise DocumentError(f"{file}: {damage(error)}") from error
