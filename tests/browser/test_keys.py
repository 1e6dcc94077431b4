"""What a view needs of JupyterLab itself: its keys. Marked *lab*, as it takes long."""

from __future__ import annotations

import pytest

from browser.lab import Chromium

pytestmark = pytest.mark.lab

SERVE = """
from jobwidgets import JobWidget
from jobwidgets.demo import MissionServer, chatty, example
server = MissionServer().start()
"""
RUNNING = "w = JobWidget(server.add(example(seconds=600)))\nw"


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
