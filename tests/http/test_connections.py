import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest
from documents import JOB_URL, document
from servers import HANG, Certificates, Replies, Reply, Server

from jobwidgets._http.answers import HttpAnswer
from jobwidgets._http.connections import Connections, Limits
from jobwidgets._http.settings import settings_now
from jobwidgets._model.exchanged import Request
from jobwidgets.errors import BodyError, RefusedError, TransportError

Serve = Callable[..., Server]
Run = Callable[[Coroutine[Any, Any, Any]], Any]


def get(url: str, http: Any = None, *, number: int = 1, **limits: Any) -> list[HttpAnswer]:
    """Return the answers to some requests that are made at once."""

    async def main() -> list[HttpAnswer]:
        async with aclosing(Connections(Limits(**limits))) as connections:
            requests = (connections.send(Request(url), settings_now(http)) for _ in range(number))
            return await asyncio.gather(*requests)

    return asyncio.run(main())


def get_mock(reply: Any, url: str = JOB_URL, **limits: Any) -> HttpAnswer:
    """Return the answer of a server without a socket."""
    return get(url, {"transport": Replies(reply)}, **limits)[0]


async def until(condition: Callable[[], bool]) -> None:
    """Return when a condition holds."""
    async with asyncio.timeout(HANG):
        while not condition():  # noqa: ASYNC110 - the server is on other threads
            await asyncio.sleep(0.005)


def test_answer() -> None:
    """An answer has the status, the whole body, and the headers with lower-case names."""
    reply = httpx.Response(418, headers={"X-Tea": "Green"}, content=b"body")
    answer = get_mock(reply)
    assert (answer.status, answer.body, answer.headers["x-tea"]) == (418, b"body", "Green")


def test_request_headers(serve: Serve) -> None:
    """A request carries our headers and the user's."""
    server = serve(lambda _: document())

    async def main() -> None:
        async with aclosing(Connections()) as connections:
            http = {"headers": {"Referer": "https://portal.example.com"}}
            await connections.send(
                Request(server.jobs_url, headers={"X-Ours": "1"}), settings_now(http)
            )

    asyncio.run(main())
    (request,) = server.requests
    assert request.headers["x-ours"] == "1"
    assert request.headers["referer"] == "https://portal.example.com"


def test_reason_shows_no_token() -> None:
    """A reason that quotes a URL is told without the token in it."""
    error = httpx.ConnectError("no route to https://gis.example.com/?token=abc&f=json")
    with pytest.raises(TransportError, match=r"token=\[redacted\]&f=json$"):
        get_mock(error)


def test_error_of_the_transport_itself_is_not_hidden() -> None:
    """A fault in a user's own transport comes out as it is."""
    with pytest.raises(ZeroDivisionError):
        get_mock(ZeroDivisionError())


def test_waiting_for_a_lane_is_not_counted(skipping: Run) -> None:
    """The deadline of a request begins when a connection is free for it."""

    async def slow(_: httpx.Request) -> Any:
        await asyncio.sleep(40)
        return {}

    async def main() -> int:
        async with aclosing(Connections(Limits(deadline=45, kept=1))) as connections:
            http = {"transport": Replies(slow)}
            requests = (connections.send(Request(JOB_URL), settings_now(http)) for _ in range(3))
            return len(await asyncio.gather(*requests))

    assert skipping(main()) == 3


def test_few_requests_are_in_flight(serve: Serve) -> None:
    """A hundred requests at once go through a few connections, a few at a time."""

    def answer(_: Any) -> Any:
        time.sleep(0.002)  # long enough for others to come in between
        return document()

    server = serve(answer)
    assert len(get(server.jobs_url, number=100)) == 100
    assert len(server.requests) == 100
    assert 2 <= server.most_in_flight <= Limits().kept
    assert server.connections <= Limits().kept


def test_connection_is_used_again(serve: Serve) -> None:
    """Request after request goes over one connection."""
    server = serve(lambda _: document())

    async def main() -> None:
        async with aclosing(Connections()) as connections:
            for _ in range(20):
                await connections.send(Request(server.jobs_url), settings_now())

    asyncio.run(main())
    assert (len(server.requests), server.connections) == (20, 1)


