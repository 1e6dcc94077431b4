"""Documents that were read once, for every frame that is to be made of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from jobwidgets._model.packed import NONE
from jobwidgets._model.steps import StepCodes
from jobwidgets.frames._columns import times
from jobwidgets.frames._steps import MessageTimes, step_rows
from jobwidgets.frames._tables import JOBS, SNAPSHOTS, STEPS, typed


class Documents:
    """Job documents that `read_documents` read; every frame takes them.

    `len()` is how many they are.
    """

    def __init__(self, jobs: pd.DataFrame, messages: pd.DataFrame, extra: Sequence[str]) -> None:
        self._jobs, self._messages, self._extra = jobs, messages, tuple(extra)

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

    def steps(self, known: StepCodes) -> pd.DataFrame:
        """Return `steps_frame`; for the frames alone."""
        counts = self._jobs["messages"].to_numpy("i8")
        codes = self._messages["code"].to_numpy("i8", na_value=NONE)
        unseen = MessageTimes.unseen(len(codes))
        return typed(step_rows(self._jobs["job_id"].array, counts, codes, unseen, known), STEPS)
