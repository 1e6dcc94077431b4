"""What is said and drawn of the steps of a job, the same in every view: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from jobwidgets._display.sentences import Clock, Part
from jobwidgets._display.statuses import status_words
from jobwidgets._display.times import EXACT, clock, counted, since_start
from jobwidgets._display.words import word
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Status
from jobwidgets._model.step_times import JobSteps, Moment, Step, StepState
from jobwidgets._model.steps import Ranges

_MOST_NAMED = 3  # steps that a sentence names
_LONGEST_IN_SENTENCE = 60  # characters of a step's name
_LOST = "?"  # the mark of what was under way, and may be over by now
_MARKS = {
    StepState.DONE: "✓",
    StepState.RUNNING: "▸",
    StepState.FAILED: "✕",
    StepState.UNENDED: "⊘",
    StepState.NOT_BEGUN: "·",
}


@dataclass(frozen=True, slots=True)
class Span:
    """Where the bar of a step is on the time axis, in seconds from the job's start.

    Parameters
    ----------
    earliest, begin
        It had not begun at `earliest`, and had at `begin`.
    end, latest
        It had not ended at `end`, and had at `latest`; None for one that goes on.
    """

    earliest: float
    begin: float
    end: float | None = None
    latest: float | None = None


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step as it is shown.

    Parameters
    ----------
    name
        The step's name.
    state
        Where it stands: it sets colours, and is read out.
    mark
        The state as a shape.
    took
        How long it took, or has run.
    lost
        What is said in place of `took` once nobody knows how it goes on; "" where `took` holds.
    bounds
        How well its begin and its end are known; "" where nothing is.
    span
        None where its times are not known.
    messages
        The places of its messages.
    """

    name: str
    state: StepState
    mark: str
    took: tuple[Part, ...]
    lost: str = ""
    bounds: str = ""
    span: Span | None = None
    messages: Ranges = ()


def job_words(history: JobHistory, steps: JobSteps) -> str:
    """Return the status in words, with the step in which the job failed."""
    words = status_words(history)
    return words if steps.failed is None else f"{words} in {_short(steps.failed.name)}"


def step_lines(
    steps: JobSteps, status: Status | None, now: datetime | None, *, is_lost: bool = False
) -> list[StepLine]:
    """Return the steps as they are shown.

    Parameters
    ----------
    status
        The job's.
    now
        None where time does not go on, as in what is saved.
    is_lost
        Whether nobody knows what has become of steps under way.
    """
    return [
        _line(step, steps.origin, status, None if is_lost else now, is_lost) for step in steps.steps
    ]


def _line(
    step: Step, origin: datetime | None, status: Status | None, now: datetime | None, is_lost: bool
) -> StepLine:
    lost, mark = "", _MARKS[step.state]
    if step.state is StepState.RUNNING:
        lost = _since(step, origin)
        mark = _LOST if is_lost else mark
    elif step.state is StepState.UNENDED and status not in {Status.FAILED, Status.CANCELLED}:
        mark = _LOST
    return StepLine(
        name=word(step.name),
        state=step.state,
        mark=mark,
        took=(lost,) if lost and now is None else _took(step, now),
        lost=lost,
        bounds=_bounds(step, origin),
        span=_span(step, origin),
        messages=step.messages,
    )


def _took(step: Step, now: datetime | None) -> tuple[Part, ...]:
    if step.state is StepState.RUNNING and step.begun is not None and now is not None:
        return ("at least " if step.is_at_least else "running ", _age(step.begun, now))
    if step.duration is None or step.begun is None or step.ended is None:
        return (str(step.state),)
    if step.is_at_least:
        return (f"at least {_seconds(step.duration)}",)
    if step.duration < timedelta(seconds=0.5):
        longest = ceil((step.ended.at - step.begun.earliest).total_seconds())
        return (f"at most {longest} s",) if longest > 1 else ("under 1 s",)
    return (_seconds(step.duration),)


def _age(begun: Moment, now: datetime) -> Clock:
    return Clock("clock", max((now - begun.at).total_seconds(), 0.0), 1, begun.at)


def _seconds(time: timedelta) -> str:
    """Return a time in whole seconds: polls know no better."""
    seconds = round(time.total_seconds())
    return f"{seconds} s" if seconds < EXACT else clock(seconds)


def _since(step: Step, origin: datetime | None) -> str:
    if step.begun is None or origin is None:
        return "running"
    words = f"since {clock((step.begun.at - origin).total_seconds())}"
    return f"{words} or before" if step.is_at_least else words


def _bounds(step: Step, origin: datetime | None) -> str:
    """Return how well a step's begin and end are known."""
    if origin is None:
        return ""
    told = (("begun", step.begun), ("ended", step.ended))
    return ", ".join(f"{verb} {_between(moment, origin)}" for verb, moment in told if moment)


def _between(moment: Moment, origin: datetime) -> str:
    earliest, latest = (
        since_start(max((time - origin).total_seconds(), 0.0))
        for time in (moment.earliest, moment.at)
    )
    if moment.was_there:
        return f"before {latest}"
    return f"at {latest}" if earliest == latest else f"between {earliest} and {latest}"


def _span(step: Step, origin: datetime | None) -> Span | None:
    if step.begun is None or origin is None:
        return None
    begin = _offset(step.begun.at, origin)
    earliest = _offset(step.begun.earliest, origin)
    if step.ended is None:
        return Span(earliest, begin) if step.state is StepState.RUNNING else None
    latest = max(_offset(step.ended.at, origin), begin)
    return Span(earliest, begin, max(_offset(step.ended.earliest, origin), begin), latest)


def _offset(time: datetime, origin: datetime) -> float:
    return max(round((time - origin).total_seconds(), 3), 0.0)


# Sentences.


def under_way(steps: JobSteps, now: datetime) -> tuple[Part, ...]:
    """Return what runs now, and how long: "events layers 0:19, map 0:08"."""
    running = steps.of(StepState.RUNNING)
    parts: list[Part] = []
    for step in running[:_MOST_NAMED]:
        parts += [", " if parts else "", _short(step.name)]
        if step.begun is not None:
            parts += [" at least " if step.is_at_least else " ", _age(step.begun, now)]
    return (*parts, *_more(running))


def at_the_end(steps: JobSteps, status: Status | None) -> str:
    """Return the steps of which one has failed, it is not known which; "" for none."""
    open_ones = steps.of(StepState.UNENDED)
    if status is not Status.FAILED or not open_ones:
        return ""
    names = ", ".join(_short(step.name) for step in open_ones[:_MOST_NAMED])
    return f"under way at the end: {names}{''.join(_more(open_ones))}"


def _more(steps: Sequence[Step]) -> tuple[str, ...]:
    more = len(steps) - _MOST_NAMED
    return (f" and {counted(more)} more",) if more > 0 else ()


def _short(name: str) -> str:
    shown = word(name)
    return shown if len(shown) <= _LONGEST_IN_SENTENCE else f"{shown[: _LONGEST_IN_SENTENCE - 1]}…"
