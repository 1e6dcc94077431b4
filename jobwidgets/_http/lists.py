"""Reads the list of a server's jobs, page after page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jobwidgets._http.budget import at_once
from jobwidgets._http.source import Source
from jobwidgets._http.urls import on_same_server, origin, split_token
from jobwidgets._model.redact import redacted
from jobwidgets._model.snapshot import Snapshot
from jobwidgets.dialects import Dialect
from jobwidgets.errors import DocumentError

if TYPE_CHECKING:
    from jobwidgets._http.connections import Connections

MOST_PAGES = 1000
"""Of one list: a server that always names a next one is not asked for ever."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list told.

    Parameters
    ----------
    jobs
        The URL of each job, once each, in the server's order, and what the list says of it; None
        where it only names the job.
    dialect
        Which it is in.
    seen
        When its last page was received (UTC).
    """

    jobs: Mapping[str, Snapshot | None]
    dialect: Dialect
    seen: datetime = field(default_factory=lambda: datetime.now(UTC))


async def read_list(source: Source, connections: Connections) -> Listed:
    """Ask for the whole list of a jobs resource; each request is admitted here.

    Raises
    ------
    ExchangeError
        If a page did not come.
    DocumentError
        If one is no list of jobs, or its next page is on another origin, or there is no end.
    """
    url = source.url
    jobs: dict[str, Snapshot | None] = {}
    pages: list[str] = []
    while len(pages) < MOST_PAGES:
        pages.append(url)
        await connections.admit(url, at_once)
        page = await source.read_page(connections, url)
        jobs.update(page.entries)
        if page.next_url is None:
            return Listed(jobs, source.dialect)
        url = _next(url, page.next_url, pages)
    raise DocumentError(f"the list of jobs has more than {MOST_PAGES} pages")


def _next(url: str, next_url: str, pages: list[str]) -> str:
    try:
        told = split_token(next_url)[0]
    except (TypeError, ValueError):
        raise DocumentError("the list's next page has a URL of no use") from None
    bare = on_same_server(url, told)
    if bare is None:
        other = redacted(origin(told))
        raise DocumentError(f"the list's next page is on another host, {other}: not asked for")
    if bare in pages:
        raise DocumentError("the list's next page is one that came before")
    return bare
