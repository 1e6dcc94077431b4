"""Faults that are more than an answer: of the whole server, of names, certificates and tokens."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Any

from faults.behaviours import answers, refuses
from faults.exchange import Behaviour, Exchange, http
from faults.server import FaultServer
from faults.stage import NEW_TOKEN, OLD_TOKEN, SICK, Authorities, Stage, wait_until


class Scene:
    """A fault that begins when it is entered, and ends when it is left.

    Parameters
    ----------
    story
        Makes the fault begin, yields, and makes it end.
    """

    def __init__(self, story: Callable[[Stage], Iterator[None]]) -> None:
        self._story = contextmanager(story)

    def __call__(self, stage: Stage) -> AbstractContextManager[None]:
        """Return the fault on one stage."""
        return self._story(stage)


INVALID_TOKEN = {"error": {"code": 498, "message": "Invalid token.", "details": []}}
"""What an ArcGIS server says to a token that has expired."""


def nothing(_: Stage) -> None:
    """Do nothing: the watch recovers by itself."""


def renew_token(stage: Stage) -> None:
    """Give the sick job a new token."""
    stage.sick.token = NEW_TOKEN


def refresh(stage: Stage) -> None:
    """Ask for the sick job by hand."""
    stage.sick.refresh()


def answering(behaviour: Behaviour) -> Scene:
    """Return the scene in which the server answers so for the sick job."""

    @Scene
    def scene(stage: Stage) -> Iterator[None]:
        stage.server.begin_fault(SICK, behaviour)
        yield
        stage.server.end_fault(SICK)

    return scene


def redirecting(scheme: str) -> Scene:
    """Return the scene in which the server sends its clients to another port."""

    @Scene
    def scene(stage: Stage) -> Iterator[None]:
        location = f"{scheme}://localhost:{stage.other.port}/arcgis/rest/jobs/{SICK}"
        stage.server.begin_fault(SICK, answers(status=302, Location=location))
        yield
        assert not stage.other.asked(SICK)
        stage.server.end_fault(SICK)

    return scene


@Scene
def redirecting_to_a_stranger(stage: Stage) -> Iterator[None]:
    """Redirect to https of the same host, whose certificate nobody knows."""
    stage.other.tls = stage.authorities.unknown.server_context()
    with redirecting("https")(stage):
        yield


@Scene
def down(stage: Stage) -> Iterator[None]:
    """Have no server at the port."""
    stage.server.stop()
    yield
    restart(stage.server)


def restart(server: FaultServer) -> None:
    """Have the server at its port again, once the system lets it."""

    def is_up() -> bool:
        try:
            server.start()
        except OSError:
            return False
        return True

    wait_until(is_up, lambda: f"port {server.port} is taken")


@Scene
def killed(stage: Stage) -> Iterator[None]:
    """Kill the server in the middle of an answer, and have it back at once."""
    is_hit = threading.Event()

    def die(exchange: Exchange) -> None:
        exchange.send(http(exchange.record.document())[:-20])
        is_hit.set()
        exchange.hang()

    stage.server.begin_fault(SICK, die)
    wait_until(is_hit.is_set, lambda: "nobody asks")
    stage.server.end_fault(SICK)
    stage.server.stop()
    yield
    restart(stage.server)


@Scene
def deaf(stage: Stage) -> Iterator[None]:
    """Have packets to the port dropped: its queue of connections is full."""
    stage.server.stop()
    place = ("127.0.0.1", stage.server.port)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(0)
        with _filled(place):
            yield
    restart(stage.server)


@contextmanager
def _filled(place: tuple[str, int]) -> Iterator[None]:
    with ExitStack() as waiting:
        with suppress(OSError):  # it is full
            for _ in range(8):
                waiting.enter_context(socket.create_connection(place, timeout=0.2))
        yield


def at_the_door(door: Callable[[socket.socket], None]) -> Scene:
    """Return the scene in which nobody who connects comes further than the door."""

    @Scene
    def scene(stage: Stage) -> Iterator[None]:
        stage.server.door = door
        stage.server.drop_connections()
        yield
        stage.server.door = None

    return scene


def showing(context: Callable[[Authorities], ssl.SSLContext | None]) -> Scene:
    """Return the scene in which the server shows another certificate, or speaks no TLS."""

    @Scene
    def scene(stage: Stage) -> Iterator[None]:
        usual = stage.server.tls
        # A handshake for each request: the one before the fault must not serve for it.
        stage.server.tls, stage.server.keeps_alive = context(stage.authorities), False
        stage.server.drop_connections()
        yield
        stage.server.tls, stage.server.keeps_alive = usual, True

    return scene


@Scene
def unnamed(stage: Stage) -> Iterator[None]:
    """Have the name of the server unknown."""
    known = dict(stage.names.known)
    stage.names.known.clear()
    stage.server.drop_connections()
    yield
    stage.names.known.update(known)


@Scene
def naming_slowly(stage: Stage) -> Iterator[None]:
    """Have the look-up of the server's name hang."""
    stage.names.is_open.clear()
    stage.server.drop_connections()
    yield
    stage.names.is_open.set()


def expiring(gives: Any) -> Scene:
    """Return the scene in which the token expires, and its provider gives something next."""

    @Scene
    def scene(stage: Stage) -> Iterator[None]:
        calls, stage.provider.gives = stage.provider.calls, gives
        with answering(refuses(OLD_TOKEN, answers(INVALID_TOKEN)))(stage):
            yield
        assert stage.provider.calls > calls
        stage.provider.gives = NEW_TOKEN

    return scene


@Scene
def providing_slowly(stage: Stage) -> Iterator[None]:
    """Have the token expire, and its provider hang."""
    stage.provider.is_open.clear()
    with expiring(NEW_TOKEN)(stage):
        yield
    stage.provider.is_open.set()


def is_provider_asked(stage: Stage) -> bool:
    """Return whether the provider was asked for a second token."""
    return stage.provider.calls == 2