def test_jobs_with_equal_settings_share_connections(serve: Serve) -> None:
    """Equal settings share a connection; other settings, or another origin, have their own."""
    server, other = serve(lambda _: document()), serve(lambda _: document())

    async def main() -> None:
        async with aclosing(Connections()) as connections:
            for referer in ("a", "a", "b", "a"):
                http = {"headers": {"Referer": referer}}
                await connections.send(Request(server.jobs_url), settings_now(http))
                await connections.send(Request(other.jobs_url), settings_now(http))

    asyncio.run(main())
    assert (server.connections, other.connections) == (2, 2)


def test_failed_request_frees_its_lane(serve: Serve) -> None:
    """A lane can be used again after each kind of failure, and after a cancelled request."""
    torn = Reply(b"{", 200, {"Content-Length": "9", "Connection": "close"})
    answers = [Reply(b"x" * 2000), torn, Reply({})]
    server = serve(lambda _: answers.pop(0))

    async def main() -> HttpAnswer:
        async with aclosing(Connections(Limits(kept=1, body=1000))) as connections:
            task = asyncio.create_task(connections.send(Request(server.jobs_url), settings_now()))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            with pytest.raises(BodyError):
                await connections.send(Request(server.jobs_url), settings_now())
            with pytest.raises(TransportError):
                await connections.send(Request(server.jobs_url), settings_now())
            return await connections.send(Request(server.jobs_url), settings_now())

    assert asyncio.run(main()).body == b"{}"


def test_own_authority(serve: Serve, certificates: Certificates) -> None:
    """A user's own CA goes in as a path, a Path, or an SSLContext."""
    server = serve(lambda _: document(), certificates.server_context())
    for verify in (str(certificates.ca), certificates.ca, certificates.client_context(), False):
        assert get(server.jobs_url, {"verify": verify})[0].status == 200


def test_own_folder_of_authorities(serve: Serve, certificates: Certificates) -> None:
    """A folder of CAs goes in too."""
    server = serve(lambda _: document(), certificates.server_context())
    assert get(server.jobs_url, {"verify": certificates.ca_folder()})[0].status == 200


def test_own_authority_in_der(serve: Serve, certificates: Certificates, tmp_path: Path) -> None:
    """A CA file as Windows writes it goes in too."""
    path = tmp_path / "ca.der"
    path.write_bytes(ssl.PEM_cert_to_DER_cert(certificates.ca.read_text()))
    server = serve(lambda _: document(), certificates.server_context())
    assert get(server.jobs_url, {"verify": path})[0].status == 200


