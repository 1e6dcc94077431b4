"""Jobs of a real pygeoapi, watched through their lives."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from servers.waiting import until

from jobwidgets import Job, Jobs, Status
from real_servers.environments import noted, running
from real_servers.pygeoapi import Pygeoapi

pytestmark = pytest.mark.real
INTERVAL = 0.5
LONGEST = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pygeoapi]:
    """Run pygeoapi for the tests of this module."""
    one = Pygeoapi(tmp_path_factory.mktemp("pygeoapi"))
    with running(one):
        yield one


def watched(server: Pygeoapi, **inputs: object) -> Job:
    """Submit a job and watch it; nobody says which dialect it is."""
    url = server.submit(**inputs).headers["location"]
    return Job(url, poll_interval=INTERVAL).start()


def test_life(server: Pygeoapi) -> None:
    """A job succeeds: each message that polling saw is kept, in order, and progress is told."""
    job = watched(server, steps=4, step_seconds=1)
    assert job.wait(LONGEST).status is Status.SUCCEEDED
    texts = [message.text for message in job.messages]
    # The last step's message is overwritten at once.
    assert [f"Finished step {n} of 4" for n in (1, 2, 3)] == [t for t in texts if "step" in t][:3]
    assert texts[-1] == "Job complete"
    assert (job.progress, job.kind) == (1.0, "slow-job")
    assert job.started is not None
    assert job.ended is not None


def test_failure(server: Pygeoapi) -> None:
    """A job fails: the reason is its last message, and progress stays where it was."""
    job = watched(server, steps=4, step_seconds=0.6, fail_at=3)
    assert job.wait(LONGEST).status is Status.FAILED
    assert "could not finish step 3" in str(job.error)
    assert job.progress is not None
    assert job.progress < 1


def test_dismissal(server: Pygeoapi) -> None:
    """A job is cancelled: pygeoapi forgets it, and its earlier facts stay."""
    job = watched(server, steps=60, step_seconds=0.5)
    until(lambda: any("step" in message.text for message in job.messages))
    job.cancel()
    assert job.wait(LONGEST).status is Status.CANCELLED
    assert job.kind == "slow-job"
    assert any("step" in message.text for message in job.messages)


def test_restart(server: Pygeoapi) -> None:
    """A server is killed amid a job, and comes back: the job is known, and watched on."""
    job = watched(server, steps=100, step_seconds=0.5)
    until(lambda: job.status is Status.RUNNING)
    server.stop(signal.SIGKILL)
    until(lambda: job.contact.state == "retrying")
    assert job.status is Status.RUNNING
    server.start()
    until(lambda: job.contact.state == "in touch")
    assert job.status is Status.RUNNING  # for ever: whoever ran it is gone
    job.stop()


def test_list(server: Pygeoapi) -> None:
    """The list has all jobs, though it comes in pages of two."""
    urls = {str(server.submit(steps=1, step_seconds=0.1).headers["location"]) for _ in range(5)}
    pages: list[str] = []
    jobs = Jobs(f"{server.url}/jobs", http=noted(pages))
    assert {url.rpartition("/")[2] for url in urls} <= set(jobs.ids())
    assert len(pages) >= 3
