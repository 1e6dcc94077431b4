import asyncio
import threading
from base64 import b64encode
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pytest
from documents import JOB_ID, JOB_URL, JOBS_URL, case, document
from servers import HANG, Replies, Reply, Server

from jobwidgets import Job
from jobwidgets._http.budget import configure
from jobwidgets._http.connections import Connections, Limits
from jobwidgets._http.exchange import MOST_REDIRECTS
from jobwidgets._http.lists import read_list
from jobwidgets._http.settings import Http, settings_now
from jobwidgets._http.source import Reading, Source
from jobwidgets._http.tokens import Token, token_keeper
from jobwidgets._model.snapshot import Snapshot, Status
from jobwidgets.dialects import Answer
from jobwidgets.dialects._urls import job_id_of
from jobwidgets.dialects.mission import Mission
from jobwidgets.errors import (
    BodyError,
    DocumentError,
    ExchangeError,
    RefusedError,
    ServerError,
    TransportError,
    UnauthorisedError,
)

SECRET = "S3cr3t-T0ken.with/odd=chars"
REST_498 = case("error_rest_498")
ADMIN_498 = case("error_admin_498_token_expired")
SIGN_IN_PAGE = b'<html><form><input name="p" type="password"></form></html>'


def source(*replies: Any, url: str = JOB_URL, token: Token | None = None) -> tuple[Source, Replies]:
    """Return a source, and the server without a socket that replies to it."""
    transport = Replies(*replies)
    return Source(
        url, Mission(), token=token_keeper(token), http=Http({"transport": transport})
    ), transport


def read(*sources: Source, times: int = 1, **limits: Any) -> list[Reading]:
    """Return what is read from all sources at once, some times in a row."""

    async def main() -> list[Reading]:
        async with aclosing(Connections(Limits(**limits))) as connections:
            readings: list[Reading] = []
            for _ in range(times):
                readings += await asyncio.gather(*(one.read_job(connections) for one in sources))
            return readings

    return asyncio.run(main())


def redirect(location: str, status: int = 302) -> httpx.Response:
    """Return an answer that points elsewhere."""
    return httpx.Response(status, headers={"Location": location})


def said_by(reading: Reading) -> Snapshot:
    """Return the snapshot of a reading that has one."""
    assert reading.snapshot is not None
    return reading.snapshot


class Provider:
    """Gives the tokens of a list, and counts how often it is called."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.calls = 0

    def __call__(self) -> str:
        """Give the next token."""
        self.calls += 1
        return self.tokens.pop(0)


def test_reading() -> None:
    """A document becomes a snapshot with when it was received, and the server's own time."""
    date = "Fri, 01 May 2026 12:00:05 GMT"
    before = datetime.now(UTC)
    one, _ = source(httpx.Response(200, json=document(), headers={"Date": date}))
    (reading,) = read(one)
    said = said_by(reading)
    assert (said.id, said.status) == (JOB_ID, Status.RUNNING)
    assert said.seen == reading.seen
    assert before <= reading.seen <= datetime.now(UTC)
    assert reading.server_time == datetime(2026, 5, 1, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "age"),
    [
        ("20", 20.0),
        (" 0 ", 0.0),
        ("9" * 400, 31_536_000.0),
        ("-1", None),
        ("old", None),
        ("", None),
    ],
)
def test_answer_of_a_cache(header: str, age: float | None) -> None:
    """A cache is asked to ask the server; how old its answer is all the same is told."""
    one, server = source(httpx.Response(200, json=document(), headers={"Age": header}))
    first, again = read(one, times=2)
    assert (first.age, again.age, again.snapshot) == (age, age, None)
    assert {request.headers["cache-control"] for request in server.requests} == {"no-cache"}


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ("", "f=json"),
        ("?f=html", "f=json"),
        ("?f=pjson&f=json", "f=json"),
        ("?tenant=7", "tenant=7&f=json"),
        ("?tenant=&f=json&a=b%26c", "tenant=&a=b%26c&f=json"),
    ],
)
def test_form_is_merged_into_the_query(query: str, sent: str) -> None:
    """Every request asks for JSON, once; other parameters stay."""
    one, server = source(document(), url=JOB_URL + query)
    read(one)
    assert str(server.requests[0].url) == f"{JOB_URL}?{sent}"


