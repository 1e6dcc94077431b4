import asyncio
import ssl
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
from servers import HANG, Certificates
from servers.scripted import Meeting, Peer, Script, answer, serving

from jobwidgets._http.connections.wire import Wire

Heard = tuple[int, bytes]
NO_TLS = ssl.create_default_context()
PATIENT = dict.fromkeys(("connect", "read", "write"), HANG)
TINY = 0.05  # seconds, where waiting is what is tested


async def fetch(
    wire: Wire, url: str, method: str = "GET", content: bytes | None = None, **patience: float
) -> Heard:
    """Return the status and the body of an answer."""
    extensions = {"timeout": {**PATIENT, **patience}}
    request = httpx.Request(method, url, content=content, extensions=extensions)
    response = await wire.handle_async_request(request)
    try:
        return response.status_code, b"".join([part async for part in response.aiter_raw()])
    finally:
        await response.aclose()


def play(
    script: Script,
    use: Callable[[Wire, Peer], Coroutine[Any, Any, Any]],
    *,
    tls: ssl.SSLContext | None = None,
    trusting: ssl.SSLContext = NO_TLS,
    **settings: float,
) -> Any:
    """Return what comes of using a wire to a server with a script."""

    async def main() -> Any:
        wire = Wire(trusting, **settings)
        async with asyncio.timeout(HANG), serving(script, tls) as peer:
            try:
                return await use(wire, peer)
            finally:
                await wire.aclose()

    return asyncio.run(main())


async def once(wire: Wire, peer: Peer) -> Heard:
    """Ask once."""
    return await fetch(wire, peer.url)


async def twice(wire: Wire, peer: Peer) -> tuple[list[Heard], int]:
    """Ask twice; return the answers and the number of connections."""
    heard = [await fetch(wire, peer.url), await fetch(wire, peer.url)]
    return heard, len(peer.met)


# Answers


async def forever(meeting: Meeting) -> None:
    """Answer with the number of the connection."""
    while True:
        await meeting.serve(answer(b"%d" % meeting.number))


def test_connection_is_kept() -> None:
    """Request after request goes over one connection."""

    async def use(wire: Wire, peer: Peer) -> int:
        assert [await fetch(wire, peer.url) for _ in range(5)] == [(200, b"1")] * 5
        return len(peer.met)

    assert play(forever, use) == 1


def test_request_as_it_is_sent() -> None:
    """The request line and the headers are those of httpx, the body goes with its length."""

    async def script(meeting: Meeting) -> None:
        head = await meeting.request()
        assert head.startswith(b"POST /jobs/j1?f=json HTTP/1.1\r\nHost: localhost:")
        assert b"\r\nContent-Length: 5\r\n" in head
        assert await meeting.read(5) == b"words"
        await meeting.send(answer(b"read"))

    async def use(wire: Wire, peer: Peer) -> Heard:
        heard = await fetch(wire, peer.url, "POST", b"words")
        await peer.over()
        return heard

    assert play(script, use) == (200, b"read")


@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        (answer(b"body"), (200, b"body")),
        (answer(b"", "404 Not Found"), (404, b"")),
        (
            answer(
                b"2\r\nbo\r\n2;x=1\r\ndy\r\n0\r\nX-After: 1\r\n\r\n", Transfer_Encoding="chunked"
            ),
            (200, b"body"),
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"")),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", (304, b"")),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + answer(b"body"), (200, b"body")),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n" + answer(b"body"), (200, b"body")),
    ],
)
def test_framings_that_leave_the_connection(sent: bytes, heard: Heard) -> None:
    """An answer with a known end is read to it, and the connection is used again."""
    assert play(lambda meeting: meeting.serve(sent, sent), twice) == ([heard, heard], 1)


@pytest.mark.parametrize("sent", [b"HTTP/1.1 200 OK\r\n\r\nbody", b"HTTP/1.0 200 OK\r\n\r\nbody"])
def test_body_until_the_connection_is_closed(sent: bytes) -> None:
    """A body without a length ends with the connection, and the next request opens another."""

    async def script(meeting: Meeting) -> None:
        await meeting.serve(sent)
        await meeting.hang_up()

    assert play(script, twice) == ([(200, b"body")] * 2, 2)


