"""What a job and a jobs resource have in common: how their contact stands after an exchange."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from jobwidgets._model.contact import Contact, ContactState, state_after
from jobwidgets._watch.pace import Pace
from jobwidgets.errors import JobwidgetsError

# Nothing is asked before somebody has changed something.
_PARKED = frozenset({ContactState.LOST, ContactState.UNAUTHORISED, ContactState.STOPPED})


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

    __slots__ = ("began", "clock", "contact", "give_up_after", "heard_at", "pace")

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

    @property
    def is_active(self) -> bool:
        """Whether the resource is watched: it has begun and was not stopped."""
        return self.contact.state is not ContactState.STOPPED

    @property
    def is_parked(self) -> bool:
        """Whether nothing is asked before somebody has changed something."""
        return self.contact.state in _PARKED

    def begin(self) -> None:
        """Await an answer: the first, or one after an end or a refusal."""
        if self.is_parked:
            self.began = self.clock()
        connecting = ContactState.CONNECTING
        self.contact = replace(
            self.contact, state=connecting, failures=0, error=None, next_try=None
        )

    def stop(self) -> None:
        """Count the resource as one that nobody asks for."""
        self.contact = replace(self.contact, state=ContactState.STOPPED, next_try=None)

    def answered(self, seen: datetime) -> None:
        """Note an answer that was received at `seen` (UTC)."""
        self.heard_at = self.clock()
        state = ContactState.IN_TOUCH if self.is_active else ContactState.STOPPED
        self.contact = Contact(state, last_heard=seen)

    def missed(self, error: JobwidgetsError, state: ContactState | None = None) -> None:
        """Note what an exchange met; `state` where that does not follow from the error."""
        failures = self.contact.failures + 1
        state = state or self._state_after(error)
        self.contact = replace(self.contact, state=state, failures=failures, error=error)

    def retry_delay(self) -> float:
        """Return the seconds to the next try after a failure."""
        retry_after = getattr(self.contact.error, "retry_after", None)
        return self.pace.retry(self.contact.failures, retry_after)

    def promise(self, delay: float | None) -> None:
        """Tell in how many seconds the server is asked again; None tells no time."""
        at = None if delay is None else datetime.now(UTC) + timedelta(seconds=delay)
        self.contact = self.contact.to_be_tried(at)

    def _state_after(self, error: JobwidgetsError) -> ContactState:
        heard_at = self.began if self.heard_at is None else max(self.heard_at, self.began)
        return state_after(
            error,
            was_heard=self.contact.last_heard is not None,
            silent=self.clock() - heard_at,
            give_up_after=self.give_up_after,
        )
