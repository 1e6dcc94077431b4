"""Who ends a watch: whoever began it."""

import gc
from collections.abc import Callable
from typing import Any

import pytest
from documents import document
from servers import until

from jobwidgets import Job

NewJob = Callable[..., Job]
ENDED = document(status="COMPLETED")


class Widget:
    """Something that shows jobs."""


def shown(job: Job, widget: Widget) -> Job:
    """Return a job that a widget has begun to show."""
    job._join(widget)
    job._start_once()
    until(lambda: job.contact.state == "in touch")
    return job


def wait(job: Job) -> None:
    """Wait in vain."""
    with pytest.raises(TimeoutError):
        job.wait(0)


@pytest.mark.parametrize(
    ("before", "meanwhile", "state"),
    [
        # What the widget alone began it ends,
        (None, None, "stopped"),
        (None, Job.refresh, "stopped"),
        # what the user had begun, or has made theirs meanwhile, it does not.
        (Job.start, None, "in touch"),
        (wait, None, "in touch"),
        (lambda job: job.add_done_callback(print), None, "in touch"),
        (None, Job.start, "in touch"),
        (None, wait, "in touch"),
        (None, lambda job: job.on_change(lambda _: None), "in touch"),
        (None, lambda job: job.add_done_callback(lambda _: None), "in touch"),
        # A view's resume, after the user has stopped the watch, is the widget's beginning.
        (Job.start, lambda job: (job.stop(), job._begin()), "stopped"),
    ],
)
def test_widget_ends_only_what_it_alone_began(
    new_job: NewJob, before: Any, meanwhile: Any, state: str
) -> None:
    """The last widget that leaves ends the watch, unless the user has made that theirs."""
    job, one, other = new_job(document()), Widget(), Widget()
    if before is not None:
        before(job)
    shown(job, one)
    job._join(other)
    if meanwhile is not None:
        meanwhile(job)
        until(lambda: job.contact.state == "in touch")
    job._leave(one)
    assert job.contact.state == "in touch"
    job._leave(other)
    assert job.contact.state == state


def test_who_is_to_be_notified_is(new_job: NewJob) -> None:
    """A job with `notify` is its user's from the start, until it was called."""
    notified: list[Job] = []
    job, widget = new_job(document(), notify=notified.append), Widget()
    shown(job, widget)._leave(widget)
    assert job.contact.state == "in touch"


def test_forgotten_widget_does_not_count(new_job: NewJob) -> None:
    """A widget that nobody holds any more keeps no watch going; nor does one unknown end twice."""
    job = shown(new_job(document()), Widget())
    gc.collect()
    for _ in range(2):
        job._leave(Widget())
        assert job.contact.state == "stopped"


def test_new_widget_goes_on_with_a_job_that_was_left(new_job: NewJob) -> None:
    """A job whose last widget was closed is watched again for the next one."""
    job, one = new_job(document()), Widget()
    shown(job, one)._leave(one)
    shown(job, one)
    assert job.refresh().contact.state == "in touch"


@pytest.mark.parametrize("begins", [False, True])
def test_stopped_job_stays_stopped(new_job: NewJob, begins: bool) -> None:
    """A job that its user stopped, begun or not, is begun again by its user alone."""
    job, one = new_job(document()), Widget()
    if begins:
        job.start()
    job.stop()
    for _ in range(2):
        job._join(one)
        job._start_once()
        assert job._is_at_rest
        job._leave(one)
    assert job.refresh().contact.state == "stopped"
    assert job.start().refresh().contact.state == "in touch"
    assert not job._is_at_rest