def test_server_that_will_close() -> None:
    """What a server calls the last answer of a connection is the last one."""

    async def script(meeting: Meeting) -> None:
        await meeting.serve(answer(b"last", Connection="close"))
        await meeting.until_gone()

    assert play(script, twice) == ([(200, b"last")] * 2, 2)


def test_head_has_no_body() -> None:
    """The length in an answer to HEAD is that of a body that does not come."""
    sent = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"

    async def use(wire: Wire, peer: Peer) -> list[Heard]:
        return [await fetch(wire, peer.url, "HEAD") for _ in range(2)]

    assert play(lambda meeting: meeting.serve(sent, sent), use) == [(200, b"")] * 2


def test_large_body_waits_for_its_reader() -> None:
    """A server is held up while nobody reads, and every byte arrives."""
    body = bytes(range(256)) * 40_000

    async def use(wire: Wire, peer: Peer) -> bool:
        request = httpx.Request("GET", peer.url, extensions={"timeout": PATIENT})
        response = await wire.handle_async_request(request)
        await asyncio.sleep(TINY)
        (sending,) = peer.played
        was_held_up = not sending.done()
        parts = [part async for part in response.aiter_raw()]
        await response.aclose()
        assert b"".join(parts) == body
        return was_held_up

    assert play(lambda meeting: meeting.serve(answer(body)), use)


# Connections that are no more


@pytest.mark.parametrize("ending", ["hang_up", "reset"])
def test_server_that_closed_meanwhile(ending: str) -> None:
    """A kept connection that the server has ended is replaced unnoticed."""

    async def script(meeting: Meeting) -> None:
        await meeting.serve(answer(b"%d" % meeting.number))
        if meeting.number == 1:
            await meeting.hang_up() if ending == "hang_up" else meeting.reset()

    async def use(wire: Wire, peer: Peer) -> list[Heard]:
        first = await fetch(wire, peer.url)
        await peer.over()
        return [first, await fetch(wire, peer.url)]

    assert play(script, use) == [(200, b"1"), (200, b"2")]


async def closes_at_the_second(meeting: Meeting) -> None:
    """Answer one request, and hang up when the next one has come."""
    await meeting.serve(answer(b"%d" % meeting.number))
    await meeting.request()
    await meeting.hang_up()


def test_closed_in_the_moment_of_a_request() -> None:
    """A request that a kept connection ended upon is asked once more, over a new one."""
    assert play(closes_at_the_second, twice) == ([(200, b"1"), (200, b"2")], 2)


def test_post_is_not_asked_again() -> None:
    """What may have had an effect is never sent twice."""

    async def use(wire: Wire, peer: Peer) -> int:
        await fetch(wire, peer.url)
        with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
            await fetch(wire, peer.url, "POST", b"")
        return len(peer.met)

    assert play(closes_at_the_second, use) == 1


def test_new_connection_that_closes_is_an_error() -> None:
    """A server that hangs up on a new connection is not asked again and again."""

    async def script(meeting: Meeting) -> None:
        await meeting.request()
        await meeting.hang_up()

    async def use(wire: Wire, peer: Peer) -> int:
        with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
            await fetch(wire, peer.url)
        return len(peer.met)

    assert play(script, use) == 1


def test_torn_answer_is_not_asked_again() -> None:
    """An answer that had begun to come is not waited for anew."""

    async def script(meeting: Meeting) -> None:
        await meeting.serve(answer(), b"HTTP/1.1 2")
        await meeting.hang_up()

    async def use(wire: Wire, peer: Peer) -> int:
        await fetch(wire, peer.url)
        with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
            await fetch(wire, peer.url)
        return len(peer.met)

    assert play(script, use) == 1


@pytest.mark.parametrize(("kept_alive", "connections"), [(HANG, 1), (0.0, 2)])
def test_idle_connection_expires(kept_alive: float, connections: int) -> None:
    """A connection that was idle for too long is not used again."""
    assert play(forever, twice, kept_alive=kept_alive)[1] == connections


