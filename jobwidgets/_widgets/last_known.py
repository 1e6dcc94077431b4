"""Keeps the last known state in a widget's outputs, for a notebook that is saved before the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from jobwidgets._widgets.displays import Bundle, Displays

INTERVAL = 5.0
"""Seconds between two updates of the outputs."""
LONGEST_INTERVAL = 60.0
"""Seconds after which they are updated where nothing is new but the time of what is known."""


class LastKnown:
    """When the static form of one widget is updated.

    All but `note_display` runs on the poller's thread.

    Parameters
    ----------
    displays
        Where the widget is shown.
    bundle
        Returns the static form of the current state.
    """

    def __init__(self, displays: Displays, bundle: Callable[[], Bundle]) -> None:
        self._displays = displays
        self._bundle = bundle
        self._told: Bundle | None = None
        self._told_at: float | None = None
        self._has_news = False
        self._timer: asyncio.TimerHandle | None = None

    def note_display(self, bundle: Bundle) -> None:
        """Note what the outputs hold that were made now."""
        self._told = bundle

    def note(self, *, has_news: bool) -> None:
        """Note that the job was asked for, and whether more is new than the time."""
        self._has_news |= has_news
        self._tell_in(LONGEST_INTERVAL if not self._has_news else INTERVAL)

    def note_cell_end(self) -> None:
        """Tell what is new: some front ends take no update until the next cell runs."""
        self._tell_in(LONGEST_INTERVAL if not self._has_news else 0.0)

    def end(self) -> None:
        """Tell nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell_in(self, interval: float) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() if self._told_at is None else self._told_at + interval
        if due <= loop.time():
            self._tell()
        elif self._has_news and self._timer is None:
            self._timer = loop.call_at(due, self._tell)

    def _tell(self) -> None:
        self.end()
        if self._displays.await_views or not self._displays.are_reached:
            return  # the next answer of the server, or the end of the next cell, comes by
        bundle, self._has_news = self._bundle(), False
        if bundle != self._told:
            self._displays.update(bundle)
            self._told, self._told_at = bundle, asyncio.get_running_loop().time()
