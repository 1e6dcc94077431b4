"""The view of a board in a bare page, and the kernel's side of it: jobs that Python drives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from documents import Shown
from playwright.sync_api import Browser, Locator, Page

from browser.page import bare_page
from jobwidgets._model.contact import Contact
from jobwidgets._widgets.board import JobBoard
from jobwidgets._widgets.board_selection import Selection, indexes_in, selection
from jobwidgets._widgets.board_updates import BoardUpdates

RUNNING: dict[str, Any] = {}
FINAL = {"status": "COMPLETED", "stepsCompleted": 5}
FAILED = {"status": "FAILED", "messages": ["Started.", "No disk."]}


class BoardPage:
    """One page with one view of a board."""

    def __init__(self, page: Page, jobs: list[Shown]) -> None:
        self.page = page
        self.jobs = jobs
        self.contact: Contact | None = None
        self.updates = BoardUpdates()
        self.now: datetime | None = None
        """The kernel's clock; None is that of the machine."""
        self.selection = Selection()
        self.acts: list[tuple[str, list[int]]] = []
        """What the view has asked to be done, with which jobs."""
        for index in range(len(jobs)):
            self.updates.note(index)

    def open(self) -> Locator:
        """Open the view, tell it all, and return its root."""
        self.page.evaluate("newModel", {"_update": self.next() or {}})
        self.page.evaluate("() => openView(models[0])")
        self.tell()
        return self.root

    @property
    def root(self) -> Locator:
        """The view."""
        return self.page.locator(".jobwidgets-board")

    def part(self, name: str) -> Locator:
        """Return the parts of the view with this class."""
        return self.root.locator(f".jobwidgets-{name}")

    def unfold(self, index: int) -> Locator:
        """Unfold the row at this place; return what it unfolds to."""
        self.part("fold").nth(index).click()
        self.tell()
        return self.part("row").nth(index).locator("+ .jobwidgets-detail")

    def poll(self, index: int, **changes: Any) -> None:
        """Take in a document of one job."""
        self.updates.note(index, self.jobs[index].poll(**changes))

    def next(self) -> dict[str, Any] | None:
        """Return the next update as it comes out of the comm."""
        update = self.updates.next(self.jobs, self.contact, self.selection, now=self.now)
        return None if update is None else dict(json.loads(json.dumps(update)))

    def tell(self) -> int:
        """Pass updates on until all is told; return how many."""
        number = 0
        self.answer()
        while (update := self.next()) is not None:
            number += 1
            self.page.evaluate("update => models[0].put('_update', update)", update)
            self.answer()
        return number

    def answer(self) -> None:
        """Let the kernel hear what the view has sent."""
        for content in self.page.evaluate("() => models[0].sent.splice(0)"):
            if content.get("resend"):
                self.updates.forget()
            self.updates.unfold(content["view"], content.get("unfold"))
            if "fold" in content:
                self.updates.fold(content["view"], content["fold"])
            if "select" in content:
                self.selection = selection(content, len(self.jobs))
            if "act" in content:
                self.acts.append((content["act"], indexes_in(content.get("on"), len(self.jobs))))
            self.updates.want(content.get("of"), content.get("need"))

    def ids(self) -> list[str]:
        """Return the ids of the rows in the page, in their order."""
        rows = self.part("row").evaluate_all(
            "rows => rows.map(row => row.querySelector('.jobwidgets-job').textContent)"
        )
        return list(rows)

    def focused(self) -> str:
        """Return the id of the row that has the focus."""
        return str(
            self.page.evaluate(
                "() => document.activeElement.closest('.jobwidgets-row')"
                "?.querySelector('.jobwidgets-job').textContent ?? ''"
            )
        )


@contextmanager
def board_page(
    engine: Browser, jobs: list[Shown], *, width: int = 900, **options: Any
) -> Iterator[BoardPage]:
    """Open a page for the view of a board; see `bare_page`."""
    with bare_page(engine, JobBoard, width=width, **options) as page:
        yield BoardPage(page, jobs)
