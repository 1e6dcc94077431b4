import asyncio
import contextvars
import gc
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from servers import HANG

from jobwidgets._watch.loop import LoopThread

NAME = "test-loop"
TINY = 0.002  # seconds between two heartbeats
cell = contextvars.ContextVar("cell", default="none")
NewThread = Callable[..., LoopThread]


class Notes:
    """Counts what a loop thread reports."""

    def __init__(self) -> None:
        self.awoken = self.dropped = 0

    def awoke(self) -> None:
        """Count one awakening."""
        self.awoken += 1

    async def drop(self) -> None:
        """Count one end."""
        self.dropped += 1


@pytest.fixture
def notes() -> Notes:
    """Return what the test's threads report."""
    return Notes()


@pytest.fixture
def new_thread(notes: Notes) -> Iterator[NewThread]:
    """Return a maker of loop threads."""
    made: list[LoopThread] = []

    def make(**keywords: Any) -> LoopThread:
        keywords = {"awoke": notes.awoke, "drop": notes.drop, **keywords}
        made.append(LoopThread(NAME, **keywords))
        return made[-1]

    yield make
    for one in made:
        one.close(HANG)
    until(lambda: not threads())


@pytest.fixture
def thread(new_thread: NewThread) -> LoopThread:
    """Return a loop thread with the usual heartbeat."""
    return new_thread()


def threads() -> list[threading.Thread]:
    """Return the loop threads that live."""
    return [one for one in threading.enumerate() if one.name == NAME]


def until(is_so: Callable[[], object]) -> None:
    """Return when something has become so."""
    end = time.monotonic() + HANG
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.001)


async def current() -> threading.Thread:
    """Return the running thread."""
    return threading.current_thread()


async def never() -> None:
    """Return never."""
    await asyncio.Event().wait()


# Calls


def test_nothing_runs_before_the_first_call(thread: LoopThread, notes: Notes) -> None:
    """Making one starts nothing, and closing it then has nothing to end."""
    assert threads() == []
    thread.close()
    assert (threads(), notes.dropped) == ([], 0)


def test_call_runs_soon(thread: LoopThread) -> None:
    """What is called runs on the one daemon thread, with its arguments, in order."""
    seen: list[Any] = []
    for number in range(100):
        thread.call(lambda n: seen.append((n, threading.current_thread())), number)
    thread.do(int)
    (only,) = threads()
    assert only.daemon
    assert seen == [(number, only) for number in range(100)]


def test_call_that_raises_is_logged(thread: LoopThread, caplog: pytest.LogCaptureFixture) -> None:
    """A call that raises is logged by asyncio, and the calls after it run."""
    thread.call(lambda: 1 / 0)
    thread.do(int)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("asyncio", logging.ERROR)
    assert "ZeroDivisionError" in caplog.text


def test_do_waits(thread: LoopThread) -> None:
    """What is done has been done, on the thread, when `do` returns; in a call of its own too."""
    order: list[Any] = []
    thread.do(lambda: order.append(threading.current_thread().name))
    thread.do(lambda: (thread.do(order.append, 1), order.append(2)))
    assert order == [NAME, 1, 2]


def test_do_raises(thread: LoopThread) -> None:
    """What goes wrong is raised where it was asked for."""
    with pytest.raises(ZeroDivisionError):
        thread.do(lambda: 1 / 0)


def test_run_returns_and_raises(thread: LoopThread) -> None:
    """The outcome of a step comes back."""

    async def fail() -> None:
        raise LookupError("no")

    assert thread.run(current) in threads()
    with pytest.raises(LookupError, match="no"):
        thread.run(fail)


@pytest.mark.parametrize("kind", [TimeoutError, asyncio.TimeoutError])
def test_run_raises_a_timeout_of_the_step(thread: LoopThread, kind: type[Exception]) -> None:
    """A TimeoutError of the step itself is not taken for a wait that goes on."""

    async def fail() -> None:
        raise kind("mine")

    with pytest.raises(TimeoutError, match="mine"):
        thread.run(fail)


