"""The watch of a jobs resource: which jobs the server lists, asked for again and again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from jobwidgets._http.exchange import Source
from jobwidgets._model.contact import Contact, ContactState, state_after
from jobwidgets._threads import cancel
from jobwidgets._watch.pace import Pace
from jobwidgets._watch.poller import poller
from jobwidgets.errors import JobwidgetsError

INTERVAL = 10.0
"""Seconds between two looks at the list."""

_log = logging.getLogger("jobwidgets")

Heard = Callable[[Sequence[str] | None], object]
"""Called after each exchange, with the ids in the server's order; None when no list came."""


class Listing:
    """Asks for the list at once, and then at a calm pace; a failure is asked again as a job's is.

    All its methods run on the poller's loop; `contact` may be read from any thread.

    Parameters
    ----------
    source
        Where the list is asked for.
    heard
        What is told of each exchange, whose outcome `contact` has by then.
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
        heard: Heard,
        *,
        interval: float = INTERVAL,
        pace: Pace | None = None,
        give_up_after: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.contact = Contact()
        self._source = source
        self._told = heard
        self._interval = interval
        self._pace = pace or Pace()
        self._give_up_after = give_up_after
        self._clock = clock
        self._heard_at = clock()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Ask now and go on: at first, or again after an end."""
        self.end()
        self._heard_at = self._clock()
        self.contact = replace(
            self.contact, state=ContactState.CONNECTING, error=None, failures=0, next_try=None
        )
        self._task = asyncio.get_running_loop().create_task(self._go_on())
        poller().askers.add(self)

    def renew(self) -> None:
        """Ask anew, with a new token; a listing that was ended stays so."""
        if self.contact.state is not ContactState.STOPPED:
            self.begin()

    def awake(self) -> None:
        """Ask at once, unless nothing is asked any more: the machine has slept."""
        if self._task is not None and not self._task.done():
            self.begin()

    def end(self) -> None:
        """Ask no more, and leave nothing behind."""
        cancel(self._task)
        self._task = None
        self.contact = replace(self.contact, state=ContactState.STOPPED, next_try=None)

    async def _go_on(self) -> None:
        # It is over when only the user can help: the thread may end, `begin` goes on.
        while (delay := await self._exchange()) is not None:  # noqa: ASYNC110 - no polling of ours
            await asyncio.sleep(delay)

    async def _exchange(self) -> float | None:
        ids: list[str] | None = None
        try:
            connections = poller().connections
            await connections.admit(self._source.url)
            ids = await self._source.read_ids(connections)
        except JobwidgetsError as error:
            self._missed(error)
        else:
            self._heard_at = self._clock()
            self.contact = Contact(ContactState.IN_TOUCH, last_heard=datetime.now(UTC))
        delay = self._delay()
        next_try = None if delay is None else datetime.now(UTC) + timedelta(seconds=delay)
        self.contact = replace(self.contact, next_try=next_try)
        try:
            self._told(ids)
        except Exception:  # noqa: BLE001 - no fault of the list's
            _log.exception("what hears of %s failed", self._source.url)
        return delay

    def _missed(self, error: JobwidgetsError) -> None:
        failures = self.contact.failures + 1
        state = state_after(
            error,
            was_heard=self.contact.last_heard is not None,
            silent=self._clock() - self._heard_at,
            give_up_after=self._give_up_after,
        )
        self.contact = replace(self.contact, state=state, failures=failures, error=error)

    def _delay(self) -> float | None:
        if self.contact.state in {ContactState.UNAUTHORISED, ContactState.LOST}:
            return None
        if not self.contact.failures:
            return self._interval
        retry_after = getattr(self.contact.error, "retry_after", None)
        return self._pace.retry(self.contact.failures, retry_after)
