"""What a notebook holds that was run by a program and saved while its jobs run."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import papermill
import pytest
from nbclient import NotebookClient

VIEW = "application/vnd.jupyter.widget-view+json"
CELLS = [
    "from jobwidgets import Job, JobBoard, Jobs, JobWidget\n"
    "from jobwidgets.demo import MissionServer, example\n"
    "server = MissionServer().start()",
    "# job\nJobWidget(server.add(example(seconds=40)))",
    "# board\nboard = JobBoard(Jobs(server.jobs_url))\nboard",
    "# kept live\nkept = JobWidget(server.add(example(seconds=1)), freeze=False)\nkept",
    "# ends between\nbetween = JobWidget(server.add(example(seconds=0.5)))\nbetween",
    "import time; time.sleep(3)",
]
AS_OF = r"as of \d\d:\d\d:\d\d UTC"
# What is seen of each, in the static form, when the last cell has run.
SEEN = {
    "# job": rf"running .*addMission .*{AS_OF}",
    "# board": rf"1 running.*{AS_OF}",
    "# kept live": r"succeeded .*5 of 5 steps",
    "# ends between": r"succeeded .*5 of 5 steps",
}


def by_nbclient(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Run a notebook as many programs do."""
    return NotebookClient(notebook, timeout=60).execute()


def by_papermill(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Run a notebook with papermill."""
    given, saved = folder / "given.ipynb", folder / "saved.ipynb"
    nbformat.write(notebook, given)
    return papermill.execute_notebook(given, saved, progress_bar=False, kernel_name="python3")


@pytest.mark.parametrize("run", [by_nbclient, by_papermill])
def test_last_known_state_is_saved(
    run: Callable[[nbformat.NotebookNode, Path], nbformat.NotebookNode], tmp_path: Path
) -> None:
    """Each shows what was known as the last cell ended, however long ago it was displayed."""
    cells = [nbformat.v4.new_code_cell(one) for one in CELLS]
    saved = run(nbformat.v4.new_notebook(cells=cells), tmp_path)
    for cell in saved.cells:
        name = cell.source.partition("\n")[0]
        if name not in SEEN:
            continue
        first, second = (output.data for output in cell.outputs)
        has_ended = name == "# ends between"
        static = first if has_ended else second
        assert re.search(SEEN[name], static["text/plain"].replace("\n", " ")), static["text/plain"]
        assert (second == {}) if has_ended else (first.keys() == {VIEW})
        assert ("<style>" in static["text/html"]) is not has_ended


def test_html_of_nbconvert(tmp_path: Path) -> None:
    """So does the page that ``nbconvert --execute`` writes, each once and outside any script."""
    cells = [nbformat.v4.new_code_cell(one) for one in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "given.ipynb")
    command = ("nbconvert", "--execute", "--to", "html", "given.ipynb")
    subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, check=True, capture_output=True)
    page = (tmp_path / "given.html").read_text(encoding="utf-8")
    shown = re.sub(r"(?s)<script.*?</script>|<[^>]*>", " ", page)
    assert page.count('<div class="jobwidgets"') == len(SEEN)
    assert len(re.findall(AS_OF, shown)) == 2
    assert shown.count("5 of 5 steps") == 2
