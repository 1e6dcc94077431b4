"""What is a number, of all that users and their functions give."""

from __future__ import annotations

import math
from numbers import Real


def as_float(given: object) -> float | None:
    """Return a number of whatever kind, numpy's included, as a float; None where it is none.

    A number that is too large for a float is infinite; True is none.
    """
    if isinstance(given, bool) or not isinstance(given, Real):
        return None
    try:
        return float(given)
    except OverflowError:
        return -math.inf if given < 0 else math.inf
