"""What the widgets are given: jobs, or their URLs with keywords."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jobwidgets._widgets.live import LiveWidget
from jobwidgets.job import Job
from jobwidgets.jobs import Jobs

_EXPECTED = "a Jobs, the URL of a jobs resource, or an iterable of Job, JobWidget or job URLs"


def one_job(job_or_url: Job | str, keywords: Mapping[str, Any]) -> Job:
    """Return the job of a `JobWidget`.

    Raises
    ------
    TypeError, ValueError
        If it is neither a job nor its URL, or a keyword is of no use; the text names what was
        found.
    """
    _check_names(keywords, Job, "JobWidget", ["freeze"])
    job = _held(job_or_url)
    if not isinstance(job, Job):
        return Job(job, **keywords)
    _refuse(keywords, "Job", "JobWidget")
    return job


def many_jobs(
    jobs: Jobs | str | Iterable[Job | str], keywords: Mapping[str, Any]
) -> tuple[Jobs | None, list[Job]]:
    """Return the jobs resource of a `JobBoard`, or its jobs.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or a keyword is of no use; the text names what was found.
    """
    _check_names(keywords, Jobs, "JobBoard", ["freeze", "listing_interval"])
    if isinstance(jobs, str):
        return Jobs(jobs, **keywords), []
    if isinstance(jobs, Jobs):
        _refuse(keywords, "Jobs", "JobBoard")
        return jobs, []
    if not isinstance(jobs, Iterable):
        raise TypeError(f"jobs: expected {_EXPECTED}; found a {type(jobs).__name__}")
    return None, [_job_at(index, item, keywords) for index, item in enumerate(jobs)]


def _job_at(index: int, item: object, keywords: Mapping[str, Any]) -> Job:
    job = _held(item)
    if isinstance(job, str):
        return Job(job, **keywords)
    if not isinstance(job, Job):
        found = type(item).__name__
        raise TypeError(f"jobs[{index}]: expected a Job or its URL; found a {found}")
    _refuse(keywords, "Job", "JobBoard")
    return job


def _held(given: Any) -> Any:
    """Return the job of a `JobWidget`, and anything else as it is."""
    return getattr(given, "job", given) if isinstance(given, LiveWidget) else given


def _check_names(
    keywords: Mapping[str, Any], kind: Callable[..., object], widget: str, own: list[str]
) -> None:
    known = [name for name in inspect.signature(kind).parameters if name != "url"]
    unknown = [name for name in keywords if name not in known]
    if unknown:
        expected = ", ".join([*own, *known])
        raise TypeError(f"{widget} has no keyword {unknown[0]!r}; expected some of: {expected}")


def _refuse(keywords: Mapping[str, Any], kind: str, widget: str) -> None:
    if keywords:
        names = ", ".join(keywords)
        raise TypeError(
            f"a {kind} brings its own settings: give {names} to {kind}, not to {widget}"
        )
