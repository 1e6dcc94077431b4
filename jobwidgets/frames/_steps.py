"""The steps of jobs as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from jobwidgets._model.packed import NONE
from jobwidgets._model.steps import StepCodes, StepEvents, paired_steps
from jobwidgets.dialects._known import find_dialect, known_or_none
from jobwidgets.frames._columns import Column, durations, missing, numbered, within
from jobwidgets.frames._tables import Columns
from jobwidgets.frames._texts import texts

_MISSION = find_dialect("mission")
_NOWHERE = -1  # the place of an event that never came


@dataclass(frozen=True, slots=True)
class EventTimes:
    """When the messages or marks of some jobs were written, one job after another.

    All are microseconds.

    Parameters
    ----------
    moments
        The server's own time, else when it was first seen; `NONE` where nobody knows.
    earlier
        How much earlier it may have been: as long as the gap to the poll before. `NONE` where
        nobody knows.
    were_there
        Whether it stood in the first document that was seen of its job.
    """

    moments: np.ndarray
    earlier: np.ndarray
    were_there: np.ndarray

    @classmethod
    def of_watched(
        cls, told: np.ndarray, sights: np.ndarray, before: np.ndarray, started: np.ndarray
    ) -> EventTimes:
        """Return the server's own times, else first sights, with the gap to the poll before.

        What has no poll before it was there from the first on: since the job had `started`.
        """
        were_there = (before == NONE) & (sights != NONE) & (told == NONE)
        since = np.where(were_there, started, before)
        gaps = np.where((since == NONE) | (sights == NONE), NONE, np.maximum(sights - since, 0))
        is_told = told != NONE
        return cls(np.where(is_told, told, sights), np.where(is_told, 0, gaps), were_there)

    @classmethod
    def unseen(cls, number: int) -> EventTimes:
        """Return the times of what nobody saw arrive, and tells none."""
        return cls.told(missing(number))

    @classmethod
    def told(cls, moments: np.ndarray) -> EventTimes:
        """Return the times of what nobody saw arrive, by the server's own."""
        earlier = np.where(moments == NONE, NONE, 0)
        return cls(moments, earlier, np.zeros(len(moments), dtype=bool))

    def and_then(self, others: EventTimes) -> EventTimes:
        """Return these times, and others after them."""
        return EventTimes(
            np.concatenate([self.moments, others.moments]),
            np.concatenate([self.earlier, others.earlier]),
            np.concatenate([self.were_there, others.were_there]),
        )


@dataclass(frozen=True, slots=True)
class ToldSteps:
    """The steps of those jobs of which no numeric message codes tell.

    Parameters
    ----------
    of
        The steps of a job, by its place among the jobs.
    times
        When they were: what the places of all these steps are in.
    """

    of: Mapping[int, Sequence[StepEvents]]
    times: EventTimes


def step_codes(name: str | None, given: StepCodes | None) -> StepCodes:
    """Return what the message codes of a job tell.

    Parameters
    ----------
    name
        What its server speaks; None if that is not known.
    given
        What codes tell where the name says nothing; None: Mission's without a name, and nothing
        of a dialect that is not installed.
    """
    dialect = known_or_none(name)
    if dialect is not None:
        return dialect.steps
    if given is not None:
        return given
    return _MISSION.steps if name is None else {}


def can_be_read_again(name: str | None, codes: StepCodes) -> bool:
    """Return whether what a file keeps of messages, numeric codes, tells the same steps."""
    return codes == step_codes(name, None) and not any(isinstance(code, str) for code in codes)


def shifted(steps: Sequence[StepEvents], by: int) -> list[StepEvents]:
    """Return steps whose list begins at a place of a longer one."""
    return [
        StepEvents(
            step.name,
            None if step.begin is None else step.begin + by,
            None if step.end is None else step.end + by,
        )
        for step in steps
    ]


