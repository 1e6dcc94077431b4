from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from documents import document
from listeners import Callback
from servers import HANG, Replies

from jobwidgets._model.contact import ContactState
from jobwidgets._model.snapshot import Status
from jobwidgets.errors import NoSuchJobError
from jobwidgets.job import Job

NewJob = Callable[..., Job]
ENDED = document(status="COMPLETED")
MISSING = httpx.Response(404)
cell = contextvars.ContextVar("cell", default="none")


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
    assert callback.calls[-1][1:] == (Status.SUCCEEDED, ContactState.IN_TOUCH)


def test_several_callbacks(new_job: NewJob) -> None:
    """Every callback is called, in the order in which they were given."""
    order: list[int] = []
    given, over = threading.Event(), Callback()

    async def reply(_: httpx.Request) -> Any:
        await asyncio.to_thread(given.wait, HANG)
        return ENDED

    job = new_job(reply)
    for number in range(3):
        job.on_change(lambda _, number=number: order.append(number))
    job.add_done_callback(over)
    job.start()  # its call to the poller comes after the callbacks'
    given.set()
    over.wait()
    assert order == [0, 1, 2]


def test_slow_callback_delays_no_poll(new_job: NewJob) -> None:
    """While a callback takes its time the job is watched to its end."""
    over = threading.Event()
    job = new_job(document(), document(), ENDED)
    job.on_change(lambda _: over.wait(HANG))
    assert job.wait(HANG).status is Status.SUCCEEDED
    over.set()


def test_raising_callback_is_logged(new_job: NewJob, caplog: pytest.LogCaptureFixture) -> None:
    """A callback that raises is logged and harms nothing, the callback after it included."""
    after = Callback()
    job = new_job(ENDED)

    def fail(_: Job) -> None:
        raise LookupError("broken callback")

    job.add_done_callback(fail)
    job.add_done_callback(after)
    job.wait(HANG)
    after.wait()
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("jobwidgets", logging.ERROR)
    assert "broken callback" in caplog.text


def test_done_callback_is_called_once(new_job: NewJob) -> None:
    """Whoever asked to be called at the end is called once, also when more is read later."""
    callback, last = Callback(), Callback()
    job = new_job(document(), ENDED, document(status="COMPLETED", messages=["trailing"]))
    job.add_done_callback(callback)
    job.wait(HANG)
    job.refresh()
    job.start().wait(HANG)
    job.add_done_callback(last)
    last.wait()
    assert callback.calls == [(job, Status.SUCCEEDED, ContactState.IN_TOUCH)]


def test_done_callback_after_the_end(new_job: NewJob) -> None:
    """A callback that comes late is called at once, and nothing is asked for it."""
    server, callback = Replies(ENDED), Callback()
    job = new_job(http={"transport": server}).wait(HANG)
    job.add_done_callback(callback)
    callback.wait()
    assert callback.threads == {"jobwidgets-callbacks"}
    assert len(server.requests) == 1


def test_notify_is_called_once(new_job: NewJob) -> None:
    """The callable hears of the end once, however often the watch is begun again."""
    notify, last = Callback(), Callback()
    job = new_job(document(), ENDED, document(status="COMPLETED", messages=["x"]), notify=notify)
    job.wait(HANG).refresh().start().wait(HANG)
    job.add_done_callback(last)
    last.wait()
    assert notify.calls == [(job, Status.SUCCEEDED, ContactState.IN_TOUCH)]
    assert notify.threads == {"jobwidgets-callbacks"}


def test_notify_is_not_called_for_a_watch_that_ends(new_job: NewJob) -> None:
    """Giving up is no end of the job, and a later end still counts."""
    notify, over = Callback(), Callback()
    job = new_job(MISSING, ENDED, notify=notify)
    job.add_done_callback(over)
    over.wait()
    assert notify.calls == []
    job.start().wait(HANG)
    notify.wait()
    assert notify.calls == [(job, Status.SUCCEEDED, ContactState.IN_TOUCH)]


def test_done_callback_of_a_lost_watch(new_job: NewJob) -> None:
    """A watch that gives up calls too; the error tells the difference."""
    job, callback = new_job(MISSING), Callback()
    job.add_done_callback(callback)
    callback.wait()
    assert callback.calls == [(job, None, ContactState.LOST)]
    assert isinstance(job.error, NoSuchJobError)


def test_callbacks_may_use_the_job(new_job: NewJob) -> None:
    """A callback may read, wait and stop: it blocks nobody but other callbacks."""
    job, over = new_job(document(), document(), ENDED), Callback()

    def use(job: Job) -> None:
        job.refresh()
        job.wait(HANG)
        job.stop()
        over(job)

    job.add_done_callback(use)
    over.wait()
    assert over.calls[0][:2] == (job, Status.SUCCEEDED)


def test_callbacks_run_in_an_empty_context(new_job: NewJob) -> None:
    """No callback and no provider sees the context of the cell that gave it."""
    seen: list[str] = []
    over = Callback()

    def note(_: object = None) -> str:
        seen.append(cell.get())
        return "token"

    cell.set("In [7]")
    job = new_job(document(), ENDED, token=note)
    job.on_change(note)
    job.add_done_callback(note)
    job.add_done_callback(over)
    over.wait()
    assert len(seen) >= 3
    assert set(seen) == {"none"}
