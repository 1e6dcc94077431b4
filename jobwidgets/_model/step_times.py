"""The steps of a job: which there are, when each began and ended, and its messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from jobwidgets._model.history import JobHistory
from jobwidgets._model.packed import polled_before
from jobwidgets._model.snapshot import Message, Snapshot, Status
from jobwidgets._model.steps import Mark, Ranges, StepCodes, StepEvents, step_messages, steps_of

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
        while it alone was under way. () where no message tells of it.
    """

    name: str
    state: StepState
    begun: Moment | None = None
    ended: Moment | None = None
    messages: Ranges = ()

    @property
    def duration(self) -> timedelta | None:
        """From its begin to its end; None until both are known, or if skewed below 0."""
        if self.begun is None or self.ended is None or self.ended.at < self.begun.at:
            return None
        return self.ended.at - self.begun.at

    @property
    def is_at_least(self) -> bool:
        """Whether it has taken longer than its times tell: the first poll met it under way."""
        return self.begun is not None and self.begun.was_there


@dataclass(frozen=True, slots=True)
class JobSteps:
    """The steps of a job in the order in which they are told, then those that have not begun.

    Parameters
    ----------
    steps
        None of them where neither the document nor the dialect tells of any.
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
    """Return the steps of a job as its last document tells them.

    Parameters
    ----------
    dialect
        Knows the codes of messages; None knows of none.
    """
    latest = history.latest
    if latest is None:
        return JobSteps()
    begun, events = steps_of(latest, {} if dialect is None else dialect.steps)
    if not begun and not latest.steps:
        return JobSteps()
    has_ended = history.has_ended
    end = _end_of_job(history, latest) if has_ended else None
    places = [()] * len(begun) if latest.steps else step_messages(begun, len(events))
    open_ones = sum(one.end is None for one in begun)
    told = _Told(history, latest, events, has_ended, end, open_ones)
    steps = [told.step(one, ranges) for one, ranges in zip(begun, places, strict=True)]
    steps += [Step(name, StepState.NOT_BEGUN) for name in _not_begun(latest, begun, dialect)]
    return JobSteps(tuple(steps), _origin(steps, latest), end.at if end is not None else None)


@dataclass(frozen=True, slots=True)
class _Told:
    """Makes the steps of which a message or a mark tells."""

    history: JobHistory
    latest: Snapshot
    events: Sequence[Message | Mark]
    has_ended: bool
    end: Moment | None
    open_ones: int

    def step(self, told: StepEvents, messages: Ranges) -> Step:
        begun, ended = self._moment(told.begin), self._moment(told.end)
        if told.end is not None:
            if ended is not None and ended.was_there:  # over before anybody looked
                begun, ended = None if begun is not None and begun.was_there else begun, None
            return Step(told.name, StepState.DONE, begun, ended, messages)
        if not self.has_ended:
            return Step(told.name, StepState.RUNNING, begun, None, messages)
        has_failed = self.latest.status is Status.FAILED and self.open_ones == 1
        state = StepState.FAILED if has_failed else StepState.UNENDED
        return Step(told.name, state, begun, self.end if begun is not None else None, messages)

    def _moment(self, place: int | None) -> Moment | None:
        if place is None:
            return None
        event = self.events[place]
        if event.time is not None:
            return Moment(event.time, _ZERO)
        return None if event.seen is None else _sight(self.history, self.latest, event.seen)


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


def _not_begun(
    latest: Snapshot, begun: Sequence[StepEvents], dialect: TellsSteps | None
) -> list[str]:
    if latest.status is Status.SUCCEEDED:  # then they were not told, and came all the same
        return []
    if latest.steps:
        return [one.name for one in latest.steps if not (one.has_begun or one.has_ended)]
    names = {step.name for step in begun}
    expected = () if dialect is None else dialect.expected_steps(latest)
    return [name for name in expected if name not in names]


def _origin(steps: Sequence[Step], latest: Snapshot) -> datetime | None:
    """Return the job's start, or the first begin where that is earlier by another clock."""
    times = [moment.at for step in steps for moment in (step.begun, step.ended) if moment]
    if not times:
        return None
    return min(times) if latest.started is None else min(latest.started, *times)
