import asyncio
import selectors
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from documents import JOB_URL
from servers import FAST, SERVER_OF, Certificates, Replies, Server

from jobwidgets._http.budget import configure
from jobwidgets.job import Job

T = TypeVar("T")
_BUSY = {"jobwidgets-token", "jobwidgets-reader", "jobwidgets-dns"}
_PATIENCE = 0.2  # real seconds


@pytest.fixture(scope="session", autouse=True)
def _ample_budget() -> None:
    """Let the tests ask as often as they like."""
    configure(requests_per_second=100_000)


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Let the programs that tests begin be interrupted, though pytest runs in the background.

    A shell lets background jobs ignore interrupts, and what they begin inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def new_job() -> Iterator[Callable[..., Job]]:
    """Return a maker of jobs that get the given replies in quick succession; see `SERVER_OF`."""

    def make(*replies: Any, url: str = JOB_URL, **keywords: Any) -> Job:
        transport = Replies(*replies)
        keywords = {"pace": FAST, "http": {"transport": transport}, **keywords}
        job = Job(url, **keywords)
        SERVER_OF[job] = transport
        return job

    yield make
    for job in SERVER_OF:
        job.stop()
    SERVER_OF.clear()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Return a starter of servers on real sockets."""
    servers: list[Server] = []

    def start(answer: Callable[..., Any], tls: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(answer, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return certificates of an authority that nobody knows."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def skipping() -> Callable[[Coroutine[Any, Any, T]], T]:
    """Return a runner of coroutines, in whose loop every wait is over at once."""

    def run(coroutine: Coroutine[Any, Any, T]) -> T:
        with asyncio.Runner(loop_factory=SkippingLoop) as runner:
            return runner.run(coroutine)

    return run


class SkippingLoop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to its next timer when there is nothing else to do."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(_SkippingSelector(self))

    def time(self) -> float:
        """Return the seconds that were skipped."""
        return self.now


class _SkippingSelector(selectors.SelectSelector):
    def __init__(self, loop: SkippingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(timeout if timeout is None else 0)
        if not ready and timeout is not None and timeout > 0:
            if _BUSY & {thread.name for thread in threading.enumerate()}:
                ready = super().select(_PATIENCE)  # real work goes before virtual time
            if not ready:
                self._loop.now += timeout
        return ready


@pytest.fixture
def python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a starter of interpreters that run a piece of code."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", "-c", code, *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.PIPE}
        started.append(subprocess.Popen(command, text=True, **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
