from __future__ import annotations

import re
from collections.abc import Callable
from inspect import signature
from traceback import TracebackException, walk_tb
from typing import Any

import pytest
from documents import JOB_URL, JOBS_URL
from IPython.core.ultratb import VerboseTB

from jobwidgets import Job, JobBoard, JobHistory, Jobs, JobWidget, Pace
from jobwidgets._http.tokens import TokenKeeper
from jobwidgets.demo import MissionServer

SECRET = "S3cr3t-token"
EXPECTED_JOB = "expected a Job or the URL of a job, …/jobs/<job id>; found "
EXPECTED_JOBS = (
    "jobs: expected a Jobs, the URL of a jobs resource, or an iterable of Job, JobWidget or job "
    "URLs; found "
)
OF_JOB = "token, dialect, poll_interval, give_up_after, notify, http, pace"
OF_JOBS = OF_JOB.replace("notify, ", "")


class GPJob:
    """What another library makes of a job."""

    url = JOB_URL


@pytest.mark.parametrize(
    ("widget", "given", "keywords", "text"),
    [
        (JobWidget, 7, {}, f"{EXPECTED_JOB}a int"),
        (JobWidget, GPJob(), {}, f"{EXPECTED_JOB}a GPJob, which has a .url: give that"),
        (JobWidget, [JOB_URL], {}, f"{EXPECTED_JOB}a list; JobBoard(…) shows many jobs"),
        (
            JobWidget,
            Jobs(JOBS_URL),
            {},
            f"{EXPECTED_JOB}a Jobs, which has a .url: give that; JobBoard(…) shows many jobs",
        ),
        (
            JobWidget,
            JOB_URL,
            {"tokens": "x"},
            f"JobWidget has no keyword 'tokens'; expected some of: freeze, {OF_JOB}",
        ),
        (
            JobWidget,
            Job(JOB_URL),
            {"poll_interval": 5, "pace": Pace()},
            "a Job brings its own settings: give poll_interval, pace to Job, not to JobWidget",
        ),
        (JobBoard, 7, {}, f"{EXPECTED_JOBS}a int"),
        (
            JobBoard,
            Job(JOB_URL),
            {},
            f"{EXPECTED_JOBS}a Job, which has a .url: give that; JobBoard([…]) shows a single one",
        ),
        (JobBoard, [JOB_URL, None], {}, f"jobs[1]: {EXPECTED_JOB}a NoneType"),
        (
            JobBoard,
            [],
            {"notify": print},
            "JobBoard has no keyword 'notify'; "
            f"expected some of: freeze, listing_interval, {OF_JOBS}",
        ),
        (
            JobBoard,
            [Job(JOB_URL)],
            {"token": "x"},
            "a Job brings its own settings: give token to Job, not to JobBoard",
        ),
        (
            JobBoard,
            Jobs(JOBS_URL),
            {"token": "x"},
            "a Jobs brings its own settings: give token to Jobs, not to JobBoard",
        ),
    ],
)
def test_mistakes(widget: type[Any], given: Any, keywords: dict[str, Any], text: str) -> None:
    """What is no job, or no keyword, is named, with what to write instead."""
    with pytest.raises(TypeError) as raised:
        widget(given, **keywords)
    assert str(raised.value) == text


@pytest.mark.parametrize(
    ("module", "name", "line"),
    [
        (
            "arcgis.geoprocessing._job",
            "GPJob",
            '"messages": job.messages}, id=job._jobid, cancel=job.cancel)',
        ),
        ("arcgis.gis.mission.api", "MissionJob", 'id=job.properties["jobId"])'),
        ("openeo.rest.job", "BatchJob", '"messages": job.logs()}, id=job.job_id, cancel=job.stop)'),
    ],
)
def test_jobs_of_other_packages(module: str, name: str, line: str) -> None:
    """A job of arcgis or openeo is refused with the line to write."""
    found = type(name, (), {"__module__": module})()
    with pytest.raises(TypeError, match=re.escape(f"{line})") + "$"):
        JobWidget(found)
    with pytest.raises(TypeError, match=re.escape(line) + "$"):
        JobBoard([found])


