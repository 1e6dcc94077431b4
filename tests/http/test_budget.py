import asyncio
from bisect import bisect_right
from collections.abc import Callable, Coroutine, Iterator
from itertools import pairwise
from typing import Any

import httpx
import pytest
from documents import JOB_ID, JOB_URL, case, document
from servers import Replies

from jobwidgets._http.budget import REQUESTS_PER_SECOND, Bucket, Budget, configure, lateness
from jobwidgets._http.connections import Connections
from jobwidgets._http.settings import Http
from jobwidgets._http.source import Reading, Source
from jobwidgets._http.tokens import token_keeper
from jobwidgets._model.history import JobHistory
from jobwidgets._watch.watch import Watch
from jobwidgets.dialects.mission import Mission

Run = Callable[[Coroutine[Any, Any, Any]], Any]
CATCH_UP = 0.01
SPACING = 1 + CATCH_UP  # in parts of the even one
NEAR = 1e-6  # seconds that the rounding of many sums may come to


@pytest.fixture(autouse=True)
def _ordinary_budget() -> Iterator[None]:
    """Let each test begin with the usual budget, and leave an ample one."""
    configure()
    yield
    configure(requests_per_second=100_000)


def taken(bucket: Bucket, times: list[float]) -> list[float]:
    """Return when requests went that somebody looked for at these times, whenever it could."""
    went = []
    for now in times:
        while bucket.delay(now) == 0:
            bucket.take(now)
            went.append(now)
    return went


def most_within(times: list[float], window: float) -> int:
    """Return the largest number of times that lie in a window, ends included."""
    return max(bisect_right(times, start + window) - n for n, start in enumerate(times))


# The bucket


@pytest.mark.parametrize("rate", [0.3, 5.0, 20.0, 333.0])
@pytest.mark.parametrize("every", [0.001, 0.013, 0.049, 0.21, 1.7])
def test_no_window_holds_more_than_the_rate(rate: float, every: float) -> None:
    """However late the looks, no second has more requests than the rate, its ends included."""
    looks = [every * number * (1 + 0.3 * (number % 3)) for number in range(300)]
    went = taken(Bucket(rate), sorted(looks))
    for window in (0.0, 0.01, 0.1, 1.0, 10.0):
        assert most_within(went, window) <= rate * (window + CATCH_UP) / SPACING + 1 + NEAR


def test_small_lateness_is_made_good() -> None:
    """Timers that are late by less than 0.01 s lose hardly anything of the budget."""
    bucket, now = Bucket(20), 0.0
    for number in range(1000):
        now += bucket.delay(now) + 0.003 * (number % 4)
        bucket.take(now)
    assert now == pytest.approx(50 * SPACING, abs=0.1)


# Whose turn it is


def test_lateness_counts_in_delays() -> None:
    """A poll is as urgent as it has waited for many of its own delays."""
    short, long = lateness(10.0, 0.5), lateness(10.0, 30.0)
    assert (short(10.0), short(11.0), long(40.0)) == (0.0, 2.0, 1.0)
    assert short(10.6) > long(40.0)


def many(run: Run, delays: list[float], seconds: float) -> list[list[float]]:
    """Return when each of many jobs was asked for, by a clock that skips."""
    asked: list[list[float]] = [[] for _ in delays]

    async def poll(budget: Budget, delay: float, times: list[float]) -> None:
        loop = asyncio.get_running_loop()
        await budget.admit(lateness(loop.time(), 1.0))
        while loop.time() < seconds:
            times.append(loop.time())
            urgency = lateness(loop.time(), delay)
            await asyncio.sleep(delay)
            await budget.admit(urgency)

    async def main() -> None:
        budget = Budget()
        await asyncio.gather(
            *(poll(budget, delay, times) for delay, times in zip(delays, asked, strict=True))
        )

    run(main())
    return asked


def test_all_delays_stretch_by_one_factor(skipping: Run) -> None:
    """Where the budget is a third of what is wanted, each job waits three times its delay."""
    delays = [0.5] * 10 + [1.0] * 10 + [5.0] * 20 + [30.0] * 30
    wanted = sum(1 / delay for delay in delays)
    configure(requests_per_second=wanted / 3)
    asked = many(skipping, delays, 1500.0)
    factors = []
    for delay, times in zip(delays, asked, strict=True):
        late = [time for time in times if time > 100]
        factors.append((late[-1] - late[0]) / (len(late) - 1) / delay)
    assert factors == pytest.approx([3.0] * len(delays), rel=0.15)


