from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from documents import JOBS_URL, document
from servers import FAST, Replies
from shells import CellShell, shell

from jobwidgets import Job, Jobs

REFUSED = {"error": {"code": 498, "message": "Invalid token.", "details": []}}
MISSING = {"error": {"code": 404, "message": "Not found.", "details": []}}
FINAL = {"status": "COMPLETED", "stepsCompleted": 5}


class Site:
    """A server whose jobs run until they are told to end."""

    def __init__(self, *ids: str) -> None:
        self.ids = list(ids)
        self.ended: set[str] = set()
        self.missing: set[str] = set()
        self.refuses = False
        self.asked: list[str] = []
        self.settings = {"pace": FAST, "http": {"transport": Replies(self)}}

    def __call__(self, request: Any) -> Any:
        """Answer a request."""
        name = unquote(str(request.url).partition("?")[0].rpartition("/")[2])
        self.asked.append(name)
        if self.refuses and "new" not in str(request.headers.get("X-Esri-Authorization")):
            return REFUSED
        if name in self.missing:
            return MISSING
        if name == "jobs":
            return {"asyncJobs": list(self.ids)}
        final = FINAL if name in self.ended else {}
        return document(jobId=name, messages=[f"Message of {name}."], **final)

    def jobs(self) -> list[Job]:
        """Return a handle a job."""
        return [Job(f"{JOBS_URL}/{name}", **self.settings) for name in self.ids]

    def resource(self, **keywords: Any) -> Jobs:
        """Return the jobs resource."""
        return Jobs(JOBS_URL, **self.settings, **keywords)


@pytest.fixture
def site() -> Callable[..., Site]:
    """Return the maker of servers that have jobs of some ids."""
    return Site


@pytest.fixture
def notebook() -> Iterator[CellShell]:
    """Return a shell that keeps what is displayed."""
    with shell() as running:
        yield running


@pytest.fixture
def opened() -> Iterator[Callable[[Any], Any]]:
    """Return a function that lets a widget be closed in the end."""
    widgets: list[Any] = []

    def note(widget: Any) -> Any:
        widgets.append(widget)
        return widget

    yield note
    for widget in widgets:
        widget.close()
