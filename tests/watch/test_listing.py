import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest
from documents import JOBS_URL
from servers import FAST, HANG, Replies

from jobwidgets._model.contact import ContactState
from jobwidgets._watch.listing import Listing
from jobwidgets._watch.poller import poller
from jobwidgets.errors import NoSuchJobError, ServerError, UnauthorisedError
from jobwidgets.jobs import Jobs

REFUSED = {"error": {"code": 498, "message": "Invalid token.", "details": []}}
MISSING = {"error": {"code": 404, "message": "Not found.", "details": []}}
FORBIDDEN = {"error": {"code": 403, "messageCode": "GWM_0003", "message": "No access."}}
BUSY = httpx.Response(502, text="Bad Gateway")


class ListKeeper:
    """Keeps what a listing tells."""

    def __init__(self, raising: Sequence[Exception] = ()) -> None:
        self.lists: list[Sequence[str] | None] = []
        self._raising = list(raising)
        self._turn = threading.Condition()

    def __call__(self, urls: Sequence[str] | None) -> None:
        """Take in what one exchange brought."""
        with self._turn:
            self.lists.append(None if urls is None else [url.rpartition("/")[2] for url in urls])
            self._turn.notify_all()
        if self._raising:
            raise self._raising.pop()

    def wait(self, number: int) -> list[Sequence[str] | None]:
        """Return what was told when that is at least so much."""
        with self._turn:
            assert self._turn.wait_for(lambda: len(self.lists) >= number, HANG)
            return list(self.lists)


def ids(*names: str) -> dict[str, Any]:
    """Return the document of a jobs resource."""
    return {"asyncJobs": list(names)}


Started = tuple[Jobs, Listing, ListKeeper, Replies]


@pytest.fixture
def listing() -> Iterator[Callable[..., Started]]:
    """Return a starter of listings that get these replies."""
    begun: list[Listing] = []

    def begin(
        *replies: Any, interval: float = 0.01, raising: Sequence[Exception] = (), **keywords: Any
    ) -> Started:
        keeper, transport = ListKeeper(raising), Replies(*replies)
        keywords = {"http": {"transport": transport}, "pace": FAST, **keywords}
        jobs = Jobs(JOBS_URL, **keywords)
        begun.append(jobs._listing(keeper, interval))
        poller().thread.call(begun[-1].begin)
        return jobs, begun[-1], keeper, transport

    yield begin
    for one in begun:
        poller().thread.do(one.end)


@pytest.mark.parametrize(
    ("replies", "lists"),
    [
        ([ids("a"), ids("a"), ids("a", "b")], [["a"], ["a"], ["a", "b"]]),
        # A failure is no list, and is asked again.
        ([BUSY, BUSY, ids()], [None, None, []]),
        # Once there was a list, nothing ends it: a restart, a token that is refused.
        ([ids("a"), MISSING, REFUSED, FORBIDDEN, ids("a")], [["a"], None, None, None, ["a"]]),
    ],
)
def test_list_is_asked_for_again_and_again(
    listing: Callable[..., Started], replies: list[Any], lists: list[Any]
) -> None:
    """The ids are passed on after each exchange, new ones among them."""
    _, one, keeper, _ = listing(*replies)
    assert keeper.wait(len(lists))[: len(lists)] == lists
    assert (one.contact.state, one.contact.failures) == (ContactState.IN_TOUCH, 0)


@pytest.mark.parametrize(
    ("reply", "keywords", "state", "kind"),
    [
        (REFUSED, {}, ContactState.UNAUTHORISED, UnauthorisedError),
        (MISSING, {}, ContactState.LOST, NoSuchJobError),  # a wrong URL
        (BUSY, {"give_up_after": 1e-9}, ContactState.LOST, ServerError),
    ],
)
def test_where_only_the_user_can_help(
    listing: Callable[..., Started],
    reply: Any,
    keywords: dict[str, Any],
    state: ContactState,
    kind: type[Exception],
) -> None:
    """Where there was no list yet, nothing is asked before there is a new token."""
    jobs, one, keeper, transport = listing(reply, ids("a"), token="old", **keywords)
    keeper.wait(1)
    assert (one.contact.state, one.contact.next_try) == (state, None)
    assert isinstance(one.contact.error, kind)
    poller().thread.do(lambda: None)
    assert len(transport.requests) == 1
    jobs.token = "new"
    assert keeper.wait(2)[1] == ["a"]
    assert transport.tokens[:2] == ["old", "new"]


def test_resource_that_is_not_there_yet(listing: Callable[..., Started]) -> None:
    """At first sight a missing resource is asked for again for a while."""
    _, _, keeper, _ = listing(MISSING, ids("a"), pace=replace(FAST, appear=60))
    assert keeper.wait(2) == [None, ["a"]]


def test_end_leaves_nothing_behind(listing: Callable[..., Started]) -> None:
    """An ended listing asks nothing, is not begun by a new token, and may begin again."""
    jobs, one, keeper, transport = listing(ids("a"), interval=3600.0)
    keeper.wait(1)
    poller().thread.do(one.end)
    jobs.token = "new"
    poller().thread.do(lambda: None)
    assert one.contact.state is ContactState.STOPPED
    assert len(transport.requests) == 1
    poller().thread.call(one.begin)
    assert keeper.wait(2)[1] == ["a"]


def test_listener_that_raises(
    listing: Callable[..., Started], caplog: pytest.LogCaptureFixture
) -> None:
    """The listener may raise: that is logged, and the list is asked for on."""
    _, one, keeper, _ = listing(ids("a"), ids("b"), raising=[ValueError("no such row")])
    assert keeper.wait(2)[:2] == [["a"], ["b"]]
    assert one.contact.state is ContactState.IN_TOUCH
    assert "no such row" in caplog.text


@pytest.mark.parametrize("interval", [0, -1, float("nan"), float("inf"), 1e12, "10", None, True])
def test_interval_of_no_use(interval: Any) -> None:
    """An interval with which the list would be asked for madly, or never again, is refused."""
    with pytest.raises((TypeError, ValueError), match=r"^listing_interval is"):
        Jobs(JOBS_URL)._listing(ListKeeper(), interval)


def test_after_a_sleep_the_list_is_asked_for_at_once(listing: Callable[..., Started]) -> None:
    """When the machine has slept, what is watched is asked for without the rest of the pause."""
    _, _, keeper, _ = listing(ids("a"), ids("a", "b"), interval=3600.0)
    _, ended, other_keeper, other = listing(ids("a"), interval=3600.0)
    other_keeper.wait(1)
    assert keeper.wait(1) == [["a"]]
    poller().thread.do(ended.end)
    poller().thread.do(poller().ask_for_all)
    assert keeper.wait(2) == [["a"], ["a", "b"]]
    assert (len(other.requests), ended.contact.state) == (1, ContactState.STOPPED)
