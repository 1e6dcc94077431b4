"""Jobs that a list tells whole: a board asks the list in place of each job."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from jobwidgets._http.budget import Urgency, at_once
from jobwidgets._http.lists import Listed
from jobwidgets._http.source import Reading, Source
from jobwidgets._model.snapshot import Snapshot, Status
from jobwidgets._watch.kept_errors import again
from jobwidgets.dialects import Dialect
from jobwidgets.errors import JobwidgetsError

if TYPE_CHECKING:
    from jobwidgets._http.connections import Connections

_JOBS_A_SECOND = 100
"""Jobs of a list that may be asked for in a second: a list of 1,000 comes every 10 s at most."""


class JobsList:
    """What the list of a jobs resource last told, and who waits for it; on the poller's loop."""

    def __init__(self) -> None:
        self._wanted = asyncio.Event()
        self._told: Mapping[str, Snapshot] = {}
        self._seen = datetime.now(UTC)
        self.dialect: Dialect | None = None
        self._error: JobwidgetsError | None = None
        self._listeners = 0
        self._waiting: dict[Callable[[], object], Callable[[], None]] = {}

    async def pause(self, longest: float, *, is_failed: bool) -> None:
        """Return when the next list is due: sooner while jobs wait for it."""
        shortest = max(1.0, len(self._told) / _JOBS_A_SECOND)
        if is_failed or not self._told or shortest >= longest:
            await asyncio.sleep(longest)
            return
        await asyncio.sleep(shortest)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest - shortest):
                await self._wanted.wait()

    def tells(self, url: str) -> bool:
        """Return whether the job at `url` is told whole, and the list asked for again."""
        return self._listeners > 0 and url in self._told

    def begin(self) -> None:
        """Note that a board asks for the list."""
        self._listeners += 1

    def end(self) -> None:
        """Note that one does so no more: without any, each job is asked for by itself."""
        self._listeners -= 1
        if not self._listeners:
            self._ask_themselves()

    def give_up(self) -> None:
        """Note that no list will come unless a person asks for it: until then likewise."""
        self._told = {}
        self._ask_themselves()

    def wait(self, go: Callable[[], object], ask_itself: Callable[[], None]) -> None:
        """Call `go` when the next list has come, or failed; `ask_itself` if none will come."""
        self._waiting[go] = ask_itself
        self._wanted.set()

    def withdraw(self, go: Callable[[], object]) -> None:
        """Call `go` no more."""
        self._waiting.pop(go, None)

    def take(self, listed: Listed) -> None:
        """Take in a list."""
        self._told = {url: told for url, told in listed.jobs.items() if told is not None}
        self._seen, self.dialect, self._error = listed.seen, listed.dialect, None
        self._wake()

    def fail(self, error: JobwidgetsError) -> None:
        """Take in that no list came: that is so for each of its jobs too."""
        self._error = error
        self._wake()

    def reading(self, url: str) -> Reading | None:
        """Return what the last list says of a job, None if nothing; raise what it met."""
        if self._error is not None:
            raise again(self._error)
        if url not in self._told:
            return None
        told = replace(self._told[url], seen=self._seen)
        return Reading(told, self._seen, None, is_listed=True)

    def _ask_themselves(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for ask_itself in waiting.values():
            ask_itself()

    def _wake(self) -> None:
        self._wanted.clear()
        waiting, self._waiting = self._waiting, {}
        for go in waiting:
            go()


class ListedSource(Source):
    """A job of a list: asked for in the list while a board shows that, else by itself.

    By itself too, whatever the list says: for a person's `refresh`, for its end, which may come
    with messages and times that no list has, also where it had failed before, and while somebody
    looks at its messages.

    Parameters
    ----------
    jobs
        What the list tells.
    """

    __slots__ = ("_is_by_list", "_is_looked_at", "_jobs", "_status")

    def __init__(self, url: str, dialect: Dialect, jobs: JobsList, **keywords: Any) -> None:
        super().__init__(url, dialect, **keywords)
        self._jobs = jobs
        self._is_by_list = False
        self._status: Status | None = None
        self._is_looked_at = False

    @property
    def has_all(self) -> bool:
        """Whether nothing more is read of an ended job: it had ended when the list first told."""
        return self._is_by_list and not self._is_looked_at

    def look(self, *, is_on: bool) -> bool:
        """Note whether somebody looks at the messages, which a list may not have."""
        was, self._is_looked_at = self._is_looked_at, is_on
        return is_on and not was

    def ask(self, connections: Connections, urgency: Urgency, go: Callable[[], object]) -> None:
        """Call `go` when the next list has come, or when the job may be asked for by itself."""
        self._jobs.withdraw(go)
        has_ended = self._status is not None and self._status.is_final
        is_alone = urgency is at_once or self._is_looked_at or has_ended
        self._is_by_list = not is_alone and self._jobs.tells(self.url)
        if not self._is_by_list:
            super().ask(connections, urgency, go)
        elif self._status is None:
            go()  # the list has told already
        else:
            self._jobs.wait(go, partial(self.ask, connections, urgency, go))

    def withdraw(self, connections: Connections, go: Callable[[], object]) -> None:
        """Call `go` no more."""
        self._jobs.withdraw(go)
        super().withdraw(connections, go)

    async def read_job(self, connections: Connections) -> Reading:
        """Return what the list says of the job, or ask for the job itself."""
        reading = self._jobs.reading(self.url) if self._is_by_list else None
        has_ended = reading is not None and _is_end(reading, self._status)
        if reading is None or has_ended:
            if self._is_by_list:  # nobody has admitted a request
                await connections.admit(self.url)
            self._is_by_list = False
            reading = await super().read_job(connections)
        elif self._jobs.dialect is not None:
            self.dialect = self._jobs.dialect  # until here it may not have been told
        if reading.snapshot is not None:
            self._status = reading.snapshot.status
        return reading


def _is_end(reading: Reading, last: Status | None) -> bool:
    """Return whether a job has ended since it was asked for last, or failed without a message."""
    snapshot = reading.snapshot
    if snapshot is None or not snapshot.status.is_final:
        return False
    return last is not None or (snapshot.status is Status.FAILED and not snapshot.messages)
