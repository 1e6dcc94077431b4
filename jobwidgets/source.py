"""One exchange: a request, its token, its redirects, and the snapshot that it brought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar

from jobwidgets.answer import (
    TOKEN_REFUSED,
    Answer,
    RefusedError,
    UnauthorisedError,
    read_document,
)
from jobwidgets.budget import Urgency, at_once
from jobwidgets.dialects import Dialect, DocumentError
from jobwidgets.redact import redacted_body, redacted_document
from jobwidgets.snapshot import Snapshot
from jobwidgets.tokens import TokenKeeper
from jobwidgets.urls import redirected, with_query

if TYPE_CHECKING:
    from jobwidgets.connections import Connections, Http

MOST_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one exchange brought.

    Parameters
    ----------
    snapshot
        The document, with when it was received.
    server_time
        The server's clock (UTC) when it answered, None where it did not tell.
    """

    snapshot: Snapshot
    server_time: datetime | None


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
        Settings of httpx.AsyncClient, checked.
    """

    def __init__(
        self,
        url: str,
        dialect: Dialect,
        *,
        token: TokenKeeper | None = None,
        http: Http | None = None,
    ) -> None:
        self.url = url
        self.dialect = dialect
        self.token = token
        self.http = http or {}
        self.urgency: Urgency | None = None
        """Of the next exchange, where the host's budget is short; None is an ordinary one."""
        self._last: tuple[bytes, Snapshot] | None = None
        self._sent: set[str] = set()

    async def read_job(self, connections: Connections) -> Reading:
        """Ask for the job once; a document like the last one is not parsed again.

        Raises
        ------
        ExchangeError
            If no document came.
        DocumentError
            If what came is no document of this job.
        """
        return await self._exchange(connections, self._reading)

    async def read_ids(self, connections: Connections) -> list[str]:
        """Ask the jobs resource for its ids once; raises as `read_job` does."""
        return await self._exchange(
            connections, lambda answer: self.dialect.ids(read_document(answer, self.dialect))
        )

    def _reading(self, answer: Answer) -> Reading:
        digest = blake2b(b"%d " % answer.status + answer.body, digest_size=16).digest()
        if self._last is None or self._last[0] != digest:
            self._last = digest, self._parse(self._document(answer))
        snapshot = replace(self._last[1], seen=datetime.now(UTC))
        return Reading(snapshot, answer.server_time)

    def _document(self, answer: Answer) -> Any:
        """Return the JSON value without our tokens, however its bytes had spelt them."""
        document = read_document(answer, self.dialect)
        try:
            for token in self._sent:
                document = redacted_document(document, token)
        except RecursionError as error:
            raise DocumentError("the document is nested too deeply to be read") from error
        return document

    def _parse(self, document: object) -> Snapshot:
        snapshot, wanted = self.dialect.parse(document), self.dialect.job_id(self.url)
        if snapshot.id != wanted:
            raise DocumentError(f"expected job {wanted}, found job {snapshot.id}")
        return snapshot

    async def _exchange(self, connections: Connections, read: Callable[[Answer], T]) -> T:
        """Ask once, and once more where a new token may mend a refusal."""
        await connections.admit(self.url, self.urgency)
        # Not before: a token may expire while many jobs wait for the host's budget.
        token = await self.token.current() if self.token is not None else None
        try:
            return read(await self._get(connections, token))
        except UnauthorisedError as error:
            if self.token is None or token is None or error.code not in TOKEN_REFUSED:
                raise
            fresh = await self.token.renewed(token)
            if fresh is None:
                raise
        await connections.admit(self.url, at_once)
        return read(await self._get(connections, fresh))

    async def _get(self, connections: Connections, token: str | None) -> Answer:
        """Make one request that was admitted, following redirects on the same origin."""
        url = self.url
        headers: dict[str, str] = {}
        if token is not None:
            headers.update([self.dialect.authorization(token)])
            self._sent.add(token)
        for _ in range(MOST_REDIRECTS + 1):
            url = with_query(url, self.dialect.query)
            answer = await connections.get(url, headers, self.http)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or location is None:
                return replace(answer, body=self._redacted(answer.body))
            url = redirected(url, location)
            await connections.admit(url, at_once)
        raise RefusedError(f"the server redirected more than {MOST_REDIRECTS} times")

    def _redacted(self, body: bytes) -> bytes:
        """Return `body` without our tokens: a message may quote one that is long replaced."""
        for token in sorted(self._sent, key=len, reverse=True):
            body = redacted_body(body, token)
        return body
