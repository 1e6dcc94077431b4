"""Asks for all jobs of a kernel, on one thread."""

from __future__ import annotations

import asyncio
import atexit
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar
from weakref import WeakSet

from jobwidgets.loop_thread import HEARTBEAT, LoopThread
from jobwidgets.watch import Watch

if TYPE_CHECKING:
    from jobwidgets.connections import Connections

T = TypeVar("T")


@dataclass(slots=True)
class _Round:
    """What one event loop has in hand: which watches wait for their turn, and which are asking."""

    connections: Connections
    timers: dict[Watch, asyncio.TimerHandle] = field(default_factory=dict)
    asking: dict[Watch, asyncio.Task[None]] = field(default_factory=dict)


class Asker(Protocol):
    """What asks on the poller's thread by itself, a jobs resource say."""

    def awake(self) -> None:
        """Ask at once, if anything is to be asked: the machine has slept."""


class Poller:
    """Watches jobs: asks, waits, asks.

    Parameters
    ----------
    heartbeat
        Seconds between two looks whether the machine has slept, and whether there is nothing to
        do any more.
    """

    def __init__(self, *, heartbeat: float = HEARTBEAT) -> None:
        self.thread = LoopThread(
            "jobwidgets-poller",
            awoke=self._ask_for_all,
            drop=self._drop,
            heartbeat=heartbeat,
        )
        # A thread that ends tidies up its own round while the next one may have begun another.
        self._rounds: dict[asyncio.AbstractEventLoop, _Round] = {}
        self._dropping: asyncio.Task[None] | None = None  # kept, or it might be collected
        self.askers: WeakSet[Asker] = WeakSet()
        """Told when the machine has slept, on the poller's thread."""

    @property
    def connections(self) -> Connections:
        """Those of the poller's loop; on its thread only."""
        return self._round.connections

    def run(self, step: Callable[[Connections], Awaitable[T]]) -> T:
        """Run one step with the connections; return or raise what it does."""
        return self.thread.run(lambda: step(self._round.connections))

    def begin(self, watch: Watch) -> None:
        """Watch a job from now on: its first poll is at once."""
        self.thread.call(self._begin, watch)

    def end(self, watch: Watch) -> None:
        """Watch a job no more; when this returns nothing more is asked."""
        self.thread.do(self._end, watch)

    def renew(self, watch: Watch) -> None:
        """Ask at once for a job that is watched, dropping an exchange with an old token."""
        self.thread.call(self._renew, watch)

    def refresh(self, watch: Watch) -> None:
        """Make one exchange, or join the one under way; raises what it meets."""
        self.thread.run(lambda: self._landing(watch))

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
        now = self._round
        exchange = watch.exchange(now.connections)
        if now.asking.get(watch) is not exchange:
            now.asking[watch] = exchange
            exchange.add_done_callback(partial(self._landed, watch))
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
        now = self._round
        if now.asking.get(watch) is exchange:
            del now.asking[watch]
        if exchange.cancelled():
            return
        exchange.exception()  # it is written down in the watch
        delay = watch.landed()
        # Whoever reads by hand may have begun the next exchange in this very moment.
        if delay is not None and watch not in now.asking:
            loop = asyncio.get_running_loop()
            now.timers[watch] = loop.call_later(delay, self._ask, watch)

    def _ask_for_all(self) -> None:
        """Ask at once for every job that is watched, over new connections: the machine has slept.

        An answer to what was asked before may never come: the sockets are dead, and do not tell.
        """
        now = self._round
        hanging = [watch for watch in now.asking if watch.is_active]
        waiting = list(now.timers)
        self._dropping = asyncio.get_running_loop().create_task(now.connections.drop_idle())
        for watch in hanging:
            watch.drop_exchange()
        for watch in (*hanging, *waiting):
            self._ask(watch)
        for asker in list(self.askers):
            asker.awake()

    @property
    def _round(self) -> _Round:
        loop = asyncio.get_running_loop()
        known = self._rounds.get(loop)
        if known is None:
            # httpx is imported when it is first needed: that is a third of our import time.
            from jobwidgets.connections import Connections

            known = self._rounds[loop] = _Round(Connections())
        return known

    async def _drop(self) -> None:
        now = self._rounds.pop(asyncio.get_running_loop(), None)
        if now is not None:  # else nothing was asked
            await now.connections.aclose()

    def _cancel_timer(self, watch: Watch) -> None:
        timer = self._round.timers.pop(watch, None)
        if timer is not None:
            timer.cancel()


_poller = Poller()


def poller() -> Poller:
    """Return the one poller of this process."""
    return _poller


def _forget_after_fork() -> None:
    # The thread stayed in the parent, and its sockets are the parent's.
    global _poller
    _poller = Poller()


atexit.register(lambda: poller().thread.close())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
