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
from servers import FAST, HANG, Replies, Request, Server

from jobwidgets._http.budget import configure
from jobwidgets._http.connections import LANES, Connections
from jobwidgets._http.exchange import Source
from jobwidgets._http.tokens import token_keeper
from jobwidgets._model.contact import ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Status
from jobwidgets._watch.feed import Throttle
from jobwidgets._watch.pace import Pace
from jobwidgets._watch.poller import Poller
from jobwidgets._watch.watch import Watch
from jobwidgets.dialects.mission import Mission
from jobwidgets.errors import NoSuchJobError, TransportError

TINY = 0.002  # seconds between two heartbeats
RARE = Pace(shortest=3600, longest=3600)
ENDED = document(status="COMPLETED")
cell = contextvars.ContextVar("cell", default="none")


@pytest.fixture
def poller() -> Iterator[Poller]:
    """Return a poller of the test's own."""
    one = Poller()
    yield one
    one.thread.close(HANG)


def new_watch(*replies: Any, pace: Pace = FAST, token: str | None = None) -> Watch:
    """Return a watch that gets the given replies."""
    source = Source(JOB_URL, Mission(), token=token_keeper(token))
    source.http = {"transport": Replies(*replies)}
    return Watch(source, JobHistory(JOB_ID, JOB_URL), pace=pace)


def requests(watch: Watch) -> int:
    """Return how often the server was asked."""
    return len(watch.source.http["transport"].requests)


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


def until(is_so: Callable[[], object]) -> None:
    """Return when something has become so."""
    end = time.monotonic() + HANG
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.001)


def served_watch(server: Server) -> Watch:
    """Return the watch of a job on a real socket."""
    url = f"{server.jobs_url}/{JOB_ID}"
    return Watch(Source(url, Mission()), JobHistory(JOB_ID, url), pace=FAST)


def pollers() -> list[threading.Thread]:
    """Return the pollers' threads."""
    return [thread for thread in threading.enumerate() if thread.name == "jobwidgets-poller"]


def test_one_daemon_thread_for_all_jobs(poller: Poller) -> None:
    """A hundred jobs are watched by one thread, which no interpreter exit waits for."""
    before = pollers()
    watches = [new_watch(document(), document(), ENDED) for _ in range(100)]
    for watch in watches:
        poller.begin(watch)
    settle(poller, *watches)
    (thread,) = set(pollers()) - set(before)
    assert thread.daemon
    assert {watch.history.status for watch in watches} == {Status.SUCCEEDED}


def test_first_poll_is_at_once(poller: Poller) -> None:
    """A watch asks as soon as it begins, however long its pace."""
    watch, gate = new_watch(document(), pace=RARE), Gate(document())
    watch.source.http["transport"].replies[:] = [gate]
    poller.begin(watch)
    gate.wait()
    gate.opened.set()


def test_watch_to_the_end(poller: Poller) -> None:
    """A job is asked for until its status is final, and then no more."""
    watch = new_watch(document(), document(), document(status="PONDERING"), ENDED)
    poller.begin(watch)
    settle(poller, watch)
    assert (requests(watch), watch.history.status) == (4, Status.SUCCEEDED)
    assert len(watch.history) == 3


def test_watch_goes_on_after_failures(poller: Poller) -> None:
    """Failures of every kind end nothing."""
    failures = [httpx.ReadError("cut"), httpx.Response(502), ValueError("odd"), {}]
    watch = new_watch(document(), *failures, ENDED)
    poller.begin(watch)
    settle(poller, watch)
    assert (requests(watch), watch.history.status) == (6, Status.SUCCEEDED)


def test_watch_ends_where_only_the_user_can_help(poller: Poller) -> None:
    """A job that does not exist is asked for once."""
    watch = new_watch(httpx.Response(404))
    poller.begin(watch)
    settle(poller, watch)
    assert (requests(watch), watch.contact.state) == (1, ContactState.LOST)


def test_one_request_of_a_job_in_flight(poller: Poller) -> None:
    """Whoever asks while the job is being asked for joins that request."""
    gate = Gate(document())
    watch = new_watch(gate, pace=RARE)
    for _ in range(5):
        poller.begin(watch)
    gate.wait()
    with ThreadPoolExecutor(5) as pool:
        reads = [pool.submit(poller.refresh, watch) for _ in range(5)]
        poller.thread.do(int)  # what was handed over before is under way now
        gate.opened.set()
        for read in reads:
            read.result(HANG)
    assert gate.most_in_flight == 1
    assert requests(watch) <= 1 + 5


