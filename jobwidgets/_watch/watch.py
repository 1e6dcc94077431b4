"""The watch of one job: each exchange, what it changed, and when to ask next."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from jobwidgets._http.budget import lateness
from jobwidgets._http.exchange import Reading, Source
from jobwidgets._model.contact import Contact, ContactState, state_after
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Snapshot, Status
from jobwidgets._threads import cancel
from jobwidgets._watch.feed import Feed
from jobwidgets._watch.pace import Pace
from jobwidgets.errors import JobwidgetsError, NoSuchJobError

if TYPE_CHECKING:
    from jobwidgets._http.connections import Connections

# Nothing is asked before somebody has changed something.
_PARKED = frozenset({ContactState.LOST, ContactState.UNAUTHORISED, ContactState.STOPPED})


class Watch:
    """One job's exchanges, one at a time, and what they tell.

    All its methods run on the poller's loop; its attributes may be read from any thread.

    Parameters
    ----------
    source
        Where the job is asked for.
    history
        What is written down.
    pace
        When to ask next.
    poll_interval
        Seconds between two polls instead, whatever the job's age; None leaves it to the pace.
    give_up_after
        Seconds without an answer after which the watch gives up; None never does.
    clock
        Monotonic seconds.
    """

    # Slots here and in what each watch has: a kernel may watch thousands of jobs.
    __slots__ = (
        "_asked_at",
        "_began",
        "_clock",
        "_delay",
        "_flight",
        "_has_trailed",
        "_heard_at",
        "_missing_at",
        "_news",
        "_step_at",
        "contact",
        "feed",
        "give_up_after",
        "history",
        "is_active",
        "is_at_rest",
        "pace",
        "poll_interval",
        "source",
    )

    def __init__(
        self,
        source: Source,
        history: JobHistory,
        *,
        pace: Pace | None = None,
        poll_interval: float | None = None,
        give_up_after: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = source
        self.history = history
        self.pace = pace or Pace()
        self.poll_interval = poll_interval
        self.give_up_after = give_up_after
        self.contact = Contact()
        self.feed = Feed()
        self._clock = clock
        self.is_active = False
        self.is_at_rest = False
        self._began = clock()
        self._heard_at: float | None = None
        self._step_at = self._began
        self._missing_at: float | None = None
        self._news: int | None = None
        self._has_trailed = False
        self._flight: asyncio.Task[None] | None = None
        self._asked_at = self._began
        self._delay: float | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the job has a final status."""
        return self.history.status is not None and self.history.status.is_final

    @property
    def is_over(self) -> bool:
        """Whether the job has ended, and nothing more is read of it."""
        return self.has_ended and self.is_at_rest

    @property
    def is_done(self) -> bool:
        """Whether the job is over, or the watch has given up."""
        return self.is_over or self.contact.state is ContactState.LOST

    @property
    def elapsed(self) -> timedelta | None:
        """How long the job has run by now, or had run at its end; None if its start is unknown."""
        elapsed = self.history.elapsed
        if elapsed is None or self._heard_at is None or self.has_ended:
            return elapsed
        return elapsed + timedelta(seconds=self._clock() - self._heard_at)

    def begin(self) -> None:
        """Count the watch as begun, anew after an end or a refusal."""
        if not self.is_active or self.contact.state in _PARKED:
            self.is_active, self._began = True, self._clock()
        self.is_at_rest = False
        self._asked_at, self._delay = self._clock(), None
        self.feed.unsettle()
        connecting = ContactState.CONNECTING
        self.contact = replace(self.contact, state=connecting, error=None, failures=0)
        self.history.watch_error = None

    def end(self) -> None:
        """Count the watch as stopped, and drop an exchange that is under way."""
        self.is_active, self.is_at_rest = False, True
        self.drop_exchange()
        self.contact = replace(self.contact, state=ContactState.STOPPED, next_try=None)
        self.feed.publish(None)
        self.feed.settle()

    def drop_exchange(self) -> None:
        """Forget an exchange that is under way."""
        cancel(self._flight)
        self._flight = None

    def urgency(self, now: float) -> float:
        """Return how urgent the next poll is; see `jobwidgets._http.budget.lateness`."""
        return lateness(self._asked_at, self._delay or 1.0)(now)

    def line_up(self) -> None:
        """Count the next exchange as one that may begin at any moment."""
        self.contact = self.contact.to_be_tried(None)

    def exchange(self, connections: Connections) -> asyncio.Task[None]:
        """Join the exchange that is under way, or begin one; the task raises what it meets.

        The caller has had its first request admitted.
        """
        flight, loop = self._flight, asyncio.get_running_loop()
        # After a fork an unfinished exchange is the parent's, on a loop that runs there only.
        if flight is None or flight.done() or flight.get_loop() is not loop:
            self.line_up()
            self._flight = flight = loop.create_task(self._exchange(connections))
        return flight

    def delay(self) -> float | None:
        """Return the seconds to the next poll; None when there is none to come."""
        contact, latest = self.contact, self.history.latest
        if not self.is_active or contact.state in _PARKED:
            return None
        if self.has_ended:
            return self._trail()
        if self._missing_at is not None:
            return self.pace.gone
        if contact.failures:
            return self.pace.retry(contact.failures, getattr(contact.error, "retry_after", None))
        if self.poll_interval is not None or latest is None:
            return self.poll_interval or self.pace.shortest
        now, elapsed = self._clock(), self.elapsed
        watched = now - self._began
        return self.pace.delay(
            age=watched if elapsed is None else elapsed.total_seconds(),
            watched=watched,
            steps_done=latest.steps_done,
            steps_total=latest.steps_total,
            since_step=now - self._step_at,
        )

    def _trail(self) -> float | None:
        """Return when to look once more for what the last document may not have had yet."""
        latest = self.history.latest
        is_complete = latest is not None and self.source.dialect.is_complete(latest)
        if is_complete or self._has_trailed or self.history.status is Status.GONE:
            return None
        self._has_trailed = True
        return self.pace.trail

    def landed(self) -> float | None:
        """Tell the listeners of an exchange that is over; return the seconds to the next one."""
        delay = self.delay()
        self.is_at_rest = delay is None
        next_try = None if delay is None else datetime.now(UTC) + timedelta(seconds=delay)
        self.contact = self.contact.to_be_tried(next_try)
        self._asked_at, self._delay = self._clock(), delay
        if self._flight is not None and self._flight.done():
            self._flight = None  # half a kilobyte
        news, self._news = self._news, None
        self.feed.publish(news)
        if delay is None or not self.is_active:  # a listener may have ended the watch
            self.feed.settle()
            return None
        self.feed.unsettle()
        return delay

    async def _exchange(self, connections: Connections) -> None:
        try:
            reading = await self.source.read_job(connections)
        except JobwidgetsError as error:
            self._missed(error)
            raise
        self._heard(reading)

    def _heard(self, reading: Reading) -> None:
        self._heard_at = now = self._clock()
        self._missing_at = None
        if reading.snapshot is None:
            self.history.record_again(reading.seen, reading.server_time)
        else:
            self._note_step(reading.snapshot, now)
            self._news = self.history.record(reading.snapshot, reading.server_time)
        self.history.watch_error = None
        state = ContactState.IN_TOUCH if self.is_active else ContactState.STOPPED
        self.contact = Contact(state, last_heard=reading.seen)

    def _note_step(self, snapshot: Snapshot, now: float) -> None:
        before = self.history.latest
        if before is None or before.steps_done != snapshot.steps_done:
            self._step_at = now

    def _missed(self, error: JobwidgetsError) -> None:
        self._note_missing(error)
        self.contact = replace(
            self.contact,
            state=self._state_after(error),
            failures=self.contact.failures + 1,
            error=error,
        )
        if self.contact.state in _PARKED and not self.has_ended:
            self.history.watch_error = error

    def _state_after(self, error: JobwidgetsError) -> ContactState:
        if not self.is_active:
            return ContactState.STOPPED
        if self.has_ended:  # what a read after the end meets changes nothing
            return ContactState.IN_TOUCH
        heard_at = self._began if self._heard_at is None else max(self._heard_at, self._began)
        return state_after(
            error,
            was_heard=self.history.latest is not None,
            silent=self._clock() - heard_at,
            give_up_after=self.give_up_after,
        )

    def _note_missing(self, error: JobwidgetsError) -> None:
        """Count the job as gone when it was missing twice, far enough apart.

        A web adaptor that restarts answers a single 404 for a job that is well.
        """
        now, latest = self._clock(), self.history.latest
        if not isinstance(error, NoSuchJobError) or latest is None or self.has_ended:
            self._missing_at = None
        elif self._missing_at is None:
            self._missing_at = now
        elif now - self._missing_at >= self.pace.gone:
            self._missing_at = None
            self._record_gone(latest)

    def _record_gone(self, latest: Snapshot) -> None:
        started, elapsed = latest.started, self.elapsed
        # By the server's clock, which this one's may be far from.
        server_time = started + elapsed if started is not None and elapsed is not None else None
        gone = replace(latest, status=Status.GONE, seen=datetime.now(UTC))
        self._news = self.history.record(gone, server_time)
        self.source.forget()  # the same document would be news again