def test_token_travels_in_the_header_only() -> None:
    """A token is sent as Esri's header, and nowhere else."""
    one, server = source(document(), token=SECRET)
    read(one)
    (request,) = server.requests
    assert server.tokens == [SECRET]
    assert SECRET not in str(request.url)
    others = {name: value for name, value in request.headers.items() if SECRET in value}
    assert list(others) == ["x-esri-authorization"]


def test_no_token_no_header() -> None:
    """Without a token no such header is sent."""
    one, server = source(document())
    read(one)
    assert server.tokens == [None]


@pytest.mark.parametrize("refusal", [REST_498, ADMIN_498, httpx.Response(401)])
def test_refused_token_is_renewed(refusal: Any) -> None:
    """The provider is asked once more, and the request is made again with the new token."""
    provider = Provider("token-1", "token-2")
    one, server = source(refusal, document(), token=provider)
    (reading,) = read(one)
    assert reading.snapshot.status is Status.RUNNING
    assert server.tokens == ["token-1", "token-2"]
    assert provider.calls == 2


@pytest.mark.parametrize("refusal", [REST_498, ADMIN_498, httpx.Response(401)])
def test_second_refusal(refusal: Any) -> None:
    """A token that is refused anew is told, after two requests."""
    provider = Provider("token-1", "token-2", "token-3")
    one, server = source(refusal, token=provider)
    with pytest.raises(UnauthorisedError):
        read(one)
    assert server.tokens == ["token-1", "token-2"]
    assert provider.calls == 2


@pytest.mark.parametrize("token", [SECRET, None])
def test_string_is_not_tried_twice(token: str | None) -> None:
    """Without a provider a refusal is told at once."""
    one, server = source(REST_498, token=token)
    with pytest.raises(UnauthorisedError):
        read(one)
    assert server.tokens == [token]


def test_refusal_that_a_token_does_not_mend() -> None:
    """The provider is not asked because of a right that is missing."""
    provider = Provider("token-1", "token-2")
    one, server = source({"error": {"code": 403, "message": "No"}}, token=provider)
    with pytest.raises(UnauthorisedError):
        read(one)
    assert (provider.calls, len(server.requests)) == (1, 1)


def test_token_that_was_set_meanwhile() -> None:
    """A token that the user sets while a request is under way is the one that is tried next."""
    one, server = source(document())

    def refuse(_: httpx.Request) -> Any:
        one.token = token_keeper("token-2")
        return REST_498

    server.replies.insert(0, refuse)
    one.token = token_keeper("token-1")
    read(one)
    assert server.tokens == ["token-1", "token-2"]


def test_many_jobs_ask_the_portal_once() -> None:
    """A hundred jobs with one callable ask for the first token once, and once for the next."""
    provider = Provider("token-1", "token-2")

    def answer(request: httpx.Request) -> Any:
        is_old = request.headers["X-Esri-Authorization"] == "Bearer token-1"
        return REST_498 if is_old else document()

    sources = [source(answer, token=provider)[0] for _ in range(100)]
    assert len(read(*sources)) == 100
    assert provider.calls == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["/other/jobs/j1", "https://gis.example.com:443/other/jobs/j1", "?tenant=7"]
)
def test_redirect_on_the_same_origin(status: int, location: str) -> None:
    """A redirect on the same origin is followed, with the token and the form."""
    one, server = source(redirect(location, status), document(), token=SECRET)
    read(one)
    target = server.requests[1].url
    assert (target.host, target.params["f"]) == ("gis.example.com", "json")
    assert server.tokens == [SECRET, SECRET]


