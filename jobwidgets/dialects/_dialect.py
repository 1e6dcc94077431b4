"""The protocol that all dialects follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from jobwidgets._model.exchanged import Answer, CancelAnswer, JobPage, LogPage, Request
from jobwidgets._model.snapshot import Snapshot, Status
from jobwidgets._model.steps import StepCodes
from jobwidgets.dialects._refusals import found
from jobwidgets.dialects._urls import job_url_below
from jobwidgets.errors import DocumentError


class Dialect:
    """How one family of servers speaks of jobs: pure functions, no state and no I/O.

    A subclass has a `name` and `read`; every other member has a default, which says that the
    server has no such thing. What it is given was redacted; it neither clips nor escapes texts.

    Examples
    --------
    A server that answers ``{"key": "7", "phase": "busy", "done": 40}``:

    >>> from jobwidgets import DocumentError, Snapshot, Status
    >>> from jobwidgets.dialects import Answer, Dialect
    >>> class Acme(Dialect):
    ...     name = "acme"
    ...     words = {"waits": Status.QUEUED, "busy": Status.RUNNING, "ok": Status.SUCCEEDED}
    ...
    ...     def recognises(self, document):
    ...         return isinstance(document, dict) and {"key", "phase"} <= document.keys()
    ...
    ...     def read(self, answer):
    ...         if not self.recognises(answer.body):
    ...             raise DocumentError('expected an object with "key" and "phase"')
    ...         job, done = answer.body, answer.body.get("done")
    ...         return Snapshot(
    ...             id=job["key"],
    ...             status=self.words.get(job["phase"], Status.UNKNOWN),
    ...             raw_status=job["phase"],
    ...             progress=None if done is None else done / 100,
    ...             document=job,
    ...         )
    >>> Acme().read(Answer({"key": "7", "phase": "busy", "done": 40})).progress
    0.4
    """

    name: ClassVar[str]
    """The word for ``dialect=``."""
    words: ClassVar[Mapping[str, Status]] = {}
    """The server's words for a status."""
    steps: ClassVar[StepCodes] = {}
    """Message code → (step, "begin" or "end"), in the order of a job's life. Where the document
    itself tells the steps they are in `Snapshot.steps`, each a `ToldStep`."""
    messages_are: ClassVar[Literal["list", "latest", "log"]] = "list"
    """"list": each document has the whole list. "latest": it has one text, which is overwritten,
    so that what polling saw is put together. "log": they are asked for by `log_request`."""

    def read(self, answer: Answer) -> Snapshot:
        """Return what an answer says of a job.

        The body counts before the HTTP status: some servers answer 400 with a failed job. Where
        this raises DocumentError and the HTTP status is an error, the error of that is raised; so
        it is of 5xx, whatever job is told: the server is in trouble, and asked again.

        Raises
        ------
        ExchangeError
            If it is an error body; see `refused`.
        DocumentError
            If it is no document of a job, or of another job than `answer.url`.
        """
        raise NotImplementedError

    def matches(self, url: str) -> bool:
        """Return whether the URL of a job, or of a list, alone says for certain that it is ours."""
        return False

    def recognises(self, document: object) -> bool:
        """Return whether the shape of a job's document is unmistakable."""
        return False

    def request(self, url: str) -> Request:
        """Return what asks for the job at `url`; ValueError if that is no URL of a job."""
        return Request(url, headers={"Accept": "application/json"})

    def token_headers(self, token: str) -> Mapping[str, str]:
        """Return the headers in which a token travels."""
        return {"Authorization": f"Bearer {token}"}

    def expected_steps(self, snapshot: Snapshot) -> Sequence[str]:
        """Return the names of steps that will all come, in their order; () where that is open."""
        return ()

    def log_request(self, url: str, after: str | None) -> Request | None:
        """Return what asks for the log of the job at `url`, on from `after`; None without a log."""
        return None

    def read_log(self, answer: Answer) -> LogPage:
        """Return the messages of a log, and where to ask on from; raises as `read` does."""
        raise DocumentError(f"expected no log, found {found(answer.body)}")

    def cancel_request(self, url: str) -> Request | None:
        """Return what cancels the job at `url`; None where that cannot be done.

        It is never sent once the job has ended.
        """
        return None

    def read_cancel(self, answer: Answer) -> CancelAnswer:
        """Return the status and the message that the answer to a cancel tells; raises as `read`."""
        return CancelAnswer()

    def list_request(self, url: str) -> Request | None:
        """Return what asks for the list of jobs at `url`; None without a list.

        Its next pages, wherever they are, are asked for in the same way.

        ValueError if that is no URL of a list.
        """
        return None

    def read_list(self, answer: Answer) -> JobPage:
        """Return the jobs of a page of the list; raises as `read` does."""
        raise DocumentError(f"expected no list of jobs, found {found(answer.body)}")

    def job_url(self, list_url: str, job_id: str) -> str:
        """Return the URL of one job of the list at `list_url`; ValueError if the id is a path."""
        return job_url_below(list_url, job_id)

    def read_submission(self, answer: Answer) -> str | None:
        """Return the URL of the job that a submission has started; None where it tells none."""
        return None

    def page_url(self, url: str) -> str | None:
        """Return the page for people of the job at `url`, None where there is none."""
        return None

    def results_url(self, url: str, snapshot: Snapshot) -> str | None:
        """Return where the results of a job that succeeded are; None where that is not known."""
        return None
