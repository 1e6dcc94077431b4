"""Settings of a front end, and of the reader's machine, that change how widgets live.

The front ends are marked *fronts*: each is a server of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from documents import Shown
from playwright.sync_api import Browser, expect

from browser.board_page import FINAL, RUNNING, board_page
from browser.lab import Chromium, Lab
from browser.page import view_page

VIEW = "application/vnd.jupyter.widget-view+json"
START = """
from jobwidgets import JobBoard, JobWidget
from jobwidgets.demo import MissionServer, example
server = MissionServer().start()
"""
JOB = "w = JobWidget(server.add(example(seconds=8)))\nw"
BOARD = "b = JobBoard([server.add(example(seconds=8)), server.add(example(seconds=1))])\nb"
FAR = [f"'{number}\\n' * 30" for number in range(12)]
OFF = "const now = Date.now; Date.now = () => now() + OFFSET;"


def let(folder: Path, plugin: str, **values: Any) -> None:
    """Write the settings of one of JupyterLab's plugins."""
    path = folder / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the server of this module keeps its files."""
    return tmp_path_factory.mktemp("settings")


@pytest.fixture(scope="module")
def server(engine: Browser, folder: Path) -> Iterator[Lab]:
    """Run a JupyterLab whose settings change."""
    running = Lab(folder)
    try:
        running.wait_until_up()
        yield running
    finally:
        running.stop()


@pytest.mark.fronts
@pytest.mark.parametrize("mode", ["none", "defer", "contentVisibility", "full"])
def test_windowing_modes(browser: Chromium, server: Lab, folder: Path, mode: str) -> None:
    """A view that was scrolled away is live when it comes back, and is frozen out of sight too."""
    let(folder, "notebook-extension/tracker", windowingMode=mode)
    cells = [START, JOB, BOARD, *FAR, "w.wait()\nb.wait().selected"]
    with browser.at(server).notebook(cells, name=f"{mode}.ipynb") as notebook:
        page = notebook.page
        notebook.run(0, 1, 2)
        words = page.locator(".jobwidgets-job .jobwidgets-words").first
        expect(words).to_have_text("running", timeout=20_000)
        page.locator(".jobwidgets-board .jobwidgets-pick input").nth(1).click()
        notebook.run(*range(3, 3 + len(FAR)))
        page.evaluate("() => jupyterapp.shell.currentWidget.content.scrollToItem(0)")
        expect(page.locator(".jobwidgets-board").get_by_text("1 selected")).to_be_visible()
        notebook.run(len(cells) - 1)
        for cell in (1, 2):
            notebook.wait_for(lambda at=cell: VIEW not in str(notebook.outputs(at)), "frozen")
            assert sum(bool(output["data"]) for output in notebook.outputs(cell)) == 1
        assert "Job(" in str(notebook.outputs(len(cells) - 1))
        page.evaluate("() => jupyterapp.shell.currentWidget.content.scrollToItem(0)")
        expect(page.locator(".jobwidgets", has_text="2 succeeded")).to_have_count(1)
        assert page.locator(".jobwidgets-view").count() == 0


@pytest.mark.fronts
@pytest.mark.parametrize("comms", ["disabled", "perComm"])
def test_notebook_7_with_other_subshells(browser: Chromium, tmp_path: Path, comms: str) -> None:
    """Without subshells clicks arrive when no cell runs; the views are live either way."""
    let(tmp_path / "own", "apputils-extension/kernels-settings", commsOverSubshells=comms)
    running = Lab(tmp_path / "own", "notebook")
    try:
        running.wait_until_up()
        cells = [START, JOB, BOARD, "import time\ntime.sleep(3)", "w.wait().status"]
        with browser.at(running).notebook(cells) as notebook:
            notebook.run(0, 1, 2)
            bar = notebook.page.locator(".jobwidgets-job .jobwidgets-bar").first
            before = bar.get_attribute("aria-valuenow")
            notebook.start(3)
            expect(bar).not_to_have_attribute("aria-valuenow", str(before), timeout=10_000)
            box = notebook.page.locator(".jobwidgets-board .jobwidgets-fold").first
            box.click()
            detail = notebook.page.locator(".jobwidgets-detail .jobwidgets-body").first
            expect(detail).to_be_visible(timeout=20_000)
            notebook.run(4)
            assert "succeeded" in str(notebook.outputs(4))
    finally:
        running.stop()


@pytest.mark.lab
@pytest.mark.parametrize("minutes", [-10, 10])
def test_clock_of_the_reader_is_off(engine: Browser, minutes: int) -> None:
    """What a view says of times goes by the kernel's clock and the page's own pace."""
    script = OFF.replace("OFFSET", str(minutes * 60_000))
    job = Shown("j1", **RUNNING)
    job.poll(at=75.0, messages=["Started mission creation.", "Second."])
    with board_page(engine, [job, Shown("j2", **FINAL)]) as board, view_page(engine) as view:
        for page in (board.page, view.page):
            page.add_init_script(script)
            page.reload()
        board.open()
        row = board.part("row").first
        expect(row.locator(".jobwidgets-time")).to_have_text("1:16")
        assert row.locator(".jobwidgets-started").inner_text() == "1 min ago"
        assert "2026-05-01 12:00:00 UTC" in str(
            row.locator(".jobwidgets-started").get_attribute("title")
        )
        for _ in range(75):
            view.kernel.poll()
        view.open()
        expect(view.part("elapsed")).to_have_text("1:16")
