"""Documents that were read once, for every frame that is to be made of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from jobwidgets._model.packed import NONE
from jobwidgets._model.steps import StepCodes
from jobwidgets.frames._block import Block
from jobwidgets.frames._columns import Column, times
from jobwidgets.frames._seen import Snapshots
from jobwidgets.frames._steps import EventTimes, step_codes, step_rows
from jobwidgets.frames._tables import JOBS, SNAPSHOTS, STEPS, Columns, Joined


class Documents:
    """Job documents that `read_documents` read; every frame takes them.

    `len()` is how many they are.
    """

    def __init__(
        self, jobs: pd.DataFrame, messages: pd.DataFrame, steps: Steps, extra: Sequence[str]
    ) -> None:
        self._jobs, self._messages, self._steps = jobs, messages, steps
        self._extra = tuple(extra)

    def __len__(self) -> int:
        return len(self._jobs)

    def __repr__(self) -> str:
        return f"<{len(self):,} job documents>"

    def jobs(self, attributes: Sequence[str] = ()) -> pd.DataFrame:
        """Return `jobs_frame`; for the frames alone."""
        for name in attributes:
            if name not in self._extra:
                raise ValueError(
                    f"the attribute {name!r} was not read: read_documents(…, attributes=[{name!r}])"
                )
        return self._jobs[[*JOBS, *attributes]]

    def messages(self) -> pd.DataFrame:
        """Return `messages_frame`; for the frames alone."""
        return self._messages.copy(deep=False)

    def snapshots(self) -> pd.DataFrame:
        """Return `snapshots_frame`; for the frames alone."""
        snapshots = self._jobs[[name for name in SNAPSHOTS if name in JOBS]]
        snapshots.insert(1, "seen", times(np.full(len(snapshots), NONE)))
        return snapshots

    def steps(self, given: StepCodes | None) -> pd.DataFrame:
        """Return `steps_frame`; for the frames alone. For `given` see `Block.steps`."""
        counts = self._jobs["messages"].to_numpy("i8")
        codes = self._messages["code"].to_numpy("i8", na_value=NONE)
        return self._steps.joined(self._jobs["job_id"].array, counts, codes, given).frame(STEPS)


class Steps:
    """The steps of documents that are read a block at a time.

    Those of Mission's documents are told by what else is kept of them, and are made when they are
    asked for; all others' only by the documents themselves.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[int, Columns | None]] = []

    def add(self, block: Block, given: StepCodes | None) -> None:
        """Take in the steps of a block."""
        if isinstance(block, Snapshots):
            self._runs.append((len(block), block.steps(given)))
        elif self._runs and self._runs[-1][1] is None:
            self._runs[-1] = self._runs[-1][0] + len(block), None
        else:
            self._runs.append((len(block), None))

    def joined(
        self, job_ids: Column, counts: np.ndarray, codes: np.ndarray, given: StepCodes | None
    ) -> Joined:
        """Return the steps of all blocks, given what was read of all their jobs."""
        joined, job, message = Joined(), 0, 0
        known = step_codes(None, given)
        for number, told in self._runs:
            some = counts[job : job + number]
            end = message + int(some.sum())
            if told is None:
                ids, unseen = job_ids[job : job + number], EventTimes.unseen(end - message)
                told = step_rows(ids, some, codes[message:end], unseen, [known] * number)
            joined.add(told)
            job, message = job + number, end
        return joined
