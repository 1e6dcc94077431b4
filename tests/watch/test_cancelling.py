"""Cancelling as tables: what the job says before and after, and what it comes to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from documents import JOB_URL, STARTED
from servers import FAST, HANG, until

from jobwidgets import (
    CancelUnsupportedError,
    Job,
    JobwidgetsError,
    NoSuchJobError,
    RefusedError,
    TransportError,
)
from jobwidgets._display.cancelling import can_cancel, cancel_words
from jobwidgets._http.source import Reading
from jobwidgets._model.cancel import Cancel
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Snapshot, Status
from jobwidgets._watch.seen import as_seen

RUNNING = {"status": "running"}
SUCCEEDED = {"status": "succeeded", "started": STARTED, "ended": STARTED}
CANCELLED = {"status": "cancelled"}
GONE = NoSuchJobError("404 no such job")
TOO_LATE = "It had ended before it could be cancelled."


class Remote:
    """A job that is told of and cancelled by functions.

    Parameters
    ----------
    before, after
        What is told before it is cancelled, and afterwards one after another, the last for ever.
    refusal
        What cancelling raises; None takes it.
    """

    def __init__(self, before: Any, *after: Any, refusal: Exception | None = None) -> None:
        self.now, self.after, self.refusal = before, list(after), refusal
        self.cancels = 0
        self.job = Job.from_function(self.fetch, id="f1", cancel=self.cancel, pace=FAST)

    def fetch(self) -> Any:
        """Tell."""
        if self.cancels and self.after:
            self.now = self.after.pop(0)
        if isinstance(self.now, Exception):
            raise self.now
        return self.now

    def cancel(self) -> None:
        """Cancel."""
        self.cancels += 1
        if self.refusal is not None:
            raise self.refusal


@pytest.mark.parametrize(
    ("after", "statuses", "words"),
    [
        ([CANCELLED], ["running", "cancelling", "cancelled"], ""),
        ([RUNNING, RUNNING, CANCELLED], ["running", "cancelling", "cancelled"], ""),
        ([GONE], ["running", "cancelling", "cancelled"], ""),
        ([RUNNING, GONE], ["running", "cancelling", "cancelled"], ""),
        ([RUNNING, SUCCEEDED], ["running", "cancelling", "succeeded"], TOO_LATE),
    ],
)
def test_last_word(after: list[Any], statuses: list[str], words: str) -> None:
    """A job that is asked to be cancelled is being cancelled until the server's last word."""
    remote = Remote(RUNNING, *after)
    assert remote.job.cancel() is remote.job
    remote.job.wait(HANG)
    assert [one.status for one in remote.job.history.snapshots] == statuses
    assert cancel_words(remote.job.history) == words
    assert (remote.cancels, remote.job.contact.state) == (1, "in touch")


@pytest.mark.parametrize("end", [CANCELLED, {"status": "succeeded"}])
def test_end_that_is_taken_back(end: Any) -> None:
    """A job that goes on after a document told its end runs, and may be cancelled again."""
    remote = Remote(RUNNING, RUNNING, end, RUNNING)
    remote.job.cancel()
    until(lambda: remote.job.status == "running")
    assert can_cancel(remote.job.history)
    assert cancel_words(remote.job.history).endswith("and goes on all the same.")
    statuses = [one.status for one in remote.job.history.snapshots]
    assert statuses == ["running", "cancelling", end["status"], "running"]
    remote.after = [RUNNING, GONE]
    assert remote.job.cancel().wait(HANG).status == "cancelled"


def test_end_that_only_the_answer_told() -> None:
    """A job that goes on after that is being cancelled for a minute, and then as it is told."""
    asked = datetime.now(UTC)
    history, minute = JobHistory("f1"), timedelta(minutes=1)
    history.cancel = Cancel(asked, is_sent=True, settled=asked + minute)
    for told, late, shown in (
        ("running", timedelta(0), "cancelling"),
        ("running", 0.9 * minute, "cancelling"),
        ("running", minute, "running"),
        ("cancelled", 2 * minute, "cancelled"),
        ("queued", 3 * minute, "cancelled"),
    ):
        told_one = Snapshot(id="f1", status=Status(told), seen=asked + late)
        reading = Reading(told_one, asked + late, None)
        history.record(as_seen(reading, told_one, history, "list"))
        assert history.status == shown