def test_other_origin_gets_another_connection() -> None:
    """A request to another server never goes over the connection to the first."""

    async def use(wire: Wire, peer: Peer) -> list[Heard]:
        async with serving(lambda meeting: meeting.serve(answer(b"other"))) as other:
            return [await fetch(wire, url) for url in (peer.url, other.url, peer.url)]

    assert play(forever, use) == [(200, b"1"), (200, b"other"), (200, b"2")]


# Bytes that nobody asked for


def test_second_answer_is_no_answer() -> None:
    """What follows a whole answer ends the connection."""
    sent = answer(b"first") + answer(b"leftover")
    assert play(lambda meeting: meeting.serve(sent), twice) == ([(200, b"first")] * 2, 2)


def test_bytes_while_idle_end_the_connection() -> None:
    """What comes while nothing was asked ends the connection at once."""

    async def script(meeting: Meeting) -> None:
        await meeting.serve(answer(b"%d" % meeting.number))
        await meeting.send(answer(b"leftover"))
        await meeting.until_gone()

    async def use(wire: Wire, peer: Peer) -> Heard:
        await fetch(wire, peer.url)
        await peer.over()
        return await fetch(wire, peer.url)

    assert play(script, use) == (200, b"2")


def test_bytes_that_the_loop_has_not_seen_yet() -> None:
    """What has come just before a request is sent is not taken for its answer either."""

    async def use(wire: Wire, peer: Peer) -> Heard:
        await fetch(wire, peer.url)
        peer.met[0].writer.write(answer(b"leftover"))
        return await fetch(wire, peer.url)

    assert play(forever, use) == (200, b"2")


def test_body_that_was_not_read() -> None:
    """A response that is closed too early ends the connection."""

    async def use(wire: Wire, peer: Peer) -> Heard:
        request = httpx.Request("GET", peer.url, extensions={"timeout": PATIENT})
        await (await wire.handle_async_request(request)).aclose()
        return await fetch(wire, peer.url)

    assert play(forever, use) == (200, b"2")


def test_cancelled_request_ends_the_connection() -> None:
    """The answer to a request that was given up is never read."""

    async def script(meeting: Meeting) -> None:
        await meeting.serve(answer(b"%d" % meeting.number))
        if meeting.number == 1:
            await meeting.request()
            asked.set()
            await meeting.until_gone()

    async def use(wire: Wire, peer: Peer) -> Heard:
        await fetch(wire, peer.url)
        task = asyncio.create_task(fetch(wire, peer.url))
        await asked.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        await peer.over()
        return await fetch(wire, peer.url)

    asked = asyncio.Event()
    assert play(script, use) == (200, b"2")


def test_drop_and_close_hang_up() -> None:
    """A wire that is dropped or closed leaves no connection, and opens a new one when used."""

    async def script(meeting: Meeting) -> None:
        await meeting.serve(answer(b"%d" % meeting.number))
        await meeting.until_gone()

    async def use(wire: Wire, peer: Peer) -> list[Heard]:
        heard = [await fetch(wire, peer.url)]
        wire.drop()
        await peer.over()
        heard.append(await fetch(wire, peer.url))
        await wire.aclose()
        await peer.over()
        return heard

    assert play(script, use) == [(200, b"1"), (200, b"2")]


# What goes wrong


async def silent(meeting: Meeting) -> None:
    """Say nothing."""
    await meeting.until_gone()


def fails(script: Script, kind: type[Exception], text: str = ".", **patience: float) -> Exception:
    """Return what a request raises; check that its connection is closed."""

    async def use(wire: Wire, peer: Peer) -> Exception:
        with pytest.raises(kind, match=text) as raised:
            await fetch(wire, peer.url, **patience)
        await peer.over()
        return raised.value

    error: Exception = play(script, use)
    return error


def test_silence_before_the_answer() -> None:
    """A server that says nothing is not waited for longer than the read timeout."""
    fails(silent, httpx.ReadTimeout, read=TINY)


