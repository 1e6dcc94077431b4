"""The ArcGIS Mission Server Job resource.

Esri documents it at https://developers.arcgis.com/rest/services-reference/mission/job and
https://developers.arcgis.com/rest/services-reference/mission/site-jobs ; what no page says is a
policy of this project, and marked "ours".
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from jobwidgets._model.snapshot import Message, Snapshot
from jobwidgets._model.steps import StepCodes
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

_log = logging.getLogger("jobwidgets")


class Mission:
    """Documents, URLs and error bodies of ArcGIS Mission Server."""

    name = "mission"
    cancel_note = "ArcGIS Mission Server documents no operation that cancels a job"
    query: Mapping[str, str] = {"f": "json"}
    # The codes and texts of Esri's own example; the names are this project's.
    steps = (
        StepCodes("tracks layers", 1501, 1502),
        StepCodes("communications layers", 1503, 1504),
        StepCodes("events layers", 1505, 1506),
        StepCodes("map", 1507, 1508),
        StepCodes("finishing", 1509, 1510),
    )

    def authorization(self, token: str) -> tuple[str, str]:
        """Return Esri's own header, which works beside a web-tier login too."""
        return "X-Esri-Authorization", f"Bearer {token}"

    def job_url(self, jobs_url: str, job_id: str) -> str:
        """Return the URL of one job; the id is opaque, so it is quoted.

        ValueError if `jobs_url` is none of a jobs resource, or the id leads out of it.
        """
        if _leads_elsewhere(job_id):
            raise ValueError(f"expected the id of a job, found {job_id!r}, which is a path")
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
        if _leads_elsewhere(unquote(parts[-1])):
            raise ValueError(f"expected the id of a job, found {parts[-1]!r}, which is a path")
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

    def expected_steps(self, snapshot: Snapshot) -> Sequence[str]:
        """Return all steps once one has begun, if the job has as many of them (ours)."""
        codes = {message.code for message in snapshot.messages}
        has_begun = any(step.begin in codes for step in self.steps)
        is_usual = snapshot.steps_total == len(self.steps)
        return [step.name for step in self.steps] if has_begun and is_usual else ()

    def is_complete(self, snapshot: Snapshot) -> bool:
        """Return whether there is an end: the status may be written before the rest (ours)."""
        return snapshot.ended is not None

    def ids(self, document: object) -> list[str]:
        """Return the ids of ``asyncJobs``: Esri's own example repeats one.

        Sibling servers list objects, each with its id. An id that leads out of the resource is
        left out, and said so in the log.
        """
        listed = document.get("asyncJobs") if isinstance(document, Mapping) else None
        if not isinstance(listed, list):
            raise DocumentError(f'expected {{"asyncJobs": [id, …]}}, found {_found(document)}')
        ids = dict.fromkeys(_listed_id(item, place) for place, item in enumerate(listed))
        paths = [job_id for job_id in ids if _leads_elsewhere(job_id)]
        if paths and len(paths) == len(ids):
            raise DocumentError(f'expected job ids in "asyncJobs", found only paths: {paths[:8]}')
        for job_id in paths:
            _tell_left_out(job_id)
            del ids[job_id]
        return list(ids)

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


def _listed_id(item: object, place: int) -> str:
    """Return the id that an item of a list of jobs is, or has."""
    names = {str(name).casefold(): name for name in item} if isinstance(item, Mapping) else {}
    name = names.get("jobid", names.get("id"))
    job_id = item[name] if isinstance(item, Mapping) and name is not None else item
    if not isinstance(job_id, str) or not job_id:
        raise DocumentError(f'expected a job id at "asyncJobs"[{place}], found {_found(job_id)}')
    return job_id


def _leads_elsewhere(job_id: str) -> bool:
    """Return whether a gateway might take an id for a path out of the jobs resource.

    Some resolve ``..`` after decoding, quoted or not, and without what follows a ``;``.
    """
    path = unquote(unquote(job_id)).replace("\\", "/")
    return any(part.partition(";")[0].strip() in {".", ".."} for part in path.split("/"))


@lru_cache(maxsize=256)  # once each: a list is read again and again
def _tell_left_out(job_id: str) -> None:
    _log.warning("the server lists %r as a job: left out, as it is a path", job_id[:200])


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
