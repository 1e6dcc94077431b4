"""Batch jobs of openEO back-ends, 1.x.

https://api.openeo.org/#tag/Data-Processing/operation/describe-job
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from jobwidgets._model.exchanged import Answer, CancelAnswer, JobPage, LogPage, Request
from jobwidgets._model.snapshot import Message, Snapshot, Status
from jobwidgets.dialects._dialect import Dialect
from jobwidgets.dialects._facts import (
    code_of,
    first_text,
    line_of,
    message_code_of,
    moment_of,
    percent_of,
    status_in,
    text_of,
    without,
)
from jobwidgets.dialects._lists import read_jobs
from jobwidgets.dialects._refusals import found, job_of, refused
from jobwidgets.dialects._urls import (
    below,
    check_is_job,
    checked_job_url,
    checked_list_url,
    http_url,
    job_url_below,
    with_parameters,
)
from jobwidgets.errors import DocumentError

_PLACED = ("id", "status", "progress", "title")
_TOKEN_CODES = {"TokenInvalid", "AuthenticationRequired"}


class OpenEO(Dialect):
    """Batch jobs of openEO back-ends, ``<root>/jobs/<job id>``.

    No document tells when a job started: `started` is None. Its end is ``updated``, by the API
    "the last status change", once the status is final. Progress is what the back-end says; absent
    it is unknown. The kind is the job's title. Messages are the log, which has the reason of an
    error; its last entries come with the end, so that it is read once more then.
    """

    name = "openeo"
    messages_are = "log"
    words: ClassVar[Mapping[str, Status]] = {
        "created": Status.QUEUED,
        "queued": Status.QUEUED,
        "running": Status.RUNNING,
        "finished": Status.SUCCEEDED,
        "error": Status.FAILED,
        "canceled": Status.CANCELLED,
    }

    def recognises(self, document: object) -> bool:
        """Return whether a batch job's ``id``, ``status`` and ``created`` time are there.

        The word for the status must be openEO's, and nothing of another server's be there.
        """
        if not isinstance(document, Mapping) or not first_text(document, "id"):
            return False
        process = document.get("process")
        has_graph = isinstance(process, Mapping) and "process_graph" in process
        is_others = not {"type", "jobID", "processID"}.isdisjoint(document) or isinstance(
            process, str
        )
        has_word = text_of(document.get("status")) in self.words and moment_of(
            document.get("created")
        )
        return "status" in document and bool(has_graph or (has_word and not is_others))

    def read(self, answer: Answer) -> Snapshot:
        """Return what a job document says."""
        _raise_if_refused(answer)
        job = job_of(answer.body, "id")
        check_is_job(answer.url, job["id"])
        raw_status = text_of(job.get("status"))
        status = status_in(self.words, raw_status)
        return Snapshot(
            id=job["id"],
            status=status,
            raw_status=raw_status,
            progress=percent_of(job.get("progress")),
            ended=moment_of(job.get("updated")) if status.is_final else None,
            kind=text_of(job.get("title")),
            attributes=without(job, *_PLACED),
            document=job,
        )

    def request(self, url: str) -> Request:
        """Return the GET of the job."""
        return super().request(checked_job_url(url))

    def log_request(self, url: str, after: str | None) -> Request:
        """Return the GET of ``…/logs``: the entries after the one with the id `after`."""
        logs = below(url, "logs", query=False)
        return super().request(logs if after is None else with_parameters(logs, offset=after))

    def read_log(self, answer: Answer) -> LogPage:
        """Return the entries, each with its own time, level and code."""
        _raise_if_refused(answer)
        page = answer.body
        listed = page.get("logs") if isinstance(page, Mapping) else None
        if not isinstance(listed, list):
            raise DocumentError(f'expected {{"logs": [entry, …]}}, found {found(page)}')
        entries = [one if isinstance(one, Mapping) else {"message": one} for one in listed]
        if _is_newest_first(entries):
            entries.reverse()
        messages = tuple(_message(number, one) for number, one in enumerate(entries, start=1))
        ids = tuple(None if one.get("id") is None else str(one["id"]) for one in entries)
        known = [one for one in ids if one is not None]
        return LogPage(messages, known[-1] if known else None, ids if known else ())

    def cancel_request(self, url: str) -> Request:
        """Stop the processing; the job and its log stay."""
        results = below(url, "results", query=False)
        return Request(results, "DELETE", {"Accept": "application/json"})

    def read_cancel(self, answer: Answer) -> CancelAnswer:
        """Return that it is cancelled, as the API says of an answer without an error."""
        _raise_if_refused(answer)
        return CancelAnswer(Status.CANCELLED)

    def list_request(self, url: str) -> Request:
        """Return the GET of ``…/jobs``."""
        return super().request(checked_list_url(url))

    def read_list(self, answer: Answer) -> JobPage:
        """Return the jobs of a page, with all but their logs, and where the next one is."""
        _raise_if_refused(answer)
        return read_jobs(self, answer)

    def read_submission(self, answer: Answer) -> str | None:
        """Return the job that the headers name: the body is empty."""
        _raise_if_refused(answer)
        location, job_id = (answer.headers.get(k) for k in ("location", "openeo-identifier"))
        if location:
            return http_url(location, answer.url)
        list_url = (answer.url or "").partition("?")[0]
        return job_url_below(list_url, job_id) if job_id and list_url else None

    def results_url(self, url: str, snapshot: Snapshot) -> str | None:
        """Return where the results of a finished job are."""
        return below(url, "results") if snapshot.status is Status.SUCCEEDED else None


def _is_newest_first(entries: Sequence[Mapping[str, Any]]) -> bool:
    times = [moment_of(entry.get("time")) for entry in entries]
    told = [time for time in times if time is not None]
    in_order = told == sorted(told, reverse=True)
    return in_order and len(told) == len(times) > 1 and told[0] > told[-1]


def _message(number: int, entry: Mapping[str, Any]) -> Message:
    return Message(
        number,
        line_of(entry.get("message")),
        code=message_code_of(entry.get("code")),
        level=text_of(entry.get("level")),
        time=moment_of(entry.get("time")),
    )


def _raise_if_refused(answer: Answer) -> None:
    """Raise what ``{id, code, message}`` says; the code is a word."""
    body = answer.body
    if isinstance(body, Mapping) and "status" not in body and first_text(body, "message", "code"):
        word = first_text(body, "code") or ""
        code = 401 if word in _TOKEN_CODES else code_of(body.get("code"))
        text = ": ".join(part for part in (word, line_of(body.get("message"))) if part)
        raise refused(answer, text, code)
