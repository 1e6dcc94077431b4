"""Lists with pages, lists that tell their jobs whole, logs, and cancelling over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import httpx
import pytest
from documents import document
from lathe import Lathe, Logging, Shop
from servers import FAST, HANG, Reply, Server, until

from jobwidgets import (
    CancelUnsupportedError,
    DocumentError,
    Job,
    JobBoard,
    JobFailedError,
    Jobs,
    JobWidget,
    RefusedError,
)
from jobwidgets.dialects import Request

JOBS_URL = "https://lathe.example.com/jobs"
Serve = Callable[..., Server]


def jobs_of(shop: Any, dialect: Any = None, **keywords: Any) -> Jobs:
    """Return the resource of a shop without a socket."""
    http = {"transport": httpx.MockTransport(shop)}
    return Jobs(JOBS_URL, dialect=dialect or Lathe(), http=http, pace=FAST, **keywords)


def texts(job: Job) -> list[str]:
    """Return the texts of a job's messages."""
    return [message.text for message in job.messages]


def test_pages() -> None:
    """A list is followed to its last page, and each job has one handle."""
    shop = Shop(250)
    jobs = jobs_of(shop)
    assert jobs.ids() == list(shop.jobs)
    assert shop.count(lists=True) == 3
    assert jobs.job("j7") is jobs.job("j7")
    assert len(jobs.histories()) == 250


@pytest.mark.parametrize(
    "other", ["https://evil.example.com", "http://evil.example.com", "http://lathe.example.com:81"]
)
def test_next_page_elsewhere(other: str) -> None:
    """A next page on another origin is not asked for, and is named."""
    shop = Shop(250)
    shop.other_origin = other
    with pytest.raises(DocumentError, match=rf"another host, {other}(:\d+)?: not asked for"):
        jobs_of(shop).ids()
    assert shop.count(lists=True) == 1


def test_next_page_over_http() -> None:
    """A server behind a proxy that ends TLS links by http: all its pages are asked over https."""
    shop, schemes = Shop(250), set[str]()
    shop.other_origin = "http://lathe.example.com"

    def answer(request: httpx.Request) -> httpx.Response:
        schemes.add(request.url.scheme)
        return shop(request)

    assert jobs_of(answer).ids() == list(shop.jobs)
    assert (schemes, shop.count(lists=True)) == ({"https"}, 3)


def test_pages_without_an_end() -> None:
    """A list whose next page is one before has no end, and is given up."""
    endless = {"jobs": [], "next": JOBS_URL}
    with pytest.raises(DocumentError, match="one that came before"):
        jobs_of(lambda _: httpx.Response(200, json=endless)).ids()
    places = count()

    def further(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"jobs": [], "next": f"{JOBS_URL}?at={next(places)}"})

    with pytest.raises(DocumentError, match="more than 1000 pages"):
        jobs_of(further).ids()


def test_next_page_on_any_path() -> None:
    """A server may keep the further pages of its list wherever it wants."""
    first = {"jobs": [], "next": "https://lathe.example.com/page/2"}
    pages = {"/jobs": first, "/page/2": {"jobs": [], "next": None}}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=pages[request.url.path])

    http = {"transport": httpx.MockTransport(answer)}
    assert Jobs(JOBS_URL, dialect=Strict(), http=http).ids() == []


class Strict(Lathe):
    """A dialect that takes URLs of lists alone."""

    def list_request(self, url: str) -> Request:
        """Return the GET of a list."""
        if not url.endswith("/jobs"):
            raise ValueError("no list")
        return Request(url)


@pytest.mark.parametrize("body", [{}, [], {"asyncJobs": []}, {"jobs": None}])
def test_other_shape(body: Any) -> None:
    """A list in another shape is never "no jobs"."""
    with pytest.raises(DocumentError, match='expected an object with "jobs"'):
        jobs_of(lambda _: httpx.Response(200, json=body)).ids()


def test_thousand_jobs_cost_a_few_requests(serve: Serve) -> None:
    """A board of a list that tells its jobs whole asks the list alone while they run."""
    shop = Shop(1000)

    def answer(request: Any) -> Reply:
        status, body = shop.answer("GET", request.target, f"http://{request.headers['host']}")
        return Reply(body, status)

    server = serve(answer)
    board = JobBoard(Jobs(f"{server.origin}/jobs", dialect=Lathe()), listing_interval=0.2)
    until(lambda: len(board) == 1000 and all(job.status for job in board))
    shop.asked.clear()
    shop.jobs = {name: {**job, "note": "half"} for name, job in shop.jobs.items()}
    until(lambda: all(texts(job)[-1] == "half" for job in board))
    assert shop.count(lists=False) == 0
    assert shop.count(lists=True) <= 60
    assert {job.contact.state for job in board} == {"in touch"}
    board.close()


