from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from shells import CellShell

from jobwidgets._widgets.displays import GRACE, LONGEST_GRACE, Bundle, Displays
from jobwidgets._widgets.freezing import Freezing

Run = Callable[[Coroutine[Any, Any, None]], None]


class Job:
    """Something that ends, and is then static."""

    is_over = False

    def bundle(self) -> Bundle:
        """Return the static form."""
        return {"text/plain": "over" if self.is_over else "going on"}

    def shown(self) -> tuple[Freezing, Displays]:
        """Display it; return what freezes the output, and the output."""
        displays = Displays(lambda: True)
        displays.show("the model", self.bundle())
        return Freezing(displays, lambda: self.is_over, self.bundle), displays


def frozen(notebook: CellShell) -> list[str]:
    """Return the texts to which outputs were updated."""
    return [out["data"]["text/plain"] for out in notebook.outputs if out["update"]]


def test_view_has_time_to_show_the_end(notebook: CellShell, skipping: Run) -> None:
    """An open view stays for a moment; one in use for longer, but not for ever."""
    job = Job()
    job.is_over = True

    async def story(is_in_use: bool) -> float:
        (freezing, displays), loop = job.shown(), asyncio.get_running_loop()
        displays.note_view({"view": "v", "open": True, "in_use": is_in_use})
        before, number = loop.time(), len(frozen(notebook))
        freezing.freeze_if_due()
        while len(frozen(notebook)) == number:  # noqa: ASYNC110 - its loop skips every wait
            await asyncio.sleep(0.1)
        return loop.time() - before

    assert skipping(story(False)) == pytest.approx(GRACE, abs=0.2)
    assert skipping(story(True)) == pytest.approx(LONGEST_GRACE, abs=1)


def test_view_that_was_closed_has_no_time(notebook: CellShell, skipping: Run) -> None:
    """Where no view is open any more the output is frozen at once."""
    job = Job()
    job.is_over = True

    async def story() -> None:
        freezing, displays = job.shown()
        for is_open in (True, False):
            displays.note_view({"view": "v", "open": is_open, "in_use": is_open})
        freezing.freeze_if_due()

    skipping(story())
    assert frozen(notebook) == ["over"]


def test_now(notebook: CellShell, skipping: Run) -> None:
    """An output may be frozen as things stand; nothing is left waiting."""
    job = Job()

    async def story() -> None:
        freezing, displays = job.shown()
        displays.note_view({"view": "v"})
        job.is_over = True
        freezing.freeze_if_due()
        job.is_over = False
        freezing.freeze_now()
        await asyncio.sleep(2 * GRACE)

    skipping(story())
    assert frozen(notebook) == ["going on"]
