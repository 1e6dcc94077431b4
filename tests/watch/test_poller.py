import asyncio
import contextvars
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from concurrent.futures import wait as wait_all
from typing import Any

import httpx
import pytest
from documents import JOB_ID, JOB_URL, document
from servers import FAST, HANG, Replies, Request, Server, until

from jobwidgets import JobHistory, NoSuchJobError, Pace, Status, TransportError, configure
from jobwidgets._http.connections import Connections, Limits
from jobwidgets._http.settings import Http
from jobwidgets._http.source import Source
from jobwidgets._http.tokens import token_keeper
from jobwidgets._model.contact import ContactState
from jobwidgets._watch.feed import Throttle
from jobwidgets._watch.poller import Poller
from jobwidgets._watch.watch import Watch
from jobwidgets.dialects.mission import Mission

RARE = Pace(shortest=3600, longest=3600)
ENDED = document(status="COMPLETED")
cell = contextvars.ContextVar("cell", default="none")
Serve = Callable[..., Server]


@pytest.fixture
def poller() -> Iterator[Poller]:
    """Return a poller of the test's own."""
    one = Poller()
    yield one
    one.thread.close(HANG)


def new_watch(
    *replies: Any, pace: Pace = FAST, token: str | None = None, server: Server | None = None
) -> Watch:
    """Return a watch that gets the given replies, or those of a server on a real socket."""
    url = f"{server.jobs_url}/{JOB_ID}" if server else JOB_URL
    source = Source(url, Mission(), token=token_keeper(token))
    if server is None:
        source.http = Http({"transport": Replies(*replies)})
    return Watch(source, JobHistory(JOB_ID, url), pace=pace)


def requests(watch: Watch) -> int:
    """Return how often the server was asked."""
    return len(watch.source.http.given["transport"].requests)


def settle(poller: Poller, *watches: Watch) -> None:
    """Return when nothing more will come of the watches by itself."""
    for watch in watches:
        settled = threading.Event()
        poller.thread.call(watch.feed.on_settled, settled.set)
        assert settled.wait(HANG)


class Gate:
    """A reply that is given when the gate is opened.

    Parameters
    ----------
    replies
        What is replied, one after another; the last for ever.
    """

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.entered = threading.Semaphore(0)
        self.opened = threading.Event()
        self.in_flight = self.most_in_flight = 0

    async def __call__(self, _: httpx.Request) -> Any:
        """Reply when the gate is open."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.entered.release()
        try:
            await asyncio.to_thread(self.opened.wait, HANG)
        finally:
            self.in_flight -= 1
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def wait(self) -> None:
        """Return when a request is under way."""
        assert self.entered.acquire(timeout=HANG)


def pollers() -> set[threading.Thread]:
    """Return the pollers' threads."""
    return {thread for thread in threading.enumerate() if thread.name == "jobwidgets-poller"}


def test_one_daemon_thread_for_all_jobs(poller: Poller) -> None:
    """A hundred jobs are watched by one thread, which no interpreter exit waits for."""
    before = pollers()
    watches = [new_watch(document(), document(), ENDED) for _ in range(100)]
    for watch in watches:
        poller.begin(watch)
    settle(poller, *watches)
    (thread,) = pollers() - before
    assert thread.daemon
    assert {watch.history.status for watch in watches} == {Status.SUCCEEDED}


FAILURES = [httpx.ReadError("cut"), httpx.Response(502), ValueError("odd"), {}]


@pytest.mark.parametrize(
    ("replies", "asked", "state", "status"),
    [
        # The first poll is at once; a job is asked for until its status is final, and no more,
        ([document(), document(), document(status="PONDERING"), ENDED], 4, "in touch", "succeeded"),
        # failures of every kind end nothing,
        ([document(), *FAILURES, ENDED], 6, "in touch", "succeeded"),
        # and a job that does not exist is given up.
        ([httpx.Response(404)], 1, "lost", None),
    ],
)
def test_watch_to_the_end(
    poller: Poller, replies: list[Any], asked: int, state: str, status: str | None
) -> None:
    """A watch asks, waits and asks, until nothing more will come."""
    watch = new_watch(*replies)
    poller.begin(watch)
    settle(poller, watch)
    assert (requests(watch), watch.contact.state, watch.history.status) == (asked, state, status)


