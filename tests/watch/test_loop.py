import asyncio
import contextvars
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
        self.sleeps = self.ends = 0

    def after_sleep(self) -> None:
        """Count one sleep."""
        self.sleeps += 1

    async def at_end(self) -> None:
        """Count one end."""
        self.ends += 1


@pytest.fixture
def notes() -> Notes:
    """Return what the test's threads report."""
    return Notes()


@pytest.fixture
def new_thread(notes: Notes) -> Iterator[NewThread]:
    """Return a maker of loop threads."""
    made: list[LoopThread] = []

    def make(**keywords: Any) -> LoopThread:
        keywords = {"after_sleep": notes.after_sleep, "at_end": notes.at_end, **keywords}
        made.append(LoopThread(NAME, **keywords))
        return made[-1]

    yield make
    for one in made:
        one.close(HANG)
    assert threads() == []


@pytest.fixture
def thread(new_thread: NewThread) -> LoopThread:
    """Return a loop thread with the usual heartbeat."""
    return new_thread()


def threads() -> list[threading.Thread]:
    """Return the loop threads that live."""
    return [one for one in threading.enumerate() if one.name == NAME]


async def current() -> threading.Thread:
    """Return the running thread."""
    return threading.current_thread()


async def never() -> None:
    """Return never."""
    await asyncio.Event().wait()


# Calls


def test_calls_run_in_order_on_one_daemon_thread(thread: LoopThread) -> None:
    """Whatever is called from any thread runs on the one daemon thread, which stays."""
    seen: list[Any] = []
    with ThreadPoolExecutor(8) as pool:
        first = set(pool.map(lambda _: thread.run(current), range(40)))
    for number in range(100):
        thread.call(lambda n: seen.append((n, threading.current_thread())), number)
    thread.do(int)
    (only,) = threads()
    assert only.daemon
    assert first == {only}
    assert seen == [(number, only) for number in range(100)]


def test_do_waits(thread: LoopThread) -> None:
    """What is done has been done, on the thread, when `do` returns; in a call of its own too."""
    order: list[Any] = []
    thread.do(lambda: order.append(threading.current_thread().name))
    thread.do(lambda: (thread.do(order.append, 1), order.append(2)))
    assert order == [NAME, 1, 2]


@pytest.mark.parametrize("kind", [LookupError, TimeoutError])
def test_what_is_raised_comes_back(thread: LoopThread, kind: type[Exception]) -> None:
    """What goes wrong is raised where it was asked for, a TimeoutError of the step's own too."""

    def fail() -> None:
        raise kind("mine")

    async def step() -> None:
        fail()

    with pytest.raises(kind, match="mine"):
        thread.do(fail)
    with pytest.raises(kind, match="mine"):
        thread.run(step)


@pytest.mark.parametrize("kind", [ZeroDivisionError, SystemExit])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_call_that_raises_ends_nothing(
    thread: LoopThread, kind: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    """A call that raises, SystemExit included, is logged, and the thread goes on."""

    def fail() -> None:
        raise kind

    first = thread.run(current)
    thread.call(fail)
    assert thread.run(current) is first
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert kind.__name__ in caplog.text


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
import asyncio, threading
from jobwidgets._watch.loop import LoopThread

async def at_end():
    pass

async def step():
    print("waiting", flush=True)
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        cancelled.set()
        raise

cancelled = threading.Event()
thread = LoopThread("loop", after_sleep=int, at_end=at_end)
try:
    thread.run(step)
except KeyboardInterrupt:
    print("interrupted", cancelled.wait(20), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signals to send")
def test_interrupt_cancels_the_step(python: Callable[..., subprocess.Popen[str]]) -> None:
    """An interrupt of whoever waits cancels what was waited for."""
    process = python(INTERRUPT)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(2)
    assert process.communicate(timeout=HANG) == ("interrupted True\n", "")


# The end


def test_close_ends_what_is_under_way(thread: LoopThread, notes: Notes) -> None:
    """Closing cancels the tasks and lets go of whoever waits, for good."""
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
    assert (threads(), notes.ends) == ([], 1)
    for verb in (thread.call, thread.do):
        with pytest.raises(RuntimeError, match="the program ends"):
            verb(int)
    with pytest.raises(RuntimeError, match="the program ends"):
        thread.run(current)
    assert threads() == []


def test_close_is_quick_with_a_task_that_does_not_end(thread: LoopThread) -> None:
    """A task that outlasts its cancellation does not hold up the end."""

    async def stubborn() -> None:
        try:
            await never()
        finally:
            await asyncio.sleep(HANG)

    async def begin() -> None:
        kept.append(asyncio.create_task(stubborn()))
        await asyncio.sleep(0)

    kept: list[asyncio.Task[None]] = []
    thread.run(begin)
    before = time.monotonic()
    thread.close(HANG)
    assert time.monotonic() - before < HANG / 2


def test_thread_that_cannot_start(
    thread: LoopThread, monkeypatch: pytest.MonkeyPatch, notes: Notes
) -> None:
    """At the limit of threads each call raises, and when there is room the next one runs."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="can't start new thread"):
                thread.do(int)
    assert thread.run(current) in threads()


# The heartbeat


class Sleeper:
    """A loop thread that runs, and the clocks that it looks at."""

    def __init__(self, new_thread: NewThread, **keywords: Any) -> None:
        self._wall, self._monotonic = 1e9, 500.0
        self._looks = threading.Semaphore(0)
        clocks = {"wall": self._look, "monotonic": lambda: self._monotonic}
        self._thread = new_thread(heartbeat=TINY, **clocks, **keywords)
        self._thread.do(int)

    def _look(self) -> float:
        self._looks.release()
        return self._wall

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
    for slept, sleeps in [(3600.0, 1), (2.5, 2), (1e7, 3)]:
        sleeper.pass_by(slept)
        sleeper.pass_by(0.0)
        assert notes.sleeps == sleeps


@pytest.mark.parametrize(
    ("wall", "monotonic"), [(0, 0), (3600, 3600), (1.5, 0), (-3600, 0), (0, 100), (1e4, 1e4 - 1)]
)
def test_clocks_that_stay_together(
    new_thread: NewThread, notes: Notes, wall: float, monotonic: float
) -> None:
    """A busy machine, a small correction and a clock that is set back are no sleep."""
    Sleeper(new_thread).pass_by(wall, monotonic)
    assert notes.sleeps == 0


def test_heartbeat_outlives_what_it_calls(
    new_thread: NewThread, caplog: pytest.LogCaptureFixture
) -> None:
    """When what is called after a sleep raises, that is logged, and the next sleep is noticed."""
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise LookupError("no")

    sleeper = Sleeper(new_thread, after_sleep=fail)
    sleeper.pass_by(3600)
    sleeper.pass_by(3600)
    assert len(calls) == 2
    assert caplog.text.count("LookupError: no") == 2
