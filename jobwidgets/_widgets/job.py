"""The widget that shows one job."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import traitlets

from jobwidgets._display.job import static_html, static_text
from jobwidgets._http.secrets import hidden, hidden_in, hidden_settings
from jobwidgets._http.tokens import Token
from jobwidgets._model.contact import Contact
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Message
from jobwidgets._model.step_times import JobSteps
from jobwidgets._threads import user_callbacks
from jobwidgets._views import joined_css, joined_esm
from jobwidgets._watch.pace import Pace
from jobwidgets._watch.poller import poller
from jobwidgets._widgets.arguments import one_job
from jobwidgets._widgets.displays import Bundle
from jobwidgets._widgets.job_updates import Updates
from jobwidgets._widgets.live import LiveWidget
from jobwidgets.dialects import Dialect
from jobwidgets.errors import JobwidgetsError
from jobwidgets.job import Job

if TYPE_CHECKING:
    import pandas as pd


class JobWidget(LiveWidget):
    """A job, shown live as long as it runs, and frozen to plain HTML when it has ended.

    As the last line of a cell it shows itself; running the cell again replaces it. ``str`` tells
    the status, and `wait`, ``await``, `url`, `messages`, `elapsed` and `error` are those of `job`.

    Parameters
    ----------
    job_or_url
        A `Job`, or the URL of one.
    freeze
        Whether the output turns to plain HTML and text when the job has ended, so that the saved
        notebook shows the last state without a kernel. False keeps the live view.
    token, dialect, poll_interval, give_up_after, notify, http, pace
        As for `Job`; with a URL only.

    Attributes
    ----------
    status : str or None
        A read-only trait: the `Status`, None before the first document. Its observers run on the
        thread of all callbacks.
    progress : float or None
        A read-only trait: 0…1, None when unknown.

    Raises
    ------
    TypeError, ValueError
        As `Job` does; TypeError for an unknown keyword, or for any of those keywords with a `Job`.

    Examples
    --------
    >>> JobWidget("https://gis.example.com/arcgis/rest/jobs/j1", token="…")
    JobWidget('j1')
    """

    _esm = joined_esm("job.js")
    _css = joined_css("look.css", "messages.css", "steps.css", "job.css")

    status = traitlets.Unicode(None, allow_none=True, read_only=True)
    progress = traitlets.Float(None, allow_none=True, read_only=True)
    _updates: Updates

    def __init__(
        self,
        job_or_url: Job | JobWidget | str,
        *,
        freeze: bool = True,
        token: Token | None = None,
        dialect: str | Dialect | None = None,
        poll_interval: float | None = None,
        give_up_after: float | None = None,
        notify: Callable[[Job], object] | None = None,
        http: Mapping[str, Any] | None = None,
        pace: Pace | None = None,
        **unknown: object,
    ) -> None:
        # Tracebacks may show local variables: from here on none of them shows a token.
        job_or_url, token, unknown = hidden_in(job_or_url), hidden(token), dict.fromkeys(unknown)
        http = hidden_settings(http)
        keywords = {
            "token": token,
            "dialect": dialect,
            "poll_interval": poll_interval,
            "give_up_after": give_up_after,
            "notify": notify,
            "http": http,
            "pace": pace,
        }
        self._job = one_job(job_or_url, keywords, unknown)
        self._updates = Updates()
        self._job._join(self)
        super().__init__(freeze=freeze)
        self._job._subscribe(self._throttle)
        poller().thread.call(self._throttle, 0)
        self._job._start_once()
        poller().thread.call(partial(self._job._look, self, is_on=True))

    def __repr__(self) -> str:
        # Tracebacks may show an object whose __init__ has raised.
        return f"JobWidget({self._job.id!r})" if "_job" in vars(self) else "JobWidget(…)"

    @property
    def job(self) -> Job:
        """The handle of the job."""
        return self._job

    @property
    def url(self) -> str | None:
        """Where the job is asked for, without any token; None for a job of a function."""
        return self._job.url

    @property
    def messages(self) -> tuple[Message, ...]:
        """The server's messages, each with when it was first seen."""
        return self._job.messages

    @property
    def elapsed(self) -> timedelta | None:
        """How long the job has run by now, or had run at its end; None if its start is unknown."""
        return self._job.elapsed

    @property
    def error(self) -> JobwidgetsError | None:
        """Why the job or the watch ended; None while there is hope, and after a success."""
        return self._job.error

    def wait(self, timeout: float | None = None) -> Job:
        """Wait until the job has ended, as `Job.wait` does; return the job."""
        return self._job.wait(timeout)

    def __await__(self) -> Generator[Any, None, Job]:
        return self._job.__await__()

    def to_frame(self) -> pd.DataFrame:
        """Return one row a message, as `messages_frame` does."""
        # pandas costs 300 ms of import in a kernel: it waits until a frame is asked for.
        from jobwidgets.frames import messages_frame

        return messages_frame(self)

    @property
    def history(self) -> JobHistory:
        """Everything that was seen of the job."""
        return self._job.history

    def notify_change(self, change: Any) -> None:
        """Call the observers of `status` and `progress` on the thread of all callbacks.

        On the poller's thread a slow observer would delay every job.
        """
        if change["name"] in {"status", "progress"}:
            user_callbacks.call(super().notify_change, change)
        else:
            super().notify_change(change)

    def _static_bundle(self, most: int | None = None) -> Bundle:
        seen = self._job.history, self._job.contact, self._job._steps
        return {
            "text/html": static_html(*seen, self._job._dialect, most=most),
            "text/plain": static_text(*seen, most=most and most // 4),
        }

    def _facts(self) -> tuple[JobHistory, Contact, timedelta | None, JobSteps, Dialect | None]:
        job = self._job
        return job.history, job.contact, job.elapsed, job._steps, job._dialect

    def _is_over(self) -> bool:
        # A watch that was stopped or gave up may go on from the view, which therefore stays.
        return self._job._is_done and self._job.history.has_ended

    # What follows runs on the poller's thread, the one writer of the traits.

    def _send_update(self, first_message: int | None) -> None:
        self._updates.note(first_message)
        self.set_trait("status", self._job.status)
        self.set_trait("progress", self._job.progress)
        super()._send_update(first_message)

    def _handle(self, request: dict[str, Any]) -> None:
        if "need" in request:
            self._updates.want(request["need"])
            self._update_views()
        if "need_steps" in request:
            self._updates.want_steps()
            self._update_views()
        if request.get("act") == "stop":
            self._job.stop()
        if request.get("act") in {"start", "try"}:
            self._job._try_now()
        if request.get("act") == "cancel":
            self._job._cancel_soon()

    def _release(self) -> None:
        self._job._unsubscribe(self._throttle)
        self._job._look(self, is_on=False)
        self._job._leave(self)