def test_https_is_kept() -> None:
    """After the first upgrade no poll of any job there goes over http, and so no token."""
    plain, server = JOB_URL.replace("https", "http"), Replies(document())
    server.replies = [redirect(f"{JOB_URL}?f=json"), document()]
    http, keeper = Http({"transport": server}), token_keeper(SECRET)
    one, other = (Source(plain, Mission(), token=keeper, http=http) for _ in range(2))

    async def main() -> None:
        async with aclosing(Connections()) as connections:
            for source in (one, one, other):
                await source.read_job(connections)

    asyncio.run(main())
    assert [request.url.scheme for request in server.requests] == ["http", *["https"] * 3]
    assert one.url == plain


def test_https_at_another_path_is_kept() -> None:
    """An upgrade that leads to another path is kept for that job, and not taken for the others."""
    there = "https://gis.example.com:6443/hosted/rest/jobs"

    def answer(request: httpx.Request) -> Any:
        place, _, job_id = str(request.url.copy_with(query=None)).rpartition("/")
        return document(jobId=job_id) if place == there else redirect(f"{there}/{job_id}")

    server = Replies(answer)
    http = Http({"transport": server})
    one, other = (Source(f"http://gis.example.com/jobs/{i}", Mission(), http=http) for i in "ab")

    async def main() -> None:
        async with aclosing(Connections()) as connections:
            for asked in (one, one, other, other):
                await asked.read_job(connections)

    asyncio.run(main())
    schemes = [request.url.scheme for request in server.requests]
    assert schemes == ["http", "https", "https"] * 2


def test_upgrade_to_nobody_is_not_kept(serve: Callable[..., Server]) -> None:
    """A redirect to an https that does not answer changes nothing for the next poll."""
    replies = [Reply(b"", 302, {"Location": "https://localhost:1/"}), Reply(document())]
    server = serve(lambda _: replies.pop(0))
    one = Source(f"{server.jobs_url}/j1", Mission())

    async def main() -> None:
        async with aclosing(Connections()) as connections:
            with pytest.raises(TransportError):
                await one.read_job(connections)
            await one.read_job(connections)

    asyncio.run(main())
    assert len(server.requests) == 2


def test_sticky_session() -> None:
    """A gateway that redirects to the same URL with a cookie gets it, in this exchange alone."""

    def answer(request: httpx.Request) -> httpx.Response:
        if "node=1" in request.headers.get("cookie", ""):
            return httpx.Response(200, json=document())
        return httpx.Response(302, headers={"Location": str(request.url), "Set-Cookie": "node=1"})

    one, server = source(answer)
    read(one, times=2)
    assert ["cookie" in request.headers for request in server.requests] == [False, True] * 2


def test_other_origin_is_never_contacted(serve: Callable[..., Server]) -> None:
    """Another server sees no connection at all."""
    other = serve(lambda _: document())
    server = serve(lambda _: Reply(b"", 302, {"Location": f"{other.jobs_url}/j1"}))
    one = Source(f"{server.jobs_url}/j1", Mission(), token=token_keeper(SECRET))
    with pytest.raises(RefusedError, match=f"localhost:{other.port}"):
        read(one)
    assert (other.connections, len(server.requests)) == (0, 1)


def test_redirect_to_a_sign_in_page_renews_the_token() -> None:
    """A server that sends a refused token to its sign-in page is asked again with a new one."""
    one, server = source(redirect("/login"), document(), token=Provider("token-1", "token-2"))
    read(one)
    assert server.tokens == ["token-1", "token-2"]


def test_redirect_in_a_loop() -> None:
    """A loop of redirects comes to an end."""
    one, server = source(redirect("/arcgis/rest/jobs/j1"))
    with pytest.raises(RefusedError, match=f"more than {MOST_REDIRECTS} times"):
        read(one)
    assert len(server.requests) == MOST_REDIRECTS + 1


def test_redirect_loses_its_token() -> None:
    """A token in a redirect's location is not sent on in the URL."""
    one, server = source(redirect(f"/jobs/j1?token={SECRET}&a=1"), document())
    read(one)
    assert str(server.requests[1].url) == "https://gis.example.com/jobs/j1?a=1&f=json"


