"""The widget in JupyterLab, seen through a real browser."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from browser.lab import Chromium, Notebook, darken
from browser.test_accessible import violations

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SERVE = """
from jobwidgets import Job, JobWidget
from jobwidgets.demo import MissionServer, example, failing
server = MissionServer().start()
"""


def rows(notebook: Notebook) -> int:
    """Return how many messages the live view shows."""
    return notebook.page.locator(".jobwidgets-messages tbody tr").count()


def bar(notebook: Notebook) -> int:
    """Return the percentage that the live view's bar tells."""
    return int(notebook.page.locator(".jobwidgets-bar").get_attribute("aria-valuenow") or -1)


def test_first_notebook_is_live_while_a_cell_sleeps(browser: Chromium) -> None:
    """The bar moves and messages arrive while another cell of the first notebook is sleeping."""
    path = NOTEBOOKS / "watch_a_job.ipynb"
    with browser.notebook(path, name="first.ipynb") as notebook:
        start, show, busy, wait = 1, 3, 5, 7
        notebook.run(start, show)
        notebook.start(busy)
        notebook.wait_for(lambda: rows(notebook) > 0, "the first message")
        before = rows(notebook), bar(notebook)
        notebook.wait_for(lambda: rows(notebook) > before[0], "another message")
        notebook.wait_for(lambda: bar(notebook) > before[1], "a step more")
        assert notebook.is_running(busy)
        notebook.run(wait)
        assert "succeeded" in notebook.printed(wait)


@pytest.mark.lab
def test_last_state_is_kept_without_a_kernel(browser: Chromium) -> None:
    """Saved, closed and opened again with no kernel, the notebook still shows the last state."""
    cells = [SERVE, "w = JobWidget(server.add(example(seconds=2)))\nw", "w.job.wait().status"]
    with browser.notebook(cells, name="kept.ipynb") as notebook:
        notebook.run(0, 1, 2)
        notebook.wait_for(
            lambda: "application/vnd.jupyter.widget-view+json" not in str(notebook.outputs(1)),
            "the frozen output",
        )
        notebook.saved()
        notebook.shut_kernel_down()
    with browser.tab("kept.ipynb") as notebook:
        root = notebook.page.locator(".jobwidgets")
        assert "succeeded" in root.inner_text()
        assert "5 of 5 steps" in root.inner_text()
        assert notebook.page.locator(".jobwidgets details table tbody tr").count() == 11
        assert "Error displaying widget" not in notebook.page.inner_text("body")
        path = notebook.path
    html = exported(path)
    assert "5 of 5 steps" in html
    assert "Finished creating mission" in html


def exported(path: Path) -> str:
    """Return the notebook as ``jupyter nbconvert --to html`` writes it."""
    command = [sys.executable, "-m", "nbconvert", "--to", "html", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path.with_suffix(".html").read_text()


@pytest.mark.lab
def test_running_the_cell_again_replaces_the_watch(browser: Chromium) -> None:
    """The widget of an earlier run of the cell is closed and its watch stopped."""
    cells = [
        f"{SERVE}\nmade = []",
        "w = JobWidget(server.add(example(seconds=60)))\nmade.append(w)\nw",
        "print([str(w.job.contact.state) for w in made], [w.comm is None for w in made])",
    ]
    with browser.notebook(cells, name="again.ipynb") as notebook:
        notebook.run(0, 1)
        notebook.page.locator(".jobwidgets-words", has_text="running").wait_for()
        notebook.run(1)
        notebook.page.locator(".jobwidgets-words", has_text="running").wait_for()
        notebook.run(2)
        assert notebook.printed(2) == "['stopped', 'in touch'] [True, False]\n"
        assert notebook.page.locator(".jobwidgets-job").count() == 1


def test_the_saved_notebook_holds_no_token(browser: Chromium) -> None:
    """A token given in each of the ways is neither in the page nor in the saved notebook."""
    cells = [
        "from jobwidgets import JobWidget\nfrom jobwidgets.demo import MissionServer, example\n"
        "server = MissionServer(require_token=True).start()\n"
        "token = server.issue_token()\n"
        "open('token.txt', 'w').write(token)\n"
        "url = server.add(example(seconds=2))",
        "a = JobWidget(f'{url}?token={token}')\na",
        "b = JobWidget(url, token=token)\nb",
        "c = JobWidget(url, token=lambda: token, freeze=False)\nc",
        "for w in (a, b, c):\n    w.job.wait()\nprint(a.status, b.status, c.status)",
        "a.job",
    ]
    with browser.notebook(cells, name="token.ipynb") as notebook:
        notebook.run(*range(len(cells)))
        assert notebook.printed(4) == "succeeded succeeded succeeded\n"
        token = (notebook.path.parent / "token.txt").read_text()
        assert len(token) > 8
        assert token not in notebook.saved()
        assert token not in notebook.page.content()


@pytest.mark.lab
def test_every_text_is_readable(browser: Chromium) -> None:
    """With JupyterLab's own colours, too, axe-core finds nothing wrong, live and frozen."""
    cells = [
        SERVE,
        "live = JobWidget(server.add(failing(seconds=2)), freeze=False)\nlive",
        "frozen = JobWidget(server.add(example(seconds=2)))\nfrozen",
        "running = JobWidget(server.add(example(seconds=60)))\nrunning",
        "for w in (live, frozen):\n    w.job.wait()",
    ]
    with browser.notebook(cells, name="contrast.ipynb") as notebook:
        notebook.run(*range(len(cells)))
        notebook.page.locator(".jobwidgets-words", has_text="failed").wait_for()
        notebook.page.locator(".jobwidgets-words", has_text="running").wait_for()
        notebook.page.locator(".jobwidgets strong", has_text="succeeded").wait_for()
        assert violations(notebook.page) == []
        darken(notebook.page)
        assert violations(notebook.page) == []
