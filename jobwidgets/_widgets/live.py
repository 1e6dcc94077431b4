"""What both widgets do: show themselves, update their views, freeze, and close completely."""

from __future__ import annotations

import asyncio
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import anywidget
import traitlets
from IPython.core.getipython import get_ipython

from jobwidgets._display.markup import page
from jobwidgets._watch.feed import Throttle
from jobwidgets._watch.poller import poller
from jobwidgets._widgets.displays import Bundle, Displays, display_for_good
from jobwidgets._widgets.freezing import Freezing
from jobwidgets._widgets.last_known import INTERVAL as LAST_KNOWN_INTERVAL
from jobwidgets._widgets.last_known import LastKnown
from jobwidgets._widgets.notebook import CellRuns, answer_while_a_cell_runs, replace_in_cell

if TYPE_CHECKING:
    from jobwidgets._widgets.board_updates import BoardUpdates
    from jobwidgets._widgets.job_updates import Updates

INTERVAL = 0.25
"""Seconds between two updates of a widget's views, the last one included."""
MOST_BYTES = 50_000
"""Bytes of the HTML in an update of the static form before the end; its text has a quarter."""


class LiveWidget(anywidget.AnyWidget):
    """A widget that sends numbered updates to its views until its outputs are frozen.

    A subclass sets its own attributes, `_updates` among them, before it calls this class's
    `__init__`, which makes the first update.

    Parameters
    ----------
    freeze
        Whether the outputs are frozen when nothing more will come.
    """

    _update = traitlets.Dict().tag(sync=True)
    # For marimo, which exports a page with the newest value of each trait, and without IPython.
    _whole = traitlets.Dict(None, allow_none=True).tag(sync=True)
    _updates: Updates | BoardUpdates

    def __init__(self, *, freeze: bool) -> None:
        self._displays = Displays(lambda: _cell_runs.is_running)
        self._last_known = LastKnown(self._displays, self._last_known_bundle)
        self._freezing = Freezing(
            self._displays,
            self._is_over,
            self._static_bundle,
            is_wanted=freeze,
            changed=self._update_views,
        )
        self._throttle = Throttle(self._send_update, INTERVAL)
        self._whole_throttle = Throttle(self._send_whole, LAST_KNOWN_INTERVAL)
        super().__init__(_update=self._next_update())
        self._own_layout = self.layout
        answer_while_a_cell_runs(self.comm)
        self.on_msg(self._on_view_message)
        _open.add(self)
        replace_in_cell(self.close)

    def close(self) -> None:
        """Stop the watches that no other widget shows, freeze the outputs, drop the live views."""
        if self._is_open:
            _open.discard(self)
            with closing(self._own_layout):  # ipywidgets leaves it open
                if not poller().thread.is_closed:  # the program ends: nothing is watched any more
                    poller().thread.do(self._finish)
        super().close()

    def save_html(self, path: str | PathLike[str]) -> None:
        """Write the current state as a page of its own, which needs neither kernel nor network.

        Parameters
        ----------
        path
            Of the file, which is replaced if it is there.
        """
        html = page(repr(self), self._static_bundle()["text/html"])
        Path(path).write_text(html, encoding="utf-8")

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the synced traits; the whole state holds an update that needs no earlier one.

        So a page that opens shows what is newest at once, whatever it missed.
        """
        state = super().get_state(key, drop_defaults)
        if key is None and "_update" in state:
            state["_update"] = self._whole_update()
        return dict(state)

    def __str__(self) -> str:
        return ": ".join(self._static_bundle()["text/plain"].splitlines()[:2])

    @property
    def _is_open(self) -> bool:
        return self in _open

    def _ipython_display_(self) -> None:
        if not self._is_open or self._freezing.is_due:
            display_for_good(self._static_bundle())
            return
        _cell_runs.follow()
        bundle = self._last_known_bundle()
        self._last_known.note_display(bundle)
        self._displays.show(self.model_id, bundle)
        poller().thread.call(self._freezing.freeze_if_due)

    def _on_view_message(self, _: Any, content: object, __: object) -> None:
        # This may be the main thread or a subshell's: the poller's thread is the one that acts.
        if isinstance(content, dict):
            poller().thread.call(self._receive, content)

    def _last_known_bundle(self) -> Bundle:
        return self._static_bundle(None if self._is_over() else MOST_BYTES)

    # What a subclass provides.

    def _facts(self) -> tuple[Any, ...]:
        """Return what `_updates` makes an update of."""
        raise NotImplementedError

    def _static_bundle(self, most: int | None = None) -> Bundle:
        """Return the static form of the current state, the HTML within so many bytes if given."""
        raise NotImplementedError

    def _is_over(self) -> bool:
        """Return whether nothing more will come."""
        raise NotImplementedError

    # What follows runs on the poller's thread, the one writer of the traits.

    def _handle(self, request: dict[str, Any]) -> None:
        """Do what a view asks for."""
        raise NotImplementedError

    def _release(self) -> None:
        """Listen to the jobs no more, and stop those that no other widget shows."""
        raise NotImplementedError

    def _update_views(self) -> None:
        """Send what is new as soon as the interval between updates allows."""
        self._throttle(None)

    def _send_update(self, _: int | None) -> None:
        update = self._next_update()
        if update is not None:
            self._update = update
            if get_ipython() is None:
                self._whole_throttle(None)
                if self._is_over():
                    self._whole_throttle.flush()
        self._freezing.freeze_if_due()
        self._last_known.note(has_news=update is not None)
        if self._updates.has_more and self._is_open:
            # Not by returning True: whoever flushes would send it all at once.
            asyncio.get_running_loop().call_soon(self._update_views)

    def _next_update(self) -> dict[str, Any] | None:
        return self._updates.next(*self._facts(), is_kept=self._freezing.are_frozen)

    def _whole_update(self) -> dict[str, Any]:
        return self._updates.whole(*self._facts(), is_kept=self._freezing.are_frozen)

    def _send_whole(self, _: int | None) -> None:
        self._whole = self._whole_update()

    def _receive(self, content: dict[str, Any]) -> None:
        if self._is_open:
            self._displays.note_view(content)
            self._handle(content)

    def _note_cell_end(self) -> None:
        self._throttle.flush()
        self._freezing.freeze_if_due()
        self._last_known.note_cell_end()

    def _finish(self) -> None:
        self._throttle.cancel()
        self._whole_throttle.cancel()
        self._last_known.end()
        self._release()
        self._freezing.freeze_now()


_open: WeakSet[LiveWidget] = WeakSet()


def _note_cell_end() -> None:
    if poller().thread.is_running:
        poller().thread.do(_tell_all)


def _tell_all() -> None:
    for widget in tuple(_open):
        widget._note_cell_end()


_cell_runs = CellRuns(_note_cell_end)
