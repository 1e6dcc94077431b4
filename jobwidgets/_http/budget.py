"""Limits the requests a second to one host, and orders those that wait."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from urllib.parse import urlsplit

from jobwidgets._http.urls import root
from jobwidgets._model.number import as_float

REQUESTS_PER_SECOND = 20.0
"""To one host, unless `configure` says otherwise."""
# Seconds by which a timer may be late without the budget being lost. What is caught up is saved
# beforehand, by a wider spacing: no second has more requests than the rate.
_CATCH_UP = 0.01
_LONGEST_NAP = 0.25  # seconds after which a new `configure` is seen by those that wait

_rate = REQUESTS_PER_SECOND


def configure(*, requests_per_second: float = REQUESTS_PER_SECOND) -> None:
    """Set how many requests a second this process makes to one host, at once and for all jobs.

    Where that is too few for the jobs that are watched, their delays stretch by the same factor;
    a fixed `poll_interval` stretches too.

    Parameters
    ----------
    requests_per_second
        Above 0; 20 by default.

    Raises
    ------
    TypeError, ValueError
        If it is no number, or none above 0.
    """
    global _rate
    rate = as_float(requests_per_second)
    if rate is None:
        found = type(requests_per_second).__name__
        raise TypeError(f"requests_per_second is a number above 0, found a {found}")
    if not 0 < rate < math.inf:
        raise ValueError(f"requests_per_second is a number above 0, found {rate:g}")
    _rate = rate


Urgency = Callable[[float], float]
"""How urgent a request is at a time (seconds of the loop's clock); the largest goes first."""


@dataclass(slots=True)
class Bucket:
    """Requests evenly spread over the seconds: a token bucket that holds hardly more than one.

    Parameters
    ----------
    rate
        Requests a second.
    """

    rate: float
    _taken_at: float = field(default=-math.inf, repr=False)

    def delay(self, now: float) -> float:
        """Return the seconds until the next request may go; 0 when it may go now."""
        return max(self._taken_at + self._spacing - now, 0.0)

    def take(self, now: float) -> None:
        """Count a request that goes now."""
        self._taken_at = max(self._taken_at + self._spacing, now - _CATCH_UP)

    @property
    def _spacing(self) -> float:
        return (1.0 + _CATCH_UP) / self.rate


def lateness(asked_at: float, delay: float) -> Urgency:
    """Return the urgency of a poll: how many of its own delays it has been waiting for.

    Where the budget is too small, serving the largest stretches every job's delay by the same
    factor: young jobs and those on their last step, whose delays are short, come round first,
    and no job waits for ever.

    Parameters
    ----------
    asked_at
        When the job was asked for last, in seconds of the loop's clock.
    delay
        The seconds after which it should be asked for again.
    """
    return lambda now: (now - asked_at) / delay


def at_once(_: float) -> float:
    """Return the urgency of a request that goes before all others: one that was begun."""
    return math.inf


class Budget:
    """The requests to one host, let through one by one; on one event loop.

    Parameters
    ----------
    most_waiting
        How many requests that were let through may wait for a connection to one place. The rest
        waits here, where the most urgent one is the next.
    """

    def __init__(self, most_waiting: float = math.inf) -> None:
        self._bucket = Bucket(_rate)
        self._most_waiting = most_waiting
        self._waiting: dict[Callable[[], object], tuple[Urgency, str]] = {}
        self._let_through: Counter[str] = Counter()  # since the last look
        self._waiting_for_connection: Counter[str] = Counter()
        self._next_look: asyncio.Handle | None = None

    def ask(self, urgency: Urgency, go: Callable[[], object], place: str = "") -> None:
        """Call `go` when a request to `place`, a port say, may be made; now, if that is now."""
        self._waiting[go] = urgency, place
        if self._next_look is None:
            self._serve()

    def withdraw(self, go: Callable[[], object]) -> None:
        """Call `go` no more."""
        self._waiting.pop(go, None)

    async def admit(self, urgency: Urgency, place: str = "") -> None:
        """Return when a request to `place` may be made."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        go = partial(_set, turn)
        self.ask(urgency, go, place)
        try:
            await turn
        finally:
            self.withdraw(go)

    @contextmanager
    def waiting_for_connection(self, place: str = "") -> Iterator[None]:
        """Count a request that was let through as one that waits for a connection."""
        self._waiting_for_connection[place] += 1
        try:
            yield
        finally:
            self._waiting_for_connection[place] -= 1
            # Several at a time are let through: a look at all that wait is slow.
            if (
                self._next_look is None
                and 2 * self._waiting_for_connection[place] <= self._most_waiting
            ):
                self._serve()

    def _serve(self) -> None:
        """Let through as many as may go now, and look again later for the rest."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._bucket.rate = _rate
        # First: to put all that wait in order is slow.
        if delay := self._bucket.delay(now):
            self._next_look = loop.call_later(min(delay, _LONGEST_NAP), self._look)
            return
        waiting = self._by_urgency(now)
        for go in waiting:
            _, place = self._waiting[go]
            if not self._has_place(place):
                continue
            if not self._has_taken(now):
                break
            del self._waiting[go]
            self._let_through[place] += 1
            go()
        if self._let_through:  # these wait for a connection by the next look
            self._next_look = loop.call_soon(self._look)

    def _by_urgency(self, now: float) -> list[Callable[[], object]]:
        """Return the most urgent ones first, without those whose place has enough that wait."""
        full = {place for place in self._waiting_for_connection if not self._has_place(place)}
        able = [go for go, (_, place) in self._waiting.items() if place not in full]
        most = int(min(self._most_waiting, len(able)))
        return heapq.nlargest(most, able, key=lambda go: self._waiting[go][0](now))

    def _has_place(self, place: str) -> bool:
        return self._let_through[place] + self._waiting_for_connection[place] < self._most_waiting

    def _look(self) -> None:
        self._next_look = None
        self._let_through.clear()
        self._serve()

    def _has_taken(self, now: float) -> bool:
        """Take a request out of the bucket, if there is one."""
        if self._bucket.delay(now) > 0:
            return False
        self._bucket.take(now)
        return True


class Budgets:
    """The budget of each host, found by any URL there; on one event loop.

    Parameters
    ----------
    most_waiting
        As for `Budget`.
    """

    def __init__(self, most_waiting: float = math.inf) -> None:
        self._most_waiting = most_waiting
        self._of: dict[str, Budget] = {}

    async def admit(self, url: str, urgency: Urgency | None = None) -> None:
        """Return when the budget of the host of `url` allows a request.

        `urgency` decides who goes first; None is that of a job with a delay of one second.
        """
        if urgency is None:
            urgency = lateness(asyncio.get_running_loop().time(), 1.0)
        await self._budget(url).admit(urgency, root(url))

    def ask(self, url: str, urgency: Urgency, go: Callable[[], object]) -> None:
        """Call `go` when `admit` would return: it costs less to wait without a task."""
        self._budget(url).ask(urgency, go, root(url))

    def withdraw(self, url: str, go: Callable[[], object]) -> None:
        """Call `go` no more."""
        self._budget(url).withdraw(go)

    def waiting_for_connection(self, url: str) -> AbstractContextManager[None]:
        """Count a request that was let through as one that waits for a connection."""
        return self._budget(url).waiting_for_connection(root(url))

    def _budget(self, url: str) -> Budget:
        host = _host(root(url))
        if host not in self._of:
            self._of[host] = Budget(self._most_waiting)
        return self._of[host]


@lru_cache(256)
def _host(place: str) -> str:
    return urlsplit(place).hostname or ""


def _set(turn: asyncio.Future[None]) -> None:
    if not turn.done():  # its request was cancelled in this very moment
        turn.set_result(None)