@pytest.mark.parametrize(
    ("widget", "url", "hint"),
    [
        (JobWidget, JOBS_URL, "that is the list of jobs: JobBoard(url) shows it"),
        (JobBoard, JOB_URL, "that is one job: JobWidget(url) shows it"),
        (JobWidget, "j1", "a job is given by its URL, https://host/…/jobs/<job id>, not by its id"),
        (JobWidget, JOB_URL.removeprefix("https://"), "it begins with https://"),
        (JobBoard, JOBS_URL.removeprefix("https://"), "it begins with https://"),
    ],
)
def test_mistaken_url(widget: type[Any], url: str, hint: str) -> None:
    """A URL that is refused comes with what to write instead."""
    with pytest.raises(ValueError, match=re.escape(f"; {hint}") + "$"):
        widget(url)


def test_keywords_are_found_by_tab() -> None:
    """The signatures name every keyword."""
    assert [
        ", ".join(list(signature(one.__init__).parameters)[2:-1]) for one in (JobWidget, JobBoard)
    ] == [
        f"freeze, {OF_JOB}",
        f"freeze, listing_interval, {OF_JOBS}",
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Job("no URL"),
        lambda: Jobs("no URL"),
        lambda: JobWidget(7),
        lambda: JobWidget(Job(JOB_URL), token="x"),
        lambda: JobBoard(7),
        lambda: JobBoard(JOBS_URL, listing_interval=0),
        lambda: MissionServer(speed=-1),
        lambda: MissionServer(host="example.com"),
        lambda: TokenKeeper("ü"),
        lambda: JobHistory.__new__(JobHistory).snapshots,
    ],
)
def test_half_made_object_has_a_repr(make: Callable[[], object]) -> None:
    """A traceback with locals shows an object whose constructor has raised."""
    with pytest.raises((TypeError, ValueError, AttributeError)) as raised:
        make()
    seen = [one for frame, _ in walk_tb(raised.tb) for one in frame.f_locals.values()]
    if isinstance(raised.value, AttributeError):
        seen.append(raised.value.obj)
    assert [repr(one) for one in seen]


@pytest.mark.parametrize(
    ("widget", "given", "keywords"),
    [
        (JobWidget, JOB_URL, {"token": SECRET, "bogus": 1}),
        (JobWidget, JOB_URL, {"tokens": SECRET}),
        (JobWidget, Job(JOB_URL), {"token": SECRET}),
        (JobWidget, f"{JOB_URL}?token={SECRET}", {"poll_interval": "x"}),
        (JobWidget, f"{JOBS_URL}?token={SECRET}", {}),
        (JobWidget, f"j1?token={SECRET}", {}),
        (JobBoard, [Job(JOB_URL)], {"token": SECRET}),
        (JobBoard, Jobs(JOBS_URL), {"token": SECRET}),
        (JobBoard, [f"{JOB_URL}?token={SECRET}", 7], {}),
        (JobBoard, (url for url in [f"{JOB_URL}?token={SECRET}"]), {"dialect": "x"}),
        (JobBoard, f"{JOBS_URL}?token={SECRET}", {"listing_interval": 0}),
        (JobBoard, JOBS_URL, {"token": f"{SECRET}ü"}),
        (JobBoard, JOBS_URL, {"tokens": SECRET}),
    ],
)
def test_traceback_with_locals_shows_no_token(
    widget: type[Any], given: Any, keywords: dict[str, Any]
) -> None:
    """Neither Python's traceback with locals nor IPython's verbose one shows it in our frames."""
    with pytest.raises((TypeError, ValueError)) as raised:
        widget(given, **keywords)
    ours = raised.tb.tb_next  # the caller's own frame is the caller's
    error = TracebackException(raised.type, raised.value, ours, capture_locals=True)
    seen = "".join(error.format()) + VerboseTB().text(raised.type, raised.value, ours)
    assert "_widgets/" in seen
    assert SECRET not in seen
