from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from documents import JOB_URL, JOBS_URL

from jobwidgets import Job, JobBoard, Jobs, JobWidget
from jobwidgets._settings import SHORTEST_INTERVAL, Settings, checked_settings
from jobwidgets._watch.pace import Pace

NOWHERE = {"transport": httpx.MockTransport(lambda _: httpx.Response(503))}


def checked(url: Any = JOB_URL, **given: Any) -> tuple[str, Settings]:
    """Return what becomes of a user's arguments."""
    usual = {"token": None, "dialect": "mission", "poll_interval": None, "http": None, "pace": None}
    return checked_settings(url, **{**usual, **given})


def test_usual_settings() -> None:
    """Without arguments nothing is sent but the request, at the usual pace."""
    url, settings = checked()
    assert url == JOB_URL
    assert settings.dialect.name == "mission"
    assert (settings.token, settings.poll_interval, settings.http.given) == (None, None, {})
    assert settings.pace == Pace()


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        (f"{JOB_URL}?token=abc", JOB_URL),
        (f"{JOB_URL}?a=1&TOKEN=abc&b=2#token=def", f"{JOB_URL}?a=1&b=2"),
        (f"  {JOB_URL}?f=json&token=abc\n", f"{JOB_URL}?f=json"),
    ],
)
def test_token_leaves_the_url(url: str, bare: str) -> None:
    """A token in the URL is taken out and kept."""
    found, settings = checked(url)
    assert found == bare
    assert repr(settings.token) == "TokenKeeper(a string)"


def test_token_beside_a_token_in_the_url() -> None:
    """A token that is given as such wins over one in the URL."""
    url, settings = checked(f"{JOB_URL}?token=abc", token=lambda: "given")
    assert url == JOB_URL
    assert repr(settings.token) == "TokenKeeper(a callable)"


@pytest.mark.parametrize(
    ("argument", "kind", "text"),
    [
        ({"url": 7}, TypeError, "a URL is a string, found a int"),
        ({"url": Path("jobs/j1")}, TypeError, "a URL is a string"),
        ({"url": "gis.example.com/jobs/j1"}, ValueError, "expected a URL like"),
        ({"url": "https:///jobs/j1"}, ValueError, "expected a URL like"),
        ({"url": "ftp://gis.example.com/jobs/j1"}, ValueError, "expected a URL like"),
        ({"token": 7}, TypeError, "token is a string or a callable"),
        ({"token": ""}, ValueError, "a token is printable ASCII"),
        ({"dialect": "missoin"}, ValueError, "expected one of: geoprocessing, .*mission"),
        ({"poll_interval": "5"}, TypeError, "poll_interval is in seconds, found a str"),
        ({"poll_interval": True}, TypeError, "poll_interval is in seconds, found a bool"),
        ({"poll_interval": Decimal(5)}, TypeError, "poll_interval is in seconds"),
        ({"poll_interval": 0}, ValueError, "poll_interval is a positive number"),
        ({"poll_interval": -1}, ValueError, "poll_interval is a positive number"),
        ({"poll_interval": float("nan")}, ValueError, "poll_interval is a positive number"),
        ({"poll_interval": float("inf")}, ValueError, "poll_interval is a positive number"),
        ({"poll_interval": 1e12}, ValueError, "at most a year of them; found 1e\\+12"),
        ({"poll_interval": 10**400}, ValueError, "at most a year of them; found inf"),
        ({"poll_interval": -(10**5000)}, ValueError, "is a positive number of seconds"),
        ({"poll_interval": np.bool_(True)}, TypeError, "poll_interval is in seconds"),
        ({"poll_interval": np.float32("nan")}, ValueError, "found nan"),
        ({"give_up_after": -1}, ValueError, "give_up_after is a positive number"),
        ({"http": {"verfy": False}}, TypeError, "takes no 'verfy'"),
        ({"http": ["verify"]}, TypeError, "http"),
        ({"http": 7}, TypeError, "http"),
        ({"pace": 3}, TypeError, "pace is a Pace, found a int"),
        ({"pace": Pace}, TypeError, "pace is a Pace, found a type"),
    ],
)
def test_arguments_of_no_use(argument: Any, kind: type[Exception], text: str) -> None:
    """What is of no use is refused, with what was found and what was expected."""
    with pytest.raises(kind, match=text):
        checked(**argument)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        *((given, given) for given in (0.5, 1, 3600)),
        *((kind(2), 2) for kind in (np.int64, np.uint8, np.float32, np.float64, Fraction)),
    ],
)
def test_interval(given: Any, kept: float) -> None:
    """An interval is kept, in seconds, whatever kind of number it is given as."""
    interval = checked(poll_interval=given)[1].poll_interval
    assert interval == kept
    assert isinstance(interval, float)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Job(JOB_URL, poll_interval=0.1),
        lambda: Jobs(JOBS_URL, poll_interval=0.1),
        lambda: JobWidget(JOB_URL, poll_interval=0.1, http=NOWHERE).close(),
        lambda: JobBoard([JOB_URL], poll_interval=0.1, http=NOWHERE).close(),
    ],
)
def test_warning_is_at_the_users_line(make: Callable[[], object]) -> None:
    """The line that a warning names is the user's, whatever it calls."""
    with pytest.warns(UserWarning, match="is raised") as warned:
        make()
    assert warned[0].filename == __file__


@pytest.mark.parametrize("given", [0.001, 0.49])
def test_interval_has_a_floor(given: float) -> None:
    """A shorter interval is raised to the floor, with a warning."""
    with pytest.warns(UserWarning, match=f"poll_interval={given} is raised to 0.5 s"):
        _, settings = checked(poll_interval=given)
    assert settings.poll_interval == SHORTEST_INTERVAL == 0.5


def test_watch_of_no_job() -> None:
    """A URL that is no job's cannot be watched."""
    with pytest.raises(ValueError, match="ends with /jobs/<job id>"):
        checked()[1].watch(JOBS_URL)


def test_repr_shows_no_token() -> None:
    """Settings do not write out what they hold."""
    settings = checked(token="S3cr3t-T0ken", http={"headers": {"X-Key": "S3cr3t-T0ken"}})[1]
    assert "S3cr3t" not in repr(settings)
