"""The widget in the other front ends: Notebook 7, Voila and marimo.

Marked *fronts*: each test starts a server of its own.
"""

from __future__ import annotations

import json
import mimetypes
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import marimo
import pytest
from playwright.sync_api import Browser, Page, Route

from browser.lab import Chromium, Lab, notebook, wait_until_up

pytestmark = pytest.mark.fronts

START = """
from jobwidgets import Job, JobBoard, JobWidget
from jobwidgets.demo import MissionServer, example
server = MissionServer().start()
"""
JOB = "server.add(example(seconds=8))"
BOARD = f"JobBoard([{JOB}, server.add(example(seconds=1))])"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
MARIMO = f"""
import marimo

app = marimo.App()


@app.cell
def _():
    {START.replace(chr(10), chr(10) + "    ")}
    JobWidget({JOB})
    return Job, JobBoard, JobWidget, server, example


@app.cell
def _(JobWidget, server, example):
    import marimo as mo

    mo.ui.anywidget(JobWidget({JOB}))
    return


@app.cell
def _(JobBoard, server, example):
    {BOARD}
    return


@app.cell
def _(Job, server, example):
    Job(server.add(example(seconds=1))).wait()
    return
"""


@pytest.fixture
def notebook_7(tmp_path: Path) -> Iterator[Lab]:
    """Run Jupyter Notebook."""
    server = Lab(tmp_path, "notebook")
    try:
        server.wait_until_up()
        yield server
    finally:
        server.stop()


@contextmanager
def served(*command: str, folder: Path) -> Iterator[str]:
    """Run a server, a Python module with its arguments; yield its address on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    arguments = [word.format(port=port) for word in command]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments], cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            wait_until_up(url, process)
            yield url
        finally:
            process.terminate()
            process.wait()


def wait_for_words(page: Page, *words: str) -> None:
    """Wait until the jobs on the page say these words, each its own, in whatever order.

    marimo puts widgets into shadow trees, into which only the locators look, after all else.
    """
    end = time.monotonic() + 60
    while True:
        texts = page.locator(".jobwidgets:visible").all_inner_texts()
        found = {word: sum(word in text for text in texts) for word in words}
        if len(texts) == len(words) and all(found[word] >= words.count(word) for word in words):
            return
        assert time.monotonic() < end, f"not seen: {words}"
        page.wait_for_timeout(100)


def test_notebook_7(browser: Chromium, notebook_7: Lab) -> None:
    """In Notebook 7 the job is seen live, its output frozen at the end, and kept in the file."""
    show, board, wait = f"w = JobWidget({JOB})\nw", f"b = {BOARD}\nb", "w.job.wait().status"
    with browser.at(notebook_7).notebook([START, show, board, wait]) as opened:
        opened.run(0, 1, 2)
        wait_for_words(opened.page, "running", "1 running")
        wait_for_words(opened.page, "3 of 5 steps", "1 running")
        opened.run(3)
        opened.wait_for(lambda: WIDGET_VIEW not in str(opened.outputs(1)), "the frozen form")
        opened.wait_for(lambda: WIDGET_VIEW not in str(opened.outputs(2)), "the frozen board")
        wait_for_words(opened.page, "5 of 5 steps", "2 succeeded")
        opened.saved()
        opened.shut_kernel_down()
    with browser.at(notebook_7).tab("test.ipynb") as opened:
        wait_for_words(opened.page, "succeeded", "2 succeeded")


def test_voila(browser: Chromium, tmp_path: Path) -> None:
    """In Voila jobs are seen live, alone, in a box and on a board; a Job in its static form."""
    box = f"import ipywidgets\nipywidgets.VBox([JobWidget({JOB})])"
    ended = "Job(server.add(example(seconds=1))).wait()"
    document = notebook(START, f"JobWidget({JOB})", box, BOARD, ended)
    (tmp_path / "jobs.ipynb").write_text(json.dumps(document))
    command = ("voila", "jobs.ipynb", "--no-browser", "--Voila.ip=127.0.0.1", "--port={port}")
    with served(*command, folder=tmp_path) as url, browser.page(url) as page:
        wait_for_words(page, "running", "running", "1 running", "succeeded")
        wait_for_words(page, *["Finished creating mission"] * 4)
        wait_for_words(page, "succeeded", "succeeded", "2 succeeded", "succeeded")


def test_marimo(browser: Chromium, tmp_path: Path) -> None:
    """In marimo jobs are seen live, bare, wrapped and on a board; a Job in its static form."""
    (tmp_path / "jobs.py").write_text(MARIMO)
    options = ("--headless", "--no-token", "--host", "127.0.0.1", "--port", "{port}")
    with (
        served("marimo", "run", "jobs.py", *options, folder=tmp_path) as url,
        browser.page(url) as page,
    ):
        wait_for_words(page, "running", "running", "1 running", "succeeded")
        wait_for_words(page, *["Finished creating mission"] * 4)
        wait_for_words(page, "succeeded", "succeeded", "2 succeeded", "succeeded")


EXPORTED = f"""
import marimo

app = marimo.App()


@app.cell
def _():
    import time
    {START.replace(chr(10), chr(10) + "    ")}
    JobWidget(server.add(example(seconds=60)))
    return JobBoard, JobWidget, server, example, time


@app.cell
def _(JobWidget, server, example):
    JobWidget(server.add(example(seconds=1)))
    return


@app.cell
def _(JobBoard, server, example):
    JobBoard([server.add(example(seconds=60)), server.add(example(seconds=1))])
    return


@app.cell
def _(time):
    time.sleep(8)
    return
"""


def test_page_of_marimo(engine: Browser, tmp_path: Path) -> None:
    """On a page that marimo has exported each job is seen once, as last known, and time stands."""
    (tmp_path / "jobs.py").write_text(EXPORTED)
    command = [sys.executable, "-m", "marimo", "export", "html", "jobs.py", "-o", "jobs.html"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    page = engine.new_page()
    page.route("**/*", lambda route: serve(route, tmp_path / "jobs.html"))
    page.goto("http://127.0.0.1:9/")
    wait_for_words(page, "running (last known)", "11 messages", "1 running")
    texts = page.locator(".jobwidgets:visible").all_inner_texts()
    assert not re.search("connected|stop watching|not here yet|not kept", " ".join(texts))
    assert page.locator(".jobwidgets-row").count() == 2
    page.wait_for_timeout(2500)
    assert page.locator(".jobwidgets:visible").all_inner_texts() == texts
    page.close()


def serve(route: Route, page: Path) -> None:
    """Answer with this page, and with marimo's own files in place of those on a CDN."""
    _, is_of_marimo, name = route.request.url.partition("/dist/")
    path = Path(marimo.__file__).parent / "_static" / name if is_of_marimo else page
    kind = f"{mimetypes.guess_type(path.name)[0]}; charset=utf-8"
    headers = {"Content-Type": kind, "Access-Control-Allow-Origin": "*"}
    route.fulfill(body=path.read_bytes(), headers=headers)