def test_reading_and_watching_never_overlap(poller: Poller) -> None:
    """Reads by hand from many threads, and the polls, come one after another."""
    gate = Gate(*[document()] * 60, ENDED)
    gate.opened.set()
    watch = new_watch(gate)
    poller.begin(watch)
    with ThreadPoolExecutor(8) as pool:
        wait_all([pool.submit(poller.refresh, watch) for _ in range(40)])
    settle(poller, watch)
    assert gate.most_in_flight == 1


def test_refresh_is_one_exchange(poller: Poller) -> None:
    """A read by hand asks once and begins no watch."""
    watch = new_watch(document())
    poller.refresh(watch)
    assert (requests(watch), watch.history.status) == (1, Status.RUNNING)
    assert watch.contact.state is ContactState.STOPPED


def test_refresh_raises_what_it_meets(poller: Poller) -> None:
    """A read by hand raises transient errors too, and does not try again."""
    watch = new_watch(httpx.ReadError("cut"), httpx.Response(404))
    with pytest.raises(TransportError, match="cut"):
        poller.refresh(watch)
    with pytest.raises(NoSuchJobError):
        poller.refresh(watch)
    assert requests(watch) == 2


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


def test_waiting_within_a_listener_is_refused(poller: Poller) -> None:
    """What would wait for the poller's thread on that thread raises instead of hanging."""
    watch, met = new_watch(document(), ENDED), []

    def listener(_: int | None) -> None:
        with pytest.raises(RuntimeError, match="jobwidgets-poller cannot wait") as raised:
            poller.refresh(watch)
        met.append(raised.value)

    poller.thread.call(watch.feed.subscribe, Throttle(listener))
    poller.begin(watch)
    settle(poller, watch)
    assert len(met) == 2


def test_end_within_a_listener(poller: Poller) -> None:
    """A listener may end the watch."""
    watch = new_watch(document())
    poller.thread.call(
        watch.feed.subscribe, Throttle(lambda _: poller.end(watch) if watch.is_active else None)
    )
    poller.begin(watch)
    settle(poller, watch)
    assert (requests(watch), watch.contact.state) == (1, ContactState.STOPPED)


def test_end_drops_the_request_under_way(poller: Poller) -> None:
    """When `end` returns nothing is asked any more, and whoever reads is let go."""
    gate = Gate(document())
    watch = new_watch(gate)
    poller.begin(watch)
    gate.wait()
    poller.end(watch)
    assert watch.contact.state is ContactState.STOPPED
    settle(poller, watch)
    gate.opened.set()
    assert watch.history.status is None


def test_watch_may_begin_again(poller: Poller) -> None:
    """A watch that was ended in mid-request goes on when it begins anew."""
    gate = Gate(document())
    watch = new_watch(gate, document(), ENDED)
    poller.begin(watch)
    gate.wait()
    poller.end(watch)
    poller.begin(watch)
    gate.opened.set()
    settle(poller, watch)
    assert (requests(watch), watch.history.status) == (3, Status.SUCCEEDED)


def test_end_of_a_watch_that_never_began(poller: Poller) -> None:
    """Ending what has not begun is harmless."""
    watch = new_watch(document())
    poller.end(watch)
    settle(poller, watch)
    assert requests(watch) == 0


def test_renewed_token_is_tried_at_once(poller: Poller) -> None:
    """A request with an old token is dropped for one with the new token."""
    gate = Gate(document())
    watch = new_watch(gate, ENDED, pace=RARE, token="old")
    poller.begin(watch)
    gate.wait()
    watch.source.token = token_keeper("new")
    poller.renew(watch)
    settle(poller, watch)
    gate.opened.set()
    assert watch.source.http["transport"].tokens == ["old", "new"]
    assert watch.history.status is Status.SUCCEEDED


def test_read_under_way_outlives_a_renewed_token(poller: Poller) -> None:
    """Whoever reads by hand while the token is renewed gets the answer to the new one."""
    gate = Gate(document())
    watch = new_watch(gate, ENDED, pace=RARE, token="old")
    poller.begin(watch)
    gate.wait()
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(poller.refresh, watch)
        while not read.running():
            pass
        time.sleep(0.01)  # as a rule it has joined the request by now; if not, it joins the next
        watch.source.token = token_keeper("new")
        poller.renew(watch)
        read.result(HANG)
    gate.opened.set()
    assert watch.history.status is Status.SUCCEEDED


