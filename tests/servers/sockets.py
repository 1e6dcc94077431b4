"""A server on a real socket, for what only sockets can tell."""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    """What a client sent: `target` is the request line's second word, header names lower-case."""

    target: str
    headers: Mapping[str, str]
    raw: str
    """The request line and all headers, as text."""


@dataclass(frozen=True)
class Reply:
    """An answer: bytes as they are, anything else as JSON."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Server:
    """Answers every GET with what `answer` returns: a `Reply`, or a value for one.

    Parameters
    ----------
    answer
        Called with the `Request`, on the thread of the connection, so it may block; `hang` blocks
        until the server is closed.
    tls
        Serves https with this context.
    """

    def __init__(self, answer: Callable[[Request], Any], tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.most_in_flight = 0
        self.arrived = threading.Event()
        self._answer = answer
        self._in_flight = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._http = _Http(("127.0.0.1", 0), self, tls)
        self._scheme = "http" if tls is None else "https"
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.02,), name="test-server", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that the server listens at."""
        return self._http.server_address[1]

    @property
    def origin(self) -> str:
        """The URL of the server, without a path."""
        return f"{self._scheme}://localhost:{self.port}"

    @property
    def jobs_url(self) -> str:
        """The URL of the jobs resource."""
        return f"{self.origin}/arcgis/rest/jobs"

    @property
    def open_connections(self) -> int:
        """How many clients have not hung up."""
        return len(self._http.open)

    def hang(self) -> None:
        """Return when the server is closed."""
        self._closing.wait(60)

    def close(self) -> None:
        """Close every connection and stop."""
        self._closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def reply(self, request: Request) -> Reply:
        """Note a request, and return what is to be answered."""
        with self._lock:
            self.requests.append(request)
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        self.arrived.set()
        try:
            value = self._answer(request)
        finally:
            with self._lock:
                self._in_flight -= 1
        return value if isinstance(value, Reply) else Reply(value)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, place: tuple[str, int], owner: Server, tls: ssl.SSLContext | None) -> None:
        self.owner = owner
        self._tls = tls
        self.open: set[socket.socket] = set()
        super().__init__(place, _Handler)

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection; its own thread shakes hands."""
        connection, address = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection, on its own thread."""
        self.open.add(request)
        self.owner.connections += 1
        # The client may go away, or not accept the certificate.
        with contextlib.suppress(OSError):
            super().finish_request(request, client_address)
        self.open.discard(request)

    def server_close(self) -> None:
        """Hang up on every client; their threads end by that."""
        for connection in list(self.open):
            with contextlib.suppress(OSError):  # the client has hung up
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet: two would wait for each other
    server: _Http

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        raw = f"{self.requestline}\n{self.headers}"
        reply = self.server.owner.reply(Request(self.path, headers, raw))
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""
