"""What all ArcGIS servers have in common: requests, tokens, error bodies and lists of jobs."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

from jobwidgets._model.exchanged import Answer, CancelAnswer, JobPage, Request
from jobwidgets._model.snapshot import Snapshot, Status
from jobwidgets.dialects._dialect import Dialect
from jobwidgets.dialects._facts import (
    STATUS_WORDS,
    code_of,
    first_text,
    line_of,
    status_of,
    text_of,
)
from jobwidgets.dialects._refusals import found, refused
from jobwidgets.dialects._urls import (
    below,
    checked_job_url,
    checked_list_url,
    http_url,
    job_url_below,
    leads_elsewhere,
    with_parameters,
)
from jobwidgets.errors import DocumentError, JobwidgetsError

_log = logging.getLogger("jobwidgets")


class EsriDialect(Dialect):
    """Asks with ``f=json``, sends tokens in Esri's own header, and lists ``asyncJobs``."""

    words: ClassVar[Mapping[str, Status]] = STATUS_WORDS
    jobs_place: ClassVar[tuple[str, str]] = ("/services/", "/jobs")
    """What follows the server's root in the URL of an operation, and in that of its jobs."""

    def request(self, url: str) -> Request:
        """Return the GET with ``f=json``, without which Esri answers with a page."""
        return Request(with_parameters(checked_job_url(url), f="json"))

    def token_headers(self, token: str) -> Mapping[str, str]:
        """Return Esri's own header, which works beside a web-tier login too."""
        return {"X-Esri-Authorization": f"Bearer {token}"}

    def list_request(self, url: str) -> Request | None:
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
        ids = {_listed_id(item, place): item for place, item in enumerate(listed)}
        paths = [job_id for job_id in ids if leads_elsewhere(job_id)]
        if paths and len(paths) == len(ids):
            raise DocumentError(f'expected job ids in "asyncJobs", found only paths: {paths[:8]}')
        for job_id in paths:
            tell_left_out(job_id)
            del ids[job_id]
        url = answer.url or ""
        jobs = ids.items()
        return JobPage(tuple((self.job_url(url, job_id), self._told(one)) for job_id, one in jobs))

    def _told(self, item: object) -> Snapshot | None:
        """Return what a list's item says: it is a job document on some sibling servers."""
        if not isinstance(item, Mapping) or "status" not in item:
            return None
        try:
            return self.read(Answer(item))
        except JobwidgetsError:
            return None

    def job_url(self, list_url: str, job_id: str) -> str:
        """Return the URL of one job of the jobs resource; ValueError also if that is none."""
        return job_url_below(checked_list_url(list_url), job_id)

    def read_submission(self, answer: Answer) -> str | None:
        """Return ``jobUrl``, else the job's place below the server whose operation was asked."""
        raise_if_refused(answer)
        body = answer.body if isinstance(answer.body, Mapping) else {}
        told, job_id = first_text(body, "jobUrl"), first_text(body, "jobId", "jobid")
        if told:
            return http_url(told, answer.url)
        mark, jobs = self.jobs_place
        root, found, _ = (answer.url or "").partition("?")[0].partition(mark)
        is_ours = bool(found) and task_of_submission(answer.url) is None
        return job_url_below(f"{root}{jobs}", job_id) if job_id and is_ours else None

    def page_url(self, url: str) -> str:
        """Return the page of the job in the server's own directory."""
        return with_parameters(url, f="html")


class CancellingDialect(EsriDialect):
    """One whose jobs are cancelled by a POST to ``…/cancel``, which no cache answers."""

    def cancel_request(self, url: str) -> Request:
        """Return the POST to ``<job>/cancel``."""
        return Request(with_parameters(below(url, "cancel"), f="json"), "POST")

    def read_cancel(self, answer: Answer) -> CancelAnswer:
        """Return the status, where the answer is a job document; {"status": "success"} is none."""
        raise_if_refused(answer)
        job = answer.body if isinstance(answer.body, Mapping) else {}
        words = (text_of(job.get(name)) for name in ("jobStatus", "status"))
        status = status_of(next((word for word in words if word), None), cancelled=False)
        return CancelAnswer(None if status is Status.UNKNOWN else status)


def task_of_submission(url: str | None) -> str | None:
    """Return the task of a geoprocessing service whose ``submitJob`` was asked, in any case."""
    found = re.fullmatch("(.*)/submitjob/?", (url or "").partition("?")[0], re.IGNORECASE)
    return found and found[1]


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
    """Log that a list names a path as an id."""
    _log.warning("the server lists %r as a job: left out, as it is a path", job_id[:200])


def _words(error: Mapping[str, Any]) -> str:
    """Return an error's message; its details only where there is no message."""
    return line_of(error.get("message")) or line_of(error.get("details"))
