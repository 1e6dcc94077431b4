"""Jobs to the files of a dataset, which appear as a whole or not at all."""

from __future__ import annotations

import json
import os
import time
import warnings
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from jobwidgets._model.history import JobHistory
from jobwidgets._model.packed import NONE
from jobwidgets._model.redact import may_need_redaction, redacted_document
from jobwidgets._model.steps import StepCodes
from jobwidgets.dialects import Dialect
from jobwidgets.frames._block import Block
from jobwidgets.frames._columns import missing
from jobwidgets.frames._dataset import NO_MONTH, Dataset, month_names
from jobwidgets.frames._dataset_block import DatasetBlock
from jobwidgets.frames._dataset_schema import MESSAGE, SCHEMA, SNAPSHOT, STEP
from jobwidgets.frames._documents import OnError, Places, Reader
from jobwidgets.frames._given import Given, blocks
from jobwidgets.frames._plain import plain
from jobwidgets.frames._read import Documents
from jobwidgets.frames._seen import Histories
from jobwidgets.frames._steps import EventTimes, step_rows
from jobwidgets.frames._tables import JOBS, MESSAGES, SNAPSHOTS, STEPS, typed
from jobwidgets.frames._write import as_json

_FEWEST = 20_000  # rows that are sorted into months at a time
_MOST = 2**28  # bytes that wait for more of their month, so that files are not small

_NAMED = 3  # ids that a warning names

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


class DocumentReader(Reader):
    """Reads documents so that blocks have them whole."""

    def __init__(
        self, dialect: str | Dialect | None, on_error: OnError, wanted: Collection[str]
    ) -> None:
        super().__init__(dialect, on_error, wanted)
        self._watched: dict[tuple[str | None, str], JobHistory] = {}
        self._namesakes: dict[str, None] = {}

    def note(self, histories: Iterable[JobHistory]) -> None:
        """Note which jobs are one to a dataset though they are not: of functions with one id."""
        for history in histories:
            key = history.dialect, history.job_id
            if history.url is None and self._watched.setdefault(key, history) is not history:
                self._namesakes[history.job_id] = None

    def warn(self, stacklevel: int) -> None:
        """Warn once of what was left out, and once of ids that several jobs have."""
        super().warn(stacklevel + 1)
        if self._namesakes:
            names = ", ".join(map(repr, islice(self._namesakes, _NAMED)))
            more = len(self._namesakes) - _NAMED
            text = f"several jobs without a URL have the id {names}"
            text += f" (and {more:,} more such ids)" if more > 0 else ""
            text += ": a dataset is read with one job an id, give each an id of its own"
            warnings.warn(text, stacklevel=stacklevel)

    def block_of_lines(self, lines: bytes) -> Block | None:
        return None

    def block_of_table(self, documents: Any, places: Places) -> Block:
        return self.block(documents.to_pylist(), places)


def write(jobs: Given, folder: Path, reader: DocumentReader) -> int:
    """Write a row a job, and return how many they are."""
    # At once, so that a folder in which no file is yet reads as a dataset without jobs.
    (folder / f"month={NO_MONTH}").mkdir(parents=True, exist_ok=True)
    files = _Files(folder)
    try:
        for rows in _joined(_tables(jobs, reader)):
            files.add(rows)
        if not files.number and not Dataset(folder).files():
            files.add_nothing()
        files.appear()
    finally:
        files.clear()
    return files.number


def _tables(jobs: Given, reader: DocumentReader) -> Iterator[pa.Table]:
    clock = _Clock()
    for rows in blocks(jobs, reader):
        if isinstance(rows, Documents):
            raise TypeError(
                "jobs: expected jobs, documents or a path; found what read_documents read, which "
                "keeps no documents: give the path itself"
            )
        if isinstance(rows, Dataset):
            for copied in rows.blocks():
                yield _table(copied, reader, copied.written_at)
        elif isinstance(rows, Block):
            reader.note(rows.histories if isinstance(rows, Histories) else ())
            yield _table(rows, reader, clock.times(len(rows)))


