"""Some jobs as columns: what every frame is made of, whatever the jobs were given as."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from jobwidgets._model.history import error_of
from jobwidgets._model.packed import NONE
from jobwidgets._model.snapshot import Status
from jobwidgets._model.steps import StepCodes
from jobwidgets.frames._columns import (
    NO_STATUS,
    STATUS_NUMBER,
    STATUSES,
    Column,
    durations,
    missing,
    objects,
    within,
)
from jobwidgets.frames._steps import EventTimes, ToldSteps, step_codes, step_rows
from jobwidgets.frames._tables import Columns
from jobwidgets.frames._texts import no_texts, taken, texts

_SUCCEEDED = STATUS_NUMBER[Status.SUCCEEDED]
_FINAL = [number for status, number in STATUS_NUMBER.items() if status.is_final]
_WITH_ERROR = [STATUS_NUMBER[s] for s in (Status.FAILED, Status.CANCELLED, Status.GONE)]


class Block(ABC):
    """The facts of some jobs, each a column with one item a job.

    Times are microseconds since 1970 UTC, numbers are `NONE` where they are missing. The messages
    of all jobs stand one after another. A subclass reads what the jobs were given as; each fact is
    read when it is first asked for.
    """

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of jobs."""

    @property
    @abstractmethod
    def job_ids(self) -> Column:
        """The server's names of the jobs."""

    @property
    @abstractmethod
    def status_numbers(self) -> np.ndarray:
        """The place of each status in `STATUSES`."""

    @property
    @abstractmethod
    def raw_status(self) -> Column:
        """The server's own words."""

    @property
    @abstractmethod
    def kinds(self) -> Column:
        """The server's words for the operations."""

    @property
    @abstractmethod
    def owners(self) -> Column:
        """Who started the jobs."""

    @property
    @abstractmethod
    def started(self) -> np.ndarray:
        """When each job began, by the server's clock."""

    @property
    @abstractmethod
    def ended(self) -> np.ndarray:
        """When each job ended, by the server's clock."""

    @property
    @abstractmethod
    def steps_done(self) -> np.ndarray:
        """Steps completed."""

    @property
    @abstractmethod
    def steps_total(self) -> np.ndarray:
        """Steps in all."""

    @property
    @abstractmethod
    def mission_ids(self) -> Column:
        """The attribute "missionId", where it is a text."""

    @property
    @abstractmethod
    def message_counts(self) -> np.ndarray:
        """How many messages each job has; missing without a document."""

    @property
    @abstractmethod
    def message_texts(self) -> Column:
        """The server's words."""

    @property
    @abstractmethod
    def message_codes(self) -> np.ndarray:
        """The server's codes, as far as they are numbers."""

    @abstractmethod
    def attribute(self, name: str) -> Sequence[Any]:
        """Return one server attribute of each job, tokens redacted; None where it has none."""

    @abstractmethod
    def reasons(self, jobs: np.ndarray) -> Sequence[str | None]:
        """Return what tells best why each of some jobs failed, as `reason_of` has it."""

    @property
    @abstractmethod
    def documents(self) -> Sequence[Mapping[str, Any] | None]:
        """The documents, tokens perhaps among them; None for a job that never gave one."""

    @property
    def attributes(self) -> Sequence[Mapping[str, Any] | None]:
        """The attributes of each job, where they need not be read of its document."""
        return [None] * len(self)

    def dialects(self, given: str) -> Sequence[str | None]:
        """Return what the server of each job speaks, bare documents being `given`."""
        return [given] * len(self)

    @property
    def urls(self) -> Column:
        """Where each job was asked for."""
        return no_texts(len(self))

    @property
    def have_ended(self) -> np.ndarray:
        """Whether each job can change no more."""
        return np.isin(self.status_numbers, _FINAL)

    @property
    def last_sights(self) -> np.ndarray:
        """When the document of each job was received."""
        return missing(len(self))

    @cached_property
    def progress(self) -> np.ndarray:
        """0…1, NaN without usable counters: as `progress_of` has it."""
        done, total = self.steps_done, self.steps_total
        usable = (done != NONE) & (total != NONE) & (total > 0)
        parts = np.full(len(self), np.nan)
        parts[usable] = np.clip(done[usable].astype("f8") / total[usable].astype("f8"), 0.0, 1.0)
        parts[usable & (self.status_numbers == _SUCCEEDED)] = 1.0
        return parts

    @property
    def errors(self) -> Column:
        """Why each job or its watch ended."""
        return texts(self._ends())

    def _ends(self) -> list[str | None]:
        """Return why each job ended, if not well."""
        words: list[str | None] = [None] * len(self)
        jobs = np.flatnonzero(np.isin(self.status_numbers, _WITH_ERROR))
        ids, numbers = self.job_ids.take(jobs).tolist(), self.status_numbers[jobs].tolist()
        told = zip(jobs.tolist(), ids, numbers, self.reasons(jobs), strict=True)
        for job, job_id, number, reason in told:
            words[job] = str(error_of(job_id, STATUSES[number], reason))
        return words

    @property
    def message_levels(self) -> Column:
        """The severity of each message."""
        return no_texts(int(self._message_numbers.sum()))

    @property
    def message_times(self) -> np.ndarray:
        """The server's own time of each message."""
        return missing(int(self._message_numbers.sum()))

    @property
    def message_sights(self) -> np.ndarray:
        """When each message was first seen."""
        return missing(int(self._message_numbers.sum()))

    @property
    def message_polls(self) -> np.ndarray:
        """When each message had not been there yet: the poll before that which brought it."""
        return missing(int(self._message_numbers.sum()))

    @property
    def snapshot_counts(self) -> np.ndarray:
        """How many rows of `snapshots_frame` each job has."""
        return np.asarray(self.status_numbers != NO_STATUS, dtype="i8")

    @property
    def snapshot_polls(self) -> np.ndarray:
        """When the poll before each snapshot was."""
        return missing(int(self.snapshot_counts.sum()))

    def written(self) -> EventTimes:
        """Return when each message was written, as far as that is known."""
        return EventTimes.unseen(int(self._message_numbers.sum()))

    def step_codes(self, given: StepCodes | None) -> Sequence[StepCodes]:
        """Return what message codes tell of each job's steps; `given` where it does not say."""
        return [step_codes(None, given)] * len(self)

    def told_steps(self, given: StepCodes | None) -> ToldSteps | None:
        """Return the steps of which no numeric message codes tell; None for none."""
        return None

    @property
    def _message_numbers(self) -> np.ndarray:
        return np.where(self.message_counts == NONE, 0, self.message_counts)

    def jobs(self, attributes: Sequence[str] = ()) -> Columns:
        """Return the columns of `jobs_frame`."""
        columns: Columns = {
            "url": self.urls,
            "job_id": self.job_ids,
            "kind": self.kinds,
            "owner": self.owners,
            "status": self.status_numbers,
            "raw_status": self.raw_status,
            "started": self.started,
            "ended": self.ended,
            "duration": durations(self.started, self.ended),
            "steps_done": self.steps_done,
            "steps_total": self.steps_total,
            "progress": self.progress,
            "messages": self.message_counts,
            "mission_id": self.mission_ids,
            "error": self.errors,
        }
        return columns | {name: objects(self.attribute(name)) for name in attributes}

    def messages(self) -> Columns:
        """Return the columns of `messages_frame`."""
        owners, places = within(self._message_numbers)
        return {
            "job_id": taken(self.job_ids, owners),
            "number": places + 1,
            "code": self.message_codes,
            "level": self.message_levels,
            "text": self.message_texts,
            "time": self.message_times,
            "seen": self.message_sights,
        }

    def snapshots(self) -> Columns:
        """Return the columns of `snapshots_frame`: documents that nobody saw arrive, one a job."""
        known = self.status_numbers != NO_STATUS
        return {
            "job_id": self.job_ids[known],
            "seen": missing(int(known.sum())),
            "status": self.status_numbers[known],
            "raw_status": self.raw_status[known],
            "progress": self.progress[known],
            "steps_done": self.steps_done[known],
            "steps_total": self.steps_total[known],
            "messages": self.message_counts[known],
        }

    def steps(self, given: StepCodes | None) -> Columns:
        """Return the columns of `steps_frame`.

        Parameters
        ----------
        given
            What codes tell where a job does not say what its server speaks; None: Mission's.
        """
        return step_rows(
            self.job_ids,
            self._message_numbers,
            self.message_codes,
            self.written(),
            self.step_codes(given),
            self.told_steps(given),
        )
