"""The steps of a job, as its messages tell them: where one begins, and where it ends."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepCodes:
    """The two message codes of a step.

    Parameters
    ----------
    name
        What the dialect calls the step.
    begin, end
        The codes of the messages that tell that it begins, and that it has ended.
    """

    name: str
    begin: int | str
    end: int | str


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


def paired_steps(
    codes: Sequence[int | str | None], known: Sequence[StepCodes]
) -> list[StepMessages]:
    """Return the steps that the codes of a job's messages tell of, in the order of their first one.

    Steps run beside each other, and one may be repeated: an end belongs to the first begin of its
    step that has none. Other codes tell of no step.
    """
    begins = {step.begin: step.name for step in known}
    ends = {step.end: step.name for step in known}
    open_ones: defaultdict[str, deque[int]] = defaultdict(deque)
    steps: list[StepMessages] = []
    for place, code in enumerate(codes):
        if code in begins:
            name = begins[code]
            open_ones[name].append(len(steps))
            steps.append(StepMessages(name, place, None))
        elif code in ends:
            name = ends[code]
            if open_ones[name]:
                index = open_ones[name].popleft()
                steps[index] = StepMessages(name, steps[index].begin, place)
            else:
                steps.append(StepMessages(name, None, place))
    return steps
