"""What a view needs of JupyterLab itself: its keys, its kernels, its outputs."""

from __future__ import annotations

import pytest

from browser.lab import Chromium, Notebook

SERVE = """
from ipywidgets import VBox
from jobwidgets import JobWidget
from jobwidgets.demo import MissionServer, chatty, example
server = MissionServer().start()
"""
RUNNING = "w = JobWidget(server.add(example(seconds=600)))\nw"
RESTART = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"


def line(notebook: Notebook) -> str:
    """Return the first view's line on contact and ownership."""
    return notebook.page.locator(".jobwidgets-line").first.inner_text()


@pytest.mark.parametrize("how", ["restart", "shutdown"])
def test_kernel_that_is_gone_is_told(browser: Chromium, how: str) -> None:
    """When the kernel was restarted or shut down, the view does not go on as if it lived."""
    with browser.notebook([SERVE, RUNNING], name="gone.ipynb") as notebook:
        notebook.run(0, 1)
        notebook.page.locator(".jobwidgets-words", has_text="running").wait_for()
        if how == "restart":
            notebook.page.evaluate(RESTART)
        else:
            notebook.shut_kernel_down()
        notebook.wait_for(lambda: "The kernel is gone" in line(notebook), "the kernel's end")
        assert notebook.page.locator(".jobwidgets-words").inner_text() == "running (last known)"


def test_view_in_a_box_says_that_it_is_not_saved(browser: Chromium) -> None:
    """A view in a box cannot be frozen, and says so when its job has ended."""
    cells = [SERVE, "b = VBox([JobWidget(server.add(example(seconds=1)))])\nb"]
    with browser.notebook(cells, name="box.ipynb") as notebook:
        notebook.run(0, 1)
        notebook.wait_for(lambda: "show it by itself" in line(notebook), "the advice")


def test_keys_are_the_views_while_it_has_the_focus(browser: Chromium) -> None:
    """In command mode arrows scroll the messages, Ctrl+A marks them, Enter presses a button."""
    cells = [SERVE, "w = JobWidget(server.add(chatty(messages=300, seconds=2)), freeze=False)\nw"]
    with browser.notebook([*cells, "w.job.wait().status", RUNNING], name="keys.ipynb") as notebook:
        page = notebook.page
        notebook.run(0, 1, 2, 3)
        scroller = page.locator(".jobwidgets-scroller").first
        page.locator(".jobwidgets-count", has_text="300 messages").wait_for()
        active = "() => jupyterapp.shell.currentWidget.content.activeCellIndex"
        scroller.focus()
        before = page.evaluate(active)
        page.keyboard.press("Home")
        notebook.wait_for(lambda: scroller.evaluate("s => s.scrollTop") == 0, "the first message")
        page.keyboard.press("ArrowDown")
        notebook.wait_for(lambda: scroller.evaluate("s => s.scrollTop") > 0, "the next ones")
        page.keyboard.press("Control+A")
        assert page.locator(".jobwidgets-table[data-all]").count() == 1
        assert page.evaluate(active) == before
        page.get_by_role("button", name="stop watching").focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="resume").wait_for()
