import asyncio
import gc
import json
import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from documents import ABSENT, JOB_ID, JOB_URL, after, case, document
from servers import HANG, Replies

from jobwidgets._http.answers import Answer
from jobwidgets._http.connections import Connections
from jobwidgets._http.exchange import Source
from jobwidgets._http.tokens import Token, TokenKeeper, token_keeper
from jobwidgets._model.contact import ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Status
from jobwidgets._watch.feed import Throttle
from jobwidgets._watch.pace import Pace
from jobwidgets._watch.watch import Watch
from jobwidgets.dialects.mission import Mission
from jobwidgets.errors import (
    BodyError,
    DocumentError,
    ExchangeError,
    JobGoneError,
    JobwidgetsError,
    NoSuchJobError,
    RefusedError,
    ServerError,
    TransportError,
    UnauthorisedError,
)

PACE = Pace(jitter=0)
BUSY = httpx.Response(503)
MISSING = httpx.Response(404)
REFUSED = case("error_rest_498")
CUT = httpx.ReadError("cut")


class Scene:
    """A watch, its server, and its clock.

    Parameters
    ----------
    replies
        See `Replies`.
    """

    def __init__(self, *replies: Any, token: Token | None = None, **keywords: Any) -> None:
        self.server = Replies(*replies)
        self.now = 1000.0
        self.told: list[int | None] = []
        source = Source(JOB_URL, Mission(), token=token_keeper(token))
        source.http = {"transport": self.server}
        self.history = JobHistory(JOB_ID, JOB_URL)
        keywords = {"pace": PACE, **keywords}
        self.watch = Watch(source, self.history, clock=lambda: self.now, **keywords)
        self.watch.feed.subscribe(Throttle(self.told.append))

    def begin(self) -> "Scene":
        """Begin the watch, without a poll."""
        self.watch.begin()
        return self

    def poll(self, *, after: float = 0.0) -> float | None:
        """Make one exchange, some seconds later; return the delay to the next one."""
        self.now += after
        return asyncio.run(self._poll())

    async def _poll(self) -> float | None:
        async with aclosing(Connections()) as connections:
            await asyncio.gather(self.watch.exchange(connections), return_exceptions=True)
            return self.watch.landed()

    @property
    def state(self) -> ContactState:
        """Whether the server answers, in one word."""
        return self.watch.contact.state

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will come by itself."""
        calls: list[int] = []
        callback: Callable[[], None] = lambda: calls.append(1)  # noqa: E731
        self.watch.feed.on_settled(callback)
        self.watch.feed.off_settled(callback)
        return bool(calls)


def dated(seconds: float, **changes: Any) -> httpx.Response:
    """Return a document that is sent some seconds after the job's start, by the server's clock."""
    date = format_datetime(after(seconds), usegmt=True)
    return httpx.Response(200, json=document(**changes), headers={"Date": date})


def test_before_the_beginning() -> None:
    """A new watch knows nothing, asks nothing, and says that nobody asks."""
    scene = Scene(document())
    assert scene.state is ContactState.STOPPED
    assert scene.watch.elapsed is None
    assert not scene.watch.has_ended
    assert scene.watch.delay() is None
    assert scene.server.requests == []


def test_beginning() -> None:
    """A watch that has begun awaits its first answer."""
    assert Scene(document()).begin().state is ContactState.CONNECTING


def test_answered_poll() -> None:
    """An answer is recorded and told, and the next poll is promised."""
    scene = Scene(document()).begin()
    before = datetime.now(UTC)
    delay = scene.poll()
    contact = scene.watch.contact
    assert (scene.history.status, scene.told, delay) == (Status.RUNNING, [0], 0.5)
    assert (contact.state, contact.failures, contact.error) == (ContactState.IN_TOUCH, 0, None)
    assert contact.last_heard is not None
    assert contact.next_try is not None
    assert before <= contact.last_heard <= contact.next_try - timedelta(seconds=0.5)


def test_unchanged_answer() -> None:
    """An answer that says nothing new is told as such, and renews the contact."""
    scene = Scene(document()).begin()
    scene.poll()
    first = scene.watch.contact.last_heard
    scene.poll()
    assert (scene.told, len(scene.history)) == ([0, None], 1)
    assert scene.watch.contact.last_heard is not None
    assert first is not None
    assert scene.watch.contact.last_heard >= first


def test_new_messages_are_told_by_their_index() -> None:
    """Listeners learn from which message on there is something new."""
    texts = ["one", "two", "three"]
    scene = Scene(*(document(messages=texts[:number]) for number in (1, 3, 3))).begin()
    for _ in range(3):
        scene.poll()
    assert scene.told == [0, 1, None]


def test_no_promise_while_the_server_is_asked() -> None:
    """While an exchange is under way no next try is promised."""
    promised: list[datetime | None] = []

    def answer(_: httpx.Request) -> Any:
        promised.append(scene.watch.contact.next_try)
        return document()

    scene = Scene(answer).begin()
    scene.poll()
    scene.poll()
    assert promised == [None, None]
    assert scene.watch.contact.next_try is not None


@pytest.mark.parametrize("name", ["completed", "failed-partial"])
def test_end(name: str) -> None:
    """After a final status nothing more is asked, and whoever waits is called."""
    body = case(name)
    scene = Scene(document(), {**body, "jobId": JOB_ID}).begin()
    assert scene.poll() is not None
    assert not scene.is_settled
    assert scene.poll() is None
    assert scene.watch.has_ended
    assert scene.is_settled
    assert scene.watch.contact.next_try is None
    assert scene.watch.contact.state is ContactState.IN_TOUCH


def test_unknown_status_is_no_end() -> None:
    """A job with an unknown word for its status is watched on."""
    scene = Scene(document(status="PONDERING")).begin()
    assert scene.poll() is not None
    assert scene.history.status is Status.UNKNOWN
    assert not scene.is_settled


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (MISSING, NoSuchJobError),
        (httpx.Response(410), NoSuchJobError),
        ({"error": {"code": 404, "message": "Job not found."}}, NoSuchJobError),
        (httpx.Response(400), RefusedError),
        (httpx.Response(302, headers={"Location": "https://evil.example.com/"}), RefusedError),
        (document(jobId="j2"), DocumentError),
        ({}, DocumentError),
        ([1], DocumentError),
        (httpx.Response(200, content=b"null"), DocumentError),
    ],
)
def test_permanent_errors_before_the_first_document(
    reply: Any, kind: type[JobwidgetsError]
) -> None:
    """What means a wrong URL at first sight ends the watch, and says so."""
    scene = Scene(reply).begin()
    assert scene.poll() is None
    assert scene.state is ContactState.LOST
    assert isinstance(scene.watch.contact.error, kind)
    assert scene.history.error is scene.watch.contact.error
    assert scene.is_settled
    assert not scene.watch.has_ended


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(400),
        httpx.Response(302, headers={"Location": "https://evil.example.com/"}),
        document(jobId="j2"),
        {},
        [1],
        httpx.Response(200, content=b"null"),
    ],
)
def test_nothing_is_permanent_after_the_first_document(reply: Any) -> None:
    """Once the job was seen the same errors are tried again, and end with the next answer."""
    scene = Scene(document(), reply, reply, document(stepsCompleted=2)).begin()
    scene.poll()
    assert [scene.poll(), scene.poll()] == [1, 2]
    assert scene.state is ContactState.RETRYING
    assert scene.history.error is None
    assert scene.history.status is Status.RUNNING
    scene.poll()
    assert (scene.state, scene.watch.contact.error) == (ContactState.IN_TOUCH, None)


@pytest.mark.parametrize("is_seen", [False, True])
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (CUT, TransportError),
        (httpx.ConnectTimeout(""), TransportError),
        (httpx.Response(429), ServerError),
        (httpx.Response(500), ServerError),
        (httpx.Response(502), ServerError),
        (httpx.Response(503), ServerError),
        (httpx.Response(504), ServerError),
        ({"error": {"code": 500, "message": "Sorry"}}, ServerError),
        ({"status": "error", "messages": ["Sorry"], "code": 500}, ServerError),
        (httpx.Response(200, content=b'{"jobId": "j1", "mes'), BodyError),
        (httpx.Response(200, content=b"<html>"), BodyError),
        (httpx.Response(200, content=b""), BodyError),
    ],
)
def test_transient_errors(reply: Any, kind: type[JobwidgetsError], is_seen: bool) -> None:
    """What passes is tried again: at 1, 2, 4 … 60 s, for as long as it takes."""
    scene = Scene(*[document()] * is_seen, reply).begin()
    if is_seen:
        scene.poll()
    last_heard = scene.watch.contact.last_heard
    assert [scene.poll() for _ in range(9)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    contact = scene.watch.contact
    assert (contact.state, contact.failures) == (ContactState.RETRYING, 9)
    assert isinstance(contact.error, kind)
    assert contact.last_heard == last_heard
    assert contact.next_try is not None
    assert scene.history.error is None
    assert not scene.is_settled


def test_success_resets_the_retries() -> None:
    """After an answer the next failure counts as the first."""
    scene = Scene(CUT, CUT, document(), CUT, document()).begin()
    assert [scene.poll() for _ in range(5)] == [1, 2, 0.5, 1, 0.5]


def test_jitter() -> None:
    """Retries of many jobs do not come at the same time."""
    delays = {Scene(CUT, pace=Pace()).begin().poll() for _ in range(20)}
    assert len(delays) > 10
    assert all(delay is not None and 0.75 <= delay <= 1.25 for delay in delays)


@pytest.mark.parametrize(("value", "delay"), [("7", 7), ("0", 0.5), ("soon", 1)])
def test_retry_after(value: str, delay: float) -> None:
    """What the server asks for wins, and is never less than the shortest delay."""
    busy = httpx.Response(503, headers={"Retry-After": value})
    assert Scene(busy).begin().poll() == delay


def test_retry_after_a_date() -> None:
    """A date is counted from the server's own clock."""
    headers = {
        "Date": "Fri, 01 May 2026 12:00:00 GMT",
        "Retry-After": "Fri, 01 May 2026 12:00:42 GMT",
    }
    assert Scene(httpx.Response(429, headers=headers)).begin().poll() == 42


