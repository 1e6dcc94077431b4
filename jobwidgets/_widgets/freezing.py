"""Decides when a widget's outputs are frozen: turned to plain HTML and text for good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from jobwidgets._threads import cancel
from jobwidgets._widgets.displays import Bundle, Displays


class Freezing:
    """When the outputs of one widget are frozen.

    Parameters
    ----------
    displays
        Where the widget is shown.
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
        displays: Displays,
        is_over: Callable[[], bool],
        bundle: Callable[[], Bundle],
        *,
        is_wanted: bool = True,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self._displays = displays
        self._is_over = is_over
        self._bundle = bundle
        self._is_wanted = is_wanted
        self._changed = changed
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

    # What follows runs on the poller's thread.

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
        can_freeze = delay == 0 and self._displays.are_reached  # else at the end of the next cell
        if can_freeze:
            self._displays.freeze(self._bundle())
        self._note(are_frozen=can_freeze or delay is None)

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
