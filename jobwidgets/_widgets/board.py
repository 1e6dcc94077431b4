"""The widget that shows any number of jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from jobwidgets._display.board import board_html, board_text
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._views import joined_css, joined_esm
from jobwidgets._watch.feed import Throttle
from jobwidgets._watch.listing import INTERVAL as LISTING_INTERVAL
from jobwidgets._watch.poller import poller
from jobwidgets._widgets.board_jobs import given_jobs
from jobwidgets._widgets.board_updates import BoardUpdates
from jobwidgets._widgets.live import LiveWidget
from jobwidgets._widgets.notebook import Bundle
from jobwidgets.job import Job
from jobwidgets.jobs import Jobs

if TYPE_CHECKING:
    import pandas as pd


class JobBoard(LiveWidget):
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

    _updates: BoardUpdates

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
        self._listing = (
            self._resource._listing(partial(self._listed, self._resource), listing_interval)
            if self._resource
            else None
        )
        for job in given:
            self._add(job)
        super().__init__(freeze=freeze)
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

    def _static_bundle(self) -> Bundle:
        jobs, contact = self.jobs, self._contact
        return {
            "text/html": board_html(jobs, contact),
            "text/plain": board_text(repr(self), jobs, contact),
        }

    def _told(self) -> tuple[Sequence[Job], Contact | None]:
        return self.jobs, self._contact

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
        if not job._is_done:
            self._going.add(index)
        self._updates.note(index)
        job._join(self)
        return index

    # What follows runs on the poller's thread, the one writer of the trait.

    def _begin(self) -> None:
        if not self._is_open:
            return
        # Where many wait for the host's budget, those that may still change go first.
        for index in sorted(range(len(self._jobs)), key=lambda i: self._jobs[i]._is_done):
            self._follow(index)
            self._jobs[index]._start_once()
        if self._listing is not None:
            self._listing.begin()
        self._tell()

    def _follow(self, index: int) -> None:
        self._jobs[index]._subscribe(self._listeners[index])
        self._note(index, None)

    def _note(self, index: int, first_message: int | None) -> None:
        """Take in that a job was asked for."""
        self._updates.note(index, first_message)
        (self._going.discard if self._jobs[index]._is_done else self._going.add)(index)
        self._tell()
        if self._is_over():  # whoever waits for the last job finds its end told
            self._throttle.flush()

    def _listed(self, resource: Jobs, ids: Sequence[str] | None) -> None:
        """Take in the list of a jobs resource; what it has no more is left to its own watch."""
        for job_id in ids or ():
            job = resource._job(job_id)
            index = self._add(job)
            if index is None:
                continue
            self._follow(index)
            if not job._is_done:  # else an earlier board has read it to its end
                job.start()
        self._tell()

    def _heard_view(self, content: dict[str, Any]) -> None:
        view = str(content.get("view"))
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
            self._tell()

    def _leave(self) -> None:
        if self._listing is not None:
            self._listing.end()
        for job, listener in zip(self._jobs, self._listeners, strict=True):
            job._unsubscribe(listener)
            job._leave(self)
