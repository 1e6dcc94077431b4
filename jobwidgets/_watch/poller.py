"""Asks for all jobs of a kernel, on one thread."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakSet

from jobwidgets._http.budget import Urgency, at_once
from jobwidgets._http.exchange import log_broken
from jobwidgets._threads import user_callbacks
from jobwidgets._watch.cancelling import cancel, note_failure
from jobwidgets._watch.loop import EXIT, HEARTBEAT, LoopThread
from jobwidgets._watch.watch import Watch
from jobwidgets.errors import JobwidgetsError

if TYPE_CHECKING:
    from jobwidgets._http.connections import Connections
    from jobwidgets._watch.listing import Listing

T = TypeVar("T")


class Poller:
    """Watches jobs: asks, waits, asks.

    A watch is planned for later, or waits for its host's budget, or is being asked for: only
    then has it a task.

    Parameters
    ----------
    heartbeat
        Seconds between two looks whether the machine has slept.
    wall
        The clock that goes on while it sleeps.
    connect
        Makes the connections when they are first needed; None makes the usual ones.
    """

    def __init__(
        self,
        *,
        heartbeat: float = HEARTBEAT,
        wall: Callable[[], float] = time.time,
        connect: Callable[[], Connections] | None = None,
    ) -> None:
        self.thread = LoopThread(
            "jobwidgets-poller",
            after_sleep=self.ask_for_all,
            at_end=self._hang_up,
            heartbeat=heartbeat,
            wall=wall,
        )
        self._connect = connect
        self._connections: Connections | None = None
        self._planned: dict[Watch, asyncio.TimerHandle] = {}
        self._waiting: dict[Watch, Callable[[], None]] = {}
        self._turns: dict[Watch, asyncio.Event] = {}  # set when a wait is over that somebody joins
        self._asking: dict[Watch, asyncio.Task[None]] = {}
        self._cancelling: set[asyncio.Task[None]] = set()
        self._dropping: asyncio.Task[None] | None = None  # kept, or it might be collected
        self.listings: WeakSet[Listing] = WeakSet()
        """What is to ask at once too when the machine has slept."""

    @property
    def connections(self) -> Connections:
        """Those of the poller's loop; on its thread only."""
        if self._connections is None:
            # httpx is imported when it is first needed: that is a third of our import time.
            from jobwidgets._http.connections import Connections

            self._connections = (self._connect or Connections)()
        return self._connections

    def run(self, step: Callable[[Connections], Awaitable[T]]) -> T:
        """Run one step with the connections; return or raise what it does."""
        return self.thread.run(lambda: step(self.connections))

    def begin(self, watch: Watch) -> None:
        """Watch a job from now on: its first poll is at once."""
        self.thread.call(self._begin, watch)

    def end(self, watch: Watch) -> None:
        """Watch a job no more; when this returns nothing more is asked."""
        if not self.thread.is_closed:  # else the program ends, and nothing is asked already
            self.thread.do(self._end, watch)

    def renew(self, watch: Watch) -> None:
        """Ask at once for a job that is watched, dropping an exchange with an old token."""
        self.thread.call(self._renew, watch)

    def refresh(self, watch: Watch) -> None:
        """Make one exchange, or join the one under way; raises what it meets."""
        self.thread.run(lambda: self._exchange(watch))

    def look(self, watch: Watch, *, is_on: bool) -> None:
        """Note whether somebody looks at a job's messages; on the poller's thread."""
        if watch.source.look(is_on=is_on) and watch.is_active:
            self._ask_soon(watch, at_once)

    def cancel(self, watch: Watch) -> None:
        """Ask that a job be cancelled, unless it turns out to have ended; raises what it meets."""
        self.thread.run(lambda: self._cancel(watch))

    def cancel_soon(self, watch: Watch) -> None:
        """Do so without waiting; on the poller's thread. The history tells what it meets."""
        task = asyncio.get_running_loop().create_task(self._cancel(watch))
        self._cancelling.add(task)
        task.add_done_callback(self._after_cancel)

    def ask_for_all(self) -> None:
        """Ask at once for every job that is watched, over new connections: the machine has slept.

        On the poller's thread. An answer to what was asked before may never come: the sockets are
        dead, and do not tell.
        """
        if self._connections is None:  # nothing was asked yet
            return
        dropping = self._connections.drop_idle()
        self._dropping = asyncio.get_running_loop().create_task(dropping)
        asked = [watch for watch in self._asking if watch.is_active]
        planned = list(self._planned)
        for watch in asked:
            self._drop_exchange(watch)
        for watch in (*asked, *planned):
            self._ask_soon(watch)
        for listing in list(self.listings):
            listing.ask_at_once()

    def _begin(self, watch: Watch) -> None:
        watch.begin()
        self._ask_soon(watch)

    def _end(self, watch: Watch) -> None:
        self._withdraw(watch)
        self._drop_exchange(watch)
        watch.end()

    def _renew(self, watch: Watch) -> None:
        if watch.is_active:
            self._drop_exchange(watch)
            self._begin(watch)

    def _drop_exchange(self, watch: Watch) -> None:
        exchange = self._asking.pop(watch, None)
        if exchange is not None:
            exchange.cancel()

    def _ask_soon(self, watch: Watch, urgency: Urgency | None = None) -> None:
        """Ask as soon as the host's budget allows it, unless that is under way."""
        self._forget_plan(watch)
        if watch in self._asking or self.thread.is_closed:
            return
        ask = self._waiting.get(watch)
        if ask is not None and urgency is None:
            return
        if ask is None:
            watch.note_next_try(None)
            ask = self._waiting[watch] = partial(self._ask, watch)
        watch.source.ask(self.connections, urgency or watch.urgency, ask)

    def _ask(self, watch: Watch) -> None:
        self._withdraw(watch)
        if self.thread.is_closed:  # its connections are closed already
            return
        exchange = asyncio.get_running_loop().create_task(watch.exchange(self.connections))
        self._asking[watch] = exchange
        exchange.add_done_callback(partial(self._after_exchange, watch))

    def _withdraw(self, watch: Watch) -> None:
        """Let the watch neither be planned nor wait for its turn."""
        self._forget_plan(watch)
        ask, turn = self._waiting.pop(watch, None), self._turns.pop(watch, None)
        if ask is not None:
            watch.source.withdraw(self.connections, ask)
        if turn is not None:
            turn.set()

    def _forget_plan(self, watch: Watch) -> None:
        timer = self._planned.pop(watch, None)
        if timer is not None:
            timer.cancel()

    async def _exchange(self, watch: Watch) -> None:
        """Wait for one exchange, and for another if that was dropped because of a new token.

        A person waits for it: it goes before all polls, also where a poll waits for its turn.
        """
        self._ask_soon(watch, at_once)
        while watch in self._waiting:
            await self._turns.setdefault(watch, asyncio.Event()).wait()
        exchange, waiting = self._asking.get(watch), asyncio.current_task()
        try:
            if exchange is None:
                raise asyncio.CancelledError  # it was stopped
            await asyncio.shield(exchange)
        except asyncio.CancelledError:
            is_cancelled_itself = waiting is None or waiting.cancelling()
            if is_cancelled_itself or not watch.is_active or self.thread.is_closed:
                raise
            await self._exchange(watch)

    async def _cancel(self, watch: Watch) -> None:
        try:
            await self._exchange(watch)
            self._withdraw(watch)  # the answer to a poll on the way might be older than this one
            await cancel(watch, self.connections)
        except JobwidgetsError as error:
            note_failure(watch, error)
            raise
        finally:
            self._drop_exchange(watch)
            self._go_on(watch)

    def _after_cancel(self, task: asyncio.Task[None]) -> None:
        self._cancelling.discard(task)
        if not task.cancelled():
            task.exception()  # the history has noted it

    def _after_exchange(self, watch: Watch, exchange: asyncio.Task[None]) -> None:
        if self._asking.get(watch) is exchange:
            del self._asking[watch]
        if exchange.cancelled():
            return
        error = exchange.exception()
        if error is not None and not isinstance(error, JobwidgetsError):  # a fault of ours
            log_broken(watch.source.url, error)
        self._go_on(watch)

    def _go_on(self, watch: Watch) -> None:
        """Tell the listeners, and plan the next exchange."""
        delay = watch.after_exchange()
        # A listener may have begun the next exchange in this very moment.
        if delay is not None and not (watch in self._asking or watch in self._waiting):
            self._forget_plan(watch)
            loop = asyncio.get_running_loop()
            self._planned[watch] = loop.call_later(delay, self._ask_soon, watch)

    async def _hang_up(self) -> None:
        if self._connections is not None:
            await self._connections.aclose()


_poller = Poller()


def poller() -> Poller:
    """Return the one poller of this process."""
    return _poller


def _forget_after_fork() -> None:
    # The thread stayed in the parent, and its sockets are the parent's.
    global _poller
    _poller = Poller()


def _end_with_the_program() -> None:
    """Run what is due to the user, for a bounded time, and ask for no more."""
    thread = poller().thread
    try:
        if thread.is_running:  # what it has in hand may be news that callbacks are due for
            over = threading.Event()
            thread.call(over.set)
            over.wait(EXIT)
        user_callbacks.finish()
    except KeyboardInterrupt:
        pass  # whoever interrupts does not want to wait
    finally:
        thread.close()


atexit.register(_end_with_the_program)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
