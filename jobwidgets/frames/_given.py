"""What the frames are made of: one history a job, whatever the job was given as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeAlias

import pandas as pd

from jobwidgets._model.history import JobHistory
from jobwidgets._model.redact import redacted_document
from jobwidgets._model.snapshot import Snapshot
from jobwidgets.dialects import Dialect, find_dialect
from jobwidgets.errors import DocumentError


class KeepsHistory(Protocol):
    """A `Job`, a `JobWidget`, or anything else that keeps a job's history."""

    @property
    def history(self) -> JobHistory:
        """What polling saw of the job."""


OneJob: TypeAlias = JobHistory | KeepsHistory | Mapping[str, Any]
Given: TypeAlias = OneJob | Iterable[OneJob]

_EXPECTED = "a Job, a JobWidget, a JobHistory or a job document (a mapping)"
# Their items are letters, bytes and column names; empty, they would pass for "no jobs".
_NO_JOBS = (str, bytes, bytearray, memoryview, pd.DataFrame)


def histories(jobs: object, dialect: str) -> Iterator[JobHistory]:
    """Yield the history of each job; TypeError or DocumentError says which one has none."""
    reader = find_dialect(dialect)
    history = _history(jobs, "jobs", reader)
    if history is not None:
        yield history
        return
    if isinstance(jobs, _NO_JOBS) or not isinstance(jobs, Iterable):
        raise TypeError(f"jobs: expected {_EXPECTED}, or an iterable of them; found {_found(jobs)}")
    for index, item in enumerate(jobs):
        history = _history(item, f"jobs[{index}]", reader)
        if history is None:
            raise TypeError(f"jobs[{index}]: expected {_EXPECTED}; found {_found(item)}")
        yield history


def _history(item: object, place: str, dialect: Dialect) -> JobHistory | None:
    """Return the history of one job; None for anything that is no job."""
    if isinstance(item, Mapping):
        return _unwatched(_parsed(item, place, dialect))
    kept = item if isinstance(item, JobHistory) else getattr(item, "history", None)
    return kept if isinstance(kept, JobHistory) else None


def _parsed(given: Mapping[str, Any], place: str, dialect: Dialect) -> Snapshot:
    try:
        document = redacted_document(given)
    except DocumentError as error:
        raise DocumentError(f"{place}: {error}") from error
    refusal = dialect.refusal(document)
    if refusal is not None:
        code = "without a code" if refusal.code is None else f"with code {refusal.code}"
        text = refusal.text or "the server gave no text"
        raise DocumentError(f"{place}: expected a job document, found an error {code}: {text}")
    try:
        return dialect.parse(document)
    except DocumentError as error:
        raise DocumentError(f"{place}: {error}") from error


def _unwatched(snapshot: Snapshot) -> JobHistory:
    """Return the history of a document that nobody saw arrive: one snapshot without `seen`."""
    history = JobHistory(snapshot.id)
    history.record(snapshot)
    return history


def _found(thing: object) -> str:
    return "None" if thing is None else f"a {type(thing).__name__}"
