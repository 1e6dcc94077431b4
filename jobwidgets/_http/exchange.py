"""One exchange: a request, its token, its redirects, and the snapshot that it brought."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from jobwidgets._http.answers import TOKEN_REFUSED, HttpAnswer, read_answer
from jobwidgets._http.budget import Urgency, at_once
from jobwidgets._http.logs import Log
from jobwidgets._http.secrets import Secret, forms_of
from jobwidgets._http.settings import Http, settings_now
from jobwidgets._http.tokens import TokenKeeper
from jobwidgets._http.urls import added_query, redirected, root, with_query
from jobwidgets._model.exchanged import Answer, CancelAnswer, JobPage, LogPage, Request
from jobwidgets._model.snapshot import Snapshot
from jobwidgets._threads import call_in_thread
from jobwidgets.dialects import Dialect
from jobwidgets.dialects._choice import told_already, told_by, told_by_list
from jobwidgets.errors import (
    CancelUnsupportedError,
    DocumentError,
    ExchangeError,
    JobwidgetsError,
    RefusedError,
    UnauthorisedError,
)

if TYPE_CHECKING:
    from jobwidgets._http.connections import Connections

MOST_REDIRECTS = 5
LARGE_BODY = 1024 * 1024
"""Bytes above which a body is read on a thread of its own, so that it delays no other poll."""

_log = logging.getLogger("jobwidgets")
_FRESH = {"Cache-Control": "no-cache"}  # RFC 9111 section 5.2.1.4: no cache answers unasked
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
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
    """

    snapshot: Snapshot | None
    seen: datetime
    server_time: datetime | None
    age: float | None = None
    is_listed: bool = False


