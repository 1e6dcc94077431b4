"""The ArcGIS Mission Server Job resource.

Esri documents it at https://developers.arcgis.com/rest/services-reference/mission/job and
https://developers.arcgis.com/rest/services-reference/mission/site-jobs ; what no page says is a
policy of this project, and marked "ours".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from jobwidgets._model.snapshot import Message, Snapshot, Status
from jobwidgets.dialects import Refusal
from jobwidgets.errors import DocumentError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_COUNT = 2**63 - 1  # what the nullable integers of the frames hold

# Only COMPLETED is documented for Mission; the others are sibling Esri servers' words. Compared
# without case, spaces, `_` and `-`, and without the "esriJob" of geoprocessing servers:
# https://developers.arcgis.com/enterprise-sdk/api-reference/net/esriJobStatus
_STATUS = {
    "submitted": Status.QUEUED,
    "new": Status.QUEUED,  # esriJobNew
    "waiting": Status.QUEUED,  # esriJobWaiting: "for available job processor"
    "pending": Status.QUEUED,  # jobs of feature services
    "processing": Status.RUNNING,
    "executing": Status.RUNNING,
    "inprogress": Status.RUNNING,  # Video Server
    "cancelling": Status.CANCELLING,
    "canceling": Status.CANCELLING,
    # esriJobDeleting, "is being deleted": it comes to nothing, but not yet (ours).
    "deleting": Status.CANCELLING,
    "cancelled": Status.CANCELLED,
    "canceled": Status.CANCELLED,
    "statuscancelled": Status.CANCELLED,  # Survey123's reports say esriJobStatusCancelled
    # esriJobDeleted, "has been deleted": deleting a job cancels it, its administrator API says:
    # https://developers.arcgis.com/rest/enterprise-administration/server/job-get-.htm
    "deleted": Status.CANCELLED,
    "completed": Status.SUCCEEDED,
    "succeeded": Status.SUCCEEDED,  # esriJobSucceeded
    # Survey123 hands out the results of esriJobPartialSucceeded, with a remark.
    "partialsucceeded": Status.SUCCEEDED,
    "completedwithwarnings": Status.SUCCEEDED,  # a warning is no failure (ours)
    "failed": Status.FAILED,
    "timedout": Status.FAILED,  # esriJobTimedOut: "the job execution has timed out"
    # Jobs of feature services: part of what was asked for is missing. Who is not told takes the
    # rest for the whole, so it is no success (ours); the raw status tells the difference.
    "completedwitherrors": Status.FAILED,
}
_SEPARATORS = str.maketrans("", "", " _-")

# The parts of a document that have a place of their own in a Snapshot, and the JSON types that
# fit there. A value of another type is kept in `attributes` under its name.
_PLACED: dict[str, type | tuple[type, ...]] = {
    "jobId": str,
    "status": str,
    "messages": list,
    "startTime": (int, float),
    "endTime": (int, float),
    "type": str,
    "username": str,
    "customAttributes": Mapping,
}


class Mission:
    """Documents, URLs and error bodies of ArcGIS Mission Server."""

    name = "mission"
    cancel_note = "ArcGIS Mission Server documents no operation that cancels a job"
    query: Mapping[str, str] = {"f": "json"}

    def authorization(self, token: str) -> tuple[str, str]:
        """Return Esri's own header, which works beside a web-tier login too."""
        return "X-Esri-Authorization", f"Bearer {token}"

    def job_url(self, jobs_url: str, job_id: str) -> str:
        """Return the URL of one job; the id is opaque, so it is quoted.

        ValueError if `jobs_url` is none of a jobs resource.
        """
        parts = urlsplit(jobs_url)
        path = parts.path.rstrip("/")
        if not path.endswith("/jobs"):
            found = jobs_url.partition("?")[0]
            raise ValueError(f"the URL of a jobs resource ends with /jobs; found {found!r}")
        return urlunsplit(parts._replace(path=f"{path}/{quote(job_id, safe='')}"))

    def job_id(self, job_url: str) -> str:
        """Return the last part of the URL's path, unquoted."""
        parts = urlsplit(job_url).path.rstrip("/").split("/")
        if len(parts) < 2 or parts[-2] != "jobs":
            found = job_url.partition("?")[0]
            raise ValueError(f"the URL of a job ends with /jobs/<job id>; found {found!r}")
        return unquote(parts[-1])

    def parse(self, document: object) -> Snapshot:
        """Return what a job document says; DocumentError when it is none."""
        job = _job(document)
        custom = job.get("customAttributes")
        custom = custom if isinstance(custom, Mapping) else {}
        raw_status = _text(job.get("status"))
        status = _status(raw_status, cancelled=custom.get("isCancelled") is True)
        unplaced = _unplaced(job)
        done, total = _count(custom.get("stepsCompleted")), _count(custom.get("totalSteps"))
        return Snapshot(
            id=job["jobId"],
            status=status,
            raw_status=raw_status,
            steps_done=done,
            steps_total=total,
            progress=_progress(done, total, status),
            messages=_messages(job.get("messages"), custom.get("messageCodes")),
            started=_time(job.get("startTime")),
            ended=_time(job.get("endTime")),
            owner=_text(job.get("username")),
            kind=_text(job.get("type")),
            attributes={**unplaced, **custom} if unplaced else custom,
            document=job,
        )

    def is_complete(self, snapshot: Snapshot) -> bool:
        """Return whether the end is told: the status may be written before the rest (ours)."""
        return snapshot.ended is not None

    def ids(self, document: object) -> list[str]:
        """Return the ids of ``asyncJobs``: Esri's own example repeats one."""
        listed = document.get("asyncJobs") if isinstance(document, Mapping) else None
        if not isinstance(listed, list):
            raise DocumentError(f'expected {{"asyncJobs": [id, …]}}, found {_found(document)}')
        return list(dict.fromkeys(i for i in listed if isinstance(i, str) and i))

    def refusal(self, document: object) -> Refusal | None:
        """Return what Esri's two error bodies say.

        ``{"error": {"code", "message", "details"}}`` usually comes with HTTP 200;
        ``{"status": "error", "messages", "code"}`` looks much like a job.
        """
        if not isinstance(document, Mapping):
            return None
        error = document.get("error")
        if isinstance(error, Mapping):
            return Refusal(_code(error.get("code")), _words(error))
        if error is not None and "jobId" not in document:
            return Refusal(_code(document.get("code")), _line(error))
        if document.get("status") == "error" and "jobId" not in document:
            return Refusal(_code(document.get("code")), _line(document.get("messages")))
        return None


