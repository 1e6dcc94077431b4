"""One notebook in two browsers: JupyterLab with jupyter-collaboration.

Marked *fronts*: the server has an environment of its own, made by the first run.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from real_servers.environments import ROOT, environment

from browser.lab import Chromium, Lab, Notebook

pytestmark = pytest.mark.fronts

REQUIREMENTS = " ".join(
    ["jupyter-collaboration==5.0.4"]
    + [f"{name}=={version(name)}" for name in ("jupyterlab", "ipywidgets", "anywidget")]
)
CELLS = [
    "from jobwidgets import JobBoard, JobWidget\n"
    "from jobwidgets.demo import MissionServer, example\n"
    "server = MissionServer().start()",
    "JobBoard([server.add(example(seconds=20)), server.add(example(seconds=1))])",
    "JobWidget(server.add(example(seconds=600)))",
    "job = JobWidget(server.add(example(seconds=25)))\njob",
    "job.wait().status",
]
AS_OF = r".*as of \d\d:\d\d:\d\d UTC"
LIVE = ["1 running.*copy all", "stop watching", "running.*stop watching"]
LAST_KNOWN = [
    f"1 running, 1 succeeded{AS_OF}",
    f"(queued|running){AS_OF}",
    f"running{AS_OF} [1-4] of 5",
]
ENDED = ["2 succeeded", "stop watching", "succeeded.*5 of 5 steps"]
REOPENED = ["2 succeeded", f"running{AS_OF}", "succeeded.*5 of 5 steps"]


@pytest.fixture
def shared_lab(tmp_path: Path) -> Iterator[Lab]:
    """Run JupyterLab with jupyter-collaboration, and this environment's kernel."""
    store = f"--SQLiteYStore.db_path={tmp_path / 'store.db'}"
    python = environment("collaboration", REQUIREMENTS)
    server = Lab(tmp_path, options=[store], python=python)
    server.add_kernel("ours", ROOT)
    try:
        server.wait_until_up()
        yield server
    finally:
        server.stop()


def wait_until_seen(opened: Notebook, expected: list[str]) -> None:
    """Wait until each job is seen once, in these words, and nothing else."""
    opened.page.set_viewport_size({"width": 1200, "height": 3000})  # others are not rendered

    end = time.monotonic() + 60
    while True:
        texts = opened.page.locator(".jobwidgets:visible").all_inner_texts()
        found = map(re.search, expected, [text.replace("\n", " ") for text in texts])
        if len(texts) == len(expected) and all(found):
            break
        assert time.monotonic() < end, texts
        opened.page.wait_for_timeout(100)
    assert "Error displaying widget" not in opened.page.inner_text("body")


def test_two_browsers(browser: Chromium, shared_lab: Lab) -> None:
    """Each sees every job once: live, or last known until a reload, then frozen.

    JupyterLab shows a widget to no browser that has not run its cell
    (https://github.com/jupyterlab/jupyterlab/issues/11435).
    """
    shared = browser.at(shared_lab)
    with (
        shared.notebook(CELLS, kernel="ours") as first,
        shared.tab("test.ipynb") as second,
    ):
        first.run(0, 1, 2, 3)
        wait_until_seen(first, LIVE)
        wait_until_seen(second, LAST_KNOWN)
        second.reload()
        for opened in (second, first):
            wait_until_seen(opened, LIVE)
        first.run(4)
        for opened in (first, second):
            wait_until_seen(opened, ENDED)
        for opened in (second, first):
            opened.reload()
            wait_until_seen(opened, ENDED)
            wait_until_seen(second, ENDED)
        first.shut_kernel_down()
        for opened in (first, second):
            opened.reload()
            wait_until_seen(opened, REOPENED)
    assert shared.strangers == []
