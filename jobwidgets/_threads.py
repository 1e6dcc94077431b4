"""Daemon threads for what may block: no interpreter exit waits for them.

asyncio's default executor will not do: its threads are joined at interpreter exit, so a hanging
look-up of a name would hold up the end of the kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

AT_EXIT = 10.0
"""Seconds that the end of the program waits for callbacks that are due."""
_log = logging.getLogger("jobwidgets")
T = TypeVar("T")


async def call_in_thread(name: str, function: Callable[..., T], *args: Any) -> T:
    """Return what ``function(*args)`` returns, or raise what it raises.

    The thread is called `name`. When the waiting task is cancelled the call goes on by itself,
    and its outcome is dropped. What a future cannot carry (StopIteration, SystemExit) is raised
    as a RuntimeError from it.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(method: Callable[[Any], None], outcome: object) -> None:
        if not future.cancelled():
            method(outcome)

    def run() -> None:
        method, outcome = _outcome(future, function, *args)
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits
            loop.call_soon_threadsafe(settle, method, outcome)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await future


def _outcome(
    future: asyncio.Future[T], function: Callable[..., T], *args: Any
) -> tuple[Callable[[Any], None], object]:
    try:
        return future.set_result, function(*args)
    except BaseException as error:  # noqa: BLE001 - raised where it is awaited
        if isinstance(error, Exception) and not isinstance(error, StopIteration):
            return future.set_exception, error
        wrapped = RuntimeError(f"{_name(function)} raised {type(error).__name__}")
        wrapped.__cause__ = error
        return future.set_exception, wrapped


def _name(function: Callable[..., object]) -> str:
    """Return the name of a user's function: its repr may show arguments, a password say."""
    return str(getattr(function, "__qualname__", type(function).__name__))


def cancel(task: asyncio.Task[Any] | None) -> None:
    """Cancel a task, if there is one, of the running loop.

    After a fork it may be the parent's: its loop runs there only, and must not be touched here.
    """
    if task is not None and task.get_loop() is asyncio.get_running_loop():
        task.cancel()


def retrieve(task: asyncio.Task[Any]) -> None:
    """Take what a task raised, as its done callback: else asyncio logs it where nobody waits."""
    if not task.cancelled():
        task.exception()


def is_being_cancelled() -> bool:
    """Return whether the running task itself is cancelled, and not just what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class CallbackThread:
    """Runs users' callbacks one after another on one thread, so that a slow one delays no poll.

    The thread starts with the first call, and stays.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Drop what was still to be called: after a fork, that and the thread are the parent's."""
        self._calls: queue.SimpleQueue[tuple[Callable[[Any], object], Any]] = queue.SimpleQueue()
        self._lock = threading.RLock()  # a collection within it may run a user's __del__
        self._thread: threading.Thread | None = None

    def call(self, callback: Callable[[Any], object], argument: Any) -> None:
        """Run ``callback(argument)``, soon; what it raises is logged."""
        self._calls.put((callback, argument))
        with self._lock:
            if self._thread is None:
                name = "jobwidgets-callbacks"
                thread = threading.Thread(target=self._run, name=name, daemon=True)
                thread.start()
                self._thread = thread

    def finish(self, timeout: float | None = None) -> None:
        """Return when all that was to be called has been, at the latest after `timeout` seconds.

        A warning is logged if some are left by then. None takes `AT_EXIT`.
        """
        if self._thread is None or threading.current_thread() is self._thread:
            return
        over, seconds = threading.Event(), AT_EXIT if timeout is None else timeout
        self.call(lambda _: over.set(), None)
        if not over.wait(seconds):
            _log.warning("the program ends without a callback that took more than %g s", seconds)

    def _run(self) -> None:
        while True:
            callback, argument = self._calls.get()
            try:
                callback(argument)
            except BaseException:  # noqa: BLE001 - a user's callback may raise anything
                _log.exception("the callback %s for %r failed", _name(callback), argument)
            del callback, argument  # nothing is kept alive by an idle thread


user_callbacks = CallbackThread()
"""The one thread of this process that runs users' callbacks."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=user_callbacks.forget)
