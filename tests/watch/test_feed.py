import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from jobwidgets._watch.feed import Feed, Throttle

Run = Callable[[Coroutine[Any, Any, Any]], Any]


class Listener:
    """Notes what it is told and when, and wants some more turns."""

    def __init__(self, turns: int = 0) -> None:
        self.told: list[tuple[float, int | None]] = []
        self.turns = turns

    def __call__(self, first_message: int | None) -> bool:
        """Note one call."""
        self.told.append((asyncio.get_running_loop().time(), first_message))
        self.turns -= 1
        return self.turns >= 0

    @property
    def messages(self) -> list[int | None]:
        """What was told, without the times."""
        return [first_message for _, first_message in self.told]


class Broken(Listener):
    """Raises after it has noted."""

    def __call__(self, first_message: int | None) -> bool:
        """Note one call, and raise."""
        super().__call__(first_message)
        raise LookupError("broken")


def run(step: Callable[[], object]) -> None:
    """Run `step` on a loop, and nothing after it."""

    async def main() -> None:
        step()

    asyncio.run(main())


def test_first_call_is_at_once(skipping: Run) -> None:
    """What comes first is told at once, whatever the interval."""
    listener = Listener()
    throttle = Throttle(listener, 5)

    async def main() -> None:
        throttle(3)

    skipping(main())
    assert listener.told == [(0, 3)]


def test_without_an_interval_every_call_is_at_once() -> None:
    """Without an interval nothing is joined."""
    listener = Listener()
    throttle = Throttle(listener)
    run(lambda: [throttle(number) for number in (1, None, 2)])
    assert listener.messages == [1, None, 2]


def test_calls_within_an_interval_are_joined(skipping: Run) -> None:
    """What comes too early is told once, later, from the first message of all."""
    listener = Listener()
    throttle = Throttle(listener, 5)

    async def main() -> None:
        throttle(0)
        for number in (7, None, 4, 9):
            throttle(number)
            await asyncio.sleep(1)
        await asyncio.sleep(10)
        throttle(11)

    skipping(main())
    assert listener.told == [(0, 0), (5, 4), (14, 11)]


def test_nothing_new_is_told_too(skipping: Run) -> None:
    """A change without a message, such as one of contact, is told as None."""
    listener = Listener()
    throttle = Throttle(listener, 5)

    async def main() -> None:
        throttle(None)
        throttle(None)
        await asyncio.sleep(100)

    skipping(main())
    assert listener.told == [(0, None), (5, None)]


def test_interval_counts_from_each_call(skipping: Run) -> None:
    """A busy watch is told at most once an interval."""
    listener = Listener()
    throttle = Throttle(listener, 4.5)

    async def main() -> None:
        for number in range(9):
            throttle(number)
            await asyncio.sleep(1)
        await asyncio.sleep(100)

    skipping(main())
    assert listener.told == [(0, 0), (4.5, 1), (9, 5)]


def test_listener_that_wants_other_turns(skipping: Run) -> None:
    """A listener that returns True is called again, an interval later each time."""
    listener = Listener(turns=3)
    throttle = Throttle(listener, 5)

    async def main() -> None:
        throttle(2)
        await asyncio.sleep(100)

    skipping(main())
    assert listener.told == [(0, 2), (5, None), (10, None), (15, None)]


def test_many_turns_without_an_interval(skipping: Run) -> None:
    """Turns without an interval follow each other, and let the loop do other things."""
    listener = Listener(turns=5000)
    throttle = Throttle(listener)

    async def main() -> int:
        throttle(2)
        others = 0
        while listener.turns >= 0:
            await asyncio.sleep(0)
            others += 1
        return others

    assert skipping(main()) >= 5000
    assert len(listener.told) == 5001


def test_flush_tells_the_rest_at_once(skipping: Run) -> None:
    """A flush tells what waits, all turns of it included, and leaves nothing for later."""
    listener = Listener()
    throttle = Throttle(listener, 5)

    async def main() -> None:
        throttle(0)
        throttle(6)
        throttle(5)
        listener.turns = 2
        throttle.flush()
        await asyncio.sleep(100)

    skipping(main())
    assert listener.told == [(0, 0), (0, 5), (0, None), (0, None)]


def test_flush_with_nothing_to_tell() -> None:
    """A flush tells nothing that was told."""
    listener = Listener()
    throttle = Throttle(listener, 5)
    run(lambda: (throttle.flush(), throttle(0), throttle.flush()))
    assert listener.messages == [0]