def test_renewed_token_of_a_job_that_nobody_watches(poller: Poller) -> None:
    """A new token begins no watch."""
    watch = new_watch(document())
    poller.renew(watch)
    poller.thread.do(int)
    assert requests(watch) == 0


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
    """No listener sees the context of the cell that made or began the watch."""
    seen: list[str] = []

    def note(*_: object) -> None:
        seen.append(cell.get())

    async def step(_: Connections) -> None:
        note()

    def reply(_: httpx.Request) -> Any:
        note()
        return document()

    cell.set("In [7]")
    watch = new_watch(reply, reply, ENDED)
    poller.thread.call(watch.feed.subscribe, Throttle(note))
    poller.begin(watch)
    poller.refresh(watch)
    poller.thread.call(note)
    poller.thread.do(note)
    poller.run(step)
    settle(poller, watch)
    assert len(seen) >= 8
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


def test_close(poller: Poller) -> None:
    """Closing ends the thread and the requests under way; a later call begins anew."""
    gate = Gate(document())
    watch = new_watch(gate, ENDED)
    before = pollers()
    poller.begin(watch)
    gate.wait()
    poller.thread.close(HANG)
    gate.opened.set()
    assert set(pollers()) <= set(before)
    poller.begin(watch)
    settle(poller, watch)
    assert watch.history.status is Status.SUCCEEDED


def test_close_hangs_up(poller: Poller, serve: Callable[..., Server]) -> None:
    """No socket is left behind, and a later request opens a new one."""
    server = serve(lambda _: document())
    watch = Watch(Source(f"{server.jobs_url}/j1", Mission()), JobHistory("j1"), pace=RARE)
    for _ in range(2):
        poller.refresh(watch)
        poller.refresh(watch)
        poller.thread.close(HANG)
    assert (len(server.requests), server.connections) == (4, 2)


def test_after_a_sleep_every_waiting_job_is_asked_at_once(poller: Poller) -> None:
    """When the machine has slept, no job waits for the rest of its delay."""
    watches = [new_watch(document(), ENDED, pace=RARE) for _ in range(5)]
    for watch in watches:
        poller.begin(watch)
        until(lambda watch=watch: watch.contact.next_try is not None)
    poller.thread.do(poller.thread._awoke)
    settle(poller, *watches)
    assert [requests(watch) for watch in watches] == [2] * 5


def test_after_a_sleep_what_hangs_is_asked_anew(poller: Poller) -> None:
    """An answer that was waited for when the machine fell asleep is waited for no more."""
    gate = Gate(document())
    watch = new_watch(gate, ENDED, pace=RARE)
    poller.begin(watch)
    gate.wait()
    poller.thread.do(poller.thread._awoke)
    settle(poller, watch)
    assert (requests(watch), watch.history.status) == (2, Status.SUCCEEDED)
    gate.opened.set()


def test_after_a_sleep_connections_are_new(poller: Poller, serve: Callable[..., Server]) -> None:
    """No request goes over a connection of before the sleep: it may be dead, and not tell."""
    server = serve(lambda _: document())
    url = f"{server.jobs_url}/{JOB_ID}"
    watch = Watch(Source(url, Mission()), JobHistory(JOB_ID, url), pace=RARE)
    poller.begin(watch)
    until(lambda: watch.contact.next_try is not None)
    poller.thread.do(poller.thread._awoke)
    until(lambda: len(server.requests) == 2)
    assert server.connections == 2


def test_sleep_is_told_to_the_poller() -> None:
    """The clocks' coming apart is what every waiting job is asked at once for."""
    poller, watch = Poller(heartbeat=TINY), new_watch(document(), document(), ENDED, pace=RARE)
    poller.begin(watch)
    poller.refresh(watch)
    apart = poller.thread._apart
    poller.thread._apart = lambda: apart() + 3600
    settle(poller, watch)
    assert watch.history.status is Status.SUCCEEDED


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
        poller.thread.do(poller.thread._awoke)
        poller.thread.do(int)
        assert (requests(stopped), requests(ended), requests(read)) == (asked, 1, 1)
        gate.opened.set()
        reading.result(HANG)