def test_silence_within_the_answer() -> None:
    """Each wait for more bytes is as long as the read timeout at most."""

    async def script(meeting: Meeting) -> None:
        await meeting.serve(answer(b"torso", Content_Length="9"))
        await meeting.until_gone()

    fails(script, httpx.ReadTimeout, read=TINY)


def test_server_that_takes_nothing() -> None:
    """What a server does not take is not offered for longer than the write timeout."""

    async def script(meeting: Meeting) -> None:
        meeting.writer.transport.pause_reading()
        await given_up.wait()
        meeting.writer.transport.resume_reading()
        await meeting.until_gone()

    async def use(wire: Wire, peer: Peer) -> None:
        with pytest.raises(httpx.WriteTimeout):
            await fetch(wire, peer.url, "POST", bytes(50_000_000), write=TINY)
        given_up.set()

    given_up = asyncio.Event()
    play(script, use)


def test_server_that_takes_slowly() -> None:
    """A large request that the server takes in the end is sent as a whole."""
    size = 5_000_000

    async def script(meeting: Meeting) -> None:
        await meeting.request()
        assert len(await meeting.read(size)) == size
        await meeting.send(answer(b"all"))

    async def use(wire: Wire, peer: Peer) -> Heard:
        return await fetch(wire, peer.url, "POST", bytes(size))

    assert play(script, use) == (200, b"all")


def test_torn_body() -> None:
    """A connection that ends within the body is told as such."""

    async def script(meeting: Meeting) -> None:
        await meeting.serve(answer(b"torso", Content_Length="9"))
        await meeting.hang_up()

    fails(script, httpx.RemoteProtocolError, "peer closed connection .*5 bytes, expected 9")


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200", answer(b"torso", Content_Length="9")])
def test_reset(sent: bytes) -> None:
    """A reset is a ReadError with the system's error behind it."""

    async def script(meeting: Meeting) -> None:
        await meeting.request()
        await meeting.send(sent)
        await asyncio.sleep(TINY / 10)  # as a rule the client has read it by now
        meeting.reset()

    error = fails(script, httpx.ReadError, "reset")
    assert isinstance(error.__cause__, ConnectionResetError)


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (b"hello?\r\n\r\n", "illegal"),
        (b"HTTP/1.1 200 OK\r\nword\r\n\r\n", "illegal"),
        (answer(b"{}", X="x" * 200_000), "headers of more than 102400 bytes"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: tea\r\nConnection: upgrade\r\n\r\n", "SWITCH"),
        (answer(b"zz\r\n", Transfer_Encoding="chunked"), "illegal"),
    ],
)
def test_no_http(sent: bytes, text: str) -> None:
    """What is no HTTP, or too much of it, is a RemoteProtocolError."""

    async def script(meeting: Meeting) -> None:
        await meeting.request()
        meeting.writer.write(sent)
        await meeting.until_gone()

    fails(script, httpx.RemoteProtocolError, text)


def test_nobody_listens() -> None:
    """A refused connection is a ConnectError with the system's error behind it."""

    async def main() -> None:
        async with serving(silent) as peer:
            pass
        with pytest.raises(httpx.ConnectError) as raised:
            await fetch(Wire(NO_TLS), peer.url)
        assert isinstance(raised.value.__cause__, ConnectionRefusedError)

    asyncio.run(main())


def test_scheme_of_no_use() -> None:
    """A request that leads elsewhere is refused."""
    with pytest.raises(httpx.UnsupportedProtocol, match="found 'ftp'"):
        asyncio.run(fetch(Wire(NO_TLS), "ftp://localhost/jobs"))


# TLS


def test_tls(certificates: Certificates) -> None:
    """A connection with TLS is kept too; it asks for the host by its name."""
    names: list[str | None] = []
    server = certificates.server_context()
    server.sni_callback = lambda _, name, __: names.append(name)
    trusting = ssl.create_default_context(cafile=certificates.ca)

    async def use(wire: Wire, peer: Peer) -> int:
        assert [await fetch(wire, peer.url) for _ in range(5)] == [(200, b"1")] * 5
        return len(peer.met)

    assert play(forever, use, tls=server, trusting=trusting) == 1
    assert names == ["localhost"]


