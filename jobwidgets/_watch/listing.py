"""The watch of a jobs resource: which jobs the server lists, asked for again and again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from jobwidgets._http.exchange import Source
from jobwidgets._model.contact import Contact
from jobwidgets._threads import cancel
from jobwidgets._watch.contact_tracker import ContactTracker
from jobwidgets._watch.pace import Pace
from jobwidgets._watch.poller import poller
from jobwidgets.errors import JobwidgetsError

INTERVAL = 10.0
"""Seconds between two looks at the list."""

_log = logging.getLogger("jobwidgets")

ListListener = Callable[[Sequence[str] | None], object]
"""Called after each exchange, with the ids in the server's order; None when no list came."""


class Listing:
    """Asks for the list at once, and then at a calm pace; a failure is asked again as a job's is.

    All its methods run on the poller's loop; `contact` may be read from any thread.

    Parameters
    ----------
    source
        Where the list is asked for.
    listener
        Called after each exchange, whose outcome `contact` has by then.
    interval
        Seconds between two lists.
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
        interval: float = INTERVAL,
        pace: Pace | None = None,
        give_up_after: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._listener = listener
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
        self._tracker.stop()

    async def _go_on(self) -> None:
        # It is over when only the user can help; `begin` goes on.
        while (delay := await self._exchange()) is not None:  # noqa: ASYNC110 - no polling of ours
            await asyncio.sleep(delay)

    async def _exchange(self) -> float | None:
        ids: list[str] | None = None
        try:
            connections = poller().connections
            await connections.admit(self._source.url)
            ids = await self._source.read_ids(connections)
        except JobwidgetsError as error:
            self._tracker.missed(error)
        else:
            self._tracker.answered(datetime.now(UTC))
        delay = self._delay()
        self._tracker.note_next_try(delay)
        try:
            self._listener(ids)
        except Exception:  # noqa: BLE001 - no fault of the list's
            _log.exception("the listener to %s failed", self._source.url)
        return delay

    def _delay(self) -> float | None:
        if self._tracker.is_parked:
            return None
        return self._tracker.retry_delay() if self.contact.failures else self._interval
