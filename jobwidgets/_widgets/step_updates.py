"""The steps of a job as they cross to the browser: plain JSON values.

The part ``steps`` of an update is a dict, left out where nothing of it has changed:

``total``
    How many rows there are: steps, and a number in the place of those that are left out.
``rows``
    ``[index, values]`` of each that changed; for the values see `_row`.
``axis``
    The seconds from the job's start to its end or until now, as a clock; None without times.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from jobwidgets._display.markup import FIRST, first_and_last
from jobwidgets._display.sentences import Clock
from jobwidgets._display.step_bars import axis_length
from jobwidgets._display.steps import Span, StepLine, step_lines
from jobwidgets._model.snapshot import Status
from jobwidgets._model.step_times import JobSteps
from jobwidgets._widgets.job_values import json_value

MOST_ROWS = 1000
"""Steps that a live view shows: of more, the first and the last ones."""

_Row: TypeAlias = StepLine | int


@dataclass(frozen=True, slots=True)
class StepRows:
    """What views show of the steps; equal to another that differs in the time alone."""

    rows: tuple[_Row, ...] = ()
    axis: Clock | None = None

    @classmethod
    def of(
        cls, steps: JobSteps, status: Status | None, now: datetime, *, is_lost: bool
    ) -> StepRows:
        """Return the rows at `now`, which is when a job without contact was last heard of."""
        lines = step_lines(steps, status, now, is_lost=is_lost)
        length = axis_length(steps, now)
        if length is None:
            axis = None
        elif is_lost or steps.ended is not None:
            axis = Clock("clock", length, 0, length)
        else:
            axis = Clock("clock", length, 1, steps.origin)
        return cls(tuple(first_and_last(lines, MOST_ROWS - FIRST)), axis)

    def since(self, before: StepRows) -> dict[str, Any] | None:
        """Return what is new to views that know others; None where nothing is."""
        if self == before:
            return None
        old = before.rows
        changed = (
            [index, _row(row)]
            for index, row in enumerate(self.rows)
            if index >= len(old) or row != old[index]
        )
        return {"total": len(self.rows), "rows": list(changed), "axis": json_value(self.axis)}


def _row(row: _Row) -> Any:
    """Return the values of a row: a number, or those of a step.

    In this order: name, state, mark, how long it took (parts of a sentence), what is said in
    place of that once nobody knows how it goes on, how well its times are known, where its bar is
    (see `Span`, or None), and the ranges of its messages.
    """
    if isinstance(row, int):
        return row
    took = [json_value(part) for part in row.took]
    span = None if row.span is None else _span(row.span)
    return [row.name, row.state, row.mark, took, row.lost, row.bounds, span, row.messages]


def _span(span: Span) -> list[float | None]:
    return [span.earliest, span.begin, span.end, span.latest]
