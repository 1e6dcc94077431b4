import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
from documents import JOB_URL
from servers import Replies

from jobwidgets._http.connections.http1 import Prepared
from jobwidgets._http.connections.http_settings import Http
from jobwidgets._http.connections.lanes import STUCK, Lanes, Room
from jobwidgets._http.connections.wire import KEPT_ALIVE
from jobwidgets.errors import RefusedError

Run = Callable[[Coroutine[Any, Any, Any]], Any]
ORIGIN = "https://gis.example.com:443"
PLAIN = {"trust_env": False}


def lanes(http: Http = PLAIN, number: int = 2) -> Lanes:
    """Return some connections, none of which is open."""
    return Lanes(ORIGIN, http, number)


def test_place_is_given_back_once(skipping: Run) -> None:
    """A request that ends in the moment in which it counts as stuck makes room for one other."""

    async def main() -> None:
        free = asyncio.Semaphore(0)
        room = Room(free)
        await asyncio.sleep(2 * STUCK)
        assert not free.locked()
        room.leave()
        await free.acquire()
        assert free.locked()

    skipping(main())


def test_last_one_back_is_the_first(skipping: Run) -> None:
    """Few connections are kept warm: the one that was used last goes first."""

    async def main() -> None:
        some = lanes()
        (first, one), (second, other) = await some.borrow(), await some.borrow()
        some.give_back(second, other)
        some.give_back(first, one)
        assert (await some.borrow())[0] is first

    skipping(main())


def sent(request: Prepared | httpx.Request) -> tuple[object, ...]:
    """Return all that a request says on the wire, and to whom."""
    assert isinstance(request, Prepared)
    head = request.head
    return request.place, head.method, head.target, list(head.headers), request.timeout


def test_requests_share_what_they_have_in_common() -> None:
    """Headers and timeouts of thousands of jobs are held once."""
    some = lanes()
    one, other = (some.request(f"{ORIGIN}/jobs/{n}", {"X": "1"}) for n in range(2))
    assert isinstance(one, Prepared)
    assert isinstance(other, Prepared)
    assert one.head.headers is other.head.headers
    assert one.timeout is other.timeout
    assert (one.head.target, other.head.target) == (b"/jobs/0", b"/jobs/1")


def test_other_headers() -> None:
    """A request with other headers than the last one's has its own."""
    some = lanes()
    for value in (b"1", b"2", b"1"):
        request = some.request(JOB_URL, {"X": value.decode()})
        assert isinstance(request, Prepared)
        assert (b"x", value) in list(request.head.headers)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/jobs/1",
        "/jobs/1?f=json",
        "/jobs/{5AB-1}?f=json",
        "/jobs/a b",
        "/jobs/ä?f=jßon",
        "/jobs/%7B1%7d",
        "/jobs/../1",
        "/jobs/./1",
        "/jobs/.1",
        "/jobs/..",
        "//jobs//1",
        "/jobs?a=b?c",
        "/jobs/1?a=b c&d=[e]",
        "/jobs/1?",
        "/jobs\n/1",
        "?f=json",
        "@other.example.com/jobs",
        ".example.com/jobs",
    ],
)
def test_request_after_another_is_as_httpx_makes_it(path: str) -> None:
    """Whatever the URL, it does not matter whether another request was made before."""
    fresh, used = lanes(), lanes()
    used.request(f"{ORIGIN}/other?f=json", {"X": "1"})

    def made(some: Lanes) -> tuple[object, ...] | str:
        try:
            return sent(some.request(ORIGIN + path, {"X": "1"}))
        except RefusedError as error:
            return str(error)

    assert made(used) == made(fresh)


@pytest.mark.parametrize("http", [{"auth": ("a", "b")}, {"transport": Replies({})}])
def test_request_that_others_may_change_is_not_kept(http: Http) -> None:
    """What authentication, hooks or a transport of the user's may change is made anew."""
    some = lanes(http)
    first = some.request(JOB_URL, {})
    assert isinstance(first, httpx.Request)
    assert some.request(JOB_URL, {}) is not first


def test_no_client_leaves_no_place(skipping: Run) -> None:
    """A client that cannot be made takes no place from other requests."""

    async def main() -> None:
        some = lanes(number=1)
        some._settings = {"verify": False, "auth": 5}
        some._is_wired = False
        for _ in range(3):
            with pytest.raises(RefusedError, match="http= makes no client"):
                await some.borrow()
        assert asyncio.get_running_loop().time() == 0

    skipping(main())


@pytest.mark.parametrize(("http", "lapses"), [(PLAIN, True), ({"transport": Replies({})}, False)])
def test_lapse(skipping: Run, http: Http, lapses: bool) -> None:
    """What was not used for long has lapsed, but for a transport of the user's."""

    async def main() -> None:
        some = lanes(http)
        for _ in range(2):
            assert not some.has_lapsed
            some.note_use()
            assert not some.has_lapsed
            await asyncio.sleep(2 * KEPT_ALIVE)
            assert some.has_lapsed is lapses
            some.note_use()

    skipping(main())
