"""Lives of jobs as tables: what the server replies, and what the watch makes of it."""

import asyncio
import json
import logging
import threading
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from documents import ABSENT, JOB_ID, JOB_URL, after, case, document, milliseconds
from servers import HANG, Replies

from jobwidgets import (
    BodyError,
    DocumentError,
    ExchangeError,
    JobGoneError,
    JobHistory,
    JobwidgetsError,
    NoSuchJobError,
    Pace,
    RefusedError,
    ServerError,
    Status,
    TransportError,
    UnauthorisedError,
)
from jobwidgets._http.connections import Connections
from jobwidgets._http.settings import Http
from jobwidgets._http.source import Source
from jobwidgets._http.tokens import Token, TokenKeeper, token_keeper
from jobwidgets._model.contact import ContactState
from jobwidgets._watch.feed import Throttle
from jobwidgets._watch.watch import Watch
from jobwidgets.dialects.mission import Mission

PACE = Pace(jitter=0)
BUSY = httpx.Response(503)
MISSING = httpx.Response(404)
REFUSED = case("error_rest_498")
CUT = httpx.ReadError("cut")
NULL = httpx.Response(200, content=b"null")
ELSEWHERE = httpx.Response(302, headers={"Location": "https://evil.example.com/"})
ENDED = document(status="COMPLETED")
NO_END_YET = document(status="COMPLETED", endTime=ABSENT)


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
        self.published: list[int | None] = []
        source = Source(JOB_URL, Mission(), token=token_keeper(token))
        source.http = Http({"transport": self.server})
        self.history = JobHistory(JOB_ID, JOB_URL)
        keywords = {"pace": PACE, **keywords}
        self.watch = Watch(source, self.history, clock=lambda: self.now, **keywords)
        self.watch.feed.subscribe(Throttle(self.published.append))

    def begin(self) -> "Scene":
        """Begin the watch, without a poll."""
        self.watch.begin()
        return self

    def end(self) -> None:
        """End the watch, on a loop."""

        async def main() -> None:
            self.watch.end()

        asyncio.run(main())

    def poll(self, *, after: float = 0.0) -> float | None:
        """Make one exchange, some seconds later; return the delay to the next one."""
        self.now += after
        return asyncio.run(self._poll())

    def polls(self, *after: float) -> list[float | None]:
        """Make one exchange after each of these times; return the delays."""
        return [self.poll(after=seconds) for seconds in after]

    async def _poll(self) -> float | None:
        async with aclosing(Connections()) as connections:
            return await poll(self.watch, connections)

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


async def poll(watch: Watch, connections: Connections) -> float | None:
    """Make one exchange, whatever it meets; return the delay to the next one."""
    await asyncio.gather(watch.exchange(connections), return_exceptions=True)
    return watch.after_exchange()


def dated(seconds: float, **changes: Any) -> httpx.Response:
    """Return a document that is sent some seconds after the job's start, by the server's clock."""
    date = format_datetime(after(seconds), usegmt=True)
    return httpx.Response(200, json=document(**changes), headers={"Date": date})


def busy(value: str) -> httpx.Response:
    """Return a reply that asks to wait."""
    return httpx.Response(429, headers={"Date": FIRST_OF_MAY, "Retry-After": value})


FIRST_OF_MAY = "Fri, 01 May 2026 12:00:00 GMT"


def test_before_the_beginning() -> None:
    """A new watch knows nothing, asks nothing, and says that nobody asks."""
    scene = Scene(document())
    assert (scene.state, scene.watch.elapsed) == (ContactState.STOPPED, None)
    assert (scene.watch.delay(), scene.server.requests) == (None, [])
    assert scene.begin().state is ContactState.CONNECTING


def test_answered_poll() -> None:
    """An answer is recorded and published, and the next poll is promised."""
    promised: list[datetime | None] = []

    def answer(_: httpx.Request) -> Any:
        promised.append(scene.watch.contact.next_try)
        return document()

    scene = Scene(answer).begin()
    before = datetime.now(UTC)
    delay = scene.poll()
    contact = scene.watch.contact
    assert (scene.history.status, scene.published, delay) == (Status.RUNNING, [0], 0.5)
    assert (contact.state, contact.failures, contact.error) == (ContactState.IN_TOUCH, 0, None)
    assert contact.last_heard is not None
    assert contact.next_try is not None
    assert before <= contact.last_heard <= contact.next_try - timedelta(seconds=0.5)
    scene.poll()
    assert promised == [None, None]  # while it is asked no time is told
    assert scene.watch.contact.last_heard is not None
    assert contact.last_heard <= scene.watch.contact.last_heard
    assert (scene.published, len(scene.history)) == ([0, None], 1)


