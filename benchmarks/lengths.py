"""Made-up jobs: how long they run, and when their steps end."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

STEPS = 5
SHORTEST, LONGEST = 2.0, 6 * 3600.0
"""Seconds; no job is shorter or longer."""

Length = Callable[[random.Random], float]
"""Draws how long one job runs, in seconds."""


@dataclass(frozen=True, slots=True)
class Life:
    """One job: its length in seconds, and the ages at which its first steps end."""

    length: float
    step_ends: tuple[float, ...]

    def steps_done(self, age: float) -> int:
        """Return how many steps are completed at an age."""
        return bisect_right(self.step_ends, age)


def life(length: Length, rng: random.Random) -> Life:
    """Draw one job, whose steps take random shares of it."""
    total = length(rng)
    ends = list(accumulate(rng.random() for _ in range(STEPS)))
    return Life(total, tuple(total * end / ends[-1] for end in ends[:-1]))


def _lognormal(median: float, sigma: float) -> Length:
    def draw(rng: random.Random) -> float:
        return min(max(rng.lognormvariate(math.log(median), sigma), SHORTEST), LONGEST)

    return draw


def _mixture(rng: random.Random) -> float:
    """Return a short interactive job, a middle one or a long one."""
    return DISTRIBUTIONS[rng.choice(("median 30 s", "median 1200 s", "2-600 s"))](rng)


DISTRIBUTIONS: dict[str, Length] = {
    "median 30 s": _lognormal(30, 0.8),
    "median 208 s": _lognormal(208, 2.0),
    "median 1200 s": _lognormal(1200, 1.5),
    "2-600 s": lambda rng: rng.uniform(SHORTEST, 600),
    "mixture": _mixture,
}
"""Lognormals from 2 s to 6 h, a uniform one, and a mixture of three of these.

The sigmas are those with which the fixed policies cost what performance.md says.
"""
