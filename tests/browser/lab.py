"""Front ends in a real browser: servers of their own, and notebooks opened in Chromium."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# The notebook panel in front, in JavaScript.
_PANEL = "window.jupyterapp.shell.currentWidget"
_READY = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  return panel?.content?.widgets && panel.context.isReady
    && panel.sessionContext.session?.kernel?.status === 'idle';
}"""


# Whether the kernel runs an empty cell within so many milliseconds.
_ANSWERS = f"""patience => Promise.race([
  {_PANEL}.sessionContext.session.kernel.requestExecute({{code: '', silent: true}}).done
    .then(() => true),
  new Promise(late => setTimeout(late, patience, false)),
])"""
# Connects to the kernel once more, for a moment.
_CONNECT_ONCE_MORE = f"""() => {{
  const other = {_PANEL}.sessionContext.session.kernel.clone();
  setTimeout(() => other.dispose(), 2000);
}}"""


class Lab:
    """One Jupyter server on a free loopback port, with every file of its own in `folder`.

    Parameters
    ----------
    folder
        Empty, or not there yet.
    app
        The Python module that is run: ``jupyterlab``, or ``notebook`` for Jupyter Notebook.
    options
        More of its command line.
    python
        The one that runs it; its environment has the server's extensions.
    """

    def __init__(
        self,
        folder: Path,
        app: str = "jupyterlab",
        options: Sequence[str] = (),
        python: str | Path = sys.executable,
    ) -> None:
        self._python = str(python)
        self._app = app
        self._options = options
        self.root = folder / "root"
        self.root.mkdir(parents=True)
        self._data = folder / "data"
        self._token = secrets.token_hex(8)
        self._port = _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._log = (folder / "server.log").open("wb")
        self._process = subprocess.Popen(
            self._command(),
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def _command(self) -> list[str]:
        return [
            *(self._python, "-m", self._app, "--no-browser", "--allow-root"),
            *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={self._port}"),
            *("--ServerApp.port_retries=0", f"--IdentityProvider.token={self._token}"),
            *(f"--ServerApp.root_dir={self.root}", "--expose-app-in-browser"),
            "--LabApp.extension_manager=readonly",
            *self._options,
        ]

    def wait_until_up(self) -> None:
        """Return when the server answers."""
        wait_until_up(f"{self.url}/api/status?token={self._token}", self._process)

    def add_kernel(self, name: str, search: Path) -> None:
        """Offer a kernel that finds Python packages in the folder `search` first."""
        spec = {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": name,
            "language": "python",
            "env": {"PYTHONPATH": str(search)},
        }
        path = self._data / "kernels" / name / "kernel.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(spec))

    def address(self, name: str) -> str:
        """Return the address that opens the notebook `name` in a workspace of its own."""
        workspace = f"lab/workspaces/{secrets.token_hex(4)}/tree"
        place = workspace if self._app == "jupyterlab" else "notebooks"
        return f"{self.url}/{place}/{name}?token={self._token}"

    def stop(self) -> None:
        """Stop the server and its kernels."""
        request = urllib.request.Request(
            f"{self.url}/api/shutdown?token={self._token}", method="POST", data=b""
        )
        try:
            urllib.request.urlopen(request, timeout=5).close()
            self._process.wait(20)
        except (OSError, subprocess.TimeoutExpired):
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._log.close()


class Notebook:
    """One notebook, open in a tab of the browser."""

    def __init__(self, lab: Lab, page: Page, name: str) -> None:
        self.page = page
        self.path = lab.root / name
        self.problems: list[str] = []
        self.sent = self.received = 0
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("websocket", self._count)
        page.goto(lab.address(name), wait_until="domcontentloaded")
        self._wait_until_ready()

    def reload(self) -> None:
        """Load the page again, with the kernel that it had."""
        self.page.reload(wait_until="domcontentloaded")
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        try:
            self.page.wait_for_function(_READY, timeout=40_000)
        except PlaywrightTimeoutError:
            # JupyterLab now and then misses the first "idle" of a kernel, before any of our code.
            self.page.reload(wait_until="domcontentloaded")
            self.page.wait_for_function(_READY, timeout=60_000)
        self._wait_until_answered()
        self.problems.clear()  # Notebook 7.6 has one of its own while it loads

    def _wait_until_answered(self) -> None:
        """Return when the kernel has run an empty cell.

        ipykernel 7 may leave the first request unread until another connection is made
        (https://github.com/ipython/ipykernel/issues/1554): 1 of 80 notebooks, before our code.
        """
        for _ in range(5):
            if self.page.evaluate(_ANSWERS, 5_000):
                return
            self.page.evaluate(_CONNECT_ONCE_MORE)
        raise AssertionError("the kernel runs nothing")

    def run(self, *cells: int) -> None:
        """Run cells and wait for the end of each."""
        for cell in cells:
            self.start(cell)
            self.page.wait_for_function(
                f"i => {_PANEL}.content.widgets[i].model.executionState === 'idle'"
                f" && {_PANEL}.content.widgets[i].model.executionCount !== null",
                arg=cell,
                timeout=90_000,
            )

    def start(self, cell: int) -> None:
        """Run a cell, and do not wait."""
        self.page.evaluate(
            f"i => {{ const notebook = {_PANEL}.content; notebook.activeCellIndex = i;"
            " notebook.deselectAll(); jupyterapp.commands.execute('notebook:run-cell'); }",
            cell,
        )

    def is_running(self, cell: int) -> bool:
        """Tell whether a cell runs or waits to run."""
        state = f"i => {_PANEL}.content.widgets[i].model.executionState"
        return bool(self.page.evaluate(state, cell) == "running")

    def outputs(self, cell: int) -> list[dict[str, Any]]:
        """Return a cell's outputs, as nbformat has them."""
        return list(
            self.page.evaluate(f"i => {_PANEL}.content.widgets[i].model.outputs.toJSON()", cell)
        )

    def printed(self, cell: int) -> str:
        """Return what a cell printed."""
        return "".join("".join(output.get("text", "")) for output in self.outputs(cell))

    def saved(self) -> str:
        """Save the notebook; return the file's text."""
        self.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
        return self.path.read_text()

    def shut_kernel_down(self) -> None:
        """End the notebook's kernel."""
        self.end_kernel("shutdown")

    def end_kernel(self, way: str) -> None:
        """End the notebook's kernel by a method of JupyterLab's session context."""
        self.page.evaluate(f"way => {_PANEL}.sessionContext[way]()", way)

    def wait_for(self, condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
        """Return what `condition` returns as soon as that is true."""
        end = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < end, f"not seen: {what}"
            self.page.wait_for_timeout(50)
        return value

    def _count(self, websocket: Any) -> None:
        if "/channels" in websocket.url:
            websocket.on("framereceived", lambda _: self._add("received"))
            websocket.on("framesent", lambda _: self._add("sent"))

    def _add(self, name: str) -> None:
        setattr(self, name, getattr(self, name) + 1)


class Chromium:
    """A browser that may reach this machine only; what else it asked for is in `strangers`."""

    def __init__(self, browser: Browser, lab: Lab) -> None:
        self._browser = browser
        self._lab = lab
        self.strangers: list[str] = []

    def at(self, lab: Lab) -> Chromium:
        """Return the same browser, which may reach that server only."""
        return Chromium(self._browser, lab)

    @contextmanager
    def notebook(
        self,
        cells: list[str] | Path,
        *,
        name: str = "test.ipynb",
        theme: str = "light",
        kernel: str = "python3",
    ) -> Iterator[Notebook]:
        """Write a notebook of these code cells, or a copy of that file, and open it in a tab."""
        document = notebook(*cells, kernel=kernel) if isinstance(cells, list) else None
        text = cells.read_text() if isinstance(cells, Path) else json.dumps(document)
        (self._lab.root / name).write_text(text)
        with self.tab(name, theme=theme) as opened:
            yield opened

    @contextmanager
    def tab(self, name: str, *, theme: str = "light") -> Iterator[Notebook]:
        """Open a notebook that is there already in a tab."""
        context = self._browser.new_context(viewport={"width": 1200, "height": 900})
        try:
            self._keep_here(context)
            opened = Notebook(self._lab, context.new_page(), name)
            if theme == "dark":
                darken(opened.page)
            yield opened
            assert opened.problems == []
        finally:
            context.close()

    @contextmanager
    def page(self, url: str) -> Iterator[Page]:
        """Open a page of any other server, which may reach that server only."""
        context = self._browser.new_context(viewport={"width": 1000, "height": 900})
        try:
            here = (url, "data:", "blob:")
            context.route(lambda asked: not asked.startswith(here), lambda route: route.abort())
            page = context.new_page()
            page.goto(url, wait_until="domcontentloaded")
            yield page
        finally:
            context.close()

    def _keep_here(self, context: BrowserContext) -> None:
        def turn_away(route: Any) -> None:
            self.strangers.append(route.request.url)
            route.abort()

        here = (self._lab.url, "data:", "blob:")
        context.route(lambda url: not url.startswith(here), turn_away)


@contextmanager
def launched() -> Iterator[Browser]:
    """Run the browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def chromium(lab: Lab) -> Iterator[Chromium]:
    """Run the browser for one server."""
    with launched() as browser:
        yield Chromium(browser, lab)


def notebook(*cells: str, kernel: str = "python3") -> dict[str, Any]:
    """Return a notebook of these code cells (nbformat 4.5)."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": kernel, "display_name": kernel}},
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, source in enumerate(cells)
        ],
    }


def wait_until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when a server answers."""
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=30).close()
        except OSError:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < end, "the server did not come up"
            time.sleep(0.1)
        else:
            return


def darken(page: Page) -> None:
    """Give JupyterLab its dark theme."""
    page.evaluate(
        "() => jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which the server reads and writes nothing of the user's."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "JPY_", "IPYTHON"))
    }
    places = {
        "HOME": "home",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    _write_settings(folder / "settings")
    return {
        **ours,
        **{name: str(folder / place) for name, place in places.items()},
        "JUPYTER_PLATFORM_DIRS": "1",
    }


def _write_settings(folder: Path) -> None:
    settings = {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "docmanager-extension/plugin": {"autosave": False},
    }
    for name, values in settings.items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