@pytest.mark.parametrize("value", ["9" * 9, "9" * 30, "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_absurd_retry_after(value: str) -> None:
    """A server that asks for ages is asked again all the same."""
    scene = Scene(httpx.Response(503, headers={"Retry-After": value})).begin()
    delay = scene.poll()
    assert delay is not None
    assert delay <= timedelta(days=1).total_seconds()


def test_fixed_interval() -> None:
    """A fixed interval holds whatever the job's age; failures have their own delays."""
    done = document(stepsCompleted=4)
    scene = Scene(document(), document(), CUT, done, poll_interval=3).begin()
    assert [scene.poll(after=100) for _ in range(4)] == [3, 3, 1, 3]


def test_delay_grows_with_the_age() -> None:
    """Without a fixed interval the delay is a part of the job's age."""
    scene = Scene(dated(0), dated(100), dated(200)).begin()
    assert [scene.poll(), scene.poll(after=100), scene.poll(after=100)] == [0.5, 10, 20]


def test_delay_is_shorter_on_the_last_step() -> None:
    """On the last step the delay follows the estimated rest."""
    scene = Scene(dated(0), dated(100, stepsCompleted=4)).begin()
    scene.poll()
    assert scene.poll(after=100) == pytest.approx(0.1 * 100 / 5)


def test_old_job_is_asked_often_at_first() -> None:
    """A job that was old when its watch began counts as old as the watch, or a few times that."""
    scene = Scene(dated(10_000), dated(10_010)).begin()
    assert scene.poll() == 0.5
    assert scene.poll(after=10) == 4


def test_refusal_waits_for_the_user() -> None:
    """A refused token is asked for nothing more; what was seen stays."""
    scene = Scene(document(), REFUSED).begin()
    scene.poll()
    assert scene.poll() is None
    assert scene.state is ContactState.UNAUTHORISED
    assert isinstance(scene.history.error, UnauthorisedError)
    assert scene.history.status is Status.RUNNING
    assert scene.is_settled


def test_refusal_ends_with_a_new_beginning() -> None:
    """A watch that was refused goes on when it is begun anew."""
    scene = Scene(REFUSED, document()).begin()
    scene.poll()
    scene.watch.begin()
    assert not scene.is_settled
    assert (scene.state, scene.history.error) == (ContactState.CONNECTING, None)
    assert scene.poll() == 0.5
    assert (scene.state, scene.watch.contact.failures) == (ContactState.IN_TOUCH, 0)


@pytest.mark.parametrize("reply", [REFUSED, MISSING])
def test_answer_to_a_read_in_between_takes_the_watch_up_again(reply: Any) -> None:
    """When a read by hand is answered, a parked watch goes on, and whoever waits waits on."""
    scene = Scene(reply, document()).begin()
    scene.poll()
    assert scene.is_settled
    assert scene.poll() == 0.5
    assert not scene.is_settled
    assert scene.history.error is None


@pytest.mark.parametrize(
    "reply", [MISSING, {"error": {"code": 404, "message": None}}, httpx.Response(410)]
)
def test_job_that_is_missing_twice_is_gone(reply: Any) -> None:
    """A job that was seen, and is missing twice at least 2 s apart, is gone."""
    scene = Scene(document(), reply).begin()
    scene.poll()
    assert scene.poll() == 2
    assert scene.state is ContactState.RETRYING
    assert not scene.watch.has_ended
    assert scene.poll(after=2) is None
    assert scene.history.status is Status.GONE
    assert isinstance(scene.history.error, JobGoneError)
    assert scene.state is ContactState.IN_TOUCH
    assert scene.is_settled
    assert scene.told == [0, None, 1]


def test_missing_twice_too_soon() -> None:
    """Two misses less than 2 s apart, by a read in between, are one."""
    scene = Scene(document(), MISSING).begin()
    scene.poll()
    scene.poll()
    assert scene.poll(after=1.9) == 2
    assert not scene.watch.has_ended
    assert scene.poll(after=0.1) is None
    assert scene.history.status is Status.GONE


@pytest.mark.parametrize("between", [document(), CUT, BUSY, document(jobId="j2")])
def test_single_miss_is_forgiven(between: Any) -> None:
    """A miss counts only together with the one right after it."""
    scene = Scene(document(), MISSING, between, MISSING, between).begin()
    for _ in range(5):
        scene.poll(after=10)
    assert scene.history.status is Status.RUNNING


def test_gone_job_keeps_what_was_seen() -> None:
    """What the server last said of a job stays when the job is removed."""
    scene = Scene(document(stepsCompleted=3), MISSING).begin()
    for _ in range(3):
        scene.poll(after=2)
    assert scene.history.latest is not None
    assert (scene.history.latest.steps_done, len(scene.history)) == (3, 2)
    assert [message.text for message in scene.history.messages] == ["Started mission creation."]


def test_gone_job_that_comes_back() -> None:
    """A removed job that is there again, as it was, is no removed job."""
    scene = Scene(document(), MISSING, MISSING, document()).begin()
    for _ in range(3):
        scene.poll(after=2)
    assert scene.history.status is Status.GONE
    scene.watch.begin()
    scene.poll()
    assert (scene.history.status, len(scene.history)) == (Status.RUNNING, 3)


def test_odd_number_is_no_news() -> None:
    """A NaN, which equals nothing, makes no news of the same document."""
    body = json.dumps(document(odd=float("nan"))).encode()
    scene = Scene(httpx.Response(200, content=body)).begin()
    scene.poll()
    scene.poll()
    assert scene.told == [0, None]


def test_finished_exchange_is_let_go() -> None:
    """A watch that waits for its next turn holds no finished exchange."""
    scene = Scene(document()).begin()
    scene.poll()
    assert not [thing for thing in gc.get_referents(scene.watch) if isinstance(thing, asyncio.Task)]


def test_duration_of_a_gone_job_is_by_the_servers_clock() -> None:
    """A clock that differs from the server's changes no duration."""
    scene = Scene(dated(5), MISSING).begin()
    scene.poll()
    scene.poll(after=1)
    scene.poll(after=2)
    assert scene.history.status is Status.GONE
    assert scene.watch.elapsed == timedelta(seconds=8)


@pytest.mark.parametrize("reply", [MISSING, REFUSED, CUT, {}, document(jobId="j2")])
def test_failed_read_after_the_end_changes_nothing(reply: Any) -> None:
    """A final status, and that there was no error, outlast whatever a later read meets."""
    scene = Scene(document(status="COMPLETED"), reply).begin()
    scene.poll()
    for _ in range(3):
        assert scene.poll(after=10) is None
    assert scene.history.status is Status.SUCCEEDED
    assert scene.history.error is None
    assert scene.state is ContactState.IN_TOUCH
    assert scene.watch.contact.failures == 3


TORSO = document(status="COMPLETED", endTime=ABSENT)


def test_trailing_read() -> None:
    """A final document without its end is read once more, and what it then has is taken in."""
    whole = document(status="COMPLETED", messages=["Started mission creation.", "Finished."])
    scene = Scene(document(), TORSO, whole).begin()
    scene.poll()
    assert scene.poll() == PACE.trail
    assert scene.watch.has_ended
    assert not scene.is_settled
    assert not scene.watch.is_at_rest
    assert scene.watch.contact.next_try is not None
    assert scene.poll(after=PACE.trail) is None
    assert scene.is_settled
    assert scene.watch.is_at_rest
    assert [message.text for message in scene.history.messages][1:] == ["Finished."]
    assert scene.watch.elapsed == timedelta(seconds=60)
    assert scene.told == [0, 1, 1]


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "CANCELLED"])
def test_trailing_read_is_one(status: str) -> None:
    """A server that never tells the end is asked once more, not for ever."""
    scene = Scene(document(status=status, endTime=ABSENT)).begin()
    assert [scene.poll(), scene.poll(), scene.poll()] == [PACE.trail, None, None]
    assert scene.is_settled


