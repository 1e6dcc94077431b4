"""The widget that shows one job."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import closing
from datetime import timedelta
from typing import Any
from weakref import WeakSet

import anywidget
import traitlets

from jobwidgets.audience import join, leave
from jobwidgets.cells import replace_in_cell
from jobwidgets.comms import answer_while_a_cell_runs
from jobwidgets.contact import Contact
from jobwidgets.displays import Bundle
from jobwidgets.feed import Throttle
from jobwidgets.freezing import Freezing
from jobwidgets.history import JobHistory
from jobwidgets.job import Job
from jobwidgets.poller import poller
from jobwidgets.static import static_html, static_text
from jobwidgets.threads import user_callbacks
from jobwidgets.view_state import Updates
from jobwidgets.views import joined_css, joined_esm

INTERVAL = 0.25
"""Seconds between two messages to the views: at most 5 a second, the last of a job included."""

_KEYWORDS = [name for name in inspect.signature(Job).parameters if name != "url"]


class JobWidget(anywidget.AnyWidget):
    """A job, shown live as long as it runs, and as plain HTML for good when it has ended.

    As the last line of a cell it shows itself; running the cell again replaces it.

    Parameters
    ----------
    job_or_url
        A `Job`, or the URL of one.
    freeze
        Whether the output turns to plain HTML and text when the job has ended, so that the saved
        notebook shows the last state without a kernel. False keeps the live view.
    **keywords
        Keywords of `Job`; with a URL only.

    Attributes
    ----------
    status : str or None
        A trait: the `Status`, None before the first document. Its observers run on the thread of
        all callbacks.
    progress : float or None
        A trait: 0…1, None when unknown.

    Raises
    ------
    TypeError, ValueError
        As `Job` does; TypeError for an unknown keyword, or for any keyword with a `Job`.
    """

    _esm = joined_esm("job.js")
    _css = joined_css("look.css", "messages.css", "job.css")

    status = traitlets.Unicode(None, allow_none=True)
    progress = traitlets.Float(None, allow_none=True)
    _update = traitlets.Dict().tag(sync=True)

    def __init__(self, job_or_url: Job | str, *, freeze: bool = True, **keywords: Any) -> None:
        self._job = _job(job_or_url, keywords)
        self._freezing = Freezing(
            self._job._is_done, self._static_bundle, is_wanted=freeze, told=self._tell_again
        )
        self._updates = Updates()
        self._throttle = Throttle(self._push, INTERVAL)
        super().__init__(_update=self._next_update())
        self._own_layout = self.layout
        answer_while_a_cell_runs(self.comm)
        self.on_msg(self._on_view_message)
        _open.add(self)
        join(self._job, self)
        replace_in_cell(self.close)
        self._job._subscribe(self._throttle)
        poller().thread.call(self._throttle, 0)
        self._job._start_once()

    def __repr__(self) -> str:
        return f"JobWidget({self._job.id!r})"

    @property
    def job(self) -> Job:
        """The handle of the job."""
        return self._job

    @property
    def history(self) -> JobHistory:
        """Everything that was seen of the job."""
        return self._job.history

    def close(self) -> None:
        """Stop the watch, freeze the output as it is, and drop the live view."""
        if self in _open:
            _open.discard(self)
            with closing(self._own_layout):  # ipywidgets leaves it open
                poller().thread.do(self._finish)
        super().close()

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the synced traits; where all are asked for, the view's state is whole.

        So a page that opens shows the newest messages at once, whatever it missed.
        """
        state = super().get_state(key, drop_defaults)
        if key is None and "_update" in state:
            state["_update"] = self._updates.whole(*self._told(), is_kept=self._freezing.is_kept)
        return dict(state)

    def notify_change(self, change: Any) -> None:
        """Tell observers of `status` and `progress` on the thread of all callbacks.

        On the poller's thread a slow observer would delay every job.
        """
        if change["name"] in {"status", "progress"}:
            user_callbacks.call(super().notify_change, change)
        else:
            super().notify_change(change)

    def _ipython_display_(self) -> None:
        if self not in _open or self._freezing.is_due:
            self._freezing.show_static()
            return
        self._freezing.show(self.model_id)
        poller().thread.call(self._freezing.when_due)

    def _static_bundle(self) -> Bundle:
        told = self._job.history, self._job.contact
        return {"text/html": static_html(*told), "text/plain": static_text(*told)}

    def _on_view_message(self, _: Any, content: object, __: object) -> None:
        # This may be the main thread or a subshell's: the poller's thread is the one that acts.
        if isinstance(content, dict):
            poller().thread.call(self._heard_view, content)

    # What follows runs on the poller's thread, the one writer of the traits.

    def _push(self, first_message: int | None) -> None:
        self._updates.note(first_message)
        self.status, self.progress = self._job.status, self._job.progress
        update = self._next_update()
        if update is not None:
            self._update = update
        self._freezing.when_due()
        if self._updates.has_more and self in _open:
            # Not by returning True: whoever flushes would send it all at once.
            asyncio.get_running_loop().call_soon(self._throttle, None)

    def _next_update(self) -> dict[str, Any] | None:
        return self._updates.next(*self._told(), is_kept=self._freezing.is_kept)

    def _told(self) -> tuple[JobHistory, Contact, timedelta | None]:
        return self._job.history, self._job.contact, self._job.elapsed

    def _heard_view(self, content: dict[str, Any]) -> None:
        self._freezing.heard(content)
        if "need" in content:
            self._updates.want(content["need"])
            self._throttle(None)
        if content.get("act") == "stop":
            self._job.stop()
        if content.get("act") == "start":
            self._job.start()

    def _tell_again(self) -> None:
        self._throttle(None)

    def _finish(self) -> None:
        self._job._watch.feed.unsubscribe(self._throttle)
        leave([self._job], self)
        self._freezing.now()


_open: WeakSet[JobWidget] = WeakSet()


def _job(job_or_url: Job | str, keywords: dict[str, Any]) -> Job:
    unknown = [name for name in keywords if name not in _KEYWORDS]
    if unknown:
        expected = ", ".join(["freeze", *_KEYWORDS])
        raise TypeError(f"JobWidget has no keyword {unknown[0]!r}; expected some of: {expected}")
    if not isinstance(job_or_url, Job):
        return Job(job_or_url, **keywords)
    if keywords:
        names = ", ".join(keywords)
        raise TypeError(f"a Job brings its own settings: give {names} to Job, not to JobWidget")
    return job_or_url
