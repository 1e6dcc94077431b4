"""Jobs whose messages tell of steps, as polling saw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from documents import JOB_ID, STARTED, after, document, milliseconds, snapshot

from jobwidgets import dialects
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Snapshot
from jobwidgets._model.step_times import JobSteps, job_steps
from jobwidgets.dialects.mission import Mission
from jobwidgets.dialects.relatives import ServerAdmin

TRACKS, COMMUNICATIONS, EVENTS, MAP, FINISHING = [
    name for name, event in Mission.steps.values() if event == "begin"
]
CODES = [1500, 1501, 1503, 1505, 1502, 1504, 1506, 1507, 1508, 1509, 1510]
"""Of Esri's own example, in its order."""
Poll = tuple[float, dict[str, Any]]
"""The second of the job at which it was polled, and the document; {} is the last one again."""


class Dialect(dialects.Dialect):
    """A dialect whose steps have the codes 0 and 1, 2 and 3, and so on."""

    def __init__(self, *names: str, expected: Sequence[str] = ()) -> None:
        self.steps = {
            2 * n + late: (name, ("begin", "end")[late])
            for n, name in enumerate(names)
            for late in (0, 1)
        }
        self.expected = expected

    def expected_steps(self, _: Snapshot) -> Sequence[str]:
        """Return what the test says."""
        return self.expected


def telling(*codes: int | None, **changes: Any) -> dict[str, Any]:
    """Return a message for each code, and others, as changes of a document."""
    messages = [f"message {code}" for code in codes]
    return {"messages": messages, "messageCodes": list(codes), **changes}


def coded(*codes: int | None, **changes: Any) -> dict[str, Any]:
    """Return a document with a message for each code."""
    return document(**telling(*codes, **changes))


def example(count: int, *more: None, **changes: Any) -> dict[str, Any]:
    """Return a document with so many messages of Esri's example, then others without a code."""
    return coded(*CODES[:count], *more, **changes)


def polled(*polls: Poll) -> JobHistory:
    """Return the history of a job."""
    history = JobHistory(JOB_ID)
    for second, given in polls:
        if given:
            history.record(snapshot(given, second))
        else:
            history.record_again(snapshot(document(), second).seen)  # type: ignore[arg-type]
    return history


def administered(current: int | None, *names: str, **changes: Any) -> dict[str, Any]:
    """Return a document of Server admin, which tells the steps itself; `current` is under way."""
    started = milliseconds(STARTED)
    told = {"stepInfo": list(names), "currentstep": current, "totalsteps": len(names)}
    return {"jobid": JOB_ID, "status": "EXECUTING", "starttime": started, **told, **changes}


def administered_polls(*polls: Poll) -> JobHistory:
    """Return the history of a job of Server admin."""
    history = JobHistory(JOB_ID, dialect="admin")
    for second, given in polls:
        told = ServerAdmin().read(dialects.Answer(given))
        history.record(replace(told, seen=after(second)))
    return history


def steps_of(history: JobHistory, dialect: Any = None) -> JobSteps:
    """Return the steps of a job; None is Mission's dialect."""
    return job_steps(history, Mission() if dialect is None else dialect)


def many(count: int, *, ended: int | None = None) -> tuple[JobHistory, Dialect]:
    """Return a job of so many steps, of which all but the last, or `ended`, have ended."""
    ended = count - 1 if ended is None else ended
    codes = [code for n in range(count) for code in ([2 * n, 2 * n + 1] if n < ended else [2 * n])]
    polls = [(0.0, coded()), (1.0, coded(*codes, stepsCompleted=ended, totalSteps=count))]
    return polled(*polls), Dialect(*(f"step {n}" for n in range(count)))