def test_authorities_of_the_environment(
    serve: Serve, certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the environment names is trusted as it is when a job is made; its faults are named."""
    server, plain = serve(lambda _: 1, certificates.server_context()), serve(lambda _: 1)
    path = tmp_path / "ca.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(RefusedError, match=rf"^SSL_CERT_FILE={path} is of no use: No such file"):
        get(server.jobs_url)
    assert get(plain.jobs_url)[0].status == 200  # which needs none
    path.write_bytes(certificates.ca.read_bytes())
    assert get(server.jobs_url)[0].status == 200


def test_settings_change_between_jobs(
    serve: Serve, certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new job sees a changed proxy or CA file at once; one that was made before does not."""
    proxies = [serve(lambda _: 1) for _ in range(2)]
    server = serve(lambda _: 1, certificates.server_context())
    path = tmp_path / "ca.pem"
    path.write_text("none yet")

    async def main() -> None:
        async with aclosing(Connections()) as connections:
            for proxy in proxies:
                monkeypatch.setenv("HTTP_PROXY", proxy.origin)
                await connections.send(Request("http://gis.invalid/jobs"), settings_now())
            before = settings_now({"verify": path})
            with pytest.raises(RefusedError):
                await connections.send(Request(server.jobs_url), before)
            path.write_bytes(certificates.ca.read_bytes())
            await connections.send(Request(server.jobs_url), settings_now({"verify": path}))

    asyncio.run(main())
    assert [len(proxy.requests) for proxy in proxies] == [1, 1]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("ALL_PROXY", "socks5://u:S3cr3t@h:1", "ALL_PROXY=socks5://…@h:1: Using SOCKS proxy"),
        ("HTTP_PROXY", "http://u:S3cr3t#/@h:1", "HTTP_PROXY=http://…@h:1 makes no client: exp"),
        ("HTTP_PROXY", "http://h:99999", "HTTP_PROXY=http://h:99999 makes no client: expected"),
        ("HTTP_PROXY", "u:S3cr3t", "HTTP_PROXY=http://… makes no client: expected"),
        ("http_proxy", "htp://u:S3cr3t@h:1", "HTTP_PROXY=htp://…@h:1 makes no client: expected"),
    ],
)
def test_proxy_of_no_use(name: str, value: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that the environment names wrongly is told, without its user and password."""
    monkeypatch.setenv(name, value)
    with pytest.raises(RefusedError) as raised:
        get("http://gis.invalid/jobs")
    assert text in str(raised.value)
    assert "S3cr3t" not in f"{raised.value} {raised.value.__cause__} {raised.value.__context__!r}"


def test_authority_that_new_pythons_refuse() -> None:
    """What can be done about an authority without a key usage is told with the error."""
    error = httpx.ConnectError("CA cert does not include key usage extension")
    with pytest.raises(TransportError, match="takes an SSLContext without ssl"):
        get_mock(error)


@pytest.mark.parametrize(
    ("timeout", "seconds"), [(90, 90), (httpx.Timeout(5, read=100), 100), (None, 600), (5, 45)]
)
def test_patience_of_the_user(skipping: Run, timeout: Any, seconds: int) -> None:
    """A whole answer may take as long as the user would wait for a part of it."""

    async def never(_: httpx.Request) -> None:
        await asyncio.sleep(3600)

    async def main() -> None:
        async with aclosing(Connections(Limits(deadline=45))) as connections:
            http = settings_now({"transport": Replies(never), "timeout": timeout})
            await connections.send(Request(JOB_URL), http)

    with pytest.raises(TransportError, match=f"no whole answer within {seconds} s"):
        skipping(main())


def test_client_certificate(serve: Serve, certificates: Certificates) -> None:
    """A client certificate goes in within the SSLContext."""
    server = serve(lambda _: document(), certificates.server_context(asks_for_client=True))
    assert get(server.jobs_url, {"verify": certificates.client_context()})[0].status == 200
    with pytest.raises(TransportError):
        get(server.jobs_url, {"verify": certificates.ca})


def test_proxy(serve: Serve) -> None:
    """A proxy of the user's gets the request."""
    proxy = serve(lambda _: document())
    get("http://gis.invalid/arcgis/rest/jobs", {"proxy": proxy.origin})
    assert proxy.requests[0].target == "http://gis.invalid/arcgis/rest/jobs"


def test_location_that_is_no_url() -> None:
    """Where a redirect leads is told as it came: httpx itself would raise at some."""
    for location in ("javascript:alert(1)", "http://[::1", "?moved=1"):
        answer = get_mock(httpx.Response(302, headers={"Location": location}))
        assert (answer.status, answer.headers["location"]) == (302, location)


def test_hooks_and_authentication_of_the_user(serve: Serve) -> None:
    """What the user has httpx do at each request is done at each."""
    server, seen = serve(lambda _: document()), []

    async def mark(request: httpx.Request) -> None:
        request.headers["X-Number"] = str(len(seen))

    async def note(response: httpx.Response) -> None:
        seen.append(len(await response.aread()))

    hooks = {"request": [mark], "response": [note]}
    http = {"event_hooks": hooks, "auth": ("user", "password")}
    answers = get(server.jobs_url, http, number=3, kept=1)
    assert [len(answer.body) for answer in answers] == seen
    assert [request.headers["x-number"] for request in server.requests] == ["0", "1", "2"]
    assert {request.headers["authorization"] for request in server.requests} == {
        "Basic dXNlcjpwYXNzd29yZA=="
    }
    assert server.connections == 1


def test_forbidden_header(serve: Serve) -> None:
    """A header that no request may hold is an error that asking again does not mend."""
    server = serve(lambda _: document())
    with pytest.raises(RefusedError, match="no header may hold") as raised:
        get(server.jobs_url, {"headers": {"X": "secret\nX: 1"}})
    assert "secret" not in f"{raised.value} {raised.value.__cause__} {raised.value.__context__!r}"


@pytest.mark.parametrize("http", [{}, {"auth": ("user", "password")}, {"http1": True}])
def test_idle_connections_can_be_dropped(serve: Serve, http: Any) -> None:
    """After a drop new connections are opened, to the origin that was meant alone."""
    server, other = serve(lambda _: document()), serve(lambda _: document())

    async def main() -> None:
        async with aclosing(Connections()) as connections:
            for drop in (server.jobs_url, None, f"{other.origin}/unknown", "https://gis.invalid"):
                for url in (server.jobs_url, other.jobs_url):
                    await connections.send(Request(url), settings_now(http))
                await connections.drop_idle(drop)
            await connections.send(Request(server.jobs_url), settings_now(http))

    asyncio.run(main())
    assert (server.connections, other.connections) == (3, 3)


def test_transport_of_the_user_is_not_dropped() -> None:
    """What the user has made is the user's to close."""

    class Closing(Replies):
        closed = 0

        async def aclose(self) -> None:
            self.closed += 1

    async def main() -> int:
        transport = Closing({})
        async with aclosing(Connections()) as connections:
            await connections.send(Request(JOB_URL), settings_now({"transport": transport}))
            await connections.drop_idle()
            return transport.closed

    assert asyncio.run(main()) == 0


def test_settings_that_nobody_uses_any_more(serve: Serve) -> None:
    """A cell that is run again and again, each time with other settings, leaves no connections."""
    server = serve(lambda _: document())

    async def main() -> None:
        async with aclosing(Connections(Limits(idle=0.01))) as connections:
            for number in range(10):
                http = settings_now({"headers": {"X": str(number)}})
                await connections.send(Request(server.jobs_url), http)
            await until(lambda: not server.open_connections)

    asyncio.run(main())
    assert server.connections == 10


def test_connections_while_requests_hang(serve: Serve) -> None:
    """Requests that hang make place for others, up to a number; few connections are kept."""
    server = serve(lambda _: opened.wait(HANG))
    opened = threading.Event()

    async def main() -> None:
        limits = Limits(kept=2, most=5, stuck=0.01)
        async with aclosing(Connections(limits)) as connections:
            requests = [
                connections.send(Request(server.jobs_url), settings_now()) for _ in range(9)
            ]
            asking = asyncio.gather(*requests)
            await until(lambda: server.most_in_flight == 5)
            await asyncio.sleep(0.1)
            assert (server.connections, server.most_in_flight) == (5, 5)
            opened.set()
            await asking
            await until(lambda: server.open_connections == 2)

    asyncio.run(main())
    assert len(server.requests) == 9


def test_no_line_a_poll(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """No request of ours writes a line; those of the user's own do."""
    caplog.set_level("INFO")
    server = serve(lambda _: document())
    get(server.jobs_url, {"auth": ("user", "password")})
    assert caplog.records == []
    httpx.get(server.jobs_url)
    assert [record.name for record in caplog.records] == ["httpx"]


def test_cookies_of_an_exchange() -> None:
    """What an answer sets is sent with the next request of its exchange, and with no other one."""
    replies = Replies(httpx.Response(302, headers={"Set-Cookie": "node=1", "Location": "?"}), {})
    http = settings_now({"transport": replies, "cookies": {"chosen": "by the user"}})

    async def main() -> None:
        async with aclosing(Connections()) as connections:
            answer = await connections.send(Request(JOB_URL), http)
            await connections.send(Request(JOB_URL), http, answer.cookies)
            await connections.send(Request(JOB_URL), http)

    asyncio.run(main())
    sent = [request.headers["cookie"] for request in replies.requests]
    assert sent == ["chosen=by the user", "node=1; chosen=by the user", "chosen=by the user"]
