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


class Heard:
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


Started = tuple[Jobs, Listing, Heard, Replies]


@pytest.fixture
def listing() -> Iterator[Callable[..., Started]]:
    """Return a starter of listings that get these replies."""
    begun: list[Listing] = []

    def begin(
        *replies: Any, interval: float = 0.01, raising: Sequence[Exception] = (), **keywords: Any
    ) -> Started:
        heard, transport = Heard(raising), Replies(*replies)
        jobs = Jobs(JOBS_URL, http={"transport": transport}, pace=FAST, **keywords)
        begun.append(jobs._listing(heard, interval))
        poller().thread.call(begun[-1].begin)
        return jobs, begun[-1], heard, transport

    yield begin
    for one in begun:
        poller().thread.do(one.end)


def test_list_is_asked_for_again_and_again(listing: Callable[..., Started]) -> None:
    """The ids are told after each exchange, new ones among them."""
    _, one, heard, _ = listing(ids("a"), ids("a"), ids("a", "b"))
    assert heard.wait(3)[:3] == [["a"], ["a"], ["a", "b"]]
    assert one.contact.state is ContactState.IN_TOUCH


def test_failures_are_told_and_asked_again(listing: Callable[..., Started]) -> None:
    """A failure is no list; its reason stands in the contact, until an answer comes."""
    contacts = []
    _, one, heard, transport = listing(BUSY, BUSY, lambda _: contacts.append(one.contact) or ids())
    heard.wait(3)
    assert heard.lists[:3] == [None, None, []]
    assert (contacts[0].state, contacts[0].failures) == (ContactState.RETRYING, 2)
    assert isinstance(contacts[0].error, ServerError)
    assert one.contact.failures == 0
    assert len(transport.requests) >= 3


def test_refused_token_waits_for_a_new_one(listing: Callable[..., Started]) -> None:
    """After a refusal nothing is asked before there is a new token; then it goes on."""
    jobs, one, heard, transport = listing(REFUSED, ids("a"), token="old")
    heard.wait(1)
    assert one.contact.state is ContactState.UNAUTHORISED
    assert isinstance(one.contact.error, UnauthorisedError)
    assert one.contact.next_try is None
    poller().thread.do(lambda: None)
    assert len(transport.requests) == 1
    jobs.token = "new"
    assert heard.wait(2)[1] == ["a"]
    assert transport.tokens[:2] == ["old", "new"]


def test_wrong_url_is_given_up(listing: Callable[..., Started]) -> None:
    """Where there has never been a list, a missing resource is a wrong URL."""
    _, one, heard, transport = listing(MISSING)
    heard.wait(1)
    assert one.contact.state is ContactState.LOST
    assert isinstance(one.contact.error, NoSuchJobError)
    assert len(transport.requests) == 1


def test_missing_list_comes_back(listing: Callable[..., Started]) -> None:
    """A resource that was there once is asked for on: a web adaptor may be restarting."""
    _, one, heard, _ = listing(ids("a"), MISSING, ids("a"))
    assert heard.wait(3)[:3] == [["a"], None, ["a"]]
    assert one.contact.state is ContactState.IN_TOUCH


def test_it_gives_up_when_told_to(listing: Callable[..., Started]) -> None:
    """After `give_up_after` seconds without an answer nothing is asked any more."""
    _, one, heard, _ = listing(BUSY, give_up_after=1e-9)
    heard.wait(1)
    assert one.contact.state is ContactState.LOST


def test_broken_transport_is_a_failure(
    listing: Callable[..., Started], caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a user's transport raises is told by its kind alone, and asked again."""
    _, _, heard, _ = listing(RuntimeError("secret"), ids("a"))
    assert heard.wait(2)[:2] == [None, ["a"]]
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_end_leaves_nothing_behind(listing: Callable[..., Started]) -> None:
    """An ended listing has no task, asks nothing, and is not begun by a new token."""
    jobs, one, heard, transport = listing(ids("a"), interval=3600.0)
    heard.wait(1)
    poller().thread.do(one.end)
    jobs.token = "new"
    poller().thread.do(lambda: None)
    assert one._task is None
    assert one.contact.state is ContactState.STOPPED
    assert len(transport.requests) == 1


def test_begin_after_an_end(listing: Callable[..., Started]) -> None:
    """It can be begun again."""
    _, one, heard, _ = listing(ids("a"), interval=3600.0)
    heard.wait(1)
    poller().thread.do(one.end)
    poller().thread.call(one.begin)
    assert heard.wait(2)[1] == ["a"]


def test_hearer_that_raises(
    listing: Callable[..., Started], caplog: pytest.LogCaptureFixture
) -> None:
    """What hears of the lists may raise: that is logged, and the list is asked for on."""
    _, one, heard, _ = listing(ids("a"), ids("b"), raising=[ValueError("no such row")])
    assert heard.wait(2)[:2] == [["a"], ["b"]]
    assert one.contact.state is ContactState.IN_TOUCH
    assert "no such row" in caplog.text


@pytest.mark.parametrize("interval", [0, -1, float("nan"), float("inf"), 1e12, "10", None, True])
def test_interval_of_no_use(interval: Any) -> None:
    """An interval with which the list would be asked for madly, or never again, is refused."""
    with pytest.raises((TypeError, ValueError), match=r"^listing_interval is"):
        Jobs(JOBS_URL)._listing(Heard(), interval)


def test_after_a_sleep_the_list_is_asked_for_at_once(listing: Callable[..., Started]) -> None:
    """When the machine has slept, new jobs appear without the rest of the pause."""
    _, _, heard, _ = listing(ids("a"), ids("a", "b"), interval=3600.0)
    assert heard.wait(1) == [["a"]]
    poller().thread.do(poller().thread._awoke)
    assert heard.wait(2) == [["a"], ["a", "b"]]


def test_after_a_sleep_an_ended_listing_stays_so(listing: Callable[..., Started]) -> None:
    """What was ended, or can only be mended by the user, is not asked for again."""
    _, ended, heard, transport = listing(ids("a"), interval=3600.0)
    _, lost, told, other = listing(MISSING)
    heard.wait(1)
    told.wait(1)
    poller().thread.do(ended.end)
    poller().thread.do(lambda: None)
    poller().thread.do(poller().thread._awoke)
    poller().thread.do(lambda: None)
    assert (len(transport.requests), len(other.requests)) == (1, 1)
    assert (ended.contact.state, lost.contact.state) == (ContactState.STOPPED, ContactState.LOST)
