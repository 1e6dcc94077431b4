"""The scripts that the demo server plays: what a job's document says at which age."""

from __future__ import annotations

import copy
import json
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

EXAMPLE: Final[dict[str, Any]] = {
    "jobId": "j522676d9-983a-48e2-a51c-5066966160f0",
    "messages": [
        "Started mission creation.",
        "Creating tracks layers for location awareness.",
        "Creating communications layers for collaboration.",
        "Creating events layers for mission logs.",
        "Created tracks layers for location awareness.",
        "Created communications layers for collaboration.",
        "Created events layers for mission logs.",
        "Creating map for visualization.",
        "Created map for visualization.",
        "Finishing mission creation.",
        "Finished creating mission d942d2bdb70c4104bcd1a76d4cf8a6b7.",
    ],
    "startTime": 1590523221196,
    "endTime": 1590523287507,
    "type": "addMission",
    "status": "COMPLETED",
    "username": "admin",
    "customAttributes": {
        "stepsCompleted": 5,
        "isCancelled": False,
        "missionId": "d942d2bdb70c4104bcd1a76d4cf8a6b7",
        "messageCodes": [1500, 1501, 1503, 1505, 1502, 1504, 1506, 1507, 1508, 1509, 1510],
        "totalSteps": 5,
    },
}
"""Esri's example: https://developers.arcgis.com/rest/services-reference/mission/job"""

# When each message of the example comes, as a fraction of the whole. Nobody published the real
# times; these overlap the first three steps as their codes do, and let the last ones follow.
_MESSAGES_AT = (0.02, 0.04, 0.05, 0.06, 0.30, 0.42, 0.58, 0.60, 0.84, 0.86, 1.0)
# The messages that end a step, by index: codes 1502, 1504, 1506, 1508 and 1510.
_STEP_ENDS = (4, 5, 6, 8, 10)
# The codes that begin a step; the next higher one ends it.
_STEP_CODES = (1501, 1503, 1505, 1507, 1509)
# A code that tells of no step, made up: Esri lists none of those within a step.
_PART_CODE = 1520


@dataclass(frozen=True, slots=True)
class Script:
    """A job's life: its last document, and the age at which each part of it is known.

    Parameters
    ----------
    last
        The document at the end. Job id and times are those of the job that plays the script.
    seconds
        The age at the end. None: `last` is the answer at every age, unchanged.
    messages_at
        The age at which each message of `last` comes, in seconds, ascending. The job is
        SUBMITTED before the first one.
    steps_at
        The age at which each completed step is done, in seconds, ascending.
    cancelled_at
        The age at which ``isCancelled`` becomes true, in seconds. None: never.

    Raises
    ------
    ValueError
        `seconds` is not a finite number above 0.
    """

    last: Any
    seconds: float | None = None
    messages_at: tuple[float, ...] = ()
    steps_at: tuple[float, ...] = ()
    cancelled_at: float | None = None

    def __post_init__(self) -> None:
        if self.seconds is not None and not 0 < self.seconds < math.inf:
            raise ValueError(f"seconds: expected a finite number above 0, found {self.seconds!r}")

    def document(self, job_id: str, started_ms: int, age_seconds: float) -> Any:
        """Return the job's document at an age.

        Parameters
        ----------
        job_id
            The ``jobId`` of the document.
        started_ms
            The ``startTime`` of the document, in milliseconds since 1970-01-01 UTC.
        age_seconds
            The seconds since then.
        """
        if self.seconds is None:
            return copy.deepcopy(self.last)
        ended = age_seconds >= self.seconds
        known = bisect_right(self.messages_at, age_seconds)
        status = self.last["status"] if ended else "PROCESSING" if known else "SUBMITTED"
        document = {
            "jobId": job_id,
            "messages": self.last["messages"][:known],
            "startTime": started_ms,
            "endTime": started_ms + round(self.seconds * 1000) if ended else 0,
            "type": self.last["type"],
            "status": status,
            "username": self.last["username"],
            "customAttributes": self._attributes(known, age_seconds, ended),
        }
        if status == "SUBMITTED":
            del document["endTime"]
            document["customAttributes"] = {"isCancelled": False}
        return document

    def _attributes(self, known: int, age_seconds: float, ended: bool) -> dict[str, Any]:
        last = self.last["customAttributes"]
        if ended:
            return copy.deepcopy(last)
        return {
            "stepsCompleted": bisect_right(self.steps_at, age_seconds),
            "isCancelled": self.cancelled_at is not None and age_seconds >= self.cancelled_at,
            "messageCodes": last["messageCodes"][:known],
            "totalSteps": last["totalSteps"],
        }


