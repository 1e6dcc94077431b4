"""The snapshots of many jobs as one frame, without a loop over the snapshots."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jobwidgets._model import packed
from jobwidgets._model.history import JobHistory
from jobwidgets.frames._columns import STATUS, TIME, column, integers, repeated, unpacked


class SnapshotRows:
    """The snapshots of many jobs, one job after another."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._counts: list[int] = []
        self._buffer = bytearray()
        self._words: dict[str | None, int] = {}
        # Each job numbers its words on its own: where in `_words` each of them is, for all jobs
        # one after another, and where in that list a job begins.
        self._places: list[int] = []
        self._starts: list[int] = []

    def add(self, history: JobHistory) -> None:
        """Add the snapshots of one job."""
        buffer, words = packed.columns(history.snapshots)
        self._buffer += buffer
        self._starts.append(len(self._places))
        self._places += [self._words.setdefault(word, len(self._words)) for word in words]
        self._ids.append(history.job_id)
        self._counts.append(len(unpacked(buffer)))

    def frame(self) -> pd.DataFrame:
        """Return the columns as `snapshots_frame` documents them."""
        rows = unpacked(bytes(self._buffer))
        return pd.DataFrame(
            {
                "job_id": repeated("job_id", self._ids, self._counts),
                "seen": pd.Series(rows["seen"].astype("i8").view("M8[us]"), dtype=TIME),
                "status": pd.Categorical.from_codes(rows["status"], dtype=STATUS),
                "raw_status": self._raw_status(rows["raw_status"]),
                "progress": rows["progress"].astype("f8"),
                "steps_done": integers(rows["steps_done"]),
                "steps_total": integers(rows["steps_total"]),
                "messages": integers(rows["message_count"]),
            }
        )

    def _raw_status(self, numbers: np.ndarray) -> pd.Series:
        starts = np.array(self._starts, dtype="i8").repeat(self._counts)
        places = np.array(self._places, dtype="i8")[starts + numbers]
        return pd.Series(column("raw_status", list(self._words)).array.take(places))
