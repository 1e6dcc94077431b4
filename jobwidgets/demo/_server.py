"""The embedded Mission job server: uvicorn in a daemon thread of this process."""

from __future__ import annotations

import socket
import threading
import time
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import uvicorn

from jobwidgets.demo._app import ROOT, create_app, is_loopback
from jobwidgets.demo._clock import Clock
from jobwidgets.demo._scripts import Script
from jobwidgets.demo._site import ReceivedRequest, Site

_START_SECONDS = 10.0
_STOP_SECONDS = 5.0


class MissionServer:
    """A Mission job server for demonstrations and tests, as a context manager.

    Parameters
    ----------
    speed
        Seconds of the server's clock in one real second.
    host
        The name or address to listen at.
    port
        The port to listen at. 0: any free one.
    require_token
        Whether a request needs a token of `issue_token`.
    token_lifetime
        Seconds of the server's clock that a token is valid.
    allow_remote
        Whether `host` may be one that other machines reach, and whether requests for other names
        than this machine's loopback ones are answered. Nothing that this server does is protected
        but by its made-up tokens.

    Raises
    ------
    ValueError
        `host` is no loopback address, and `allow_remote` is not set; or `speed` is negative.
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        host: str = "127.0.0.1",
        port: int = 0,
        require_token: bool = False,
        token_lifetime: float = 3600.0,
        allow_remote: bool = False,
    ) -> None:
        # First what the repr needs: tracebacks may show an object whose __init__ has raised.
        self.host, self._port = host, port
        self._running: tuple[_Uvicorn, threading.Thread] | None = None
        if not allow_remote and not is_loopback(host):
            raise ValueError(
                f"host: expected a loopback address such as 127.0.0.1, found {host!r}; "
                "allow_remote=True lets other machines in"
            )
        self.clock = Clock(speed)
        self._allows_remote = allow_remote
        self._site = Site(self.clock, require_token=require_token, token_lifetime=token_lifetime)
        self._switch = threading.RLock()

    def __repr__(self) -> str:
        state = "running" if self._running else "stopped"
        return f"<{type(self).__name__} {self.host}:{self._port}, {state}>"

    def start(self) -> Self:
        """Listen, and return once requests are answered; a running server is left alone.

        A server that is started again after `stop` keeps its jobs, its tokens and its port.

        Raises
        ------
        OSError
            The port is taken.
        """
        with self._switch:
            if not self._running:
                self._start()
        return self

    def stop(self) -> None:
        """Drop all connections, free the port and end the thread; a stopped one is left alone.

        Raises
        ------
        RuntimeError
            The thread did not end within 5 seconds.
        """
        with self._switch:
            if self._running:
                (server, thread), self._running = self._running, None
                server.should_exit = True
                thread.join(_STOP_SECONDS)
                if thread.is_alive():
                    raise RuntimeError(f"the server did not stop within {_STOP_SECONDS:g} s")

    def _start(self) -> None:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.create_server((self.host, self._port), family=family)
        self._port = listener.getsockname()[1]
        server = _Uvicorn(create_app(self._site, any_host=self._allows_remote))
        name = f"MissionServer:{self._port}"
        thread = threading.Thread(target=server.run, args=([listener],), name=name, daemon=True)
        thread.start()
        self._running = server, thread
        try:
            _wait_until_started(server, thread)
        except BaseException:  # an interrupt, too, must not leave the thread behind
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port that the server listens at; RuntimeError before the first start, if it was 0."""
        if not self._port:
            raise RuntimeError("the server has no port yet: call start(), or use it in `with`")
        return self._port

    @property
    def root(self) -> str:
        """The URL of the REST root."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{ROOT}"

    @property
    def jobs_url(self) -> str:
        """The URL of the jobs resource."""
        return f"{self.root}/jobs"

    @property
    def requests(self) -> list[ReceivedRequest]:
        """The newest 10,000 requests that came in, the oldest first."""
        return self._site.requests

    def add(self, script: Script, job_id: str | None = None) -> str:
        """Start a job and return its URL; one of the same id is replaced.

        Parameters
        ----------
        script
            What the job plays.
        job_id
            None: the one in a verbatim script's document, else ``j`` and a new UUID.
        """
        jobs_url = self.jobs_url
        return f"{jobs_url}/{quote(self._site.add(script, job_id), safe='')}"

    def remove(self, job_id: str) -> None:
        """Forget a job; KeyError if there is none of this id."""
        self._site.remove(job_id)

    def issue_token(self, lifetime: float | None = None) -> str:
        """Return a new token.

        Parameters
        ----------
        lifetime
            Seconds of the server's clock. None: the server's `token_lifetime`.
        """
        return self._site.issue_token(lifetime)

    def expire_tokens(self) -> None:
        """Make every token issued so far invalid."""
        self._site.expire_tokens()


class _Uvicorn(uvicorn.Server):
    """Uvicorn that stops at once: it does not wait for clients that hold a connection open."""

    def __init__(self, app: Any) -> None:
        config = uvicorn.Config(
            app,
            access_log=False,  # it would hold the tokens of URLs
            date_header=False,  # the app dates by its own clock
            log_config=None,  # the host program's logging is its own
            server_header=False,
            lifespan="off",
            loop="asyncio",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)


def _wait_until_started(server: _Uvicorn, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError(f"the server did not start within {_START_SECONDS:g} s")
        time.sleep(0.005)
