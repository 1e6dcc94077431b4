"""Frames of columns that were read a piece at a time.

What is read has numbers for times and statuses; it becomes pandas' dtypes once, when all is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from jobwidgets.frames._columns import Column, integers, spans, statuses, times

Columns: TypeAlias = dict[str, np.ndarray | Column]
"""Columns of a frame by their names: texts are pandas', all else is numbers."""
Kinds: TypeAlias = Mapping[str, Callable[[Any], Any]]
"""What makes each column of a frame the dtype that it has."""


def _as_it_is(values: Any) -> Any:
    return values


JOBS: Kinds = {
    "url": _as_it_is,
    "job_id": _as_it_is,
    "kind": _as_it_is,
    "owner": _as_it_is,
    "status": statuses,
    "raw_status": _as_it_is,
    "started": times,
    "ended": times,
    "duration": spans,
    "steps_done": integers,
    "steps_total": integers,
    "progress": _as_it_is,
    "messages": integers,
    "mission_id": _as_it_is,
    "error": _as_it_is,
}
MESSAGES: Kinds = {
    "job_id": _as_it_is,
    "number": integers,
    "code": integers,
    "level": _as_it_is,
    "text": _as_it_is,
    "time": times,
    "seen": times,
}
SNAPSHOTS: Kinds = {
    "job_id": _as_it_is,
    "seen": times,
    "status": statuses,
    "raw_status": _as_it_is,
    "progress": _as_it_is,
    "steps_done": integers,
    "steps_total": integers,
    "messages": integers,
}
STEPS: Kinds = {
    "job_id": _as_it_is,
    "step": _as_it_is,
    "begun": times,
    "ended": times,
    "duration": spans,
    "begun_early": spans,
    "ended_early": spans,
    "complete": _as_it_is,
}
_FRAMES = {
    "jobs_frame": JOBS,
    "messages_frame": MESSAGES,
    "snapshots_frame": SNAPSHOTS,
    "steps_frame": STEPS,
}


def frame_with(columns: Iterable[object]) -> str | None:
    """Return which of the frames has all its columns among these; None if none has."""
    found = set(columns)
    return next((name for name, kinds in _FRAMES.items() if found.issuperset(kinds)), None)


def frame_of(parts: Iterable[Columns | pd.DataFrame], kinds: Kinds) -> pd.DataFrame:
    """Return the rows of all parts, of which there is at least one; each is taken up at once."""
    frames: list[pd.DataFrame] = []
    for kind, run in groupby(parts, type):
        same: Iterator[Any] = run
        frames += same if kind is pd.DataFrame else [_joined(same).frame(kinds)]
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def typed(columns: Columns, kinds: Kinds) -> pd.DataFrame:
    """Return columns, which must not be used elsewhere, as a frame; attributes are objects."""
    made = {
        name: kinds[name](values) if name in kinds else pd.Series(values, dtype=object, copy=False)
        for name, values in columns.items()
    }
    return pd.DataFrame(made, copy=False)


class Joined:
    """The rows of parts that were read one after another."""

    def __init__(self) -> None:
        self._columns: dict[str, _Numbers | list[Any]] = {}

    def add(self, part: Columns) -> None:
        """Add rows below the others."""
        for name, values in part.items():
            if name not in self._columns:
                self._columns[name] = _Numbers(values) if _has_numbers(values) else []
            self._columns[name].append(values)

    def columns(self) -> Columns:
        """Return all rows, after which there are none left here."""
        return {name: _whole(self._columns.pop(name)) for name in [*self._columns]}

    def frame(self, kinds: Kinds) -> pd.DataFrame:
        """Return all rows as a frame, after which there are none left here."""
        return typed(self.columns(), kinds)


def _joined(parts: Iterable[Columns]) -> Joined:
    joined = Joined()
    for part in parts:
        joined.add(part)
    return joined


class _Numbers:
    """Numbers in a buffer that grows: parts and their whole are never there at once."""

    def __init__(self, first: Any) -> None:
        self._dtype, self._bytes = first.dtype, bytearray()

    def append(self, values: Any) -> None:
        self._bytes += np.ascontiguousarray(values, self._dtype).view("u1").data

    def whole(self) -> np.ndarray:
        return np.frombuffer(self._bytes, self._dtype)


def _has_numbers(values: np.ndarray | Column) -> bool:
    return isinstance(values, np.ndarray) and values.dtype != object


def _whole(parts: _Numbers | list[Any]) -> Any:
    if isinstance(parts, _Numbers):
        return parts.whole()
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    return pd.concat([pd.Series(part, copy=False) for part in parts], ignore_index=True).array
