"""The watch of one job: each exchange, what it changed, and when to ask next."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from jobwidgets._http.answers import TOKEN_REFUSED
from jobwidgets._http.budget import lateness
from jobwidgets._http.source import Reading
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Snapshot, Status
from jobwidgets._watch.cancelling import is_cancelled_by, note_told
from jobwidgets._watch.contact_tracker import ContactTracker
from jobwidgets._watch.feed import Feed
from jobwidgets._watch.pace import Pace
from jobwidgets._watch.seen import as_seen
from jobwidgets._watch.source import JobSource
from jobwidgets.errors import JobwidgetsError, NoSuchHostError

if TYPE_CHECKING:
    from jobwidgets._http.connections import Connections


class Watch:
    """The exchanges of one job, one at a time, and what follows from them.

    All its methods run on the poller's loop; its attributes may be read from any thread.

    Parameters
    ----------
    source
        Where the job is asked for.
    history
        Where the documents are recorded.
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
        "_delay",
        "_first_message",
        "_has_trailed",
        "_step_at",
        "_tracker",
        "feed",
        "history",
        "is_at_rest",
        "poll_interval",
        "source",
    )

    def __init__(
        self,
        source: JobSource,
        history: JobHistory,
        *,
        pace: Pace | None = None,
        poll_interval: float | None = None,
        give_up_after: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = source
        self.history = history
        self.poll_interval = poll_interval
        self.feed = Feed()
        self.is_at_rest = False
        self._tracker = ContactTracker(pace or Pace(), give_up_after=give_up_after, clock=clock)
        self._step_at = self._asked_at = clock()
        self._delay: float | None = None
        self._first_message: int | None = None
        self._has_trailed = False

    @property
    def contact(self) -> Contact:
        """Whether the server answers."""
        return self._tracker.contact

    @property
    def is_active(self) -> bool:
        """Whether the job is watched: the watch has begun and was not stopped."""
        return self._tracker.is_active

    @property
    def is_over(self) -> bool:
        """Whether the job has ended, and nothing more is read of it."""
        return self.history.has_ended and self.is_at_rest

    @property
    def is_done(self) -> bool:
        """Whether the job is over, or the watch has given up."""
        return self.is_over or self.contact.state is ContactState.LOST

    @property
    def elapsed(self) -> timedelta | None:
        """How long the job has run by now, or had run at its end; None if its start is unknown."""
        elapsed, heard_at = self.history.elapsed, self._tracker.heard_at
        if elapsed is None or heard_at is None or self.history.has_ended:
            return elapsed
        return elapsed + timedelta(seconds=self._tracker.clock() - heard_at)

    def begin(self) -> None:
        """Note that the watch has begun, or begun again."""
        self._tracker.begin()
        self.is_at_rest = False
        self._asked_at, self._delay = self._tracker.clock(), None
        self.feed.unsettle()
        self.history.watch_error = None

    def end(self) -> None:
        """Note that the watch was stopped."""
        self._tracker.stop()
        self.is_at_rest = True
        self.feed.publish(None)
        self.feed.settle()

    def urgency(self, now: float) -> float:
        """Return how urgent the next poll is; see `jobwidgets._http.budget.lateness`."""
        return lateness(self._asked_at, self._delay or 1.0)(now)

    def note_next_try(self, delay: float | None) -> None:
        """Note in how many seconds the server is asked again; None when that may be any moment."""
        self._tracker.note_next_try(delay)

    async def exchange(self, connections: Connections) -> None:
        """Ask once, and record the answer or the error; the error is raised too.

        The caller has had its first request admitted.
        """
        self.note_next_try(None)
        had_ended = self.history.has_ended
        try:
            reading = await self.source.read_job(connections)
        except JobwidgetsError as error:
            latest = self.history.latest
            if latest is None or not is_cancelled_by(error, self.history):
                self._note_failure(error)
                raise
            self._record_end(latest, Status.CANCELLED)
        else:
            self._note_answer(reading)
            await self._read_log(reading)
        finally:
            self._has_trailed = had_ended

    def delay(self) -> float | None:
        """Return the seconds from the last exchange to the next one; None when none is to come."""
        tracker = self._tracker
        if tracker.is_parked:
            return None
        if self.history.has_ended:
            return None if self._is_whole else tracker.pace.trail
        if tracker.contact.failures:
            return tracker.retry_delay()
        if self.poll_interval is not None or self.history.latest is None:
            return self.poll_interval or tracker.pace.shortest
        return self._delay_by_age(self.history.latest)

    def after_exchange(self) -> float | None:
        """Call the listeners after an exchange; return the seconds to the next, None for none."""
        delay = self.delay()
        self.is_at_rest = delay is None
        self.note_next_try(delay)
        self._asked_at, self._delay = self._tracker.clock(), delay
        self._publish()
        is_active = self.is_active  # a listener may have ended the watch
        if delay is None or self._needs_user or not is_active:
            self.feed.settle()
        else:
            self.feed.unsettle()
        return delay if is_active else None

    @property
    def _needs_user(self) -> bool:
        """Whether what the user does is awaited: another token, another host name.

        Both are asked with again calmly all the same: a network may come back.
        """
        contact, keeper = self.contact, self.source.token
        if isinstance(contact.error, NoSuchHostError):
            return contact.last_heard is None
        is_refused = getattr(contact.error, "code", None) in TOKEN_REFUSED
        is_given = keeper is None or not keeper.is_provided
        return contact.state is ContactState.UNAUTHORISED and is_refused and is_given

    @property
    def _is_whole(self) -> bool:
        """Whether an ended job need not be asked for once more, for what came late.

        The status may be written before the rest; an end is written last (ours).
        """
        latest = self.history.latest
        has_end = latest is not None and latest.ended is not None
        is_complete = has_end and self.source.messages_are != "log"
        is_gone = self.history.status is Status.GONE
        return is_complete or is_gone or self._has_trailed or self.source.has_all

    def _delay_by_age(self, latest: Snapshot) -> float:
        now, elapsed = self._tracker.clock(), self.elapsed
        watched = now - self._tracker.began
        return self._tracker.pace.delay(
            age=watched if elapsed is None else elapsed.total_seconds(),
            watched=watched,
            steps_done=latest.steps_done,
            steps_total=latest.steps_total,
            since_step=now - self._step_at,
        )

    def _note_answer(self, reading: Reading) -> None:
        self.history.can_cancel = self.source.cancel_note is None
        dialect = self.source.dialect
        self.history.dialect = None if dialect is None else dialect.name
        self._tracker.answered(reading.seen, reading.server_time, reading.age)
        if reading.snapshot is None:
            self.history.record_again(reading.seen, reading.server_time)
        else:
            self._note_step(reading.snapshot)
            seen = as_seen(reading, reading.snapshot, self.history, self.source.messages_are)
            self.record(seen, reading.server_time)
            note_told(self.history, reading.snapshot.status, reading.seen)
            if seen.status is Status.CANCELLING:  # until when is not for the document to say
                self.source.forget()
        self.history.watch_error = None

    async def _read_log(self, reading: Reading) -> None:
        """Read the messages that are in a log; what the job itself says is told before that."""
        if reading.read_log is None:
            return
        if self.is_active:
            self._publish()
        messages, latest = await reading.read_log(self.history.has_ended), self.history.latest
        if latest is not None and len(messages) != len(latest.messages):
            logged = replace(latest, messages=messages, seen=datetime.now(UTC))
            self.record(logged, reading.server_time)

    def _publish(self) -> None:
        first_message, self._first_message = self._first_message, None
        self.feed.publish(first_message)

    def record(self, snapshot: Snapshot, server_time: datetime | None = None) -> None:
        """Take in a snapshot; `after_exchange` tells the listeners."""
        self._first_message = self.history.record(snapshot, server_time)

    def _note_step(self, snapshot: Snapshot) -> None:
        before = self.history.latest
        if before is None or before.steps_done != snapshot.steps_done:
            self._step_at = self._tracker.clock()

    def _note_failure(self, error: JobwidgetsError) -> None:
        tracker, latest = self._tracker, self.history.latest
        if tracker.is_parked:  # whoever asked by hand gets the error, and nobody watches
            return
        if self.history.has_ended:  # a failed read after the end changes nothing
            tracker.note_end()
            return
        tracker.missed(error)
        is_stuck = tracker.is_parked or self._needs_user
        self.history.watch_error = error if is_stuck else None
        if latest is not None and tracker.is_missing and tracker.missing_for >= tracker.pace.gone:
            self._record_end(latest, Status.GONE)

    def _record_end(self, latest: Snapshot, status: Status) -> None:
        """Note that a job has ended of which the server knows nothing any more."""
        started, elapsed = latest.started, self.elapsed
        # By the server's clock, which this one's may be far from.
        server_time = started + elapsed if started is not None and elapsed is not None else None
        raw = None if status is Status.CANCELLED else latest.raw_status
        end = replace(latest, status=status, raw_status=raw, seen=datetime.now(UTC))
        self.record(end, server_time)
        self._tracker.note_end()
        self.source.forget()  # the same document would be news again
