"""Whether a job has ended under a word that is not known here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from jobwidgets._model.snapshot import Snapshot, Status

FEWEST_DOCUMENTS = 3
SHORTEST_STAND = timedelta(seconds=30)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # an end before is one in seconds, or made up

_End: TypeAlias = tuple[str | None, datetime, int | None, int]


class UnknownEnd:
    """An unknown status with an end in the past is one once it stays (a policy of this project).

    Servers have final words that nobody documents; without this, waiting for such a job would
    never end. One document proves nothing: a job may tell an end while it tidies up. So the word
    and the end must stand in three documents over 30 s in which no message and no step came. The
    server's own clock counts, this client's only where the server tells none.

    Attributes
    ----------
    is_certain : bool
        Whether the last document has stood for long enough.
    """

    __slots__ = ("_documents", "_end", "_since", "is_certain")

    def __init__(self) -> None:
        self._end: _End | None = None
        self._since: datetime | None = None
        self._documents = 0
        self.is_certain = False

    def note(self, snapshot: Snapshot, now: datetime | None) -> None:
        """Take in one more document, the same as the last one too; `now` is its time."""
        end = _end_of(snapshot, now)
        if end is None or end != self._end:
            self._end, self._since, self._documents = end, now, 0
        self._documents += 1
        self.is_certain = (
            end is not None
            and now is not None
            and self._since is not None
            and self._documents >= FEWEST_DOCUMENTS
            and now - self._since >= SHORTEST_STAND
        )


def _end_of(snapshot: Snapshot, now: datetime | None) -> _End | None:
    """Return what must stay the same; None without an end, or with one that cannot be true."""
    ended, started = snapshot.ended, snapshot.started
    if snapshot.status is not Status.UNKNOWN or ended is None or now is None or ended > now:
        return None
    if ended < (_EARLIEST if started is None else started):
        return None
    return snapshot.raw_status, ended, snapshot.steps_done, len(snapshot.messages)
