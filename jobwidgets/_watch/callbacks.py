"""Calls a user's functions at one job's changes, and at its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jobwidgets._model.contact import ContactState
from jobwidgets._threads import user_callbacks
from jobwidgets._watch.feed import Throttle
from jobwidgets._watch.watch import Watch

Callback = Callable[[Any], object]
"""A function that is called with the job."""


class Callbacks:
    """Calls a user's functions for one job, one after another on a thread of their own.

    All its methods run on the poller's loop.

    Parameters
    ----------
    job
        What the functions are called with.
    watch
        Of the job.
    notify
        Called once, when the job has ended; None calls nothing.
    """

    __slots__ = ("_job", "_last", "_notify", "_on_change", "_on_done", "_watch")

    def __init__(self, job: object, watch: Watch, notify: Callback | None = None) -> None:
        self._job = job
        self._watch = watch
        self._notify = notify
        self._on_change: tuple[Callback, ...] = ()
        self._on_done: tuple[Callback, ...] = ()
        self._last: tuple[int, bool, ContactState] | None = None

    @property
    def is_to_notify(self) -> bool:
        """Whether `notify` is still to be called."""
        return self._notify is not None

    def begin(self) -> None:
        """Listen from now on if `notify` is to be called."""
        if self._notify is not None:
            self._listen()

    def add_change(self, callback: Callback) -> None:
        """Call `callback` after each distinct document and each change of contact."""
        self._listen()
        self._on_change += (callback,)

    def add_done(self, callback: Callback) -> None:
        """Call `callback` once, when the watch is done or at once if it is."""
        if self._watch.is_done:
            self._call(callback)
        else:
            self._listen()
            self._on_done += (callback,)

    def _listen(self) -> None:
        if self._last is None:  # a job without callbacks never listens
            self._last = self._state
            self._watch.feed.subscribe(Throttle(self._call_due))

    @property
    def _state(self) -> tuple[int, bool, ContactState]:
        history = self._watch.history
        return len(history), history.has_ended, self._watch.contact.state

    def _call_due(self, _: int | None) -> None:
        if self._state != self._last:
            self._last = self._state
            self._call(*self._on_change)
        if self._notify is not None and self._watch.is_over:
            notify, self._notify = self._notify, None
            self._call(notify)
        if self._watch.is_done:
            done, self._on_done = self._on_done, ()
            self._call(*done)

    def _call(self, *callbacks: Callback) -> None:
        for callback in callbacks:
            user_callbacks.call(callback, self._job)