def test_run_on_the_thread_itself_is_refused(thread: LoopThread) -> None:
    """What would wait for its own thread raises instead of hanging."""
    with pytest.raises(RuntimeError, match=f"{NAME} cannot wait for that thread"):
        thread.do(thread.run, current)
    assert not thread.is_current


def test_everything_runs_in_an_empty_context(thread: LoopThread) -> None:
    """Neither calls nor steps nor what they plan see the context of the cell that called."""
    seen: list[str] = []

    def note() -> None:
        seen.append(cell.get())

    async def step() -> None:
        note()
        asyncio.get_running_loop().call_soon(note)
        await asyncio.create_task(asyncio.sleep(0))

    cell.set("In [7]")
    thread.call(note)
    thread.do(note)
    thread.run(step)
    thread.do(int)
    assert seen == ["none"] * 4


INTERRUPT = """
import asyncio, sys, threading
from jobwidgets._watch.loop import LoopThread

async def drop():
    pass

async def step():
    print("waiting", flush=True)
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        cancelled.set()
        raise

cancelled = threading.Event()
thread = LoopThread("loop", awoke=int, drop=drop, heartbeat=0.01)
try:
    thread.run(step)
except KeyboardInterrupt:
    print("interrupted", cancelled.wait(20), flush=True)
    (loop,) = [one for one in threading.enumerate() if one.name == "loop"] or [None]
    loop and loop.join(20)
    print(threading.active_count(), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signals to send")
def test_interrupt_cancels_the_step(python: Callable[..., subprocess.Popen[str]]) -> None:
    """An interrupt of whoever waits cancels what was waited for; then the thread is idle."""
    process = python(INTERRUPT)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(2)
    assert process.communicate(timeout=HANG) == ("interrupted True\n1\n", "")


def test_step_that_is_dropped_before_it_began(new_thread: NewThread) -> None:
    """A step whose waiting was over before its turn came does not count as under way for ever."""
    thread = new_thread(heartbeat=TINY)
    blocked, opened = threading.Event(), threading.Event()
    thread.call(lambda: (blocked.set(), opened.wait(HANG)))
    assert blocked.wait(HANG)
    with thread._lock:
        loop = thread._running()
        asyncio.run_coroutine_threadsafe(current(), loop).cancel()
        loop.call_soon_threadsafe(thread._arrived, loop)
    opened.set()
    until(lambda: not threads())


# The end


def test_idle_thread_ends(new_thread: NewThread, notes: Notes) -> None:
    """A thread without anything to do ends after some heartbeats, what it held dropped."""
    thread = new_thread(heartbeat=TINY)
    for number in range(1, 6):
        thread.do(int)
        until(lambda: not threads())
        assert notes.dropped == number


def test_thread_does_not_end_at_once(new_thread: NewThread) -> None:
    """Before two heartbeats nothing ends: calls in succession find the same thread."""
    thread = new_thread(heartbeat=HANG)
    assert len({thread.run(current) for _ in range(20)}) == 1


def test_task_keeps_the_thread(new_thread: NewThread) -> None:
    """As long as something is under way the thread lives."""
    thread = new_thread(heartbeat=TINY)
    opened: list[asyncio.Event] = []

    async def begin() -> threading.Thread:
        opened.append(asyncio.Event())
        kept.append(asyncio.create_task(opened[0].wait()))
        return threading.current_thread()

    kept: list[Any] = []
    first = thread.run(begin)
    time.sleep(20 * TINY)
    assert first.is_alive()
    assert thread.run(current) is first
    thread.do(opened[0].set)
    first.join(HANG)
    assert not first.is_alive()


def test_timer_keeps_the_thread(new_thread: NewThread) -> None:
    """What is planned happens, however many heartbeats later, and what was cancelled is nothing."""
    thread = new_thread(heartbeat=TINY)
    fired = threading.Event()

    def plan() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(20 * TINY, lambda: loop.call_later(20 * TINY, fired.set))
        held.append(loop.call_later(3600, fired.clear))
        held[0].cancel()

    held: list[asyncio.TimerHandle] = []
    thread.do(plan)
    assert fired.wait(HANG)
    until(lambda: not threads())


def test_nothing_is_lost_while_the_thread_ends(new_thread: NewThread) -> None:
    """Of calls from many threads, made while the thread ends, each runs, and once."""
    thread, seen = new_thread(heartbeat=0.0), []
    count, callers = 150, 8

    async def step(mark: tuple[int, int]) -> tuple[int, int]:
        await asyncio.sleep(0)
        seen.append(mark)
        return mark

    def caller(number: int) -> None:
        for turn in range(count):
            mark = number, turn
            if turn % 3 == 0:
                thread.call(seen.append, mark)
            elif turn % 3 == 1:
                thread.do(seen.append, mark)
            else:
                assert thread.run(lambda mark=mark: step(mark)) == mark
            if turn % 5 == 0:
                time.sleep(0.0005 * (number % 3))

    with ThreadPoolExecutor(callers) as pool:
        list(pool.map(caller, range(callers)))
    thread.do(int)
    until(lambda: len(seen) == count * callers)
    assert len(set(seen)) == count * callers
    until(lambda: not threads())


def test_planned_calls_are_not_lost_while_the_thread_ends(new_thread: NewThread) -> None:
    """A timer that a call plans in the very moment of an end fires all the same."""
    thread, fired = new_thread(heartbeat=0.0), threading.Semaphore(0)
    for turn in range(200):
        thread.call(lambda: asyncio.get_running_loop().call_later(0.001, fired.release))
        time.sleep(0.0001 * (turn % 20))
    for _ in range(200):
        assert fired.acquire(timeout=HANG)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_breakdown_of_the_thread_is_not_for_good(thread: LoopThread) -> None:
    """After a call that ends the thread (SystemExit, say) the next call begins another."""
    first = thread.run(current)
    thread.call(sys.exit)
    first.join(HANG)
    assert not first.is_alive()
    assert thread.run(current) is not first


# The close


def test_close_ends_what_is_under_way(thread: LoopThread, notes: Notes) -> None:
    """Closing cancels the tasks and lets go of whoever waits; a later call begins anew."""
    with ThreadPoolExecutor(3) as pool:
        entered = threading.Semaphore(0)

        async def step() -> None:
            entered.release()
            await never()

        waiting = [pool.submit(thread.run, step) for _ in range(3)]
        for _ in waiting:
            assert entered.acquire(timeout=HANG)
        thread.close(HANG)
        assert all(isinstance(one.exception(HANG), BaseException) for one in waiting)
    assert (threads(), notes.dropped) == ([], 1)
    assert thread.run(current) in threads()


def test_close_is_quick_with_a_task_that_does_not_end(new_thread: NewThread) -> None:
    """A task that outlasts its cancellation for a while holds up the end for half a second."""
    thread = new_thread()
    kept: list[asyncio.Task[None]] = []

    async def stubborn() -> None:
        try:
            await never()
        finally:
            await asyncio.sleep(HANG)

    async def begin() -> None:
        kept.append(asyncio.create_task(stubborn()))
        await asyncio.sleep(0)

    thread.run(begin)
    before = time.monotonic()
    thread.close()
    assert time.monotonic() - before < HANG / 2
    until(lambda: not threads())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_failing_drop_leaves_no_loop_open(new_thread: NewThread) -> None:
    """When letting go fails, that of a user's transport say, the loop is closed all the same."""

    async def fail() -> None:
        raise LookupError("no")

    thread = new_thread(drop=fail)
    loop = thread.run(running_loop)
    thread.close(HANG)
    until(loop.is_closed)


