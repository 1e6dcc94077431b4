"""Which jobs a board was given, whatever they were given as."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from jobwidgets.job import Job
from jobwidgets.jobs import Jobs

_KEYWORDS = [name for name in inspect.signature(Jobs).parameters if name != "url"]
_EXPECTED = "a Jobs, the URL of a jobs resource, or an iterable of Job or of job URLs"


def given_jobs(
    jobs: Jobs | str | Iterable[Job | str], keywords: dict[str, Any]
) -> tuple[Jobs | None, list[Job]]:
    """Return the jobs resource, or the jobs.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or a keyword is of no use; the text names what was found.
    """
    unknown = [name for name in keywords if name not in _KEYWORDS]
    if unknown:
        expected = ", ".join(["freeze", "listing_interval", *_KEYWORDS])
        raise TypeError(f"JobBoard has no keyword {unknown[0]!r}; expected some of: {expected}")
    if isinstance(jobs, str):
        return Jobs(jobs, **keywords), []
    if isinstance(jobs, Jobs):
        _refuse(keywords, "Jobs")
        return jobs, []
    if not isinstance(jobs, Iterable):
        raise TypeError(f"jobs: expected {_EXPECTED}; found a {type(jobs).__name__}")
    return None, [_job(item, f"jobs[{index}]", keywords) for index, item in enumerate(jobs)]


def _job(item: object, place: str, keywords: dict[str, Any]) -> Job:
    if isinstance(item, str):
        return Job(item, **keywords)
    if not isinstance(item, Job):
        raise TypeError(f"{place}: expected a Job or its URL; found a {type(item).__name__}")
    _refuse(keywords, "Job")
    return item


def _refuse(keywords: dict[str, Any], kind: str) -> None:
    if keywords:
        names = ", ".join(keywords)
        raise TypeError(
            f"a {kind} brings its own settings: give {names} to {kind}, not to JobBoard"
        )
