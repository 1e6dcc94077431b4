import asyncio
import copy
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import numpy as np
import pytest
from documents import ABSENT, JOB_ID, JOB_URL, after, case, document, milliseconds
from listeners import Callback
from servers import HANG, SERVER_OF, Server, until

from jobwidgets import (
    BodyError,
    CancelUnsupportedError,
    Contact,
    DocumentError,
    Job,
    JobCancelledError,
    JobFailedError,
    NoSuchJobError,
    Pace,
    ServerError,
    Status,
    TransportError,
    UnauthorisedError,
    WatchStoppedError,
)
from jobwidgets._model.contact import ContactState

NewJob = Callable[..., Job]
RARE = Pace(shortest=3600, longest=3600)
ENDED = document(status="COMPLETED")
REFUSED = case("error_rest_498")
MISSING = httpx.Response(404)


def requests(job: Job) -> int:
    """Return how often the server was asked."""
    return len(SERVER_OF[job].requests)


def test_attributes_before_the_first_document(new_job: NewJob) -> None:
    """A job of which nothing was heard has no status, and attributes that are absent or empty."""
    job = new_job(document())
    assert (job.id, job.url) == (JOB_ID, JOB_URL)
    for name in ("status", "raw_status", "progress", "steps_done", "steps_total", "started"):
        assert getattr(job, name) is None
    for name in ("ended", "elapsed", "kind", "owner", "error"):
        assert getattr(job, name) is None
    assert (job.messages, job.attributes, len(job.history)) == ((), {}, 0)
    assert job.contact == Contact()
    assert requests(job) == 0


def test_attributes_of_esris_example(new_job: NewJob) -> None:
    """Esri's own example is told as it is."""
    body = case("completed")
    job = new_job(body, url=f"https://gis.example.com/arcgis/rest/jobs/{body['jobId']}").wait(HANG)
    assert (job.status, job.raw_status, job.progress) == ("succeeded", "COMPLETED", 1.0)
    assert (job.steps_done, job.steps_total, job.owner, job.kind) == (5, 5, "admin", "addMission")
    assert job.elapsed == timedelta(seconds=66.311)
    assert job.started == datetime(2020, 5, 26, 20, 0, 21, 196000, tzinfo=UTC)
    assert job.ended == datetime(2020, 5, 26, 20, 1, 27, 507000, tzinfo=UTC)
    assert job.attributes["missionId"] == "d942d2bdb70c4104bcd1a76d4cf8a6b7"
    codes = body["customAttributes"]["messageCodes"]
    assert [(m.text, m.code) for m in job.messages] == [*zip(body["messages"], codes, strict=True)]
    assert job.error is None
    assert job.history.latest is not None
    assert job.contact.state is ContactState.IN_TOUCH


def test_id_is_unquoted() -> None:
    """The id is the last part of the URL, as the server knows it."""
    assert Job("https://gis.example.com/rest/jobs/a%2Fb%20c?x=1").id == "a/b c"


def test_repr() -> None:
    """A job is written as the URL that it came from."""
    assert repr(Job(f"{JOB_URL}?token=abc")) == f"Job('{JOB_URL}')"


def test_html(new_job: NewJob) -> None:
    """Where there are no widgets a job is shown as it stands."""
    job = new_job(document(messages=["<img onerror=x>"]))
    assert "no answer yet" in job._repr_html_()
    job.refresh()
    assert "&lt;img onerror=x&gt;" in job._repr_html_()


def test_constructing_does_nothing(python: Callable[..., subprocess.Popen[str]]) -> None:
    """Making jobs and reading their attributes starts no thread and opens no connection."""
    code = """
import socket, threading
from jobwidgets import Job, Jobs

def refuse(*_):
    raise AssertionError

socket.socket.connect = socket.getaddrinfo = refuse
jobs = Jobs("https://gis.example.com/rest/jobs", token=refuse)
for job in (jobs.job("j1"), Job("https://gis.example.com/rest/jobs/j2", token=refuse)):
    for name in dir(job):
        if not name.startswith("__") and name != "token":
            getattr(job, name)
    job.raise_for_status()._repr_html_()
print(threading.active_count())
"""
    output, errors = python(code).communicate(timeout=HANG)
    assert (output, errors) == ("1\n", "")


