"""The steps of a job, as its messages or its document tell them: where one begins and ends."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from jobwidgets._model.snapshot import Message, Snapshot, ToldStep

StepCodes: TypeAlias = Mapping[int | str, tuple[str, Literal["begin", "end"]]]
"""A message's code → the name of a step, and whether the message tells its begin or its end."""
Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Places in a list, each ``[from, to)``, in order and none touching another."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A begin or an end of which the document itself tells, in place of a message.

    Parameters
    ----------
    time
        When it was, by the server's clock (UTC); None where it tells none.
    seen
        When this client first saw it (UTC); None in a document that nobody watched.
    """

    time: datetime | None
    seen: datetime | None


@dataclass(frozen=True, slots=True)
class StepEvents:
    """What tells of one step of a job.

    Parameters
    ----------
    name
        What the dialect calls the step.
    begin, end
        The places of what tells its begin and its end, in the list of the job's messages or
        marks, from 0; None where nothing does (yet). An end may come without a begin.
    """

    name: str
    begin: int | None
    end: int | None


def steps_of(
    snapshot: Snapshot, codes: StepCodes
) -> tuple[list[StepEvents], Sequence[Message | Mark]]:
    """Return the steps that have begun or ended, and the list that their places are in.

    They are those of which the document itself tells; where it tells of none, those of which the
    codes of its messages do.
    """
    if snapshot.steps:
        return _marked(snapshot.steps)
    messages = snapshot.messages
    return paired_steps([message.code for message in messages], codes), messages


def _marked(steps: Sequence[ToldStep]) -> tuple[list[StepEvents], list[Mark]]:
    marks: list[Mark] = []
    found: list[StepEvents] = []
    for step in steps:
        if step.has_begun or step.has_ended:
            end = len(marks) + 1 if step.has_ended else None
            found.append(StepEvents(step.name, len(marks), end))
            marks.append(Mark(step.begun, step.begun_seen))
        if step.has_ended:
            marks.append(Mark(step.ended, step.ended_seen))
    return found, marks


def paired_steps(codes: Sequence[int | str | None], known: StepCodes) -> list[StepEvents]:
    """Return the steps that the codes of a job's messages tell of, in the order of their first one.

    Steps run beside each other, and one may be repeated: an end belongs to the first begin of its
    step that has none. Other codes tell of no step.
    """
    open_ones: defaultdict[str, deque[int]] = defaultdict(deque)
    steps: list[StepEvents] = []
    for place, code in enumerate(codes):
        name, event = ("", "") if code is None else known.get(code, ("", ""))
        if event == "begin":
            open_ones[name].append(len(steps))
            steps.append(StepEvents(name, place, None))
        elif event == "end" and open_ones[name]:
            index = open_ones[name].popleft()
            steps[index] = StepEvents(name, steps[index].begin, place)
        elif event == "end":
            steps.append(StepEvents(name, None, place))
    return steps


def step_messages(steps: Sequence[StepEvents], count: int) -> list[Ranges]:
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
