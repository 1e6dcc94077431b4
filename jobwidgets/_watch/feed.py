"""Tells the listeners of one watch what is new, and the waiting ones that it came to rest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

_log = logging.getLogger("jobwidgets")

Listener = Callable[[int | None], object]
"""Called with the index of the first message that is new or changed; None when nothing is."""


class Throttle:
    """Calls a listener at most once an interval; what it was to be told meanwhile is joined.

    Parameters
    ----------
    listener
        Runs on the loop's thread. What it raises is logged once and stops nothing.
    interval
        Seconds between two calls; 0 calls at once.
    """

    def __init__(self, listener: Listener, interval: float = 0.0) -> None:
        self._listener = listener
        self._interval = interval
        self._next = 0.0
        self._first_message: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._has_failed = False

    def __call__(self, first_message: int | None) -> None:
        """Tell the listener, now or when the interval is over."""
        known = (self._first_message, first_message)
        self._first_message = min((n for n in known if n is not None), default=None)
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        if loop.time() >= self._next:
            self._fire()
        else:
            self._timer = loop.call_at(self._next, self._fire)

    def flush(self) -> None:
        """Tell the listener at once all that it was still to be told."""
        while self._timer is not None:  # the listener may cause one more call
            self._timer.cancel()
            self._fire()

    def cancel(self) -> None:
        """Forget what the listener was still to be told."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self) -> None:
        self._next = asyncio.get_running_loop().time() + self._interval
        self._timer, first_message, self._first_message = None, self._first_message, None
        try:
            self._listener(first_message)
        except Exception:  # noqa: BLE001 - a broken listener must not end a watch
            level = logging.DEBUG if self._has_failed else logging.ERROR
            _log.log(level, "a listener of a job failed", exc_info=True)
            self._has_failed = True


class Feed:
    """The listeners of one watch. All its methods run on the poller's loop.

    A watch is *settled* when nothing more will come by itself, the job's end or a stop, say, and
    every listener has been told all.
    """

    __slots__ = ("_is_settled", "_throttles", "_waiting")

    def __init__(self) -> None:
        self._throttles: tuple[Throttle, ...] = ()
        self._waiting: tuple[Callable[[], None], ...] = ()
        self._is_settled = False

    def subscribe(self, throttle: Throttle) -> None:
        """Tell `throttle` after each exchange."""
        self._throttles += (throttle,)

    def unsubscribe(self, throttle: Throttle) -> None:
        """Tell `throttle` nothing more; an unknown one is none to forget."""
        if throttle in self._throttles:
            self._throttles = tuple(kept for kept in self._throttles if kept is not throttle)
            throttle.cancel()

    def publish(self, first_message: int | None) -> None:
        """Tell every listener; see `Listener` for `first_message`."""
        for throttle in self._throttles:
            throttle(first_message)

    def settle(self) -> None:
        """Tell every listener the rest, then call whoever waits."""
        for throttle in self._throttles:
            throttle.flush()
        self._is_settled = True
        waiting, self._waiting = self._waiting, ()
        for callback in waiting:
            callback()

    def unsettle(self) -> None:
        """Let those that wait from now on wait for the next time."""
        self._is_settled = False

    def on_settled(self, callback: Callable[[], None]) -> None:
        """Call `callback` once, when the watch is settled or at once if it is."""
        if self._is_settled:
            callback()
        else:
            self._waiting += (callback,)

    def off_settled(self, callback: Callable[[], None]) -> None:
        """Call `callback` no more."""
        self._waiting = tuple(kept for kept in self._waiting if kept != callback)
