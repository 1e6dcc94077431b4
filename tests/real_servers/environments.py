"""Virtual environments beside this project's, and servers that run in them."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from os import environ
from pathlib import Path
from typing import Any

import httpx
from servers.waiting import until

ROOT = Path(__file__).parents[2]
PLUGINS = Path(__file__).parent / "plugins"


def python_from(minor: int) -> str | None:
    """Return a CPython 3 of at least this minor version: this one, or another at hand."""
    if sys.version_info >= (3, minor):
        return sys.executable
    found = [shutil.which(f"python3.{later}") for later in range(minor, minor + 4)]
    of_pyenv = sorted(Path.home().glob(".pyenv/versions/3.*/bin/python"), key=str)
    for candidate in (*filter(None, found), *map(str, of_pyenv)):
        check = f"import sys; sys.exit(sys.version_info < (3, {minor}))"
        if subprocess.run([candidate, "-c", check], stderr=subprocess.DEVNULL).returncode == 0:
            return candidate
    return None


def environment(name: str, requirements: str, python: str = sys.executable) -> Path:
    """Return the Python of an environment that has what pip is told here; it is made once."""
    home = ROOT / f".venv-{name}"
    interpreter, complete = home / "bin" / "python", home / "complete"
    if not complete.exists() or complete.read_text() != requirements:
        subprocess.run([python, "-m", "venv", "--clear", home], check=True)
        pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *requirements.split()], check=True)
        complete.write_text(requirements)
    return interpreter


def noted(pages: list[str]) -> dict[str, Any]:
    """Return settings of HTTP that note each URL that is asked for."""

    async def note(request: httpx.Request) -> None:
        pages.append(str(request.url))

    return {"event_hooks": {"request": [note]}}


def free_port() -> int:
    """Return a port of loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RealServer:
    """A server in a process of its own, which may be killed and started again.

    Parameters
    ----------
    command
        What runs it.
    health
        A URL that answers once it serves.
    folder
        Where it runs, and writes ``server.log``.
    variables
        Of its environment, beside ours.
    """

    def __init__(
        self, command: list[str], health: str, folder: Path, variables: Mapping[str, str]
    ) -> None:
        self._command, self._health, self._folder = command, health, folder
        self._variables = {**environ, "PYTHONPATH": str(PLUGINS), **variables}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return once it serves."""
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=self._variables, stdout=log, stderr=log
            )
        until(self._serves)

    def _serves(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "server.log").read_text()
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(self._health, trust_env=False).is_success
        return False

    def stop(self, kind: signal.Signals = signal.SIGTERM) -> None:
        """Stop this process, and no other."""
        if self._process is not None:
            self._process.send_signal(kind)
            self._process.wait(10)
            self._process = None


@contextlib.contextmanager
def running(server: RealServer) -> Iterator[RealServer]:
    """Start a server, and stop it at the end."""
    try:
        server.start()
        yield server
    finally:
        server.stop()
