"""The buttons while a cell runs, on the kernels of several ipykernel versions.

Marked *kernels*: all but the one that is there are installed when their test begins, into a
folder of their own.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from browser.lab import Chromium, Lab

pytestmark = pytest.mark.kernels

INSTALLED = version("ipykernel")
OLDER = ["6.29.5", "6.31.0", "7.1.0", "7.3.0"]
SHOW = """
import time
from jobwidgets import JobWidget
from jobwidgets.demo import MissionServer, example
server = MissionServer().start()
w = JobWidget(server.add(example(seconds=600)))
w
"""
SLEEP = "time.sleep(4); print(w.job.contact.state)"
BUTTONS = [("stop watching", "Not watched", "stopped"), ("resume", "connected", "in touch")]


@pytest.fixture(params=[INSTALLED, *OLDER])
def ipykernel(request: pytest.FixtureRequest, lab: Lab, tmp_path: Path) -> str:
    """Offer a kernel of this version of ipykernel; return the version, which is its name too."""
    wanted = str(request.param)
    if wanted != INSTALLED:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--target", str(tmp_path), f"ipykernel=={wanted}"], check=True)
    lab.add_kernel(wanted, tmp_path)
    return wanted


def test_clicks_while_a_cell_sleeps(browser: Chromium, ipykernel: str) -> None:
    """A click acts during a cell's sleep, or without subshells (ipykernel 6) right after it."""
    has_subshells = int(ipykernel.partition(".")[0]) >= 7
    cells = ["import ipykernel; print(ipykernel.__version__)", SHOW, SLEEP, SLEEP]
    with browser.notebook(cells, name=f"clicks-{ipykernel}.ipynb", kernel=ipykernel) as notebook:
        notebook.run(0, 1)
        assert notebook.printed(0).strip() == ipykernel
        line = notebook.page.locator(".jobwidgets-line")
        for cell, (button, words, state) in zip((2, 3), BUTTONS, strict=True):
            notebook.start(cell)
            notebook.wait_for(lambda: notebook.is_running(cell), "the sleep")  # noqa: B023
            notebook.page.get_by_role("button", name=button).click()
            notebook.wait_for(lambda: words in line.inner_text(), words)  # noqa: B023
            assert notebook.is_running(cell) == has_subshells
            notebook.wait_for(lambda: notebook.printed(cell) != "", "the cell's end")  # noqa: B023
            assert (state in notebook.printed(cell)) == has_subshells