class Source:
    """Where one resource is asked for, and with what.

    Parameters
    ----------
    url
        Of a job or a jobs resource, without any token.
    dialect
        How the server speaks.
    token
        Keeps the token; None sends none.
    http
        What is set of HTTP; None takes the environment as it is now.
    large_body
        Bytes above which a body is read on a thread of its own.
    """

    __slots__ = ("_large_body", "_last", "_log", "_secrets", "dialect", "http", "token", "url")

    def __init__(
        self,
        url: str,
        dialect: Dialect,
        *,
        token: TokenKeeper | None = None,
        http: Http | None = None,
        large_body: int = LARGE_BODY,
    ) -> None:
        self.url = url
        self.dialect = dialect
        self.token = token
        self.http = settings_now() if http is None else http
        self._large_body = large_body
        self._last: int | None = None
        self._log = Log()
        self._secrets: tuple[str, ...] = ()
        self._keep_secret(*self.http.secrets)

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
        await connections.admit(self.url, at_once)
        return await self._typed(self._exchange(connections, request, read))

    async def read_log(self, connections: Connections, after: str | None) -> LogPage:
        """Ask for the messages of the job's log that follow `after`, once."""
        request = self.dialect.log_request(self.url, after)
        if request is None:
            return LogPage((), after)
        read = self._reads(self.dialect.read_log)
        await connections.admit(self.url, at_once)
        return await self._typed(self._exchange(connections, request, read))

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
        """Ask for the list of jobs once, or for the page of it at `url`; see `read_job`."""
        request = self.dialect.list_request(url or self.url)
        if request is None:
            raise DocumentError(f"{self.dialect.name!r} servers have no list of jobs")
        read = self._reads(self._page)
        ask = partial(self._exchange, request=request, read=read)
        told, page = await self._typed(self._twice(connections, ask))
        self.dialect = told
        return page

    def _page(self, answer: Answer) -> tuple[Dialect, JobPage]:
        told = told_by_list(self.dialect, answer)
        return told, told.read_list(answer)

    def forget(self) -> None:
        """Count the next document as a new one, even if it is the same as the last."""
        self._last = None

    def _keep_secret(self, *texts: str) -> None:
        """Take a text out of what the server says from now on, in each form that it may have."""
        if not set(self._secrets).issuperset(texts):
            forms = {*self._secrets, *(form for text in texts for form in forms_of(text))}
            self._secrets = _longest_first(forms)

    async def _typed(self, exchange: Awaitable[T]) -> T:
        """Return what an exchange brings, or raise a JobwidgetsError, whatever it met."""
        try:
            return await exchange
        except JobwidgetsError as error:
            _let_go(error)
            raise
        except Exception as error:  # noqa: BLE001 - a user's transport may raise anything
            # Its text may hold a header, so only its kind and place are logged.
            place = "".join(traceback.format_tb(error.__traceback__))
            _log.error("the exchange with %s broke: %s\n%s", self.url, type(error), place)
            broken = ExchangeError(f"the exchange broke: {type(error).__name__}")
            _let_go(broken.with_traceback(error.__traceback__))
        raise broken  # out here it has no context

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
        if self.dialect.messages_are == "log":
            return await self._log.added(reading, self, connections)
        return reading

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
        snapshot = replace(snapshot, seen=seen)
        return last, told, Reading(snapshot, seen, answer.server_time, answer.age)

    def _reads(
        self, read: Callable[[Answer], T], *, may_be_empty: bool = False
    ) -> Callable[[HttpAnswer], T]:
        """Return what reads an HTTP answer as `read` does one whose tokens are redacted."""

        def reads(answer: HttpAnswer) -> T:
            # Those of one request alone (a digest, say, is another one each time), and all that
            # were sent: a message may quote a token that is long replaced.
            secrets = (*_forms(answer.secrets), *self._secrets)
            return read_answer(answer, read, self.url, secrets, may_be_empty=may_be_empty)

        return reads

    async def _exchange(
        self, connections: Connections, request: Request, read: Callable[[HttpAnswer], T]
    ) -> T:
        """Ask once, and once more where a new token may mend a refusal."""
        token = await self.token.current() if self.token is not None else None
        try:
            return await self._ask(connections, request, token, read)
        except UnauthorisedError as error:
            if self.token is None or token is None or error.code not in TOKEN_REFUSED:
                raise
            fresh = await self.token.renewed(token)
            if fresh is None:
                raise
        await connections.admit(self.url, at_once)
        return await self._ask(connections, request, fresh, read)

    async def _ask(
        self,
        connections: Connections,
        request: Request,
        token: Secret | None,
        read: Callable[[HttpAnswer], T],
    ) -> T:
        """Make one request that was admitted, and read its answer."""
        answer = await self._send(connections, request, token)
        if len(answer.body) <= self._large_body:
            return read(answer)
        return await call_in_thread("jobwidgets-reader", read, answer)

    async def _send(
        self, connections: Connections, request: Request, token: Secret | None
    ) -> HttpAnswer:
        """Make one request, following redirects on the same origin, with the cookies they set."""
        bare, added = request.url.partition("?")[0], added_query(request.url, self.url)
        place = root(bare)
        # Else each poll would send the token in the clear once more.
        url = connections.secured.get(bare)
        url = url or request.url.replace(place, connections.secured.get(place, place), 1)
        request, cookies = replace(request, url=url, headers=self._headers(request, token)), None
        for _ in range(MOST_REDIRECTS + 1):
            asked = replace(request, url=with_query(url, added))
            answer = await connections.send(asked, self.http, cookies)
            if url.startswith("https:") and place.startswith("http:"):
                connections.secure(bare, url.partition("?")[0])
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or location is None:
                return answer
            url, cookies = redirected(url, location), answer.cookies
            if answer.status == HTTPStatus.SEE_OTHER:
                request = replace(request, method="GET", body=None)
            await connections.admit(url, at_once)
        raise RefusedError(f"the server redirected more than {MOST_REDIRECTS} times")

    def _headers(self, request: Request, token: Secret | None) -> dict[str, str]:
        headers = {**_FRESH, **request.headers}
        if token is None:
            return headers
        self._keep_secret(token)
        return headers | dict(self.dialect.token_headers(token.plain))


def _forms(texts: Iterable[str]) -> tuple[str, ...]:
    return _longest_first({form for text in texts for form in forms_of(text)})


def _longest_first(forms: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))  # it may hold another one


def _let_go(error: JobwidgetsError) -> None:
    """Drop what the frames behind an error and its causes hold, a body say: the error is kept."""
    behind: BaseException | None = error
    while behind is not None:
        traceback.clear_frames(behind.__traceback__)
        behind = behind.__cause__ or behind.__context__
