"""What polling saw of one job: distinct snapshots, and each message with its first sight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import nan
from struct import Struct
from typing import Any

from jobwidgets._model.snapshot import Message, Snapshot, Status
from jobwidgets.errors import JobCancelledError, JobFailedError, JobGoneError, JobwidgetsError

NONE = -(2**63)  # stands for None in the integer columns: no dialect reads such a number
ROW = Struct("<qbiqqdi")
"""One row of `SnapshotColumns`."""
_STATUS_INDEX = {status: index for index, status in enumerate(Status)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def outcome_error(snapshot: Snapshot) -> JobwidgetsError | None:
    """Return the error that an ended job stands for; None for any other status."""
    name = f"job {snapshot.id}"
    if snapshot.status is Status.FAILED:
        last = snapshot.messages[-1].text if snapshot.messages else "the server gave no message"
        return JobFailedError(f"{name} failed: {last}")
    if snapshot.status is Status.CANCELLED:
        return JobCancelledError(f"{name} was cancelled")
    if snapshot.status is Status.GONE:
        return JobGoneError(f"{name} was removed from the server, its outcome is unknown")
    return None


class SnapshotColumns:
    """Distinct snapshots as columns, 41 bytes a snapshot.

    One thread adds rows, any other may read: a row is there as a whole, or not at all.

    Attributes
    ----------
    words
        The raw statuses, in the order in which they were first seen.
    """

    __slots__ = ("_rows", "words")

    def __init__(self) -> None:
        self._rows = bytearray()
        self.words: tuple[str | None, ...] = ()

    def __len__(self) -> int:
        return len(self._rows) // ROW.size

    @property
    def rows(self) -> bytes:
        """All rows, each packed as `ROW`: the columns below in this order."""
        return bytes(self._rows)

    @property
    def seen(self) -> list[int]:
        """Microseconds since 1970-01-01 UTC, by this client's clock; `NONE`: nobody watched."""
        return self._column(0)

    @property
    def status(self) -> list[int]:
        """Index into ``list(Status)``."""
        return self._column(1)

    @property
    def raw_status(self) -> list[int]:
        """Index into `words`."""
        return self._column(2)

    @property
    def steps_done(self) -> list[int]:
        """Completed steps, `NONE` where unknown."""
        return self._column(3)

    @property
    def steps_total(self) -> list[int]:
        """All steps, `NONE` where unknown."""
        return self._column(4)

    @property
    def progress(self) -> list[float]:
        """0…1, NaN where unknown."""
        return self._column(5)

    @property
    def messages(self) -> list[int]:
        """How many messages the snapshot had."""
        return self._column(6)

    def append(self, snapshot: Snapshot) -> None:
        """Add one snapshot."""
        if snapshot.raw_status not in self.words:
            self.words += (snapshot.raw_status,)
        seen = snapshot.seen
        self._rows += ROW.pack(
            NONE if seen is None else (seen - _EPOCH) // _MICROSECOND,
            _STATUS_INDEX[snapshot.status],
            self.words.index(snapshot.raw_status),
            NONE if snapshot.steps_done is None else snapshot.steps_done,
            NONE if snapshot.steps_total is None else snapshot.steps_total,
            nan if snapshot.progress is None else snapshot.progress,
            len(snapshot.messages),
        )

    def _column(self, index: int) -> list[Any]:
        return [row[index] for row in ROW.iter_unpack(self.rows)]


class JobHistory:
    """Everything that polling saw of one job.

    One writer (the poller's thread) adds to it; any thread may read it at any time.

    Parameters
    ----------
    job_id
        The server's name of the job.
    url
        Where the job was asked for, without any token.

    Attributes
    ----------
    latest : Snapshot or None
        The last distinct snapshot, each of its messages with when it was first seen.
        None before the first document.
    snapshots : SnapshotColumns
        One row a distinct snapshot, in the order in which they were seen.
    elapsed : timedelta or None
        How long the job had run at the last document (the server's `Date` less its start, never
        negative); of an ended job, its duration. None while the start is unknown, and for a job
        that had ended before anybody looked and does not tell its duration.
    watch_error : JobwidgetsError or None
        Why no (further) document could be had; None while there is hope.
    """

    def __init__(self, job_id: str, url: str | None = None) -> None:
        self.job_id = job_id
        self.url = url
        self.latest: Snapshot | None = None
        self.snapshots = SnapshotColumns()
        self.elapsed: timedelta | None = None
        self.watch_error: JobwidgetsError | None = None
        self._lost: dict[str, list[datetime | None]] = {}

    def __repr__(self) -> str:
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
        knows of one document only.
        """
        return self.status is not None and self.status.is_final

    @property
    def error(self) -> JobwidgetsError | None:
        """Why the job or the watch ended; None for a job that goes on, or succeeded."""
        ended = outcome_error(self.latest) if self.latest is not None else None
        return ended or self.watch_error

    def record(self, snapshot: Snapshot, server_time: datetime | None = None) -> int | None:
        """Take in one snapshot, whose `seen` is known.

        Parameters
        ----------
        server_time
            The server's clock when it answered (UTC); None where it did not tell.

        Returns
        -------
        int or None
            None when the snapshot says nothing new. Else the index of the first message that is
            new or changed, which is the number of messages when none is.
        """
        self._measure(snapshot, server_time or snapshot.seen)
        if self.latest == snapshot:
            return None
        messages, kept = _stamped(self.messages, snapshot, self._lost)
        self.latest = replace(snapshot, messages=messages)
        self.snapshots.append(self.latest)
        return kept

    def record_again(self, seen: datetime, server_time: datetime | None = None) -> None:
        """Take in that the last snapshot came once more, at `seen`; see `record`."""
        if self.latest is not None:
            self._measure(self.latest, server_time or seen)

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


def _stamped(
    old: Sequence[Message], snapshot: Snapshot, lost: dict[str, list[datetime | None]]
) -> tuple[tuple[Message, ...], int]:
    """Return the new messages with their first sights, and how many leading ones are unchanged.

    A list that shrank or changed replaces the old one. `lost` keeps the first sights of what it
    does not hold any more, for a message of the same text that comes (back) elsewhere or later.
    """
    new = snapshot.messages
    kept = next(
        (i for i, (was, now) in enumerate(zip(old, new, strict=False)) if was != now),
        min(len(old), len(new)),
    )
    for message in old[kept:]:
        lost.setdefault(message.text, []).append(message.seen)
    stamped = [
        _seen(now, lost[now.text].pop(0) if lost.get(now.text) else snapshot.seen)
        for now in new[kept:]
    ]
    return (*old[:kept], *stamped), kept


def _seen(message: Message, seen: datetime | None) -> Message:
    # By hand in a third of the time of `replace`: a document may have a million messages.
    return Message(message.number, message.text, message.code, message.level, message.time, seen)
