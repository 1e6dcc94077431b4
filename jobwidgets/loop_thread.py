"""An event loop on a daemon thread, which begins when it is needed and ends when it is idle."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextvars import Context
from typing import Any, TypeVar

from jobwidgets.threads import call_in_thread

HEARTBEAT = 4.0
"""Seconds between two looks at the clocks."""
EXIT = 0.5
"""Seconds that the end of the thread waits for what is under way."""
_SLEPT = 2.0  # seconds that the clocks must have come apart by for the machine to have slept
T = TypeVar("T")


class LoopThread:
    """Runs functions and coroutines for any thread.

    They run in an empty context: in a copy of the creating cell's context nbclient would drop
    their display updates. When it was idle at two heartbeats, the thread ends; the next call
    begins another, with a loop of its own.

    Parameters
    ----------
    name
        Of the thread.
    is_idle
        Whether nothing is planned on the loop beside its tasks.
    awoke
        Called on the loop when the machine has slept: the timers are late by that time.
    drop
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
        is_idle: Callable[[], bool],
        awoke: Callable[[], None],
        drop: Callable[[], Awaitable[None]],
        heartbeat: float = HEARTBEAT,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._is_idle = is_idle
        self._awoke = awoke
        self._drop = drop
        self._heartbeat = heartbeat
        self._apart: Callable[[], float] = lambda: wall() - monotonic()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._posted = 0

    @property
    def is_current(self) -> bool:
        """Whether this is called on the thread itself."""
        return threading.current_thread() is self._thread

    def call(self, function: Callable[..., object], *args: Any) -> None:
        """Run ``function(*args)`` on the loop, soon; from any thread."""
        with self._lock:
            loop = self._running()
            loop.call_soon_threadsafe(self._arrive, function, *args, context=Context())

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
            self._arrive(lambda: None)
            return await step()

        with self._lock:
            future = Context().run(asyncio.run_coroutine_threadsafe, run(), self._running())
        try:
            return _result(future)
        finally:
            future.cancel()

    def close(self, timeout: float = EXIT) -> None:
        """End the thread; a later call begins a new one."""
        with self._lock:
            loop, thread = self._detach()
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout)

    def _running(self) -> asyncio.AbstractEventLoop:
        self._posted += 1
        if self._loop is None:
            self._loop, self._posted = _Loop(), 1
            self._thread = threading.Thread(
                target=self._run, args=(self._loop,), name=self._name, daemon=True
            )
            self._thread.start()
        return self._loop

    def _detach(self) -> tuple[asyncio.AbstractEventLoop | None, threading.Thread | None]:
        loop, self._loop = self._loop, None
        thread, self._thread = self._thread, None
        return loop, thread

    def _arrive(self, function: Callable[..., object], *args: Any) -> None:
        with self._lock:
            self._posted -= 1
        function(*args)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_soon(self._beat, loop, self._apart(), False)
        try:
            loop.run_forever()
        finally:
            tasks = asyncio.all_tasks(loop)
            with contextlib.suppress(TimeoutError):
                loop.run_until_complete(asyncio.wait_for(self._end(tasks), EXIT))
            loop.close()

    async def _end(self, tasks: set[asyncio.Task[Any]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._drop()

    def _beat(self, loop: asyncio.AbstractEventLoop, apart: float, was_idle: bool) -> None:
        now = self._apart()
        if now - apart > _SLEPT:
            self._awoke()
        with self._lock:
            is_idle = self._posted == 0 and not asyncio.all_tasks(loop) and self._is_idle()
            if is_idle and was_idle and self._loop is loop:
                self._detach()
                loop.stop()
                return
        loop.call_later(self._heartbeat, self._beat, loop, now, is_idle)


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
