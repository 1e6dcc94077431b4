import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from jobwidgets._watch.feed import Feed, Throttle

Run = Callable[[Coroutine[Any, Any, Any]], Any]


class Listener:
    """Notes what it is called with, and when."""

    def __init__(self) -> None:
        self.calls: list[tuple[float, int | None]] = []

    def __call__(self, first_message: int | None) -> None:
        """Note one call."""
        self.calls.append((asyncio.get_running_loop().time(), first_message))

    @property
    def messages(self) -> list[int | None]:
        """What it was called with, without the times."""
        return [first_message for _, first_message in self.calls]


class Broken(Listener):
    """Raises after it has noted."""

    def __call__(self, first_message: int | None) -> None:
        """Note one call, and raise."""
        super().__call__(first_message)
        raise LookupError("broken")


def run(step: Callable[[], object]) -> None:
    """Run `step` on a loop, and nothing after it."""

    async def main() -> None:
        step()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("interval", "given", "calls"),
    [
        # The first call is at once, whatever the interval.
        (5, [(0, 3)], [(0, 3)]),
        # Without an interval nothing is joined.
        (0, [(0, 1), (0, None), (0, 2)], [(0, 1), (0, None), (0, 2)]),
        # What comes too early is passed on once, later, from the first message of all.
        (5, [(0, 0), (0, 7), (1, None), (2, 4), (3, 9), (14, 11)], [(0, 0), (5, 4), (14, 11)]),
        # A change without a message, such as one of contact, is passed on too.
        (5, [(0, None), (0, None)], [(0, None), (5, None)]),
        # The interval counts from each call of the listener.
        (4.5, [(n, n) for n in range(9)], [(0, 0), (4.5, 1), (9, 5)]),
    ],
)
def test_throttle(
    skipping: Run,
    interval: float,
    given: list[tuple[float, int | None]],
    calls: list[tuple[float, int | None]],
) -> None:
    """A listener is called at once, and at most once an interval."""
    listener = Listener()

    async def main() -> None:
        throttle, loop = Throttle(listener, interval), asyncio.get_running_loop()
        for when, first_message in given:
            await asyncio.sleep(when - loop.time())
            throttle(first_message)
        await asyncio.sleep(100)

    skipping(main())
    assert listener.calls == calls


def test_flush_passes_on_the_rest_at_once(skipping: Run) -> None:
    """A flush passes on what waits, once, and leaves nothing for later."""
    listener = Listener()
    throttle = Throttle(listener, 5)

    async def main() -> None:
        throttle.flush()
        for number in (0, 6, 5):
            throttle(number)
        throttle.flush()
        throttle.flush()
        await asyncio.sleep(100)

    skipping(main())
    assert listener.calls == [(0, 0), (0, 5)]


def test_cancel_forgets_the_rest(skipping: Run) -> None:
    """After a cancel nothing is passed on by itself."""
    listener = Listener()
    throttle = Throttle(listener, 5)

    async def main() -> None:
        throttle(0)
        throttle(6)
        throttle.cancel()
        throttle.flush()
        await asyncio.sleep(100)

    skipping(main())
    assert listener.calls == [(0, 0)]


def test_raising_listener_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """A listener that raises is logged once as an error, and called on."""
    caplog.set_level(logging.DEBUG, "jobwidgets")
    listener = Broken()
    throttle = Throttle(listener)
    run(lambda: [throttle(number) for number in (1, 2, 3)])
    assert listener.messages == [1, 2, 3]
    records = [record for record in caplog.records if record.name == "jobwidgets"]
    assert [record.levelno for record in records] == [logging.ERROR, logging.DEBUG, logging.DEBUG]
    assert all(record.exc_info for record in records)


def test_raising_listener_disturbs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """A listener that raises keeps nothing from the others, nor from those that wait."""
    feed, listener, settled = Feed(), Listener(), list[int]()
    feed.subscribe(Throttle(Broken()))
    feed.subscribe(Throttle(listener))
    feed.on_settled(lambda: settled.append(1))
    run(lambda: (feed.publish(1), feed.settle()))
    assert (listener.messages, settled, len(caplog.records)) == ([1], [1], 1)


def test_unsubscribed_listener_is_called_no_more(skipping: Run) -> None:
    """Each listener is called until it is taken out; then it does not get what was left either."""
    feed, listeners = Feed(), [Listener(), Listener()]
    throttles = [Throttle(listener, 5) for listener in listeners]
    leaver = Throttle(lambda _: feed.unsubscribe(leaver))  # which may happen in its own call
    for throttle in (leaver, *throttles):
        feed.subscribe(throttle)

    async def main() -> None:
        feed.publish(1)
        feed.publish(2)
        feed.unsubscribe(throttles[0])
        feed.unsubscribe(throttles[0])  # an unknown one is none to forget
        await asyncio.sleep(100)
        feed.publish(3)
        feed.settle()

    skipping(main())
    assert [listener.messages for listener in listeners] == [[1], [1, 2, 3]]


def test_settling_passes_on_the_rest_first(skipping: Run) -> None:
    """Whoever waits for a watch to settle is called when every listener knows all, and once."""
    feed, listener, order = Feed(), Listener(), []
    feed.subscribe(Throttle(listener, 5))
    feed.on_settled(lambda: order.append(list(listener.messages)))

    async def main() -> None:
        feed.publish(0)
        feed.publish(3)
        feed.settle()
        feed.settle()

    skipping(main())
    assert order == [[0, 3]]
    assert listener.calls == [(0, 0), (0, 3)]


def test_waiting() -> None:
    """Who waits for what has settled is called at once, for what was taken up again later."""
    feed, calls = Feed(), list[str]()
    late, early, never = (lambda: calls.append("late")), (lambda: calls.append("early")), calls.pop
    feed.settle()
    feed.on_settled(early)
    feed.unsettle()
    feed.on_settled(late)
    feed.off_settled(never)  # one who does not wait is none to forget
    feed.on_settled(never)
    feed.off_settled(never)
    assert calls == ["early"]
    feed.settle()
    assert calls == ["early", "late"]