@pytest.mark.parametrize("reply", [MISSING, REFUSED, CUT, BUSY, {}, document(jobId="j2")])
def test_failing_trailing_read_changes_nothing(reply: Any) -> None:
    """What the read after the end meets is no news of the job."""
    scene = Scene(document(), TORSO, reply, token="t").begin()
    scene.poll()
    scene.poll()
    latest = scene.history.latest
    assert scene.poll(after=PACE.trail) is None
    assert scene.history.latest is latest
    assert (scene.state, scene.history.error) == (ContactState.IN_TOUCH, None)
    assert scene.is_settled
    assert scene.watch.is_at_rest


def test_gone_job_is_not_read_once_more() -> None:
    """Of a job that was removed nothing trails."""
    scene = Scene(document(), MISSING).begin()
    scene.poll()
    assert [scene.poll(), scene.poll(after=2)] == [2, None]
    assert len(scene.server.requests) == 3


def test_stop_before_the_trailing_read() -> None:
    """A watch that is stopped between the end and the last read is at rest."""
    scene = Scene(TORSO).begin()
    scene.poll()
    end(scene)
    assert scene.watch.is_at_rest
    assert scene.is_settled


def test_give_up() -> None:
    """After so many seconds without an answer the watch gives up, with what it last met."""
    scene = Scene(document(), CUT, BUSY, give_up_after=60).begin()
    scene.poll()
    assert scene.poll(after=30) is not None
    assert scene.poll(after=29) is not None
    assert scene.state is ContactState.RETRYING
    assert scene.poll(after=1) is None
    assert scene.state is ContactState.LOST
    assert isinstance(scene.history.error, ServerError)
    assert scene.history.status is Status.RUNNING
    assert scene.watch.contact.failures == 3
    assert scene.is_settled