async def running_loop() -> asyncio.AbstractEventLoop:
    """Return the running loop."""
    return asyncio.get_running_loop()


def test_calls_of_a_closed_loop_do_not_count_for_the_next(new_thread: NewThread) -> None:
    """However often it is closed in the midst of calls, the last thread ends when it is idle."""
    thread = new_thread(heartbeat=TINY)
    for _ in range(50):
        for _ in range(5):
            thread.call(int)
        thread.close(0)
    thread.do(int)
    until(lambda: not threads())


def test_loops_are_closed(new_thread: NewThread) -> None:
    """A thread that has ended leaves no loop, and so no socket, behind."""
    thread = new_thread(heartbeat=TINY)
    loops = []
    for _ in range(3):
        loops.append(thread.run(running_loop))
        until(lambda: not threads())
    assert all(loop.is_closed() for loop in loops)
    gc.collect()  # an open one would warn here


def test_nothing_planned_happens_in_the_end(new_thread: NewThread) -> None:
    """What is planned when the end begins is dropped, however long the end takes."""

    async def drop() -> None:
        await asyncio.sleep(10 * TINY)

    def plan() -> None:
        loop = asyncio.get_running_loop()
        for number in range(10):
            loop.call_later(number * TINY, fired.append, number)
        loop.call_soon(loop.stop)

    fired: list[int] = []
    thread = new_thread(drop=drop, heartbeat=TINY)
    ending = thread.run(current)
    thread.call(plan)
    ending.join(HANG)
    assert fired in ([], [0])  # the first is due in the last turn of the loop itself


