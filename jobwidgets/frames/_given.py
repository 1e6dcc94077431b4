"""What the frames are made of: blocks of jobs, whatever the jobs were given as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice
from os import PathLike
from typing import Any, Protocol, TypeAlias

import pandas as pd

from jobwidgets._model.history import JobHistory
from jobwidgets.errors import DocumentError
from jobwidgets.frames._block import Block
from jobwidgets.frames._dataset import Dataset, is_dataset
from jobwidgets.frames._documents import Places, Reader, are_of_documents
from jobwidgets.frames._files import file_blocks, is_path
from jobwidgets.frames._plain import plain
from jobwidgets.frames._read import Documents
from jobwidgets.frames._seen import Histories
from jobwidgets.frames._tables import frame_with


class KeepsHistory(Protocol):
    """A `Job`, a `JobWidget`, or anything else that keeps a job's history."""

    @property
    def history(self) -> JobHistory:
        """What polling saw of the job."""


Rows: TypeAlias = Block | Documents | Dataset
"""What gives the rows of the frames."""
OneJob: TypeAlias = JobHistory | KeepsHistory | Mapping[str, Any] | str | PathLike[str] | Documents
Given: TypeAlias = OneJob | Iterable[OneJob] | pd.DataFrame

_EXPECTED = "a Job, a JobWidget, a JobHistory, a job document (a mapping) or a path"
# Their items are bytes and column names; empty, they would pass for "no jobs".
_NO_JOBS = (bytes, bytearray, memoryview, pd.DataFrame)
# Jobs that are read at a time: one part after another while they are in the processor's cache.
_BLOCK = 2_000


def blocks(jobs: object, reader: Reader) -> Iterator[Rows]:
    """Yield all jobs in their order; TypeError or DocumentError says which one is none."""
    if _kind(jobs) is not None:
        yield from _blocks(_kind(jobs), [jobs], ["jobs"], reader)
        return
    items, start = iter(_items(jobs)), 0
    while some := list(islice(items, _BLOCK)):
        for kind, same in _runs(some):
            if kind is None:
                for place, item in enumerate(same, start):
                    _refuse(item, f"jobs[{place}]", _EXPECTED, reader)
            else:
                yield from _blocks(kind, same, _Places(start), reader)
            start += len(same)


def _runs(items: list[object]) -> Iterable[tuple[type | None, list[object]]]:
    """Return stretches of items that are read as the same kind of thing."""
    if set(map(type, items)) == {dict}:
        return [(Mapping, items)]
    return ((kind, list(run)) for kind, run in groupby(items, _kind))


def _refuse(item: object, place: str, expected: str, reader: Reader) -> None:
    """Raise the error of what is no job; leave out None, NaN and the like, if that is wanted."""
    if reader.skips and plain(item) is None:
        reader.fail(place, DocumentError(f"expected {expected}; found {_found(item)}"))
        return
    hint = " (write_dataset takes paths)" if is_path(item) else ""
    raise TypeError(f"{place}: expected {expected}; found {_found(item)}{hint}")


def watched_or_document(jobs: object, reader: Reader) -> Iterator[tuple[Any, str]]:
    """Yield the history or document of each job, and its place."""
    alone = _kind(jobs) is not None
    items = [(jobs, "jobs")] if alone else ((i, f"jobs[{n}]") for n, i in enumerate(_items(jobs)))
    for item, place in items:
        if isinstance(item, Mapping):
            yield item, place
        elif (history := _history(item)) is not None:
            yield history, place
        else:
            _refuse(item, place, "a Job, a JobWidget, a JobHistory or a job document", reader)


class _Places:
    """What the jobs of an iterable are called, from the one at `start` on."""

    def __init__(self, start: int) -> None:
        self._start = start

    def __getitem__(self, index: int) -> str:
        return f"jobs[{self._start + index}]"


def _items(jobs: object) -> Iterable[object]:
    if isinstance(jobs, pd.DataFrame) and are_of_documents(jobs.columns):
        return _records(jobs)
    for name in ("to_dicts", "to_pylist"):  # a polars DataFrame, a table or column of pyarrow's
        if hasattr(jobs, name):
            records: list[Any] = getattr(jobs, name)()
            return records
    if isinstance(jobs, _NO_JOBS) or not isinstance(jobs, Iterable):
        raise TypeError(f"jobs: expected {_EXPECTED}, or an iterable of them; found {_found(jobs)}")
    return jobs


def _records(documents: pd.DataFrame) -> Iterator[object]:
    """Yield each row of a table of documents as a mapping, without a copy of the whole."""
    for start in range(0, len(documents), _BLOCK):
        yield from documents.iloc[start : start + _BLOCK].to_dict("records")


def _kind(item: object) -> type | None:
    """Return what an item is read as; None for anything that is no job."""
    if isinstance(item, JobHistory):  # first: what is no Mapping takes long to be known for none
        return JobHistory
    if isinstance(item, Mapping):
        return Mapping
    if is_path(item):
        return PathLike
    if isinstance(item, Documents):
        return Documents
    return None if _history(item) is None else JobHistory


def _history(item: object) -> JobHistory | None:
    kept = item if isinstance(item, JobHistory) else getattr(item, "history", None)
    return kept if isinstance(kept, JobHistory) else None


def _blocks(kind: type | None, items: list[Any], places: Places, reader: Reader) -> Iterable[Rows]:
    """Return what some items of one kind hold."""
    if kind is PathLike:
        return _of_paths(items, reader)
    if kind is Documents:
        return items
    if kind is JobHistory:
        return [Histories([item if type(item) is JobHistory else item.history for item in items])]
    return [reader.block(items, places)]


def _of_paths(paths: list[Any], reader: Reader) -> Iterator[Rows]:
    for are_datasets, run in groupby(paths, is_dataset):
        some = list(run)
        yield from map(Dataset, some) if are_datasets else file_blocks(some, reader)


def _found(thing: object) -> str:
    if isinstance(thing, pd.DataFrame) and (name := frame_with(thing.columns)) is not None:
        return f"a DataFrame of {name}'s: give the jobs themselves"
    return "None" if thing is None else f"a {type(thing).__name__}"
