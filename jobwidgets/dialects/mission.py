"""The ArcGIS Mission Server Job resource.

Esri documents it at https://developers.arcgis.com/rest/services-reference/mission/job and
https://developers.arcgis.com/rest/services-reference/mission/site-jobs ; what no page says is a
policy of this project, and marked "ours".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from jobwidgets._model.snapshot import Message, Snapshot
from jobwidgets.dialects import Refusal
from jobwidgets.dialects._mission_facts import (
    attributes_of,
    code_of,
    codes_of,
    count_of,
    custom_of,
    line_of,
    message_code_of,
    progress_of,
    status_of,
    text_of,
    texts_of,
    time_of,
)
from jobwidgets.errors import DocumentError


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
        custom = custom_of(job)
        raw_status = text_of(job.get("status"))
        status = status_of(raw_status, cancelled=custom.get("isCancelled") is True)
        done, total = count_of(custom.get("stepsCompleted")), count_of(custom.get("totalSteps"))
        return Snapshot(
            id=job["jobId"],
            status=status,
            raw_status=raw_status,
            steps_done=done,
            steps_total=total,
            progress=progress_of(done, total, status),
            messages=_messages(job.get("messages"), custom.get("messageCodes")),
            started=time_of(job.get("startTime")),
            ended=time_of(job.get("endTime")),
            owner=text_of(job.get("username")),
            kind=text_of(job.get("type")),
            attributes=attributes_of(job),
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
            return Refusal(code_of(error.get("code")), _words(error))
        if error is not None and "jobId" not in document:
            return Refusal(code_of(document.get("code")), line_of(error))
        if document.get("status") == "error" and "jobId" not in document:
            return Refusal(code_of(document.get("code")), line_of(document.get("messages")))
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


def _messages(messages: object, codes: object) -> tuple[Message, ...]:
    """Pair texts and codes by their places; surplus codes stay in the attributes."""
    texts = texts_of(messages)
    pairs = zip(texts, codes_of(codes, len(texts)), strict=True)
    return tuple(
        Message(number, text, message_code_of(code))
        for number, (text, code) in enumerate(pairs, start=1)
    )


def _words(error: Mapping[str, Any]) -> str:
    """Return an error's message; its details only where there is no message."""
    return line_of(error.get("message")) or line_of(error.get("details"))
