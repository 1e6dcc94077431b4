"""The watch of a jobs resource: which jobs the server lists, asked for again and again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from jobwidgets._http.lists import Listed, read_list
from jobwidgets._http.source import Source
from jobwidgets._model.contact import Contact
from jobwidgets._threads import cancel
from jobwidgets._watch.contact_tracker import ContactTracker
from jobwidgets._watch.listed import JobsList
from jobwidgets._watch.pace import Pace
from jobwidgets._watch.poller import poller
from jobwidgets.errors import JobwidgetsError

INTERVAL = 10.0
"""Seconds between two looks at the list."""

_log = logging.getLogger("jobwidgets")

ListListener = Callable[[Sequence[str] | None], object]
"""Called after each exchange, with the jobs' URLs in the server's order; None if no list came."""


class Listing:
    """Asks for the list at once, and then at a calm pace; a failure is asked again as a job's is.

    All its methods run on the poller's loop; `contact` may be read from any thread.

    Parameters
    ----------
    source
        Where the list is asked for.
    listener
        Called after each exchange, whose outcome `contact` has by then.
    told
        What the list tells of each job, for those that are asked for in it; None for none.
    interval
        Seconds between two lists; fewer while jobs wait for what it tells.
    pace
        When to ask again after a failure.
    give_up_after
        Seconds without an answer after which the listing gives up; None never does.
    clock
        Monotonic seconds.
    """

    def __init__(
        self,
        source: Source,
        listener: ListListener,
        *,
        told: JobsList | None = None,
        interval: float = INTERVAL,
        pace: Pace | None = None,
        give_up_after: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._listener = listener
        self._told = JobsList() if told is None else told
        self._interval = interval
        self._tracker = ContactTracker(pace or Pace(), give_up_after=give_up_after, clock=clock)
        self._task: asyncio.Task[None] | None = None

    @property
    def contact(self) -> Contact:
        """Whether the server answers."""
        return self._tracker.contact

    def begin(self) -> None:
        """Ask now and go on: at first, or again after an end."""
        cancel(self._task)
        if not self._tracker.is_active:
            self._told.begin()
        self._tracker.begin()
        self._task = asyncio.get_running_loop().create_task(self._go_on())
        poller().listings.add(self)

    def renew(self) -> None:
        """Ask anew, with a new token; a listing that was ended stays so."""
        if self._tracker.is_active:
            self.begin()

    def ask_at_once(self) -> None:
        """Ask without the rest of the pause; nothing where nothing is asked any more."""
        if self._task is not None and not self._task.done():
            self.begin()

    def end(self) -> None:
        """Ask no more, and leave nothing behind."""
        cancel(self._task)
        self._task = None
        if self._tracker.is_active:
            self._told.end()
        self._tracker.stop()

    async def _go_on(self) -> None:
        # It is over when only the user can help; `begin` goes on.
        while (delay := await self._exchange()) is not None:
            await self._told.pause(delay, is_failed=self.contact.failures > 0)

    async def _exchange(self) -> float | None:
        listed: Listed | None = None
        try:
            listed = await read_list(self._source, poller().connections)
        except JobwidgetsError as error:
            self._tracker.missed(error)
            self._told.fail(error)
        else:
            self._tracker.answered(datetime.now(UTC))
        delay = self._delay()
        self._tracker.note_next_try(delay)
        try:
            self._listener(None if listed is None else list(listed.jobs))
        except Exception:  # noqa: BLE001 - no fault of the list's
            _log.exception("the listener to %s failed", self._source.url)
        if listed is not None:
            self._told.take(listed)
        if delay is None:
            self._told.give_up()
        return delay

    def _delay(self) -> float | None:
        if self._tracker.is_parked:
            return None
        return self._tracker.retry_delay() if self.contact.failures else self._interval
