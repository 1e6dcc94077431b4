"""Lists of whole job documents, ``{jobs, links}``, and the links of their pages (RFC 8288)."""

from __future__ import annotations

from collections.abc import Mapping

from jobwidgets._model.exchanged import Answer, JobPage
from jobwidgets._model.snapshot import Snapshot
from jobwidgets.dialects._dialect import Dialect
from jobwidgets.dialects._esri import tell_left_out
from jobwidgets.dialects._refusals import found
from jobwidgets.dialects._urls import http_url, leads_elsewhere
from jobwidgets.errors import DocumentError


def read_jobs(dialect: Dialect, answer: Answer) -> JobPage:
    """Return the jobs of one page, once each; each is told as whole as its own document tells it.

    An id that leads out of the resource is left out, and said so in the log.
    """
    page = answer.body
    listed = page.get("jobs") if isinstance(page, Mapping) else None
    if not isinstance(listed, list):
        raise DocumentError(f'expected {{"jobs": [job, …]}}, found {found(page)}')
    jobs = {
        one.id: one for place, item in enumerate(listed) for one in [_job(dialect, item, place)]
    }
    for job_id in [job_id for job_id in jobs if leads_elsewhere(job_id)]:
        tell_left_out(job_id)
        del jobs[job_id]
    url = (answer.url or "").partition("?")[0]  # what chooses a page is no part of a job's URL
    entries = tuple((dialect.job_url(url, job_id), one) for job_id, one in jobs.items())
    return JobPage(entries, link_of(page, "next", answer.url))


def _job(dialect: Dialect, item: object, place: int) -> Snapshot:
    try:
        return dialect.read(Answer(item))
    except DocumentError as error:
        raise DocumentError(f'at "jobs"[{place}]: {error}') from error


def link_of(document: object, relation: str, url: str | None) -> str | None:
    """Return where the link of a relation leads, http or https only; None without one.

    A relation may be given as a URI that ends with its name.
    """
    links = document.get("links") if isinstance(document, Mapping) else None
    for link in links if isinstance(links, list) else []:
        if isinstance(link, Mapping) and str(link.get("rel")).rpartition("/")[2] == relation:
            target = link.get("href")
            if isinstance(target, str) and target:
                return http_url(target, url)
    return None
