"""Jobs of a real openEO back-end, watched through their lives."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from servers.waiting import until

from jobwidgets import Job, Jobs, Status
from real_servers.environments import noted, running
from real_servers.openeo import OpenEODriver

pytestmark = pytest.mark.real
LONGEST = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenEODriver]:
    """Run openeo_driver for the tests of this module."""
    one = OpenEODriver(tmp_path_factory.mktemp("openeo"))
    with running(one):
        yield one


def watched(server: OpenEODriver, **plan: object) -> Job:
    """Submit a job, and watch the one that the answer names."""
    response = server.submit(**plan)
    job = Job.from_response(response, dialect="openeo", token=server.token)
    return job.start()


def test_life(server: OpenEODriver) -> None:
    """A job succeeds: the whole log is there, each entry once, with its own time and level."""
    job = watched(server, steps=4, step_seconds=0.5)
    assert job.wait(LONGEST).status is Status.SUCCEEDED
    until(lambda: job.messages[-1].text == "Job finished")
    texts = ["Job queued", *(f"Finished step {n} of 4" for n in range(1, 5)), "Job finished"]
    assert [message.text for message in job.messages] == texts
    assert all(message.level == "info" and message.time for message in job.messages)
    assert (job.progress, job.kind, job.started) == (1.0, "slow", None)


def test_failure(server: OpenEODriver) -> None:
    """A job fails: the reason, which only the log has, is told."""
    job = watched(server, steps=4, step_seconds=0.5, fail_at=3)
    assert job.wait(LONGEST).status is Status.FAILED
    until(lambda: "could not finish step 3" in str(job.error))
    last = job.messages[-1]
    assert (last.level, last.code) == ("error", "StepFailed")


def test_cancel(server: OpenEODriver) -> None:
    """A job is cancelled, through to the server's own word."""
    job = watched(server, steps=60, step_seconds=0.5)
    until(lambda: job.status is Status.RUNNING)
    job.cancel()
    assert job.wait(LONGEST).status is Status.CANCELLED
    assert job.raw_status == "canceled"


def test_cancel_while_queued(server: OpenEODriver) -> None:
    """A job that is cancelled before it runs stays cancelled."""
    job = watched(server, steps=60, step_seconds=0.5).cancel()
    assert job.wait(LONGEST).status is Status.CANCELLED
    assert not any("step" in message.text for message in job.messages)


def test_restart(server: OpenEODriver) -> None:
    """A server that forgets its jobs when it is killed: what was known stays, and that is told."""
    job = watched(server, steps=100, step_seconds=0.5)
    until(lambda: job.status is Status.RUNNING)
    server.stop(signal.SIGKILL)
    until(lambda: job.contact.state == "retrying")
    server.start()
    until(lambda: job.contact.error is not None and "404" in str(job.contact.error))
    assert job.status is Status.RUNNING  # a minute must pass before it counts as gone
    job.stop()


def test_list(server: OpenEODriver) -> None:
    """The list has all jobs of this user, though it comes in pages of two."""
    urls = {server.submit(steps=1).headers["location"] for _ in range(5)}
    pages: list[str] = []
    jobs = Jobs(f"{server.url}/jobs?limit=2", token=server.token, http=noted(pages))
    assert {url.rpartition("/")[2] for url in urls} <= set(jobs.ids())
    assert len(pages) >= 3
