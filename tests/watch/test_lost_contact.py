"""From when on a job is out of contact, over a real socket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from queue import Queue

from documents import document
from servers import FAST, HANG, Reply, Server, until

from jobwidgets import Job

SECONDS = timedelta(seconds=5)


def test_when_a_job_is_out_of_contact(serve: Callable[..., Server]) -> None:
    """A single lost poll changes nothing; two do, 5 s after the first; an answer ends it."""
    is_there, bad = document(status="PROCESSING", endTime=None), Reply(b"", 502)
    answers: Queue[object] = Queue()
    server = serve(lambda _: answers.get(timeout=HANG))
    job = Job(f"{server.jobs_url}/{is_there['jobId']}", pace=FAST).start()

    def has_asked(times: int) -> bool:
        return len(server.requests) >= times

    begun = datetime.now(UTC)
    for number, answer in enumerate([is_there, bad, is_there, bad, bad, bad, is_there], start=1):
        until(partial(has_asked, number))
        answers.put(answer)
        until(partial(has_asked, number + 1))  # so that the answer has been taken in
        stale_from = job.contact.stale_from
        if job.contact.failures < 2:
            assert stale_from is None
        else:
            assert begun + SECONDS <= (stale_from or begun) <= datetime.now(UTC) + SECONDS
    assert (job.contact.failures, job.contact.stale_from) == (0, None)
    job.stop()
    assert begun <= (job.contact.stale_from or begun) <= datetime.now(UTC)
    assert job.contact.stale_from is not None
    answers.put(is_there)
