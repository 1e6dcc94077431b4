"""Reads the log of a job, on servers that keep the messages in a resource of their own."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from jobwidgets._model.exchanged import LogPage
from jobwidgets._model.snapshot import Message
from jobwidgets.errors import JobwidgetsError, RefusedError

if TYPE_CHECKING:
    from jobwidgets._http.connections import Connections
    from jobwidgets._http.source import Source

PAGES_A_POLL = 3
"""That are read of a job that goes on: its document is what counts, and the next poll reads on."""
MOST_PAGES = 100
"""That are read of a job that has ended: few polls of it are to come."""
PATIENCE = 10.0
"""Seconds that a job that goes on waits for its log before its document is asked for again."""
LAST_PATIENCE = 20.0
"""Seconds that a job that has ended waits."""
_log = logging.getLogger("jobwidgets")


class Log:
    """The messages of one job's log, as far as it was read."""

    __slots__ = ("_after", "_has_failed", "_passed", "_seen", "messages")

    def __init__(self) -> None:
        self.messages: tuple[Message, ...] = ()
        self._after: str | None = None
        self._passed: set[str] = set()  # where the log was asked on from
        self._seen: set[int] = set()  # what tells entries with ids apart
        self._has_failed = False

    async def read_on(
        self, source: Source, connections: Connections, *, has_ended: bool
    ) -> tuple[Message, ...]:
        """Read on; return all messages.

        A log that cannot be read takes nothing from what the job itself tells: it is asked for
        again with the next poll.
        """
        pages = MOST_PAGES if has_ended else PAGES_A_POLL
        patience = LAST_PATIENCE if has_ended else PATIENCE
        try:
            async with asyncio.timeout(patience):
                await self._read_pages(source, connections, pages)
        except TimeoutError:
            self._note_failure(source, f"it took more than {patience:g} s")
        except JobwidgetsError as error:
            if isinstance(error, RefusedError) and self._seen:
                self._after = None  # from the start again: what was read is known by its ids
            self._note_failure(source, str(error))
        return self.messages

    def _note_failure(self, source: Source, why: str) -> None:
        level = logging.DEBUG if self._has_failed else logging.WARNING
        _log.log(level, "the log of %s was not read: %s", source.url, why)
        self._has_failed = True

    async def _read_pages(self, source: Source, connections: Connections, most: int) -> None:
        for _ in range(most):
            page = await source.read_log(connections, self._after)
            new = self._new_in(page)
            known = len(self.messages)
            self.messages += tuple(replace(one, number=known + n) for n, one in enumerate(new, 1))
            if not new or page.after is None:
                return
            self._after = page.after
            if not page.ids:
                self._passed.add(page.after)

    def _new_in(self, page: LogPage) -> tuple[Message, ...]:
        """Return what a page adds; a server may send all of the log each time, or its end."""
        if page.ids:
            return self._unseen(page)
        if page.after in self._passed:
            return ()
        known = len(self.messages)
        numbered = tuple(replace(one, number=n) for n, one in enumerate(page.messages, start=1))
        is_all = bool(known) and numbered[:known] == self.messages
        return numbered[known:] if is_all else numbered

    def _unseen(self, page: LogPage) -> tuple[Message, ...]:
        """Return the entries that are new: with what they say, as an id may be given twice."""
        pairs = zip(page.ids, page.messages, strict=True)
        marks = {hash((name, replace(one, number=0))): one for name, one in pairs}
        new = tuple(one for mark, one in marks.items() if mark not in self._seen)
        self._seen.update(marks)
        return new
