"""Where a job leads its reader: to its page on the server, and to its results."""

from __future__ import annotations

from urllib.parse import urlsplit

from jobwidgets._model.history import JobHistory
from jobwidgets._model.redact import REDACTED, redacted
from jobwidgets._model.snapshot import Status
from jobwidgets._visible import visible
from jobwidgets.dialects import Dialect

_LONGEST_URL = 2000


def page_url(history: JobHistory, dialect: Dialect | None) -> str | None:
    """Return the page for people of a job that was seen; None where there is none."""
    if dialect is None or history.url is None or history.latest is None:
        return None
    return _fit(dialect.page_url(history.url))


def results_url(history: JobHistory, dialect: Dialect | None) -> str | None:
    """Return where the results are of a job that has succeeded; None where that is not known."""
    if dialect is None or history.url is None or history.latest is None:
        return None
    is_well = history.status is Status.SUCCEEDED
    return _fit(dialect.results_url(history.url, history.latest)) if is_well else None


def _fit(url: str | None) -> str | None:
    """Return a URL that a reader may follow, None for any other; a document may have named it.

    One of which a token was taken out would lead nowhere.
    """
    if url is None or len(url) > _LONGEST_URL or REDACTED in url or redacted(url) != url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    is_web = parts.scheme in {"http", "https"} and bool(parts.netloc) and "@" not in parts.netloc
    return url if is_web and visible(url) == url else None