def test_nobody_starves(skipping: Run) -> None:
    """Among many that are due every moment, a job with a long delay comes round all the same."""
    configure(requests_per_second=2)
    (*_, rare) = many(skipping, [*[0.5] * 20, 30.0], 6000.0)
    gaps = [later - sooner for sooner, later in pairwise(rare)]
    assert len(gaps) >= 7
    assert max(gaps) < 1.5 * 30 * (20 / 0.5 + 1 / 30) / 2


def test_ample_budget_stretches_nothing(skipping: Run) -> None:
    """Where there is room for all, each job keeps its own delay but for the next free moment."""
    asked = many(skipping, [1.0, 2.0, 5.0, 30.0], 300.0)
    for delay, times in zip([1.0, 2.0, 5.0, 30.0], asked, strict=True):
        gaps = [later - sooner for sooner, later in pairwise(times)]
        assert all(delay - NEAR <= gap <= delay + 4 / REQUESTS_PER_SECOND for gap in gaps)


# The budget on its loop


def test_admits_the_rate(skipping: Run) -> None:
    """A hundred requests at 20 a second take five seconds and 1 %, but for the first."""

    async def main() -> float:
        budget, loop = Budget(), asyncio.get_running_loop()
        await asyncio.gather(*(budget.admit(lateness(0.0, 1.0)) for _ in range(101)))
        return loop.time()

    assert skipping(main()) == pytest.approx(5.0 * SPACING, abs=CATCH_UP + NEAR)


def test_cancelled_requests_take_no_turn(skipping: Run) -> None:
    """Requests that were cancelled while they waited hold up nobody."""
    configure(requests_per_second=1)

    async def main() -> float:
        budget, loop = Budget(), asyncio.get_running_loop()
        urgent, ordinary = lateness(-100.0, 1.0), lateness(0.0, 1.0)
        await budget.admit(urgent)
        dropped = [asyncio.create_task(budget.admit(urgent)) for _ in range(100)]
        last = asyncio.create_task(budget.admit(ordinary))
        await asyncio.sleep(0)
        for task in dropped:
            task.cancel()
        await last
        assert [task for task in dropped if not task.cancelled()] == []
        return loop.time()

    assert skipping(main()) <= 2 + NEAR


# What a user sets


@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan"), None, "5", True, [1]])
def test_rate_of_no_use(skipping: Run, value: Any) -> None:
    """A rate that is no number above 0 is refused, and the old one stays."""
    text = "requests_per_second is a number above 0, found"
    with pytest.raises((TypeError, ValueError), match=text):
        configure(requests_per_second=value)

    async def main() -> float:
        budget = Budget()
        for _ in range(1 + int(REQUESTS_PER_SECOND)):
            await budget.admit(lateness(0.0, 1.0))
        return asyncio.get_running_loop().time()

    assert skipping(main()) == pytest.approx(SPACING, abs=0.05)


def test_new_rate_takes_effect_at_once(skipping: Run) -> None:
    """Who waits already goes at the new rate within a moment."""

    async def main() -> float:
        configure(requests_per_second=0.001)
        budget, loop = Budget(), asyncio.get_running_loop()
        await budget.admit(lateness(0.0, 1.0))
        waiting = asyncio.create_task(budget.admit(lateness(0.0, 1.0)))
        await asyncio.sleep(1)
        configure(requests_per_second=100)
        await waiting
        return loop.time()

    assert skipping(main()) < 2


# What it binds


class Clocked(Replies):
    """Replies, and notes when it was asked by the running loop's clock."""

    def __init__(self, *replies: Any) -> None:
        super().__init__(*replies)
        self.times: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Note a request and reply."""
        self.times.append(asyncio.get_running_loop().time())
        return await super().handle_async_request(request)


def source(server: Replies, url: str = JOB_URL, **keywords: Any) -> Source:
    """Return where a job is asked for."""
    return Source(url, Mission(), http=Http({"transport": server}), **keywords)


async def read(one: Source, connections: Connections) -> Reading:
    """Ask for a job as soon as its host's budget has room."""
    await connections.admit(one.url)
    return await one.read_job(connections)


def test_redirects_count(skipping: Run) -> None:
    """Each request of a chain of redirects is one."""
    moved = httpx.Response(302, headers={"Location": JOB_URL})
    server = Clocked(moved, moved, document())
    configure(requests_per_second=1)
    skipping(read(source(server), Connections()))
    assert server.times == pytest.approx([0, 1, 2], abs=2 * CATCH_UP)