def test_idle_poller_leaves_nothing(serve: Callable[..., Server]) -> None:
    """Some heartbeats after the last watch has ended neither thread nor socket is left."""
    status, before = ["PROCESSING"], set(pollers())
    server = serve(lambda _: document(status=status[0]))
    poller = Poller(heartbeat=TINY)
    for connections in range(1, 4):
        status[0] = "PROCESSING"
        watch = served_watch(server)
        poller.begin(watch)
        poller.refresh(watch)
        status[0] = "COMPLETED"
        settle(poller, watch)
        until(lambda: set(pollers()) <= before)
        until(lambda: not server.open_connections)
        assert server.connections == connections
    assert poller._rounds == {}


def test_stopped_watch_leaves_nothing(serve: Callable[..., Server]) -> None:
    """Stopping the last watch, in the midst of a request too, ends the thread soon."""
    before = set(pollers())
    server = serve(lambda _: server.hang())
    poller, watch = Poller(heartbeat=TINY), served_watch(server)
    poller.begin(watch)
    assert server.arrived.wait(HANG)
    poller.end(watch)
    until(lambda: set(pollers()) <= before)
    until(lambda: poller._rounds == {})


def test_waiting_watch_keeps_the_thread() -> None:
    """A job that waits for its next poll is no idle one, however long it waits."""
    before = set(pollers())
    poller, watch = Poller(heartbeat=TINY), new_watch(document(), pace=RARE)
    poller.begin(watch)
    poller.refresh(watch)
    time.sleep(20 * TINY)
    (thread,) = set(pollers()) - before
    assert thread.is_alive()
    poller.end(watch)
    thread.join(HANG)
    assert not thread.is_alive()


def test_read_in_the_moment_of_a_landing_leaves_no_second_timer(poller: Poller) -> None:
    """A read that begins when an exchange has just ended does not double the polls."""
    watch = new_watch(document(), pace=RARE)

    async def land_and_read(connections: Connections) -> None:
        poller._begin(watch)
        first = watch.exchange(connections)
        while not first.done():  # noqa: ASYNC110 - an event would come after the landing
            await asyncio.sleep(0)
        await poller._landing(watch)

    for _ in range(20):
        poller.run(land_and_read)
    poller.thread.do(int)
    planned = poller.run(planned_calls)
    assert len(planned) == 1


@pytest.fixture
def lined_up(poller: Poller) -> Iterator[Watch]:
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


def test_lined_up_watch_is_no_task(poller: Poller, lined_up: Watch) -> None:
    """A watch that waits for the budget of its host costs no task; its turn comes by itself."""
    tasks = asyncio.all_tasks(poller.thread._loop)
    assert (requests(lined_up), len(tasks)) == (0, 0)
    assert lined_up.contact.state is ContactState.CONNECTING
    configure(requests_per_second=100_000)
    until(lambda: lined_up.contact.next_try is not None)
    assert requests(lined_up) == 1


def test_lined_up_watch_is_stopped(poller: Poller, lined_up: Watch) -> None:
    """A watch that is stopped while it waits for the budget is asked no more; readers hear it."""
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(poller.refresh, lined_up)
        until(lambda: poller.thread._loop and asyncio.all_tasks(poller.thread._loop))
        poller.end(lined_up)
        with pytest.raises(CancelledError):
            read.result(HANG)
    configure(requests_per_second=100_000)
    poller.refresh(new_watch(document()))
    poller.thread.do(int)
    assert requests(lined_up) == 0


def test_lined_up_watch_is_joined(poller: Poller, lined_up: Watch) -> None:
    """Whoever reads, renews a token or begins while a watch is lined up shares its one request."""
    with ThreadPoolExecutor(3) as pool:
        reads = [pool.submit(poller.refresh, lined_up) for _ in range(3)]
        until(lambda: len(asyncio.all_tasks(poller.thread._loop)) == len(reads))
        poller.begin(lined_up)
        poller.renew(lined_up)
        poller.thread.do(poller.thread._awoke)
        configure(requests_per_second=100_000)
        for read in reads:
            read.result(HANG)
    assert requests(lined_up) == 1


