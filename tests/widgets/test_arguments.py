from __future__ import annotations

from collections.abc import Callable
from traceback import walk_tb
from typing import Any

import pytest
from documents import JOB_URL, JOBS_URL

from jobwidgets import Job, JobBoard, JobHistory, Jobs, JobWidget
from jobwidgets._http.tokens import TokenKeeper
from jobwidgets.demo import MissionServer


@pytest.mark.parametrize(
    ("widget", "given", "keywords", "text"),
    [
        (JobWidget, JOB_URL, {"tokens": 1}, "no keyword 'tokens'; expected some of: freeze, token"),
        (JobWidget, Job(JOB_URL), {"poll_interval": 5}, "give poll_interval to Job, not to JobW"),
        (JobBoard, 7, {}, r"jobs: expected a Jobs, .* found a int"),
        (JobBoard, Job(JOB_URL), {}, r"jobs: expected .* found a Job"),
        (JobBoard, [7], {}, r"jobs\[0\]: expected a Job or its URL; found a int"),
        (JobBoard, [JOB_URL, None], {}, r"jobs\[1\]: expected a Job or its URL; found a NoneType"),
        (JobBoard, [], {"tokens": 1}, "no keyword 'tokens'; expected some of: freeze, listing_int"),
        (JobBoard, [Job(JOB_URL)], {"token": "x"}, "give token to Job, not to JobBoard"),
        (JobBoard, Jobs(JOBS_URL), {"token": "x"}, "give token to Jobs, not to JobBoard"),
    ],
)
def test_arguments_of_no_use(
    widget: type[Any], given: Any, keywords: dict[str, Any], text: str
) -> None:
    """What is no job, or no keyword, is named."""
    with pytest.raises(TypeError, match=text):
        widget(given, **keywords)


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
