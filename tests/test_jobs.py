import copy
import itertools
import pickle
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from documents import JOBS_URL, case, document
from servers import FAST, HANG, Replies

from jobwidgets import (
    BodyError,
    DocumentError,
    Jobs,
    NoSuchJobError,
    ServerError,
    Status,
    TransportError,
    UnauthorisedError,
    configure,
)

ODD_ID = "j/1 ü?&#%"


def new_jobs(answer: Callable[[str], Any], **keywords: Any) -> tuple[Jobs, Replies]:
    """Return a jobs resource; `answer` replies to the last part of a path."""
    transport = Replies(lambda request: answer(last_part(str(request.url))))
    return Jobs(JOBS_URL, http={"transport": transport}, pace=FAST, **keywords), transport


def last_part(url: str) -> str:
    """Return the last part of a URL's path, unquoted."""
    return unquote(url.partition("?")[0].rpartition("/")[2])


def listed(*ids: Any) -> Callable[[str], Any]:
    """Return a server that lists `ids`, and has a document for each."""
    return lambda name: {"asyncJobs": [*ids]} if name == "jobs" else document(jobId=name)


def test_ids() -> None:
    """Ids come once each, in the server's order."""
    jobs, server = new_jobs(listed("b", "a", "b", "c", "a"))
    assert (repr(jobs), server.requests) == (f"Jobs('{JOBS_URL}')", [])
    assert jobs.ids() == ["b", "a", "c"]
    assert [str(request.url) for request in server.requests] == [f"{JOBS_URL}?f=json"]


def test_job() -> None:
    """A job of the resource is watched like any other, with the resource's settings."""
    answers = iter([document(), document(status="COMPLETED")])
    jobs, server = new_jobs(lambda _: next(answers), token="a-token")
    job = jobs.job("j1").wait(HANG)
    assert job.status is Status.SUCCEEDED
    assert server.tokens == ["a-token", "a-token"]


def test_id_is_opaque() -> None:
    """An id with odd characters is quoted in the URL, and comes back as it was."""
    jobs, server = new_jobs(listed(ODD_ID))
    assert jobs.job(ODD_ID).id == ODD_ID
    (history,) = jobs.histories()
    assert (history.job_id, history.status) == (ODD_ID, Status.RUNNING)
    assert server.requests[1].url.raw_path.startswith(
        b"/arcgis/rest/jobs/j%2F1%20%C3%BC%3F%26%23%25?"
    )


def test_histories() -> None:
    """All jobs come in the server's order, by one request for the list and one for each."""
    names = [f"j{number}" for number in range(30, 0, -1)]
    jobs, server = new_jobs(listed(*names, *names))
    histories = jobs.histories()
    assert [history.job_id for history in histories] == names
    assert {(history.status, len(history)) for history in histories} == {(Status.RUNNING, 1)}
    assert [history.url for history in histories] == [f"{JOBS_URL}/{name}" for name in names]
    assert len(server.requests) == 31


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (httpx.Response(404), NoSuchJobError),
        (httpx.Response(500), ServerError),
        (httpx.ReadError("cut"), TransportError),
        (httpx.Response(200, content=b"<html>"), BodyError),
        (case("error_rest_498"), UnauthorisedError),
        ({}, DocumentError),
        (document(jobId="another"), DocumentError),
        (ZeroDivisionError("odd"), Exception),
    ],
)
def test_one_broken_job(reply: Any, kind: type[Exception]) -> None:
    """A job that cannot be had comes back with its error, and all others come."""
    usual = listed("j1", "broken", "j2")
    jobs, _ = new_jobs(lambda name: reply if name == "broken" else usual(name))
    first, broken, second = jobs.histories()
    assert (first.status, second.status) == (Status.RUNNING, Status.RUNNING)
    assert (first.error, second.error) == (None, None)
    assert isinstance(broken.error, kind)
    assert (broken.job_id, broken.status, len(broken)) == ("broken", None, 0)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (httpx.Response(503), ServerError),
        (httpx.ConnectError("refused"), TransportError),
        (case("error_admin_498_token_expired"), UnauthorisedError),
        ({"asyncJobs": None}, DocumentError),
    ],
)
def test_list_that_cannot_be_had(reply: Any, kind: type[Exception]) -> None:
    """Its error is raised; what is no list is asked for once more: it may be another's answer."""
    jobs, server = new_jobs(lambda _: reply)
    for asks in (jobs.ids, jobs.histories):
        with pytest.raises(kind):
            asks()
    assert len(server.requests) == (4 if kind is DocumentError else 2)


