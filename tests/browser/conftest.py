"""One JupyterLab and one browser for all tests of this folder.

They end with the folder: while playwright runs, its event loop keeps others from this thread.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from browser.lab import CHROMIUM, Chromium, Lab, chromium


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Run JupyterLab."""
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip(f"{CHROMIUM} is not installed: the browser tests need Debian's chromium")
    server = Lab(tmp_path_factory.mktemp("lab"))
    try:
        server.wait_until_up()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="package")
def browser(lab: Lab) -> Iterator[Chromium]:
    """Run Chromium; at the end it must not have asked for anything outside this machine."""
    with chromium(lab) as running:
        yield running
        assert running.strangers == []