def test_new_messages_are_published_by_their_index() -> None:
    """Listeners learn from which message on there is something new."""
    texts = ["one", "two", "three"]
    scene = Scene(*(document(messages=texts[:number]) for number in (1, 3, 3))).begin()
    scene.polls(0, 0, 0)
    assert scene.published == [0, 1, None]


def test_odd_number_is_no_news() -> None:
    """A NaN, which equals nothing, makes no news of the same document."""
    body = json.dumps(document(odd=float("nan"))).encode()
    scene = Scene(httpx.Response(200, content=body)).begin()
    scene.polls(0, 0)
    assert scene.published == [0, None]


@pytest.mark.parametrize("name", ["completed", "failed-partial"])
def test_end(name: str) -> None:
    """After a final status nothing more is asked, and whoever waits is called."""
    scene = Scene(document(), {**case(name), "jobId": JOB_ID}).begin()
    assert scene.poll() is not None
    assert not scene.is_settled
    assert scene.poll() is None
    assert (scene.is_settled, scene.watch.is_over, scene.history.has_ended) == (True, True, True)
    assert (scene.state, scene.watch.contact.next_try) == (ContactState.IN_TOUCH, None)


def test_end_under_a_word_that_nobody_knows() -> None:
    """An unknown word with an end in the past ends the watch when it has stood for 30 s."""
    end = {"status": "Evaporated", "endTime": milliseconds(after(60))}
    scene = Scene(*(dated(seconds, **end) for seconds in (61, 76, 90, 91))).begin()
    assert None not in scene.polls(0, 15, 14)
    assert not scene.history.has_ended
    assert scene.poll(after=1) is None
    assert (scene.watch.is_over, scene.is_settled, scene.state) == (True, True, "in touch")
    assert (scene.history.status, scene.history.error) == (Status.UNKNOWN, None)
    assert scene.watch.elapsed == timedelta(seconds=60)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (httpx.Response(400), RefusedError),
        (ELSEWHERE, RefusedError),
        (document(jobId="j2"), DocumentError),
        ({}, DocumentError),
        ([1], DocumentError),
        (NULL, DocumentError),
    ],
)
def test_permanent_errors_before_the_first_document(
    reply: Any, kind: type[JobwidgetsError]
) -> None:
    """What means a wrong URL at first sight ends the watch, and says so."""
    scene = Scene(reply).begin()
    assert scene.poll() is None
    assert (scene.state, scene.is_settled) == (ContactState.LOST, True)
    assert isinstance(scene.watch.contact.error, kind)
    assert scene.history.error is scene.watch.contact.error
    assert (scene.watch.is_done, scene.watch.is_over) == (True, False)


@pytest.mark.parametrize(
    "reply", [httpx.Response(400), ELSEWHERE, document(jobId="j2"), {}, [1], NULL]
)
def test_nothing_is_permanent_after_the_first_document(reply: Any) -> None:
    """Once the job was seen the same errors are tried again, and end with the next answer."""
    scene = Scene(document(), reply, reply, document(stepsCompleted=2)).begin()
    assert scene.polls(0, 0, 0)[1:] == [1, 2]
    assert (scene.state, scene.history.error) == (ContactState.RETRYING, None)
    assert scene.history.status is Status.RUNNING
    scene.poll()
    assert (scene.state, scene.watch.contact.error) == (ContactState.IN_TOUCH, None)


@pytest.mark.parametrize("is_seen", [False, True])
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (CUT, TransportError),
        (httpx.ConnectTimeout(""), TransportError),
        *((httpx.Response(code), ServerError) for code in (408, 421, 425, 429, 500, 502, 503, 504)),
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
    assert scene.polls(*[1e7] * 9) == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    contact = scene.watch.contact
    assert (contact.state, contact.failures) == (ContactState.RETRYING, 9)
    assert isinstance(contact.error, kind)
    assert (contact.last_heard, scene.history.error) == (last_heard, None)
    assert contact.next_try is not None
    assert not scene.is_settled


