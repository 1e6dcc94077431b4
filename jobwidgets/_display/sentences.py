"""Sentences with clocks that run on in the browser.

They are sent as ages, never as moments: the reader's clock may be minutes off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Literal

from jobwidgets._display.times import ago, clock, duration, span
from jobwidgets._model.history import JobHistory

Form = Literal["ago", "clock", "duration", "span"]
_FORMS: dict[Form, Callable[[float], str]] = {
    "ago": ago,
    "clock": clock,
    "duration": duration,
    "span": span,
}


@dataclass(frozen=True, slots=True)
class Clock:
    """A time that may go on.

    Parameters
    ----------
    form
        How it is read: ``"clock"`` (1:15), ``"duration"`` (66.311 s), ``"span"`` (12 min) or
        ``"ago"`` (12 min ago).
    seconds
        What it shows when it is sent.
    direction
        1 counts up, -1 down to 0, 0 stands.
    anchor
        The moment from or to which it counts (UTC), None if unknown; the seconds of
        one that stands. Two clocks are equal when their anchors are, whatever they show by now.
    """

    form: Form
    seconds: float = field(compare=False)
    direction: Literal[1, -1, 0] = 1
    anchor: datetime | float | None = None

    def __str__(self) -> str:
        return _FORMS[self.form](ceil(self.seconds) if self.direction < 0 else self.seconds)


Part = str | Clock


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, and what is said in its place after a while.

    Parameters
    ----------
    parts
        Texts and clocks, joined without a gap; none of them: nothing is to be said.
    then
        What is said from `until` on; None where `parts` holds for good.
    until
        Seconds for which `parts` holds from the moment at which it is sent.
    """

    parts: tuple[Part, ...] = ()
    then: tuple[Part, ...] | None = None
    until: float | None = field(default=None, compare=False)

    def __str__(self) -> str:
        is_over = self.then is not None and self.until is not None and self.until <= 0
        return "".join(str(part) for part in (self.then if is_over and self.then else self.parts))


def last_clock(history: JobHistory) -> Clock | None:
    """Return how long a job had run at its last document, as a clock that stands."""
    if history.elapsed is None:
        return None
    seconds = history.elapsed / timedelta(seconds=1)
    # Without an anchor, for it is no news by itself: it counts once the job is out of contact.
    return Clock("duration" if history.has_ended else "clock", seconds, 0)


def elapsed_clock(history: JobHistory, elapsed: timedelta | None) -> Clock | None:
    """Return how long an ended job took, or how long one has run by now; None when unknown."""
    elapsed = history.elapsed if history.has_ended else elapsed
    if elapsed is None:
        return None
    seconds = elapsed / timedelta(seconds=1)
    return Clock("duration", seconds, 0, seconds) if history.has_ended else Clock("clock", seconds)


def started_clock(
    history: JobHistory, elapsed: timedelta | None, now: datetime | None = None
) -> Clock | None:
    """Return how long ago a job has started, at `now` (None: the current time); None if unknown."""
    started = history.latest.started if history.latest is not None else None
    if started is None:
        return None
    # While it runs this is by the server's clock, from which the one here may differ.
    age = None if history.has_ended else elapsed
    age = (now or datetime.now(UTC)) - started if age is None else age
    return Clock("ago", max(age / timedelta(seconds=1), 0.0), 1, started)
