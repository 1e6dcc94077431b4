from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest
from documents import document
from listeners import Callback
from servers import HANG, until

from jobwidgets import Job, NoSuchJobError

NewJob = Callable[..., Job]
ENDED = document(status="COMPLETED")
ENDED_ONCE = ("succeeded", "in touch")


def test_on_change(new_job: NewJob) -> None:
    """A callback is called after each distinct document and each change of contact."""
    callback = Callback()
    cut = httpx.ReadError("cut")
    job = new_job(document(), document(), document(stepsCompleted=2), cut, cut, document(), ENDED)
    job.on_change(callback)
    job.wait(HANG)
    callback.wait(5)
    assert [call[0] for call in callback.calls] == [job] * 5
    assert callback.threads == {"jobwidgets-callbacks"}
    assert callback.calls[-1][1:] == ENDED_ONCE


def test_slow_callback_delays_no_poll(new_job: NewJob) -> None:
    """While a callback takes its time the job is watched to its end."""
    over = threading.Event()
    job = new_job(document(), document(), ENDED)
    job.on_change(lambda _: over.wait(HANG))
    assert job.wait(HANG).status == "succeeded"
    over.set()


@pytest.mark.parametrize("way", ["notify", "add_done_callback"])
def test_end_is_told_once(new_job: NewJob, way: str) -> None:
    """Whoever asked to be called at the end is called once, however often the watch begins."""
    callback, last = Callback(), Callback()
    keywords: dict[str, Any] = {"notify": callback} if way == "notify" else {}
    job = new_job(document(), ENDED, document(status="COMPLETED", messages=["x"]), **keywords)
    if way == "add_done_callback":
        job.add_done_callback(callback)
    job.wait(HANG).refresh().start().wait(HANG)
    job.add_done_callback(last)  # late, so it is called at once
    last.wait()
    assert callback.calls == [(job, *ENDED_ONCE)]
    assert callback.threads == last.threads == {"jobwidgets-callbacks"}


def test_watch_that_gives_up(new_job: NewJob) -> None:
    """That is no end of the job: done callbacks are called, `notify` when the end comes."""
    notify, over = Callback(), Callback()
    job = new_job(httpx.Response(404), ENDED, notify=notify)
    job.add_done_callback(over)
    over.wait()
    assert over.calls == [(job, None, "lost")]
    assert isinstance(job.error, NoSuchJobError)
    assert notify.calls == []
    job.start().wait(HANG)
    notify.wait()
    assert notify.calls == [(job, *ENDED_ONCE)]


def test_log_names_a_callback_alone(new_job: NewJob, caplog: pytest.LogCaptureFixture) -> None:
    """What a callback was given beforehand, a password say, stands in no log."""

    def mail(_: Job, password: str) -> None:
        raise ValueError(len(password))

    job = new_job(ENDED)
    job.add_done_callback(partial(mail, password="s3cr3t"))
    job.wait(HANG)
    until(lambda: "ValueError" in caplog.text)
    assert "the callback partial for Job(" in caplog.text
    assert "s3cr3t" not in caplog.text