def test_wait(new_job: NewJob) -> None:
    """Waiting starts the watch, and returns the job when it has ended, whatever its status."""
    job = new_job(document(), document(status="FAILED"))
    assert job.wait(HANG) is job
    assert job.status is Status.FAILED
    assert requests(job) == 2


def test_wait_again(new_job: NewJob) -> None:
    """Waiting for a job that has ended returns at once, without asking."""
    job = new_job(ENDED).wait(HANG)
    for timeout in (None, 0, 0.0, -1, 1e9, float("inf"), 10**400, np.int64(5)):
        assert job.wait(timeout) is job
    assert requests(job) == 1


@pytest.mark.parametrize("timeout", [0, 0.01, -1, np.float32(0), -(10**400)])
def test_wait_with_a_timeout(new_job: NewJob, timeout: float) -> None:
    """A timeout ends the waiting, not the watch."""
    job = new_job(document())
    with pytest.raises(TimeoutError, match=f"job {JOB_ID} has not ended within -?[0-9.inf]+ s"):
        job.wait(timeout)
    SERVER_OF[job].replies[:] = [ENDED]
    assert job.wait(HANG).status is Status.SUCCEEDED


@pytest.mark.parametrize(
    ("reply", "kind", "asked"),
    [(MISSING, NoSuchJobError, 1), (REFUSED, UnauthorisedError, 1), ({}, DocumentError, 2)],
)
def test_wait_raises_where_only_the_user_can_help(
    new_job: NewJob, reply: Any, kind: type[Exception], asked: int
) -> None:
    """Waiting for what will not come by itself ends with the reason, the next time too."""
    job = new_job(reply)
    for _ in range(2):
        with pytest.raises(kind) as raised:
            job.wait(HANG)
        assert str(raised.value) == str(job.error)
    assert requests(job) == asked


def test_kept_error_does_not_grow(new_job: NewJob) -> None:
    """However often it is raised, the error of a job has the traceback and causes of its first."""
    job = new_job(httpx.Response(200, content=b"{"), give_up_after=0.001)
    depths = []
    for raises in (job.wait, job.raise_for_status) * 3:
        with pytest.raises(BodyError, match="no \\(whole\\) JSON") as raised:
            raises()
        assert raised.value.code == 200
        assert isinstance(raised.value.__cause__, ValueError)
        assert job.error is not None
        depths.append((len(raised.traceback), len(traceback.extract_tb(job.error.__traceback__))))
    assert depths == depths[:2] * 3
    assert depths[0][1] == depths[1][1] > 0


def test_wait_raises_when_the_watch_is_stopped(new_job: NewJob) -> None:
    """A watch that is stopped while somebody waits lets go of them."""
    job = new_job(document())
    job.on_change(lambda _: job.stop())
    with pytest.raises(WatchStoppedError, match=JOB_ID):
        job.wait(HANG)
    assert job.status is Status.RUNNING


@pytest.mark.parametrize(
    ("timeout", "kind", "text"),
    [
        ("5", TypeError, "timeout is in seconds, found a str"),
        (True, TypeError, "timeout is in seconds, found a bool"),
        (timedelta(seconds=5), TypeError, "timeout is in seconds, found a timedelta"),
        (float("nan"), ValueError, "timeout is a number of seconds, found nan"),
    ],
)
def test_wait_with_a_timeout_of_no_use(
    new_job: NewJob, timeout: Any, kind: type[Exception], text: str
) -> None:
    """What is no time is refused before anything is asked."""
    job = new_job(ENDED)
    with pytest.raises(kind, match=f"^{text}$"):
        job.wait(timeout)
    assert requests(job) == 0


def test_no_copies(new_job: NewJob) -> None:
    """A job is neither copied nor pickled: its token would go along; its history is."""
    job = new_job(ENDED, token="secret").wait(HANG)
    for make in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="a Job is neither copied nor pickled"):
            make(job)
    restored = pickle.loads(pickle.dumps(job.history))  # noqa: S301 - made in the line itself
    assert restored.status == "succeeded"
    assert b"secret" not in pickle.dumps(job.history)