def test_body_that_is_too_large() -> None:
    """A body over the limit is refused."""
    with pytest.raises(BodyError, match="larger than 1000 bytes"):
        read(source(document(messages=["x" * 1000]))[0], body=1000)


NO_JOB: list[Any] = [[1], {}, document(jobId="j2")]


@pytest.mark.parametrize("body", NO_JOB)
def test_answer_to_somebody_else_at_first_sight(body: Any) -> None:
    """What is no document of this job is asked for once more before it counts."""
    one, server = source(body, document())
    assert said_by(read(one)[0]).id == JOB_ID
    assert len(server.requests) == 2


def test_answer_to_somebody_else_closes_its_connection(serve: Callable[..., Server]) -> None:
    """The request is repeated on a connection that has nothing left over, each time."""
    bodies = iter([document(), document(jobId="j2"), document()])
    server = serve(lambda _: next(bodies))
    one = Source(f"{server.jobs_url}/{JOB_ID}", Mission())

    async def main() -> None:
        async with aclosing(Connections()) as connections:
            await one.read_job(connections)
            with pytest.raises(DocumentError):
                await one.read_job(connections)
            assert server.connections == 1
            await one.read_job(connections)
            assert server.connections == 2

    asyncio.run(main())


@pytest.mark.parametrize("body", NO_JOB)
def test_wrong_url_is_asked_twice(body: Any) -> None:
    """What is no document of this job twice is told, and each time that the job is read anew."""
    one, server = source(body)
    for number in (2, 4):
        with pytest.raises(DocumentError) as raised:
            read(one)
        assert len(server.requests) == number
        assert (raised.value.__cause__, raised.value.__context__) == (None, None)


def test_repeat_at_first_sight_that_fails() -> None:
    """What the second request meets is what is told."""
    with pytest.raises(ServerError):
        read(source(document(jobId="j2"), httpx.Response(503))[0])


@pytest.mark.parametrize("body", NO_JOB)
def test_answer_to_somebody_else_later(body: Any) -> None:
    """Once the job was seen nothing is repeated here: the watch asks again, in its own time."""
    one, server = source(document(), body, document())
    read(one)
    with pytest.raises(DocumentError):
        read(one)
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [400, 404, 410])
def test_refusal_at_first_sight_is_not_repeated(status: int) -> None:
    """A refusal is an answer to this request, and is believed."""
    one, server = source(httpx.Response(status), document())
    with pytest.raises(ExchangeError):
        read(one)
    assert len(server.requests) == 1


class Reader(Mission):
    """A dialect that notes on which thread it reads, and can be made to wait there."""

    def __init__(self) -> None:
        self.threads: list[str] = []
        self.begun, self.may_go_on = threading.Event(), threading.Event()
        self.may_go_on.set()

    def read(self, answer: Answer) -> Snapshot:
        """Note the thread, wait, and parse."""
        self.threads.append(threading.current_thread().name)
        self.begun.set()
        assert self.may_go_on.wait(HANG)
        return super().read(answer)


def test_large_body_is_read_on_a_thread_of_its_own() -> None:
    """A body over the limit is read elsewhere, a smaller one where it came."""
    reader, here = Reader(), threading.current_thread().name
    server = Replies(document(), document(messages=["x" * 2000]))
    read(Source(JOB_URL, reader, http=Http({"transport": server}), large_body=1000), times=2)
    assert reader.threads == [here, "jobwidgets-reader"]


def test_error_of_a_large_body() -> None:
    """What is wrong with a large body is told as of any other."""
    for body, kind in (
        ([0] * 1000, DocumentError),
        (httpx.Response(200, content=b"<p>" + b"x" * 1000), BodyError),
    ):
        one = Source(JOB_URL, Mission(), http=Http({"transport": Replies(body)}), large_body=1000)
        with pytest.raises(kind):
            read(one)


