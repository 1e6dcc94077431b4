"""The bar of a job in segments, and the time axis of its steps: pure functions."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import Literal

from jobwidgets._model.snapshot import Snapshot, Status
from jobwidgets._model.step_times import JobSteps, Step, StepState

MOST_SEGMENTS = 20
"""Steps that the bar has a segment for; of more it is drawn as one."""
Segment = Literal["done", "running", "failed", ""]
"""A part of the bar, "" for a step that has not begun."""
_TICKS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200)


def axis_length(steps: JobSteps, now: datetime | None) -> float | None:
    """Return the seconds from the job's start to its end, or until now; None without times."""
    if steps.origin is None:
        return None
    end = steps.ended or now
    times = [moment.at for step in steps.steps for moment in (step.begun, step.ended) if moment]
    last = max([*times, end] if end is not None else times)
    return max((last - steps.origin).total_seconds(), 0.001)


def ticks(seconds: float) -> list[int]:
    """Return where an axis of this length has marks, in seconds: at round numbers."""
    step = next((tick for tick in _TICKS if 4 * tick >= seconds), None)
    step = 86_400 * ceil(seconds / 86_400 / 4) if step is None else step
    return [tick for tick in range(0, ceil(seconds), step) if tick <= 0.92 * seconds]


def segments(steps: JobSteps, latest: Snapshot | None) -> tuple[Segment, ...]:
    """Return the bar's segments, one a step; () where it is drawn as one.

    It is, where nobody knows how many steps will come: it would be full before the end.
    """
    if latest is None or not steps.steps:
        return ()
    count = max(latest.steps_total or len(latest.steps), 0)
    if latest.status is Status.SUCCEEDED:
        drawn: list[Segment] = ["done"] * max(count, len(steps.steps))
        return tuple(drawn) if len(drawn) <= MOST_SEGMENTS else ()
    if not len(steps.steps) <= count <= MOST_SEGMENTS:
        return ()
    to_come = [Step("", StepState.NOT_BEGUN)] * (count - len(steps.steps))
    return tuple(_segment(step) for step in [*steps.steps, *to_come])


def _segment(step: Step) -> Segment:
    match step.state:
        case StepState.DONE:
            return "done"
        case StepState.RUNNING:
            return "running"
        case StepState.NOT_BEGUN:
            return ""
    return "failed"
