"""The ArcGIS Mission Server Job resource.

Esri documents it at https://developers.arcgis.com/rest/services-reference/mission/job and
https://developers.arcgis.com/rest/services-reference/mission/site-jobs ; what no page says is a
policy of this project, and marked "ours".
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

from jobwidgets._model.exchanged import Answer, JobPage, Request
from jobwidgets._model.snapshot import Message, Snapshot, Status
from jobwidgets._model.steps import StepCodes
from jobwidgets.dialects._dialect import Dialect
from jobwidgets.dialects._facts import (
    STATUS_WORDS,
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
from jobwidgets.dialects._refusals import found, job_of, refused
from jobwidgets.dialects._urls import (
    check_is_job,
    checked_job_url,
    checked_list_url,
    job_url_below,
    leads_elsewhere,
    with_parameters,
)
from jobwidgets.errors import DocumentError

_log = logging.getLogger("jobwidgets")


# The codes and texts of Esri's own example; the names are this project's.
_STEPS = (
    ("tracks layers", 1501, 1502),
    ("communications layers", 1503, 1504),
    ("events layers", 1505, 1506),
    ("map", 1507, 1508),
    ("finishing", 1509, 1510),
)


class Mission(Dialect):
    """Documents, URLs and error bodies of ArcGIS Mission Server."""

    name = "mission"
    words: ClassVar[Mapping[str, Status]] = STATUS_WORDS
    steps: ClassVar[StepCodes] = {
        **{begin: (step, "begin") for step, begin, _ in _STEPS},
        **{end: (step, "end") for step, _, end in _STEPS},
    }

    def read(self, answer: Answer) -> Snapshot:
        """Return what a job document says."""
        raise_if_refused(answer)
        job = job_of(answer.body, "jobId")
        check_is_job(answer.url, job["jobId"])
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

    def request(self, url: str) -> Request:
        """Return the GET with ``f=json``, without which Esri answers with a page."""
        return Request(with_parameters(checked_job_url(url), f="json"))

    def token_headers(self, token: str) -> Mapping[str, str]:
        """Return Esri's own header, which works beside a web-tier login too."""
        return {"X-Esri-Authorization": f"Bearer {token}"}

    def expected_steps(self, snapshot: Snapshot) -> Sequence[str]:
        """Return all steps once one has begun, if the job has as many of them (ours)."""
        codes = {message.code for message in snapshot.messages}
        has_begun = any(begin in codes for _, begin, _ in _STEPS)
        is_usual = snapshot.steps_total == len(_STEPS)
        return [step for step, _, _ in _STEPS] if has_begun and is_usual else ()

    def list_request(self, url: str) -> Request:
        """Return the GET of ``…/jobs``."""
        return Request(with_parameters(checked_list_url(url), f="json"))

    def read_list(self, answer: Answer) -> JobPage:
        """Return the jobs of ``asyncJobs``, once each: Esri's own example repeats one.

        Sibling servers list objects, each with its id. An id that leads out of the resource is
        left out, and said so in the log.
        """
        raise_if_refused(answer)
        body = answer.body
        listed = body.get("asyncJobs") if isinstance(body, Mapping) else None
        if not isinstance(listed, list):
            raise DocumentError(f'expected {{"asyncJobs": [id, …]}}, found {found(body)}')
        ids = dict.fromkeys(_listed_id(item, place) for place, item in enumerate(listed))
        paths = [job_id for job_id in ids if leads_elsewhere(job_id)]
        if paths and len(paths) == len(ids):
            raise DocumentError(f'expected job ids in "asyncJobs", found only paths: {paths[:8]}')
        for job_id in paths:
            tell_left_out(job_id)
            del ids[job_id]
        return JobPage(tuple((self.job_url(answer.url or "", job_id), None) for job_id in ids))

    def job_url(self, list_url: str, job_id: str) -> str:
        """Return the URL of one job of the jobs resource; ValueError also if that is none."""
        return job_url_below(checked_list_url(list_url) if list_url else list_url, job_id)


def raise_if_refused(answer: Answer) -> None:
    """Raise what Esri's two error bodies say.

    ``{"error": {"code", "message", "details"}}`` usually comes with HTTP 200;
    ``{"status": "error", "messages", "code"}`` looks much like a job.
    """
    document = answer.body
    if not isinstance(document, Mapping):
        return
    error = document.get("error")
    if isinstance(error, Mapping):
        raise refused(answer, _words(error), code_of(error.get("code")))
    has_id = any(name.casefold() in {"jobid", "job_id"} for name in document)
    if error is not None and not has_id:
        raise refused(answer, line_of(error), code_of(document.get("code")))
    if document.get("status") == "error" and not has_id:
        text = line_of(document.get("messages"))
        raise refused(answer, text, code_of(document.get("code")))


def _listed_id(item: object, place: int) -> str:
    """Return the id that an item of a list of jobs is, or has."""
    names = {str(name).casefold(): name for name in item} if isinstance(item, Mapping) else {}
    name = names.get("jobid", names.get("id"))
    job_id = item[name] if isinstance(item, Mapping) and name is not None else item
    if not isinstance(job_id, str) or not job_id:
        raise DocumentError(f'expected a job id at "asyncJobs"[{place}], found {found(job_id)}')
    return job_id


@lru_cache(maxsize=256)  # once each: a list is read again and again
def tell_left_out(job_id: str) -> None:
    """Log that a list names what is no id."""
    _log.warning("the server lists %r as a job: left out, as it is a path", job_id[:200])


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
