import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from servers import HANG

from jobwidgets._http.connections.dial import dial

TINY = 0.02  # seconds until the next address is tried


class KnowingLoop(asyncio.SelectorEventLoop):
    """A loop that knows the addresses of every name."""

    def __init__(self, addresses: list[Any]) -> None:
        super().__init__()
        self._addresses = addresses

    async def getaddrinfo(self, host: Any, port: Any, **_: Any) -> Any:
        """Return the addresses."""
        kind = (socket.AF_INET, socket.SOCK_STREAM, 0, "")
        return [(*kind, address) for address in self._addresses]


def run(addresses: list[Any], use: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Return what comes of a coroutine where every name has these addresses."""
    with asyncio.Runner(loop_factory=lambda: KnowingLoop(addresses)) as runner:
        return runner.run(use())


def reached(addresses: list[Any], next_address: float = HANG) -> Any:
    """Return the address that was reached."""

    async def use() -> Any:
        with await dial("jobs.example.com", 80, next_address) as one:
            return one.getpeername()

    return run(addresses, use)


@pytest.fixture
def alive() -> Iterator[Any]:
    """Return an address that answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()


@pytest.fixture
def dead() -> Any:
    """Return an address that refuses."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()


@pytest.fixture
def deaf() -> Iterator[Any]:
    """Return an address that says nothing: its queue of connections is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        with suppress(OSError):  # it is full
            for _ in range(8):
                place = listener.getsockname()
                stack.enter_context(socket.create_connection(place, timeout=0.2))
        yield listener.getsockname()


def test_first_address(alive: Any, dead: Any) -> None:
    """The first address that answers is the one, and the next is not tried."""
    assert reached([alive]) == alive
    assert reached([alive, dead]) == alive


def test_address_that_refuses(alive: Any, dead: Any) -> None:
    """Behind an address that refuses the next is tried at once."""
    assert reached([dead, dead, alive]) == alive


def test_address_that_says_nothing(alive: Any, deaf: Any) -> None:
    """Beside an address that says nothing the next is tried after a moment."""
    assert reached([deaf, alive], TINY) == alive
    assert reached([deaf, deaf, alive], TINY) == alive


def test_no_address_answers(dead: Any) -> None:
    """The error of the last address is raised."""
    with pytest.raises(ConnectionRefusedError):
        reached([dead, dead])


def test_no_address() -> None:
    """A name without any address is an error too."""
    with pytest.raises(OSError, match=r"jobs\.example\.com has no address"):
        reached([])


def test_cancelled(deaf: Any) -> None:
    """A call that is given up leaves no socket and no task behind."""

    async def use() -> set[Any]:
        task = asyncio.create_task(dial("jobs.example.com", 80, TINY))
        await asyncio.sleep(3 * TINY)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert run([deaf, deaf], use) == set()
