"""When each of many things is due, on one timer."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterator
from operator import itemgetter
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)
_when = itemgetter(0)


class Schedule(Generic[T]):
    """Says of each of many things when its time has come; on one event loop.

    One timer for all of them, not one for each: a kernel may watch thousands of jobs.

    Parameters
    ----------
    due
        Called with a thing whose time has come. It is planned no more.
    """

    def __init__(self, due: Callable[[T], object]) -> None:
        self._due = due
        self._when: dict[T, float] = {}
        self._order: list[tuple[float, T]] = []
        self._timer: asyncio.TimerHandle | None = None

    def __iter__(self) -> Iterator[T]:
        """Tell what is planned, the next thing first."""
        return iter([thing for _, thing in self._order])

    def plan(self, thing: T, delay: float) -> None:
        """Let `thing` be due in so many seconds, and not at another time."""
        self.forget(thing)
        when = asyncio.get_running_loop().time() + delay
        self._when[thing] = when
        insort(self._order, (when, thing), key=_when)
        self._set_timer()

    def forget(self, thing: T) -> None:
        """Plan `thing` no more."""
        when = self._when.pop(thing, None)
        if when is not None:
            index = bisect_left(self._order, when, key=_when)
            while self._order[index][1] != thing:  # others may be due at the same moment
                index += 1
            del self._order[index]
            self._set_timer()

    def _set_timer(self) -> None:
        when = self._order[0][0] if self._order else None
        if self._timer is not None:
            if self._timer.when() == when:
                return
            self._timer.cancel()
            self._timer = None
        if when is not None:
            self._timer = asyncio.get_running_loop().call_at(when, self._fire)

    def _fire(self) -> None:
        now, self._timer = asyncio.get_running_loop().time(), None
        while self._order and self._order[0][0] <= now:
            _, thing = self._order.pop(0)
            del self._when[thing]
            self._due(thing)
        self._set_timer()
