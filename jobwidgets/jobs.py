"""The server's jobs resource."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, SupportsIndex
from weakref import WeakSet

from jobwidgets._http.lists import read_list
from jobwidgets._http.secrets import hidden, hidden_in, hidden_settings
from jobwidgets._http.tokens import Token, token_keeper
from jobwidgets._model.history import JobHistory
from jobwidgets._settings import Settings, checked_settings, seconds
from jobwidgets._watch.listed import JobsList
from jobwidgets._watch.listing import Listing, ListListener
from jobwidgets._watch.pace import Pace
from jobwidgets._watch.poller import poller
from jobwidgets.dialects import Dialect
from jobwidgets.dialects._choice import told_already
from jobwidgets.dialects._urls import job_id_of
from jobwidgets.errors import JobwidgetsError
from jobwidgets.job import Job

if TYPE_CHECKING:
    from jobwidgets._http.connections import Connections
    from jobwidgets._watch.watch import Watch


class Jobs:
    """The jobs resource of a server.

    Parameters
    ----------
    url
        Its URL, ``<root>/jobs``. A ``token=`` in it is taken out and sent as a header.
    token, dialect, poll_interval, give_up_after, http, pace
        As for `Job`; every job of this resource gets them.

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
        http: Mapping[str, Any] | None = None,
        pace: Pace | None = None,
    ) -> None:
        url, token, http = hidden_in(url), hidden(token), hidden_settings(http)
        bare, self._settings = checked_settings(
            url,
            token=token,
            dialect=dialect,
            poll_interval=poll_interval,
            give_up_after=give_up_after,
            http=http,
            pace=pace,
        )
        self._source = self._settings.source(bare)
        self._url_of("any")  # an invalid URL raises here, not when the list is there
        self._told = JobsList()
        # A job that a board shows is the one that `job` returns: it is asked for once.
        self._handles: dict[str, Job] = {}
        self._listings: WeakSet[Listing] = WeakSet()
        self._lock = threading.RLock()  # a collection within it may run a user's __del__

    def __repr__(self) -> str:
        # Tracebacks may show an object whose __init__ has raised.
        return f"Jobs({self.url!r})" if hasattr(self, "_source") else "Jobs(…)"

    @property
    def url(self) -> str:
        """The URL of the resource, without any token."""
        return self._source.url

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a Jobs is neither copied nor pickled: its token would go along")

    def _set_token(self, token: Token | None) -> None:
        token = hidden(token)
        keeper = token_keeper(token)
        with self._lock:
            self._settings = replace(self._settings, token=keeper)
            self._source.token = keeper
            jobs, listings = list(self._handles.values()), list(self._listings)
        for job in jobs:
            job._take_token(keeper)
        for listing in listings:
            poller().thread.call(listing.renew)

    token = property(
        fset=_set_token,
        doc="Set a new token or provider, for the jobs and boards of this resource too: what was "
        "refused goes on. It cannot be read.",
    )

    def ids(self) -> list[str]:
        """Ask the server for the ids of its jobs, once each, in its order.

        Raises
        ------
        JobwidgetsError
            If no list came.
        """
        return poller().run(self._ids)

    def _urls(self) -> list[str]:
        """Ask the server for the URLs of its jobs; see `ids`."""
        return list(poller().run(partial(read_list, self._source)).jobs)

    def job(self, job_id: str) -> Job:
        """Return the handle of one job, the same one each time; no I/O.

        Raises
        ------
        TypeError, ValueError
            If it is the id of no job.
        """
        if not isinstance(job_id, str):
            raise TypeError(f"the id of a job is a string, found a {type(job_id).__name__}")
        job_id = hidden_in(job_id)
        with self._lock:
            return self._at(self._url_of(job_id))

    def histories(self) -> list[JobHistory]:
        """Ask for every job once, a few at a time: N + 1 requests for N jobs.

        Returns
        -------
        list of JobHistory
            In the server's order. A job that could not be had has its `error` set.

        Raises
        ------
        JobwidgetsError
            If no list of jobs came.
        """
        return poller().run(self._histories)

    def _at(self, url: str) -> Job:
        """Return the handle of the job at `url`, the same one each time."""
        with self._lock:
            if url not in self._handles:
                self._handles[url] = Job._of(self._told_settings().watch(url, self._told))
            return self._handles[url]

    def _listing(self, listener: ListListener, interval: float) -> Listing:
        settings = self._settings
        listing = Listing(
            self._source,
            listener,
            told=self._told,
            interval=seconds("listing_interval", interval),
            pace=settings.pace,
            give_up_after=settings.give_up_after,
        )
        with self._lock:
            self._listings.add(listing)
        return listing

    def _told_settings(self) -> Settings:
        """Return the settings of a job: with the dialect that the list has told, if it has."""
        dialect = self._settings.dialect or told_already(self._source.dialect)
        return replace(self._settings, dialect=dialect)

    def _url_of(self, job_id: str) -> str:
        return self._source.dialect.job_url(self.url, job_id)

    async def _histories(self, connections: Connections) -> list[JobHistory]:
        listed = await read_list(self._source, connections)
        settings = self._told_settings()
        watches = [settings.watch(url) for url in listed.jobs]
        await asyncio.gather(*(_look(watch, self.url, connections) for watch in watches))
        return [watch.history for watch in watches]

    async def _ids(self, connections: Connections) -> list[str]:
        listed = await read_list(self._source, connections)
        return [job_id_of(url) for url in listed.jobs]


async def _look(watch: Watch, url: str, connections: Connections) -> None:
    """Ask for a job of the resource at `url` once; its history tells what goes wrong."""
    await connections.admit(url)
    try:
        await watch.exchange(connections)
    except JobwidgetsError as error:
        watch.history.watch_error = error