def test_give_up_without_a_first_answer() -> None:
    """Before the first document the time counts from the watch's beginning."""
    scene = Scene(CUT, give_up_after=60)
    scene.now += 1000
    scene.begin()
    assert scene.poll(after=59) is not None
    assert scene.poll(after=1) is None
    assert scene.state is ContactState.LOST


@pytest.mark.parametrize("after", [0.0, 10_000.0])
def test_new_beginning_gives_the_whole_time_again(after: float) -> None:
    """A watch that gave up and is begun anew tries for as long as the first time."""
    scene = Scene(document(), CUT, give_up_after=60).begin()
    scene.poll()
    scene.poll(after=60)
    assert scene.state is ContactState.LOST
    scene.now += after
    scene.watch.begin()
    assert not scene.is_settled
    assert scene.poll() is not None
    assert scene.poll(after=59) is not None
    assert scene.state is ContactState.RETRYING
    assert scene.poll(after=1) is None
    assert scene.state is ContactState.LOST


def test_answers_put_off_giving_up() -> None:
    """The time counts from the last answer."""
    scene = Scene(*[CUT, document()] * 5, CUT, give_up_after=60).begin()
    for _ in range(10):
        assert scene.poll(after=40) is not None
    assert scene.poll(after=60) is None


def test_no_giving_up_by_default() -> None:
    """Nobody is given up who did not ask for it."""
    scene = Scene(document(), CUT).begin()
    for _ in range(10):
        assert scene.poll(after=1e7) is not None


