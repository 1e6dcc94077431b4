"""The JupyterLab that `jobwidgets demo` starts: its folder, its process, its end."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

NOTEBOOK = "watch_a_job.ipynb"
"""The name of the notebook that is opened."""

_HOST = "127.0.0.1"
_HERE = Path(__file__).parent
# In a wheel the notebook lies beside this file, in a checkout in the folder of the examples.
_NOTEBOOKS = (_HERE / NOTEBOOK, _HERE.parents[1] / "notebooks" / NOTEBOOK)
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0


class LabError(Exception):
    """JupyterLab cannot be started; the text says why."""


class Lab:
    """A JupyterLab in a process of its own, which opens a fresh copy of the notebook.

    It neither reads nor changes the user's own Jupyter settings, workspaces and running servers.

    Parameters
    ----------
    folder
        An empty folder for the notebook and all that JupyterLab writes.
    mission_root
        The REST root that `create_mission` asks in the kernels.
    port
        The port to listen at. 0: any free one.
    browser
        Whether JupyterLab opens a browser.

    Raises
    ------
    LabError
        The port is taken, or the notebook is missing.
    """

    def __init__(
        self, folder: Path, mission_root: str, *, port: int = 0, browser: bool = True
    ) -> None:
        self._folder = folder
        self._mission_root = mission_root
        self._port = _free_port(port)
        self._browser = browser
        self._token = secrets.token_urlsafe(32)
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / "jupyterlab.log"
        write_notebook(folder / "notebooks" / NOTEBOOK)

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own Python and options
                self._command(),
                cwd=self._folder / "notebooks",
                env=os.environ | self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal is ours: JupyterLab would ask whether it is meant.
                start_new_session=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address of the open notebook, with the token that lets the reader in."""
        return f"http://{_HOST}:{self._port}/lab/tree/{NOTEBOOK}?token={self._token}"

    def wait_until_up(self) -> None:
        """Return once JupyterLab answers or has ended; LabError after 60 seconds."""
        deadline = time.monotonic() + _START_SECONDS
        while self.ended() is None and not _answers(self._port):
            if time.monotonic() > deadline:
                raise LabError(f"JupyterLab did not answer within {_START_SECONDS:g} s")
            time.sleep(0.1)

    def ended(self) -> int | None:
        """Return the return code of the process, None while it runs or before it was started."""
        return self._process.poll() if self._process else None

    def log(self) -> str:
        """Return what JupyterLab and its kernels have written so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """Ask JupyterLab to end with its kernels; kill it after 10 s, or when interrupted."""
        if self._process:
            try:
                self._process.terminate()
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                pass
            finally:
                self._process.kill()
                self._process.wait()

    def _command(self) -> list[str]:
        options = {
            "ServerApp.ip": _HOST,
            "ServerApp.port": self._port,
            "ServerApp.port_retries": 0,
            "ServerApp.open_browser": self._browser,
            # It would ask PyPI, and many of these machines stand in closed networks.
            "LabApp.extension_manager": "readonly",
            "LabApp.extra_labextensions_path": _HERE / "autorun",
        }
        command = [sys.executable, "-m", "jupyterlab", NOTEBOOK]
        command += [f"--{name}={value}" for name, value in options.items()]
        return command + ["--allow-root"] * _is_root()

    def _environment(self) -> dict[str, str]:
        # A proxy set for the rest of the world could not reach the servers of this machine.
        given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
        direct = f"{given},{_HOST}" if given else _HOST
        return {
            "NO_PROXY": direct,
            "no_proxy": direct,
            "JOBWIDGETS_DEMO_ROOT": self._mission_root,
            "JUPYTER_CONFIG_DIR": str(self._folder / "config"),
            "JUPYTER_RUNTIME_DIR": str(self._folder / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(self._folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self._folder / "workspaces"),
            # Not on the command line, which other users of the machine can read.
            "JUPYTER_TOKEN": self._token,
        }


def write_notebook(target: Path) -> None:
    """Write a copy of the first example notebook without outputs; LabError if it is missing."""
    source = next((path for path in _NOTEBOOKS if path.exists()), None)
    if source is None:
        raise LabError(f"{NOTEBOOK} is missing from this installation of jobwidgets")
    notebook = json.loads(source.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    target.parent.mkdir(parents=True)
    target.write_text(json.dumps(notebook, indent=1, ensure_ascii=False), encoding="utf-8")


def _free_port(port: int) -> int:
    try:
        with socket.create_server((_HOST, port)) as listener:
            return int(listener.getsockname()[1])
    except OSError as error:
        raise LabError(f"port {port} of {_HOST} is not free: {error.strerror}") from error


def _answers(port: int) -> bool:
    try:
        socket.create_connection((_HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
