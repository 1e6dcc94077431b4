from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import FAST
from documents import ABSENT, JOB_ID, JOB_URL, case, document
from servers import Replies, until
from shells import CellShell, shell
from traitlets import TraitError

from jobwidgets import (
    Job,
    JobWidget,
    NoSuchJobError,
    WatchStoppedError,
    jobs_frame,
    messages_frame,
    snapshots_frame,
)
from jobwidgets._widgets.job_updates import MOST_MESSAGES
from jobwidgets._widgets.live import INTERVAL
from jobwidgets.demo import EXAMPLE, MissionServer, verbatim

VIEW = "application/vnd.jupyter.widget-view+json"
QUEUED, RUNNING = document(status="SUBMITTED", messages=[]), document()
ENDED = document(status="COMPLETED", stepsCompleted=5, messages=["Started.", "Finished."])
NO_SUCH_JOB = {"error": {"code": 404, "message": "Job not found.", "details": []}}


@pytest.fixture
def notebook() -> Iterator[CellShell]:
    """Return a shell that keeps what is displayed."""
    with shell() as running:
        yield running


@pytest.fixture
def widget() -> Iterator[Callable[..., JobWidget]]:
    """Return a maker of widgets whose jobs get these documents in quick succession."""
    made: list[JobWidget] = []

    def make(*replies: Any, url: str = JOB_URL, **keywords: Any) -> JobWidget:
        transport = Replies(*replies)
        made.append(JobWidget(url, pace=FAST, http={"transport": transport}, **keywords))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_traits_tell_the_last_state(widget: Callable[..., JobWidget]) -> None:
    """After the wait the traits are those of the job's end."""
    shown = widget(QUEUED, RUNNING, ENDED)
    shown.job.wait(30)
    assert (shown.status, shown.progress) == ("succeeded", 1.0)
    assert shown.history is shown.job.history


def test_traits_are_read_only(widget: Callable[..., JobWidget]) -> None:
    """What the server says of a job cannot be set."""
    shown = widget(RUNNING)
    for name, value in (("status", "succeeded"), ("progress", 1.0)):
        with pytest.raises(TraitError, match="read-only"):
            setattr(shown, name, value)


def test_esri_example_is_in_the_state(widget: Callable[..., JobWidget]) -> None:
    """Esri's example gives the view 11 messages with codes, 5 of 5 steps, owner and duration."""
    example = case("completed")
    shown = widget(example, url=f"https://gis.example.com/rest/jobs/{example['jobId']}")
    shown.job.wait(30)
    update = shown.get_state()["_update"]
    assert update["total"] == 11
    ((first, rows),) = update["parts"]
    assert first == 0
    codes = [str(code) for code in example["customAttributes"]["messageCodes"]]
    assert [row[2] for row in rows] == codes
    head = update["head"]
    facts = (head["words"], head["steps"], head["time"])
    assert facts == ("succeeded", "5 of 5 steps", ["duration", 66.311, 0])
    assert head["ownership"] == "admin · mission d942d2bdb70c4104bcd1a76d4cf8a6b7"


def test_observers_run_on_a_thread_of_their_own(widget: Callable[..., JobWidget]) -> None:
    """A slow observer of a trait holds up neither the watch nor the wait."""
    shown = widget(QUEUED, RUNNING, ENDED)
    may_go_on, told = threading.Event(), threading.Event()
    seen: list[tuple[str, str]] = []

    def observe(change: Any) -> None:
        may_go_on.wait(30)
        seen.append((change["new"], threading.current_thread().name))
        if change["new"] == "succeeded":
            told.set()

    shown.observe(observe, "status")
    shown.job.wait(30)
    assert shown.status == "succeeded"
    may_go_on.set()
    assert told.wait(30)
    assert {thread for _, thread in seen} == {"jobwidgets-callbacks"}


def test_an_unchanged_document_sends_nothing(widget: Callable[..., JobWidget]) -> None:
    """Polls that bring the same document leave the synced state alone."""
    shown = widget(*[RUNNING] * 20, ENDED)
    updates: list[Any] = []
    shown.observe(lambda change: updates.append(change["new"]["head"]), "_update")
    shown.job.wait(30)
    told = [(head["words"], head["kept"]) for head in updates]
    assert told == sorted(set(told), key=told.index)


def test_updates_are_numbered(widget: Callable[..., JobWidget]) -> None:
    """Each update of the state has the next number."""
    shown = widget(QUEUED, RUNNING, ENDED)
    numbers = [shown._update["n"]]
    shown.observe(lambda change: numbers.append(change["new"]["n"]), "_update")
    shown.job.wait(30)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert len(numbers) > 1


