"""What every live widget does: it shows itself, tells its views, freezes, and is closed whole."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import anywidget
import traitlets

from jobwidgets._watch.feed import Throttle
from jobwidgets._watch.poller import poller
from jobwidgets._widgets.freezing import Freezing
from jobwidgets._widgets.notebook import Bundle, answer_while_a_cell_runs, replace_in_cell

if TYPE_CHECKING:
    from jobwidgets._widgets.board_updates import BoardUpdates
    from jobwidgets._widgets.job_updates import Updates

INTERVAL = 0.25
"""Seconds between two messages of a widget to its views: at most 5 a second, the last included."""


class LiveWidget(anywidget.AnyWidget):
    """A widget that tells its views numbered updates, until its outputs are frozen.

    What a subclass says is told as an update's own facts (`_told`), as plain HTML and text
    (`_static_bundle`), and by whether anything more will come (`_is_over`). Its own attributes
    are set before this class's `__init__`, which tells the first update.
    """

    _update = traitlets.Dict().tag(sync=True)
    _updates: Updates | BoardUpdates

    def __init__(self, *, freeze: bool) -> None:
        self._freezing = Freezing(
            self._is_over, self._static_bundle, is_wanted=freeze, told=self._tell
        )
        self._throttle = Throttle(self._push, INTERVAL)
        super().__init__(_update=self._next_update())
        self._own_layout = self.layout
        answer_while_a_cell_runs(self.comm)
        self.on_msg(self._on_view_message)
        _open.add(self)
        replace_in_cell(self.close)

    def close(self) -> None:
        """Stop the watches that no other widget shows, freeze the output, drop the live view."""
        if self._is_open:
            _open.discard(self)
            with closing(self._own_layout):  # ipywidgets leaves it open
                poller().thread.do(self._finish)
        super().close()

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the synced traits; where all are asked for, the view's state is whole.

        So a page that opens shows what is newest at once, whatever it missed.
        """
        state = super().get_state(key, drop_defaults)
        if key is None and "_update" in state:
            state["_update"] = self._updates.whole(*self._told(), is_kept=self._freezing.is_kept)
        return dict(state)

    @property
    def _is_open(self) -> bool:
        return self in _open

    def _ipython_display_(self) -> None:
        if not self._is_open or self._freezing.is_due:
            self._freezing.show_static()
            return
        self._freezing.show(self.model_id)
        poller().thread.call(self._freezing.when_due)

    def _on_view_message(self, _: Any, content: object, __: object) -> None:
        # This may be the main thread or a subshell's: the poller's thread is the one that acts.
        if isinstance(content, dict):
            poller().thread.call(self._hear, content)

    # What a subclass says.

    def _told(self) -> tuple[Any, ...]:
        """Return what an update is made of."""
        raise NotImplementedError

    def _static_bundle(self) -> Bundle:
        """Return the static form, as it is now."""
        raise NotImplementedError

    def _is_over(self) -> bool:
        """Tell whether nothing more will come."""
        raise NotImplementedError

    # What follows runs on the poller's thread, the one writer of the traits.

    def _heard_view(self, content: dict[str, Any]) -> None:
        """Do what a view asks for."""
        raise NotImplementedError

    def _leave(self) -> None:
        """Listen to no job any more, and stop those that no other widget shows."""
        raise NotImplementedError

    def _push(self, _: int | None) -> None:
        update = self._next_update()
        if update is not None:
            self._update = update
        self._freezing.when_due()
        if self._updates.has_more and self._is_open:
            # Not by returning True: whoever flushes would send it all at once.
            asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        """Tell the views what is new, as soon as their pace allows."""
        self._throttle(None)

    def _next_update(self) -> dict[str, Any] | None:
        return self._updates.next(*self._told(), is_kept=self._freezing.is_kept)

    def _hear(self, content: dict[str, Any]) -> None:
        if self._is_open:
            self._freezing.heard(content)
            self._heard_view(content)

    def _finish(self) -> None:
        self._throttle.cancel()
        self._leave()
        self._freezing.now()


_open: WeakSet[LiveWidget] = WeakSet()