def test_jitter() -> None:
    """Retries of many jobs do not come at the same time."""
    delays = {Scene(CUT, pace=Pace()).begin().poll() for _ in range(20)}
    assert len(delays) > 10
    assert all(delay is not None and 0.75 <= delay <= 1.25 for delay in delays)


@pytest.mark.parametrize(
    ("replies", "after", "delays"),
    [
        # After an answer the next failure counts as the first.
        ([CUT, CUT, document(), CUT, document()], [0] * 5, [1, 2, 0.5, 1, 0.5]),
        # What the server asks for wins, and is never less than the shortest delay.
        ([busy("7"), busy("0"), busy("soon")], [0] * 3, [7, 0.5, 4]),
        ([busy("Fri, 01 May 2026 12:00:42 GMT")], [0], [42]),
        # Who asks for ages is asked again all the same.
        ([busy("9" * 400), busy("Fri, 31 Dec 9999 23:59:59 GMT")], [0] * 2, [86_400] * 2),
        # Without a fixed interval the delay is a part of the job's age,
        ([dated(0), dated(100), dated(200)], [0, 100, 100], [0.5, 10, 20]),
        # on the last step of the estimated rest,
        ([dated(0), dated(100, stepsCompleted=4)], [0, 100], [0.5, 2]),
        # and of a job that was old when its watch began, of a few times the watch's age.
        ([dated(10_000), dated(10_010)], [0, 10], [0.5, 4]),
    ],
)
def test_delays(replies: list[Any], after: list[float], delays: list[float]) -> None:
    """The next poll comes as the pace says, or as the server asks."""
    assert Scene(*replies).begin().polls(*after) == pytest.approx(delays)


def test_fixed_interval() -> None:
    """A fixed interval holds whatever the job's age; failures have their own delays."""
    replies = [document(), document(), CUT, document(stepsCompleted=4)]
    assert Scene(*replies, poll_interval=3).begin().polls(*[100] * 4) == [3, 3, 1, 3]


def test_question_for_the_delay_changes_nothing() -> None:
    """However often one asks for the delay, the answer is the same."""
    for replies in ([NO_END_YET], [CUT], [document(), MISSING]):
        scene = Scene(*replies).begin()
        delays = scene.polls(*[0] * len(replies))
        assert {scene.watch.delay() for _ in range(3)} == {delays[-1]}


def test_refusal_at_first_sight_waits_for_the_user() -> None:
    """A job that was never seen is not asked for again with a token that was refused."""
    scene = Scene(REFUSED, document()).begin()
    assert scene.poll() is None
    assert (scene.state, scene.is_settled) == (ContactState.UNAUTHORISED, True)
    assert isinstance(scene.history.error, UnauthorisedError)
    scene.begin()
    assert not scene.is_settled
    assert (scene.state, scene.history.error) == (ContactState.CONNECTING, None)
    assert scene.poll() == 0.5
    assert (scene.state, scene.watch.contact.failures) == (ContactState.IN_TOUCH, 0)


FORBIDDEN = {"error": {"code": 403, "messageCode": "GWM_0003", "message": "You do not have access"}}


@pytest.mark.parametrize(
    ("token", "reply", "is_stuck"),
    [
        # Only a token that the user sets would help: whoever waits is told, and it is asked on.
        ("t", REFUSED, True),
        (None, REFUSED, True),
        # A token function may have another one, and an access right may come back, by itself.
        (lambda: "t", REFUSED, False),
        ("t", FORBIDDEN, False),
    ],
)
def test_refusal_of_a_job_that_was_seen_is_asked_again(
    token: Any, reply: Any, is_stuck: bool
) -> None:
    """Once the job was seen, no refusal parks the watch."""
    replies = [document(), *[reply] * (16 if callable(token) else 8), document()]
    scene = Scene(*replies, token=token).begin()
    scene.poll()
    assert scene.polls(*[100] * 8) == [1, 2, 4, 8, 16, 32, 60, 60]
    assert (scene.state, scene.is_settled) == (ContactState.UNAUTHORISED, is_stuck)
    assert isinstance(scene.history.error, UnauthorisedError | None)
    assert (scene.history.error is not None) == is_stuck
    assert scene.watch.contact.next_try is not None
    assert scene.poll() == 30
    assert (scene.state, scene.is_settled, scene.history.error) == ("in touch", False, None)


def test_refused_job_is_given_up_when_told_to() -> None:
    """A watch that is to give up does so among refusals too."""
    scene = Scene(document(), REFUSED, give_up_after=60).begin()
    assert None not in scene.polls(0, 59)
    assert (scene.poll(after=1), scene.state) == (None, ContactState.LOST)


