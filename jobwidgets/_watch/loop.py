"""An event loop on a daemon thread, which starts when it is first needed, and stays."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextvars import Context
from typing import Any, TypeVar

from jobwidgets._threads import call_in_thread

HEARTBEAT = 4.0
"""Seconds between two looks at the clocks."""
EXIT = 0.5
"""Seconds that the end of the thread waits for what is under way."""
_SLEPT = 2.0  # seconds that the clocks must have come apart by for the machine to have slept
_log = logging.getLogger("jobwidgets")
T = TypeVar("T")


class LoopThread:
    """Runs functions and coroutines for any thread.

    They run in an empty context: in a copy of the creating cell's context nbclient would drop
    their display updates.

    Parameters
    ----------
    name
        Of the thread.
    after_sleep
        Called on the loop when the machine has slept: the timers are late by that time.
    at_end
        Awaited before the loop closes.
    heartbeat
        Seconds between two looks at the clocks.
    wall, monotonic
        The clocks. A sleeping machine's monotonic one stands still.
    """

    def __init__(
        self,
        name: str,
        *,
        after_sleep: Callable[[], object],
        at_end: Callable[[], Awaitable[object]],
        heartbeat: float = HEARTBEAT,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._after_sleep = after_sleep
        self._at_end = at_end
        self._heartbeat = heartbeat
        self._apart: Callable[[], float] = lambda: wall() - monotonic()
        # A collection within the lock may run a user's __del__, which may call again.
        self._lock = threading.RLock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    @property
    def is_current(self) -> bool:
        """Whether this is called on the thread itself."""
        # Closed first: while Python tears down its modules, threading may be empty already.
        return not self._is_closed and threading.current_thread() is self._thread

    @property
    def is_running(self) -> bool:
        """Whether the thread was started, and not closed."""
        return self._thread is not None and not self._is_closed

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called: nothing is run any more."""
        return self._is_closed

    def call(self, function: Callable[..., object], *args: Any) -> None:
        """Run ``function(*args)`` on the loop, soon; from any thread."""
        with self._lock:
            self._running().call_soon_threadsafe(function, *args, context=Context())

    def do(self, function: Callable[..., object], *args: Any) -> None:
        """Run ``function(*args)`` on the loop, and return when it is done; from any thread."""
        if self.is_current:
            function(*args)
            return

        async def step() -> None:
            function(*args)

        self.run(step)

    def run(self, step: Callable[[], Awaitable[T]]) -> T:
        """Run one step on the loop and return or raise what it does; from any other thread.

        An interrupt while it waits cancels the step.
        """
        if self.is_current:
            raise RuntimeError(f"a listener on the thread {self._name} cannot wait for that thread")

        async def run() -> T:
            return await step()

        with self._lock:
            loop = self._running()
            future = Context().run(asyncio.run_coroutine_threadsafe, run(), loop)
        try:
            return _result(future)
        finally:
            future.cancel()

    def close(self, timeout: float = EXIT) -> None:
        """End the thread for good: every later call raises RuntimeError."""
        with self._lock:
            was_closed, self._is_closed = self._is_closed, True
            if self._loop is not None and not was_closed:
                self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join(timeout)

    def check(self) -> None:
        """Raise RuntimeError if `close` was called."""
        if self._is_closed:
            raise RuntimeError("the program ends: no job is asked for any more")

    def _running(self) -> asyncio.AbstractEventLoop:
        self.check()
        if self._loop is None:
            loop = _Loop()
            thread = threading.Thread(target=self._run, args=(loop,), name=self._name, daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads: the next call tries again
                loop.close()
                raise
            self._loop, self._thread = loop, thread
        return self._loop

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        with contextlib.closing(loop):
            loop.call_soon(self._beat, loop, self._apart())
            while not self._is_closed:
                try:
                    loop.run_forever()
                except BaseException:  # noqa: BLE001 - SystemExit in a user's transport, say
                    _log.exception("the thread %s goes on after an error", self._name)
            # What does not end in time is left: asyncio need not log each such task.
            loop.set_exception_handler(lambda _, __: None)
            with contextlib.suppress(TimeoutError):
                loop.run_until_complete(self._end())

    async def _end(self) -> None:
        async with asyncio.timeout(EXIT):
            # More than once: a task may begin another while it is cancelled.
            while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            await self._at_end()

    def _beat(self, loop: asyncio.AbstractEventLoop, apart: float) -> None:
        now = self._apart()
        loop.call_later(self._heartbeat, self._beat, loop, now)
        if now - apart > _SLEPT:
            self._after_sleep()


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose look-ups of names do not hold up the interpreter's exit."""

    async def getaddrinfo(self, host: Any, port: Any, **options: int) -> Any:
        def look_up() -> Any:
            return socket.getaddrinfo(host, port, **options)

        return await call_in_thread("jobwidgets-dns", look_up)


def _result(future: Future[T]) -> T:
    """Wait in short stretches: on some systems an interrupt waits for the end of one."""
    while True:
        try:
            return future.result(timeout=1.0)
        except TimeoutError:
            if future.done():
                raise
