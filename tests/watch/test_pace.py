import itertools
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from jobwidgets import Pace

EVEN = Pace(jitter=0.0)


@pytest.mark.parametrize(
    ("age", "watched", "delay"),
    [
        # A tenth of the job's age, at least 0.5 s and at most 30 s.
        *((age, age, 0.5) for age in (-5, 0, 1, 5)),
        (6, 6, 0.6),
        (208, 208, 20.8),
        *((age, age, 30.0) for age in (300, 301, 86_400)),
        # A job that was old when its watch began counts as at most four times as old as that.
        *((3600, watched, 0.5) for watched in (0, 1)),
        *((3600, watched, delay) for watched, delay in [(2, 0.8), (10, 4), (75, 30), (3600, 30)]),
    ],
)
def test_delay_in_proportion_to_the_age(age: float, watched: float, delay: float) -> None:
    """Young jobs are asked for often, old ones seldom."""
    assert Pace().delay(age=age, watched=watched) == pytest.approx(delay)


@pytest.mark.parametrize(
    ("age", "since_step", "delay"),
    [
        (100, 0, 2.0),  # a step took 20 s: a tenth of the whole rest
        (100, 10, 1.0),
        (100, 15, 0.75),  # overdue soon: a twentieth of the time since the step
        (100, 20, 1.0),
        (100, 100, 5.0),
        (100, 100_000, 10.0),  # never longer than without steps
        (3, 0, 0.5),
    ],
)
def test_last_step(age: float, since_step: float, delay: float) -> None:
    """On the last step the delay is a tenth of the estimated rest."""
    steps = {"steps_done": 4, "steps_total": 5, "since_step": since_step}
    assert Pace().delay(age=age, watched=age, **steps) == pytest.approx(delay)


@pytest.mark.parametrize(
    ("done", "total", "delay"),
    [
        *((*steps, 10) for steps in [(None, None), (3, 5), (5, 5), (6, 5), (4, None), (None, 5)]),
        *((*steps, 10) for steps in [(-1, 0), (0, -1)]),
        (0, 1, 5),  # a job of one step is on its last from the start
    ],
)
def test_any_other_step(done: int | None, total: int | None, delay: float) -> None:
    """Before the last step, after it, and without counters the age alone decides."""
    steps = {"steps_done": done, "steps_total": total, "since_step": 100}
    assert Pace().delay(age=100, watched=100, **steps) == pytest.approx(delay)


def test_every_delay_is_bounded() -> None:
    """Whatever a server tells, a delay is between the shortest and the longest."""
    pace, numbers = Pace(), [-1e9, -1.0, 0.0, 0.1, 7.0, 1e3, 1e18]
    steps = [(None, None), (0, 0), (4, 5), (2**62, 2**62 + 1), (-2, -1)]
    for age, watched, since, (done, total) in itertools.product(numbers, numbers, numbers, steps):
        counters = {"steps_done": done, "steps_total": total, "since_step": since}
        assert pace.shortest <= pace.delay(age=age, watched=watched, **counters) <= pace.longest


@pytest.mark.parametrize(
    ("failures", "delay"), [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (10**9, 60)]
)
def test_retries_double(failures: int, delay: float) -> None:
    """After failures the delays are 1, 2, 4 … 60 s, and vary by a quarter."""
    assert EVEN.retry(failures) == delay
    delays = [Pace().retry(failures) for _ in range(200)]
    assert delay * 0.75 <= min(delays) < max(delays) <= delay * 1.25
    assert len(set(delays)) > 100


@pytest.mark.parametrize(("retry_after", "delay"), [(0, 0.5), (0.2, 0.5), (7, 7), (3600, 3600)])
def test_retry_after_wins(retry_after: float, delay: float) -> None:
    """What the server asks for is kept to exactly, but for the floor under all delays."""
    assert Pace().retry(1, retry_after) == Pace().retry(9, retry_after) == delay


def test_every_number_can_be_given() -> None:
    """Tests need no waiting: each number of the pace is a keyword."""
    quick = Pace(shortest=0.0, first_retry=0.0, longest_retry=0.0, longest=0.0)
    assert quick.delay(age=100, watched=100) == quick.retry(5) == 0.0
    assert Pace(share=np.float32(0.5), longest=np.int64(50)).delay(age=1000, watched=1000) == 50.0
    assert Pace(share=0.2).delay(age=100, watched=100) == 20.0
    assert Pace(catch_up=1.0).delay(age=1000, watched=100) == 10.0
    steps = {"steps_done": 4, "steps_total": 5, "since_step": 7}
    assert Pace(overdue=1.0).delay(age=100, watched=100, **steps) == 7.0


def test_pace_is_frozen_and_named() -> None:
    """A pace is shared by jobs: it cannot change, and its numbers cannot be mixed up."""
    with pytest.raises(FrozenInstanceError):
        Pace().share = 1.0  # type: ignore[misc]
    with pytest.raises(TypeError):
        Pace(0.1)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        ({"shortest": -1}, ValueError, "shortest is from 0 to 31536000, found -1"),
        ({"longest": float("nan")}, ValueError, "longest is from 0 to 31536000, found nan"),
        ({"first_retry": float("inf")}, ValueError, "first_retry is from 0"),
        ({"trail": 1e12}, ValueError, "trail is from 0"),
        ({"gone": "2"}, TypeError, "gone is a number, found a str"),
        ({"trail": 10**400}, ValueError, "trail is from 0 to 31536000, found inf"),
        ({"jitter": True}, TypeError, "jitter is a number, found a bool"),
    ],
)
def test_numbers_of_no_use(number: Any, kind: type[Exception], text: str) -> None:
    """A number with which a watch would come to nothing is refused when it is given."""
    with pytest.raises(kind, match=f"^Pace: {text}"):
        Pace(**number)