BODY = b'{"jobId": "j1", "mes' + b"x" * 1_000_000


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (httpx.Response(200, content=BODY), BodyError),
        (httpx.Response(200, content=b"<html>" + BODY), BodyError),
        (httpx.Response(502, content=BODY), ServerError),
        ({"jobId": "j2", "more": "x" * 1_000_000}, DocumentError),
    ],
)
def test_kept_error_keeps_no_body(reply: Any, kind: type[JobwidgetsError]) -> None:
    """An error stays in the contact for long, the body that it is about does not."""
    scene = Scene(reply).begin()
    scene.poll()
    error = scene.watch.contact.error
    assert type(error) is kind
    assert not isinstance(error.__cause__, json.JSONDecodeError)
    assert largest_within(error) < 100_000
    assert any(frame.name == "_exchange" for frame in traceback.extract_tb(error.__traceback__))


def largest_within(error: BaseException) -> int:
    """Return the size of the largest text within reach of an error and its frames."""
    largest, waiting, seen = 0, [*chain(error)], set[int]()
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, str | bytes):
            largest = max(largest, len(thing))
        elif isinstance(thing, dict):
            waiting += thing.values()
        elif isinstance(thing, list | tuple):
            waiting += thing
        elif isinstance(thing, Answer):
            waiting.append(thing.body)
    return largest