def test_reading_and_watching_never_overlap(poller: Poller) -> None:
    """Reads by hand from many threads, and the polls, join what is under way."""
    gate = Gate(*[document()] * 60, ENDED)
    watch = new_watch(gate)
    for _ in range(5):
        poller.begin(watch)
    gate.wait()
    with ThreadPoolExecutor(8) as pool:
        reads = [pool.submit(poller.refresh, watch) for _ in range(40)]
        gate.opened.set()
        wait_all(reads)
    settle(poller, watch)
    assert gate.most_in_flight == 1


def test_refresh_is_one_exchange(poller: Poller) -> None:
    """A read by hand asks once, raises what it meets, and begins no watch."""
    watch = new_watch(httpx.ReadError("cut"), httpx.Response(404), document())
    with pytest.raises(TransportError, match="cut"):
        poller.refresh(watch)
    with pytest.raises(NoSuchJobError):
        poller.refresh(watch)
    poller.refresh(watch)
    assert (requests(watch), watch.history.status) == (3, Status.RUNNING)
    assert watch.contact.state is ContactState.STOPPED


def test_refresh_of_a_watched_job_shifts_the_next_poll(poller: Poller) -> None:
    """A read by hand counts as a poll: the next one comes a whole delay later."""
    watch = new_watch(document(), pace=RARE)
    poller.begin(watch)
    poller.refresh(watch)
    first = watch.contact.next_try
    poller.refresh(watch)
    assert first is not None
    assert watch.contact.next_try is not None
    assert watch.contact.next_try > first


def test_listener_may_end_the_watch_but_not_wait(poller: Poller) -> None:
    """What would wait for the poller's thread on that thread raises instead of hanging."""
    watch, met = new_watch(document()), []

    def listener(_: int | None) -> None:
        if watch.is_active:
            with pytest.raises(RuntimeError, match="jobwidgets-poller cannot wait") as raised:
                poller.refresh(watch)
            met.append(raised.value)
            poller.end(watch)

    poller.thread.call(watch.feed.subscribe, Throttle(listener))
    poller.begin(watch)
    settle(poller, watch)
    assert (len(met), requests(watch), watch.contact.state) == (1, 1, ContactState.STOPPED)


def test_end_drops_the_request_under_way(poller: Poller) -> None:
    """When `end` returns nothing is asked any more; the watch may begin anew."""
    gate = Gate(document())
    watch = new_watch(gate, document(), ENDED)
    poller.end(watch)  # what has not begun is ended without harm
    poller.begin(watch)
    gate.wait()
    poller.end(watch)
    settle(poller, watch)
    assert (watch.contact.state, watch.history.status) == (ContactState.STOPPED, None)
    poller.begin(watch)
    gate.opened.set()
    settle(poller, watch)
    assert (requests(watch), watch.history.status) == (3, Status.SUCCEEDED)


def test_renewed_token_is_tried_at_once(poller: Poller) -> None:
    """A request with an old token is dropped for one with the new, also for whoever reads it."""
    gate = Gate(document())
    watch = new_watch(gate, ENDED, pace=RARE, token="old")
    poller.renew(watch)  # a job that nobody watches is not asked for
    poller.begin(watch)
    gate.wait()
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(poller.refresh, watch)
        until(read.running)
        time.sleep(0.01)  # as a rule it has joined the request by now; if not, it joins the next
        watch.source.token = token_keeper("new")
        poller.renew(watch)
        read.result(HANG)
    settle(poller, watch)
    gate.opened.set()
    assert watch.source.http.given["transport"].tokens[:2] == ["old", "new"]
    assert watch.history.status is Status.SUCCEEDED


