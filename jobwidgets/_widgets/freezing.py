"""Decides when a widget's outputs are frozen: turned to plain HTML and text for good."""

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
        Returns the static form of the current state.
    is_wanted
        False keeps the live views for good.
    changed
        Called when `are_frozen` has changed.
    """

    def __init__(
        self,
        is_over: Callable[[], bool],
        bundle: Callable[[], Bundle],
        *,
        is_wanted: bool = True,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self._is_over = is_over
        self._bundle = bundle
        self._is_wanted = is_wanted
        self._changed = changed
        self._displays = Displays()
        self._over_since: float | None = None
        self._are_frozen = False
        self._waiting: asyncio.Task[None] | None = None

    @property
    def is_due(self) -> bool:
        """Whether a display from now on needs no live view."""
        return self._is_wanted and self._is_over()

    @property
    def are_frozen(self) -> bool:
        """Whether all outputs are frozen; a view that goes on is then in none of them."""
        return self._are_frozen

    def show(self, model_id: str) -> None:
        """Display the live view of a model in the running cell's output, to be frozen later."""
        view = {"version_major": 2, "version_minor": 0, "model_id": model_id}
        self._displays.show({_VIEW: view, **self._bundle()})

    def show_static(self) -> None:
        """Display the static form, for good."""
        Displays().show(self._bundle())

    # What follows runs on the poller's thread.

    def note_view(self, content: Mapping[str, Any]) -> None:
        """Note whether a view is open and in use, from a message of that view."""
        is_open, is_in_use = content.get("open") is not False, content.get("in_use") is True
        self._displays.note_view(str(content.get("view")), is_open=is_open, is_in_use=is_in_use)

    def freeze_if_due(self) -> None:
        """Freeze the outputs if nothing more will come; later, while somebody looks at them."""
        if not self.is_due:
            self._over_since = None
            self._note(are_frozen=False)
            return
        loop = asyncio.get_running_loop()
        self._over_since = loop.time() if self._over_since is None else self._over_since
        delay = self._displays.delay(loop.time() - self._over_since)
        if delay and self._waiting is None:
            self._waiting = loop.create_task(self._freeze_later(delay))
        if delay == 0:
            self._displays.freeze(self._bundle())
        self._note(are_frozen=not delay)

    def freeze_now(self) -> None:
        """Freeze the outputs in their current state."""
        cancel(self._waiting)
        self._displays.freeze(self._bundle())

    def _note(self, *, are_frozen: bool) -> None:
        if are_frozen is not self._are_frozen:
            self._are_frozen = are_frozen
            self._changed()

    async def _freeze_later(self, delay: float) -> None:
        await asyncio.sleep(delay)
        self._waiting = None
        self.freeze_if_due()