def test_exchange_dropped_while_a_large_body_is_read() -> None:
    """What is read for nobody any more changes nothing: the same body is news the next time."""
    reader = Reader()
    one = Source(JOB_URL, reader, http=Http({"transport": Replies(document())}), large_body=0)

    async def main() -> Reading:
        async with aclosing(Connections()) as connections:
            reader.may_go_on.clear()
            dropped = asyncio.create_task(one.read_job(connections))
            await asyncio.to_thread(reader.begun.wait, HANG)
            dropped.cancel()
            await asyncio.gather(dropped, return_exceptions=True)
            assert dropped.cancelled()
            reader.may_go_on.set()
            for thread in [t for t in threading.enumerate() if t.name == "jobwidgets-reader"]:
                thread.join(HANG)
            return await one.read_job(connections)

    assert said_by(asyncio.run(main())).id == JOB_ID


def test_large_body_holds_up_no_other_job() -> None:
    """While one job's document is read another job is asked for and answered."""
    reader = Reader()
    large = Source(JOB_URL, reader, http=Http({"transport": Replies(document())}), large_body=0)
    small, _ = source(document())

    async def main() -> None:
        async with aclosing(Connections()) as connections:
            reader.may_go_on.clear()
            reading = asyncio.create_task(large.read_job(connections))
            await asyncio.to_thread(reader.begun.wait, HANG)
            assert said_by(await small.read_job(connections)).id == JOB_ID
            assert not reading.done()
            reader.may_go_on.set()
            assert said_by(await reading).id == JOB_ID

    asyncio.run(main())


def test_unchanged_body_is_not_parsed_again() -> None:
    """A body like the last one gives no snapshot, only when it was seen."""
    first, second = read(source(document())[0], times=2)
    assert said_by(first).id == JOB_ID
    assert second.snapshot is None
    assert first.seen <= second.seen


def test_same_body_is_parsed_again_when_it_was_forgotten() -> None:
    """A document that counts as new although it is the same is parsed."""
    one, _ = source(document())
    read(one)
    one.forget()
    assert said_by(read(one)[0]).id == JOB_ID


def test_same_body_with_an_error_status() -> None:
    """The same body with an HTTP error of the server's is an error."""
    one, _ = source(document(), httpx.Response(503, json=document()))
    with pytest.raises(ServerError):
        read(one, times=2)


def test_failure_forgets_nothing() -> None:
    """After a failure an unchanged body is still not parsed again."""
    one, _ = source(document(), httpx.ReadError("cut"), document())
    read(one)
    with pytest.raises(TransportError):
        read(one)
    assert read(one)[0].snapshot is None


def test_echoed_token_is_redacted() -> None:
    """A token that the server quotes is taken out, that of an earlier exchange too."""
    texts = [f"by {token}" for token in ("first-token", "other-token")]
    one, _ = source(
        REST_498, document(messages=texts), token=Provider("first-token", "other-token")
    )
    messages = [message.text for message in said_by(read(one)[0]).messages]
    assert messages == ["by [redacted]", "by [redacted]"]


def test_echoed_token_of_before_is_redacted() -> None:
    """A message with a token keeps its words when the user sets another token."""
    one, _ = source(document(messages=["by first-token"]), token="first-token")
    first = said_by(read(one)[0])
    one.token = token_keeper("other-token")
    assert said_by(read(one)[0]) == first
    assert first.messages[0].text == "by [redacted]"


def test_same_body_with_a_new_token_is_redacted_anew() -> None:
    """What was an ordinary word before is taken out once it is a token that was sent."""
    one, _ = source(document(messages=["by other-token"]), token="first-token")
    assert said_by(read(one)[0]).messages[0].text == "by other-token"
    one.token = token_keeper("other-token")
    assert said_by(read(one)[0]).messages[0].text == "by [redacted]"


async def sign(request: httpx.Request) -> None:
    """Sign a request, as a hook of a user's does."""
    request.headers["Authorization"] = f"Bearer {SECRET}"