def test_end_is_asked_of_the_job() -> None:
    """A job that the list says has ended is asked for itself; one that had ended before is not."""
    shop = Shop(3)
    shop.jobs["j0"]["state"] = "done"
    board = JobBoard(jobs_of(shop), listing_interval=0.01)
    until(lambda: len(board) == 3 and all(job.status for job in board))
    assert shop.count(lists=False) == 0
    shop.jobs["j1"]["state"] = "done"
    until(lambda: board[1].status == "succeeded")
    until(lambda: ("GET", "/jobs/j1") in shop.asked)
    assert ("GET", "/jobs/j0") not in shop.asked
    assert ("GET", "/jobs/j2") not in shop.asked
    board[2].refresh()  # a person's
    assert ("GET", "/jobs/j2") in shop.asked
    board.close()


def test_job_that_had_failed_before() -> None:
    """It is asked for itself where the list does not tell why."""
    shop = Shop(2)
    for name in shop.jobs:
        shop.jobs[name]["state"] = "broken"

    def answer(request: httpx.Request) -> httpx.Response:
        told = shop(request).json()
        for one in told.get("jobs", [])[1:]:
            one["note"] = ""
        return httpx.Response(200, json=told)

    board = JobBoard(jobs_of(answer), listing_interval=0.01)
    until(lambda: len(board) == 2 and board[1].status)
    with pytest.raises(JobFailedError, match="begun 1"):
        board[1].wait(HANG).raise_for_status()
    assert ("GET", "/jobs/j0") not in shop.asked
    board.close()


def test_job_that_leaves_the_list() -> None:
    """One that the list names no more is asked for itself, and gone if the server says so."""
    shop = Shop(2)
    board = JobBoard(jobs_of(shop), listing_interval=0.01)
    until(lambda: len(board) == 2 and all(job.status for job in board))
    del shop.jobs["j1"]
    until(lambda: board[1].status == "gone")
    board.close()


def test_list_that_fails() -> None:
    """While no list comes, its jobs are without contact; afterwards all goes on."""
    shop = Shop(2)
    failing: list[bool] = []
    board = JobBoard(
        jobs_of(lambda request: httpx.Response(503) if failing else shop(request)),
        listing_interval=0.01,
    )
    until(lambda: len(board) == 2 and all(job.status for job in board))
    failing.append(True)
    until(lambda: {job.contact.state for job in board} == {"retrying"})
    failing.clear()
    until(lambda: {job.contact.state for job in board} == {"in touch"})
    board.close()


def test_jobs_of_a_list_that_gave_up() -> None:
    """Once no list will come, a job that is watched again is asked for by itself."""
    shop, broken = Shop(2), set[bool]()

    def answer(request: httpx.Request) -> httpx.Response:
        is_list = request.url.path == "/jobs"
        return httpx.Response(500) if is_list in broken else shop(request)

    board = JobBoard(jobs_of(answer, give_up_after=0.05), listing_interval=0.01)
    until(lambda: len(board) == 2 and all(job.status for job in board))
    broken.add(True)
    until(lambda: "No list of jobs" in str(board._update["line"]))
    for job in board:
        job.start()
    until(lambda: all(job.contact.state == "in touch" for job in board))
    board.close()


def test_stopped_job_that_is_looked_at() -> None:
    """After `stop` nothing is asked, whoever unfolds the job's messages."""
    shop = Shop(1)
    shop.logs["j0"] = [["1", "line 1"]]
    board = JobBoard(jobs_of(shop, Logging()), listing_interval=0.01)
    until(lambda: len(board) == 1 and board[0].status)
    board[0].stop()
    shop.asked.clear()
    board._on_view_message(board, {"view": "v", "unfold": 0}, [])
    until(lambda: shop.count(lists=True) > 3)
    assert shop.count(lists=False) == 0
    board.close()


def test_latest_messages_are_gathered() -> None:
    """Of a server with one message, all that were seen are kept, each once in a row."""
    shop = Shop(1)
    job = jobs_of(shop).job("j0")
    for note in ("begun 0", "half", "half", "", "begun 0"):
        shop.jobs["j0"]["note"] = note
        job.refresh()
    assert texts(job) == ["begun 0", "half", "begun 0"]
    assert [message.number for message in job.messages] == [1, 2, 3]


def test_log_is_read_on() -> None:
    """A log is read on from where it was, page by page, and once more after the end."""
    shop = Shop(1)
    shop.page = 2
    shop.logs["j0"] = [[str(n), f"line {n}"] for n in range(1, 6)]
    job = jobs_of(shop, Logging()).job("j0").refresh()
    assert texts(job) == [f"line {n}" for n in range(1, 6)]
    shop.logs["j0"].append(["6", "line 6"])
    shop.asked.clear()
    job.refresh()
    assert texts(job)[-1] == "line 6"
    assert {path for _, path in shop.asked if "/log" in path} <= {
        "/jobs/j0/log?after=5",
        "/jobs/j0/log?after=6",
    }
    shop.jobs["j0"]["state"] = "done"
    job.refresh()
    shop.logs["j0"].append(["7", "the reason, which came late"])
    job.wait(HANG)
    until(lambda: texts(job)[-1] == "the reason, which came late")


