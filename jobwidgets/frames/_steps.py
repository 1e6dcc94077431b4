"""The steps of jobs as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobwidgets._model.packed import NONE
from jobwidgets._model.steps import StepCodes, paired_steps
from jobwidgets.frames._columns import Column, durations, missing
from jobwidgets.frames._tables import Columns
from jobwidgets.frames._texts import texts

_NOWHERE = -1  # the place of a message that never came


@dataclass(frozen=True, slots=True)
class MessageTimes:
    """When the messages of some jobs were written, one job after another, in microseconds.

    Parameters
    ----------
    moments
        The server's own time, else when a message was first seen; `NONE` where nobody knows.
    earlier
        How much earlier it may have been: as long as the gap to the poll before. `NONE` where
        nobody knows.
    were_there
        Whether a message stood in the first document that was seen of its job.
    """

    moments: np.ndarray
    earlier: np.ndarray
    were_there: np.ndarray

    @classmethod
    def of_watched(
        cls, told: np.ndarray, sights: np.ndarray, before: np.ndarray, started: np.ndarray
    ) -> MessageTimes:
        """Return the server's own times, else first sights, with the gap to the poll before.

        A message without a poll before it was there from the first on: since the job had `started`.
        """
        were_there = (before == NONE) & (sights != NONE) & (told == NONE)
        since = np.where(were_there, started, before)
        gaps = np.where((since == NONE) | (sights == NONE), NONE, np.maximum(sights - since, 0))
        is_told = told != NONE
        return cls(np.where(is_told, told, sights), np.where(is_told, 0, gaps), were_there)

    @classmethod
    def unseen(cls, number: int) -> MessageTimes:
        """Return the times of messages that nobody saw arrive."""
        unknown = missing(number)
        return cls(unknown, unknown, np.zeros(number, dtype=bool))


def step_rows(
    job_ids: Column,
    counts: np.ndarray,
    codes: np.ndarray,
    written: MessageTimes,
    known: StepCodes,
) -> Columns:
    """Return the columns of `steps_frame`; `counts` says how many of the messages each job has."""
    owners, names, begins, ends = _places(counts, codes, known)
    lost = (ends != _NOWHERE) & _at(written.were_there, ends, missing=False)
    begun = np.where(lost, NONE, _at(written.moments, begins))
    ended = np.where(lost, NONE, _at(written.moments, ends))
    return {
        "job_id": job_ids.take(owners),
        "step": texts(names),
        "begun": begun,
        "ended": ended,
        "duration": durations(begun, ended),
        "begun_early": np.where(begun == NONE, NONE, _at(written.earlier, begins)),
        "ended_early": np.where(ended == NONE, NONE, _at(written.earlier, ends)),
        "complete": ends != _NOWHERE,
    }


def _places(
    counts: np.ndarray, codes: np.ndarray, known: StepCodes
) -> tuple[np.ndarray, list[str], np.ndarray, np.ndarray]:
    """Return of each step its job, its name, and the messages of its begin and end."""
    owners: list[int] = []
    names: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    all_codes, start = codes.tolist(), 0
    for owner, count in enumerate(counts.tolist()):
        for step in paired_steps(all_codes[start : start + count], known):
            owners.append(owner)
            names.append(step.name)
            begins.append(_NOWHERE if step.begin is None else start + step.begin)
            ends.append(_NOWHERE if step.end is None else start + step.end)
        start += count
    return np.array(owners, dtype="i8"), names, np.array(begins, "i8"), np.array(ends, "i8")


def _at(values: np.ndarray, places: np.ndarray, missing: int | bool = NONE) -> np.ndarray:
    """Return the values at some places, of which those of no message are missing."""
    return np.asarray(np.append(values, np.array([missing], values.dtype))[places])