def test_run_returns_and_raises(poller: Poller) -> None:
    """A step gets the connections, and its outcome comes back."""

    async def step(connections: Connections) -> Connections:
        return connections

    async def fail(_: Connections) -> None:
        raise LookupError("no")

    assert poller.run(step) is poller.run(step)
    with pytest.raises(LookupError, match="no"):
        poller.run(fail)


def test_callbacks_run_in_an_empty_context(poller: Poller) -> None:
    """No listener and no transport sees the context of the cell that made or began the watch."""
    seen: list[str] = []

    def reply(_: httpx.Request) -> Any:
        seen.append(cell.get())
        return document()

    cell.set("In [7]")
    watch = new_watch(reply, reply, ENDED)
    poller.thread.call(watch.feed.subscribe, Throttle(lambda _: seen.append(cell.get())))
    poller.begin(watch)
    poller.refresh(watch)
    settle(poller, watch)
    assert len(seen) >= 4
    assert set(seen) == {"none"}


def test_hanging_job_delays_no_other(poller: Poller) -> None:
    """While the request for one job hangs, others are watched to their ends."""
    gate = Gate(ENDED)
    hanging, others = new_watch(gate), [new_watch(document(), ENDED) for _ in range(20)]
    for watch in (hanging, *others):
        poller.begin(watch)
    settle(poller, *others)
    assert hanging.history.status is None
    gate.opened.set()
    settle(poller, hanging)


def test_close_hangs_up(serve: Serve) -> None:
    """No socket is left behind."""
    poller, server = Poller(), serve(lambda _: document())
    poller.refresh(new_watch(server=server))
    poller.thread.close(HANG)
    until(lambda: not server.open_connections)


# After a sleep of the machine


def test_after_a_sleep_every_waiting_job_is_asked_at_once(serve: Serve) -> None:
    """When the machine has slept, no job waits for the rest of its delay, or for a dead socket."""
    slept, server = [0.0], serve(lambda _: document())
    poller = Poller(heartbeat=0.002, wall=lambda: time.time() + slept[0])
    watches = [new_watch(document(), ENDED, pace=RARE) for _ in range(5)]
    served = new_watch(server=server, pace=RARE)
    gate = Gate(document())
    hanging = new_watch(gate, ENDED, pace=RARE)
    for watch in (*watches, served, hanging):
        poller.begin(watch)
    gate.wait()
    until(lambda: all(watch.contact.next_try for watch in (*watches, served)))
    slept[0] = 3600
    settle(poller, *watches, hanging)
    assert [requests(watch) for watch in (*watches, hanging)] == [2] * 6
    until(lambda: len(server.requests) == 2)
    assert server.connections == 2
    gate.opened.set()
    poller.thread.close(HANG)


def test_after_a_sleep_nothing_else_is_asked(poller: Poller) -> None:
    """A job that was stopped, has ended, or is read by hand is left alone."""
    gate = Gate(document())
    stopped, ended = new_watch(document(), pace=RARE), new_watch(ENDED)
    read = new_watch(gate, pace=RARE)
    for watch in (stopped, ended):
        poller.begin(watch)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(poller.refresh, read)
        gate.wait()
        settle(poller, ended)
        poller.end(stopped)
        asked = requests(stopped)
        poller.thread.do(poller.ask_for_all)
        poller.thread.do(int)
        assert (requests(stopped), requests(ended), requests(read)) == (asked, 1, 1)
        gate.opened.set()
        reading.result(HANG)


# Waiting for the budget of a host


@pytest.fixture
def waiting(poller: Poller) -> Iterator[Watch]:
    """Return a watch that has begun, and waits long for the budget of its host."""
    poller.refresh(new_watch(document()))
    configure(requests_per_second=0.001)
    watch = new_watch(document(), pace=RARE)
    try:
        poller.begin(watch)
        poller.thread.do(int)
        yield watch
    finally:
        configure(requests_per_second=100_000)