def chain(error: BaseException | None) -> Iterator[object]:
    """Yield what an error, its causes and the frames of both hold."""
    while error is not None:
        yield from (error.args, vars(error))
        for frame, _ in traceback.walk_tb(error.__traceback__):
            yield from frame.f_locals.values()
        error = error.__cause__ or error.__context__


def test_elapsed_is_by_the_servers_clock() -> None:
    """The time is the server's Date less its start, and goes on by the monotonic clock."""
    scene = Scene(dated(5)).begin()
    scene.poll()
    assert scene.watch.elapsed == timedelta(seconds=5)
    scene.now += 2.5
    assert scene.watch.elapsed == timedelta(seconds=7.5)


def test_elapsed_without_the_servers_clock() -> None:
    """Without a Date header the kernel's clock serves."""
    started = datetime.now(UTC) - timedelta(hours=1)
    scene = Scene(document(startTime=round(started.timestamp() * 1000))).begin()
    scene.poll()
    assert scene.watch.elapsed is not None
    assert timedelta(hours=1) <= scene.watch.elapsed < timedelta(hours=1, minutes=5)


def test_elapsed_is_never_negative() -> None:
    """A server whose Date is before its start gives no negative time."""
    scene = Scene(dated(-60)).begin()
    scene.poll()
    assert scene.watch.elapsed == timedelta(0)


