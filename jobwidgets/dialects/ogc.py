"""Jobs of OGC API - Processes, 1.0 and the draft of 2.0.

https://docs.ogc.org/is/18-062r2/18-062r2.html#sc_retrieve_status_info
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from jobwidgets._model.exchanged import Answer, CancelAnswer, JobPage, Request
from jobwidgets._model.snapshot import Message, Snapshot, Status
from jobwidgets.dialects._dialect import Dialect
from jobwidgets.dialects._facts import (
    first_text,
    line_of,
    moment_of,
    percent_of,
    status_in,
    text_of,
    without,
)
from jobwidgets.dialects._lists import link_of, read_jobs
from jobwidgets.dialects._refusals import job_of, refused
from jobwidgets.dialects._urls import (
    below,
    check_is_job,
    checked_job_url,
    checked_list_url,
    http_url,
    job_url_below,
)

_IDS = ("jobID", "id")  # 1.0 and 2.0
_KINDS = ("processID", "process")
_PLACED = (*_IDS, *_KINDS, "status", "message", "progress", "started", "finished")


class Ogc(Dialect):
    """Jobs of OGC API - Processes, ``<root>/jobs/<job id>``.

    Rules where servers differ (ours):

    - Progress is what the server says, also while the job is accepted, where pygeoapi says 5, and
      after a failure, where fastprocesses says 0; it may fall, and 100 is no success.
    - Times are those told: pygeoapi's ``started`` is the time of acceptance until the process
      itself has begun. A job that has failed without ``finished`` has no end.
    - There is one message, which is overwritten: faster ones may be missing.
    - ``process`` of the 2.0 draft, a URI, is the kind as ``processID`` is.
    """

    name = "ogc"
    messages_are = "latest"
    words: ClassVar[Mapping[str, Status]] = {
        "accepted": Status.QUEUED,
        "created": Status.QUEUED,  # Part 4
        "running": Status.RUNNING,
        "successful": Status.SUCCEEDED,
        "failed": Status.FAILED,
        "dismissed": Status.CANCELLED,
    }

    def recognises(self, document: object) -> bool:
        """Return whether there is a ``jobID``, or an id beside the process."""
        if not isinstance(document, Mapping) or not first_text(document, "status"):
            return False
        of_process = document.get("type") == "process" or first_text(document, *_KINDS)
        return bool(first_text(document, "jobID") or (of_process and first_text(document, "id")))

    def read(self, answer: Answer) -> Snapshot:
        """Return what a job document says."""
        raise_if_refused(answer)
        job = job_of(answer.body, *_IDS)
        job_id = first_text(job, *_IDS) or ""
        check_is_job(answer.url, job_id)
        raw_status, message = text_of(job.get("status")), line_of(job.get("message"))
        return Snapshot(
            id=job_id,
            status=status_in(self.words, raw_status),
            raw_status=raw_status,
            progress=percent_of(job.get("progress")),
            messages=(Message(1, message),) if message else (),
            started=moment_of(job.get("started")),
            ended=moment_of(job.get("finished")),
            kind=first_text(job, *_KINDS),
            attributes=without(job, *_PLACED),
            document=job,
        )

    def request(self, url: str) -> Request:
        """Return the GET of the job; its ``Accept`` chooses JSON."""
        return super().request(checked_job_url(url))

    def cancel_request(self, url: str) -> Request:
        """Dismiss the job; of one that has ended this would remove the results."""
        return Request(url, "DELETE", {"Accept": "application/json"})

    def read_cancel(self, answer: Answer) -> CancelAnswer:
        """Return the status and the message, which is all that counts in the answer."""
        raise_if_refused(answer)
        job = answer.body if isinstance(answer.body, Mapping) else {}
        raw_status = text_of(job.get("status"))
        status = None if raw_status is None else status_in(self.words, raw_status)
        return CancelAnswer(status, line_of(job.get("message")))

    def list_request(self, url: str) -> Request:
        """Return the GET of ``…/jobs``."""
        return super().request(checked_list_url(url))

    def read_list(self, answer: Answer) -> JobPage:
        """Return the jobs of a page, and where the next one is."""
        raise_if_refused(answer)
        return read_jobs(self, answer)

    def read_submission(self, answer: Answer) -> str | None:
        """Return what ``Location`` names, else the job of the ``jobID`` beside the processes."""
        raise_if_refused(answer)
        location = answer.headers.get("location")
        if location:
            return http_url(location, answer.url)
        job_id = first_text(answer.body, *_IDS) if isinstance(answer.body, Mapping) else None
        root, found, _ = (answer.url or "").partition("/processes/")
        return job_url_below(f"{root}/jobs", job_id) if job_id and found else None

    def page_url(self, url: str) -> str:
        """Return the job's own URL: a browser that asks for it gets a page."""
        return url

    def results_url(self, url: str, snapshot: Snapshot) -> str | None:
        """Return where the results of a successful job are: its link says so, or the standard."""
        if snapshot.status is not Status.SUCCEEDED:
            return None
        return link_of(snapshot.document, "results", url) or below(url, "results")


def raise_if_refused(answer: Answer) -> None:
    """Raise what RFC 7807, or pygeoapi's ``{code, type, description}``, says."""
    body = answer.body
    if not isinstance(body, Mapping) or "jobs" in body:
        return
    is_job = isinstance(body.get("status"), str) and first_text(body, *_IDS)
    words = first_text(body, "detail", "description", "title", "message")
    kind = first_text(body, "code", "type") or ""
    if is_job or not (words or kind):
        return
    kind = "" if "/" in kind else kind  # a URI says nothing to people
    code = body.get("status")
    text = ": ".join(dict.fromkeys(part for part in (kind, words) if part))
    # With a status of success a lone word may be another server's kind of job.
    if answer.status >= 400 or isinstance(code, int) or (kind and words):
        raise refused(answer, text, code if isinstance(code, int) else None)
