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

from jobwidgets._watch.loop import HEARTBEAT, LoopThread
from jobwidgets._watch.schedule import Schedule
from jobwidgets._watch.watch import Watch

if TYPE_CHECKING:
    from jobwidgets._http.connections import Connections

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Turn:
    """A watch that waits for its host's budget."""

    watch: Watch
    ask: Callable[[Watch], None]
    _is_over: asyncio.Event | None = None  # seldom does anybody wait

    def __call__(self) -> None:
        """Ask now."""
        self.ask(self.watch)

    async def wait(self) -> None:
        """Return when its turn has come, or was withdrawn."""
        if self._is_over is None:
            self._is_over = asyncio.Event()
        await self._is_over.wait()

    def end(self) -> None:
        """Wake those that wait."""
        if self._is_over is not None:
            self._is_over.set()


@dataclass(slots=True)
class _Round:
    """What one event loop has in hand.

    A watch is planned for later, or lined up for its host's budget, or asking: only then has it
    a task.
    """

    connections: Connections
    planned: Schedule[Watch]
    lined_up: dict[Watch, _Turn] = field(default_factory=dict)
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
        self._line_up(watch)

    def _end(self, watch: Watch) -> None:
        self._withdraw(watch)
        self._drop_exchange(watch)
        watch.end()

    def _renew(self, watch: Watch) -> None:
        if watch.is_active:
            self._drop_exchange(watch)
            self._begin(watch)

    def _drop_exchange(self, watch: Watch) -> None:
        self._round.asking.pop(watch, None)
        watch.drop_exchange()

    def _line_up(self, watch: Watch) -> None:
        """Ask as soon as the host's budget has room, unless that is under way."""
        now = self._round
        exchange = now.asking.get(watch)
        if watch in now.lined_up or not (exchange is None or exchange.done()):
            return
        now.planned.forget(watch)
        watch.line_up()
        turn = now.lined_up[watch] = _Turn(watch, self._ask)
        now.connections.ask(watch.source.url, watch.urgency, turn)

    def _ask(self, watch: Watch) -> None:
        self._withdraw(watch)
        if self.thread.is_ending:
            return
        now = self._round
        exchange = now.asking[watch] = watch.exchange(now.connections)
        exchange.add_done_callback(partial(self._landed, watch))

    def _withdraw(self, watch: Watch) -> None:
        """Let the watch neither be planned nor lined up."""
        now = self._round
        now.planned.forget(watch)
        turn = now.lined_up.pop(watch, None)
        if turn is not None:
            now.connections.withdraw(watch.source.url, turn)
            turn.end()

    async def _landing(self, watch: Watch) -> None:
        """Wait for one exchange, and for another if that was dropped because of a new token."""
        self._line_up(watch)
        now, waiting = self._round, asyncio.current_task()
        while watch in now.lined_up:
            await now.lined_up[watch].wait()
        try:
            if watch not in now.asking:
                raise asyncio.CancelledError  # it was stopped
            await asyncio.shield(now.asking[watch])
        except asyncio.CancelledError:
            is_cancelled_itself = waiting is None or waiting.cancelling()
            if is_cancelled_itself or not watch.is_active or self.thread.is_ending:
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
        if delay is not None and not (watch in now.asking or watch in now.lined_up):
            now.planned.plan(watch, delay)

    def _ask_for_all(self) -> None:
        """Ask at once for every job that is watched, over new connections: the machine has slept.

        An answer to what was asked before may never come: the sockets are dead, and do not tell.
        """
        now = self._round
        hanging = [watch for watch in now.asking if watch.is_active]
        waiting = list(now.planned)
        self._dropping = asyncio.get_running_loop().create_task(now.connections.drop_idle())
        for watch in hanging:
            self._drop_exchange(watch)
        for watch in (*hanging, *waiting):
            self._line_up(watch)
        for asker in list(self.askers):
            asker.awake()

    @property
    def _round(self) -> _Round:
        loop = asyncio.get_running_loop()
        known = self._rounds.get(loop)
        if known is None:
            # httpx is imported when it is first needed: that is a third of our import time.
            from jobwidgets._http.connections import Connections

            known = self._rounds[loop] = _Round(Connections(), Schedule(self._line_up))
        return known

    async def _drop(self) -> None:
        now = self._rounds.pop(asyncio.get_running_loop(), None)
        if now is not None:  # else nothing was asked
            await now.connections.aclose()


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