def test_an_ended_job_is_frozen(notebook: CellShell, widget: Callable[..., JobWidget]) -> None:
    """When wait returns, the output without a view has become plain HTML and text."""
    shown = widget(QUEUED, RUNNING, ENDED)
    shown._ipython_display_()
    first = notebook.outputs[0]
    assert VIEW in first["data"]
    shown.job.wait(30)
    data = notebook.last_of(first["transient"]["display_id"])
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/html"].startswith('<div class="jobwidgets"')
    assert data["text/plain"].startswith("JobWidget('j1')\nsucceeded")


def test_each_of_two_displays_is_frozen(
    notebook: CellShell, widget: Callable[..., JobWidget]
) -> None:
    """A widget displayed twice is frozen in both places."""
    shown = widget(QUEUED, RUNNING, ENDED)
    shown._ipython_display_()
    shown._ipython_display_()
    ids = [out["transient"]["display_id"] for out in notebook.outputs[:2]]
    shown.job.wait(30)
    assert all(VIEW not in notebook.last_of(display_id) for display_id in ids)


def test_a_display_after_the_end_is_static_at_once(
    notebook: CellShell, widget: Callable[..., JobWidget]
) -> None:
    """What is displayed after the end needs no live view."""
    shown = widget(ENDED)
    shown.job.wait(30)
    shown._ipython_display_()
    assert set(notebook.outputs[0]["data"]) == {"text/html", "text/plain"}


def test_freeze_false_keeps_the_live_view(
    notebook: CellShell, widget: Callable[..., JobWidget]
) -> None:
    """With freeze=False the output is never updated."""
    shown = widget(ENDED, freeze=False)
    shown._ipython_display_()
    shown.job.wait(30)
    shown._ipython_display_()
    assert [VIEW in out["data"] for out in notebook.outputs] == [True, True]
    assert not any(out["update"] for out in notebook.outputs)


def test_close_stops_the_watch_and_freezes(
    notebook: CellShell, widget: Callable[..., JobWidget]
) -> None:
    """A closed widget asks no more, and its output says since when."""
    shown = widget(RUNNING)
    shown._ipython_display_()
    shown.job.refresh()
    shown.close()
    assert shown.job.contact.state == "stopped"
    data = notebook.last_of(notebook.outputs[0]["transient"]["display_id"])
    assert VIEW not in data
    assert "Not watched since" in data["text/plain"]
    with pytest.raises(WatchStoppedError):
        shown.job.wait(30)
    assert (shown.comm, shown.layout.comm) == (None, None)
    shown.close()


def test_a_wrong_url_is_frozen_too(notebook: CellShell, widget: Callable[..., JobWidget]) -> None:
    """No such job: the output says so for good."""
    shown = widget(NO_SUCH_JOB)
    shown._ipython_display_()
    with pytest.raises(NoSuchJobError):
        shown.job.wait(30)
    data = notebook.last_of(notebook.outputs[0]["transient"]["display_id"])
    assert "404 Job not found." in data["text/plain"]


def test_running_the_cell_again_replaces_the_widget(
    notebook: CellShell, widget: Callable[..., JobWidget]
) -> None:
    """A newer execution of the same cell closes the old widget and stops its watch."""
    notebook.run("the widget's cell", "execution 1")
    old = widget(RUNNING)
    notebook.run("the widget's cell", "execution 2")
    new = widget(RUNNING)
    assert old.comm is None
    assert old.job.contact.state == "stopped"
    assert new.comm is not None


def test_a_new_widget_of_the_same_job_keeps_its_watch(notebook: CellShell) -> None:
    """Running ``JobWidget(job)`` again closes the old view, not the watch of the new one."""
    job = Job(JOB_URL, pace=FAST, http={"transport": Replies(RUNNING)})
    notebook.run("job's cell", "execution 1")
    old = JobWidget(job)
    notebook.run("job's cell", "execution 2")
    new = JobWidget(job)
    job.refresh()
    assert old.comm is None
    assert job.contact.state == "in touch"
    new.close()
    assert job.contact.state == "stopped"


def test_views_act_on_the_watch(widget: Callable[..., JobWidget]) -> None:
    """The buttons' messages stop the watch and start it again; others are no harm."""
    shown = widget(RUNNING)
    for content in ({"view": "v", "act": "stop"}, {"view": "v", "act": "nonsense"}, None, 7):
        shown._on_view_message(shown, content, [])
    with pytest.raises(WatchStoppedError):
        shown.job.wait(30)
    shown._on_view_message(shown, {"view": "v", "act": "start"}, [])
    shown.job.refresh()
    assert shown.job.contact.state == "in touch"


def test_a_view_that_asks_gets_what_it_lacks(widget: Callable[..., JobWidget]) -> None:
    """A view that was opened late is sent the messages that it asks for, and is told no more."""
    shown = widget(ENDED)
    shown.job.wait(30)
    before = shown._update["n"]
    sent = threading.Event()
    shown.observe(lambda _: sent.set(), "_update")
    shown._on_view_message(shown, {"view": "v", "need": [[0, 1]]}, [])
    assert sent.wait(30)
    update = shown._update
    assert (update["n"], update["keep"], update["total"]) == (before + 1, 2, 2)
    ((first, rows),) = update["parts"]
    assert (first, [row[-1] for row in rows]) == (0, ["Started."])