@pytest.mark.parametrize("reply", [REFUSED, {}])
def test_answer_to_a_read_in_between_takes_the_watch_up_again(reply: Any) -> None:
    """When a read by hand is answered, a parked watch goes on, and whoever waits waits on."""
    scene = Scene(reply, reply, document()).begin()
    scene.poll()
    assert scene.is_settled
    scene.server.replies[:] = [document()]
    assert scene.poll() == 0.5
    assert (scene.is_settled, scene.history.error) == (False, None)


NO_SUCH_JOB = [
    MISSING,
    httpx.Response(410),
    {"error": {"code": 404, "message": None}},
    {"error": {"code": 404, "message": "Job not found."}},
]


@pytest.mark.parametrize("reply", NO_SUCH_JOB)
def test_job_that_is_not_there_yet(reply: Any) -> None:
    """At first sight a missing job is asked for again for 10 s: its id may be a moment old."""
    scene = Scene(reply).begin()
    assert scene.polls(0, 1, 2, 4) == [1, 2, 4, 3]
    assert (scene.state, scene.history.error) == (ContactState.RETRYING, None)
    assert scene.watch.contact.missing_since is not None
    assert not scene.is_settled
    assert scene.poll(after=3) is None
    assert (scene.state, scene.is_settled) == (ContactState.LOST, True)
    assert isinstance(scene.history.error, NoSuchJobError)
    scene.server.replies[:] = [reply, document()]
    scene.begin()
    assert None not in scene.polls(0, 9)
    assert (scene.state, scene.watch.contact.missing_since) == ("in touch", None)


@pytest.mark.parametrize("reply", NO_SUCH_JOB)
def test_job_that_is_missing_for_a_minute_is_gone(reply: Any) -> None:
    """A job that was seen, and for 60 s nothing but missing, is gone; a restart takes less."""
    scene = Scene(dated(5, stepsCompleted=3), reply).begin()
    assert scene.polls(0, 1, 1, 2, 4, 8, 16)[1:] == [1, 2, 4, 8, 16, 29]
    assert (scene.state, scene.history.has_ended) == (ContactState.RETRYING, False)
    since = scene.watch.contact.missing_since
    assert since is not None
    assert scene.polls(28, 1) == [1, None]
    assert (scene.history.status, scene.state) == (Status.GONE, ContactState.IN_TOUCH)
    assert isinstance(scene.history.error, JobGoneError)
    assert scene.watch.contact.missing_since is None
    assert scene.is_settled
    # By the server's clock, and with what was last seen.
    assert scene.watch.elapsed == timedelta(seconds=5 + 61)
    assert scene.history.latest is not None
    assert (scene.history.latest.steps_done, len(scene.history)) == (3, 2)
    assert len(scene.history.messages) == 1


@pytest.mark.parametrize("between", [document(), CUT, BUSY, REFUSED, document(jobId="j2")])
def test_whatever_else_comes_between_counts_the_minute_anew(between: Any) -> None:
    """Only a minute of nothing but misses makes a job gone."""
    scene = Scene(document(), MISSING, between, MISSING, between).begin()
    scene.polls(*[59] * 5)
    assert scene.history.status is Status.RUNNING
    assert scene.watch.contact.missing_since is None


@pytest.mark.parametrize("begins", [False, True])
def test_gone_job_that_comes_back_goes_on(begins: bool) -> None:
    """A removed job that is seen again, by a read by hand or a new start, is watched on."""
    scene = Scene(document(), MISSING, MISSING, document()).begin()
    scene.polls(0, 0, 60)
    assert scene.history.status is Status.GONE
    if begins:
        scene.begin()
    assert scene.poll() is not None
    assert (scene.history.status, len(scene.history)) == (Status.RUNNING, 3)
    assert (scene.state, scene.is_settled) == (ContactState.IN_TOUCH, False)


def cached(seconds: float, age: str) -> httpx.Response:
    """Return a document that says how long it has lain in a cache."""
    reply = dated(seconds)
    headers = {"Date": reply.headers["Date"], "Age": age}
    return httpx.Response(200, headers=headers, content=reply.content)


