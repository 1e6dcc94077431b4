from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from shells import CellShell

from jobwidgets._widgets.displays import Displays
from jobwidgets._widgets.last_known import INTERVAL, LONGEST_INTERVAL, LastKnown

Run = Callable[[Coroutine[Any, Any, None]], None]
POLL = 0.5


class Story:
    """A job that is asked for every half second, and displayed in a notebook."""

    def __init__(self, notebook: CellShell) -> None:
        notebook.run("the-cell", "execution 1")
        self.is_cell_running = True
        self.text = "at first"
        self.displays = Displays(lambda: self.is_cell_running)
        self.last_known = LastKnown(self.displays, self.form)
        self._notebook = notebook

    def form(self) -> dict[str, str]:
        """Return the static form."""
        return {"text/html": f'<div class="jobwidgets">{self.text}</div>', "text/plain": self.text}

    def show(self) -> None:
        """Display it."""
        self.last_known.note_display(self.form())
        self.displays.show("the model", self.form())

    async def polls(self, seconds: float, *, news: bool, changes: bool = True) -> None:
        """Ask for the job for so long, with such answers; the time of each is in the form."""
        for number in range(round(seconds / POLL)):
            self.text = f"{news} {number}" if changes else self.text
            self.last_known.note(has_news=news)
            await asyncio.sleep(POLL)

    @property
    def updates(self) -> int:
        """How many updates there were."""
        return sum(out["update"] for out in self._notebook.outputs)


@pytest.fixture
def story(notebook: CellShell) -> Story:
    """Return a job that is not displayed yet."""
    return Story(notebook)


@pytest.mark.parametrize(
    ("news", "changes", "updates"),
    [(True, True, 600 / INTERVAL), (False, True, 600 / LONGEST_INTERVAL), (True, False, 0)],
)
def test_updates_are_few(
    story: Story, skipping: Run, news: bool, changes: bool, updates: float
) -> None:
    """In ten minutes of news one in 5 s, of nothing but time one a minute, of nothing none."""

    async def run() -> None:
        story.show()
        await story.polls(600, news=news, changes=changes)
        story.last_known.end()

    skipping(run())
    assert updates <= story.updates <= updates + 1


def test_news_that_come_last_are_told(story: Story, skipping: Run) -> None:
    """The first are told at once; what is too soon after an update is told in time."""

    async def run() -> None:
        story.show()
        story.last_known.note(has_news=True)
        assert story.updates == 0
        story.text = "the first news"
        story.last_known.note(has_news=True)
        story.text = "the last news"
        story.last_known.note(has_news=True)
        assert story.updates == 1
        await asyncio.sleep(INTERVAL + 1)

    skipping(run())
    assert story.updates == 2


def test_end_of_a_cell(story: Story, skipping: Run) -> None:
    """News are told at once, once; the time alone is not."""

    async def run() -> None:
        story.show()
        story.text = "the first news"
        story.last_known.note(has_news=True)
        for has_news in (True, True, False):
            story.text += "!"
            story.last_known.note(has_news=has_news)
            story.last_known.note_cell_end()
            story.last_known.note_cell_end()

    skipping(run())
    assert story.updates == 3


def test_news_between_two_cells_that_nobody_attends(
    story: Story, notebook: CellShell, skipping: Run
) -> None:
    """They wait for the end of the next cell."""

    async def run() -> None:
        notebook.parent = {"content": {"allow_stdin": False}}
        story.show()
        story.is_cell_running = False
        await story.polls(20, news=True)
        assert story.updates == 0
        story.is_cell_running = True
        story.last_known.note_cell_end()

    skipping(run())
    assert story.updates == 1


def test_nothing_is_told_of_what_is_not_shown(story: Story, skipping: Run) -> None:
    """Without a display, or after it was frozen, there is nothing to update."""

    async def run() -> None:
        await story.polls(10, news=True)
        story.show()
        story.displays.freeze(story.form())
        assert story.updates == 2  # the view's output, and the static form's
        await story.polls(10, news=True)

    skipping(run())
    assert story.updates == 2