def example(seconds: float = 66.311) -> Script:
    """Return a script that plays Esri's example in this many seconds (66.311 in the original)."""
    steps_at = tuple(_MESSAGES_AT[index] * seconds for index in _STEP_ENDS)
    return Script(EXAMPLE, seconds, _spread(_MESSAGES_AT, seconds), steps_at)


def failing(seconds: float = 30.0, step: int = 3) -> Script:
    """Return a script that plays Esri's example until a step fails.

    Parameters
    ----------
    seconds
        The age at which the step fails.
    step
        The step that fails, 1 to 5.

    Raises
    ------
    ValueError
        `step` is out of range, or `seconds` not above 0.
    """
    if step not in range(1, len(_STEP_ENDS) + 1):
        raise ValueError(f"step: expected 1 to {len(_STEP_ENDS)}, found {step!r}")
    # The failure comes in place of the message that would have ended the step.
    end = _STEP_ENDS[step - 1]
    whole = seconds / _MESSAGES_AT[end]
    last = _cut("FAILED", end, step - 1)
    last["messages"].append("Failed to create mission.")
    messages_at = (*_spread(_MESSAGES_AT[:end], whole), seconds)
    return Script(last, seconds, messages_at, tuple(messages_at[i] for i in _STEP_ENDS[: step - 1]))


def cancelled(seconds: float = 30.0) -> Script:
    """Return a script that plays half of Esri's example, is cancelled, and ends after `seconds`."""
    known = bisect_right(_MESSAGES_AT, 0.5)
    messages_at = _spread(_MESSAGES_AT[:known], seconds)
    steps_at = tuple(messages_at[index] for index in _STEP_ENDS if index < known)
    last = _cut("CANCELLED", known, len(steps_at))
    last["customAttributes"]["isCancelled"] = True
    return Script(last, seconds, messages_at, steps_at, cancelled_at=seconds / 2)


def chatty(messages: int = 5000, seconds: float = 60.0) -> Script:
    """Return a script of many messages, evenly spread over five steps.

    The first and the last message of a step tell of its begin and its end.

    Parameters
    ----------
    messages
        How many, at least 1.
    seconds
        The age at the end.

    Raises
    ------
    ValueError
        `messages` is below 1, or `seconds` not above 0.
    """
    if messages < 1:
        raise ValueError(f"messages: expected at least 1, found {messages!r}")
    count = len(_STEP_CODES)
    last = copy.deepcopy(EXAMPLE)
    last["messages"] = [
        f"Step {count * index // messages + 1} of {count}: copied part {index + 1} of {messages}."
        for index in range(messages)
    ]
    last["customAttributes"]["messageCodes"] = codes = [_PART_CODE] * messages
    for step, begin in enumerate(_STEP_CODES):
        first, after = (math.ceil(messages * number / count) for number in (step, step + 1))
        if after - first > 1:
            codes[first], codes[after - 1] = begin, begin + 1
    messages_at = _spread([(index + 1) / messages for index in range(messages)], seconds)
    return Script(last, seconds, messages_at, _spread((0.2, 0.4, 0.6, 0.8, 1.0), seconds))


def deleting(mission_id: str, seconds: float = 3.0) -> Script:
    """Return a script of a mission's deletion, made up: Esri publishes no example of one."""
    last = copy.deepcopy(EXAMPLE) | {
        "type": "deleteMission",
        "messages": [f"Deleting mission {mission_id}.", f"Deleted mission {mission_id}."],
        "customAttributes": {
            "stepsCompleted": 1,
            "isCancelled": False,
            "missionId": mission_id,
            "messageCodes": [],
            "totalSteps": 1,
        },
    }
    return Script(last, seconds, _spread((0.1, 1.0), seconds), (seconds,))


def verbatim(document: Any) -> Script:
    """Return a script that always answers one JSON value, its job id and times as they are.

    Raises
    ------
    TypeError, ValueError
        JSON has no such value.
    """
    json.dumps(document, allow_nan=False)
    return Script(copy.deepcopy(document))


def _cut(status: str, messages: int, steps: int) -> dict[str, Any]:
    """Return the example as it ends early: with its first messages and steps, and no mission."""
    last = copy.deepcopy(EXAMPLE)
    attributes = last["customAttributes"]
    del last["messages"][messages:], attributes["messageCodes"][messages:], attributes["missionId"]
    attributes["stepsCompleted"] = steps
    return last | {"status": status}


def _spread(fractions: Sequence[float], seconds: float) -> tuple[float, ...]:
    return tuple(fraction * seconds for fraction in fractions)
