"""The distinct snapshots of one job, packed: a job of a day has thousands of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isnan, nan
from struct import Struct
from typing import overload

from jobwidgets._model.snapshot import Snapshot, Status

NONE = -(2**63)
"""Stands for None in the integer columns: no dialect reads such a number."""
FIELDS = (
    ("seen", "q"),  # microseconds since 1970-01-01 UTC
    ("polled_before", "q"),  # when the document before was received, the same as its last or not
    ("status", "b"),  # index into `list(Status)`
    ("raw_status", "i"),  # index into the words
    ("steps_done", "q"),
    ("steps_total", "q"),
    ("progress", "d"),  # NaN stands for None
    ("message_count", "i"),
)
"""Name and `struct` code of each part of a packed snapshot, little-endian and without gaps."""
_ROW = Struct("<" + "".join(code for _, code in FIELDS))
_POLLS = Struct("<qq")  # the first two
_STATUSES = tuple(Status)
_STATUS_INDEX = {status: index for index, status in enumerate(_STATUSES)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class SnapshotSummary:
    """What a history keeps of one distinct snapshot; of the latest one it keeps all.

    Parameters
    ----------
    seen
        When it was received (UTC, this client's clock); None when nobody watched.
    status, raw_status, steps_done, steps_total, progress
        As in `Snapshot`.
    message_count
        How many messages the snapshot had.
    """

    seen: datetime | None
    status: Status
    raw_status: str | None
    steps_done: int | None
    steps_total: int | None
    progress: float | None
    message_count: int


class PackedSnapshots(Sequence[SnapshotSummary]):
    """The distinct snapshots of one job, in the order in which they were seen.

    It can be indexed, sliced, iterated over and asked for its length; each snapshot takes 49
    bytes and is made a `SnapshotSummary` when it is asked for. One thread adds snapshots, any
    other may read: a snapshot is there as a whole, or not at all.
    """

    __slots__ = ("_rows", "_words")

    def __init__(self) -> None:
        self._rows = bytearray()
        # The raw statuses, in the order in which they were first seen.
        self._words: tuple[str | None, ...] = ()

    def __repr__(self) -> str:
        return f"<{len(self)} distinct snapshots>"

    def __len__(self) -> int:
        return len(self._rows) // _ROW.size

    @overload
    def __getitem__(self, index: int) -> SnapshotSummary: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[SnapshotSummary, ...]: ...

    def __getitem__(self, index: int | slice) -> SnapshotSummary | tuple[SnapshotSummary, ...]:
        places = range(len(self))[index]
        return self._at(places) if isinstance(places, int) else tuple(map(self._at, places))

    def _at(self, place: int) -> SnapshotSummary:
        seen, _, status, word, done, total, progress, count = _ROW.unpack_from(
            self._rows, place * _ROW.size
        )
        return SnapshotSummary(
            seen=None if seen == NONE else _EPOCH + seen * _MICROSECOND,
            status=_STATUSES[status],
            raw_status=self._words[word],
            steps_done=None if done == NONE else done,
            steps_total=None if total == NONE else total,
            progress=None if isnan(progress) else progress,
            message_count=count,
        )


def add(packed: PackedSnapshots, snapshot: Snapshot, polled_before: datetime | None) -> None:
    """Add one snapshot; for the history alone, which is the one writer."""
    # Its word first, so that a reader finds it.
    if snapshot.raw_status not in packed._words:
        packed._words += (snapshot.raw_status,)
    packed._rows += _ROW.pack(
        _microseconds(snapshot.seen),
        _microseconds(polled_before),
        _STATUS_INDEX[snapshot.status],
        packed._words.index(snapshot.raw_status),
        NONE if snapshot.steps_done is None else snapshot.steps_done,
        NONE if snapshot.steps_total is None else snapshot.steps_total,
        nan if snapshot.progress is None else snapshot.progress,
        len(snapshot.messages),
    )


def polled_before(packed: PackedSnapshots, seen: datetime) -> datetime | None:
    """Return when the poll before the one at `seen` was; None if that was the first."""
    rows, moment = packed._rows, _microseconds(seen)

    def seen_at(place: int) -> int:
        return int(_POLLS.unpack_from(rows, place * _ROW.size)[0])

    place = bisect_right(range(len(packed)), moment, key=seen_at) - 1
    before = NONE if place < 0 else _POLLS.unpack_from(rows, place * _ROW.size)[1]
    return None if before == NONE else _EPOCH + before * _MICROSECOND


def _microseconds(time: datetime | None) -> int:
    return NONE if time is None else (time - _EPOCH) // _MICROSECOND


def columns(packed: PackedSnapshots) -> tuple[bytes, tuple[str | None, ...]]:
    """Return all snapshots as one buffer of `FIELDS`, and the words; for the frames alone.

    What is read a value at a time takes a hundred times as long.
    """
    # Rows first: the writer may be adding one, whose word is there before it.
    return bytes(packed._rows), packed._words
