"""Many jobs on one host, whose requests share a budget; by a virtual clock."""

from __future__ import annotations

import heapq
import random

import numpy as np

from benchmarks.lengths import Length, life
from benchmarks.policies import Asked
from jobwidgets._http.budget import Bucket, lateness
from jobwidgets._watch.pace import Pace

_CHECK = 997  # each so many-th turn is compared with `lateness` itself
_ENOUGH = 0.99  # of the counted jobs: the last of the 6 h ones would take the most time


class SharedBudget:
    """Slots in which job follows job, each polled by the `Pace` when the `Bucket` allows it.

    Counted are the jobs that begin after a warm-up: 4,000, or two for each of many slots.

    Parameters
    ----------
    length
        Draws the jobs.
    slots
        How many jobs run at once.
    rate
        Requests a second.
    """

    def __init__(
        self, length: Length, slots: int, rate: float, rng: random.Random, pace: Pace | None = None
    ) -> None:
        self.requests: list[int] = []
        self.delays: list[float] = []
        self.lengths: list[float] = []
        self.longest_stretch = 0.0
        self.most_a_second = 0
        self._length, self._rng, self._pace = length, rng, pace or Pace()
        self._bucket = Bucket(rate)
        self._asked: list[Asked] = []
        self._born = np.zeros(slots)
        self._asked_at = np.zeros(slots)
        self._delay = np.ones(slots)
        self._waits = np.zeros(slots, dtype=bool)
        self._number = np.zeros(slots, dtype=int)
        self._is_counted = np.zeros(slots, dtype=bool)
        self._due: list[tuple[float, int]] = []
        self._stretches, self._turns, self._begun = 0.0, 0, 0
        self._wanted = 2 * slots if slots > 500 else 4000
        self._sent: list[float] = []

    @property
    def mean_stretch(self) -> float:
        """How many of its own delays a job waits on average from poll to poll."""
        return self._stretches / max(self._turns, 1)

    def run(self) -> None:
        """Let job follow job until enough of the counted ones have been seen to end."""
        slots = len(self._born)
        typical = sorted(self._length(self._rng) for _ in range(999))[499]
        self._warm = typical * 2
        for slot in range(slots):
            self._asked.append(Asked(self._pace, life(self._length, self._rng)))
            self._begin(slot, self._rng.uniform(0, typical))
        now = 0.0
        while len(self.delays) < _ENOUGH * self._wanted:
            now = self._next(now)
            self._ask(self._pick(now), now)
        self.most_a_second = _most_within(self._sent, 1.0)

    def _begin(self, slot: int, now: float) -> None:
        self._asked[slot] = Asked(self._pace, life(self._length, self._rng))
        self._born[slot] = now
        self._number[slot] = 0
        self._is_counted[slot] = is_counted = now > self._warm and self._begun < self._wanted
        self._begun += is_counted
        self._plan(slot, now, 0.0)

    def _plan(self, slot: int, now: float, delay: float) -> None:
        # A first poll has no delay of its own: the source counts it as one of a second.
        self._asked_at[slot], self._delay[slot] = now, delay or 1.0
        heapq.heappush(self._due, (now + delay, slot))

    def _next(self, now: float) -> float:
        """Return when the next request goes: somebody waits, and the bucket has room."""
        if not self._waits.any():
            now = max(now, self._due[0][0])
        now += self._bucket.delay(now)
        while self._due and self._due[0][0] <= now:
            self._waits[heapq.heappop(self._due)[1]] = True
        self._bucket.take(now)
        self._sent.append(now)
        return now

    def _pick(self, now: float) -> int:
        """Return the slot whose turn it is, by the rule of `lateness`."""
        urgency = np.where(self._waits, (now - self._asked_at) / self._delay, -1.0)
        slot = int(urgency.argmax())
        if len(self._sent) % _CHECK == 0:
            told = lateness(float(self._asked_at[slot]), float(self._delay[slot]))(now)
            assert told == urgency[slot], "lateness has changed: mend this simulation"
        self._waits[slot] = False
        return slot

    def _ask(self, slot: int, now: float) -> None:
        asked, age = self._asked[slot], now - self._born[slot]
        self._note(float((now - self._asked_at[slot]) / self._delay[slot]), now)
        asked.advance(age - asked.age)
        self._number[slot] += 1
        if age < asked.life.length:
            self._plan(slot, now, asked.delay())
            return
        if self._is_counted[slot]:
            self.requests.append(int(self._number[slot]))
            self.delays.append(float(age - asked.life.length))
            self.lengths.append(asked.life.length)
        self._begin(slot, now)

    def _note(self, stretch: float, now: float) -> None:
        if now > self._warm:
            self._stretches += stretch
            self._turns += 1
            self.longest_stretch = max(self.longest_stretch, stretch)


def _most_within(times: list[float], seconds: float) -> int:
    """Return the largest number of `times` (in order) within any stretch so long."""
    most, first = 0, 0
    for last, time in enumerate(times):
        while times[first] <= time - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
