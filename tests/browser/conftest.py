"""One browser and one JupyterLab for all tests of this folder.

They end with the folder: while playwright runs, its event loop keeps others from this thread.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from browser.lab import CHROMIUM, Chromium, Lab, launched
from browser.page import ViewPage, view_page


@pytest.fixture(scope="package")
def engine() -> Iterator[Browser]:
    """Run Chromium."""
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip(f"{CHROMIUM} is not installed: the browser tests need Debian's chromium")
    with launched() as running:
        yield running


@pytest.fixture(scope="package")
def lab(engine: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Run JupyterLab."""
    server = Lab(tmp_path_factory.mktemp("lab"))
    try:
        server.wait_until_up()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="package")
def browser(engine: Browser, lab: Lab) -> Iterator[Chromium]:
    """Open notebooks; at the end nothing outside this machine must have been asked for."""
    running = Chromium(engine, lab)
    yield running
    assert running.strangers == []


@pytest.fixture
def view(engine: Browser) -> Iterator[ViewPage]:
    """Show a job's view in a bare page, light and 800 px wide."""
    with view_page(engine) as page:
        yield page
