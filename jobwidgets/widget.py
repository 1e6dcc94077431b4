"""The widget that shows one job."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path
from typing import Any
from weakref import WeakSet

import anywidget
import traitlets

from jobwidgets.cells import replace_in_cell
from jobwidgets.displays import Bundle, Displays
from jobwidgets.feed import Throttle
from jobwidgets.history import JobHistory
from jobwidgets.job import Job
from jobwidgets.poller import poller
from jobwidgets.static import static_html, static_text
from jobwidgets.threads import user_callbacks
from jobwidgets.view_state import Updates

INTERVAL = 0.25
"""Seconds between two messages to the views: at most 5 a second, the last of a job included."""

_VIEWS = Path(__file__).parent / "views"
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

    _esm = (_VIEWS / "job.js").read_text(encoding="utf-8")
    _css = (_VIEWS / "job.css").read_text(encoding="utf-8")

    status = traitlets.Unicode(None, allow_none=True)
    progress = traitlets.Float(None, allow_none=True)
    _update = traitlets.Dict().tag(sync=True)

    def __init__(self, job_or_url: Job | str, *, freeze: bool = True, **keywords: Any) -> None:
        self._job = _job(job_or_url, keywords)
        self._freezes = freeze
        self._displays = Displays()
        self._freezing: asyncio.Task[None] | None = None
        self._ended_at: float | None = None
        self._updates = Updates()
        self._throttle = Throttle(self._push, INTERVAL)
        super().__init__(_update=self._next_update())
        _answer_while_a_cell_runs(self.comm)
        self.on_msg(self._on_view_message)
        _open.add(self)
        replace_in_cell(self.close)
        self._job._subscribe(self._throttle)
        self._job._start_once()
        poller().thread.call(self._throttle, 0)

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
            poller().thread.do(self._finish)
        super().close()

    def notify_change(self, change: Any) -> None:
        """Tell observers of `status` and `progress` on the thread of all callbacks.

        On the poller's thread a slow observer would delay every job.
        """
        if change["name"] in {"status", "progress"}:
            user_callbacks.call(super().notify_change, change)
        else:
            super().notify_change(change)

    def _ipython_display_(self) -> None:
        if self not in _open or (self._freezes and self._job._is_done()):
            Displays().show(self._static_bundle())
            return
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        live = {"application/vnd.jupyter.widget-view+json": view}
        self._displays.show({**live, **self._static_bundle()})
        poller().thread.call(self._freeze_when_due)

    def _static_bundle(self) -> Bundle:
        told = self._job.history, self._job.contact
        return {"text/html": static_html(*told), "text/plain": static_text(*told)}

    def _on_view_message(self, _: Any, content: object, __: object) -> None:
        # This may be the main thread or a subshell's: the poller's thread is the one that acts.
        if isinstance(content, dict):
            poller().thread.call(self._heard_view, content)

    # What follows runs on the poller's thread, the one writer of the traits.

    def _push(self, first_message: int | None) -> bool:
        self._updates.note(first_message)
        self.status, self.progress = self._job.status, self._job.progress
        update = self._next_update()
        if update is not None:
            self._update = update
        self._freeze_when_due()
        return self._updates.has_more(self._job.history)

    def _next_update(self) -> dict[str, Any] | None:
        job = self._job
        return self._updates.next(job.history, job.contact, job.elapsed)

    def _heard_view(self, content: dict[str, Any]) -> None:
        view = str(content.get("view"))
        is_open, is_in_use = content.get("open") is not False, content.get("in_use") is True
        self._displays.heard(view, is_open=is_open, is_in_use=is_in_use)
        if content.get("resend") is True:
            self._updates.forget()
            self._throttle(0)
        if content.get("act") == "stop":
            self._job.stop()
        if content.get("act") == "start":
            self._job.start()

    def _freeze_when_due(self) -> None:
        if not self._freezes or not self._job._is_done():
            self._ended_at = None
            return
        loop = asyncio.get_running_loop()
        self._ended_at = loop.time() if self._ended_at is None else self._ended_at
        delay = self._displays.delay(loop.time() - self._ended_at)
        if delay and self._freezing is None:
            self._freezing = loop.create_task(self._freeze_later(delay))
        elif delay == 0:
            self._displays.freeze(self._static_bundle())

    async def _freeze_later(self, delay: float) -> None:
        await asyncio.sleep(delay)
        self._freezing = None
        self._freeze_when_due()

    def _finish(self) -> None:
        if self._freezing is not None:
            self._freezing.cancel()
        self._job._watch.feed.unsubscribe(self._throttle)
        if all(other._job is not self._job for other in _open):
            self._job.stop()
        self._displays.freeze(self._static_bundle())


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


def _answer_while_a_cell_runs(comm: Any) -> None:
    """Let clicks arrive on JupyterLab's subshell although a cell runs in the main one.

    ipykernel 7.4 routes them to the shell that published last, where they wait for the cell. The
    route is private, so it is changed only where it is found.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default
