"""Turns a widget's outputs to plain HTML and text when there is nothing more to come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from jobwidgets._threads import cancel
from jobwidgets._widgets.notebook import Bundle, Displays

_VIEW = "application/vnd.jupyter.widget-view+json"


class Freezing:
    """When and how the outputs of one widget are frozen.

    Parameters
    ----------
    is_over
        Whether nothing more will come.
    bundle
        The static form, as it is now.
    is_wanted
        False keeps the live views for good.
    told
        Called when `is_kept` has changed.
    """

    def __init__(
        self,
        is_over: Callable[[], bool],
        bundle: Callable[[], Bundle],
        *,
        is_wanted: bool = True,
        told: Callable[[], object] = lambda: None,
    ) -> None:
        self._is_over = is_over
        self._bundle = bundle
        self._is_wanted = is_wanted
        self._told = told
        self._displays = Displays()
        self._over_since: float | None = None
        self._is_kept = False
        self._waiting: asyncio.Task[None] | None = None

    @property
    def is_due(self) -> bool:
        """Whether a display from now on needs no live view."""
        return self._is_wanted and self._is_over()

    @property
    def is_kept(self) -> bool:
        """Whether every output has got its last form: a view that goes on is in none of them."""
        return self._is_kept

    def show(self, model_id: str) -> None:
        """Display the live view of a model in the running cell's output, to be frozen later."""
        view = {"version_major": 2, "version_minor": 0, "model_id": model_id}
        self._displays.show({_VIEW: view, **self._bundle()})

    def show_static(self) -> None:
        """Display the static form, for good."""
        Displays().show(self._bundle())

    # What follows runs on the poller's thread.

    def heard(self, content: Mapping[str, Any]) -> None:
        """Note what a view tells of itself: whether it is open, whether it is in use."""
        is_open, is_in_use = content.get("open") is not False, content.get("in_use") is True
        self._displays.heard(str(content.get("view")), is_open=is_open, is_in_use=is_in_use)

    def when_due(self) -> None:
        """Freeze the outputs if it is over, a little later while somebody looks at them."""
        if not self.is_due:
            self._over_since = None
            self._note(is_kept=False)
            return
        loop = asyncio.get_running_loop()
        self._over_since = loop.time() if self._over_since is None else self._over_since
        delay = self._displays.delay(loop.time() - self._over_since)
        if delay and self._waiting is None:
            self._waiting = loop.create_task(self._freeze_later(delay))
        if delay == 0:
            self._displays.freeze(self._bundle())
        self._note(is_kept=not delay)

    def _note(self, *, is_kept: bool) -> None:
        if is_kept is not self._is_kept:
            self._is_kept = is_kept
            self._told()

    def now(self) -> None:
        """Freeze the outputs as things stand."""
        cancel(self._waiting)
        self._displays.freeze(self._bundle())

    async def _freeze_later(self, delay: float) -> None:
        await asyncio.sleep(delay)
        self._waiting = None
        self.when_due()
