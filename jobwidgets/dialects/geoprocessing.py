"""Asynchronous jobs of ArcGIS geoprocessing services.

https://developers.arcgis.com/rest/services-reference/enterprise/gp-job/
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from jobwidgets._model.exchanged import Answer, JobPage, Request
from jobwidgets._model.snapshot import Message, Snapshot, Status
from jobwidgets.dialects._dialect import Dialect
from jobwidgets.dialects._esri import CancellingDialect, raise_if_refused, task_of_submission
from jobwidgets.dialects._facts import (
    first_text,
    line_of,
    moment_of,
    percent_of,
    status_of,
    text_of,
    without,
)
from jobwidgets.dialects._refusals import job_of
from jobwidgets.dialects._urls import (
    below,
    check_is_job,
    checked_job_url,
    job_url_below,
    leads_elsewhere,
    with_parameters,
)

# https://developers.arcgis.com/enterprise-sdk/api-reference/net/esriJobMessageType
_LEVELS = {
    "informative": "info",
    "warning": "warning",
    "error": "error",
    "abort": "error",
    "processdefinition": "debug",
    "empty": "debug",
}
_PLACED = ("jobId", "jobStatus", "messages")


class Geoprocessing(CancellingDialect):
    """Jobs of geoprocessing services, ``…/GPServer/<task>/jobs/<job id>``.

    The kind is the task, which only the URL tells. No document tells a time. Progress is what
    ``progress.percent`` (or ``percentage``) says: only tools that count steps have it, and only
    while they run; without it progress is unknown, after a success too (ours).
    ``progress.message`` is overwritten, and no message: it is kept in the attributes (ours).
    """

    name = "geoprocessing"

    def matches(self, url: str) -> bool:
        """Return whether the URL is that of a job of a ``GPServer``, or of its submission."""
        _, _, below = urlsplit(url).path.casefold().partition("/gpserver/")
        return bool({"jobs", "submitjob"} & set(below.split("/")))

    def recognises(self, document: object) -> bool:
        """Return whether there is a ``jobStatus``."""
        if not isinstance(document, Mapping):
            return False
        return bool(first_text(document, "jobId") and first_text(document, "jobStatus"))

    def read(self, answer: Answer) -> Snapshot:
        """Return what a job document says."""
        raise_if_refused(answer)
        job = job_of(answer.body, "jobId")
        check_is_job(answer.url, job["jobId"])
        raw_status = text_of(job.get("jobStatus"))
        return Snapshot(
            id=job["jobId"],
            status=status_of(raw_status, cancelled=False),
            raw_status=raw_status,
            progress=_progress(job.get("progress")),
            messages=_messages(job.get("messages")),
            kind=_task(answer.url),
            attributes=without(job, *_PLACED),
            document=job,
        )

    def request(self, url: str) -> Request:
        """Return the GET that asks for the messages too."""
        url = checked_job_url(url)
        return Request(with_parameters(url, f="json", returnMessages="true"))

    def list_request(self, url: str) -> None:
        """Return None: a task lists no jobs."""

    def read_list(self, answer: Answer) -> JobPage:
        """Raise DocumentError: a task lists no jobs."""
        return Dialect.read_list(self, answer)

    def read_submission(self, answer: Answer) -> str | None:
        """Return the URL of the job below the task whose ``submitJob`` was asked."""
        raise_if_refused(answer)
        job_id = first_text(answer.body, "jobId") if isinstance(answer.body, Mapping) else None
        task = task_of_submission(answer.url)
        return job_url_below(f"{task}/jobs", job_id) if job_id and task else None

    def results_url(self, url: str, snapshot: Snapshot) -> str | None:
        """Return the page of the one result of a job that has succeeded; of several, the job's.

        The job's page has a link to each of them.
        """
        results = snapshot.attributes.get("results")
        if snapshot.status is not Status.SUCCEEDED or not isinstance(results, Mapping):
            return None
        names = [str(name) for name in results]
        if len(names) != 1 or leads_elsewhere(names[0]):
            return self.page_url(url) if names else None
        return self.page_url(below(url, "results", *names))


def _progress(told: object) -> float | None:
    if not isinstance(told, Mapping):
        return None
    return percent_of(told.get("percent", told.get("percentage")))


def _messages(told: object) -> tuple[Message, ...]:
    listed = told if isinstance(told, list) else [] if told is None else [told]
    return tuple(_message(number, one) for number, one in enumerate(listed, start=1))


def _message(number: int, told: object) -> Message:
    if not isinstance(told, Mapping):
        return Message(number, line_of(told))
    kind = (text_of(told.get("type")) or "").casefold().removeprefix("esrijobmessagetype")
    level, time = _LEVELS.get(kind, kind or None), moment_of(told.get("time"))
    return Message(number, line_of(told.get("description")), level=level, time=time)


def _task(url: str | None) -> str | None:
    parts = urlsplit(url or "").path.rstrip("/").split("/")
    return unquote(parts[-3]) if len(parts) > 3 and parts[-2] == "jobs" else None
