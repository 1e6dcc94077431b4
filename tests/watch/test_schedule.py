import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobwidgets._watch.schedule import Schedule

Run = Callable[[Coroutine[Any, Any, Any]], Any]
NEAR = 1e-6  # seconds


class Bell:
    """A schedule, and what it said when."""

    def __init__(self) -> None:
        self.said: list[tuple[str, float]] = []
        self.schedule: Schedule[str] = Schedule(self._say)

    def _say(self, thing: str) -> None:
        self.said.append((thing, asyncio.get_running_loop().time()))


def test_each_in_its_time(skipping: Run) -> None:
    """Things are due when they were planned for, in whatever order they were planned."""

    async def main() -> list[tuple[str, float]]:
        bell = Bell()
        for thing, delay in {"c": 3.0, "a": 1.0, "b": 2.0, "now": 0.0}.items():
            bell.schedule.plan(thing, delay)
        assert list(bell.schedule) == ["now", "a", "b", "c"]
        await asyncio.sleep(10)
        assert list(bell.schedule) == []
        return bell.said

    said = skipping(main())
    assert [thing for thing, _ in said] == ["now", "a", "b", "c"]
    assert [when for _, when in said] == pytest.approx([0, 1, 2, 3], abs=NEAR)


def test_planned_anew(skipping: Run) -> None:
    """A thing that is planned again is due at the new time only."""

    async def main() -> list[tuple[str, float]]:
        bell = Bell()
        for delay in (1.0, 5.0, 3.0):
            bell.schedule.plan("a", delay)
        await asyncio.sleep(10)
        return bell.said

    assert [when for _, when in skipping(main())] == pytest.approx([3.0], abs=NEAR)


def test_forgotten(skipping: Run) -> None:
    """A thing that is forgotten is never due; to forget what was never planned does nothing."""

    async def main() -> list[tuple[str, float]]:
        bell = Bell()
        for thing in "abc":
            bell.schedule.plan(thing, 1.0)
        for thing in ("b", "b", "x"):
            bell.schedule.forget(thing)
        assert list(bell.schedule) == ["a", "c"]
        await asyncio.sleep(10)
        return bell.said

    assert [thing for thing, _ in skipping(main())] == ["a", "c"]


def test_planned_when_another_is_due(skipping: Run) -> None:
    """What is due may plan itself and others again, for the same moment too."""

    async def main() -> list[tuple[str, float]]:
        bell = Bell()

        def due(thing: str) -> None:
            bell.said.append((thing, asyncio.get_running_loop().time()))
            if thing == "a":
                schedule.plan("a", 1.0)
                schedule.plan("b", 0.0)
                schedule.forget("c")

        schedule: Schedule[str] = Schedule(due)
        schedule.plan("a", 1.0)
        schedule.plan("c", 1.0)
        await asyncio.sleep(2.5)
        return bell.said

    said = skipping(main())
    assert [thing for thing, _ in said] == ["a", "b", "a", "b"]
    assert [when for _, when in said] == pytest.approx([1, 1, 2, 2], abs=NEAR)


def test_one_timer(skipping: Run) -> None:
    """However much is planned, the loop has one timer for it, and none when nothing is."""

    async def main() -> None:
        bell, loop = Bell(), asyncio.get_running_loop()

        def timers() -> int:
            return sum(not timer.cancelled() for timer in loop._scheduled)  # type: ignore[attr-defined]

        before = timers()
        for number in range(100):
            bell.schedule.plan(str(number), 50.0 - number % 7)
            assert timers() == before + 1
        for number in range(100):
            bell.schedule.forget(str(number))
        assert timers() == before

    skipping(main())


PLANS = st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | st.sampled_from([0.0, 1.0, 2.5])))


@given(PLANS)
def test_same_as_a_timer_each(plans: list[tuple[str, float | None]]) -> None:
    """Whatever is planned and forgotten, what is left is what a timer for each would leave."""

    async def main() -> None:
        bell, left = Bell(), dict[str, float]()
        for thing, delay in plans:
            if delay is None:
                bell.schedule.forget(thing)
                left.pop(thing, None)
            else:
                bell.schedule.plan(thing, delay)
                left[thing] = delay
        assert sorted(bell.schedule) == sorted(left)
        delays = [left[thing] for thing in bell.schedule]
        assert delays == sorted(delays)
        for thing in left:
            bell.schedule.forget(thing)

    asyncio.run(main())