def test_ids_that_are_objects_or_paths() -> None:
    """An object stands for its id; an id that leads elsewhere is never asked for."""
    jobs, server = new_jobs(listed("j1", {"id": "j3", "status": "COMPLETED"}, "..", "j4"))
    assert jobs.ids() == ["j1", "j3", "j4"]
    assert [history.job_id for history in jobs.histories()] == ["j1", "j3", "j4"]
    assert {request.url.path.rpartition("/")[0] for request in server.requests} == {
        "/arcgis/rest",
        "/arcgis/rest/jobs",
    }


def test_ids_that_are_none() -> None:
    """What is no id and has none is an error, with its place."""
    jobs, _ = new_jobs(listed("j1", {"id": "j3"}, None))
    with pytest.raises(DocumentError, match=r'"asyncJobs"\[2\], found null'):
        jobs.ids()


def test_one_token_for_the_whole_resource() -> None:
    """The provider is asked once for the list and all jobs."""
    calls: list[int] = []

    def provider() -> str:
        calls.append(1)
        return "a-token"

    jobs, server = new_jobs(listed(*(f"j{number}" for number in range(20))), token=provider)
    assert len(jobs.histories()) == 20
    assert jobs.job("j1").refresh().status is Status.RUNNING
    assert set(server.tokens) == {"a-token"}
    assert len(calls) == 1


@pytest.mark.parametrize("path", ["", "/", "/arcgis/rest/JOBS", "/arcgis/rest/jobs/j1", "/myjobs"])
def test_url_of_no_jobs_resource(path: str) -> None:
    """A URL whose jobs could not be asked for is refused at once, without its token."""
    with pytest.raises(ValueError, match="the URL of a jobs resource ends with /jobs; found"):
        Jobs(f"https://gis.example.com{path}?token=secret")


def test_one_handle_a_job() -> None:
    """However often a job is taken, it is one handle: asked for once, and with one token."""
    jobs, server = new_jobs(listed("j1"), token="old")
    job = jobs.job("j1")
    assert jobs.job("j1") is job
    job.start().refresh()
    jobs.token = "new"
    jobs.job("j1").refresh()
    job.stop()
    tokens = server.tokens
    assert tokens == sorted(tokens, reverse=True)  # the old one never again after the new one
    assert tokens[-1] == "new"


def test_ids_go_before_the_polls() -> None:
    """A person waits for the list: it is not asked for when the polls let it."""
    names = [f"j{number}" for number in range(51)]
    jobs, server = new_jobs(listed(*names))
    configure(requests_per_second=20)
    try:
        watched = [jobs.job(name).start() for name in names]
        assert jobs.ids() == names
        assert len(server.requests) < 25
    finally:
        configure(requests_per_second=100_000)
        for job in watched:
            job.stop()


@pytest.mark.parametrize("job_id", [7, None, b"j1", ["j1"]])
def test_id_of_no_use(job_id: Any) -> None:
    """What is no text is the id of no job."""
    with pytest.raises(TypeError, match="the id of a job is a string, found a"):
        Jobs(JOBS_URL).job(job_id)


def test_no_copies() -> None:
    """A resource is neither copied nor pickled: its token would go along."""
    for make in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="a Jobs is neither copied nor pickled"):
            make(Jobs(JOBS_URL, token="secret"))


def test_new_token_reaches_jobs_that_are_found_meanwhile() -> None:
    """A token that is set while the boards find more and more jobs is each job's in the end."""
    jobs, server = new_jobs(lambda name: document(jobId=name), token="old")
    over = threading.Event()

    def find() -> None:
        for number in range(300):
            jobs.job(f"j{number}")
        over.set()

    finder = threading.Thread(target=find)
    finder.start()
    numbers = itertools.count()
    while not over.is_set():
        jobs.token = f"token {next(numbers)}"
    finder.join(HANG)
    jobs.token = "last"
    server.requests.clear()
    for job in [jobs.job(f"j{number}") for number in range(0, 300, 30)]:
        job.refresh()
    assert set(server.tokens) == {"last"}
