"""What `Job` and `Jobs` take beside a URL, checked once."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobwidgets._http.settings import Http, settings_now
from jobwidgets._http.source import Source
from jobwidgets._http.tokens import Token, TokenKeeper, token_keeper
from jobwidgets._http.urls import is_loopback, root, split_token
from jobwidgets._model.history import JobHistory
from jobwidgets._model.number import as_float
from jobwidgets._model.redact import redacted
from jobwidgets._watch.functions import Function, FunctionSource
from jobwidgets._watch.listed import JobsList, ListedSource
from jobwidgets._watch.pace import LONGEST, Pace
from jobwidgets._watch.watch import Watch
from jobwidgets.dialects import Dialect, find_dialect
from jobwidgets.dialects._choice import dialect_at, told_already
from jobwidgets.dialects._urls import job_id_of

SHORTEST_INTERVAL = 0.5
"""Seconds; the floor of `poll_interval`."""
# One for all jobs that are not given another.
_USUAL_PACE = Pace()
_warned_of: set[str] = set()  # places that a token is sent to in the clear


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """How a server is asked; see `Job` for the parameters."""

    dialect: Dialect | None
    token: TokenKeeper | None
    poll_interval: float | None
    give_up_after: float | None
    http: Http
    pace: Pace

    def source(self, url: str) -> Source:
        """Return where the resource at `url`, without a token, is asked for."""
        return Source(url, self.dialect or dialect_at(url), token=self.token, http=self.http)

    def watch(self, url: str, told: JobsList | None = None) -> Watch:
        """Return the watch of the job at `url`; ValueError if that is no job's URL.

        `told` is what the list that it stands in tells of it; None for a job alone.
        """
        source = self.source(url) if told is None else self._listed(url, told)
        source.dialect.request(url)  # raises where that is no URL of a job
        dialect = told_already(source.dialect)
        name = None if dialect is None else dialect.name
        return Watch(
            source,
            JobHistory(job_id_of(url), url, dialect=name),
            pace=self.pace,
            poll_interval=self.poll_interval,
            give_up_after=self.give_up_after,
        )

    def _listed(self, url: str, told: JobsList) -> ListedSource:
        dialect = self.dialect or dialect_at(url)
        return ListedSource(url, dialect, told, token=self.token, http=self.http)


def checked_settings(
    url: str,
    *,
    token: Token | None,
    dialect: str | Dialect | None,
    poll_interval: float | None,
    give_up_after: float | None = None,
    http: Mapping[str, Any] | None,
    pace: Pace | None,
) -> tuple[str, Settings]:
    """Return `url` without its token, and the settings.

    Raises
    ------
    TypeError, ValueError
        If one is invalid; the text names what was found and what was expected.
    """
    pace = _checked_pace(pace)
    bare, token_of_url = split_token(url)
    keeper = token_keeper(token if token is not None else token_of_url)
    if keeper is not None:
        _warn_of_clear_text(bare)
    settings = Settings(
        dialect=None if dialect is None else find_dialect(dialect),
        token=keeper,
        poll_interval=_checked_interval(poll_interval),
        give_up_after=None if give_up_after is None else seconds("give_up_after", give_up_after),
        http=_checked_http(http),
        pace=pace,
    )
    return bare, settings


def function_watch(
    fetch: Function,
    *,
    job_id: str | int,
    dialect: str | Dialect | None,
    cancel: Function | None,
    deadline: float,
    poll_interval: float | None,
    give_up_after: float | None,
    pace: Pace | None,
) -> Watch:
    """Return the watch of a job that a function tells of; see `Job.from_function`.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid; the text names what was found and what was expected.
    """
    check_function("fetch", fetch)
    if cancel is not None:
        check_function("cancel", cancel)
    if isinstance(job_id, bool) or not isinstance(job_id, str | int) or job_id == "":
        raise TypeError(f"id is the text or number that names the job, found {job_id!r}")
    name, found = redacted(str(job_id)), None if dialect is None else find_dialect(dialect)
    source = FunctionSource(
        name,
        fetch,
        dialect=found,
        cancel=cancel,
        deadline=seconds("deadline", deadline),
    )
    return Watch(
        source,
        JobHistory(name, dialect=None if found is None else found.name),
        pace=_checked_pace(pace),
        poll_interval=_checked_interval(poll_interval),
        give_up_after=None if give_up_after is None else seconds("give_up_after", give_up_after),
    )


def check_function(name: str, given: object) -> None:
    """Raise TypeError unless what was given as `name` can be called without arguments."""
    if not callable(given):
        hint = ": give the function itself, without ()" if not isinstance(given, str) else ""
        raise TypeError(f"{name} is a function, found a {type(given).__name__}{hint}")
    try:
        signature = inspect.signature(given)
    except (TypeError, ValueError):  # some that are written in C have none
        return
    try:
        signature.bind()
    except TypeError as error:
        raise TypeError(f"{name} is called without arguments: {error}") from None


def _checked_pace(pace: Pace | None) -> Pace:
    if pace is not None and not isinstance(pace, Pace):
        raise TypeError(f"pace is a Pace, found a {type(pace).__name__}")
    return pace or _USUAL_PACE


def _warn_of_clear_text(url: str) -> None:
    place = root(url)
    if place.startswith("http:") and not is_loopback(url) and place not in _warned_of:
        _warned_of.add(place)
        text = f"everybody on the way to {place} can read the token: use https"
        _warn_user(text)


def _warn_user(text: str) -> None:
    """Warn at the user's own line, whichever of our constructors it calls."""
    depth, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals["__name__"].startswith("jobwidgets."):
        depth, frame = depth + 1, frame.f_back
    warnings.warn(text, UserWarning, stacklevel=depth)


def _checked_http(http: Mapping[str, Any] | None) -> Http:
    if http is not None:
        # httpx is imported when it is first needed: that is a third of our import time.
        from jobwidgets._http.checks import check_http

        check_http(http)
    return settings_now(http)


def _checked_interval(given: float | None) -> float | None:
    if given is None:
        return None
    interval = seconds("poll_interval", given)
    if interval < SHORTEST_INTERVAL:
        text = f"poll_interval={interval:g} is raised to {SHORTEST_INTERVAL} s"
        _warn_user(text)
    return max(interval, SHORTEST_INTERVAL)


def seconds(name: str, given: object) -> float:
    """Return a number of seconds that was given as `name`.

    Raises
    ------
    TypeError, ValueError
        If it is no number, or none between 0 and a year.
    """
    number = as_float(given)
    if number is None:
        raise TypeError(f"{name} is in seconds, found a {type(given).__name__}")
    if not 0 < number <= LONGEST:
        raise ValueError(
            f"{name} is a positive number of seconds, at most a year of them; found {number:g}"
        )
    return number
