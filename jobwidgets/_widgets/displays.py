"""The outputs in which a widget is shown, and the views that a front end has opened of it.

A saved notebook keeps no live widget: JupyterLab shows an error in its place. So two outputs are
displayed where the front end shows them one below the other: the live view, and after it the
static form, which is updated while the job runs and hidden by the view (see `over`). Elsewhere the
two are one output, whose update makes the view anew: it is updated as long as no view is there. In
the end the view's output is frozen, that is updated to the static form alone, for good.

The static form comes last for others' browsers, in JupyterLab with jupyter-collaboration: there an
output that is updated is moved to the end of its cell, and the next update takes away what stands
in its old place (`_onSharedModelChanged` in JupyterLab's packages/cells/src/model.ts).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display

from jobwidgets._display.over import over
from jobwidgets._widgets.notebook import RunningCell, running_cell

GRACE = 2.0
"""Seconds that a view on a screen stays live after the end, so that the end is seen coming."""
RETRY = 0.5
"""Seconds until a view with the focus or a selection in it is looked at again."""
LONGEST_GRACE = 60.0
"""Seconds after which an output is frozen even so."""
VIEW_COMES = 5.0
"""Seconds within which a view is opened that was displayed, if it is at all."""

_VIEW = "application/vnd.jupyter.widget-view+json"
Bundle = Mapping[str, Any]
"""MIME type → content."""
Contents = Mapping[str, Bundle]
"""Ids of displays → what they are to hold."""


class Displays:
    """The displays of one widget that can still be updated, and the views that are open.

    Parameters
    ----------
    is_cell_running
        Whether the notebook runs a cell.
    view_comes
        Seconds within which a front end opens a view that was displayed, if it does.
    """

    def __init__(self, is_cell_running: Callable[[], bool], view_comes: float = VIEW_COMES) -> None:
        self._is_cell_running = is_cell_running
        self._view_comes = view_comes
        self._open: list[_Display] = []
        self._views: set[str] = set()
        self._in_use: set[str] = set()
        self._is_seen = False

    def show(self, model_id: str, static: Bundle) -> None:
        """Display the live view of a model and its static form, to be frozen later."""
        made = _Display(model_id, running_cell(), getattr(get_ipython(), "display_pub", None))
        for display_id, bundle in made.live(static).items():
            display(bundle, raw=True, display_id=display_id)
        if made.publisher is not None:  # else this is no notebook, and the text was printed
            self._open.append(made)

    def note_view(self, content: Mapping[str, Any]) -> None:
        """Note whether a view is open and in use, from a message of that view."""
        view, is_open = str(content.get("view")), content.get("open") is not False
        is_in_use = content.get("in_use") is True
        self._is_seen = True
        (self._views.add if is_open else self._views.discard)(view)
        (self._in_use.add if is_open and is_in_use else self._in_use.discard)(view)

    @property
    def are_reached(self) -> bool:
        """Whether there are displays, and an update reaches them now."""
        has_unattended = any(one.cell.is_unattended for one in self._open)
        return bool(self._open) and (self._is_cell_running() or not has_unattended)

    @property
    def await_views(self) -> bool:
        """Whether a view may be on its way that an update would make anew."""
        young = monotonic() - self._view_comes
        return not self._is_seen and any(
            one.shown_at > young for one in self._open if not one.cell.is_jupyters
        )

    def delay(self, since_end: float) -> float | None:
        """Return the seconds until the outputs may be frozen; None when there is none to freeze.

        Parameters
        ----------
        since_end
            Seconds since the job ended.
        """
        if not self._open:
            return None
        if not self._views or since_end >= LONGEST_GRACE:
            return 0.0
        if self._in_use:
            return RETRY
        return max(GRACE - since_end, 0.0)

    def update(self, static: Bundle) -> None:
        """Update the static form wherever that leaves the views alone."""
        for one in self._open:
            if one.cell.is_jupyters or not self._is_seen:
                one.publish(one.news(static))

    def freeze(self, static: Bundle) -> None:
        """Update every output to the static form, for good."""
        made, self._open = self._open, []
        for one in made:
            one.publish(one.last(static))


def display_for_good(static: Bundle) -> None:
    """Display a static form that will not change."""
    display(static, raw=True, display_id=uuid.uuid4().hex)


class _Display:
    """One display of a widget: two outputs, or one where the front end may show both.

    Parameters
    ----------
    cell
        The one in which it is displayed.
    publisher
        By which it is displayed; None outside a notebook.
    """

    def __init__(self, model_id: str, cell: RunningCell, publisher: Any) -> None:
        self.cell = cell
        self.shown_at = monotonic()
        self.publisher = publisher
        self._view = {_VIEW: {"version_major": 2, "version_minor": 0, "model_id": model_id}}
        self._id, self._view_id = uuid.uuid4().hex, uuid.uuid4().hex

    def live(self, static: Bundle) -> Contents:
        """Return what is displayed at first."""
        if self.cell.is_jupyters:
            return {self._view_id: self._view, **self.news(static)}
        return self.news(static)

    def news(self, static: Bundle) -> Contents:
        """Return what is updated until it is frozen."""
        if self.cell.is_jupyters:
            return {self._id: {**static, "text/html": over(static["text/html"])}}
        return {self._id: {**self._view, **static}}

    def last(self, static: Bundle) -> Contents:
        """Return what stays."""
        return (
            {self._id: {}, self._view_id: static} if self.cell.is_jupyters else {self._id: static}
        )

    def publish(self, contents: Contents) -> None:
        """Update the outputs."""
        for display_id, bundle in contents.items():
            for publisher in _publishers_of(self.publisher):
                transient = {"display_id": display_id}
                publisher.publish(data=dict(bundle), transient=transient, update=True)


def _publishers_of(displayed: Any) -> list[Any]:
    """Return where an output is updated that was displayed by this publisher.

    A cell that captures its output (``%%capture``, ``capture_output``) replaces the publisher
    while it runs: the update of another cell's output must not be captured. What was captured
    itself may have been shown since, by the shell's own publisher.
    """
    shell = get_ipython()
    current = getattr(shell, "display_pub", displayed)
    is_own = type(current) is getattr(shell, "display_pub_class", None)
    return [displayed, current] if is_own and current is not displayed else [displayed]
