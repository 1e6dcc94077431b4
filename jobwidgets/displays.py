"""The outputs in which one widget stands, and when they may be frozen.

A saved notebook keeps no live widget: JupyterLab shows an error in its place. So an output is
updated once, when its job has ended, from the widget's view to plain HTML and text.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from IPython.display import display

GRACE = 2.0
"""Seconds that a view on a screen stays live after the end, so that the end is seen coming."""
RETRY = 0.5
"""Seconds until a view with the focus or a selection in it is looked at again."""
LONGEST_GRACE = 60.0
"""Seconds after which an output is frozen even so."""

Bundle = Mapping[str, Any]
"""MIME type → content."""


class Displays:
    """Outputs of one widget, and the views that a front end has opened of it."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._views: set[str] = set()
        self._in_use: set[str] = set()

    def show(self, bundle: Bundle) -> None:
        """Display `bundle` in the running cell's output, to be frozen later."""
        display_id = uuid.uuid4().hex
        display(bundle, raw=True, display_id=display_id)
        self._ids.append(display_id)

    def heard(self, view: str, *, is_open: bool, is_in_use: bool) -> None:
        """Note what a view tells of itself."""
        (self._views.add if is_open else self._views.discard)(view)
        (self._in_use.add if is_open and is_in_use else self._in_use.discard)(view)

    def delay(self, since_end: float) -> float | None:
        """Return the seconds until the outputs may be frozen; None when there is none to freeze.

        Parameters
        ----------
        since_end
            Seconds since the job ended.
        """
        if not self._ids:
            return None
        if not self._views or since_end >= LONGEST_GRACE:
            return 0.0
        if self._in_use:
            return RETRY
        return max(GRACE - since_end, 0.0)

    def freeze(self, bundle: Bundle) -> None:
        """Update every output to `bundle`, for good."""
        ids, self._ids = self._ids, []
        for display_id in ids:
            display(bundle, raw=True, display_id=display_id, update=True)