def test_cancel_forgets_the_rest(skipping: Run) -> None:
    """After a cancel nothing is told by itself."""
    listener = Listener()
    throttle = Throttle(listener, 5)

    async def main() -> None:
        throttle(0)
        throttle(6)
        throttle.cancel()
        throttle.flush()
        await asyncio.sleep(100)

    skipping(main())
    assert listener.told == [(0, 0)]


def test_raising_listener_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """A listener that raises is logged once as an error, and told on."""
    caplog.set_level(logging.DEBUG, "jobwidgets")
    listener = Broken()
    throttle = Throttle(listener)
    run(lambda: [throttle(number) for number in (1, 2, 3)])
    assert listener.messages == [1, 2, 3]
    levels = [record.levelno for record in caplog.records if record.name == "jobwidgets"]
    assert levels == [logging.ERROR, logging.DEBUG, logging.DEBUG]
    assert all(record.exc_info for record in caplog.records if record.name == "jobwidgets")


def test_raising_listener_disturbs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """A listener that raises keeps nothing from the others, nor from those that wait."""
    feed, listener, settled = Feed(), Listener(), Listener()
    feed.subscribe(Throttle(Broken()))
    feed.subscribe(Throttle(listener))
    feed.on_settled(lambda: settled(0) and None)
    run(lambda: (feed.publish(1), feed.settle()))
    assert (listener.messages, settled.messages) == ([1], [0])
    assert len(caplog.records) == 1


def test_every_listener_is_told() -> None:
    """A feed tells each of its listeners, until it is taken out."""
    feed, listeners = Feed(), [Listener(), Listener()]
    throttles = [Throttle(listener) for listener in listeners]
    for throttle in throttles:
        feed.subscribe(throttle)

    def steps() -> None:
        feed.publish(1)
        feed.unsubscribe(throttles[0])
        feed.unsubscribe(throttles[0])  # an unknown one is none to forget
        feed.publish(2)

    run(steps)
    assert [listener.messages for listener in listeners] == [[1], [1, 2]]


def test_unsubscribed_listener_is_told_nothing_more(skipping: Run) -> None:
    """What a listener was still to be told is dropped when it is taken out."""
    feed, listener = Feed(), Listener()
    throttle = Throttle(listener, 5)
    feed.subscribe(throttle)

    async def main() -> None:
        feed.publish(1)
        feed.publish(2)
        feed.unsubscribe(throttle)
        await asyncio.sleep(100)
        feed.settle()

    skipping(main())
    assert listener.told == [(0, 1)]


def test_listener_may_leave_while_it_is_told() -> None:
    """A listener that takes itself out keeps nothing from the next one."""
    feed, listener = Feed(), Listener()
    leaver = Throttle(lambda _: feed.unsubscribe(leaver))
    feed.subscribe(leaver)
    feed.subscribe(Throttle(listener))
    run(lambda: (feed.publish(1), feed.publish(2)))
    assert listener.messages == [1, 2]


def test_settling_tells_the_rest_first(skipping: Run) -> None:
    """Whoever waits for a watch to settle is called when every listener knows all."""
    feed, listener, order = Feed(), Listener(turns=1), []
    feed.subscribe(Throttle(listener, 5))
    feed.on_settled(lambda: order.append(list(listener.messages)))

    async def main() -> None:
        feed.publish(0)
        feed.publish(3)
        feed.settle()

    skipping(main())
    assert order == [[0, 3]]
    assert listener.told == [(0, 0), (0, 3)]


def test_waiting_ones_are_called_once() -> None:
    """A watch that settles twice calls whoever waits once."""
    feed, calls = Feed(), []
    feed.on_settled(lambda: calls.append(1))
    feed.settle()
    feed.settle()
    assert calls == [1]


def test_waiting_for_what_has_settled() -> None:
    """A watch that has settled calls at once."""
    feed, calls = Feed(), []
    feed.settle()
    feed.on_settled(lambda: calls.append(1))
    assert calls == [1]


def test_waiting_for_the_next_time() -> None:
    """A watch that was taken up again calls when it settles anew."""
    feed, calls = Feed(), []
    feed.settle()
    feed.unsettle()
    feed.on_settled(lambda: calls.append(1))
    assert calls == []
    feed.settle()
    assert calls == [1]


def test_waiting_no_more() -> None:
    """Whoever stops waiting is not called, and one who did not wait is none to forget."""
    feed, calls = Feed(), []
    callback = calls.clear
    feed.off_settled(callback)
    feed.on_settled(callback)
    feed.off_settled(callback)
    calls.append(1)
    feed.settle()
    assert calls == [1]
