"""The watch of a jobs resource: which jobs the server lists, asked for again and again."""

from __future__ import annotations

import asyncio
import logging
import math
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from jobwidgets.answer import ExchangeError, NoSuchJobError, RefusedError, UnauthorisedError
from jobwidgets.contact import Contact, ContactState
from jobwidgets.dialects import DocumentError
from jobwidgets.pace import Pace
from jobwidgets.poller import poller
from jobwidgets.snapshot import JobwidgetsError
from jobwidgets.source import Source

INTERVAL = 10.0
"""Seconds between two looks at the list."""

_log = logging.getLogger("jobwidgets")
# Before the first list these mean a wrong URL, which asking again does not mend.
_PERMANENT = (NoSuchJobError, DocumentError, RefusedError)

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
        self._give_up_after = give_up_after or math.inf
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

    def renew(self) -> None:
        """Ask anew, with a new token; a listing that was ended stays so."""
        if self.contact.state is not ContactState.STOPPED:
            self.begin()

    def end(self) -> None:
        """Ask no more, and leave nothing behind."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.contact = replace(self.contact, state=ContactState.STOPPED, next_try=None)

    async def _go_on(self) -> None:
        # It is over when only the user can help: the thread may end, `begin` goes on.
        while (delay := await self._exchange()) is not None:  # noqa: ASYNC110 - no polling of ours
            await asyncio.sleep(delay)

    async def _exchange(self) -> float | None:
        ids: list[str] | None = None
        try:
            ids = await self._source.read_ids(poller().connections)
        except JobwidgetsError as error:
            _let_go(error)
            self._missed(error)
        except Exception as error:  # noqa: BLE001 - a user's transport may raise anything
            # Its text may hold a header, so only its kind and place are told.
            place = "".join(traceback.format_tb(error.__traceback__))
            _log.error("asking %s broke: %s\n%s", self._source.url, type(error), place)
            self._missed(ExchangeError(f"the exchange broke: {type(error).__name__}"))
        else:
            self._heard_at = self._clock()
            self.contact = Contact(ContactState.IN_TOUCH, last_heard=datetime.now(UTC))
        delay = self._delay()
        next_try = None if delay is None else datetime.now(UTC) + timedelta(seconds=delay)
        self.contact = replace(self.contact, next_try=next_try)
        self._told(ids)
        return delay

    def _missed(self, error: JobwidgetsError) -> None:
        failures = self.contact.failures + 1
        state = self._state_after(error)
        self.contact = replace(self.contact, state=state, failures=failures, error=error)

    def _state_after(self, error: JobwidgetsError) -> ContactState:
        if isinstance(error, UnauthorisedError):
            return ContactState.UNAUTHORISED
        if self.contact.last_heard is None and isinstance(error, _PERMANENT):
            return ContactState.LOST
        is_hopeless = self._clock() - self._heard_at >= self._give_up_after
        return ContactState.LOST if is_hopeless else ContactState.RETRYING

    def _delay(self) -> float | None:
        if self.contact.state in {ContactState.UNAUTHORISED, ContactState.LOST}:
            return None
        if not self.contact.failures:
            return self._interval
        retry_after = getattr(self.contact.error, "retry_after", None)
        return self._pace.retry(self.contact.failures, retry_after)


def _let_go(error: JobwidgetsError) -> None:
    """Drop what the frames behind an error and its causes hold, a body say: the error is kept."""
    behind: BaseException | None = error
    while behind is not None:
        traceback.clear_frames(behind.__traceback__)
        behind = behind.__cause__ or behind.__context__