def test_same_document_after_the_answer() -> None:
    """A server that says a job is cancelled, and tells its document as before, is asked on."""
    told = {"id": "j1", "created": "2026-05-01T12:00:00Z", "status": "running"}
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        if request.method == "DELETE":
            return httpx.Response(204)
        return httpx.Response(200, json={"logs": []} if request.url.path.endswith("logs") else told)

    http = {"transport": httpx.MockTransport(answer)}
    watched = Job("https://eo.example.com/jobs/j1", dialect="openeo", http=http, pace=FAST)
    watched.cancel()
    until(lambda: watched.status == "cancelling" and asked.count("GET") > 8)
    assert "cancelled" in [one.status for one in watched.history.snapshots]
    told["status"] = "finished"
    assert watched.wait(HANG).status == "succeeded"


@pytest.mark.parametrize("word", ["canceled", "created", "error"])
def test_openeo_says_that_it_was_cancelled(word: str) -> None:
    """The answer is the last word, unless another end is told; "created" is what it was before."""
    job = {"id": "j1", "created": "2026-05-01T12:00:00Z", "status": "running"}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            job["status"] = word
            return httpx.Response(204)
        return httpx.Response(200, json={"logs": []} if request.url.path.endswith("logs") else job)

    http = {"transport": httpx.MockTransport(answer)}
    watched = Job("https://eo.example.com/jobs/j1", dialect="openeo", http=http, pace=FAST)
    watched.cancel().wait(HANG)
    assert watched.status == ("failed" if word == "error" else "cancelled")
    watched.stop()


@pytest.mark.parametrize("has_seen", [True, False])
def test_ended_job_is_left_alone(has_seen: bool) -> None:
    """Nothing is cancelled after a final status, also where it was not seen yet: results stay."""
    remote = Remote(SUCCEEDED)
    if has_seen:
        remote.job.wait(HANG)
    assert remote.job.cancel().wait(HANG).status == "succeeded"
    assert remote.cancels == 0
    assert cancel_words(remote.job.history) == ("" if has_seen else TOO_LATE)


def test_refused() -> None:
    """A cancel that is refused is raised and told; the job goes on, and may be cancelled again."""
    remote = Remote(RUNNING, refusal=RefusedError("403 not yours", code=403))
    with pytest.raises(RefusedError, match="not yours"):
        remote.job.cancel()
    assert (remote.job.status, remote.job.error) == ("running", None)
    assert cancel_words(remote.job.history) == "Not cancelled: 403 not yours"
    remote.refusal = None
    remote.after = [CANCELLED]
    assert remote.job.cancel().wait(HANG).status == "cancelled"


def test_answer_that_was_lost() -> None:
    """A cancel whose answer was lost may have arrived: a job that then is missing is cancelled."""
    remote = Remote(RUNNING, GONE, refusal=TransportError("cut"))
    with pytest.raises(TransportError):
        remote.job.cancel()
    assert remote.job.wait(HANG).status == "cancelled"


def test_no_answer_before() -> None:
    """Where the job cannot be looked at, nothing is cancelled."""
    remote = Remote(ConnectionError("cut"))
    with pytest.raises(TransportError):
        remote.job.cancel()
    assert remote.cancels == 0
    assert cancel_words(remote.job.history).startswith("Not cancelled: the function raised Conn")


def test_poll_on_the_way() -> None:
    """What a poll brings that was on the way does not undo the answer to the cancel."""
    entered, free = threading.Event(), threading.Event()
    slow: Callable[[], None] = lambda: (entered.set(), free.wait(HANG))[0]  # noqa: E731
    remote = Remote(RUNNING, CANCELLED)
    remote.cancel = slow  # type: ignore[method-assign]
    job = Job.from_function(remote.fetch, id="f1", cancel=slow, pace=FAST).start()
    until(lambda: job.status)
    thread = threading.Thread(target=job.cancel)
    thread.start()
    assert entered.wait(HANG)
    job.refresh()
    remote.cancels = 1
    free.set()
    thread.join(HANG)
    assert job.wait(HANG).status == "cancelled"
    assert [one.status for one in job.history.snapshots] == ["running", "cancelling", "cancelled"]


@pytest.mark.parametrize(
    "make", [lambda: Job(JOB_URL, dialect="mission"), lambda: Job.from_function(dict, id="x")]
)
def test_where_nothing_cancels(make: Callable[[], Job]) -> None:
    """Where there is no such operation that is said, without a request."""
    with pytest.raises(CancelUnsupportedError, match=r"stop.. ends the watch, the job goes on"):
        make().cancel()


@pytest.mark.parametrize("error", [ValueError("x"), GONE])
def test_errors_are_ours(error: Exception) -> None:
    """What the function that cancels raises is an error of ours; a 404 to it proves nothing."""
    remote = Remote(RUNNING, RUNNING, SUCCEEDED, refusal=error)
    with pytest.raises(JobwidgetsError):
        remote.job.cancel()
    assert remote.job.wait(HANG).status == "succeeded"