def step_rows(
    job_ids: Column,
    counts: np.ndarray,
    codes: np.ndarray,
    written: EventTimes,
    known: Sequence[StepCodes],
    told: ToldSteps | None = None,
) -> Columns:
    """Return the columns of `steps_frame`.

    Parameters
    ----------
    counts
        How many of the messages each job has.
    codes, written
        Of the messages of all jobs.
    known
        What codes tell of each job.
    told
        Steps of which the codes do not tell; None for none.
    """
    others = {} if told is None else told.of
    times = written if told is None else written.and_then(told.times)
    owners, names, begins, ends = _places(counts, codes, known, others, len(times.moments))
    lost = (ends != _NOWHERE) & _at(times.were_there, ends, missing=False)
    was_there = _at(times.were_there, begins, missing=False)
    begun = np.where(lost & was_there, NONE, _at(times.moments, begins))
    ended = np.where(lost, NONE, _at(times.moments, ends))
    return {
        "job_id": job_ids.take(owners),
        "step": names,
        "begun": begun,
        "ended": ended,
        "duration": durations(begun, ended),
        "begun_early": np.where(begun == NONE, NONE, _at(times.earlier, begins)),
        "ended_early": np.where(ended == NONE, NONE, _at(times.earlier, ends)),
        "complete": ends != _NOWHERE,
    }


def _places(
    counts: np.ndarray,
    codes: np.ndarray,
    known: Sequence[StepCodes],
    told: Mapping[int, Sequence[StepEvents]],
    number: int,
) -> tuple[np.ndarray, Column, np.ndarray, np.ndarray]:
    """Return of each step its job, its name, and the places of its begin and its end.

    They are among `number` events: the messages of all jobs, and then what else tells of steps.
    """
    tells = np.flatnonzero(np.isin(codes, _numeric(known)))
    lengths = np.bincount(np.repeat(np.arange(len(counts)), counts)[tells], minlength=len(counts))
    ways, way_of_job = _ways(codes[tells], lengths, known, told)
    sizes = np.array(list(map(len, ways)), dtype="i8")
    owners, places = within(sizes[way_of_job])
    places += (np.cumsum(sizes) - sizes)[way_of_job[owners]]
    steps = list(chain.from_iterable(ways))
    first = np.cumsum(lengths) - lengths
    first[list(told)] = len(tells)
    events = np.concatenate([tells, np.arange(len(codes), number), [_NOWHERE]])
    begins, ends = (
        events[np.where(at == NONE, _NOWHERE, first[owners] + at)]
        for name in ("begin", "end")
        for at in [numbered([getattr(step, name) for step in steps])[places]]
    )
    return owners, texts([step.name for step in steps]).take(places), begins, ends


def _numeric(known: Sequence[StepCodes]) -> list[int]:
    """Return all numeric codes that tell of a step."""
    different = {id(codes): codes for codes in known}.values()
    return [code for codes in different for code in codes if isinstance(code, int)]


def _ways(
    codes: np.ndarray,
    lengths: np.ndarray,
    known: Sequence[StepCodes],
    told: Mapping[int, Sequence[StepEvents]],
) -> tuple[list[Sequence[StepEvents]], np.ndarray]:
    """Return the different ways that jobs go, each as its steps, and which one each job goes.

    Nearly all jobs go one of a few ways: their steps are paired once a way, and not once a job.
    """
    packed, ends = codes.tobytes(), np.cumsum(lengths * codes.itemsize).tolist()
    ways: list[Sequence[StepEvents]] = []
    places: dict[tuple[int, bytes | None], int] = {}
    went: list[int] = []
    for job, (begin, end) in enumerate(pairwise([0, *ends])):
        way = (job, None) if job in told else (id(known[job]), packed[begin:end])
        if way not in places:
            places[way] = len(ways)
            its = np.frombuffer(way[1] or b"", codes.dtype).tolist()
            ways.append(told[job] if job in told else paired_steps(its, known[job]))
        went.append(places[way])
    return ways, np.array(went, dtype="i8")


def _at(values: np.ndarray, places: np.ndarray, missing: int | bool = NONE) -> np.ndarray:
    """Return the values at some places, of which those of no event are missing."""
    return np.asarray(np.append(values, np.array([missing], values.dtype))[places])
