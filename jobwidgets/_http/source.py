"""Where a job, or a list of jobs, is asked for over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from jobwidgets._http.answers import HttpAnswer
from jobwidgets._http.budget import Urgency, at_once
from jobwidgets._http.exchange import Exchanges
from jobwidgets._http.logs import Log
from jobwidgets._model.exchanged import Answer, CancelAnswer, JobPage, LogPage
from jobwidgets._model.snapshot import Message, Snapshot
from jobwidgets._model.soundness import sound
from jobwidgets.dialects import Dialect
from jobwidgets.dialects._choice import told_already, told_by, told_by_list
from jobwidgets.errors import CancelUnsupportedError, DocumentError

if TYPE_CHECKING:
    from jobwidgets._http.connections import Connections

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one exchange brought.

    Parameters
    ----------
    snapshot
        The document, with when it was received; None when it is the same as the last time.
    seen
        When it was received (UTC).
    server_time
        The server's clock (UTC) when it answered, None where it did not tell.
    age
        Seconds that the answer spent in caches, None if unknown.
    is_listed
        Whether a list told it, which may know less than the job itself.
    read_log
        Reads the job's log on, given whether the job has ended, and returns all messages; None
        where the messages are in no log.
    """

    snapshot: Snapshot | None
    seen: datetime
    server_time: datetime | None
    age: float | None = None
    is_listed: bool = False
    read_log: Callable[[bool], Awaitable[tuple[Message, ...]]] | None = None


class Source(Exchanges):
    """Where one resource is asked for, and with what; see `Exchanges` for the parameters."""

    __slots__ = ("_last", "_log")

    def __init__(self, url: str, dialect: Dialect, **settings: Any) -> None:
        super().__init__(url, dialect, **settings)
        self._last: int | None = None
        self._log: Log | None = None  # few servers have one, and thousands of jobs may be watched

    @property
    def cancel_note(self) -> str | None:
        """Why the job cannot be cancelled; None where it can, or that is not known yet."""
        if told_already(self.dialect) is None or self.dialect.cancel_request(self.url) is not None:
            return None
        return f"no operation that cancels a job is known of {self.dialect.name!r} servers"

    @property
    def messages_are(self) -> str:
        """Whether a document has the whole "list" or the "latest" one, or a "log" has them."""
        return self.dialect.messages_are

    @property
    def has_all(self) -> bool:
        """Whether nothing more need be read of a job that has ended."""
        return False

    async def cancel(self, connections: Connections) -> CancelAnswer:
        """Ask that the job be cancelled, at once; return what the answer says.

        CancelUnsupportedError if that cannot be done.
        """
        request = self.dialect.cancel_request(self.url)
        if request is None:
            raise CancelUnsupportedError(f"{self.cancel_note}")

        def taken(answer: Answer) -> CancelAnswer:
            said = self.dialect.read_cancel(answer)
            if answer.status >= HTTPStatus.BAD_REQUEST:  # whatever else stands there
                raise DocumentError("the cancel was refused")
            return said

        read = self._reads(taken, may_be_empty=True)
        return await self._ask_now(connections, request, read)

    async def read_log(self, connections: Connections, after: str | None) -> LogPage:
        """Ask for the messages of the job's log that follow `after`, once.

        In its turn among the polls: a long log keeps no job waiting.
        """
        request = self.dialect.log_request(self.url, after)
        if request is None:
            return LogPage((), after)
        await connections.admit(self.url)
        read = self._reads(self.dialect.read_log)
        page = await self._typed(self._exchange(connections, request, read))
        if page.ids and len(page.ids) != len(page.messages):
            counts = f"{len(page.messages)} messages with {len(page.ids)} ids"
            raise DocumentError(f"the dialect {self.dialect.name!r} has read {counts}")
        return page

    def look(self, *, is_on: bool) -> bool:
        """Note whether somebody looks at the messages; return whether to ask for them now."""
        return False

    def ask(self, connections: Connections, urgency: Urgency, go: Callable[[], object]) -> None:
        """Call `go` when the host's budget allows a request."""
        connections.ask(self.url, urgency, go)

    def withdraw(self, connections: Connections, go: Callable[[], object]) -> None:
        """Call `go` no more."""
        connections.withdraw(self.url, go)

    async def read_job(self, connections: Connections) -> Reading:
        """Ask for the job once; a document like the last one is not parsed again.

        The caller has had the first request admitted; those that follow it are admitted here.

        At first sight, what is no document of this job is asked for once more: it may be an
        answer to somebody else, left over on a connection that a gateway shares.

        Raises
        ------
        ExchangeError
            If no document came.
        DocumentError
            If what came is no document of this job.
        """
        return await self._typed(self._twice(connections, self._read_job))

    async def read_page(self, connections: Connections, url: str | None = None) -> JobPage:
        """Ask for the list of jobs once, or for the page of it at `url`, as `read_job` asks."""
        request = self.dialect.list_request(self.url)
        if request is None:
            raise DocumentError(f"{self.dialect.name!r} servers have no list of jobs")
        if url not in {None, self.url}:  # wherever the server's own link leads
            request = replace(request, url=url)
        read = self._reads(self._page)
        ask = partial(self._exchange, request=request, read=read)
        told, page = await self._typed(self._twice(connections, ask))
        self.dialect = told
        return page

    def _page(self, answer: Answer) -> tuple[Dialect, JobPage]:
        told = told_by_list(self.dialect, answer)
        page = told.read_list(answer)
        for _, snapshot in page.entries:
            if snapshot is not None:
                sound(snapshot, told.name)
        return told, page

    def forget(self) -> None:
        """Count the next document as a new one, even if it is the same as the last."""
        self._last = None

    async def _twice(
        self, connections: Connections, read: Callable[[Connections], Awaitable[T]]
    ) -> T:
        try:
            return await read(connections)
        except DocumentError:
            await connections.drop_idle(self.url)
            if self._last is not None:
                raise
        await connections.admit(self.url, at_once)
        return await read(connections)

    async def _read_job(self, connections: Connections) -> Reading:
        request = self.dialect.request(self.url)
        last, told, reading = await self._exchange(connections, request, self._reading)
        # Not before: an exchange that was dropped meanwhile changes nothing.
        self._last, self.dialect = last, told
        return reading if self.dialect.messages_are != "log" else self._logged(connections, reading)

    def _logged(self, connections: Connections, reading: Reading) -> Reading:
        """Return a reading with what was read of the log so far, and what reads it on."""
        log = self._log = self._log or Log()
        snapshot = reading.snapshot and replace(reading.snapshot, messages=log.messages)

        def read_on(has_ended: bool) -> Awaitable[tuple[Message, ...]]:
            return log.read_on(self, connections, has_ended=has_ended)

        return replace(reading, snapshot=snapshot, read_log=read_on)

    def _reading(self, answer: HttpAnswer) -> tuple[int, Dialect, Reading]:
        """Return what tells this answer from others, its dialect, and what it says.

        It may run on any thread.
        """
        seen = datetime.now(UTC)
        # A token that was sent since might stand in the same body, and is to be redacted.
        last = hash((answer.status, answer.body, self._secrets))
        if last == self._last:
            return last, self.dialect, Reading(None, seen, answer.server_time, answer.age)

        def read(answer: Answer) -> tuple[Dialect, Snapshot]:
            told = told_by(self.dialect, answer)
            return told, told.read(answer)

        told, snapshot = self._reads(read)(answer)
        snapshot = replace(sound(snapshot, told.name), seen=seen)
        return last, told, Reading(snapshot, seen, answer.server_time, answer.age)