def _job(document: object) -> Mapping[str, Any]:
    """Return the document, once it is sure to be a job's."""
    if not isinstance(document, Mapping):
        raise DocumentError(f"expected a job document, found {_found(document)}")
    if not isinstance(document.get("jobId"), str) or not document["jobId"]:
        raise DocumentError(f'expected a job document with a "jobId", found {_found(document)}')
    return document


def _found(document: object) -> str:
    """Return what was found instead: names and types, no values."""
    if isinstance(document, Mapping):
        names = ", ".join(sorted(str(name)[:40] for name in document)[:8])
        return f"an object with: {names}" if names else "an empty object"
    if isinstance(document, list | tuple):
        return f"a list of {len(document)}"
    return "null" if document is None else f"a {type(document).__name__}"


def _unplaced(job: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in job.items()
        if name not in _PLACED or not (value is None or _fits(value, _PLACED[name]))
    }


def _fits(value: object, kind: type | tuple[type, ...]) -> bool:
    # None of the kinds is a bool, which Python counts as an int.
    return isinstance(value, kind) and not isinstance(value, bool)


def _status(raw: str | None, *, cancelled: bool) -> Status:
    """Return the status; isCancelled turns an end to cancelled, but a failure stays one (ours)."""
    word = (raw or "").casefold().translate(_SEPARATORS).removeprefix("esrijob")
    status = _STATUS.get(word, Status.UNKNOWN)
    if cancelled and status is Status.SUCCEEDED:
        return Status.CANCELLED
    if cancelled and status in {Status.QUEUED, Status.RUNNING}:
        return Status.CANCELLING
    return status


def _progress(done: int | None, total: int | None, status: Status) -> float | None:
    if done is None or not total or total < 0:
        return None
    if status is Status.SUCCEEDED:
        return 1.0
    return min(max(done / total, 0.0), 1.0)


def _messages(texts: object, codes: object) -> tuple[Message, ...]:
    """Pair texts and codes by index; surplus codes stay in the attributes."""
    texts = texts if isinstance(texts, list) else [] if texts is None else [texts]
    codes = codes if isinstance(codes, list) else []
    padded = [*codes[: len(texts)], *[None] * (len(texts) - len(codes))]
    return tuple(
        Message(number, _line(text), _message_code(code))
        for number, (text, code) in enumerate(zip(texts, padded, strict=True), start=1)
    )


def _message_code(value: object) -> int | str | None:
    code = _code(value)
    return code if code is not None or value is None else _line(value)


def _code(value: object) -> int | None:
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value) if len(value) < len(str(_LARGEST_COUNT)) else None
    return _count(value)


def _count(value: object) -> int | None:
    """Return a usable number as an int, None for everything else (NaN, a text, true)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if abs(value) <= _LARGEST_COUNT else None  # NaN compares as false


def _time(value: object) -> datetime | None:
    """Return epoch milliseconds as UTC; 0, a negative or no number means "not yet"."""
    milliseconds = _count(value)
    if milliseconds is None or milliseconds <= 0:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _line(value: object) -> str:
    """Return a text as it is, a list as its joined texts, anything else as its JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        if isinstance(value, Sequence):
            return " ".join(_line(item) for item in value)
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return "…"  # no words are nested that deeply


def _words(error: Mapping[str, Any]) -> str:
    """Return an error's message; its details only where there is no message."""
    return _line(error.get("message")) or _line(error.get("details"))
