"""The steps of a job: which there are, when each began and ended, and its messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias

from jobwidgets._model.history import JobHistory
from jobwidgets._model.packed import polled_before
from jobwidgets._model.snapshot import Snapshot, Status
from jobwidgets._model.steps import StepCodes, StepMessages, paired_steps

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Places in a list, each ``[from, to)``, in order and none touching another."""
_ZERO = timedelta(0)


class TellsSteps(Protocol):
    """A dialect, as far as it knows of steps."""

    @property
    def name(self) -> str:
        """What the dialect is called."""

    @property
    def steps(self) -> StepCodes:
        """The steps that message codes tell of."""

    def expected_steps(self, snapshot: Snapshot) -> Sequence[str]:
        """Return the names of steps that will all come; () where that is open."""


class StepState(StrEnum):
    """Where a step stands."""

    DONE = "done"
    RUNNING = "running"
    FAILED = "failed"
    """The one that was under way when the job failed."""
    UNENDED = "not ended"
    """Under way when the job ended: it may have been done, or not."""
    NOT_BEGUN = "not begun"


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was, as far as that is known.

    Parameters
    ----------
    at
        The server's own time, else when it was first seen (UTC).
    early
        How much earlier it may have been: as long as the gap to the poll before, or, of what the
        first poll met, since the job's start. None where nobody knows.
    was_there
        Whether the first poll met it.
    """

    at: datetime
    early: timedelta | None
    was_there: bool = False

    @property
    def earliest(self) -> datetime:
        """The earliest that it can have been; `at` where nobody knows."""
        return self.at - (self.early or _ZERO)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job.

    Parameters
    ----------
    name
        What the dialect calls it.
    state
        Where it stands.
    begun, ended
        None where unknown, or not yet. One that was under way when the job ended has ended then.
    messages
        The places of its messages: its own, and those between that belong to no other step,
        while it alone was under way.
    """

    name: str
    state: StepState
    begun: Moment | None = None
    ended: Moment | None = None
    messages: Ranges = ()

    @property
    def duration(self) -> timedelta | None:
        """From its begin to its end; None until both are known."""
        if self.begun is None or self.ended is None:
            return None
        return max(self.ended.at - self.begun.at, _ZERO)

    @property
    def is_at_least(self) -> bool:
        """Whether it has taken longer than its times tell: the first poll met it under way."""
        return self.begun is not None and self.begun.was_there


@dataclass(frozen=True, slots=True)
class JobSteps:
    """The steps of a job in the order of their first messages, then those that have not begun.

    Parameters
    ----------
    steps
        None of them where the dialect tells none.
    origin
        When the job started, by the clock that the steps' times are of; None where no step has a
        time.
    ended
        When the job ended, by that clock; None while it goes on, and where nobody knows.
    """

    steps: tuple[Step, ...] = ()
    origin: datetime | None = None
    ended: datetime | None = None

    def of(self, *states: StepState) -> list[Step]:
        """Return the steps in some states."""
        return [step for step in self.steps if step.state in states]

    @property
    def failed(self) -> Step | None:
        """The step that failed, if it is known which one did."""
        return next(iter(self.of(StepState.FAILED)), None)


def job_steps(history: JobHistory, dialect: TellsSteps | None) -> JobSteps:
    """Return the steps of a job as its last document tells them; None knows of no steps."""
    latest = history.latest
    if latest is None or dialect is None or not dialect.steps:
        return JobSteps()
    paired = paired_steps([message.code for message in latest.messages], dialect.steps)
    if not paired:
        return JobSteps()
    has_ended = history.has_ended
    end = _end_of_job(history, latest) if has_ended else None
    places = step_messages(paired, len(latest.messages))
    open_ones = sum(one.end is None for one in paired)
    told = _Told(history, latest, has_ended, end, open_ones)
    steps = [told.step(one, ranges) for one, ranges in zip(paired, places, strict=True)]
    steps += _not_begun(dialect, latest, {step.name for step in steps})
    return JobSteps(tuple(steps), _origin(steps, latest), end.at if end is not None else None)


@dataclass(frozen=True, slots=True)
class _Told:
    """Makes the steps of which a message tells."""

    history: JobHistory
    latest: Snapshot
    has_ended: bool
    end: Moment | None
    open_ones: int

    def step(self, told: StepMessages, messages: Ranges) -> Step:
        begun, ended = self._moment(told.begin), self._moment(told.end)
        if told.end is not None:
            # Both were over before anybody looked: when, nobody knows.
            is_lost = ended is not None and ended.was_there
            times = (None, None) if is_lost else (begun, ended)
            return Step(told.name, StepState.DONE, *times, messages)
        if not self.has_ended:
            return Step(told.name, StepState.RUNNING, begun, None, messages)
        has_failed = self.latest.status is Status.FAILED and self.open_ones == 1
        state = StepState.FAILED if has_failed else StepState.UNENDED
        return Step(told.name, state, begun, self.end if begun is not None else None, messages)

    def _moment(self, place: int | None) -> Moment | None:
        if place is None:
            return None
        message = self.latest.messages[place]
        if message.time is not None:
            return Moment(message.time, _ZERO)
        return None if message.seen is None else _sight(self.history, self.latest, message.seen)


def _sight(history: JobHistory, latest: Snapshot, seen: datetime) -> Moment:
    """Return when something was that was first seen then."""
    before = polled_before(history.snapshots, seen)
    since = latest.started if before is None else before
    return Moment(seen, None if since is None else max(seen - since, _ZERO), before is None)


def _end_of_job(history: JobHistory, latest: Snapshot) -> Moment | None:
    """Return when the job ended; None where the first poll met the end.

    The server's own time counts where its clock agrees with what was seen.
    """
    if latest.seen is None:
        return None if latest.ended is None else Moment(latest.ended, _ZERO)
    seen = _sight(history, latest, latest.seen)
    if seen.was_there:
        return None
    if latest.ended is not None and seen.earliest <= latest.ended <= seen.at:
        return Moment(latest.ended, _ZERO)
    return seen


def _not_begun(dialect: TellsSteps, latest: Snapshot, begun: set[str]) -> list[Step]:
    if latest.status is Status.SUCCEEDED:  # then they were not told, and came all the same
        return []
    expected = dialect.expected_steps(latest)
    return [Step(name, StepState.NOT_BEGUN) for name in expected if name not in begun]


def _origin(steps: Sequence[Step], latest: Snapshot) -> datetime | None:
    """Return the job's start, or the first begin where that is earlier by another clock."""
    times = [moment.at for step in steps for moment in (step.begun, step.ended) if moment]
    if not times:
        return None
    return min(times) if latest.started is None else min(latest.started, *times)


def step_messages(steps: Sequence[StepMessages], count: int) -> list[Ranges]:
    """Return the places of each step's messages, of so many that there are."""
    events = sorted(
        (place, index)
        for index, step in enumerate(steps)
        for place in (step.begin, step.end)
        if place is not None
    )
    found: list[list[tuple[int, int]]] = [[] for _ in steps]
    open_ones: set[int] = set()
    for (place, index), (following, _) in zip(events, [*events[1:], (count, 0)], strict=True):
        open_ones ^= {index} if steps[index].begin is not None else set()
        _extend(found[index], place, place + 1)
        if len(open_ones) == 1:
            _extend(found[next(iter(open_ones))], place + 1, following)
    return [tuple(ranges) for ranges in found]


def _extend(ranges: list[tuple[int, int]], start: int, end: int) -> None:
    if ranges and ranges[-1][1] == start:
        ranges[-1] = (ranges[-1][0], end)
    elif start < end:
        ranges.append((start, end))