INTERRUPT = """
import sys
from jobwidgets import Job, Pace

job = Job(sys.argv[1], pace=Pace(shortest=0.01, longest=0.01))
try:
    job.wait()
except KeyboardInterrupt as interrupt:
    print("interrupted:", interrupt, flush=True)
print(job.wait(20).status)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signals to send")
def test_interrupt_ends_the_waiting_only(
    serve: Callable[..., Server], python: Callable[..., subprocess.Popen[str]]
) -> None:
    """An interrupt comes through at once, says how to go on, and the job is watched on."""
    was_interrupted = threading.Event()
    server = serve(lambda _: ENDED if was_interrupted.is_set() else document())
    process = python(INTERRUPT, f"{server.jobs_url}/j1")
    assert process.stdout is not None
    until(lambda: len(server.requests) > 3 or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    text = "job j1 is watched on: wait() waits again, stop() ends the watch"
    assert process.stdout.readline() == f"interrupted: {text}\n"
    asked = len(server.requests)
    until(lambda: len(server.requests) > asked)
    was_interrupted.set()
    assert process.communicate(timeout=HANG) == ("succeeded\n", "")


def test_await(new_job: NewJob) -> None:
    """Awaiting a job is waiting for its end, while the event loop goes on."""
    job = new_job(document(), document(), ENDED)

    async def main() -> Job:
        others = 0

        async def other() -> None:
            nonlocal others
            while True:
                others += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        result = await job
        task.cancel()
        assert others > 1
        return result

    assert asyncio.run(main()) is job
    assert job.status is Status.SUCCEEDED
    assert asyncio.run(main_of(job)) is job  # an ended one, on another loop


async def main_of(job: Job) -> Job:
    """Return an awaited job."""
    return await job


def test_await_with_a_timeout(new_job: NewJob) -> None:
    """A timeout around an await ends the waiting, not the watch."""
    job = new_job(document())

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(job, 0.01)
        SERVER_OF[job].replies[:] = [ENDED]
        await asyncio.wait_for(job, HANG)

    asyncio.run(main())
    assert job.status is Status.SUCCEEDED


def test_refresh_raises_everything(new_job: NewJob) -> None:
    """A read by hand raises what it meets, and does not try again."""
    job = new_job(httpx.ReadError("cut"), httpx.Response(502), REFUSED, {}, {}, ENDED)
    for kind in (TransportError, ServerError, UnauthorisedError, DocumentError):
        with pytest.raises(kind):
            job.refresh()
        assert (job.error, job.contact) == (None, Contact())
    assert job.refresh().status is Status.SUCCEEDED
    assert requests(job) == 6


@pytest.mark.parametrize("is_seen", [False, True])
def test_new_token_resumes(new_job: NewJob, is_seen: bool) -> None:
    """Only the user can help where a token is refused; a job that was seen is asked for on."""

    def reply(request: httpx.Request) -> Any:
        return ENDED if request.headers["X-Esri-Authorization"] == "Bearer new" else REFUSED

    job = new_job(*[document()] * is_seen, reply, token="old")
    for _ in range(2):
        with pytest.raises(UnauthorisedError):
            job.wait(HANG)
    if is_seen:
        until(lambda: len(SERVER_OF[job].requests) > 4)
    job.token = "new"
    assert job.wait(HANG).status is Status.SUCCEEDED
    assert set(SERVER_OF[job].tokens[:-1]) == {"old"}
    assert len(SERVER_OF[job].tokens) == 2 or is_seen


def test_token_cannot_be_read(new_job: NewJob) -> None:
    """A token goes in and never comes out."""
    job = new_job(document(), token="secret")
    with pytest.raises(AttributeError):
        job.token  # noqa: B018
    with pytest.raises(TypeError):
        job.token = 7
    job.refresh()
    assert SERVER_OF[job].tokens == ["secret"]


@pytest.mark.parametrize("begins", [False, True])
def test_stopped_job_stays_stopped_until_it_is_started(new_job: NewJob, begins: bool) -> None:
    """Whether it had begun or not, a stopped job asks nothing, and waiting for it raises."""
    job, callback = new_job(document(), ENDED), Callback()
    if begins:
        job.start()
        until(lambda: job.status)
    job.stop()
    asked = requests(job)
    assert (job.contact.state, job.status) == ("stopped", Status.RUNNING if begins else None)
    job.on_change(callback)
    job.add_done_callback(callback)
    assert isinstance(job.error, WatchStoppedError)
    for wait in (job.wait, lambda: asyncio.run(main_of(job))):
        with pytest.raises(WatchStoppedError, match=JOB_ID):
            wait()
    assert (requests(job), callback.calls) == (asked, [])
    SERVER_OF[job].replies[:] = [ENDED]
    assert job.start() is job
    assert job.wait(HANG).status is Status.SUCCEEDED
    assert job.error is None
    callback.wait(2)


def test_stop_of_an_ended_job(new_job: NewJob) -> None:
    """Stopping after the end changes nothing that was known."""
    job = new_job(ENDED).wait(HANG)
    job.stop()
    job.stop()
    assert job.error is None
    assert job.wait(HANG).status is Status.SUCCEEDED


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        ("FAILED", JobFailedError, f"job {JOB_ID} failed: the last words"),
        ("CANCELLED", JobCancelledError, f"job {JOB_ID} was cancelled"),
    ],
)
def test_raise_for_status(new_job: NewJob, status: str, kind: type[Exception], text: str) -> None:
    """A job that did not succeed raises its error."""
    job = new_job(document(status=status, messages=["first", "the last words"])).wait(HANG)
    with pytest.raises(kind) as raised:
        job.raise_for_status()
    assert str(raised.value) == text


def test_end_under_a_word_that_nobody_knows(new_job: NewJob) -> None:
    """Waiting ends, whoever asked is called, and there is no error: nobody knows of one."""
    replies = [
        httpx.Response(
            200,
            json=document(status="Evaporated", endTime=milliseconds(after(60))),
            headers={"Date": format_datetime(after(seconds), usegmt=True)},
        )
        for seconds in (61, 76, 91)
    ]
    job, callback = new_job(*replies), Callback()
    job.on_change(callback)
    job.add_done_callback(callback)
    assert job.wait(HANG).raise_for_status() is job
    assert (job.status, job.raw_status) == ("unknown", "Evaporated")
    callback.wait(3)  # the first document, the end, and once more for the end


@pytest.mark.parametrize("status", ["COMPLETED", "PROCESSING", "SUBMITTED", "PONDERING"])
def test_raise_for_status_without_an_error(new_job: NewJob, status: str) -> None:
    """A job that goes on, or succeeded, returns itself."""
    job = new_job(document(status=status))
    assert job.raise_for_status() is job
    assert job.refresh().raise_for_status() is job


def test_callbacks_are_callable(new_job: NewJob) -> None:
    """Anything else is refused when it is given, and nothing is asked."""
    job, mail = new_job(document()), "me@example.org"
    with pytest.raises(TypeError, match="notify is called with the job, found a str"):
        Job("http://localhost/jobs/j1", notify=mail)  # type: ignore[arg-type]
    for verb in (job.on_change, job.add_done_callback):
        with pytest.raises(TypeError, match="callback is called with the job, found a str"):
            verb(mail)  # type: ignore[arg-type]
    assert requests(job) == 0


def test_wait_and_callbacks_come_after_the_trailing_read(new_job: NewJob) -> None:
    """Whoever waits for the end gets the messages that came with the last read."""
    torso = document(status="COMPLETED", endTime=ABSENT)
    whole = document(status="COMPLETED", messages=["Started mission creation.", "Finished."])
    job, seen, over = new_job(document(), torso, whole), [], Callback()

    def done(job: Job) -> None:
        seen.append(job.messages[-1].text)
        over(job)

    job.add_done_callback(done)
    assert job.wait().messages[-1].text == "Finished."
    over.wait()
    assert asyncio.run(main_of(job)).ended is not None
    assert (seen, requests(job)) == (["Finished."], 3)


def test_cancel_is_unsupported(new_job: NewJob) -> None:
    """Mission has no operation that cancels a job; the error says so, and nothing is sent."""
    job = new_job(document(), dialect="mission")
    with pytest.raises(CancelUnsupportedError, match=r"no operation that cancels .*'mission'"):
        job.cancel()
    assert (requests(job), job.contact.state) == (0, ContactState.STOPPED)


def test_history_tells_its_dialect() -> None:
    """A history tells what its server speaks, if that is known: a dataset keeps it."""
    assert Job(JOB_URL).history.dialect is None
    assert Job(JOB_URL, dialect="mission").history.dialect == "mission"
    assert Job.from_function(dict, id="j1").history.dialect is None
    assert Job.from_function(dict, id="j1", dialect="mission").history.dialect == "mission"
