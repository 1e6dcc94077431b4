"""How many requests a second one host gets, and whose turn it is when that is too few."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field

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
        Above 0; 20 unless told otherwise.

    Raises
    ------
    ValueError
        If it is no number above 0.
    """
    global _rate
    if not 0 < requests_per_second < math.inf:
        raise ValueError(f"requests_per_second is a number above 0, found {requests_per_second!r}")
    _rate = float(requests_per_second)


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
    """The requests to one host, let through one by one; on one event loop."""

    def __init__(self) -> None:
        self._bucket = Bucket(_rate)
        self._waiting: dict[asyncio.Future[None], Urgency] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def admit(self, urgency: Urgency) -> None:
        """Return when a request may be made."""
        if not self._waiting and self._has_taken(asyncio.get_running_loop().time()):
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = urgency
        try:
            self._serve()
            await turn
        finally:
            self._waiting.pop(turn, None)

    def _serve(self) -> None:
        """Let through what the bucket holds, and come back for the rest."""
        loop = asyncio.get_running_loop()
        while self._waiting and self._has_taken(loop.time()):
            turn = self._next(loop.time())
            if not turn.done():  # its request was cancelled in this very moment
                turn.set_result(None)
        if self._waiting and self._timer is None:
            delay = min(self._bucket.delay(loop.time()), _LONGEST_NAP)
            self._timer = loop.call_later(delay, self._come_back)

    def _has_taken(self, now: float) -> bool:
        """Take a request out of the bucket, if there is one."""
        self._bucket.rate = _rate
        if self._bucket.delay(now) > 0:
            return False
        self._bucket.take(now)
        return True

    def _come_back(self) -> None:
        self._timer = None
        self._serve()

    def _next(self, now: float) -> asyncio.Future[None]:
        turn = max(self._waiting, key=lambda turn: self._waiting[turn](now))
        del self._waiting[turn]
        return turn
