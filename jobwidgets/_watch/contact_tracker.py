"""Keeps the contact with a job or a jobs resource, one exchange after another."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from jobwidgets._model.contact import LOST_AFTER, Contact, ContactState, state_after
from jobwidgets._watch.pace import Pace
from jobwidgets.errors import JobwidgetsError, NoSuchJobError

CACHED = 5.0
"""Age in seconds from which on an answer counts as a cache's."""


class ContactTracker:
    """Keeps the contact of one resource.

    Parameters
    ----------
    pace
        When to ask again after a failure.
    give_up_after
        Seconds without an answer after which nothing more is asked; None never gives up.
    clock
        Monotonic seconds.

    Attributes
    ----------
    contact : Contact
        A value: it may be read from any thread.
    began : float
        When the watch began, or began anew after it was parked; by the clock.
    heard_at : float or None
        When the last answer came, by the clock; None before the first.
    """

    __slots__ = (
        "_dated_at",
        "_failed_since",
        "_missing_at",
        "_server_time",
        "began",
        "clock",
        "contact",
        "give_up_after",
        "heard_at",
        "pace",
    )

    def __init__(
        self,
        pace: Pace,
        *,
        give_up_after: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pace = pace
        self.give_up_after = give_up_after
        self.clock = clock
        self.contact = Contact()
        self.began = clock()
        self.heard_at: float | None = None
        self._failed_since: datetime | None = None
        self._missing_at: float | None = None
        self._server_time: datetime | None = None
        self._dated_at = self.began

    @property
    def is_active(self) -> bool:
        """Whether the resource is watched: it has begun and was not stopped."""
        return self.contact.state is not ContactState.STOPPED

    @property
    def is_parked(self) -> bool:
        """Whether the server is not asked again until something has changed."""
        state = self.contact.state
        if state is ContactState.UNAUTHORISED:
            return self.contact.last_heard is None
        return state in {ContactState.LOST, ContactState.STOPPED}

    @property
    def is_missing(self) -> bool:
        """Whether the server does not know what is asked for, and has said nothing else since."""
        return self._missing_at is not None

    @property
    def missing_for(self) -> float:
        """Seconds for which that has been so."""
        return 0.0 if self._missing_at is None else self.clock() - self._missing_at

    def begin(self) -> None:
        """Await an answer: the first, or one after an end or a refusal."""
        if self.is_parked:
            self.began = self.clock()
        self._missing_at = None
        before, self._failed_since = self.contact, None
        self.contact = Contact(
            ContactState.CONNECTING,
            last_heard=before.last_heard,
            cached_since=before.cached_since,
            stale_from=before.stale_from,  # until there is an answer, nothing newer is known
        )

    def stop(self) -> None:
        """Note that the resource is not watched."""
        stale_from = self._stale_at_once() if self._was_heard else None
        self.contact = replace(
            self.contact, state=ContactState.STOPPED, next_try=None, stale_from=stale_from
        )

    def answered(
        self, seen: datetime, server_time: datetime | None = None, age: float | None = None
    ) -> None:
        """Note an answer.

        Parameters
        ----------
        seen
            When it was received (UTC).
        server_time, age
            Its ``Date`` (UTC), and its ``Age`` in seconds; None where it had none.
        """
        self.heard_at, self._missing_at, self._failed_since = self.clock(), None, None
        state = ContactState.IN_TOUCH if self.is_active else ContactState.STOPPED
        age = max(age or 0.0, self._standstill(server_time))
        cached_since = seen - timedelta(seconds=age) if age >= CACHED else None
        self.contact = Contact(state, last_heard=seen, cached_since=cached_since)

    def missed(self, error: JobwidgetsError) -> None:
        """Note the error of an exchange that got no document."""
        missing_since = None
        if not isinstance(error, NoSuchJobError):
            self._missing_at = None
        elif self._missing_at is None:
            self._missing_at, missing_since = self.clock(), datetime.now(UTC)
        else:
            missing_since = self.contact.missing_since
        self._failed_since = self._failed_since or datetime.now(UTC)
        self.contact = replace(
            self.contact,
            state=self._state_after(error),
            failures=self.contact.failures + 1,
            error=error,
            missing_since=missing_since,
        )
        if self.contact.state is ContactState.LOST:
            self.contact = replace(self.contact, stale_from=self._stale_at_once())
        elif self.contact.failures > 1:
            self._note_lost()

    def note_end(self) -> None:
        """Note that what was asked for has ended: there is nothing to be out of touch with."""
        self._missing_at = None
        self.contact = Contact(ContactState.IN_TOUCH, last_heard=self.contact.last_heard)

    def retry_delay(self) -> float:
        """Return the seconds to the next try after a failure."""
        retry_after = getattr(self.contact.error, "retry_after", None)
        delay = self.pace.retry(self.contact.failures, retry_after)
        left = self._missing_limit - self.missing_for
        if not self.is_missing or retry_after is not None or left <= 0:
            return delay
        return min(delay, max(left, self.pace.shortest))

    def note_next_try(self, delay: float | None) -> None:
        """Note in how many seconds the server is asked again; None where that is not known."""
        at = None if delay is None else datetime.now(UTC) + timedelta(seconds=delay)
        self.contact = replace(self.contact, next_try=at)
        if self.contact.failures and delay is not None and delay > LOST_AFTER:
            self._note_lost()  # a pause of an hour that the server asks for is no single lost poll

    def _note_lost(self) -> None:
        if self.contact.stale_from is None and self._failed_since is not None:
            lost = self._failed_since + timedelta(seconds=LOST_AFTER)
            self.contact = replace(self.contact, stale_from=lost)

    def _stale_at_once(self) -> datetime:
        now = datetime.now(UTC)
        return min(self.contact.stale_from or now, now)

    @property
    def _was_heard(self) -> bool:
        return self.contact.last_heard is not None

    @property
    def _missing_limit(self) -> float:
        return self.pace.gone if self._was_heard else self.pace.appear

    def _state_after(self, error: JobwidgetsError) -> ContactState:
        heard_at = self.began if self.heard_at is None else max(self.heard_at, self.began)
        may_appear = self.is_missing and self.missing_for < self.pace.appear
        return state_after(
            error,
            was_heard=self._was_heard or may_appear,
            silent=self.clock() - heard_at,
            give_up_after=self.give_up_after,
        )

    def _standstill(self, server_time: datetime | None) -> float:
        """Return the seconds for which the server's clock has stood still: a cache answers."""
        now = self.clock()
        if server_time is None or server_time != self._server_time:
            self._server_time, self._dated_at = server_time, now
        return now - self._dated_at
