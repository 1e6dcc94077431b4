"""A job that a function of the user's tells of: the calls, and their threads."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakKeyDictionary

from jobwidgets._http.budget import Urgency
from jobwidgets._http.source import Reading
from jobwidgets._http.tokens import TokenKeeper
from jobwidgets._model.exchanged import CancelAnswer
from jobwidgets._threads import call_in_thread, is_being_cancelled, retrieve
from jobwidgets._watch.function_errors import typed_error
from jobwidgets._watch.returned import snapshot_of
from jobwidgets.dialects import Dialect
from jobwidgets.errors import (
    CancelUnsupportedError,
    DocumentError,
    JobwidgetsError,
    TransportError,
)

if TYPE_CHECKING:
    from jobwidgets._http.connections import Connections

Function: TypeAlias = Callable[[], Any]
"""A plain or async callable without arguments."""

PLACES = 8
"""Plain functions that are called at the same time; one that hangs keeps its place."""


class FunctionSource:
    """A function of the user's that tells of one job.

    Parameters
    ----------
    job_id
        Of the job.
    fetch
        Returns what `returned.snapshot_of` reads. A plain one is called on a daemon thread, an
        async one on the poller's loop.
    dialect
        Reads the documents that it returns; None reads mappings.
    cancel
        Cancels the job; None where nothing does.
    deadline
        Seconds that an exchange waits for it.
    """

    __slots__ = ("_call", "_cancel", "_deadline", "_fetch", "_job_id", "dialect")

    url = None
    has_all = False

    def __init__(
        self,
        job_id: str,
        fetch: Function,
        *,
        dialect: Dialect | None,
        cancel: Function | None,
        deadline: float,
    ) -> None:
        self._job_id = job_id
        self._fetch = fetch
        self.dialect = dialect
        self._cancel = cancel
        self._deadline = deadline
        self._call: _Call | None = None

    @property
    def cancel_note(self) -> str | None:
        """Why the job cannot be cancelled; None where it can."""
        return None if self._cancel else "no function was given that cancels the job (cancel=)"

    @property
    def messages_are(self) -> str:
        """What the dialect says; a function tells of no log, and a mapping has the whole list."""
        is_latest = self.dialect is not None and self.dialect.messages_are == "latest"
        return "latest" if is_latest else "list"

    @property
    def token(self) -> TokenKeeper | None:
        """None: what the function needs to sign in is its own."""
        return None

    @token.setter
    def token(self, _: TokenKeeper | None) -> None:
        raise TypeError("a job of from_function sends no token: its function signs in by itself")

    def look(self, *, is_on: bool) -> bool:
        """Return False: all is told each time."""
        return False

    def ask(self, _: Connections, __: Urgency, go: Callable[[], object]) -> None:
        """Call `go` now: a function waits for its place within the exchange."""
        go()

    def withdraw(self, _: Connections, go: Callable[[], object]) -> None:
        """Do nothing: nothing waits."""

    def forget(self) -> None:
        """Do nothing: each snapshot is compared with the last one by what it says."""

    async def read_job(self, _: Connections) -> Reading:
        """Call the function, or wait for the call that is still under way.

        Raises
        ------
        TransportError
            If it raised something, or has not returned within the deadline. Other errors of ours
            that it raises are raised as they are; what carries an HTTP status is the error of that.
        DocumentError
            If what it returned is of no use, or its own code is wrong.
        """
        if self._call is None or not self._call.is_under_way:
            self._call = _Call(self._job_id, self._fetch)
        return self._reading(await self._outcome(self._call))

    async def cancel(self, _: Connections) -> CancelAnswer:
        """Call the function that cancels; what it returns tells nothing, the next fetch does."""
        if self._cancel is None:
            raise CancelUnsupportedError(f"{self.cancel_note}")
        await self._outcome(_Call(self._job_id, self._cancel))
        return CancelAnswer()

    async def _outcome(self, call: _Call) -> Any:
        """Return what a call returns, or raise what it raises as an error of ours."""
        try:
            return await call.outcome(self._deadline)
        except Exception as error:  # noqa: BLE001 - a user's function may raise anything
            typed = typed_error(error)
        raise typed  # out here it has no context, whose text may hold a secret

    def _reading(self, returned: object) -> Reading:
        seen = datetime.now(UTC)
        try:
            snapshot = snapshot_of(returned, self._job_id, self.dialect)
        except JobwidgetsError:
            raise
        except Exception as error:  # noqa: BLE001 - what it returned may have a will of its own
            problem = f"what the function returned cannot be read: {type(error).__name__}"
        else:
            return Reading(replace(snapshot, seen=seen), seen, None)
        raise DocumentError(problem)


class _Call:
    """One call of a function, which may go on after nobody waits for it any more."""

    def __init__(self, job_id: str, function: Function) -> None:
        self._name = job_id
        self._function = function
        self._is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004 - whether that is async, not whether it is
        )
        self._has_begun = self._is_async
        self._made_at = monotonic()
        self._task = asyncio.get_running_loop().create_task(self._run())
        self._task.add_done_callback(retrieve)

    @property
    def is_under_way(self) -> bool:
        """Whether it has not returned; a call of before a fork is the parent's."""
        return not self._task.done() and self._task.get_loop() is asyncio.get_running_loop()

    async def outcome(self, deadline: float) -> Any:
        """Return or raise what the function does, or raise TransportError after the deadline."""
        try:
            await asyncio.wait({self._task}, timeout=deadline)
        except asyncio.CancelledError:
            self._give_up()
            raise
        if self._task.done():
            return self._task.result()
        self._give_up()
        raise TransportError(self._reason())

    def _give_up(self) -> None:
        # A thread cannot be ended from outside: what runs on one is waited for the next time.
        if self._is_async or not self._has_begun:
            self._task.cancel()

    def _reason(self) -> str:
        seconds = monotonic() - self._made_at
        if self._has_begun:
            return f"the function has not returned for {seconds:.3g} s"
        return f"the function was not called for {seconds:.3g} s: {_places().told}"

    async def _run(self) -> Any:
        try:
            return await self._returned()
        except asyncio.CancelledError:
            if is_being_cancelled():
                raise
        # Else nobody would hear of it: a task of asyncio's that ends so counts as given up.
        raise TransportError("what the function waited for was cancelled")

    async def _returned(self) -> Any:
        if self._is_async:
            return await self._function()
        async with _places().one(self._name):
            self._has_begun = True
            returned = await call_in_thread("jobwidgets-function", self._function)
        # A lambda may return what an async function does.
        return await returned if inspect.isawaitable(returned) else returned


class _Places:
    """The places for plain functions that are called; of one event loop."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(PLACES)
        self._taken: list[str] = []

    @property
    def told(self) -> str:
        """Who has them."""
        return f"all {PLACES} places are taken by functions that hang, of {', '.join(self._taken)}"

    @asynccontextmanager
    async def one(self, name: str) -> AsyncIterator[None]:
        """Hold a place, once one is free."""
        async with self._free:
            self._taken.append(name)
            try:
                yield
            finally:
                self._taken.remove(name)


_places_of: WeakKeyDictionary[asyncio.AbstractEventLoop, _Places] = WeakKeyDictionary()


def _places() -> _Places:
    return _places_of.setdefault(asyncio.get_running_loop(), _Places())
