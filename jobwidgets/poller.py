"""One daemon thread and one event loop that ask for all jobs of a kernel."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import socket
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextvars import Context
from typing import Any, TypeVar

from jobwidgets.connections import Connections
from jobwidgets.threads import call_in_thread
from jobwidgets.watch import Watch

EXIT = 0.5
"""Seconds that the interpreter's exit waits for connections to be closed."""
T = TypeVar("T")


class Poller:
    """Watches jobs on a daemon thread, which begins with the first call.

    Its callbacks run in an empty context: in a copy of the creating cell's context nbclient
    would drop their updates.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._connections = Connections()
        self._timers: dict[Watch, asyncio.TimerHandle] = {}
        self._asking: dict[Watch, asyncio.Task[None]] = {}

    def call(self, function: Callable[..., object], *args: Any) -> None:
        """Run ``function(*args)`` on the loop, soon; from any thread."""
        self._running().call_soon_threadsafe(function, *args, context=Context())

    def do(self, function: Callable[..., object], *args: Any) -> None:
        """Run ``function(*args)`` on the loop, and return when it is done; from any thread."""
        if threading.current_thread() is self._thread:
            function(*args)
            return

        async def step(_: Connections) -> None:
            function(*args)

        self.run(step)

    def run(self, step: Callable[[Connections], Awaitable[T]]) -> T:
        """Run one step on the loop and return or raise what it does; from any other thread.

        An interrupt while it waits cancels the step.
        """
        loop = self._running()
        if threading.current_thread() is self._thread:
            raise RuntimeError("a listener on the poller's thread cannot wait for that thread")

        async def run() -> T:
            return await step(self._connections)

        future = Context().run(asyncio.run_coroutine_threadsafe, run(), loop)
        try:
            return _result(future)
        finally:
            future.cancel()

    def begin(self, watch: Watch) -> None:
        """Watch a job from now on: its first poll is at once."""
        self.call(self._begin, watch)

    def end(self, watch: Watch) -> None:
        """Watch a job no more; when this returns nothing more is asked."""
        self.do(self._end, watch)

    def renew(self, watch: Watch) -> None:
        """Ask at once for a job that is watched, dropping an exchange with an old token."""
        self.call(self._renew, watch)

    def refresh(self, watch: Watch) -> None:
        """Make one exchange, or join the one under way; raises what it meets."""

        async def ask(_: Connections) -> None:
            await self._landing(watch)

        self.run(ask)

    def close(self, timeout: float = EXIT) -> None:
        """End the thread and every connection; a later call begins a new one."""
        with self._lock:
            loop, self._loop = self._loop, None
            thread, self._thread = self._thread, None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = _Loop()
                self._thread = threading.Thread(
                    target=self._run, args=(self._loop,), name="jobwidgets-poller", daemon=True
                )
                self._thread.start()
            return self._loop

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.run_forever()
        finally:
            self._cancel_timers()
            tasks = asyncio.all_tasks(loop)
            with contextlib.suppress(TimeoutError):
                loop.run_until_complete(asyncio.wait_for(self._drop(tasks), EXIT))
            loop.close()

    async def _drop(self, tasks: set[asyncio.Task[Any]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._connections.aclose()

    def _begin(self, watch: Watch) -> None:
        watch.begin()
        self._ask(watch)

    def _end(self, watch: Watch) -> None:
        self._cancel_timer(watch)
        watch.end()

    def _renew(self, watch: Watch) -> None:
        if watch.is_active:
            watch.drop_exchange()
            self._begin(watch)

    def _ask(self, watch: Watch) -> asyncio.Task[None]:
        self._cancel_timer(watch)
        exchange = watch.exchange(self._connections)
        if self._asking.get(watch) is not exchange:
            self._asking[watch] = exchange
            exchange.add_done_callback(lambda task: self._landed(watch, task))
        return exchange

    async def _landing(self, watch: Watch) -> None:
        """Wait for one exchange, and for another if that was dropped because of a new token."""
        exchange, waiting = self._ask(watch), asyncio.current_task()
        try:
            await asyncio.shield(exchange)
        except asyncio.CancelledError:
            is_cancelled_itself = waiting is None or waiting.cancelling()
            if is_cancelled_itself or not watch.is_active:
                raise
            await self._landing(watch)

    def _landed(self, watch: Watch, exchange: asyncio.Task[None]) -> None:
        if self._asking.get(watch) is exchange:
            del self._asking[watch]
        if exchange.cancelled():
            return
        exchange.exception()  # it is written down in the watch
        delay = watch.landed()
        if delay is not None:
            loop = asyncio.get_running_loop()
            self._timers[watch] = loop.call_later(delay, self._ask, watch)

    def _cancel_timers(self) -> None:
        for watch in list(self._timers):
            self._cancel_timer(watch)

    def _cancel_timer(self, watch: Watch) -> None:
        timer = self._timers.pop(watch, None)
        if timer is not None:
            timer.cancel()


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


_poller = Poller()


def poller() -> Poller:
    """Return the one poller of this process."""
    return _poller


def _forget_after_fork() -> None:
    # The thread stayed in the parent, and its sockets are the parent's.
    global _poller
    _poller = Poller()


atexit.register(lambda: poller().close())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
