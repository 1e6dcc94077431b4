"""The steps of a job, as its messages tell them: where one begins, and where it ends."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

StepCodes: TypeAlias = Mapping[int | str, tuple[str, Literal["begin", "end"]]]
"""A message's code → the name of a step, and whether the message tells its begin or its end."""


@dataclass(frozen=True, slots=True)
class StepMessages:
    """Which messages of a job tell of one step.

    Parameters
    ----------
    name
        What the dialect calls the step.
    begin, end
        The places of its messages in the job's list, from 0; None where none came (yet). An end
        may come without a begin.
    """

    name: str
    begin: int | None
    end: int | None


def paired_steps(codes: Sequence[int | str | None], known: StepCodes) -> list[StepMessages]:
    """Return the steps that the codes of a job's messages tell of, in the order of their first one.

    Steps run beside each other, and one may be repeated: an end belongs to the first begin of its
    step that has none. Other codes tell of no step.
    """
    open_ones: defaultdict[str, deque[int]] = defaultdict(deque)
    steps: list[StepMessages] = []
    for place, code in enumerate(codes):
        name, event = ("", "") if code is None else known.get(code, ("", ""))
        if event == "begin":
            open_ones[name].append(len(steps))
            steps.append(StepMessages(name, place, None))
        elif event == "end" and open_ones[name]:
            index = open_ones[name].popleft()
            steps[index] = StepMessages(name, steps[index].begin, place)
        elif event == "end":
            steps.append(StepMessages(name, None, place))
    return steps
