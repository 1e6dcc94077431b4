"""Documents of Mission jobs and what polling makes of them, to tell a job's life with."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jobwidgets._http.answers import HttpAnswer
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Snapshot
from jobwidgets._model.step_times import JobSteps, job_steps
from jobwidgets.dialects import Answer
from jobwidgets.dialects.mission import Mission

CASES = Path(__file__).parent / "cases" / "mission"
STARTED = datetime(2026, 5, 1, 12, tzinfo=UTC)
"""When the job of `document` starts."""
IN_TOUCH = Contact(ContactState.IN_TOUCH, last_heard=STARTED)
JOB_ID = "j1"
JOBS_URL = "https://gis.example.com/arcgis/rest/jobs"
JOB_URL = f"{JOBS_URL}/{JOB_ID}"
ABSENT = object()
"""A change that takes the part out of the document."""

_FINAL = ("COMPLETED", "FAILED", "CANCELLED")
_CUSTOM = {"stepsCompleted": 1, "totalSteps": 5, "isCancelled": False, "messageCodes": [1500]}


def case(name: str) -> Any:
    """Return the JSON of one file of tests/cases/mission."""
    return json.loads((CASES / f"{name}.json").read_bytes())


def document(**changes: Any) -> dict[str, Any]:
    """Return the document of a job that runs, with some parts changed or `ABSENT`.

    The parts that Mission has in customAttributes are changed there. With a final status the
    document tells an end, one minute after the start.
    """
    custom = {name: changes.pop(name, part) for name, part in _CUSTOM.items()}
    parts = {
        "jobId": JOB_ID,
        "messages": ["Started mission creation."],
        "startTime": milliseconds(STARTED),
        "type": "addMission",
        "status": "PROCESSING",
        "username": "admin",
        "customAttributes": _present(custom),
        "endTime": milliseconds(after(60)) if changes.get("status") in _FINAL else ABSENT,
        **changes,
    }
    return _present(parts)


def _present(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in parts.items() if part is not ABSENT}


def milliseconds(time: datetime) -> int:
    """Return a time as a Mission document tells it."""
    return round(time.timestamp() * 1000)


def after(seconds: float) -> datetime:
    """Return the time some seconds after the job's start."""
    return STARTED + timedelta(seconds=seconds)


def answer(body: Any = None, status: int = 200, **headers: str) -> HttpAnswer:
    """Return an HTTP answer; a body that is no bytes is sent as JSON, `_` in a name as `-`."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpAnswer(status, content, {k.replace("_", "-"): v for k, v in headers.items()})


def snapshot(text: Any, at: float = 0.0) -> Snapshot:
    """Return what a document says, received some seconds after the job's start."""
    return replace(Mission().read(Answer(text)), seen=after(at))


def watched(*documents: Any) -> JobHistory:
    """Return the history of a job that was polled once a second, first at its start."""
    snapshots = [snapshot(one, second) for second, one in enumerate(documents)]
    job_id = snapshots[0].id if snapshots else JOB_ID
    history = JobHistory(job_id, f"{JOBS_URL}/{job_id}")
    for one in snapshots:
        history.record(one)
    return history


class Shown:
    """A job as a board sees it; changes make its first document."""

    def __init__(self, job_id: str, contact: Contact = IN_TOUCH, **changes: Any) -> None:
        self.history = JobHistory(job_id)
        self.contact = contact
        self.elapsed: timedelta | None = None
        self.dialect: Any = Mission()
        self._seconds = -1.0
        if changes:
            self.poll(**changes)

    @property
    def _steps(self) -> JobSteps:
        return job_steps(self.history, self.dialect)

    def poll(self, at: float | None = None, **changes: Any) -> int | None:
        """Take in a document, received at that second of the job, None: one after the last."""
        self._seconds = self._seconds + 1 if at is None else at
        self.elapsed = timedelta(seconds=self._seconds)
        text = document(jobId=self.history.job_id, **changes)
        return self.history.record(snapshot(text, at=self._seconds))
