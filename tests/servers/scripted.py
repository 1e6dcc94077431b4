"""A server on loopback, in the test's own loop, that does with a connection what a script says."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from servers import HANG

Script = Callable[["Meeting"], Awaitable[None]]


def answer(body: bytes = b"{}", status: str = "200 OK", **headers: str) -> bytes:
    """Return a whole answer, with a length unless the headers tell another framing."""
    told = {"Content-Length": str(len(body))} if not headers.get("Transfer_Encoding") else {}
    lines = {**told, **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


class Meeting:
    """One connection of a client, as the server sees it; `number` counts them from 1."""

    def __init__(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.number = number
        self.writer = writer
        self._reader = reader

    async def request(self) -> bytes:
        """Return the head of the next request."""
        return await self._reader.readuntil(b"\r\n\r\n")

    async def read(self, size: int) -> bytes:
        """Return so many bytes of a request's body."""
        return await self._reader.readexactly(size)

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def serve(self, *answers: bytes) -> None:
        """Answer one request after another."""
        for data in answers:
            await self.request()
            await self.send(data)

    async def hang_up(self) -> None:
        """End the connection in good order."""
        self.writer.close()
        await self.writer.wait_closed()

    def reset(self) -> None:
        """End the connection with a reset."""
        one = self.writer.get_extra_info("socket")
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def until_gone(self) -> None:
        """Return when the client has hung up; the rest of what it sent is dropped."""
        with contextlib.suppress(ConnectionResetError):  # it had not read all that was sent
            async with asyncio.timeout(HANG):
                while await self._reader.read(65536):
                    pass


class Peer:
    """The server: the connections that it has met, and what each script came to."""

    def __init__(self, script: Script) -> None:
        self.met: list[Meeting] = []
        self.played: list[asyncio.Task[None]] = []
        self.url = ""
        self._script = script

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Play the script with a new connection."""
        self.met.append(Meeting(len(self.met) + 1, reader, writer))
        task = asyncio.ensure_future(self._script(self.met[-1]))
        self.played.append(task)
        await asyncio.wait([task])

    async def over(self) -> None:
        """Return when every script has been played; raise what it met."""
        async with asyncio.timeout(HANG):
            await asyncio.gather(*self.played)


@asynccontextmanager
async def serving(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """Serve on a free port of loopback."""
    peer = Peer(script)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    peer.url = f"{'http' if tls is None else 'https'}://localhost:{port}/jobs/j1?f=json"
    try:
        yield peer
    finally:
        server.close()
        for task in peer.played:
            task.cancel()
        for meeting in peer.met:
            meeting.writer.transport.abort()
        await asyncio.sleep(0)
