"""The handle of one job."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from concurrent.futures import CancelledError
from typing import Any, NoReturn, SupportsIndex
from weakref import ref

from jobwidgets._display.cancelling import can_cancel
from jobwidgets._display.job import static_html, static_text
from jobwidgets._http.secrets import hidden, hidden_in, hidden_settings
from jobwidgets._http.submissions import answer_of, job_url_of
from jobwidgets._http.tokens import Token, TokenKeeper, token_keeper
from jobwidgets._settings import checked_settings, function_watch
from jobwidgets._visible import visible
from jobwidgets._watch.callbacks import Callbacks
from jobwidgets._watch.facts import JobFacts
from jobwidgets._watch.feed import Throttle
from jobwidgets._watch.functions import Function
from jobwidgets._watch.kept_errors import again
from jobwidgets._watch.pace import Pace
from jobwidgets._watch.poller import Poller, poller
from jobwidgets._watch.waiting import checked_timeout, until_settled, wait_until_settled
from jobwidgets._watch.watch import Watch
from jobwidgets.dialects import Dialect, find_dialect, known_dialects
from jobwidgets.errors import CancelUnsupportedError, JobwidgetsError, WatchStoppedError

_NO_VIEWERS: frozenset[int] = frozenset()


class Job(JobFacts):
    """One job on a server, watched in the background.

    Constructing does no I/O. The first `wait`, `await`, `on_change`, `add_done_callback` or widget
    starts the watch. Attributes never do I/O: they hold what was last seen.

    Parameters
    ----------
    url
        The job's URL, ``…/jobs/<job id>``. A ``token=`` in it is taken out and sent as a header;
        ``f=json`` is added.
    token
        A token, or a callable without arguments that returns one: called when first needed, and
        again when the server refuses the last one. None sends no token.
    dialect
        How the server speaks: a name (``"mission"``, ``"geoprocessing"``, ``"ogc"``,
        ``"openeo"``, ``"notebook"``, ``"video"``, ``"admin"``, ``"kubernetes"``, or that of
        another package's), or an object of a `jobwidgets.dialects.Dialect`. None is told by the
        URL where that is certain, else by the first document; until then a URL with ``/rest/`` or
        ``/admin/`` is asked as ArcGIS servers are. A document that tells none is an error.
    poll_interval
        Seconds between two polls, at least 0.5. None asks often at first and ever less often as
        the job grows old, see `pace`.
    give_up_after
        Seconds without an answer after which the watch gives up. None tries for as long as it
        takes.
    notify
        Called as ``notify(job)``, once, when the job has ended, whatever its status then: to send
        a mail, say. Not called when only the watch ends. None calls nothing.
    http
        Keyword arguments of httpx.AsyncClient: ``verify`` (a CA file, or an SSLContext with a
        client certificate), ``proxy``, ``headers`` (such as a ``Referer`` that a token is bound
        to), ``timeout``, ``transport``. Jobs with equal settings share connections.
    pace
        The numbers behind the delays. None takes the usual ones.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid; the text names what was found and what was expected.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Token | None = None,
        dialect: str | Dialect | None = None,
        poll_interval: float | None = None,
        give_up_after: float | None = None,
        notify: Callable[[Job], object] | None = None,
        http: Mapping[str, Any] | None = None,
        pace: Pace | None = None,
    ) -> None:
        url, token, http = hidden_in(url), hidden(token), hidden_settings(http)
        if notify is not None:
            _check_callback("notify", notify)
        bare, settings = checked_settings(
            url,
            token=token,
            dialect=dialect,
            poll_interval=poll_interval,
            give_up_after=give_up_after,
            http=http,
            pace=pace,
        )
        self._follow(settings.watch(bare), notify)

    @classmethod
    def from_function(
        cls,
        fetch: Function,
        *,
        id: str | int,  # noqa: A002 - the attribute's name
        dialect: str | Dialect | None = None,
        cancel: Function | None = None,
        deadline: float = 60.0,
        poll_interval: float | None = None,
        give_up_after: float | None = None,
        notify: Callable[[Job], object] | None = None,
        pace: Pace | None = None,
    ) -> Job:
        """Return the handle of a job that a function tells of: any job, of any server or none.

        It is watched as every other job: at the same pace, with the same retries, in the same
        views. Its `url` is None; a board tells two such jobs apart by their handles.

        Parameters
        ----------
        fetch
            Called without arguments whenever the job is asked for. It returns a mapping of

            - ``status``: a word of `Status`, or of a server that some dialect knows, such as
              ``esriJobExecuting``; another word is shown, and counts as unknown;
            - ``progress``: 0…1;
            - ``messages``: all of them, each a text or a mapping of ``text`` (``description``,
              ``message``), ``code``, ``level`` (``type``) and ``time``;
            - ``started``, ``ended``: datetimes, pandas' too, or ISO 8601 texts, UTC where they
              have no zone; or the time since 1970 in seconds or, from 100,000,000,000 on,
              milliseconds;
            - ``kind``, ``owner``: texts; ``attributes``: a mapping of everything else;

            of which only the status must be told. Or it returns a `Snapshot`; or, with `dialect`,
            a server's document.

            A plain function is called on a daemon thread, at most one call a job and 8 in all at
            a time. An async one is awaited on the thread that watches all jobs: one that blocks
            it holds up every job.

            What it raises counts as a poll without an answer, and is tried again. Errors of its
            own code (NameError, AttributeError, TypeError …), what cannot be read, and a
            `NoSuchJobError` end the watch if nothing was seen of the job before. Errors of
            requests, httpx, openeo and urllib count by their HTTP status.
        id
            Names the job.
        dialect
            How the documents that it returns are read; None reads the mapping above.
        cancel
            Called as `fetch` is, when the job is to be cancelled; what it returns does not matter.
            None cannot cancel.
        deadline
            Seconds that a call may take. One that takes longer counts as a poll without an
            answer; a plain one goes on, keeps its place among the 8, and is waited for the next
            time.
        poll_interval, give_up_after, notify, pace
            As for `Job`.

        Raises
        ------
        TypeError, ValueError
            If an argument is invalid; the text names what was found and what was expected.

        Examples
        --------
        >>> Job.from_function(lambda: {"status": "running", "progress": 0.5}, id="night run")
        Job.from_function(id='night run')
        """
        if notify is not None:
            _check_callback("notify", notify)
        watch = function_watch(
            fetch,
            job_id=id,
            dialect=dialect,
            cancel=cancel,
            deadline=deadline,
            poll_interval=poll_interval,
            give_up_after=give_up_after,
            pace=pace,
        )
        return cls._of(watch, notify)

    @classmethod
    def from_response(
        cls,
        response: object,
        *,
        dialect: str | Dialect | None = None,
        token: Token | None = None,
        http: Mapping[str, Any] | None = None,
    ) -> Job:
        """Return the handle of the job that an asynchronous request has started.

        Parameters
        ----------
        response
            The response of httpx or requests: the body names the job, or the headers do, such as
            ``Location`` beside an empty body.
        dialect
            How the server speaks; None is told from the URL, the response or the first document.
        token, http
            As for `Job`: the response's own are not taken over.

        Raises
        ------
        TypeError, ValueError
            If it is no such response, or tells of no job, of more than one, or of one on another
            server than it came from.
        ExchangeError
            If the server refused the request.

        Examples
        --------
        >>> job = Job.from_response(httpx.post(f"{server}/processes/buffer/execution", json=inputs))
        """
        token, http = hidden(token), hidden_settings(http)
        known = known_dialects() if dialect is None else [find_dialect(dialect)]
        url, found = job_url_of(answer_of(response), known)
        told = found[0] if len(found) == 1 else None  # else the first document tells
        return cls(hidden_in(url), token=token, dialect=told, http=http)

    @classmethod
    def _of(cls, watch: Watch, notify: Callable[[Job], object] | None = None) -> Job:
        job = cls.__new__(cls)
        job._follow(watch, notify)
        return job

    def _follow(self, watch: Watch, notify: Callable[[Job], object] | None = None) -> None:
        self._watch = watch
        self._callbacks = Callbacks(self, watch, notify)
        self._poller: Poller | None = None
        self._was_stopped = False
        # Whoever began a watch ends it: no widget ends one that the user has made theirs.
        self._is_users = notify is not None
        self._widgets: tuple[ref[object], ...] = ()  # a WeakSet costs 700 bytes
        self._was_left = False
        self._viewers = _NO_VIEWERS

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(
            "a Job is neither copied nor pickled: its token would go along, and its watch runs in "
            "this process; job.history and frames can be"
        )

    def __repr__(self) -> str:
        # Tracebacks may show an object whose __init__ has raised.
        if not hasattr(self, "_watch"):
            return "Job(…)"
        return f"Job({self.url!r})" if self.url else f"Job.from_function(id={visible(self.id)!r})"

    def __str__(self) -> str:
        return f"{self!r}: {static_text(self.history, self.contact, self._steps).splitlines()[1]}"

    def _repr_html_(self) -> str:
        return static_html(self.history, self.contact, self._steps, self._dialect)

    @property
    def error(self) -> JobwidgetsError | None:
        """Why the job or the watch ended; what `raise_for_status` raises."""
        if self._was_stopped and not self.history.has_ended:
            return WatchStoppedError(f"the watch of job {self.id} was stopped")
        return self.history.error

    def _set_token(self, token: Token | None) -> None:
        token = hidden(token)
        self._take_token(token_keeper(token))

    token = property(
        fset=_set_token,
        doc="Set a new token or provider: a watch that was refused goes on. It cannot be read.",
    )

    def start(self) -> Job:
        """Watch the job from now on, again after `stop` or a refusal too; return the job."""
        self._is_users = True
        return self._begin()

    def stop(self) -> None:
        """Watch the job no more, until `start`. What was seen stays; nothing is sent to the server.

        Callbacks stay too. When the program ends it does nothing any more.
        """
        self._was_stopped, self._was_left = True, False
        self._is_users = self._callbacks.is_to_notify
        poller().end(self._watch)

    def cancel(self) -> Job:
        """Ask the server to cancel the job, and watch what becomes of it; return the job.

        The job is looked at first: one that has ended is left alone, since some servers would
        remove its results. Afterwards the status is "cancelling" until the server's last word,
        which may also be that the job had ended before; a job that the server then knows no more
        is cancelled.

        Which dialects can: ``geoprocessing``, ``ogc``, ``openeo`` and ``notebook``; and a job of
        `from_function` with ``cancel=``. ``mission`` cannot, since ArcGIS Mission Server documents
        no such operation (https://developers.arcgis.com/rest/services-reference/mission/job).
        `stop` only ends the watch.

        Raises
        ------
        CancelUnsupportedError
            If the server has no such operation.
        JobwidgetsError
            If it was refused, or not answered: nothing is tried again.
        """
        note = self._watch.source.cancel_note
        if note is not None:
            raise CancelUnsupportedError(f"{note}. stop() ends the watch, the job goes on.")
        if not self.history.has_ended:
            try:
                poller().cancel(self._watch)
            except CancelledError:
                raise WatchStoppedError(f"the watch of job {self.id} was stopped") from None
            self._claim()
        return self

    def refresh(self) -> Job:
        """Ask the server once, or join the request that is under way; return the job.

        A person waits for it, so it goes before every poll. Where the job is not watched, a
        request that fails changes nothing of the job.

        Raises
        ------
        JobwidgetsError
            If no document came, whatever the reason: nothing is tried again.
        """
        try:
            poller().refresh(self._watch)
        except CancelledError:
            raise WatchStoppedError(f"the watch of job {self.id} was stopped") from None
        return self

    def wait(self, timeout: float | None = None) -> Job:
        """Wait until the job has ended, whatever its status then; return the job.

        Parameters
        ----------
        timeout
            Seconds; None waits as long as it takes.

        Raises
        ------
        TypeError, ValueError
            If the timeout is no number.
        TimeoutError
            If the job has not ended by then. It is watched on.
        JobwidgetsError
            As soon as only the user can help: a refused token, no such job, a stopped watch.
        KeyboardInterrupt
            If it is interrupted. The job goes on, and is watched on.
        """
        seconds = checked_timeout(timeout)
        self._claim()
        try:
            is_settled = wait_until_settled(self._watch.feed, seconds)
        except KeyboardInterrupt:
            text = (
                f"job {visible(self.id)} is watched on: wait() waits again, stop() ends the watch"
            )
            raise KeyboardInterrupt(text) from None
        if not (is_settled or self.history.has_ended or self.error):
            raise TimeoutError(f"job {visible(self.id)} has not ended within {seconds:g} s")
        return self._ended_or_raise()

    def __await__(self) -> Generator[Any, None, Job]:
        """Wait as `wait` does, without blocking the event loop."""
        return self._ended().__await__()

    def raise_for_status(self) -> Job:
        """Raise `error` if there is one, else return the job."""
        if self.error is not None:
            raise again(self.error)
        return self

    def on_change(self, callback: Callable[[Job], object]) -> None:
        """Call ``callback(job)`` after each distinct document and each change of contact.

        Callbacks run one after another on a thread of their own; what they raise is logged.
        """
        _check_callback("callback", callback)
        poller().thread.call(self._callbacks.add_change, callback)
        self._claim()

    def add_done_callback(self, callback: Callable[[Job], object]) -> None:
        """Call ``callback(job)`` once: when the job has ended, or at once if it has.

        A watch that gives up (no such job, say) calls it too; `error` tells the difference.
        """
        _check_callback("callback", callback)
        poller().thread.call(self._callbacks.add_done, callback)
        self._claim()

    # What the widgets and `Jobs` use: nothing but this, and what is public.

    def _look(self, viewer: object, *, is_on: bool) -> None:
        """Note whether a view shows the messages; on the poller's thread."""
        others = self._viewers - {id(viewer)}
        self._viewers = others | {id(viewer)} if is_on else others
        poller().look(self._watch, is_on=bool(self._viewers))

    def _cancel_soon(self) -> None:
        """Cancel the job without waiting, for a view; on the poller's thread."""
        if can_cancel(self.history):
            poller().cancel_soon(self._watch)

    def _take_token(self, keeper: TokenKeeper | None) -> None:
        """Ask with another token from now on, at once if the job is watched."""
        self._watch.source.token = keeper
        if self._watch.is_active and not self.history.has_ended:
            poller().renew(self._watch)

    @property
    def _is_done(self) -> bool:
        """Whether the job has ended and was read to its end, or the watch gave up."""
        return self._watch.is_done

    @property
    def _is_at_rest(self) -> bool:
        """Whether nothing more will come by itself: it is done, or was stopped."""
        return self._watch.is_done or self._was_stopped

    def _subscribe(self, throttle: Throttle) -> None:
        """Call `throttle` on the poller's thread after each exchange."""
        poller().thread.do(self._watch.feed.subscribe, throttle)

    def _unsubscribe(self, throttle: Throttle) -> None:
        """Call `throttle` no more."""
        poller().thread.do(self._watch.feed.unsubscribe, throttle)

    def _begin(self) -> Job:
        """Watch the job from now on, for the widgets: the last one that leaves ends it."""
        one = poller()
        one.thread.call(self._callbacks.begin)  # raises where no thread can run: nothing has begun
        self._poller, self._was_stopped, self._was_left = one, False, False
        one.begin(self._watch)
        return self

    def _try_now(self) -> None:
        """Ask at once for a person who looks, whatever is awaited or under way."""
        if self._watch.is_active:
            poller().renew(self._watch)
        else:
            self._begin()

    def _start_once(self) -> None:
        """Watch the job unless that was begun or stopped before."""
        # After a fork the poller that watched is the parent's.
        if self._poller is not poller() and not self._was_stopped:
            self._begin()

    def _join(self, widget: object) -> None:
        """Note that a widget shows the job; a watch that the last one ended begins anew."""
        self._widgets = (*self._widgets_beside(widget), ref(widget))
        if self._was_left and not self._is_done:
            self._begin()

    def _leave(self, widget: object) -> None:
        """Note that a widget shows the job no more.

        The last one stops the watch, unless the user has made it theirs: by `start`, by waiting,
        by a callback.
        """
        self._widgets = self._widgets_beside(widget)
        if not (self._widgets or self._is_users or self._was_stopped):
            self.stop()
            self._was_left = True

    # The rest is private to this module.

    def _widgets_beside(self, widget: object) -> tuple[ref[object], ...]:
        return tuple(one for one in self._widgets if one() not in {None, widget})

    def _claim(self) -> None:
        """Count the watch as the user's, and begin it if it never was."""
        poller().thread.check()
        self._is_users = True
        self._start_once()

    async def _ended(self) -> Job:
        self._claim()
        await until_settled(self._watch.feed)
        return self._ended_or_raise()

    def _ended_or_raise(self) -> Job:
        if not self.history.has_ended and self.error is not None:
            raise again(self.error)
        return self


def _check_callback(name: str, given: object) -> None:
    if not callable(given):
        raise TypeError(f"{name} is called with the job, found a {type(given).__name__}")
