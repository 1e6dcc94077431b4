"""When other clients ask next, to compare with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count, repeat

from benchmarks.lengths import STEPS, Life
from jobwidgets._watch.pace import Pace

Policy = Callable[[Life], Iterator[float]]
"""The ages of one job at which it is asked for, the last one at or after its end."""


def ours(pace: Pace | None = None) -> Policy:
    """Return the policy of a `Pace`, watched from the job's start as `Watch` does."""
    used = pace or Pace()

    def ages(life: Life) -> Iterator[float]:
        asked = Asked(used, life)
        while True:
            yield asked.age
            asked.advance(asked.delay())

    return ages


class Asked:
    """What a watch knows of one job that it polls from its start."""

    __slots__ = ("_done", "_pace", "_step_at", "age", "life")

    def __init__(self, pace: Pace, life: Life) -> None:
        self.age, self.life = 0.0, life
        self._pace, self._done, self._step_at = pace, 0, 0.0

    def delay(self) -> float:
        """Return the seconds to the next poll, as `Watch.delay` would."""
        return self._pace.delay(
            age=self.age,
            watched=self.age,
            steps_done=self._done,
            steps_total=STEPS,
            since_step=self.age - self._step_at,
        )

    def advance(self, seconds: float) -> None:
        """Poll once more after some seconds."""
        self.age += seconds
        done = self.life.steps_done(self.age)
        if done != self._done:
            self._done, self._step_at = done, self.age


def _fixed(delays: Callable[[], Iterator[float]]) -> Policy:
    def ages(_: Life) -> Iterator[float]:
        age = 0.0
        for delay in delays():
            yield age
            age += delay

    return ages


def _growing(first: float, factor: float, longest: float) -> Iterator[float]:
    delay = first
    while True:
        yield min(delay, longest)
        delay = min(delay * factor, longest)


POLICIES: dict[str, Policy] = {
    "jobwidgets": ours(),
    "arcgis 1,2..10 s": _fixed(lambda: (min(n, 10.0) for n in count(1.0))),
    "openEO 5x1.25..60 s": _fixed(lambda: _growing(5.0, 1.25, 60.0)),
    "fixed 2 s": _fixed(lambda: repeat(2.0)),
}
"""Ours first; the others ask at the same ages whatever the job says."""
