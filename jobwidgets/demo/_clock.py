"""The clock of the demo server: wall time that can be sped up."""

from __future__ import annotations

import math
import threading
import time


class Clock:
    """A wall clock that can be sped up and never jumps by itself; safe to share by threads.

    Parameters
    ----------
    speed
        Seconds of this clock in one real second. 0 makes it stand still.

    Raises
    ------
    ValueError
        `speed` is negative or not finite.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._lock = threading.Lock()
        self._speed = _not_negative("speed", speed)
        # The clock showed `_shown` when the monotonic one showed `_read`.
        self._shown, self._read = time.time(), time.monotonic()

    def __repr__(self) -> str:
        # Tracebacks may show an object whose __init__ has raised.
        speed = repr(self._speed) if hasattr(self, "_speed") else "…"
        return f"{type(self).__name__}(speed={speed})"

    def now(self) -> float:
        """Return the time, in seconds since 1970-01-01 UTC."""
        with self._lock:
            return self._now()

    @property
    def speed(self) -> float:
        """Seconds of this clock in one real second; setting it makes no jump in time."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        speed = _not_negative("speed", speed)
        with self._lock:
            self._set(self._now())
            self._speed = speed

    def advance(self, seconds: float) -> None:
        """Jump forward.

        Parameters
        ----------
        seconds
            Seconds of this clock.

        Raises
        ------
        ValueError
            `seconds` is negative or not finite.
        """
        seconds = _not_negative("seconds", seconds)
        with self._lock:
            self._set(self._now() + seconds)

    def _now(self) -> float:
        return self._shown + self._speed * (time.monotonic() - self._read)

    def _set(self, now: float) -> None:
        self._shown, self._read = now, time.monotonic()


def _not_negative(name: str, value: float) -> float:
    if not 0 <= value < math.inf:
        raise ValueError(f"{name}: expected a finite number of at least 0, found {value!r}")
    return float(value)
