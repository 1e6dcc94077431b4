"""The widget that shows any number of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import anywidget
import traitlets

from jobwidgets.audience import join, leave
from jobwidgets.board_given import given_jobs
from jobwidgets.board_state import BoardUpdates
from jobwidgets.board_static import board_html, board_text
from jobwidgets.cells import replace_in_cell
from jobwidgets.comms import answer_while_a_cell_runs
from jobwidgets.contact import Contact, ContactState
from jobwidgets.displays import Bundle
from jobwidgets.feed import Throttle
from jobwidgets.freezing import Freezing
from jobwidgets.job import Job
from jobwidgets.jobs import Jobs
from jobwidgets.listing import INTERVAL as LISTING_INTERVAL
from jobwidgets.poller import poller
from jobwidgets.views import joined_css, joined_esm

if TYPE_CHECKING:
    import pandas as pd

INTERVAL = 0.25
"""Seconds between two messages to the views, whatever the number of jobs."""


class JobBoard(anywidget.AnyWidget):
    """Many jobs in one table, live as long as one of them runs, then as plain HTML for good.

    As the last line of a cell it shows itself; running the cell again replaces it. Iterating over
    it yields the jobs, so the frames take it as it is.

    Parameters
    ----------
    jobs
        A `Jobs`, whose new jobs appear by themselves, or its URL; or an iterable of `Job`, or of
        the URLs of jobs. The same job twice is shown once.
    freeze
        Whether the output turns to plain HTML and text when all jobs have ended, so that the saved
        notebook shows the last state without a kernel. False keeps the live view. The board of a
        jobs resource has no end of its own: it is frozen by `close`.
    listing_interval
        Seconds between two looks at a jobs resource.
    **keywords
        Keywords of `Jobs`; with URLs only.

    Raises
    ------
    TypeError, ValueError
        As `Job` and `Jobs` do; TypeError for an unknown keyword, for any keyword without a URL,
        and for anything that is no job.
    """

    _esm = joined_esm("board.js")
    _css = joined_css("look.css", "messages.css", "board.css")

    _update = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        jobs: Jobs | str | Iterable[Job | str],
        *,
        freeze: bool = True,
        listing_interval: float = LISTING_INTERVAL,
        **keywords: Any,
    ) -> None:
        self._resource, given = given_jobs(jobs, keywords)
        self._jobs: list[Job] = []
        self._known: set[str] = set()
        self._going: set[int] = set()
        self._listeners: list[Throttle] = []
        self._updates = BoardUpdates()
        self._throttle = Throttle(self._push, INTERVAL)
        self._freezing = Freezing(
            self._is_over, self._static_bundle, is_wanted=freeze, told=self._tell_again
        )
        self._listing = (
            self._resource._listing(self._listed, listing_interval) if self._resource else None
        )
        for job in given:
            self._add(job)
        super().__init__(_update=self._next_update())
        self._own_layout = self.layout
        answer_while_a_cell_runs(self.comm)
        self.on_msg(self._on_view_message)
        _open.add(self)
        replace_in_cell(self.close)
        poller().thread.call(self._begin)

    def __repr__(self) -> str:
        if self._resource is not None:
            return f"JobBoard({self._resource!r})"
        noun = "job" if len(self._jobs) == 1 else "jobs"
        return f"JobBoard({len(self._jobs)} {noun})"

    def __iter__(self) -> Iterator[Job]:
        return iter(self.jobs)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that are shown now, in the order of the board."""
        return tuple(self._jobs)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a job, as `jobs_frame` does."""
        # pandas costs 300 ms of import in a kernel: it waits until a frame is asked for.
        from jobwidgets.frames import jobs_frame

        return jobs_frame(self.jobs)

    def close(self) -> None:
        """Stop the watches that no other widget shows, freeze the output, drop the live view."""
        if self in _open:
            _open.discard(self)
            with closing(self._own_layout):  # ipywidgets leaves it open
                poller().thread.do(self._finish)
        super().close()

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the synced traits; where all are asked for, the rows of all jobs."""
        state = super().get_state(key, drop_defaults)
        if key is None and "_update" in state:
            is_kept = self._freezing.is_kept
            state["_update"] = self._updates.whole(self.jobs, self._contact, is_kept=is_kept)
        return dict(state)

    def _ipython_display_(self) -> None:
        if self not in _open or self._freezing.is_due:
            self._freezing.show_static()
            return
        self._freezing.show(self.model_id)
        poller().thread.call(self._freezing.when_due)

    def _static_bundle(self) -> Bundle:
        jobs, contact = self.jobs, self._contact
        return {
            "text/html": board_html(jobs, contact),
            "text/plain": board_text(repr(self), jobs, contact),
        }

    @property
    def _contact(self) -> Contact | None:
        return self._listing.contact if self._listing is not None else None

    def _is_over(self) -> bool:
        lists_on = self._contact is not None and self._contact.state is not ContactState.LOST
        return not (self._going or lists_on)

    def _add(self, job: Job) -> int | None:
        """Take in a job; return its place, None for one that is known."""
        if job.url in self._known:
            return None
        self._known.add(job.url)
        index = len(self._jobs)
        self._listeners.append(Throttle(partial(self._note, index)))
        self._jobs.append(job)
        if not job._is_done():
            self._going.add(index)
        self._updates.note(index)
        join(job, self)
        return index

    def _on_view_message(self, _: Any, content: object, __: object) -> None:
        # This may be the main thread or a subshell's: the poller's thread is the one that acts.
        if isinstance(content, dict):
            poller().thread.call(self._heard_view, content)

    # What follows runs on the poller's thread, the one writer of the trait.

    def _begin(self) -> None:
        if self not in _open:
            return
        # Where many wait for the host's budget, those that may still change go first.
        for index in sorted(range(len(self._jobs)), key=lambda i: self._jobs[i]._is_done()):
            self._follow(index)
            self._jobs[index]._start_once()
        if self._listing is not None:
            self._listing.begin()
        self._throttle(None)

    def _follow(self, index: int) -> None:
        self._jobs[index]._watch.feed.subscribe(self._listeners[index])
        self._note(index, None)

    def _note(self, index: int, first_message: int | None) -> None:
        """Take in that a job was asked for."""
        self._updates.note(index, first_message)
        (self._going.discard if self._jobs[index]._is_done() else self._going.add)(index)
        self._throttle(None)
        if self._is_over():  # whoever waits for the last job finds its end told
            self._throttle.flush()

    def _listed(self, ids: Sequence[str] | None) -> None:
        """Take in the list of a jobs resource; what it has no more is left to its own watch."""
        assert self._resource is not None  # noqa: S101 - who else would list
        for job_id in ids or ():
            job = self._resource._job(job_id)
            index = self._add(job)
            if index is None:
                continue
            self._follow(index)
            if not job._is_done():  # else an earlier board has read it to its end
                job.start()
        self._throttle(None)

    def _push(self, _: int | None) -> None:
        update = self._next_update()
        if update is not None:
            self._update = update
        self._freezing.when_due()
        if self._updates.has_more and self in _open:
            # Not by returning True: whoever flushes would send it all at once.
            asyncio.get_running_loop().call_soon(self._throttle, None)

    def _next_update(self) -> dict[str, Any] | None:
        return self._updates.next(self._jobs, self._contact, is_kept=self._freezing.is_kept)

    def _tell_again(self) -> None:
        self._throttle(None)

    def _heard_view(self, content: dict[str, Any]) -> None:
        if self not in _open:
            return
        view = str(content.get("view"))
        self._freezing.heard(content)
        if content.get("open") is False:
            self._updates.fold(view)
        if content.get("resend") is True:
            self._updates.forget()
        if "unfold" in content:
            self._updates.unfold(view, content["unfold"])
        if "fold" in content:
            self._updates.fold(view, content["fold"])
        if "need" in content:
            self._updates.want(content.get("of"), content["need"])
        if self._updates.has_more:
            self._throttle(None)

    def _finish(self) -> None:
        if self._listing is not None:
            self._listing.end()
        for job, listener in zip(self._jobs, self._listeners, strict=True):
            job._watch.feed.unsubscribe(listener)
        self._throttle.cancel()
        leave(self._jobs, self)
        self._freezing.now()


_open: WeakSet[JobBoard] = WeakSet()
