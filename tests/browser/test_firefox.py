"""The views in Firefox, driven by its own WebDriver BiDi (https://w3c.github.io/webdriver-bidi)."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from documents import Shown
from servers.waiting import until
from websockets.sync.client import ClientConnection, connect

from browser.page import Kernel, answer_at
from browser.test_fronts import served
from jobwidgets._widgets.board import JobBoard
from jobwidgets._widgets.board_updates import BoardUpdates
from jobwidgets._widgets.job import JobWidget

FIREFOX = Path("/usr/bin/firefox-esr")
IS_ABSENT = not FIREFOX.exists() and os.environ.get("CI") != "true"
pytestmark = [pytest.mark.fronts, pytest.mark.skipif(IS_ABSENT, reason=f"needs {FIREFOX}")]


class FirefoxPage:
    """The one page of a Firefox, with a view of a model that has this update."""

    def __init__(self, socket: ClientConnection, url: str, update: dict[str, Any]) -> None:
        self._socket = socket
        self._do("session.new", capabilities={})
        self._context = self._do("browsingContext.getTree")["contexts"][0]["context"]
        self._do("browsingContext.navigate", context=self._context, url=url, wait="complete")
        made = f"newModel({json.dumps({'_update': update})}).then(() => openView(models[0]))"
        self.get(f"{made}.then(() => '')")

    def _do(self, method: str, **params: Any) -> Any:
        self._socket.send(json.dumps({"id": 1, "method": method, "params": params}))
        answer = json.loads(self._socket.recv(30))
        assert "exceptionDetails" not in answer.get("result", answer), answer
        return answer["result"]

    def get(self, script: str) -> Any:
        """Return the string or number that a script yields or promises."""
        where = {"target": {"context": self._context}, "awaitPromise": True}
        return self._do("script.evaluate", expression=script, **where)["result"]["value"]

    def click(self, selector: str) -> None:
        """Click the first such element as a mouse does."""
        box = f"document.querySelector('{selector}').getBoundingClientRect()"
        x, y = (int(self.get(f"{box}.{side}")) + 4 for side in ("x", "y"))
        press = [{"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp")]
        actions = [{"type": "pointerMove", "x": x, "y": y}, *press]
        mouse = {"type": "pointer", "id": "mouse", "actions": actions}
        self._do("input.performActions", context=self._context, actions=[mouse])


@contextmanager
def firefox(folder: Path, widget: Any, update: Any) -> Iterator[FirefoxPage]:
    """Run Firefox; yield its page, which is served from a folder."""
    (folder / "index.html").write_text(answer_at(widget, "/")["body"])
    (folder / "view.js").write_text(str(widget._esm))
    run = subprocess.Popen([FIREFOX, "--headless", "--remote-debugging-port=0", "-profile", folder])
    port = folder / "WebDriverBiDiServer.json"
    try:
        until(lambda: port.exists() and port.read_text())
        address = f"ws://127.0.0.1:{json.loads(port.read_text())['ws_port']}/session"
        server = served("http.server", "{port}", "--bind=127.0.0.1", folder=folder)
        with server as url, connect(address) as socket:
            yield FirefoxPage(socket, url, update)
    finally:
        run.terminate()
        run.wait(20)


def test_job(tmp_path: Path) -> None:
    """A job is seen, and a click on its button reaches the kernel."""
    kernel = Kernel()
    kernel.poll(messages=["Half of it."])
    with firefox(tmp_path, JobWidget, kernel.next()) as page:
        assert "Half of it." in page.get("document.body.innerText")
        page.click(".jobwidgets-action")
        assert '"act":"stop"' in page.get("JSON.stringify(models[0].sent)")


def test_board(tmp_path: Path) -> None:
    """A board is seen, and a click on a total leaves its jobs alone."""
    jobs, updates = [Shown("j1"), Shown("j2")], BoardUpdates()
    for index, status in enumerate(("PROCESSING", "FAILED")):
        updates.note(index, jobs[index].poll(status=status))
    with firefox(tmp_path, JobBoard, updates.next(jobs, None)) as page:
        assert "1 failed" in page.get("document.body.innerText")
        rows = "document.querySelectorAll('.jobwidgets-row').length"
        assert page.get(rows) == 2
        page.click(".jobwidgets-chip:nth-of-type(2)")
        assert page.get(rows) == 1
