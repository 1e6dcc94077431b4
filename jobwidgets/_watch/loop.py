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
from typing import Any, TypeVar, TypeVarTuple, Unpack
from weakref import WeakValueDictionary

from jobwidgets._threads import call_in_thread

HEARTBEAT = 4.0
"""Seconds between two looks at the clocks."""
EXIT = 0.5
"""Seconds that the end of the thread waits for what is under way."""
_SLEPT = 2.0  # seconds that the clocks must have come apart by for the machine to have slept
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class LoopThread:
    """Runs functions and coroutines for any thread.

    They run in an empty context: in a copy of the creating cell's context nbclient would drop
    their display updates. When no call, task or timer was there at two heartbeats, the thread ends;
    the next call begins another, with a loop of its own.

    Parameters
    ----------
    name
        Of the thread.
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
        awoke: Callable[[], None],
        drop: Callable[[], Awaitable[None]],
        heartbeat: float = HEARTBEAT,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._awoke = awoke
        self._drop = drop
        self._heartbeat = heartbeat
        self._apart: Callable[[], float] = lambda: wall() - monotonic()
        self._lock = threading.Lock()
        self._loop: _Loop | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_current(self) -> bool:
        """Whether this is called on the thread itself."""
        return threading.current_thread() is self._thread

    @property
    def is_ending(self) -> bool:
        """Whether the running loop does nothing any more but end."""
        return asyncio.get_running_loop() is not self._loop

    def call(self, function: Callable[..., object], *args: Any) -> None:
        """Run ``function(*args)`` on the loop, soon; from any thread."""
        with self._lock:
            loop = self._running()
            loop.call_soon_threadsafe(function, *args, context=Context())
            loop.call_soon_threadsafe(self._arrived, loop)

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
            loop.call_soon_threadsafe(self._arrived, loop)
        try:
            return _result(future)
        finally:
            future.cancel()

    def close(self, timeout: float = EXIT) -> None:
        """End the thread; a later call begins a new one."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
            if loop is not None:  # within the lock: an idle loop may be about to close itself
                loop.call_soon_threadsafe(loop.stop)
        if thread is not None:
            thread.join(timeout)

    def _running(self) -> _Loop:
        if self._loop is None:
            self._loop = _Loop()
            self._thread = threading.Thread(
                target=self._run, args=(self._loop,), name=self._name, daemon=True
            )
            self._thread.start()
        self._loop.posted += 1
        return self._loop

    def _arrived(self, loop: _Loop) -> None:
        with self._lock:
            loop.posted -= 1

    def _leave(self, loop: _Loop) -> None:
        if self._loop is loop:
            self._loop = self._thread = None

    def _run(self, loop: _Loop) -> None:
        loop.beat_in(0.0, self._beat, loop, self._apart(), False)
        with contextlib.closing(loop):
            try:
                loop.run_forever()
            finally:
                with self._lock:
                    self._leave(loop)
                # What does not end in time is left: asyncio need not tell of each such task.
                loop.set_exception_handler(lambda _, __: None)
                loop.cancel_timers()
                with contextlib.suppress(TimeoutError):
                    loop.run_until_complete(self._end())

    async def _end(self) -> None:
        async with asyncio.timeout(EXIT):
            # More than once: a call that had arrived may begin another task meanwhile.
            while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            await self._drop()

    def _beat(self, loop: _Loop, apart: float, was_idle: bool) -> None:
        now = self._apart()
        if now - apart > _SLEPT:
            self._awoke()
        with self._lock:
            is_idle = loop.is_idle
            if is_idle and was_idle:
                self._leave(loop)
                loop.stop()
                return
        loop.beat_in(self._heartbeat, self._beat, loop, now, is_idle)


class _Loop(asyncio.SelectorEventLoop):
    """A loop that knows whether it is idle.

    Its look-ups of names do not hold up the interpreter's exit.
    """

    def __init__(self) -> None:
        super().__init__()
        self.posted = 0
        """Calls of other threads that have not arrived yet."""
        self._timers: WeakValueDictionary[int, asyncio.TimerHandle] = WeakValueDictionary()
        self._beat: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way or planned, but the heartbeat."""
        is_planned = any(not timer.cancelled() for timer in self._timers.values())
        return not (self.posted or is_planned or asyncio.all_tasks(self))

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Plan a call, and note it."""
        timer = super().call_at(when, callback, *args, context=context)
        self._timers[id(timer)] = timer
        return timer

    def beat_in(self, seconds: float, beat: Callable[..., object], *args: Any) -> None:
        """Plan the heartbeat, which does not count."""
        self._beat = super().call_at(self.time() + seconds, beat, *args)

    def cancel_timers(self) -> None:
        """Let nothing happen that is planned, the heartbeat neither."""
        for timer in (self._beat, *self._timers.values()):
            if timer is not None:
                timer.cancel()

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