def test_elapsed_of_a_job_without_a_start() -> None:
    """Nobody knows how long a job has run that does not tell its start."""
    scene = Scene(document(startTime=ABSENT)).begin()
    scene.poll()
    assert scene.watch.elapsed is None


def test_elapsed_of_an_ended_job_stands_still() -> None:
    """The time of an ended job is its duration."""
    scene = Scene(case("completed") | {"jobId": JOB_ID}).begin()
    scene.poll()
    scene.now += 1000
    assert scene.watch.elapsed == timedelta(seconds=66.311)


def test_unknown_exception_is_recorded_and_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    """A fault in a transport of the user's is one more failure, and its place is logged."""
    scene = Scene(document(), ZeroDivisionError("secret words"), document()).begin()
    scene.poll()
    assert scene.poll() == 1
    contact = scene.watch.contact
    assert (contact.state, contact.failures) == (ContactState.RETRYING, 1)
    assert type(contact.error) is ExchangeError
    assert "ZeroDivisionError" in str(contact.error)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("jobwidgets", logging.ERROR)
    assert "ZeroDivisionError" in record.getMessage()
    assert "replies.py" in record.getMessage()
    assert "secret words" not in caplog.text
    assert scene.poll() == 0.5


def test_unknown_exception_is_raised_as_a_typed_error() -> None:
    """Whoever reads by hand gets an error of ours for whatever went wrong."""
    scene = Scene(ZeroDivisionError("secret words"))

    async def read() -> None:
        async with aclosing(Connections()) as connections:
            await scene.watch.exchange(connections)

    with pytest.raises(ExchangeError, match="ZeroDivisionError") as raised:
        asyncio.run(read())
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_end_of_the_watch() -> None:
    """A watch that was ended asks for nothing, keeps what was seen, and calls whoever waits."""
    scene = Scene(document()).begin()
    scene.poll()
    heard = scene.watch.contact.last_heard
    end(scene)
    assert scene.state is ContactState.STOPPED
    assert (scene.watch.delay(), scene.watch.contact.next_try) == (None, None)
    assert scene.watch.contact.last_heard == heard
    assert scene.history.status is Status.RUNNING
    assert scene.is_settled
    assert scene.told == [0, None]


def end(scene: Scene) -> None:
    """End the watch, on a loop."""

    async def main() -> None:
        scene.watch.end()

    asyncio.run(main())


def test_end_drops_the_exchange_under_way() -> None:
    """An exchange that is under way when the watch ends is dropped; the next is a new one."""

    async def never(_: httpx.Request) -> None:
        await asyncio.Event().wait()

    scene = Scene(never, document()).begin()

    async def main() -> None:
        async with aclosing(Connections()) as connections:
            exchange = scene.watch.exchange(connections)
            await asyncio.sleep(0)
            scene.watch.end()
            with pytest.raises(asyncio.CancelledError):
                await exchange
            assert scene.watch.exchange(connections) is not exchange
            await scene.watch.exchange(connections)

    asyncio.run(main())
    assert scene.history.status is Status.RUNNING


def test_exchanges_are_joined() -> None:
    """Whoever asks while an exchange is under way gets that one."""
    scene = Scene(document()).begin()

    async def main() -> None:
        async with aclosing(Connections()) as connections:
            exchanges = [scene.watch.exchange(connections) for _ in range(3)]
            assert len(set(exchanges)) == 1
            await exchanges[0]
            await scene.watch.exchange(connections)

    asyncio.run(main())
    assert len(scene.server.requests) == 2


