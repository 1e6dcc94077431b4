"""What the widgets are given: jobs, or their URLs with keywords."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from jobwidgets._http.secrets import hidden_in
from jobwidgets._widgets.foreign import line_for
from jobwidgets._widgets.live import LiveWidget
from jobwidgets.job import Job
from jobwidgets.jobs import Jobs

_ONE = "a Job or the URL of a job, …/jobs/<job id>"
_MANY = "a Jobs, the URL of a jobs resource, or an iterable of Job, JobWidget or job URLs"
T = TypeVar("T", Job, Jobs)


def hidden_in_each(given: Any) -> Any:
    """Return what a `JobBoard` was given, with URLs that show no token in a traceback."""
    if isinstance(given, Iterable) and not isinstance(given, str):
        return [hidden_in(item) for item in given]
    return hidden_in(given)


def one_job(given: object, keywords: Mapping[str, Any], unknown: Iterable[str]) -> Job:
    """Return the job of a `JobWidget`.

    Parameters
    ----------
    given
        What is meant to be a job or its URL.
    keywords
        Those of `Job`, those that were not given too.
    unknown
        The names of other keywords.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or a keyword is invalid; the text names what was found, and what to
        write instead.
    """
    _refuse_unknown(unknown, ["freeze", *keywords], "JobWidget")
    job = _held(given)
    if isinstance(job, Job):
        _refuse_settings(keywords, Job, "JobWidget")
        return job
    if isinstance(job, str):
        return _made(Job, job, keywords)
    line = line_for(job)
    if line is not None:
        raise TypeError(f"expected {_ONE}; found {_kind(job)}: write JobWidget({line})")
    many = "; JobBoard(…) shows many jobs" if isinstance(job, Jobs | Iterable) else ""
    raise TypeError(f"expected {_ONE}; found {_kind(job)}{many}")


def many_jobs(
    given: object, keywords: Mapping[str, Any], unknown: Iterable[str]
) -> tuple[Jobs | None, list[Job]]:
    """Return the jobs resource of a `JobBoard`, or its jobs; see `one_job`."""
    _refuse_unknown(unknown, ["freeze", "listing_interval", *keywords], "JobBoard")
    if isinstance(given, str):
        return _made(Jobs, given, keywords), []
    if isinstance(given, Jobs):
        _refuse_settings(keywords, Jobs, "JobBoard")
        return given, []
    if isinstance(given, Iterable):
        return None, [_job_at(index, item, keywords) for index, item in enumerate(given)]
    one = "; JobBoard([…]) shows a single one" if isinstance(_held(given), Job) else ""
    raise TypeError(f"jobs: expected {_MANY}; found {_kind(given)}{one}")


def _job_at(index: int, item: object, keywords: Mapping[str, Any]) -> Job:
    job = _held(item)
    if isinstance(job, str):
        return _made(Job, job, keywords)
    if not isinstance(job, Job):
        line = line_for(job)
        write = f": write {line}" if line is not None else ""
        raise TypeError(f"jobs[{index}]: expected {_ONE}; found {_kind(job)}{write}")
    _refuse_settings(keywords, Job, "JobBoard")
    return job


def _held(given: Any) -> Any:
    """Return the job of a `JobWidget`, and anything else as it is."""
    return getattr(given, "job", given) if isinstance(given, LiveWidget) else given


def _made(kind: Callable[..., T], url: str, keywords: Mapping[str, Any]) -> T:
    try:
        return kind(url, **keywords)
    except ValueError as error:
        hint = _hint(kind, url)
        if hint:
            raise ValueError(f"{error}; {hint}") from None
        raise


def _hint(kind: object, url: str) -> str:
    """Return what to write instead of a URL that was refused; "" where that is not known."""
    if kind is Job and _is_url_of(Jobs, url):
        return "that is the list of jobs: JobBoard(url) shows it"
    if kind is Jobs and _is_url_of(Job, url):
        return "that is one job: JobWidget(url) shows it"
    if "/" not in url:
        return "a job is given by its URL, https://host/…/jobs/<job id>, not by its id"
    if "://" not in url:
        return "it begins with https://"
    return ""


def _is_url_of(kind: Callable[[str], object], url: str) -> bool:
    try:
        kind(url)
    except ValueError:
        return False
    return True


def _kind(found: object) -> str:
    url = ", which has a .url: give that" if isinstance(getattr(found, "url", None), str) else ""
    return f"a {type(found).__name__}{url}"


def _refuse_unknown(unknown: Iterable[str], known: Iterable[str], widget: str) -> None:
    names = list(unknown)
    if names:
        expected = ", ".join(known)
        raise TypeError(f"{widget} has no keyword {names[0]!r}; expected some of: {expected}")


def _refuse_settings(keywords: Mapping[str, Any], kind: type, widget: str) -> None:
    parameters = inspect.signature(kind).parameters
    given = [name for name, value in keywords.items() if value is not parameters[name].default]
    if given:
        raise TypeError(
            f"a {kind.__name__} brings its own settings: give {', '.join(given)} to "
            f"{kind.__name__}, not to {widget}"
        )