def test_tls_with_a_large_body(certificates: Certificates) -> None:
    """Every byte of a large body arrives over TLS."""
    body = bytes(range(256)) * 10_000
    trusting = ssl.create_default_context(cafile=certificates.ca)
    sent = answer(body)

    async def use(wire: Wire, peer: Peer) -> list[bool]:
        return [(await fetch(wire, peer.url))[1] == body for _ in range(2)]

    tls = certificates.server_context()
    assert play(lambda it: it.serve(sent, sent), use, tls=tls, trusting=trusting) == [True] * 2


def test_tls_leftover(certificates: Certificates) -> None:
    """A second answer ends a connection with TLS too."""
    sent = answer(b"first") + answer(b"leftover")
    trusting = ssl.create_default_context(cafile=certificates.ca)
    tls = certificates.server_context()
    heard = play(lambda it: it.serve(sent), twice, tls=tls, trusting=trusting)
    assert heard == ([(200, b"first")] * 2, 2)


def test_tls_of_a_server_that_closed_meanwhile(certificates: Certificates) -> None:
    """A connection with TLS that the server has closed is replaced unnoticed."""
    trusting = ssl.create_default_context(cafile=certificates.ca)

    async def script(meeting: Meeting) -> None:
        await meeting.serve(answer(b"%d" % meeting.number))
        meeting.writer.close()

    async def use(wire: Wire, peer: Peer) -> list[Heard]:
        return [await fetch(wire, peer.url) for _ in range(3)]

    heard = play(script, use, tls=certificates.server_context(), trusting=trusting)
    assert heard == [(200, b"1"), (200, b"2"), (200, b"3")]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_tls_is_verified(certificates: Certificates, host: str) -> None:
    """An unknown authority, and another host's certificate, end the connection."""
    known = ssl.create_default_context(cafile=certificates.ca)
    trusting = NO_TLS if host == "localhost" else known

    async def script(meeting: Meeting) -> None:
        raise AssertionError("a request came")

    async def use(wire: Wire, peer: Peer) -> None:
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            await fetch(wire, peer.url.replace("localhost", host))
        assert peer.met == []

    play(script, use, tls=certificates.server_context(), trusting=trusting)


def test_handshake_that_hangs() -> None:
    """A server that never shakes hands is not waited for longer than the connect timeout."""

    async def use(wire: Wire, peer: Peer) -> None:
        with pytest.raises(httpx.ConnectTimeout, match="no connection in time"):
            await fetch(wire, peer.url.replace("http:", "https:"), connect=TINY)
        await peer.over()

    play(silent, use)


def test_no_tls_at_the_port() -> None:
    """A server that speaks plain HTTP to a handshake is a ConnectError that says so."""

    async def script(meeting: Meeting) -> None:
        await meeting.send(answer())
        await meeting.until_gone()

    async def use(wire: Wire, peer: Peer) -> None:
        with pytest.raises(httpx.ConnectError, match="SSL"):
            await fetch(wire, peer.url.replace("http:", "https:"))

    play(script, use)


@pytest.mark.parametrize(
    "line", [b"X-Esri-Authorization : Bearer secret", b"secret", b"Content-Length: secret"]
)
def test_line_that_cannot_be_read_is_not_quoted(line: bytes) -> None:
    """A server may repeat a token in a line that makes no sense; no error tells it."""

    async def confused(meeting: Meeting) -> None:
        await meeting.serve(b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n")

    with pytest.raises(httpx.RemoteProtocolError) as raised:
        play(confused, once)
    told = "".join(traceback.format_exception(raised.value))
    assert "RemoteProtocolError" in told
    assert "secret" not in told


@pytest.mark.parametrize("host", ["a..b", ".example", "h" * 64 + ".example"])
def test_host_that_cannot_be(host: str) -> None:
    """A name that no look-up takes is the URL's fault."""
    with pytest.raises(httpx.InvalidURL, match="no host has such a name"):
        asyncio.run(fetch(Wire(NO_TLS), f"http://{host}/jobs/j1"))
