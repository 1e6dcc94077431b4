"""One HTTP/1.1 connection: h11 reads and writes, asyncio carries.

A byte that nobody asked for ends the connection: it must never be read as a part of the next
answer, which may be another job's.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import h11
import httpx

LARGEST_HEAD = 100 * 1024
"""Bytes of a status line with all headers."""

_READ_SIZE = 64 * 1024
_UNREAD = 4 * _READ_SIZE  # bytes that wait for their reader before the server has to wait
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request without a body that may be sent any number of times.

    Parameters
    ----------
    place
        Scheme, host and port.
    head
        The request line and the headers.
    timeout
        Seconds to ``connect``, ``read`` and ``write``; None and what is missing waits for ever.
    """

    place: tuple[str, str, int]
    head: h11.Request = field(repr=False)
    timeout: Mapping[str, float | None] = field(repr=False)

    def at(self, target: str) -> Prepared:
        """Return the same request for another target (RFC 9112 section 3.2.1)."""
        headers: Any = self.head.headers
        head = h11.Request(method=self.head.method, target=target, headers=headers)
        return Prepared(self.place, head, self.timeout)


def prepared(request: httpx.Request) -> Prepared:
    """Return a request of httpx in the form in which it is sent."""
    url = request.url
    if url.scheme not in _PORTS:
        raise httpx.UnsupportedProtocol(f"expected http or https, found {url.scheme!r}")
    place = url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
    headers: Any = request.headers.raw
    try:
        head = h11.Request(method=request.method, target=url.raw_path, headers=headers)
    except h11.LocalProtocolError:
        # h11 quotes the header, and that may be a token.
        raise httpx.LocalProtocolError("a header holds what no header may hold") from None
    return Prepared(place, head, request.extensions.get("timeout", {}))


class Http1(asyncio.BufferedProtocol):
    """One connection, for one request at a time.

    Parameters
    ----------
    place
        Scheme, host and port that it leads to.
    carrier
        Its socket, below any TLS.
    """

    def __init__(self, place: tuple[str, str, int], carrier: socket.socket) -> None:
        self.place = place
        self.has_heard = False
        """Whether a byte has come since the last request was sent."""
        self._socket = carrier
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        self._buffer = memoryview(bytearray(_READ_SIZE))
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._news: asyncio.Future[None] | None = None
        self._lost: Exception | None = None
        self._is_open = self._is_asking = self._is_clogged = self._has_ended = False
        self._unread = 0
        self._idle_since = 0.0

    def is_ready(self, kept_alive: float) -> bool:
        """Whether it is open and idle, for not too long, and silent."""
        if not self._is_open or self._has_ended or self._is_asking:
            return False
        return self._loop.time() - self._idle_since <= kept_alive and self._is_silent()

    def _is_silent(self) -> bool:
        # What has come but was not read yet would be taken for the begin of the next answer.
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    async def ask(self, request: Prepared, body: bytes) -> httpx.Response:
        """Send a request and wait for the head of its answer."""
        self._is_asking, self.has_heard = True, False
        patience = request.timeout.get("read")
        try:
            await self._send(request, body)
            head = await self._event(patience)
            while isinstance(head, h11.InformationalResponse):
                head = await self._event(patience)
        except BaseException:
            self.close()
            raise
        headers = head.headers.raw_items()
        return httpx.Response(head.status_code, headers=headers, stream=_Body(self, patience))

    async def chunks(self, patience: float | None) -> AsyncIterator[bytes]:
        """Yield the body as it comes."""
        while isinstance(event := await self._event(patience), h11.Data):
            yield bytes(event.data)
        # Anything else is the end of the message: h11 raises when that is missing.
        is_reusable = self._http.our_state is self._http.their_state is h11.DONE
        if is_reusable and not self._has_ended and self._http.trailing_data == (b"", False):
            self._http.start_next_cycle()
            self._is_asking, self._idle_since = False, self._loop.time()

    def close(self) -> None:
        """Close the socket at once."""
        self._is_open = False
        self._transport.abort()

    def close_unless_idle(self) -> None:
        """Close the socket if the answer was not read to its end, or was the last one."""
        if self._is_asking:
            self.close()

    async def _send(self, request: Prepared, body: bytes) -> None:
        events = [request.head, h11.Data(data=body), h11.EndOfMessage()]
        if not body:
            del events[1]
        self._transport.write(b"".join(self._http.send(event) or b"" for event in events))
        while self._is_clogged and self._is_open:
            await self._wait(request.timeout.get("write"), httpx.WriteTimeout)

    async def _event(self, patience: float | None) -> Any:
        while (event := self._next_event()) is h11.NEED_DATA:
            if self._unread > _UNREAD and self._is_open:
                self._transport.resume_reading()
            self._unread = 0
            await self._wait(patience, httpx.ReadTimeout)
        return event

    def _next_event(self) -> Any:
        try:
            event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            is_too_large = error.error_status_hint == 431
            # h11 quotes the line that it cannot read: it may be long, and repeat a token.
            text = str(error).partition(": bytearray(")[0]
            text = f"headers of more than {LARGEST_HEAD} bytes" if is_too_large else text
            raise httpx.RemoteProtocolError(text) from None
        if self._lost is not None and event is h11.NEED_DATA:
            raise httpx.ReadError(str(self._lost)) from self._lost
        if self._has_ended and event is h11.NEED_DATA:
            if self._http.their_state is h11.SEND_RESPONSE:  # h11 would speak of its own states
                raise httpx.RemoteProtocolError("server disconnected without an answer")
            self._http.receive_data(b"")
            return self._next_event()
        return event

    async def _wait(self, seconds: float | None, late: type[httpx.TimeoutException]) -> None:
        """Return when there is something new."""
        news = self._news = self._loop.create_future()
        timer = None if seconds is None else self._loop.call_later(seconds, _fail, news, late)
        try:
            await news
        finally:
            self._news = None
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self._transport, self._is_open = transport, True
        transport.set_write_buffer_limits(high=0)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes go."""
        return self._buffer

    def buffer_updated(self, size: int) -> None:
        """Take bytes of the answer; what nobody asked for ends the connection."""
        if not self._is_asking:
            self.close()
            return
        self.has_heard = True
        self._http.receive_data(bytes(self._buffer[:size]))
        self._unread += size
        if self._unread > _UNREAD and self._news is None:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Note that the server has said all."""
        self._has_ended = True
        self._wake()

    def pause_writing(self) -> None:
        """Note that the server does not take what is sent."""
        self._is_clogged = True

    def resume_writing(self) -> None:
        """Go on sending."""
        self._is_clogged = False
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        """Note the end of the connection."""
        self._is_open, self._lost, self._has_ended = False, error, True
        self._wake()


class _Body(httpx.AsyncByteStream):
    def __init__(self, connection: Http1, patience: float | None) -> None:
        self._connection = connection
        self._patience = patience

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._connection.chunks(self._patience)

    async def aclose(self) -> None:
        self._connection.close_unless_idle()


def _fail(news: asyncio.Future[None], late: type[httpx.TimeoutException]) -> None:
    if not news.done():
        news.set_exception(late("nothing came in time"))