@pytest.mark.parametrize(
    ("replies", "ages"),
    [
        ([dated(0), dated(10), dated(20)], [None, None, None]),
        ([dated(0), dated(0), dated(0), dated(30)], [None, 10, 20, None]),  # stands still
        ([cached(0, "0"), cached(10, "3"), cached(20, "7"), dated(30)], [None, None, 7, None]),
        ([cached(0, "4000"), cached(0, "4010")], [4000, 4010]),
        ([cached(0, "many"), cached(10, "-9")], [None, None]),
        ([document(), document()], [None, None]),  # a server that tells no time
    ],
)
def test_answers_of_a_cache(replies: list[Any], ages: list[float | None]) -> None:
    """An old answer, by its Age or a Date that stands still, is told with its time."""
    scene, found = Scene(*replies).begin(), []
    for _ in replies:
        scene.poll(after=10)
        contact = scene.watch.contact
        assert contact.last_heard is not None
        since = contact.cached_since
        found.append(None if since is None else (contact.last_heard - since).total_seconds())
    assert found == ages


@pytest.mark.parametrize("reply", [MISSING, REFUSED, CUT, BUSY, {}, document(jobId="j2")])
@pytest.mark.parametrize("end", [ENDED, NO_END_YET])
def test_failed_read_after_the_end_changes_nothing(end: Any, reply: Any) -> None:
    """A final status, and that there was no error, outlast whatever a later read meets."""
    scene = Scene(document(), end, reply, token="t").begin()
    scene.polls(0, 0)
    latest = scene.history.latest
    assert scene.polls(10, 10) == [None, None]
    assert scene.begin().poll() is None
    assert scene.history.latest is latest
    assert (scene.state, scene.history.error) == (ContactState.IN_TOUCH, None)
    assert (scene.is_settled, scene.watch.is_over) == (True, True)


def test_trailing_read() -> None:
    """A final document without its end is read once more, and what it then has is taken in."""
    whole = document(status="COMPLETED", messages=["Started mission creation.", "Finished."])
    scene = Scene(document(), NO_END_YET, whole).begin()
    scene.poll()
    assert scene.poll() == PACE.trail
    assert (scene.history.has_ended, scene.is_settled, scene.watch.is_over) == (True, False, False)
    assert scene.watch.contact.next_try is not None
    assert scene.poll(after=PACE.trail) is None
    assert (scene.is_settled, scene.watch.is_over) == (True, True)
    assert [message.text for message in scene.history.messages][1:] == ["Finished."]
    assert scene.watch.elapsed == timedelta(seconds=60)
    assert scene.published == [0, 1, 1]


def test_second_end_is_read_to_its_end() -> None:
    """A job that goes on after its end, and ends again, is read once more again."""
    whole = document(status="COMPLETED", messages=["Started mission creation.", "Finished."])
    scene = Scene(NO_END_YET, document(), NO_END_YET, whole).begin()
    assert scene.polls(0, 1, 1, 1) == [PACE.trail, pytest.approx(0.5, abs=1), PACE.trail, None]
    assert (scene.history.messages[-1].text, scene.watch.is_over) == ("Finished.", True)


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "CANCELLED"])
def test_trailing_read_is_one(status: str) -> None:
    """A server that never tells the end is asked once more, not for ever."""
    scene = Scene(document(status=status, endTime=ABSENT)).begin()
    assert scene.polls(0, 0, 0) == [PACE.trail, None, None]


def test_stop_before_the_trailing_read() -> None:
    """A watch that is stopped between the end and the last read is over."""
    scene = Scene(NO_END_YET).begin()
    scene.poll()
    scene.end()
    assert (scene.watch.is_over, scene.is_settled) == (True, True)


@pytest.mark.parametrize(
    ("replies", "after"),
    [
        ([document(), CUT, BUSY], [0, 30, 29, 1]),  # from the last answer
        ([CUT], [59, 1]),  # before the first document, from the watch's beginning
        ([*[CUT, document()] * 2, CUT], [40, 40, 40, 40, 59, 1]),
    ],
)
def test_give_up(replies: list[Any], after: list[float]) -> None:
    """After so many seconds without an answer the watch gives up, until it is begun anew."""
    scene = Scene(*replies, give_up_after=60)
    scene.now += 1000
    scene.begin()
    assert None not in scene.polls(*after[:-1])
    assert scene.state is ContactState.RETRYING
    assert scene.poll(after=after[-1]) is None
    assert (scene.state, scene.is_settled) == (ContactState.LOST, True)
    assert scene.history.error is scene.watch.contact.error
    scene.now += 10_000
    scene.begin()
    assert None not in scene.polls(0, 59)
    assert scene.poll(after=1) is None


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (dated(5), 5),
        (dated(-60), 0),  # never negative
        (document(startTime=ABSENT), None),
    ],
)
def test_elapsed_is_by_the_servers_clock(reply: Any, seconds: float | None) -> None:
    """The time is the server's Date less its start, and goes on by the monotonic clock."""
    scene = Scene(reply).begin()
    scene.poll()
    assert scene.watch.elapsed == (None if seconds is None else timedelta(seconds=seconds))
    scene.now += 2.5
    assert scene.watch.elapsed == (None if seconds is None else timedelta(seconds=seconds + 2.5))