def test_exchange_of_a_loop_that_is_gone_is_not_joined() -> None:
    """After a fork the parent's unfinished exchange is none of the child's."""

    async def never(_: httpx.Request) -> None:
        await asyncio.Event().wait()

    scene = Scene(never, document()).begin()
    other = asyncio.new_event_loop()
    connections = Connections()

    async def begin() -> asyncio.Task[None]:
        return scene.watch.exchange(connections)

    exchange = other.run_until_complete(begin())
    assert scene.poll() == 0.5
    exchange.cancel()
    other.run_until_complete(asyncio.gather(exchange, return_exceptions=True))
    other.close()


def test_read_without_a_watch() -> None:
    """A read by hand records and settles, but nobody goes on asking."""
    scene = Scene(document())
    assert scene.poll() is None
    assert scene.state is ContactState.STOPPED
    assert scene.history.status is Status.RUNNING
    assert scene.watch.contact.last_heard is not None
    assert scene.is_settled


@pytest.mark.parametrize("replies", [[MISSING], [REFUSED], [CUT], [{}, {}]])
def test_failed_read_without_a_watch(replies: list[Any]) -> None:
    """A read by hand that fails leaves its error, until one is answered."""
    scene = Scene(*replies, document())
    scene.poll()
    assert scene.state is ContactState.STOPPED
    assert scene.history.error is scene.watch.contact.error
    assert scene.history.error is not None
    scene.poll()
    assert scene.history.error is None


def test_token_callable_that_hangs() -> None:
    """The contact says what is waited for; one call goes on, and its late answer is used."""
    calls: list[int] = []
    opened = threading.Event()

    def token() -> str:
        calls.append(1)
        opened.wait(HANG)
        return "a-token"

    scene, other = Scene(document()).begin(), Scene(document()).begin()
    scene.watch.source.token = TokenKeeper(token, deadline=0.01)

    async def polls() -> None:
        async with aclosing(Connections()) as connections:
            for number in (1, 2):
                await poll(scene.watch, connections)
                assert scene.state is ContactState.RETRYING
                assert scene.watch.contact.failures == number
                assert str(scene.watch.contact.error).endswith("gave no answer within 0.01 s")
                await poll(other.watch, connections)
                assert other.state is ContactState.IN_TOUCH
            opened.set()
            while scene.state is ContactState.RETRYING and scene.watch.contact.failures < 1000:
                await poll(scene.watch, connections)

    asyncio.run(polls())
    assert scene.state is ContactState.IN_TOUCH
    assert scene.server.tokens == ["a-token"]
    assert len(calls) == 1


async def poll(watch: Watch, connections: Connections) -> None:
    """Make one exchange, whatever it meets."""
    await asyncio.gather(watch.exchange(connections), return_exceptions=True)
    watch.landed()


@pytest.mark.parametrize("code", [408, 421, 425, 429, 503])
def test_busy_server_at_first_sight(code: int) -> None:
    """What a gateway in trouble answers is tried again, whatever the job may be."""
    scene = Scene(httpx.Response(code), document()).begin()
    assert scene.poll() is not None
    assert scene.state is ContactState.RETRYING
    assert isinstance(scene.watch.contact.error, ServerError)
    scene.poll()
    assert scene.state is ContactState.IN_TOUCH


def test_watch_that_begins_anew_after_a_pause() -> None:
    """After a pause the watch counts as young, so that its end is not missed."""
    scene = Scene(dated(0), dated(1000), dated(1000)).begin()
    scene.poll()
    end(scene)
    scene.now += 1000
    scene.watch.begin()
    assert scene.poll() == 0.5


def test_beginning_twice_keeps_its_age() -> None:
    """A watch that is begun again while it runs does not count as young."""
    scene = Scene(dated(0), dated(100)).begin()
    scene.poll()
    scene.now += 100
    scene.watch.begin()
    assert scene.poll() == 10


def test_contact_is_a_value() -> None:
    """A contact that was taken out does not change behind its reader."""
    scene = Scene(document(), CUT).begin()
    scene.poll()
    contact = scene.watch.contact
    copy = replace(contact)
    scene.poll()
    assert contact == copy
    assert contact != scene.watch.contact
