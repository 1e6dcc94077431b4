"""A forward proxy on loopback that asks for a password: absolute URLs, and CONNECT."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from base64 import b64decode, b64encode
from typing import Any
from urllib.parse import urlsplit

USER, PASSWORD = "user", "pr0xy-p4ssword"
_ENOUGH = 64 * 1024


class Proxy:
    """Passes bytes on to whatever server the first request of a connection names.

    Attributes
    ----------
    methods
        That of the first request of each connection that it has passed on.
    refused
        How many it has not.
    """

    def __init__(self) -> None:
        self.methods: list[str] = []
        self.refused = 0
        self._open: set[socket.socket] = set()
        self._listener = _Listener(("127.0.0.1", 0), self)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.01,))
        self._thread.start()

    def url(self, password: str = PASSWORD) -> str:
        """Return what the environment says of it."""
        return f"http://{USER}:{password}@127.0.0.1:{self._listener.server_address[1]}"

    def stop(self) -> None:
        """Hang up on everybody, and listen no more."""
        self._listener.shutdown()
        self._thread.join()
        for connection in list(self._open):
            _end(connection)
        self._listener.server_close()

    def serve(self, client: socket.socket) -> None:
        """Serve one connection, on its own thread."""
        head = b""
        while b"\r\n\r\n" not in head:
            part = client.recv(_ENOUGH)
            if not part:
                return
            head += part
        method, target, *_ = head.decode("latin-1").split(maxsplit=2)
        if b64encode(f"{USER}:{PASSWORD}".encode()) not in head:
            self.refused += 1
            said = b64decode(head.partition(b"Basic ")[2].split()[0])  # it quotes what it was told
            client.sendall(b"HTTP/1.1 407 Not " + said + b"\r\nContent-Length: 0\r\n\r\n")
            return
        place = urlsplit(f"//{target}" if method == "CONNECT" else target)
        with socket.create_connection((place.hostname, place.port or 80)) as server:
            self.methods.append(method)
            if method == "CONNECT":
                client.sendall(b"HTTP/1.1 200 Go On\r\n\r\n")
            else:
                server.sendall(head)
            self._pass_on(client, server)

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        self._open |= {client, server}
        back = threading.Thread(target=_pump, args=(server, client))
        back.start()
        _pump(client, server)
        back.join()
        self._open -= {client, server}


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = False  # they are joined when the proxy is closed
    request_queue_size = 64

    def __init__(self, place: tuple[str, int], owner: Proxy) -> None:
        self._owner = owner
        super().__init__(place, socketserver.BaseRequestHandler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection."""
        with contextlib.suppress(OSError):  # either side may go away
            self._owner.serve(request)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Pass on what one side says until it has said all; then neither side hears more."""
    with contextlib.suppress(OSError):
        while part := source.recv(_ENOUGH):
            sink.sendall(part)
    _end(source)
    _end(sink)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