def test_task_that_begins_another_in_the_end(thread: LoopThread, notes: Notes) -> None:
    """What a task begins while it is cancelled is cancelled too, before what it uses is closed."""
    ended: list[int] = []

    async def later() -> None:
        try:
            await never()
        finally:
            ended.append(notes.dropped)

    async def stubborn() -> None:
        try:
            await never()
        finally:
            kept.append(asyncio.create_task(later()))
            await asyncio.sleep(0)

    async def begin() -> None:
        kept.append(asyncio.create_task(stubborn()))
        await asyncio.sleep(0)

    kept: list[Any] = []
    thread.run(begin)
    thread.close(HANG)
    assert (ended, notes.dropped) == ([0], 1)


# The heartbeat


class Sleeper:
    """A loop thread that has something to do, and the clocks that it looks at."""

    def __init__(self, new_thread: NewThread) -> None:
        self._wall, self._monotonic = 1e9, 500.0
        self._looks = threading.Semaphore(0)
        self._thread = new_thread(heartbeat=TINY, wall=self._look, monotonic=self._now)
        self._thread.do(lambda: asyncio.get_running_loop().call_later(3600, int))

    def _look(self) -> float:
        self._looks.release()
        return self._wall

    def _now(self) -> float:
        return self._monotonic

    def pass_by(self, wall: float, monotonic: float = 0.0) -> None:
        """Let so many seconds pass by each clock, and return some heartbeats later."""
        self._thread.do(self._add, wall, monotonic)
        for _ in range(3):
            assert self._looks.acquire(timeout=HANG)

    def _add(self, wall: float, monotonic: float) -> None:
        self._wall += wall
        self._monotonic += monotonic
        while self._looks.acquire(blocking=False):
            pass


def test_sleep_is_noticed_once(new_thread: NewThread, notes: Notes) -> None:
    """When the wall clock has run on and the other has not, the machine has slept."""
    sleeper = Sleeper(new_thread)
    for slept, awoken in [(3600.0, 1), (2.5, 2), (1e7, 3)]:
        sleeper.pass_by(slept)
        sleeper.pass_by(0.0)
        assert notes.awoken == awoken


@pytest.mark.parametrize(
    ("wall", "monotonic"), [(0, 0), (3600, 3600), (1.5, 0), (-3600, 0), (0, 100), (1e4, 1e4 - 1)]
)
def test_clocks_that_stay_together(
    new_thread: NewThread, notes: Notes, wall: float, monotonic: float
) -> None:
    """A busy machine, a small correction and a clock that is set back are no sleep."""
    Sleeper(new_thread).pass_by(wall, monotonic)
    assert notes.awoken == 0
