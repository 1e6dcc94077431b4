from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from documents import JOB_ID, JOB_URL, document
from servers import FAST, Replies
from traitlets import TraitError

from jobwidgets import (
    JobWidget,
    WatchStoppedError,
    jobs_frame,
    messages_frame,
    snapshots_frame,
)
from jobwidgets._widgets.job_updates import MOST_MESSAGES
from jobwidgets.demo import EXAMPLE, MissionServer, verbatim

QUEUED, RUNNING = document(status="SUBMITTED", messages=[]), document()
ENDED = document(status="COMPLETED", stepsCompleted=5, messages=["Started.", "Finished."])


@pytest.fixture
def widget(opened: Callable[[Any], Any]) -> Callable[..., JobWidget]:
    """Return a maker of widgets whose jobs get these documents in quick succession."""

    def make(*replies: Any, **keywords: Any) -> JobWidget:
        http = {"transport": Replies(*replies)}
        shown: JobWidget = opened(JobWidget(JOB_URL, pace=FAST, http=http, **keywords))
        return shown

    return make


def test_traits_tell_the_last_state(widget: Callable[..., JobWidget]) -> None:
    """After the wait traits, text and frames are those of the job's end; the repr is as it was."""
    shown = widget(QUEUED, RUNNING, ENDED)
    before = repr(shown)
    shown.job.wait(30)
    assert (shown.status, shown.progress) == ("succeeded", 1.0)
    assert shown.history is shown.job.history
    assert repr(shown) == before == f"JobWidget({JOB_ID!r})"
    assert str(shown).startswith(f"{before}: succeeded · ")
    assert str(shown.job) == f"{shown.job!r}: {str(shown).removeprefix(before + ': ')}"
    assert "Finished." not in str(shown)
    assert list(jobs_frame(shown)["status"]) == ["succeeded"]
    assert list(messages_frame([shown, shown.job])["text"]) == ["Started.", "Finished."] * 2
    assert list(snapshots_frame(shown)["status"]) == ["queued", "running", "succeeded"]


def test_traits_are_read_only(widget: Callable[..., JobWidget]) -> None:
    """What the server says of a job cannot be set."""
    shown = widget(RUNNING)
    for name, value in (("status", "succeeded"), ("progress", 1.0)):
        with pytest.raises(TraitError, match="read-only"):
            setattr(shown, name, value)


def test_observers_run_on_a_thread_of_their_own(widget: Callable[..., JobWidget]) -> None:
    """A slow observer of a trait holds up neither the watch nor the wait."""
    shown = widget(QUEUED, RUNNING, ENDED)
    may_go_on, called = threading.Event(), threading.Event()
    threads: set[str] = set()

    def observe(change: Any) -> None:
        may_go_on.wait(30)
        threads.add(threading.current_thread().name)
        if change["new"] == "succeeded":
            called.set()

    shown.observe(observe, "status")
    shown.job.wait(30)
    assert shown.status == "succeeded"
    may_go_on.set()
    assert called.wait(30)
    assert threads == {"jobwidgets-callbacks"}


def test_views_act_on_the_watch(widget: Callable[..., JobWidget]) -> None:
    """The buttons' messages stop the watch and start it again."""
    shown = widget(RUNNING)
    shown._on_view_message(shown, {"view": "v", "act": "stop"}, [])
    with pytest.raises(WatchStoppedError):
        shown.job.wait(30)
    shown._on_view_message(shown, {"view": "v", "act": "start"}, [])
    shown.job.refresh()
    assert shown.job.contact.state == "in touch"


def test_view_gets_the_messages_that_it_asks_for(widget: Callable[..., JobWidget]) -> None:
    """A view that was opened late gets old messages, in as many updates as they need."""
    count = 3 * MOST_MESSAGES
    shown = widget(document(status="COMPLETED", messages=[f"message {n}" for n in range(count)]))
    shown.job.wait(30)
    updates: list[Any] = []
    done = threading.Event()

    def note(change: Any) -> None:
        updates.append(change["new"])
        if change["new"]["parts"][-1][0] == 0:
            done.set()

    before = shown._update["n"]
    shown.observe(note, "_update")
    shown._on_view_message(shown, {"view": "v", "need": [[0, 2 * MOST_MESSAGES]]}, [])
    assert done.wait(30)
    assert [(one["n"], one["keep"], one["total"]) for one in updates] == [
        (before + n, count, count) for n in (1, 2)
    ]
    texts = [row[-1] for one in reversed(updates) for _, rows in one["parts"] for row in rows]
    assert texts == [f"message {n}" for n in range(2 * MOST_MESSAGES)]


def test_widget_forwards_what_is_asked_of_a_job(widget: Callable[..., JobWidget]) -> None:
    """Waiting, and what the server said, are there without a way through `job`."""
    shown = widget(document(status="FAILED", messages=["Started.", "No rights."]))
    assert shown.wait(30) is shown.job

    async def ended() -> object:
        return await shown

    assert asyncio.run(ended()) is shown.job
    assert (shown.url, shown.elapsed) == (JOB_URL, shown.job.elapsed)
    assert [message.text for message in shown.messages] == ["Started.", "No rights."]
    assert "No rights." in str(shown.error)
    assert list(shown.to_frame()["text"]) == ["Started.", "No rights."]


def test_esri_example_through_a_real_socket() -> None:
    """Esri's example, served as published, is told whole by the widget, the HTML and the frames."""
    with MissionServer() as server:
        shown = JobWidget(server.add(verbatim(EXAMPLE)))
        job = shown.job.wait(30)
    html, update = job._repr_html_(), shown.get_state()["_update"]
    shown.close()
    row = jobs_frame(shown).iloc[0]
    mission = "d942d2bdb70c4104bcd1a76d4cf8a6b7"
    told = (row["status"], row["steps_done"], row["steps_total"], row["owner"], row["mission_id"])
    assert told == ("succeeded", 5, 5, "admin", mission)
    assert row["duration"].total_seconds() == 66.311
    codes = EXAMPLE["customAttributes"]["messageCodes"]
    assert list(messages_frame(shown)["code"]) == codes
    assert "66.311 s" in html
    for fact in ("succeeded", "5 of 5 steps", "admin", "66.311", mission):
        assert fact in html
        assert fact in str(update["head"])
    sent = [row[2] for _, rows in update["parts"] for row in rows]
    assert sent == [str(code) for code in codes]
    assert all(f">{code}<" in html for code in codes)
