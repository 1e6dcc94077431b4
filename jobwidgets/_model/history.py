"""What polling saw of one job: distinct snapshots, and each message with its first sight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from operator import is_
from typing import Any

from jobwidgets._model.cancel import Cancel
from jobwidgets._model.first_sights import FirstSights
from jobwidgets._model.packed import PackedSnapshots, add
from jobwidgets._model.severity import reason_of
from jobwidgets._model.snapshot import Message, Snapshot, Status
from jobwidgets._model.step_sights import seen_steps
from jobwidgets._model.unknown_end import UnknownEnd
from jobwidgets.errors import JobCancelledError, JobFailedError, JobGoneError, JobwidgetsError


def outcome_error(snapshot: Snapshot) -> JobwidgetsError | None:
    """Return the error that an ended job stands for; None for any other status."""
    return error_of(snapshot.id, snapshot.status, reason_of(snapshot.messages))


def error_of(job_id: str, status: Status, reason: str | None) -> JobwidgetsError | None:
    """Return the error that a job with this status stands for; see `reason_of` for the reason."""
    name = f"job {job_id}"
    if status is Status.FAILED:
        told = "the server gave no message" if reason is None else reason
        return JobFailedError(f"{name} failed: {told}")
    if status is Status.CANCELLED:
        return JobCancelledError(f"{name} was cancelled")
    if status is Status.GONE:
        return JobGoneError(f"{name} was removed from the server, its outcome is unknown")
    return None


class JobHistory:
    """Everything that polling saw of one job.

    One writer (the poller's thread) adds to it; any thread may read it at any time.

    Parameters
    ----------
    job_id
        The server's name of the job.
    url
        Where the job was asked for, without any token.
    dialect
        The name of what its server speaks; None where that is not known, or a function tells of it.

    Attributes
    ----------
    latest : Snapshot or None
        The last distinct snapshot, each of its messages and steps with when it was first seen.
        None before the first document.
    snapshots : sequence of SnapshotSummary
        The distinct snapshots in the order in which they were seen, each with its `seen`,
        `status`, `raw_status`, `steps_done`, `steps_total`, `progress` and `message_count`.
    elapsed : timedelta or None
        How long the job had run at the last document (the server's `Date` less its start, never
        negative); of an ended job, its duration. None while the start is unknown, and for a job
        that had ended before anybody looked and does not tell its duration.
    can_cancel : bool
        Whether its server can cancel the job, as far as is known.
    cancel : Cancel or None
        The last request to cancel the job; None while there was none.
    watch_error : JobwidgetsError or None
        Why no (further) document could be had; None while there is hope.
    """

    def __init__(self, job_id: str, url: str | None = None, *, dialect: str | None = None) -> None:
        self.job_id = job_id
        self.url = url
        self.dialect = dialect
        self.latest: Snapshot | None = None
        self.snapshots = PackedSnapshots()
        self.elapsed: timedelta | None = None
        self.can_cancel = False
        self.cancel: Cancel | None = None
        self.watch_error: JobwidgetsError | None = None
        self._first_sights = FirstSights()
        self._unknown_end = UnknownEnd()
        self._last_poll: datetime | None = None

    def __repr__(self) -> str:
        if "_unknown_end" not in vars(self):  # one that is being unpickled
            return "JobHistory(…)"
        return f"JobHistory({self.job_id!r}, {len(self)} distinct snapshots)"

    def __len__(self) -> int:
        return len(self.snapshots)

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages of the last document, each with when it was first seen."""
        return self.latest.messages if self.latest is not None else ()

    @property
    def document(self) -> Mapping[str, Any] | None:
        """The last distinct document, tokens redacted; None before the first."""
        return self.latest.document if self.latest is not None else None

    @property
    def status(self) -> Status | None:
        """The last status; None before the first document."""
        return self.latest.status if self.latest is not None else None

    @property
    def has_ended(self) -> bool:
        """Whether the job has ended, however it did.

        Everything that shows, asks or waits decides by this, never by ``status.is_final``, which
        knows of one document only: under a word that is not known here a job has ended when that
        word and an end in the past have stood in three documents over 30 s. Its status is unknown
        then, and so is whether it succeeded.
        """
        is_final = self.status is not None and self.status.is_final
        return is_final or self._unknown_end.is_certain

    @property
    def error(self) -> JobwidgetsError | None:
        """Why the job or the watch ended; None for a job that goes on, or succeeded."""
        ended = outcome_error(self.latest) if self.latest is not None else None
        return ended or self.watch_error

    def record(self, snapshot: Snapshot, server_time: datetime | None = None) -> int | None:
        """Take in one snapshot.

        Parameters
        ----------
        snapshot
            What a document says; its `seen` is None if no watch received it.
        server_time
            The server's clock when it answered (UTC); None where it did not tell.

        Returns
        -------
        int or None
            None when the snapshot says nothing new. Else the index of the first message that is
            new or changed, which is the number of messages when none is.
        """
        self._note_time(snapshot, server_time or snapshot.seen)
        snapshot = replace(snapshot, seen=self._in_order(snapshot.seen))
        polled_before, self._last_poll = self._last_poll, snapshot.seen
        if self.latest is not None and self.latest.says_the_same(snapshot):
            return None
        before = self.messages
        if snapshot.seen is not None:
            snapshot = replace(
                snapshot,
                messages=self._first_sights.stamped(snapshot),
                steps=seen_steps(snapshot, self.latest) if snapshot.steps else (),
            )
        change = _first_change(before, snapshot.messages)
        add(self.snapshots, snapshot, polled_before)
        self.latest = snapshot  # last: whoever finds it finds what is known of it
        return change

    def record_again(self, seen: datetime, server_time: datetime | None = None) -> None:
        """Take in that the last snapshot came once more, at `seen`; see `record`."""
        if self.latest is not None:
            self._last_poll = self._in_order(seen)
            self._note_time(self.latest, server_time or seen)

    def _in_order(self, seen: datetime | None) -> datetime | None:
        """Return no time before the last poll; this client's clock may have been set back."""
        last = self._last_poll
        return last if seen is not None and last is not None and seen < last else seen

    def _note_time(self, snapshot: Snapshot, now: datetime | None) -> None:
        self._measure(snapshot, now)
        self._unknown_end.note(snapshot, now)

    def _measure(self, snapshot: Snapshot, now: datetime | None) -> None:
        if snapshot.duration is not None:
            self.elapsed = snapshot.duration
        elif snapshot.started is None or now is None or self._was_missed(snapshot):
            self.elapsed = None
        elif not self.has_ended:
            self.elapsed = max(now - snapshot.started, timedelta(0))

    def _was_missed(self, snapshot: Snapshot) -> bool:
        """Whether the job had ended before anybody looked: it may have been years ago."""
        return self.latest is None and snapshot.status.is_final


def _first_change(before: Sequence[Message], now: Sequence[Message]) -> int:
    """Return the index of the first message that is not as before, in what it says or its time."""
    shorter = min(len(before), len(now))
    if all(map(is_, before, now)):  # the usual case, in a tenth of the time
        return shorter
    pairs = enumerate(zip(before, now, strict=False))
    changed = (i for i, (old, new) in pairs if old != new or old.seen != new.seen)
    return next(changed, shorter)
