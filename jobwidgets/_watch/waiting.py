"""Waiting until a watch is settled: in any thread, or on any event loop."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time

from jobwidgets._model.number import as_float
from jobwidgets._watch.feed import Feed
from jobwidgets._watch.poller import poller

_LONGEST_WAIT = 1.0  # seconds of one uninterruptible stretch, on systems that have such


def checked_timeout(timeout: object) -> float:
    """Return a timeout in seconds, without end for None; TypeError, ValueError if it is none."""
    if timeout is None:
        return float("inf")  # not math's, which may be empty while Python tears down its modules
    seconds = as_float(timeout)
    if seconds is None:
        raise TypeError(f"timeout is in seconds, found a {type(timeout).__name__}")
    if math.isnan(seconds):
        raise ValueError("timeout is a number of seconds, found nan")
    return seconds


def wait_until_settled(feed: Feed, seconds: float) -> bool:
    """Block until a watch is settled, at most so many seconds; return whether it is."""
    settled = threading.Event()
    poller().thread.call(feed.on_settled, settled.set)
    end = time.monotonic() + seconds
    try:
        while not settled.is_set() and (left := end - time.monotonic()) > 0:
            settled.wait(min(left, _LONGEST_WAIT))
    finally:
        poller().thread.call(feed.off_settled, settled.set)
    return settled.is_set()


async def until_settled(feed: Feed) -> None:
    """Return when a watch is settled, without blocking the running event loop."""
    loop, settled = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits
            loop.call_soon_threadsafe(settled.set)

    poller().thread.call(feed.on_settled, wake)
    try:
        await settled.wait()
    finally:
        poller().thread.call(feed.off_settled, wake)
