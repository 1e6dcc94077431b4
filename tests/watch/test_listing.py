import threading
from collections.abc import Callable, Iterator, Sequence
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
BUSY = httpx.Response(502, text="Bad Gateway")


class ListKeeper:
    """Keeps what a listing tells."""

    def __init__(self, raising: Sequence[Exception] = ()) -> None:
        self.lists: list[Sequence[str] | None] = []
        self._raising = list(raising)
        self._turn = threading.Condition()

    def __call__(self, ids: Sequence[str] | None) -> None:
        """Take in what one exchange brought."""
        with self._turn:
            self.lists.append(ids)
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
        jobs = Jobs(JOBS_URL, http={"transport": transport}, pace=FAST, **keywords)
        begun.append(jobs._listing(keeper, interval))
        poller().thread.call(begun[-1].begin)
        return jobs, begun[-1], keeper, transport

    yield begin
    for one in begun:
        poller().thread.do(one.end)


def test_list_is_asked_for_again_and_again(listing: Callable[..., Started]) -> None:
    """The ids are told after each exchange, new ones among them."""
    _, one, keeper, _ = listing(ids("a"), ids("a"), ids("a", "b"))
    assert keeper.wait(3)[:3] == [["a"], ["a"], ["a", "b"]]
    assert one.contact.state is ContactState.IN_TOUCH


def test_failures_are_told_and_asked_again(listing: Callable[..., Started]) -> None:
    """A failure is no list; its reason stands in the contact, until an answer comes."""
    contacts = []
    _, one, keeper, transport = listing(BUSY, BUSY, lambda _: contacts.append(one.contact) or ids())
    keeper.wait(3)
    assert keeper.lists[:3] == [None, None, []]
    assert (contacts[0].state, contacts[0].failures) == (ContactState.RETRYING, 2)
    assert isinstance(contacts[0].error, ServerError)
    assert one.contact.failures == 0
    assert len(transport.requests) >= 3


def test_refused_token_waits_for_a_new_one(listing: Callable[..., Started]) -> None:
    """After a refusal nothing is asked before there is a new token; then it goes on."""
    jobs, one, keeper, transport = listing(REFUSED, ids("a"), token="old")
    keeper.wait(1)
    assert one.contact.state is ContactState.UNAUTHORISED
    assert isinstance(one.contact.error, UnauthorisedError)
    assert one.contact.next_try is None
    poller().thread.do(lambda: None)
    assert len(transport.requests) == 1
    jobs.token = "new"
    assert keeper.wait(2)[1] == ["a"]
    assert transport.tokens[:2] == ["old", "new"]


def test_wrong_url_is_given_up(listing: Callable[..., Started]) -> None:
    """Where there has never been a list, a missing resource is a wrong URL."""
    _, one, keeper, transport = listing(MISSING)
    keeper.wait(1)
    assert one.contact.state is ContactState.LOST
    assert isinstance(one.contact.error, NoSuchJobError)
    assert len(transport.requests) == 1


def test_missing_list_comes_back(listing: Callable[..., Started]) -> None:
    """A resource that was there once is asked for on: a web adaptor may be restarting."""
    _, one, keeper, _ = listing(ids("a"), MISSING, ids("a"))
    assert keeper.wait(3)[:3] == [["a"], None, ["a"]]
    assert one.contact.state is ContactState.IN_TOUCH


def test_it_gives_up_when_told_to(listing: Callable[..., Started]) -> None:
    """After `give_up_after` seconds without an answer nothing is asked any more."""
    _, one, keeper, _ = listing(BUSY, give_up_after=1e-9)
    keeper.wait(1)
    assert one.contact.state is ContactState.LOST


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
    """When the machine has slept, new jobs appear without the rest of the pause."""
    _, _, keeper, _ = listing(ids("a"), ids("a", "b"), interval=3600.0)
    assert keeper.wait(1) == [["a"]]
    poller().thread.do(poller().ask_for_all)
    assert keeper.wait(2) == [["a"], ["a", "b"]]


def test_after_a_sleep_an_ended_listing_stays_so(listing: Callable[..., Started]) -> None:
    """What was ended, or can only be mended by the user, is not asked for again."""
    _, ended, keeper, transport = listing(ids("a"), interval=3600.0)
    _, lost, other_keeper, other = listing(MISSING)
    keeper.wait(1)
    other_keeper.wait(1)
    poller().thread.do(ended.end)
    poller().thread.do(lambda: None)
    poller().thread.do(poller().ask_for_all)
    poller().thread.do(lambda: None)
    assert (len(transport.requests), len(other.requests)) == (1, 1)
    assert (ended.contact.state, lost.contact.state) == (ContactState.STOPPED, ContactState.LOST)
