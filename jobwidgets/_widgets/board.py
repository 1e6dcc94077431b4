"""The widget that shows any number of jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, overload

import traitlets

from jobwidgets._display.board import board_html, board_text
from jobwidgets._http.secrets import hidden, hidden_settings
from jobwidgets._http.tokens import Token
from jobwidgets._model.contact import Contact
from jobwidgets._threads import user_callbacks
from jobwidgets._views import joined_css, joined_esm
from jobwidgets._watch.listing import INTERVAL as LISTING_INTERVAL
from jobwidgets._watch.pace import Pace
from jobwidgets._watch.poller import poller
from jobwidgets._watch.waiting import checked_timeout
from jobwidgets._widgets.arguments import hidden_in_each, many_jobs
from jobwidgets._widgets.board_row import Row
from jobwidgets._widgets.board_selection import Selection, indexes_in, selection
from jobwidgets._widgets.board_updates import BoardUpdates
from jobwidgets._widgets.displays import Bundle
from jobwidgets._widgets.live import LiveWidget
from jobwidgets.dialects import Dialect
from jobwidgets.job import Job
from jobwidgets.jobs import Jobs

if TYPE_CHECKING:
    import pandas as pd

    from jobwidgets._widgets.job import JobWidget


class JobBoard(LiveWidget):
    """Many jobs in one table, live as long as one of them runs, then frozen to plain HTML.

    As the last line of a cell it shows itself; running the cell again replaces it. It is a
    sequence of its jobs, so the frames take it as it is; ``str`` tells how many have which status.

    Parameters
    ----------
    jobs
        A `Jobs`, whose new jobs appear by themselves, or its URL; or an iterable of `Job`, of
        `JobWidget`, or of the URLs of jobs. The same job twice is shown once.
    freeze
        Whether the output turns to plain HTML and text when every job has ended or its watch was
        stopped, so that the saved notebook shows the last state without a kernel. A frozen output
        stays so; a watch that is started again goes on, and a new display is live. False keeps the
        live view. The board of a jobs resource has no end of its own: it is frozen by `close`.
    listing_interval
        Seconds between two looks at a jobs resource.
    token, dialect, poll_interval, give_up_after, http, pace
        As for `Jobs`; with URLs only.

    Attributes
    ----------
    selected : tuple of Job
        A trait: the selected jobs in the order of the board, one selection for all its views. It
        can be set to some of the board's jobs; TraitError for anything else. Its observers run on
        the thread of all callbacks.

    Raises
    ------
    TypeError, ValueError
        As `Job` and `Jobs` do; TypeError for an unknown keyword, for any keyword without a URL,
        and for anything that is no job.

    Examples
    --------
    >>> JobBoard("https://gis.example.com/arcgis/rest/jobs", token="…")
    JobBoard(Jobs('https://gis.example.com/arcgis/rest/jobs'))
    """

    _esm = joined_esm("board.js")
    _css = joined_css("look.css", "messages.css", "steps.css", "board.css")

    selected = traitlets.Tuple()
    _updates: BoardUpdates

    def __init__(
        self,
        jobs: Jobs | str | Iterable[Job | JobWidget | str],
        *,
        freeze: bool = True,
        listing_interval: float = LISTING_INTERVAL,
        token: Token | None = None,
        dialect: str | Dialect | None = None,
        poll_interval: float | None = None,
        give_up_after: float | None = None,
        http: Mapping[str, Any] | None = None,
        pace: Pace | None = None,
        **unknown: object,
    ) -> None:
        # Tracebacks may show local variables: from here on none of them shows a token.
        jobs, token, unknown = hidden_in_each(jobs), hidden(token), dict.fromkeys(unknown)
        http = hidden_settings(http)
        keywords = {
            "token": token,
            "dialect": dialect,
            "poll_interval": poll_interval,
            "give_up_after": give_up_after,
            "http": http,
            "pace": pace,
        }
        self._resource, given = many_jobs(jobs, keywords, unknown)
        self._rows: dict[str | Job, Row] = {}
        self._updates = BoardUpdates()
        self._looked_at: set[int] = set()
        self._choice: tuple[tuple[Job, ...], Selection] = ((), Selection())  # the last of a view
        self._listing = (
            self._resource._listing(partial(self._take_list, self._resource), listing_interval)
            if self._resource
            else None
        )
        for job in given:
            self._add(job)
        super().__init__(freeze=freeze)
        poller().thread.call(self._begin)

    def __repr__(self) -> str:
        # Tracebacks may show an object whose __init__ has raised.
        if "_rows" not in vars(self):
            return "JobBoard(…)"
        if self._resource is not None:
            return f"JobBoard({self._resource!r})"
        noun = "job" if len(self._rows) == 1 else "jobs"
        return f"JobBoard({len(self._rows)} {noun})"

    def __iter__(self) -> Iterator[Job]:
        return iter(self.jobs)

    def __len__(self) -> int:
        return len(self._rows)

    def __bool__(self) -> bool:
        return True  # a board without jobs is a board

    @overload
    def __getitem__(self, index: int) -> Job: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Job, ...]: ...

    def __getitem__(self, index: int | slice) -> Job | tuple[Job, ...]:
        return self.jobs[index]

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that are shown now, in the order of the board."""
        # The poller's thread may add rows meanwhile: the tuple of them is made in one step.
        return tuple([row.job for row in tuple(self._rows.values())])

    def wait(self, timeout: float | None = None) -> JobBoard:
        """Wait until every job has ended, whatever its status then; return the board.

        Of a jobs resource these are the jobs that it lists now.

        Parameters
        ----------
        timeout
            Seconds for all jobs; None waits as long as it takes.

        Raises
        ------
        TimeoutError
            If some have not ended by then. They are watched on.
        JobwidgetsError
            As `Job.wait` does for any of the jobs; or if no list of jobs came.
        """
        seconds = checked_timeout(timeout)
        jobs, end = self._jobs_to_wait_for(), monotonic() + seconds
        for job in jobs:
            try:
                job.wait(max(end - monotonic(), 0.0))
            except TimeoutError:
                left = sum(not job.history.has_ended for job in jobs)
                text = f"{left} of {len(jobs)} jobs have not ended within {seconds:g} s"
                raise TimeoutError(text) from None
        return self

    def _jobs_to_wait_for(self) -> Sequence[Job]:
        if self._resource is not None and self._is_open:
            poller().thread.do(self._take_list, self._resource, self._resource._urls())
        return self.jobs

    def to_frame(self) -> pd.DataFrame:
        """Return one row a job, as `jobs_frame` does."""
        # pandas costs 300 ms of import in a kernel: it waits until a frame is asked for.
        from jobwidgets.frames import jobs_frame

        return jobs_frame(self.jobs)

    def _static_bundle(self, most: int | None = None) -> Bundle:
        jobs, contact = self.jobs, self._contact
        return {
            "text/html": board_html(jobs, contact, most=most, unfolded=self._updates.unfolded),
            "text/plain": board_text(repr(self), jobs, contact, most=most and most // 4),
        }

    def _facts(self) -> tuple[Sequence[Job], Contact | None, Selection]:
        return self.jobs, self._contact, self._selection

    @property
    def _selection(self) -> Selection:
        selected, (chosen, choice) = self.selected, self._choice
        if chosen is selected:
            return choice
        return Selection(tuple(self._rows[_key(job)].index for job in selected))

    @traitlets.validate("selected")
    def _check_selected(self, proposal: Any) -> tuple[Job, ...]:
        rows = {row.index: row for row in map(self._row_of, proposal["value"])}
        return tuple(rows[index].job for index in sorted(rows))

    def _row_of(self, given: object) -> Row:
        row = self._rows.get(_key(given)) if isinstance(given, Job) else None
        if row is None:
            found = f"job {given.id!r}" if isinstance(given, Job) else f"a {type(given).__name__}"
            raise traitlets.TraitError(f"selected takes jobs of this board, found {found}")
        return row

    def notify_change(self, change: Any) -> None:
        """Call the observers of `selected` on the thread of all callbacks, and tell the views."""
        if change["name"] != "selected":
            super().notify_change(change)
            return
        user_callbacks.call(super().notify_change, change)
        if self._is_open:
            poller().thread.call(self._update_views)

    @property
    def _contact(self) -> Contact | None:
        return self._listing.contact if self._listing is not None else None

    def _is_over(self) -> bool:
        if self._listing is not None:
            return False  # it may list more; where it gave up, a view can try again
        return all(row.is_over for row in tuple(self._rows.values()))

    def _add(self, job: Job) -> Row | None:
        """Add a job; return its row, None for a job that has one."""
        if _key(job) in self._rows:
            return None
        row = self._rows[_key(job)] = Row(len(self._rows), job, self._note)
        self._updates.note(row.index)
        job._join(self)
        return row

    # What follows runs on the poller's thread, the one writer of the trait.

    def _begin(self) -> None:
        if not self._is_open:
            return
        # Where many wait for the host's budget, those that may still change go first.
        for row in sorted(self._rows.values(), key=lambda row: row.job._is_done):
            self._follow(row)
        if self._listing is not None:
            self._listing.begin()
        self._update_views()

    def _follow(self, row: Row) -> None:
        row.job._subscribe(row.listener)
        self._note(row, None)
        row.job._start_once()

    def _note(self, row: Row, first_message: int | None) -> None:
        """Note that a job may have changed."""
        self._updates.note(row.index, first_message)
        self._update_views()
        if row.is_over and self._is_over():
            self._throttle.flush()  # whoever waits for the last job finds the outputs frozen

    def _take_list(self, resource: Jobs, urls: Sequence[str] | None) -> None:
        """Add the jobs that a resource lists; one that it lists no more stays."""
        for url in urls or ():
            row = self._add(resource._at(url))
            if row is not None:
                self._follow(row)
        self._update_views()

    def _handle(self, request: dict[str, Any]) -> None:
        view = str(request.get("view"))
        if request.get("open") is False:
            self._updates.fold(view)
        if request.get("resend") is True:
            self._updates.forget()
        if "unfold" in request:
            self._updates.unfold(view, request["unfold"])
        if "fold" in request:
            self._updates.fold(view, request["fold"])
        self._look_at(self._updates.unfolded)
        if "need" in request:
            self._updates.want(request.get("of"), request["need"])
        if "select" in request:
            self._select(selection(request, len(self._rows)))
        if request.get("act") == "list" and self._listing is not None:
            self._listing.begin()
        elif "act" in request:
            self._act(str(request["act"]), indexes_in(request.get("on"), len(self._rows)))
        if self._updates.has_more:
            self._update_views()

    def _look_at(self, unfolded: set[int]) -> None:
        """Ask for the messages of the jobs that a view shows: a list may not have them."""
        rows, before = tuple(self._rows.values()), self._looked_at
        self._looked_at = unfolded
        for index in unfolded ^ before:
            rows[index].job._look(self, is_on=index in unfolded)

    def _select(self, choice: Selection) -> None:
        jobs = self.jobs
        self.selected = tuple(jobs[index] for index in choice.indexes)
        self._choice = (self.selected, choice)
        self._update_views()  # the view is told that its choice was taken, although it is the same

    def _act(self, name: str, indexes: Iterable[int]) -> None:
        rows = tuple(self._rows.values())
        for index in indexes:
            rows[index].act(name)

    def _release(self) -> None:
        if self._listing is not None:
            self._listing.end()
        self._look_at(set())
        for row in self._rows.values():
            row.job._unsubscribe(row.listener)
            row.job._leave(self)


def _key(job: Job) -> str | Job:
    return job if job.url is None else job.url  # two functions may tell of jobs of one id
