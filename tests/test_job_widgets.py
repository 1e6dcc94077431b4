import gc

import pytest
from documents import JOBS_URL, document
from servers import FAST, Replies

from jobwidgets.job import Job


class Widget:
    """Something that shows jobs."""


@pytest.fixture
def job() -> Job:
    """Return a job that is watched."""
    made = Job(f"{JOBS_URL}/j1", pace=FAST, http={"transport": Replies(document())})
    return made.start().refresh()


def test_last_one_stops_the_watch(job: Job) -> None:
    """A watch is stopped when the last widget that shows its job leaves."""
    one, other = Widget(), Widget()
    for widget in (one, other):
        job._join(widget)
    job._leave(one)
    assert job.contact.state == "in touch"
    job._leave(other)
    assert job.contact.state == "stopped"


def test_leaving_twice_is_no_harm(job: Job) -> None:
    """A widget that is closed twice, or never showed the job, leaves it stopped."""
    job._leave(Widget())
    job._leave(Widget())
    assert job.contact.state == "stopped"


def test_forgotten_widget_does_not_count(job: Job) -> None:
    """A widget that nobody holds any more keeps no watch going."""
    job._join(Widget())
    gc.collect()
    job._leave(Widget())
    assert job.contact.state == "stopped"


def test_new_widget_goes_on_with_a_job_that_was_left(job: Job) -> None:
    """A job whose last widget was closed is watched again for the next one."""
    job._join(one := Widget())
    job._leave(one)
    job._join(Widget())
    assert job.refresh().contact.state == "in touch"


def test_new_widget_leaves_a_job_that_was_stopped(job: Job) -> None:
    """A watch that its user stopped stays so until its user begins it again."""
    job.stop()
    job._join(Widget())
    assert job.refresh().contact.state == "stopped"