@pytest.mark.parametrize(
    "http",
    [
        {"headers": {"Authorization": f"Bearer {SECRET}"}},
        {"headers": {"X-Api-Key": SECRET}},
        {"headers": {"Cookie": f"a=b; sid={SECRET}"}},
        {"cookies": {"sid": SECRET}},
        {"event_hooks": {"request": [sign]}},
        {"auth": ("user", SECRET)},
        {"auth": httpx.BasicAuth("user", SECRET)},
    ],
)
def test_echoed_secret_of_the_settings(http: dict[str, Any]) -> None:
    """Secrets that are given otherwise are taken out too, the base64 of a password with it."""
    both = b64encode(f"user:{SECRET}".encode()).decode()
    server = Replies(document(messages=[f"by {SECRET}", quote(SECRET), f"user {both}"]))
    one = Source(JOB_URL, Mission(), http=settings_now({"transport": server, **http}))
    texts = [message.text for message in said_by(read(one)[0]).messages]
    assert texts[:2] == ["by [redacted]", "[redacted]"]
    assert ("auth" in http) == (texts[2] == "user [redacted]")


@pytest.mark.parametrize("token", ["a+b/c=d-12345", "a+b/c=d e~12345"])
def test_echoed_token_in_percents(token: str) -> None:
    """A token is found percent-encoded too, in the ways in which servers do it."""
    forms = [quote(token), quote(token, safe=""), quote(token, safe="").lower(), quote_plus(token)]
    one, _ = source(document(messages=forms), token=token)
    said = said_by(read(one)[0])
    assert {message.text for message in said.messages} == {"[redacted]"}


def test_list_that_is_somebody_elses() -> None:
    """A list too is asked for once more where what came is none."""
    one, server = source(document(), {"asyncJobs": ["a"]}, url=JOBS_URL)
    assert (read_ids(one), len(server.requests)) == (["a"], 2)


def read_ids(one: Source) -> list[str]:
    """Return the ids that the jobs resource lists."""

    async def main() -> list[str]:
        async with aclosing(Connections()) as connections:
            return [job_id_of(url) for url in (await read_list(one, connections)).jobs]

    return asyncio.run(main())


def test_ids_with_a_renewed_token() -> None:
    """The list is asked for as a job is: a refused token is renewed."""
    one, _ = source(
        ADMIN_498, case("jobs-list"), url=JOBS_URL, token=Provider("token-1", "token-2")
    )
    assert read_ids(one) == ["jbbb0be02-74dc-46b5-ac9b-edca3619871b"]


def test_token_is_taken_after_the_wait_for_the_budget(skipping: Callable[..., Any]) -> None:
    """A token that is renewed while an exchange waits for its turn is not sent in its old form."""
    tokens = iter(["first-token", "second-token", "third-token"])
    replies = Replies({"error": {"code": 498, "message": "Invalid token."}}, document())
    keeper = token_keeper(lambda: next(tokens))
    sources = [
        Source(JOB_URL, Mission(), token=keeper, http=Http({"transport": replies})) for _ in "ab"
    ]
    configure(requests_per_second=1)

    async def read(one: Source, connections: Connections) -> None:
        await connections.admit(one.url)
        await one.read_job(connections)

    async def main() -> None:
        async with aclosing(Connections()) as connections:
            await asyncio.gather(*(read(one, connections) for one in sources))

    try:
        skipping(main())
    finally:
        configure(requests_per_second=100_000)
    assert replies.tokens == ["first-token", "second-token", "second-token"]


def test_transport_that_is_cancelled() -> None:
    """What a transport waits for may be cancelled: that is an exchange without an answer."""

    async def answer(_: httpx.Request) -> httpx.Response:
        raise asyncio.CancelledError

    job = Job(JOB_URL, http={"transport": httpx.MockTransport(answer)})
    with pytest.raises(ExchangeError, match="what it waited for was cancelled"):
        job.start().refresh()
    job.stop()