def test_elapsed_without_the_servers_clock() -> None:
    """Without a Date header the kernel's clock serves."""
    started = datetime.now(UTC) - timedelta(hours=1)
    scene = Scene(document(startTime=int(started.timestamp() * 1000))).begin()
    scene.poll()
    assert scene.watch.elapsed is not None
    assert timedelta(hours=1) <= scene.watch.elapsed < timedelta(hours=1, minutes=5)


def test_elapsed_of_an_ended_job_stands_still() -> None:
    """The time of an ended job is its duration."""
    scene = Scene(case("completed") | {"jobId": JOB_ID}).begin()
    scene.poll()
    scene.now += 1000
    assert scene.watch.elapsed == timedelta(seconds=66.311)


def test_unknown_exception_is_recorded_and_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    """A fault in a transport of the user's is one more failure, and its place is logged."""
    scene = Scene(document(), ZeroDivisionError("secret words"), document()).begin()
    assert scene.polls(0, 0) == [0.5, 1]
    contact = scene.watch.contact
    assert (contact.state, contact.failures) == (ContactState.RETRYING, 1)
    assert type(contact.error) is ExchangeError
    assert "ZeroDivisionError" in str(contact.error)
    assert (contact.error.__cause__, contact.error.__context__) == (None, None)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("jobwidgets", logging.ERROR)
    assert "ZeroDivisionError" in record.getMessage()
    assert "replies.py" in record.getMessage()
    assert "secret words" not in caplog.text
    assert scene.poll() == 0.5


def test_end_of_the_watch() -> None:
    """A watch that was ended asks for nothing, keeps what was seen, and calls whoever waits."""
    scene = Scene(document()).begin()
    scene.poll()
    heard = scene.watch.contact.last_heard
    scene.end()
    assert scene.state is ContactState.STOPPED
    assert (scene.watch.delay(), scene.watch.contact.next_try) == (None, None)
    assert scene.watch.contact.last_heard == heard
    assert scene.history.status is Status.RUNNING
    assert scene.is_settled
    assert scene.published == [0, None]


def test_read_without_a_watch() -> None:
    """A read by hand records and settles, but nobody goes on asking."""
    scene = Scene(document())
    assert scene.poll() is None
    assert (scene.state, scene.history.status) == (ContactState.STOPPED, Status.RUNNING)
    assert scene.watch.contact.last_heard is not None
    assert scene.is_settled


@pytest.mark.parametrize("reply", [MISSING, REFUSED, CUT, {}])
@pytest.mark.parametrize("parking", [None, REFUSED, {}])
def test_failed_read_without_a_watch(parking: Any, reply: Any) -> None:
    """A read by hand that fails changes nothing, also of a watch that has given up."""
    scene = Scene(parking, reply)
    if parking is None:
        scene.server.replies[:] = [reply]
    else:
        scene.server.replies[:] = [parking, parking]
        scene.begin().poll()
        scene.server.replies[:] = [reply]
    contact, error = scene.watch.contact, scene.history.error
    assert scene.polls(0, 0) == [None, None]
    assert (scene.watch.contact, scene.history.error) == (contact, error)


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


def test_watch_that_begins_anew_after_a_pause_counts_as_young() -> None:
    """After a pause the watch counts as young, so that its end is not missed."""
    scene = Scene(dated(0), dated(1000), dated(1000)).begin()
    scene.poll()
    scene.end()
    scene.now += 1000
    assert scene.begin().poll() == 0.5


def test_beginning_twice_keeps_its_age() -> None:
    """A watch that is begun again while it runs does not count as young."""
    scene = Scene(dated(0), dated(100)).begin()
    scene.poll()
    scene.now += 100
    assert scene.begin().poll() == 10
