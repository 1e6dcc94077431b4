"""One exchange: a request, its token, its redirects, and what is read of the answer."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from jobwidgets._http.answers import TOKEN_REFUSED, HttpAnswer, read_answer
from jobwidgets._http.budget import at_once
from jobwidgets._http.secrets import Secret, forms_of
from jobwidgets._http.settings import Http, settings_now
from jobwidgets._http.tokens import TokenKeeper
from jobwidgets._http.urls import added_query, redirected, root, with_query
from jobwidgets._model.exchanged import Answer, Request
from jobwidgets._threads import call_in_thread, is_being_cancelled
from jobwidgets.dialects import Dialect
from jobwidgets.errors import (
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


class Exchanges:
    """Makes the exchanges about one resource.

    Parameters
    ----------
    url
        Of the resource, without any token.
    dialect
        How the server speaks.
    token
        Keeps the token; None sends none.
    http
        What is set of HTTP; None takes the environment as it is now.
    large_body
        Bytes above which a body is read on a thread of its own.
    """

    __slots__ = ("_large_body", "_secrets", "dialect", "http", "token", "url")

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
        self._secrets: tuple[str, ...] = ()
        self._keep_secret(*self.http.secrets)

    async def _ask_now(
        self, connections: Connections, request: Request, read: Callable[[HttpAnswer], T]
    ) -> T:
        """Make one exchange that a person waits for, or that follows from another one."""
        await connections.admit(self.url, at_once)
        return await self._typed(self._exchange(connections, request, read))

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
        except asyncio.CancelledError:
            if is_being_cancelled():
                raise
            broken = ExchangeError("the exchange broke: what it waited for was cancelled")
        except Exception as error:  # noqa: BLE001 - a user's transport may raise anything
            log_broken(self.url, error)
            broken = ExchangeError(f"the exchange broke: {type(error).__name__}")
            _let_go(broken.with_traceback(error.__traceback__))
        raise broken  # out here it has no context

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


def log_broken(url: str | None, error: BaseException) -> None:
    """Log what nobody has foreseen: its kind and its place alone, as its text may hold a header."""
    place = "".join(traceback.format_tb(error.__traceback__))
    _log.error("the exchange with %s broke: %s\n%s", url, type(error), place)


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