def test_renewed_tokens_count(skipping: Run) -> None:
    """The request that is repeated with a new token waits for its turn."""
    server = Clocked(case("error_rest_498"), document())
    tokens = iter(["old", "new"])
    configure(requests_per_second=1)

    async def main() -> None:
        keeper = token_keeper(tokens.__next__)
        assert keeper is not None
        await keeper.current()
        assert await read(source(server, token=keeper), Connections())

    skipping(main())
    assert server.tokens == ["old", "new"]
    assert server.times[1] - server.times[0] == pytest.approx(1, abs=2 * CATCH_UP)


def test_host_is_shared_whatever_the_settings(skipping: Run) -> None:
    """Jobs with different settings, ports and schemes share the budget of their host."""
    servers = [Clocked(document()) for _ in range(4)]
    origins = ["https://a.example.com", "https://a.example.com:8443", "http://A.example.com"]
    configure(requests_per_second=1)

    async def main() -> None:
        connections = Connections()
        asked = zip(servers, [*origins, origins[0]], strict=True)
        await asyncio.gather(
            *(read(source(one, f"{place}/jobs/{JOB_ID}"), connections) for one, place in asked)
        )

    skipping(main())
    times = sorted(time for one in servers for time in one.times)
    assert times == pytest.approx([0, 1, 2, 3], abs=2 * CATCH_UP)


def test_each_host_has_its_own(skipping: Run) -> None:
    """A busy host delays no job of another."""
    server = Clocked(document())
    configure(requests_per_second=1)

    async def main() -> None:
        connections = Connections()
        urls = [f"https://h{number}.example.com/jobs/{JOB_ID}" for number in range(10)]
        await asyncio.gather(*(read(source(server, url), connections) for url in urls))

    skipping(main())
    assert server.times == [0] * 10


def test_fixed_interval_is_bound(skipping: Run) -> None:
    """Jobs with a fixed interval share the budget as all others do."""
    server = Clocked(document())
    configure(requests_per_second=2)

    async def main() -> None:
        loop, connections = asyncio.get_running_loop(), Connections()

        async def follow() -> None:
            history = JobHistory(JOB_ID, JOB_URL)
            watch = Watch(source(server), history, poll_interval=0.5, clock=loop.time)
            watch.begin()
            while loop.time() < 20:
                await connections.admit(JOB_URL, watch.urgency)
                await watch.exchange(connections)
                await asyncio.sleep(watch.after_exchange() or 0)

        await asyncio.gather(*(follow() for _ in range(10)))

    skipping(main())
    assert most_within(server.times, 10) <= 2 * (10 + CATCH_UP) + 1
    assert len([time for time in server.times if time < 20]) >= 39


# What waits without a task


def test_no_more_than_the_room_waiting_for_connection(skipping: Run) -> None:
    """Those that find no connection wait in the budget, where the most urgent one is the next."""
    configure(requests_per_second=100_000)
    connections, order = asyncio.Semaphore(2), list[int]()

    async def use(budget: Budget, number: int) -> None:
        await budget.admit(lambda _: float(number))
        with budget.waiting_for_connection():
            await connections.acquire()
        order.append(number)
        await asyncio.sleep(1)
        connections.release()

    async def main() -> float:
        budget = Budget(most_waiting=3)
        await asyncio.gather(*(use(budget, number) for number in range(20)))
        return asyncio.get_running_loop().time()

    assert skipping(main()) == pytest.approx(10, abs=NEAR)
    late = order[8:]  # the first ones were let through before the others had asked
    assert late == sorted(late, reverse=True)
    assert sorted(order) == list(range(20))


def test_who_is_cancelled_waiting_for_connection_makes_room(skipping: Run) -> None:
    """A request that is dropped while it waits for a connection lets the next one come."""
    configure(requests_per_second=100_000)

    async def wait(budget: Budget) -> None:
        await budget.admit(lateness(0.0, 1.0))
        with budget.waiting_for_connection():
            await asyncio.Event().wait()

    async def main() -> None:
        budget = Budget(most_waiting=1)
        first = asyncio.create_task(wait(budget))
        await asyncio.sleep(0.1)
        next_one = asyncio.create_task(budget.admit(lateness(0.0, 1.0)))
        await asyncio.sleep(10)
        assert not next_one.done()
        first.cancel()
        await asyncio.sleep(0.1)
        assert next_one.done()

    skipping(main())
