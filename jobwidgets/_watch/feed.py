"""Calls the listeners of one watch when something is new, and wakes those that wait for its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

_log = logging.getLogger("jobwidgets")

Listener = Callable[[int | None], object]
"""Called with the index of the first message that is new or changed; None when nothing is."""


class Throttle:
    """Calls a listener at most once an interval; calls in between are merged into the next one.

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
        """Call the listener, now or when the interval is over."""
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
        """Call the listener at once if a call is pending."""
        while self._timer is not None:  # the listener may cause one more call
            self._timer.cancel()
            self._fire()

    def cancel(self) -> None:
        """Drop a pending call."""
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
    every listener was called for the last time.
    """

    __slots__ = ("_is_settled", "_throttles", "_waiting")

    def __init__(self) -> None:
        self._throttles: tuple[Throttle, ...] = ()
        self._waiting: tuple[Callable[[], None], ...] = ()
        self._is_settled = False

    def subscribe(self, throttle: Throttle) -> None:
        """Call `throttle` after each exchange."""
        self._throttles += (throttle,)

    def unsubscribe(self, throttle: Throttle) -> None:
        """Call `throttle` no more; nothing happens if it is unknown."""
        if throttle in self._throttles:
            self._throttles = tuple(kept for kept in self._throttles if kept is not throttle)
            throttle.cancel()

    def publish(self, first_message: int | None) -> None:
        """Call every listener; see `Listener` for `first_message`."""
        for throttle in self._throttles:
            throttle(first_message)

    def settle(self) -> None:
        """Make all pending calls, then wake whoever waits."""
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