def test_lined_up_watch_is_not_asked_while_the_thread_ends(poller: Poller) -> None:
    """A connection that is freed because the thread ends is given to nobody."""

    async def stubborn(_: httpx.Request) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01 * len(server.requests))

    server = Replies(stubborn)
    for _ in range(4 * LANES):
        watch = new_watch()
        watch.source.http = {"transport": server}
        poller.begin(watch)
    until(lambda: len(server.requests) == LANES)
    poller.thread.close(HANG)
    assert poller._rounds == {}
    assert len(server.requests) == LANES


def test_read_on_a_loop_that_ends(poller: Poller) -> None:
    """A read that comes when the thread does nothing any more but end is given up."""
    watch = new_watch(document())
    watch.begin()
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(poller._landing(watch))
    assert requests(watch) == 0


async def planned_calls(_: Connections) -> list[asyncio.TimerHandle]:
    """Return what is planned on the running loop."""
    timers = asyncio.get_running_loop()._timers.values()
    return [timer for timer in timers if not timer.cancelled()]


def test_listener_that_is_told_later_keeps_the_thread() -> None:
    """What a throttled listener is still to be told, it is told before the thread ends."""
    before, told = set(pollers()), threading.Semaphore(0)

    def listener(_: int | None) -> bool:
        told.release()
        return True  # there is always more to tell

    poller, throttle = Poller(heartbeat=TINY), Throttle(listener, 5 * TINY)
    poller.thread.call(throttle, 0)
    for _ in range(10):
        assert told.acquire(timeout=HANG)
    poller.thread.do(throttle.cancel)
    until(lambda: set(pollers()) <= before)


def test_nothing_is_asked_while_the_thread_ends(
    poller: Poller, caplog: pytest.LogCaptureFixture
) -> None:
    """A poll that falls due while the thread ends is not begun: its connections are closed."""

    async def stubborn(_: httpx.Request) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            asked.extend(map(requests, watches))
            await asyncio.sleep(0.05)  # other polls fall due meanwhile

    asked: list[int] = []
    poller.begin(new_watch(stubborn))
    watches = [new_watch(document()) for _ in range(3)]
    for watch in watches:
        poller.begin(watch)
    until(lambda: all(requests(watch) > 2 for watch in watches))
    poller.thread.close(HANG)
    assert poller._rounds == {}
    assert [requests(watch) for watch in watches] == asked
    assert caplog.records == []


EXIT = """
import sys, threading
from jobwidgets import Job
from jobwidgets._threads import user_callbacks

url, hanging = sys.argv[1:]
asked = threading.Event()

def provider():
    asked.set()
    threading.Event().wait()

job = Job(url, token=provider if hanging == "provider" else None)
if hanging == "callback":
    job.add_done_callback(lambda _: (asked.set(), threading.Event().wait()))
elif hanging == "look-up":
    import socket
    socket.getaddrinfo = lambda *_, **__: provider()
job.start()
if hanging == "request":
    sys.stdin.readline()
else:
    asked.wait()
print(sorted({thread.name for thread in threading.enumerate() if not thread.daemon}))
"""


@pytest.mark.parametrize("hanging", ["request", "provider", "callback", "look-up"])
def test_exit_waits_for_nothing(
    hanging: str, serve: Callable[..., Server], python: Callable[..., subprocess.Popen[str]]
) -> None:
    """An interpreter ends although a request, provider, callback or look-up hangs for ever."""
    server = serve(lambda _: server.hang() if hanging == "request" else ENDED)
    process = python(EXIT, f"{server.jobs_url}/j1", hanging)
    if hanging == "request" and not server.arrived.wait(HANG):
        process.kill()
        pytest.fail(process.communicate()[1])
    output, errors = process.communicate("now\n", timeout=HANG)
    assert (process.returncode, output, errors) == (0, "['MainThread']\n", "")


FORK = """
import os, sys, warnings
from jobwidgets import Job
from jobwidgets._watch.pace import Pace

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


NAMES = """
import sys, threading
from jobwidgets import Job

print(Job(sys.argv[1]).wait(20).status)
print([thread.name for thread in threading.enumerate() if thread.name.startswith("asyncio")])
"""


def test_look_ups_use_none_of_asyncios_threads(
    serve: Callable[..., Server], python: Callable[..., subprocess.Popen[str]]
) -> None:
    """The threads of asyncio itself, which an interpreter's exit waits for, are not used."""
    server = serve(lambda _: ENDED)
    process = python(NAMES, f"{server.jobs_url}/j1")
    output, errors = process.communicate(timeout=HANG)
    assert (output, errors) == ("succeeded\n[]\n", "")
