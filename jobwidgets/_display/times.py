"""Times and numbers as they are read: pure functions.

`ago`, `clock`, `duration`, `span` and `counted` are in _views/words.js too, for what goes on in the
browser; one table of cases holds both to the same (tests/browser/test_words.py).
"""

from __future__ import annotations

from datetime import UTC, datetime

EXACT = 100.0
"""Seconds below which a duration is shown to the millisecond, a message's time to a tenth."""


def counted(number: int, noun: str = "") -> str:
    """Return a number with its thousands apart, and what there are so many of: "1,000 jobs"."""
    words = f"{number:,}"
    return f"{words} {noun}{'' if number == 1 else 's'}" if noun else words


def clock(seconds: float) -> str:
    """Return a time as a clock shows it: "1:15", "1:01:15"."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span(seconds: float) -> str:
    """Return a time in words: "42 s", "12 min", "3 h 05 min", "2 d 4 h"."""
    whole = max(int(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    if hours >= 48:
        return f"{hours // 24} d {hours % 24} h"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def ago(seconds: float) -> str:
    """Return about how long ago something was: "12 min ago", "3 h ago", "2 d ago"."""
    whole = max(int(seconds), 0)
    if whole < 3600:
        return f"{span(whole)} ago"
    return f"{whole // 3600} h ago" if whole < 48 * 3600 else f"{whole // 86400} d ago"


def duration(seconds: float) -> str:
    """Return how long something took: "66.311 s", "1:41", "1:01:15"."""
    if round(seconds, 3) < EXACT:
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"
    return clock(round(seconds))


def since_start(seconds: float) -> str:
    """Return how long after a job's start something was: "+12.3 s", "+1:41"."""
    return f"+{seconds:.1f} s" if round(seconds, 1) < EXACT else f"+{clock(seconds)}"


def utc(time: datetime | None) -> str:
    """Return a date and a time of day in UTC; "" for None."""
    return "" if time is None else f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def time_of_day(time: datetime | None) -> str:
    """Return a time of day in UTC; "" for None."""
    return "" if time is None else f"{time.astimezone(UTC):%H:%M:%S} UTC"
