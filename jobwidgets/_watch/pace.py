"""When to ask next: pure functions of a job's age, its steps and what went wrong."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields

from jobwidgets._model.number import as_float

LONGEST = 365 * 24 * 3600.0
"""Seconds of any pause: more is a slip, and the calendar ends somewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a job is asked for; every time in seconds.

    A delay in proportion to the job's age tells its end early in proportion to how long it took,
    with few requests for long jobs; on the last step the end is near, so the delay follows the
    estimated rest.

    Parameters
    ----------
    share
        The delay as a part of the job's age, and on the last step of the estimated rest.
    overdue
        On the last step, the delay is at least this part of the time since the step began.
    catch_up
        A job that was old when its watch began counts as at most this many times as old as the
        watch, so that its end is not missed by a first long delay.
    shortest, longest
        Bounds of the delay between two polls.
    first_retry, longest_retry
        The delay after the first failed poll, doubled at each further one up to the longest.
    jitter
        A delay after a failure varies by this part of itself, so that many jobs do not come back
        at once.
    gone
        A job that was seen, and that the server then does not know for so long, is gone: a web
        adaptor that restarts sends 404 for 20 to 90 s.
    appear
        A job that the server does not know at first is asked for again for so long: its id may be
        a moment old, or another machine of the site may have answered.
    trail
        A job whose last document does not look complete is asked for once more after this time.

    Raises
    ------
    TypeError, ValueError
        If one is no number, or none from 0 to the seconds of a year.
    """

    share: float = 0.1
    overdue: float = 0.05
    catch_up: float = 4.0
    shortest: float = 0.5
    longest: float = 30.0
    first_retry: float = 1.0
    longest_retry: float = 60.0
    jitter: float = 0.25
    gone: float = 60.0
    appear: float = 10.0
    trail: float = 1.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name in (field.name for field in fields(self)):
            given = getattr(self, name)
            number = as_float(given)
            if number is None:
                raise TypeError(f"Pace: {name} is a number, found a {type(given).__name__}")
            if not 0 <= number <= LONGEST:
                raise ValueError(f"Pace: {name} is from 0 to {LONGEST:.0f}, found {number:g}")
            object.__setattr__(self, name, number)

    def delay(
        self,
        *,
        age: float,
        watched: float,
        steps_done: int | None = None,
        steps_total: int | None = None,
        since_step: float = 0.0,
    ) -> float:
        """Return the seconds from an answered poll to the next one.

        Parameters
        ----------
        age
            Seconds since the job started.
        watched
            Seconds since the watch began.
        steps_done, steps_total
            The job's counters, None where unknown.
        since_step
            Seconds since `steps_done` last changed.
        """
        base = self._clip(self.share * min(age, self.catch_up * watched), self.longest)
        if steps_done is None or not steps_total or steps_done != steps_total - 1:
            return base
        left = age / steps_total - since_step
        return self._clip(max(self.share * left, self.overdue * since_step), base)

    def retry(self, failures: int, retry_after: float | None = None) -> float:
        """Return the seconds from the latest of `failures` in a row to the next try.

        What the server asks for (`retry_after`, seconds) wins; it is never undercut.
        """
        if retry_after is not None:
            return max(retry_after, self.shortest)
        doublings = min(max(failures - 1, 0), 32)
        delay = min(self.first_retry * 2.0**doublings, self.longest_retry)
        return delay * random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311 - no secret

    def _clip(self, delay: float, longest: float) -> float:
        return min(max(delay, self.shortest), longest)
