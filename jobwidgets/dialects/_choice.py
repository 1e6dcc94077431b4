"""Which dialect a server speaks, where nobody has said so: told by the URL or a document."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence, Set
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from jobwidgets._model.exchanged import Answer, JobPage, Request
from jobwidgets._model.snapshot import Snapshot
from jobwidgets.dialects._dialect import Dialect
from jobwidgets.dialects._esri import EsriDialect, raise_if_refused
from jobwidgets.dialects._known import known_dialects, others_are_known
from jobwidgets.dialects._refusals import found
from jobwidgets.dialects._urls import checked_job_url, checked_list_url
from jobwidgets.dialects.ogc import raise_if_refused as raise_problem
from jobwidgets.dialects.relatives import NOTEBOOK_MARKS, is_of_notebook
from jobwidgets.errors import DocumentError

_log = logging.getLogger("jobwidgets")
_MISSION = "mission"  # whose shape its relatives have too, each with a mark of its own
_IDS = frozenset({"jobId", "jobID", "id", "jobid", "job_id"})
MARKED = (_IDS - {"jobId"}) | {"jobStatus", "inputs"}
"""Each document of another dialect, except a notebook's, has an attribute of one of these names."""
_PLAIN = Dialect()


class _Esri(EsriDialect):
    """Any ArcGIS server's way to be asked; its list of ids says nothing of the jobs."""

    def _told(self, item: object) -> None:
        return None


_ESRI = _Esri()


class Untold(Dialect):
    """Asks a server until its first document tells which dialect it speaks.

    Parameters
    ----------
    url
        Of a job or a list: with ``/rest/`` or ``/admin/`` in it it is asked Esri's way, since Esri
        answers anything else with a page, and there would never be a document. All others are
        asked with ``Accept`` and Bearer.
    """

    name = "not told yet"

    def __init__(self, url: str) -> None:
        path = urlsplit(url).path.casefold()
        self._is_esri = "/rest/" in path or "/admin/" in path
        self._way: Dialect = _ESRI if self._is_esri else _PLAIN

    def request(self, url: str) -> Request:
        """Return what asks for the job."""
        return self._way.request(checked_job_url(url))

    def token_headers(self, token: str) -> Mapping[str, str]:
        """Return the headers in which a token travels there."""
        return self._way.token_headers(token)

    def read(self, answer: Answer) -> Snapshot:
        """Return what the dialect that the document tells reads; see `told_by`."""
        return told_by(self, answer).read(answer)

    def job_url(self, list_url: str, job_id: str) -> str:
        """Return the URL of one job of the list."""
        return super().job_url(checked_list_url(list_url), job_id)

    def list_request(self, url: str) -> Request:
        """Return what asks for the list."""
        request = self._way.list_request(checked_list_url(url))
        return self._way.request(url) if request is None else request

    def read_list(self, answer: Answer) -> JobPage:
        """Return the jobs of a list that does not tell: of an empty one, or of Esri's bare ids."""
        body = answer.body
        if isinstance(body, Mapping) and body.get("jobs") == []:
            return JobPage()
        if isinstance(body, Mapping) and "asyncJobs" in body:
            return _ESRI.read_list(answer)
        _raise_if_refused(answer)
        raise DocumentError(_unknown("list of jobs", [], body))


def dialect_at(url: str) -> Dialect:
    """Return the dialect that a URL tells for certain, else one that waits for a document."""
    matching = [one for one in known_dialects() if _says(one.matches, url)]
    return matching[0] if len(matching) == 1 else Untold(url)


def told_already(dialect: Dialect) -> Dialect | None:
    """Return a dialect, None for one that waits for a document."""
    return None if isinstance(dialect, Untold) else dialect


def told_by(dialect: Dialect, answer: Answer) -> Dialect:
    """Return a dialect that is known already, else the one that the document of a job tells.

    Raises
    ------
    ExchangeError
        If it is an error body.
    DocumentError
        If the document tells none, or several; the text lists what was tried, and what it has.
    """
    if not isinstance(dialect, Untold):
        return dialect
    telling = recognising(answer.body)
    if len(telling) == 1:
        return telling[0]
    if not telling:
        _raise_if_refused(answer)
    raise DocumentError(_unknown("job document", telling, answer.body))


def told_by_list(dialect: Dialect, answer: Answer) -> Dialect:
    """Return a dialect that is known already, else the one that the items of a list tell.

    An empty list, and one of ids alone, tells none.
    """
    if not isinstance(dialect, Untold) or not isinstance(answer.body, Mapping):
        return dialect
    listed = answer.body.get("jobs") or answer.body.get("asyncJobs")
    items = listed if isinstance(listed, list) else []
    told = recognising(items[0]) if items else []
    if len(told) > 1:
        raise DocumentError(_unknown("list of jobs", told, items[0]))
    return told[0] if told else dialect


def recognising(document: object) -> Sequence[Dialect]:
    """Return the dialects of which a job's document may be; Mission, if it is of no relative.

    What is null is as good as absent: a table has a null wherever another row has a value.
    """
    told = _without_nulls(document)
    telling = [one for one in known_dialects() if _says(one.recognises, told)]
    marked = [one for one in telling if one.name != _MISSION]
    return marked or telling


def _without_nulls(document: object) -> object:
    if not isinstance(document, Mapping):
        return document
    told = {name: value for name, value in document.items() if value is not None}
    custom = told.get("customAttributes")
    return told | {"customAttributes": _without_nulls(custom)} if custom else told


def dialect_of(document: object) -> Dialect:
    """Return the dialect that a document tells; see `told_by`."""
    return told_by(Untold(""), Answer(document))


def are_surely_mission(names: Set[str], part: Callable[[str], Sequence[Any]]) -> bool:
    """Return whether `recognising` would say Mission of each; False where that takes a closer look.

    Millions of documents are asked: this takes a hundredth of the time.

    Parameters
    ----------
    names
        All names that some documents have.
    part
        Returns the value of one name in each document; None where there is none.
    """
    if others_are_known() or not MARKED.isdisjoint(names):
        return False
    kinds, custom = part("type"), part("customAttributes")
    return (
        {*map(type, part("jobId")), *map(type, part("status"))} <= {str}
        and not any(map(is_of_notebook, {kind for kind in kinds if isinstance(kind, str)}))
        and not any(issubclass(kind, Mapping) for kind in {*map(type, custom)} - {dict})
        and NOTEBOOK_MARKS.isdisjoint(set().union(*(one for one in custom if type(one) is dict)))
    )


def _says(ask: Callable[..., bool], what: object) -> bool:
    try:
        return bool(ask(what))
    except Exception:  # noqa: BLE001 - somebody else's; the others are asked all the same
        _log.exception("%r failed", ask)
        return False


def _raise_if_refused(answer: Answer) -> None:
    raise_if_refused(answer)
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise_problem(answer)


def _unknown(what: str, telling: Sequence[Dialect], body: object) -> str:
    names = ", ".join(one.name for one in telling or known_dialects())
    why = "is of more than one dialect" if telling else "is of no known dialect"
    tried = names if telling else f"tried {names}"
    return f"the {what} {why} ({tried}), give dialect=: found {found(body, _IDS)}"
