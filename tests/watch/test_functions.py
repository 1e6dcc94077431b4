"""Jobs that a function tells of: their lives, their failures, their threads."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from documents import STARTED
from listeners import Callback
from servers import FAST, HANG, until

from jobwidgets import (
    DocumentError,
    Job,
    JobBoard,
    JobWidget,
    JobwidgetsError,
    NoSuchJobError,
    ServerError,
    TransportError,
    UnauthorisedError,
    jobs_frame,
    messages_frame,
    write_documents,
)
from jobwidgets._watch.functions import PLACES

SECRET = "S3cr3t-T0ken"
RUNNING = {"status": "running", "messages": ["one"]}
ENDED = {"status": "succeeded", "messages": ["one", "two"], "started": STARTED, "ended": STARTED}
NewJob = Callable[..., Job]


class Fetch:
    """A function that returns, or raises, the next of `replies`, and the last for ever."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.calls = 0

    def __call__(self) -> Any:
        """Reply."""
        self.calls += 1
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply() if callable(reply) else reply


@pytest.fixture
def new_job() -> Iterator[NewJob]:
    """Return a maker of jobs that get the given replies in quick succession."""
    jobs: list[Job] = []

    def make(*replies: Any, id: str = "f1", **keywords: Any) -> Job:  # noqa: A002 - as the job's
        jobs.append(Job.from_function(Fetch(*replies), id=id, **{"pace": FAST, **keywords}))
        return jobs[-1]

    yield make
    for job in jobs:
        job.stop()


def test_life(new_job: NewJob) -> None:
    """A job that a function tells of lives as every other does, with the same callbacks."""
    changed, over = Callback(), Callback()
    job = new_job({"status": "queued"}, RUNNING, ConnectionError("cut"), ENDED, notify=over)
    assert (job.id, job.url, job.status) == ("f1", None, None)
    assert repr(job) == "Job.from_function(id='f1')"
    job.on_change(changed)
    assert job.wait(HANG).status == "succeeded"
    over.wait()
    assert [one.status for one in job.history.snapshots] == ["queued", "running", "succeeded"]
    assert [message.text for message in job.messages] == ["one", "two"]
    assert [state for _, _, state in changed.calls].count("retrying") == 1
    assert len(over.calls) == 1


@pytest.mark.parametrize("way", ["async", "awaitable", "method"])
def test_async_functions(way: str) -> None:
    """An async function is awaited; so is what a lambda or a plain function returns of one."""

    class Remote:
        async def __call__(self) -> Any:
            await asyncio.sleep(0)
            return ENDED

    remote = Remote()
    ways: dict[str, Any] = {
        "async": remote.__call__,
        "awaitable": lambda: remote(),
        "method": remote,
    }
    assert Job.from_function(ways[way], id=7, pace=FAST).wait(HANG).id == "7"


@pytest.mark.parametrize(
    ("reply", "kind", "text"),
    [
        (lambda: undefined, DocumentError, "name 'undefined' is not defined (line"),  # noqa: F821
        (7, DocumentError, "the function returned 7: expected a Snapshot"),
        (NoSuchJobError("404 no such job"), NoSuchJobError, "404 no such job"),
    ],
)
def test_mistakes_end_the_watch_at_first(
    new_job: NewJob, reply: Any, kind: type[JobwidgetsError], text: str
) -> None:
    """Before the first snapshot, what no second call mends is told, and nothing is asked again."""
    with pytest.raises(kind) as raised:
        new_job(reply).wait(HANG)
    assert text in str(raised.value)


def http_error(status: int) -> httpx.HTTPStatusError:
    """Return what httpx raises for a status; that of requests has the same attribute."""
    response = httpx.Response(status, request=httpx.Request("GET", "https://x/"))
    return httpx.HTTPStatusError(str(status), request=response.request, response=response)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionError("cut"), TransportError),
        (KeyError("jobs"), TransportError),
        (asyncio.CancelledError(), TransportError),
        (SystemExit(), TransportError),
        (http_error(503), ServerError),
        (http_error(404), NoSuchJobError),
        (AttributeError("x"), DocumentError),
    ],
)
def test_what_it_raises_is_typed(
    new_job: NewJob, error: BaseException, kind: type[JobwidgetsError]
) -> None:
    """What a function raises is told by its kind, and a job that was seen is asked for again."""

    def fail() -> Any:
        raise error

    job = new_job(RUNNING, fail, fail, ENDED, pace=FAST)
    job.refresh()
    with pytest.raises(kind):
        job.refresh()
    assert job.status == "running"
    assert job.wait(HANG).status == "succeeded"


def test_refused(new_job: NewJob) -> None:
    """A 401 that the function met is for its user to mend, who is told at once."""
    job = new_job(RUNNING, http_error(401), ENDED).refresh()
    with pytest.raises(UnauthorisedError):
        job.wait(HANG)
    until(lambda: job.status == "succeeded")


def test_gone(new_job: NewJob) -> None:
    """A job that was seen, and of which the function then knows nothing for long, is gone."""
    assert new_job(RUNNING, NoSuchJobError("404")).wait(HANG).status == "gone"


def test_errors_show_no_token(new_job: NewJob) -> None:
    """Neither the error of a function's nor anything behind it shows a token or a password."""
    with pytest.raises(ServerError, match=r"token=.redacted."):
        new_job(ServerError(f"503 token={SECRET}")).refresh()

    def fail() -> Any:
        try:
            raise OSError(f"POST https://me:{SECRET}@h/")
        except OSError as error:
            raise ConnectionError(f"GET /?token={SECRET} Authorization: Bearer {SECRET}") from error

    job = new_job(fail)
    with pytest.raises(TransportError) as raised:
        job.refresh()
    seen = "".join(traceback.format_exception(raised.value))
    assert "ConnectionError: GET /?token=[redacted] Authorization: Bearer [redacted] (line" in seen
    assert SECRET not in seen