def _joined(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Yield so many rows at a time that it is worth to look for their months."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(map(len, waiting)) >= _FEWEST:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


class _Files:
    """The files of one call: hidden until all are written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: defaultdict[str, list[pa.Table]] = defaultdict(list)
        self._bytes: defaultdict[str, int] = defaultdict(int)
        self._hidden: list[tuple[Path, Path]] = []
        self.number = 0

    def add(self, rows: pa.Table) -> None:
        """Take in some jobs, and write those of the fullest months."""
        self.number += len(rows)
        months = np.array(month_names(_months_of(rows)))
        for month in np.unique(months).tolist():
            some = rows.take(np.flatnonzero(months == month))
            self._waiting[month].append(some)
            self._bytes[month] += some.nbytes
        while sum(self._bytes.values()) > _MOST:
            self._write(max(self._bytes, key=lambda month: self._bytes[month]))

    def add_nothing(self) -> None:
        """Write a file without a row, so that what reads the folder finds the columns."""
        self._waiting[NO_MONTH].append(SCHEMA.empty_table())

    def _write(self, month: str) -> None:
        """Write what waits for its month to a file that no reader takes for one of the dataset."""
        rows = pa.concat_tables(self._waiting.pop(month))
        self._bytes.pop(month, None)
        folder = self._folder / f"month={month}"
        folder.mkdir(exist_ok=True)
        name = uuid4().hex
        hidden = folder / f".{name}.unfinished"
        self._hidden.append((hidden, folder / f"{name}.parquet"))
        with hidden.open("wb") as file:
            pq.write_table(rows, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())

    def appear(self) -> None:
        """Give all files their names: from then on each is there, whatever befalls the machine."""
        for month in sorted(self._waiting):
            self._write(month)
        for hidden, file in self._hidden:
            hidden.replace(file)
        for folder in {self._folder, *(file.parent for _, file in self._hidden)}:
            _sync(folder)

    def clear(self) -> None:
        """Remove what has not appeared."""
        for hidden, _ in self._hidden:
            hidden.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    with suppress(OSError):  # some systems open no folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class _Clock:
    """Times that rise from row to row, so that of two rows one is the later."""

    def __init__(self) -> None:
        self._last = 0

    def times(self, number: int) -> np.ndarray:
        first = max(time.time_ns() // 1000, self._last + 1)
        self._last = first + number
        return np.arange(first, first + number)


def _months_of(rows: pa.Table) -> np.ndarray:
    """Return the time that says each job's month: its start, else when it was first seen."""
    found = DatasetBlock(rows)
    counts = found.snapshot_counts
    starts = np.cumsum(counts) - counts
    sights = np.append(np.asarray(found.snapshots()["seen"]), NONE)
    first = np.where(counts > 0, sights[np.where(counts > 0, starts, -1)], NONE)
    return np.where(found.started == NONE, first, found.started)


def _table(block: Block, reader: Reader, written: np.ndarray) -> pa.Table:
    """Return the rows of some jobs, as `SCHEMA` has them."""
    facts = typed(block.jobs(), JOBS)
    messages, snapshots = typed(block.messages(), MESSAGES), typed(block.snapshots(), SNAPSHOTS)
    counts = np.where(block.message_counts == NONE, 0, block.message_counts)
    more = {
        "dialect": block.dialects(reader.dialect),
        "has_ended": block.have_ended,
        "seen": block.last_sights.view("M8[us]"),
        "written": written.view("M8[us]"),
        "message_rows": _lists(messages, counts, block.message_polls, MESSAGE),
        "snapshot_rows": _lists(snapshots, block.snapshot_counts, block.snapshot_polls, SNAPSHOT),
        "step_rows": _told_steps(block, reader.steps),
        "document": _as_json(block.documents),
        "attributes": _as_json(block.attributes),
    }
    columns = dict(facts.items()) | more
    return pa.table([_array(columns[field.name], field.type) for field in SCHEMA], schema=SCHEMA)


def _told_steps(block: Block, given: StepCodes | None) -> pa.ListArray:
    """Return the rows of `steps_frame` of which a reader of the messages would not know."""
    told, counts = block.told_steps(given), np.zeros(len(block), dtype="i8")
    for job, steps in told.of.items() if told is not None else ():
        counts[job] = len(steps)
    none, unseen = np.zeros(len(block), dtype="i8"), EventTimes.unseen(0)
    rows = step_rows(block.job_ids, none, none[:0], unseen, [{}] * len(block), told)
    return _lists(typed(rows, STEPS), counts, missing(len(rows["step"])), STEP)


def _lists(
    rows: pd.DataFrame, counts: np.ndarray, polls: np.ndarray, kind: pa.StructType
) -> pa.ListArray:
    """Return the rows of a frame as lists, of which `counts` says how long they are."""
    columns = dict(rows.items()) | {"polled_before": polls.view("M8[us]")}
    fields = list(kind)
    parts = [_array(columns[field.name], field.type) for field in fields]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype("i4")
    return pa.ListArray.from_arrays(
        pa.array(starts), pa.StructArray.from_arrays(parts, fields=fields)
    )


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.Array):
        return values
    if isinstance(values, pd.Series) and isinstance(values.dtype, pd.CategoricalDtype):
        return pa.Array.from_pandas(values).cast(kind)
    if isinstance(values, np.ndarray) and pa.types.is_timestamp(kind):
        return pa.array(values).cast(kind)
    found = pa.Array.from_pandas(values, type=kind)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _as_json(documents: Sequence[Mapping[str, Any] | None]) -> list[str | None]:
    """Return each document as JSON, tokens redacted: nearly always after one look at them all."""
    try:
        texts = [None if one is None else _encode(one) for one in documents]
        if not may_need_redaction("".join(filter(None, texts)).encode()):
            return texts
    except (TypeError, ValueError, RecursionError):  # what is no JSON; a lone surrogate
        pass
    return [None if one is None else as_json(redacted_document(plain(one))) for one in documents]
