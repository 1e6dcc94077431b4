"""Reads the log of a job, on servers that keep the messages in a resource of their own."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from jobwidgets._model.exchanged import LogPage
from jobwidgets._model.snapshot import Message, Snapshot
from jobwidgets.errors import JobwidgetsError

if TYPE_CHECKING:
    from jobwidgets._http.connections import Connections
    from jobwidgets._http.source import Reading, Source

MOST_PAGES = 100
"""That are read at a time; the next poll goes on."""
_log = logging.getLogger("jobwidgets")


class Log:
    """The messages of one job's log, as far as it was read."""

    __slots__ = ("_after", "_has_failed", "_messages", "_passed", "_snapshot")

    def __init__(self) -> None:
        self._after: str | None = None
        self._passed: set[str] = set()  # where the log was asked on from
        self._messages: tuple[Message, ...] = ()
        self._snapshot: Snapshot | None = None
        self._has_failed = False

    async def added(self, reading: Reading, source: Source, connections: Connections) -> Reading:
        """Read on; return what was read of the job with all messages.

        A log that cannot be read takes nothing from what the job itself tells: it is asked for
        again with the next poll.
        """
        before, self._snapshot = self._messages, reading.snapshot or self._snapshot
        try:
            await self._read_on(source, connections)
        except JobwidgetsError as error:
            level = logging.DEBUG if self._has_failed else logging.WARNING
            _log.log(level, "the log of %s was not read: %s", source.url, error)
            self._has_failed = True
        is_news = reading.snapshot is not None or self._messages is not before
        if self._snapshot is None or not is_news:
            return reading
        snapshot = replace(self._snapshot, seen=reading.seen, messages=self._messages)
        return replace(reading, snapshot=snapshot)

    async def _read_on(self, source: Source, connections: Connections) -> None:
        for _ in range(MOST_PAGES):
            page = await source.read_log(connections, self._after)
            new = self._new_in(page)
            self._messages += new
            if not new or page.after is None:
                return
            self._after = page.after
            self._passed.add(page.after)

    def _new_in(self, page: LogPage) -> tuple[Message, ...]:
        """Return what a page adds; a server may send all of the log each time."""
        if page.after in self._passed:
            return ()
        known = len(self._messages)
        numbered = tuple(replace(one, number=n) for n, one in enumerate(page.messages, start=1))
        if known and numbered[:known] == self._messages:
            return numbered[known:]
        return tuple(replace(one, number=known + one.number) for one in numbered)