@pytest.mark.parametrize(
    "said",
    ["user=a&password={}", "X-Api-Key: {}", "{{'access_token': '{}', 'n': 1}}", "pwd = '{}'"],
)
def test_errors_show_no_named_secret(new_job: NewJob, said: str) -> None:
    """What the text of an error calls a password or a key stands in no error of ours."""
    with pytest.raises(TransportError, match="refused") as raised:
        new_job(ConnectionError(f"refused: {said.format(SECRET)}")).refresh()
    assert SECRET not in "".join(traceback.format_exception(raised.value))


def test_what_waits_for_a_cancelled_task() -> None:
    """That ends no watch: it is a call without an answer, which is told and made again."""
    replies = iter([RUNNING, None, ENDED])

    async def told() -> Any:
        reply = next(replies)
        if reply is None:
            raise asyncio.CancelledError
        return reply

    job, states = Job.from_function(told, id="f1", pace=FAST), list[str]()
    job.on_change(lambda job: states.append(str(job.contact.error)))
    assert job.wait(HANG).status == "succeeded"
    assert "what the function waited for was cancelled" in states

    async def cancelled() -> Any:
        raise asyncio.CancelledError

    unknown = Job.from_function(cancelled, id="f2", pace=FAST)
    known = Job.from_function(lambda: RUNNING, id="f3", cancel=cancelled, pace=FAST)
    for asked in (lambda: unknown.start().refresh(), known.cancel):
        with pytest.raises(TransportError, match="was cancelled"):
            asked()
    unknown.stop()
    known.stop()


def test_one_that_hangs(new_job: NewJob) -> None:
    """A function that hangs is told after its deadline, is called once, and delays no other job."""
    free = threading.Event()
    job = new_job(lambda: free.wait() and ENDED, deadline=0.05).start()
    until(lambda: job.contact.failures > 1)
    assert "the function has not returned for" in str(job.contact.error)
    assert new_job(ENDED, id="f2").wait(HANG).status == "succeeded"
    free.set()
    assert job.wait(HANG).status == "succeeded"
    assert len(job.history) == 1


def test_all_places_hang(new_job: NewJob) -> None:
    """When every place is taken by a function that hangs, the others are told so, and go on."""
    free = threading.Event()
    hanging = [new_job(lambda: free.wait() and ENDED, id=f"h{i}").start() for i in range(PLACES)]
    until(lambda: sum(t.name == "jobwidgets-function" for t in threading.enumerate()) == PLACES)
    job = new_job(ENDED, deadline=0.05).start()
    until(lambda: job.contact.error is not None)
    assert "all 8 places are taken by functions that hang, of h0, h1" in str(job.contact.error)
    free.set()
    assert {one.wait(HANG).status for one in (job, *hanging)} == {"succeeded"}


def test_async_one_that_hangs() -> None:
    """An async function that hangs is cancelled at its deadline."""
    cancelled = threading.Event()

    async def fetch() -> Any:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    job = Job.from_function(fetch, id="f1", deadline=0.05, pace=FAST)
    with pytest.raises(TransportError, match="has not returned for"):
        job.refresh()
    assert cancelled.wait(HANG)


@pytest.mark.parametrize(
    ("fetch", "keywords", "text"),
    [
        (ENDED, {}, "fetch is a function, found a dict: give the function itself, without ()"),
        (lambda job: job, {}, "fetch is called without arguments: missing a required argument"),
        (dict, {"id": None}, "id is the text or number that names the job, found None"),
        (dict, {"id": ""}, "id is the text or number that names the job, found ''"),
        (dict, {"deadline": "x"}, "deadline is in seconds, found a str"),
        (dict, {"pace": 3}, "pace is a Pace, found a int"),
        (dict, {"notify": 3}, "notify is called with the job, found a int"),
    ],
)
def test_invalid_arguments(fetch: Any, keywords: dict[str, Any], text: str) -> None:
    """What is invalid is named at once."""
    with pytest.raises(TypeError) as raised:
        Job.from_function(fetch, **{"id": "f1", **keywords})
    assert str(raised.value).startswith(text)


def test_token(new_job: NewJob) -> None:
    """A job that sends no token takes none."""
    with pytest.raises(TypeError, match="its function signs in by itself"):
        new_job(ENDED).token = "x"


def test_views_and_frames(new_job: NewJob, tmp_path: Any) -> None:
    """Jobs of one id from two functions are two rows of a board; frames have no URL for them."""
    jobs = [new_job(ENDED).wait(HANG) for _ in "ab"]
    widget, board = JobWidget(jobs[0]), JobBoard([*jobs, jobs[0]])
    assert (repr(widget), widget.url, list(board)) == ("JobWidget('f1')", None, jobs)
    assert "succeeded" in jobs[0]._repr_html_()
    frame = jobs_frame(board)
    assert list(frame["job_id"]) == ["f1", "f1"]
    assert frame["url"].isna().all()
    assert list(messages_frame(jobs[0])["text"]) == ["one", "two"]
    write_documents(jobs, tmp_path / "none.jsonl")  # there is no server's document
    assert (tmp_path / "none.jsonl").read_text() == ""
