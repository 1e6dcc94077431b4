"""What becomes of outputs in JupyterLab when jobs end and kernels go, however they are displayed.

Marked *lab*: these take minutes.
"""

from __future__ import annotations

import pytest

from browser.lab import Chromium, Notebook

pytestmark = pytest.mark.lab

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
START = """
from IPython.display import display
from jobwidgets import Job, JobBoard, Jobs, JobWidget
from jobwidgets.demo import MissionServer, example
server = MissionServer().start()
"""
SEEN = ".jobwidgets:visible"
"""The live view or the static form of a job."""
RUN_AGAIN = "run this cell again"
BY_ITSELF = "show it by itself"


def is_frozen(notebook: Notebook, cell: int) -> bool:
    """Tell whether every output of the cell is plain HTML and text."""
    outputs = notebook.outputs(cell)
    return bool(outputs) and all(WIDGET_VIEW not in output["data"] for output in outputs)


def wait_until_frozen(notebook: Notebook, cell: int, *, seconds: float = 30) -> None:
    """Wait until every output of the cell is plain HTML and text."""
    notebook.wait_for(lambda: is_frozen(notebook, cell), "the frozen form", seconds)


def roots(notebook: Notebook, cell: int) -> list[str]:
    """Return the texts of the jobs that a cell's outputs show."""
    node = notebook.page.locator(".jp-Notebook .jp-Cell").nth(cell)
    node.scroll_into_view_if_needed()  # JupyterLab renders no text that is out of sight
    return node.locator(SEEN).all_inner_texts()


SHOWN = {
    "JobWidget(url)": 1,
    "display(JobWidget(url))\nNone": 1,
    "w = JobWidget(url)\ndisplay(w)\nw": 2,
}


def test_displayed_on_its_own(browser: Chromium) -> None:
    """However it is displayed, and however short the job: each output is frozen, once, whole."""
    shown = [(seconds, *show) for seconds in (0.2, 3) for show in SHOWN.items()]
    cells = [f"url = server.add(example(seconds={seconds}))\n{show}" for seconds, show, _ in shown]
    with browser.notebook([START, *cells], name="displayed.ipynb") as notebook:
        notebook.run(*range(len(cells) + 1))
        for cell, (_, _, outputs) in enumerate(shown, 1):
            wait_until_frozen(notebook, cell)
            expected = [True] * outputs
            notebook.wait_for(lambda: succeeded(notebook, cell) == expected, "the end")  # noqa: B023
        assert "saved notebook" not in (notebook.page.locator(".jp-Notebook").text_content() or "")


def succeeded(notebook: Notebook, cell: int) -> list[bool]:
    """Tell of each job in a cell's outputs whether it is shown as a whole success."""
    return ["succeeded" in one and "5 of 5 steps" in one for one in roots(notebook, cell)]


def test_nested_in_a_box(browser: Chromium) -> None:
    """Within a box the live view stays to the end, and says how to keep it in the notebook."""
    boxes = ["VBox([w])", "Tab([w])", "HBox([VBox([w])])"]
    start = f"{START}\nfrom ipywidgets import HBox, Tab, VBox"
    cells = [f"w = JobWidget(server.add(example(seconds=2)))\n{box}" for box in boxes]
    with browser.notebook([start, *cells, "w.job.wait().status"], name="n.ipynb") as notebook:
        notebook.run(*range(len(cells) + 2))
        for cell in range(1, len(cells) + 1):
            notebook.wait_for(lambda: ended_in_a_box(notebook, cell), "the end, and the hint")  # noqa: B023


def ended_in_a_box(notebook: Notebook, cell: int) -> bool:
    """Tell whether a cell shows one live job that has ended, and how to keep it."""
    return succeeded(notebook, cell) == [True] and BY_ITSELF in roots(notebook, cell)[0]


def test_reloaded_before_the_end(browser: Chromium) -> None:
    """A page reloaded while the job runs shows it live again; ended, it says how to keep it."""
    cells = [START, "w = JobWidget(server.add(example(seconds=12)))\nw", "w.job.wait().status"]
    with browser.notebook(cells, name="reloaded.ipynb") as notebook:
        notebook.run(0, 1)
        notebook.page.locator(".jobwidgets-words", has_text="running").wait_for()
        notebook.saved()
        notebook.reload()
        job = notebook.page.locator(SEEN)
        notebook.wait_for(lambda: "succeeded" in job.inner_text(), "the end, after the reload")
        assert job.count() == 1
        assert "Error displaying widget" not in notebook.page.inner_text("body")
        notebook.wait_for(
            lambda: is_frozen(notebook, 1) or RUN_AGAIN in job.inner_text(),
            "the frozen form or a hint",
        )
        assert "11" in job.inner_text()


