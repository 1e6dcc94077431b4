"""A transport of httpx that keeps one connection.

What httpcore does beside this (pools, proxies, HTTP/2, other event loops) is two thirds of the CPU
of a poll.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import partial
from typing import Any

import httpx

from jobwidgets._http.connections.dial import NEXT_ADDRESS, dial
from jobwidgets._http.connections.http1 import Http1, Prepared, prepared

KEPT_ALIVE = 65.0
"""Seconds that an idle connection is kept: twice the longest usual pause between two polls."""

_SAFE = frozenset({b"GET", b"HEAD", b"OPTIONS"})
_UNANSWERED = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)


class Wire(httpx.AsyncBaseTransport):
    """A transport that keeps one connection, for one request at a time.

    Parameters
    ----------
    tls
        For https; it decides whether host names are verified.
    kept_alive
        Seconds that an idle connection is kept.
    next_address
        Seconds after which the next address of a name is tried beside the last.
    """

    def __init__(
        self,
        tls: ssl.SSLContext,
        *,
        kept_alive: float = KEPT_ALIVE,
        next_address: float = NEXT_ADDRESS,
    ) -> None:
        self._tls = tls
        self._kept_alive = kept_alive
        self._next_address = next_address
        self._kept: Http1 | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send any request of httpx; the response's body is still to be read."""
        return await self.ask(prepared(request), await request.aread())

    async def ask(self, request: Prepared, body: bytes = b"") -> httpx.Response:
        """Send a request; the response's body is still to be read.

        A connection that the server has closed meanwhile is replaced by a new one, unnoticed.

        Raises
        ------
        httpx.TransportError
            If no answer begins to come.
        httpx.InvalidURL
            If there can be no such host.
        """
        kept = self._kept
        if kept is not None and kept.place == request.place and kept.is_ready(self._kept_alive):
            try:
                return await kept.ask(request, body)
            except _UNANSWERED:
                if kept.has_heard or request.head.method not in _SAFE:
                    raise
        self.drop()
        self._kept = await self._connect(request)
        return await self._kept.ask(request, body)

    def drop(self) -> None:
        """Close the connection; the next request opens a new one."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    async def aclose(self) -> None:
        """Close the connection."""
        self.drop()
        await asyncio.sleep(0)  # the socket is closed in the loop's next turn

    async def _connect(self, request: Prepared) -> Http1:
        scheme, host, port = request.place
        loop = asyncio.get_running_loop()
        secure: dict[str, Any] = {}
        if scheme == "https":
            secure = {"ssl": self._tls, "server_hostname": host}
        try:
            async with asyncio.timeout(request.timeout.get("connect")):
                carrier = await dial(host, port, self._next_address)
                make = partial(Http1, request.place, carrier)
                return (await loop.create_connection(make, sock=carrier, **secure))[1]
        except TimeoutError as error:
            raise httpx.ConnectTimeout("no connection in time") from error
        except UnicodeError as error:
            raise httpx.InvalidURL("no host has such a name") from error
        except OSError as error:
            raise httpx.ConnectError(str(error) or type(error).__name__) from error