@pytest.mark.parametrize("last", [0, 1])
def test_log_that_is_sent_again(last: int) -> None:
    """A server that sends all of a log each time, or always its end, makes no message twice."""
    shop = Shop(1)
    entries = [[str(n), f"line {n}"] for n in range(1, 4)]

    def answer(request: httpx.Request) -> httpx.Response:
        is_log = "log" in str(request.url)
        return httpx.Response(200, json=entries[-last:]) if is_log else shop(request)

    job = jobs_of(answer, Logging()).job("j0").refresh().refresh()
    assert len(texts(job)) == (last or 3)
    entries.append(["4", "line 4"])
    assert texts(job.refresh())[-2:] == ["line 3", "line 4"]


def test_log_that_fails() -> None:
    """What the job itself tells is shown though its log cannot be read."""
    shop = Shop(1)
    job = jobs_of(
        lambda request: httpx.Response(500) if "log" in str(request.url) else shop(request),
        Logging(),
    ).job("j0")
    assert job.refresh().status == "running"


@pytest.mark.parametrize("deleted", [{"state": "stopped", "note": "dismissed"}, None])
def test_cancel_over_http(deleted: Any) -> None:
    """The answer to a DELETE tells a status and a message; 404 after it is cancelled at once."""
    shop = Shop(1)
    shop.deleted = deleted
    job = jobs_of(shop).job("j0")
    assert job.cancel().wait(HANG).status == "cancelled"
    assert job.raw_status is None  # no document told a word
    assert texts(job) == ["begun 0"] + (["dismissed"] if deleted else [])
    assert [method for method, _ in shop.asked][:2] == ["GET", "DELETE"]


def test_nothing_is_deleted_after_the_end() -> None:
    """An ended job is left alone, whether that was seen or not."""
    shop = Shop(1)
    shop.jobs["j0"]["state"] = "done"
    assert jobs_of(shop).job("j0").cancel().wait(HANG).status == "succeeded"
    assert list(shop.jobs) == ["j0"]


def test_server_without_delete() -> None:
    """A refusal of the request is told."""
    shop = Shop(1)
    jobs = jobs_of(lambda asked: httpx.Response(405) if asked.method == "DELETE" else shop(asked))
    with pytest.raises(RefusedError, match="405"):
        jobs.job("j0").cancel()


def test_messages_that_the_list_lacks() -> None:
    """A job of a list whose messages are in a log is asked for itself while they are looked at."""
    shop = Shop(2)
    shop.logs["j0"] = [["1", "line 1"]]
    jobs = jobs_of(shop, Logging())
    board = JobBoard(jobs, listing_interval=0.01)
    until(lambda: len(board) == 2 and all(job.status for job in board))
    assert shop.count(lists=False) == 0
    widget = JobWidget(board[0])
    until(lambda: texts(board[0]) == ["line 1"])
    widget.close()
    shop.asked.clear()
    until(lambda: shop.count(lists=True) > 3)
    shop.asked.clear()
    until(lambda: shop.count(lists=True) > 3)
    assert shop.count(lists=False) == 0
    assert texts(board[0]) == ["line 1"]
    board.close()


@pytest.mark.parametrize("path", ["processes/p/jobs/j1", "arcgis/rest/jobs/j1"])
def test_cancel_before_the_dialect_is_told(path: str) -> None:
    """Whether a job can be cancelled is told by its first document, which is asked for first."""
    ogc = {"jobID": "j1", "status": "running", "type": "process", "progress": 1}
    told = document() if "rest" in path else ogc
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(200, json={**told, "status": "dismissed"} if len(asked) > 1 else told)

    http = {"transport": httpx.MockTransport(answer)}
    job = Job(f"https://x.example.com/{path}", http=http, pace=FAST)
    if "rest" in path:
        with pytest.raises(CancelUnsupportedError):
            job.cancel()
    else:
        assert job.cancel().wait(HANG).status == "cancelled"
    assert asked[:2] == (["GET"] if "rest" in path else ["GET", "DELETE"])


def test_function_with_a_dialect_of_the_users() -> None:
    """A dialect that is given as an object reads what a function returns."""
    notes = iter(["one", "two", "two"])
    told = lambda: {"job": "f1", "state": "busy", "note": next(notes)}  # noqa: E731
    job = Job.from_function(told, id="f1", dialect=Lathe(), pace=FAST)
    for _ in range(3):
        job.refresh()
    assert (job.raw_status, texts(job)) == ("busy", ["one", "two"])


def test_list_tells_the_dialect_of_its_jobs() -> None:
    """Where nobody has said it, the list tells how its jobs speak: their messages are gathered."""
    told = {"jobID": "j1", "status": "running", "type": "process", "message": "one", "progress": 5}

    def answer(request: httpx.Request) -> httpx.Response:
        is_list = request.url.path.endswith("/jobs")
        return httpx.Response(200, json={"jobs": [told], "links": []} if is_list else told)

    board = JobBoard(
        Jobs(JOBS_URL, http={"transport": httpx.MockTransport(answer)}, pace=FAST),
        listing_interval=0.01,
    )
    until(lambda: len(board) == 1 and board[0].status)
    told["message"] = "two"
    until(lambda: texts(board[0]) == ["one", "two"])
    assert board[0].history.can_cancel
    board.close()