def test_board_of_a_jobs_resource(browser: Chromium) -> None:
    """New jobs appear by themselves; what the board showed is kept when it is closed."""
    board = "b = JobBoard(Jobs(server.jobs_url), listing_interval=1)\nb"
    cells = [START, board, "url = server.add(example(seconds=2))", "b.close()"]
    with browser.notebook(cells, name="resource.ipynb") as notebook:
        notebook.run(0, 1)
        notebook.page.locator(SEEN).wait_for()
        notebook.run(2)
        notebook.wait_for(lambda: "1 succeeded" in root_text(notebook), "the new job's end")
        assert not is_frozen(notebook, 1)
        notebook.run(3)
        wait_until_frozen(notebook, 1)
        assert "1 succeeded" in root_text(notebook)


def root_text(notebook: Notebook) -> str:
    """Return the text of the one job or board on the page."""
    return notebook.page.locator(SEEN).inner_text()


def test_focused_while_it_ends(browser: Chromium) -> None:
    """While the focus is within the live view it stays; when the focus leaves, it is frozen."""
    cells = [START, "w = JobWidget(server.add(example(seconds=3)))\nw", "w.job.wait().status"]
    with browser.notebook(cells, name="focused.ipynb") as notebook:
        notebook.run(0, 1)
        messages = notebook.page.locator(".jobwidgets-scroller")
        messages.wait_for()
        messages.focus()
        words = notebook.page.locator(".jobwidgets-words", has_text="succeeded")
        words.wait_for()
        notebook.page.wait_for_timeout(4000)
        assert not is_frozen(notebook, 1)
        messages.evaluate("node => node.ownerDocument.activeElement.blur()")
        wait_until_frozen(notebook, 1)


def test_closed_and_opened_again(browser: Chromium) -> None:
    """A tab that is closed before the end and opened after it shows no running job any more."""
    cells = [START, "w = JobWidget(server.add(example(seconds=4)))\nw"]
    with browser.notebook(cells, name="closed.ipynb") as notebook:
        notebook.run(0, 1)
        notebook.page.locator(".jobwidgets-words", has_text="running").wait_for()
        notebook.saved()
    with browser.tab("closed.ipynb") as notebook:
        job = notebook.page.locator(SEEN)
        notebook.wait_for(lambda: "succeeded" in job.inner_text(), "the end")
        assert job.count() == 1
        assert "Error displaying widget" not in notebook.page.inner_text("body")


@pytest.mark.parametrize("end", ["restartKernel", "kill"])
def test_kernel_that_goes(browser: Chromium, end: str) -> None:
    """When the kernel goes, the view says so, and shows no running clock or bar any more."""
    cells = [START, "w = JobWidget(server.add(example(seconds=600)))\nw", "import os; os._exit(1)"]
    with browser.notebook(cells, name=f"goes-{end}.ipynb") as notebook:
        notebook.run(0, 1)
        job = notebook.page.locator(".jobwidgets-job")
        notebook.wait_for(lambda: "connected" in job.inner_text(), "the live job")
        if end == "kill":
            notebook.start(2)
        else:
            notebook.end_kernel(end)
        notebook.wait_for(lambda: "The kernel is gone" in job.inner_text(), "the kernel's end")
        assert "(last known)" in job.inner_text()
        assert "connected" not in job.inner_text()
        elapsed = notebook.page.locator(".jobwidgets-elapsed").inner_text()
        notebook.page.wait_for_timeout(2500)
        assert notebook.page.locator(".jobwidgets-elapsed").inner_text() == elapsed
        assert job.count() == 1


def test_in_an_output_widget(browser: Chromium) -> None:
    """What an Output widget holds stays live to the end, and says how to keep it."""
    cells = [
        f"{START}\nfrom ipywidgets import Output\nout = Output()",
        "with out:\n    display(JobWidget(server.add(example(seconds=2))))\nout",
    ]
    with browser.notebook(cells, name="output.ipynb") as notebook:
        notebook.run(0, 1)
        notebook.wait_for(
            lambda: succeeded(notebook, 1) == [True] and BY_ITSELF in roots(notebook, 1)[0],
            "the end, and the hint",
        )