def test_long_list_is_sent_at_a_steady_pace(widget: Callable[..., JobWidget]) -> None:
    """What a view asks for comes in updates that wait for one another, even at the job's end."""
    texts = [f"message {n}" for n in range(3 * MOST_MESSAGES)]
    shown = widget(document(status="COMPLETED", messages=texts))
    shown.job.wait(30)
    times: list[float] = []
    done = threading.Event()

    def note(change: Any) -> None:
        times.append(asyncio.get_running_loop().time())
        if change["new"]["parts"][-1][0] == 0:
            done.set()

    shown.observe(note, "_update")
    shown._on_view_message(shown, {"view": "v", "need": [[0, 2 * MOST_MESSAGES]]}, [])
    assert done.wait(30)
    assert len(times) == 2
    assert times[1] - times[0] >= INTERVAL / 2


def test_page_that_opens_gets_the_newest(widget: Callable[..., JobWidget]) -> None:
    """The state that a new page asks for holds the newest messages, not only the last change."""
    more = document(messages=["Started.", "More."])
    shown = widget(document(messages=["Started."]), more, more)
    shown.job.refresh()
    shown.job.refresh()
    update = shown.get_state()["_update"]
    assert [row[-1] for row in update["parts"][-1][1]] == ["Started.", "More."]
    assert update["keep"] == 0
    assert shown.get_state(["_update"])["_update"] == shown._update


def test_views_are_told_when_the_outputs_are_kept(
    notebook: CellShell, widget: Callable[..., JobWidget]
) -> None:
    """A view that lives on after that can say that it is in no output."""
    shown = widget(RUNNING, ENDED)
    shown._ipython_display_()
    shown.job.wait(30)
    assert shown._update["head"]["kept"] is True
    assert VIEW not in notebook.last_of(notebook.outputs[0]["transient"]["display_id"])


def test_nothing_is_kept_where_nothing_is_frozen(widget: Callable[..., JobWidget]) -> None:
    """With freeze=False the views stay, and are told nothing of being kept."""
    shown = widget(ENDED, freeze=False)
    shown.job.wait(30)
    assert shown._update["head"]["kept"] is False


def test_repr_is_stable(widget: Callable[..., JobWidget]) -> None:
    """The repr names the job, and does not change with it."""
    shown = widget(ENDED)
    before = repr(shown)
    shown.job.wait(30)
    assert repr(shown) == before == f"JobWidget({JOB_ID!r})"


def test_unknown_keywords_are_refused() -> None:
    """A keyword that neither the widget nor Job has is a TypeError that names the known ones."""
    with pytest.raises(TypeError, match=r"no keyword 'tokens'; expected some of: freeze, token, "):
        JobWidget(JOB_URL, tokens="x")


def test_a_job_brings_its_own_settings() -> None:
    """Keywords of Job beside a Job are a TypeError."""
    with pytest.raises(TypeError, match="give poll_interval to Job"):
        JobWidget(Job(JOB_URL), poll_interval=5)


def test_frames_take_a_widget(widget: Callable[..., JobWidget]) -> None:
    """A widget stands for its job in every frame."""
    shown = widget(QUEUED, RUNNING, ENDED)
    shown.job.wait(30)
    assert list(jobs_frame(shown)["status"]) == ["succeeded"]
    assert list(messages_frame([shown, shown.job])["text"]) == ["Started.", "Finished."] * 2
    assert list(snapshots_frame(shown)["status"]) == ["queued", "running", "succeeded"]


def test_freeze_comes_after_the_trailing_read(
    notebook: CellShell, widget: Callable[..., JobWidget]
) -> None:
    """The output that is kept holds the messages that came with the last read."""
    torso = document(status="COMPLETED", endTime=ABSENT)
    shown = widget(RUNNING, torso, ENDED)
    shown._ipython_display_()
    shown.job.wait(30)
    display_id = notebook.outputs[0]["transient"]["display_id"]
    updates = [out for out in notebook.outputs if out["update"]]
    assert len(updates) == 1
    assert "Finished." in notebook.last_of(display_id)["text/plain"]


def test_open_view_is_frozen_a_little_later(
    notebook: CellShell, widget: Callable[..., JobWidget]
) -> None:
    """A live view that is open at the end has its time to show it, and is frozen then."""
    shown = widget(RUNNING, ENDED)
    shown._ipython_display_()
    shown._on_view_message(shown, {"view": "v", "open": True, "in_use": False}, [])
    shown.job.wait(30)
    assert not any(out["update"] for out in notebook.outputs)
    display_id = notebook.outputs[0]["transient"]["display_id"]
    until(lambda: VIEW not in notebook.last_of(display_id))


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