def test_waiting_watch_is_stopped(poller: Poller, waiting: Watch) -> None:
    """A watch that is stopped while it waits for the budget is asked no more; readers hear it."""
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(poller.refresh, waiting)
        until(read.running)
        time.sleep(0.01)  # as a rule it waits by now; if not, it finds what has stopped
        poller.end(waiting)
        configure(requests_per_second=100_000)
        assert isinstance(read.exception(HANG), CancelledError | None)
    poller.refresh(new_watch(document()))
    assert requests(waiting) == (0 if read.exception() else 1)


def test_waiting_watch_is_joined(poller: Poller, waiting: Watch) -> None:
    """Whoever reads, renews or begins while a watch waits for the budget shares its one request."""
    assert waiting.contact.state is ContactState.CONNECTING
    with ThreadPoolExecutor(3) as pool:
        reads = [pool.submit(poller.refresh, waiting) for _ in range(3)]
        until(lambda: all(read.running() for read in reads))
        time.sleep(0.01)  # as a rule they wait by now
        poller.begin(waiting)
        poller.renew(waiting)
        poller.thread.do(poller.ask_for_all)
        assert requests(waiting) == 0
        configure(requests_per_second=100_000)
        for read in reads:
            read.result(HANG)
    assert requests(waiting) <= 3


def test_person_goes_before_the_polls(poller: Poller) -> None:
    """Whoever reads by hand waits for no poll, however many have waited longer for the budget."""
    server = Replies(document())
    watches = [new_watch(pace=RARE) for _ in range(51)]
    for watch in watches:
        watch.source.http = Http({"transport": server})
    configure(requests_per_second=20)
    try:
        for watch in watches:
            poller.begin(watch)
        poller.refresh(watches[-1])
        assert len(server.requests) < 25
    finally:
        configure(requests_per_second=100_000)


def test_nothing_is_asked_while_the_thread_ends(
    poller: Poller, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither a poll that falls due in the end nor one whose turn comes then is begun."""

    async def stubborn(_: httpx.Request) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            asked.extend(map(requests, watches))
            await asyncio.sleep(0.05)  # other polls fall due meanwhile

    asked: list[int] = []
    server = Replies(stubborn)
    number = Limits().kept
    hanging = [new_watch() for _ in range(number + 1)]
    for watch in hanging:
        watch.source.http = Http({"transport": server})
        poller.begin(watch)
    watches = [new_watch(document()) for _ in range(3)]
    for watch in watches:
        poller.begin(watch)
    until(
        lambda: len(server.requests) == Limits().kept and all(requests(one) > 2 for one in watches)
    )
    poller.thread.close(HANG)
    assert [requests(watch) for watch in watches] == asked[:3]
    assert len(server.requests) == number
    assert caplog.records == []


FORK = """
import os, sys, warnings
from jobwidgets import Job, Pace

warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: a fork with threads
jobs_url = sys.argv[1]
pace = Pace(shortest=0.01, longest=0.05)
early, hanging = (Job(f"{jobs_url}/{name}", pace=pace).start() for name in ("early", "hanging"))
early.refresh()
child = os.fork()
if child == 0:
    code = 1
    try:
        assert Job(f"{jobs_url}/new", pace=pace).wait(20).status == "succeeded"
        assert early.wait(20).status == "succeeded"
        assert hanging.wait(20).status == "succeeded"
        code = 0
    finally:
        os._exit(code)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(status, early.wait(20).status, hanging.status)
"""


def test_fork(serve: Callable[..., Server], python: Callable[..., subprocess.Popen[str]]) -> None:
    """After a fork the child watches with a poller of its own, and the parent's goes on."""
    seen: list[str] = []

    def answer(request: Request) -> Any:
        name = request.target.split("/")[-1].split("?")[0]
        seen.append(name)
        if name == "hanging" and seen.count("hanging") == 1:
            server.hang()
        is_running = name == "early" and "new" not in seen
        return document(jobId=name, status="PROCESSING" if is_running else "COMPLETED")

    server = serve(answer)
    output, errors = python(FORK, server.jobs_url).communicate(timeout=HANG)
    assert (output, errors) == ("0 succeeded None\n", "")
