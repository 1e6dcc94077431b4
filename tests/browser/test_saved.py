"""What is seen of jobs that had not ended when the notebook was saved: one form, with its time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from browser.lab import Chromium, Lab, Notebook, notebook

CELLS = [
    "import time\n"
    "from jobwidgets import JobBoard, JobWidget\n"
    "from jobwidgets.demo import MissionServer, example\n"
    "server = MissionServer().start()",
    "job = JobWidget(server.add(example(seconds=60)))\njob",
    "board = JobBoard([server.add(example(seconds=60)), server.add(example(seconds=1))])\nboard",
    "kept = JobWidget(server.add(example(seconds=1)), freeze=False)\nkept",
    "ended = JobWidget(server.add(example(seconds=1)))\nended",
    "time.sleep(6)",
]
AS_OF = r"as of \d\d:\d\d:\d\d UTC"
LIVE = [
    "running.*stop watching",
    "1 running.*1 succeeded",
    "5 of 5 steps.*copy all",
    "5 of 5 steps",
]
SAVED = [
    rf"running.*{AS_OF}",
    rf"1 running, 1 succeeded.*{AS_OF}",
    *["succeeded.*5 of 5 steps"] * 2,
]
ERRORS = ("Error displaying widget", "Loading widget", "javascript error", "not seen yet")
# Gaps between what is seen of a cell and the end of its outputs.
GAPS = """() => [...document.querySelectorAll('.jp-OutputArea')].map(area => {
  const roots = [...area.querySelectorAll('.jobwidgets')].filter(root => root.checkVisibility());
  if (!roots.length) return 0;
  return area.getBoundingClientRect().bottom - roots.at(-1).getBoundingClientRect().bottom;
})"""


def check(page: Page, expected: list[str]) -> None:
    """Wait until each job is seen once, in these words; nothing else is, nor a gap in its place."""
    page.wait_for_function(
        "n => [...document.querySelectorAll('.jobwidgets')]"
        ".filter(root => root.checkVisibility()).length === n",
        arg=len(expected),
    )
    texts = page.locator(".jobwidgets:visible").all_inner_texts()
    for text, words in zip(texts, expected, strict=True):
        assert re.search(words, text.replace("\n", " ")), text
    body = page.inner_text("body")
    assert [error for error in ERRORS if error in body] == []
    assert max(page.evaluate(GAPS), default=0) < 24  # px


def tall(opened: Notebook) -> None:
    """Let all outputs be in sight: others are not rendered."""
    opened.page.set_viewport_size({"width": 1200, "height": 3000})


def check_saved_while_jobs_run(browser: Chromium, lab: Lab) -> None:
    """Run and save a notebook; open it without that kernel, trusted and not."""
    with browser.notebook(CELLS, name="saved.ipynb") as opened:
        tall(opened)
        opened.run(*range(len(CELLS)))
        check(opened.page, LIVE)
        opened.saved()
        opened.shut_kernel_down()
    text = (lab.root / "saved.ipynb").read_text()
    (lab.root / "changed.ipynb").write_text(text.replace("time.sleep(6)", "time.sleep(7)"))
    for name in ("saved.ipynb", "changed.ipynb"):
        with browser.tab(name) as opened:
            tall(opened)
            check(opened.page, SAVED)
            opened.shut_kernel_down()
            check(opened.page, SAVED)


@pytest.mark.lab
def test_jupyterlab(browser: Chromium, lab: Lab) -> None:
    """In JupyterLab each job is seen live, and in the saved notebook as it was last known."""
    check_saved_while_jobs_run(browser, lab)


@contextmanager
def running(lab: Lab) -> Iterator[Lab]:
    """Run a server of its own."""
    try:
        lab.wait_until_up()
        yield lab
    finally:
        lab.stop()


@pytest.mark.fronts
def test_notebook_7(browser: Chromium, tmp_path: Path) -> None:
    """So it is in Notebook 7."""
    with running(Lab(tmp_path, "notebook")) as lab:
        check_saved_while_jobs_run(browser.at(lab), lab)


@pytest.mark.fronts
def test_page_that_lets_no_view_run(engine: Browser, tmp_path: Path) -> None:
    """Where a Content-Security-Policy stops the views the static forms tell what is known."""
    policy = {"headers": {"Content-Security-Policy": "script-src 'self' 'unsafe-eval'"}}
    option = f"--ServerApp.tornado_settings={json.dumps(policy)}"
    with running(Lab(tmp_path, options=(option,))) as lab:
        (lab.root / "policy.ipynb").write_text(json.dumps(notebook(*CELLS)))
        page = engine.new_page()
        opened = Notebook(lab, page, "policy.ipynb")
        tall(opened)
        opened.run(*range(len(CELLS)))
        check(page, SAVED)
        page.close()


@pytest.mark.lab
@pytest.mark.parametrize(("template", "policy"), [("lab", ""), ("classic", "script-src 'self'")])
def test_page_of_nbconvert(engine: Browser, tmp_path: Path, template: str, policy: str) -> None:
    """On a page of a notebook that nbconvert executed, each job is seen once."""
    (tmp_path / "run.ipynb").write_text(json.dumps(notebook(*CELLS)))
    command = ("nbconvert", "--execute", "--to", "html", "--template", template, "run.ipynb")
    subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, check=True, capture_output=True)
    page = engine.new_page()
    headers = {"Content-Security-Policy": policy} if policy else {}
    body = (tmp_path / "run.html").read_text(encoding="utf-8")
    url = "http://127.0.0.1:9/run.html"
    page.route(
        "**/*",
        lambda route: (
            route.fulfill(
                body=body, headers={**headers, "Content-Type": "text/html; charset=utf-8"}
            )
            if route.request.url == url
            else route.abort()
        ),
    )
    page.goto(url)
    check(page, SAVED)
    page.close()
