import asyncio
import contextvars
import logging
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from servers import HANG

from jobwidgets._threads import CallbackThread, call_in_thread, cancel

caller = contextvars.ContextVar("caller", default="nobody")


class Interruption(BaseException):
    """What no `except Exception` catches."""


def call(function: Callable[..., Any], *args: Any) -> Any:
    """Return what a call in a thread returns to an event loop."""
    return asyncio.run(call_in_thread("a-name", function, *args))


def run_all(thread: CallbackThread, *calls: tuple[Callable[[Any], object], Any]) -> None:
    """Run callbacks, and return when the last is over."""
    over = threading.Event()
    for callback, argument in calls:
        thread.call(callback, argument)
    thread.call(lambda _: over.set(), None)
    assert over.wait(HANG)


def test_call_returns_what_the_function_returns() -> None:
    """A call has a thread of its own, which no exit waits for, and the caller's context not."""
    caller.set("cell 7")
    assert call(divmod, 7, 2) == (3, 1)
    assert call(caller.get) == "nobody"
    thread = call(threading.current_thread)
    assert (thread.name, thread.daemon) == ("a-name", True)
    with pytest.raises(ZeroDivisionError):
        call(divmod, 7, 0)


@pytest.mark.parametrize("kind", [StopIteration, SystemExit, KeyboardInterrupt, Interruption])
def test_call_wraps_what_a_future_cannot_carry(kind: type[BaseException]) -> None:
    """An exception that would break the loop is the cause of a RuntimeError."""

    def fail() -> None:
        raise kind("odd")

    with pytest.raises(RuntimeError, match=kind.__name__) as raised:
        call(fail)
    assert isinstance(raised.value.__cause__, kind)


@pytest.mark.parametrize("fails", [False, True])
def test_cancelled_call_goes_on(fails: bool) -> None:
    """A call outlives the task that waits for it, and its loop; its outcome is dropped."""
    entered, release = threading.Event(), threading.Event()
    threads: list[threading.Thread] = []

    def block() -> None:
        threads.append(threading.current_thread())
        entered.set()
        release.wait(HANG)
        if fails:
            raise LookupError

    async def main() -> None:
        task = asyncio.create_task(call_in_thread("n", block))
        await asyncio.to_thread(entered.wait, HANG)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    release.set()
    threads[0].join(HANG)
    assert not threads[0].is_alive()


def test_callbacks_run_in_order_on_one_thread() -> None:
    """Callbacks run one after another on one daemon thread."""
    seen: list[tuple[int, threading.Thread]] = []

    def note(number: int) -> None:
        seen.append((number, threading.current_thread()))

    run_all(CallbackThread(), *((note, number) for number in range(100)))
    assert [number for number, _ in seen] == list(range(100))
    thread = seen[0][1]
    assert {other for _, other in seen} == {thread}
    assert (thread.name, thread.daemon) == ("jobwidgets-callbacks", True)


@pytest.mark.parametrize("kind", [ValueError, StopIteration, SystemExit, Interruption])
def test_raising_callback_is_logged(
    kind: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    """A callback that raises is logged with its traceback, and the next one runs."""
    seen: list[int] = []

    def fail(_: object) -> None:
        raise kind("broken")

    run_all(CallbackThread(), (fail, 1), (seen.append, 2))
    assert seen == [2]
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("jobwidgets", logging.ERROR)
    assert record.exc_info is not None
    assert record.exc_info[0] is kind


def test_idle_thread_keeps_nothing_alive() -> None:
    """An argument is let go of when its callback is over."""

    class Argument:
        """Something that can be watched."""

    thread, argument = CallbackThread(), Argument()
    over = weakref.ref(argument)
    run_all(thread, (id, argument))
    del argument
    run_all(thread)
    assert over() is None


def test_callbacks_after_a_fork(python: Callable[..., Any]) -> None:
    """A forked child has a callback thread of its own, and runs none of its parent's calls."""
    code = """
import os, threading, warnings
from jobwidgets._threads import CallbackThread, user_callbacks

warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: a fork with threads
entered, release, seen = threading.Event(), threading.Event(), []
user_callbacks.call(lambda _: (entered.set(), release.wait()), None)
user_callbacks.call(seen.append, "parent")
entered.wait()
child = os.fork()
if child == 0:
    over = threading.Event()
    user_callbacks.call(lambda _: over.set(), None)
    os._exit(0 if over.wait(20) and seen == [] else 1)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
release.set()
raise SystemExit(status)
"""
    process = python(code)
    output, errors = process.communicate(timeout=HANG)
    assert (process.returncode, output, errors) == (0, "", "")


def test_task_of_another_loop_is_not_cancelled() -> None:
    """After a fork a task may be the parent's, whose loop must not be touched; it may be none."""

    async def try_to_cancel(task: asyncio.Task[Any] | None) -> None:
        cancel(task)

    async def main() -> bool:
        mine = asyncio.create_task(asyncio.sleep(HANG))
        await asyncio.to_thread(asyncio.run, try_to_cancel(mine), debug=True)
        was_spared = not mine.cancelling()
        cancel(mine)
        cancel(None)
        await asyncio.gather(mine, return_exceptions=True)
        return was_spared and mine.cancelled()

    assert asyncio.run(main(), debug=True)
