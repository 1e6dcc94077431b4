"""A server on raw sockets, which can answer for one of its jobs as wrongly as one likes."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from faults.exchange import Behaviour, Exchange, Record, Request, http, well

LARGEST_REQUEST = 16 * 1024
"""Bytes of a request's head; gateways take 8 to 32 KiB."""


def _absent(exchange: Exchange) -> None:
    exchange.send(http(b"<h1>Not Found</h1>", 404))


def _too_large(exchange: Exchange) -> None:
    exchange.send(http(b"<h1>Request Header Or Cookie Too Large</h1>", 431))


class FaultServer:
    """A server on a loopback port that tells the truth about its jobs, but where a fault is on.

    Parameters
    ----------
    tls
        Serves https with this context. It may be replaced at any time, by None too.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.keeps_alive = True
        self.door: Callable[[socket.socket], None] | None = None
        """What is done to each new connection instead of serving it."""
        self.records: dict[str, Record] = {}
        self.log: list[Request] = []
        self.mistakes: list[BaseException | None] = []
        """What the server itself did wrong: there should be none."""
        self._scheme = "http" if tls is None else "https"
        self._faults: dict[str, Behaviour] = {}
        self._met: dict[str, int] = {}
        self._spans: list[tuple[str, int, int]] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.port = 0
        self.start()

    def add(self, job_id: str) -> Record:
        """Have a new job."""
        return self.records.setdefault(job_id, Record(job_id))

    def url(self, job_id: str, host: str = "localhost") -> str:
        """Return the URL of a job."""
        return f"{self._scheme}://{host}:{self.port}/arcgis/rest/jobs/{job_id}"

    def start(self) -> None:
        """Listen, after a stop at the same port."""
        self._is_stopping = False
        self._listener = _Listener(("127.0.0.1", self.port), self)
        self.port = self._listener.server_address[1]
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        """Hang up on everybody, and listen no more."""
        self._is_stopping = True
        self._listener.shutdown()
        self._thread.join()
        self.drop_connections()
        self._listener.server_close()

    def drop_connections(self) -> None:
        """Hang up on everybody: whoever asks again has to connect again."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):  # the client has hung up
                    connection.shutdown(socket.SHUT_RDWR)

    def begin_fault(self, job_id: str, behaviour: Behaviour) -> None:
        """Answer for one job with `behaviour` from now on."""
        self._met[job_id] = 0
        self._faults[job_id] = behaviour

    def end_fault(self, job_id: str) -> None:
        """Answer for one job with the truth from now on."""
        self._faults.pop(job_id, None)

    def asked(self, job_id: str) -> int:
        """Return how often a job was asked for."""
        return len(self.arrivals(job_id))

    def arrivals(self, job_id: str) -> list[float]:
        """Return when a job was asked for, in monotonic seconds."""
        return [request.at for request in list(self.log) if request.job_id == job_id]

    def meanwhile(self, job_id: str, other_id: str) -> int:
        """Return how often another job was asked for, at most, within one exchange about a job."""
        counts = (
            sum(request.job_id == other_id for request in self.log[start:end])
            for name, start, end in list(self._spans)
            if name == job_id
        )
        return max(counts, default=0)

    def serve(self, connection: socket.socket) -> None:
        """Serve one connection, on its own thread."""
        if self.door is None and self.tls is not None:
            connection = self.tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        with connection, self._kept(connection):
            if self._is_stopping:
                return
            if self.door is not None:
                self.door(connection)
            else:
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        if isinstance(connection, ssl.SSLSocket):
            connection.do_handshake()
        with connection.makefile("rb") as stream:
            while lines := _read_head(stream):
                if self._answer(connection, lines).is_over or not self.keeps_alive:
                    break

    @contextlib.contextmanager
    def _kept(self, connection: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)

    def _answer(self, connection: socket.socket, lines: list[str]) -> Exchange:
        request = _request(lines)
        with self._lock:
            start = len(self.log)
            self.log.append(request)
            number = self._met[request.job_id] = self._met.get(request.job_id, 0) + 1
        record = self.records.get(request.job_id, Record(""))
        exchange = Exchange(connection, request, record, number)
        try:
            self._behaviour(lines, record)(exchange)
        finally:
            self._spans.append((request.job_id, start, len(self.log)))
        return exchange

    def _behaviour(self, lines: list[str], record: Record) -> Behaviour:
        if sum(map(len, lines)) > LARGEST_REQUEST:
            return _too_large
        if not record.id:
            return _absent
        return self._faults.get(record.id, well)


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False  # they are joined when the server is closed
    request_queue_size = 64

    def __init__(self, place: tuple[str, int], owner: FaultServer) -> None:
        self._owner = owner
        super().__init__(place, socketserver.BaseRequestHandler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection."""
        # A client that goes away, or does not accept a certificate, is no mistake.
        with contextlib.suppress(OSError):
            self._owner.serve(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep what went wrong on a connection's thread."""
        self._owner.mistakes.append(sys.exc_info()[1])


def _read_head(stream: BinaryIO) -> list[str]:
    """Return the lines of a request's head; none when the client has hung up."""
    lines = []
    while (line := stream.readline().decode("latin-1")) != "\r\n":
        if not line:
            return []
        lines.append(line.strip())
    return lines


def _request(lines: list[str]) -> Request:
    target = lines[0].split()[1]
    headers = dict(line.split(": ", 1) for line in lines[1:])
    given = {name.lower(): value for name, value in headers.items()}.get("x-esri-authorization")
    path = urlsplit(target).path.split("/")
    return Request(
        target=target,
        job_id=path[-1] if path[-2:-1] == ["jobs"] else "",
        token=given.removeprefix("Bearer ") if given else None,
        at=time.monotonic(),
    )
