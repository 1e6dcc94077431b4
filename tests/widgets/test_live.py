"""What both widgets do."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from documents import ABSENT, JOB_ID, JOB_URL, document
from servers import FAST, HANG, Replies, Server
from shells import CellShell

from jobwidgets import Job, JobBoard, JobWidget, NoSuchJobError, WatchStoppedError
from jobwidgets._watch.poller import poller

VIEW = "application/vnd.jupyter.widget-view+json"
STATIC = {"text/html", "text/plain"}
RUNNING = document()
ENDED = document(status="COMPLETED", stepsCompleted=5, messages=["Started.", "Finished."])
NO_SUCH_JOB = {"error": {"code": 404, "message": "Job not found.", "details": []}}
Show = Callable[..., tuple[Any, Job]]


@pytest.fixture(params=[JobWidget, lambda job, **keywords: JobBoard([job], **keywords)])
def make(request: pytest.FixtureRequest, opened: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return a maker of one of the widgets."""
    return lambda *args, **keywords: opened(request.param(*args, **keywords))


@pytest.fixture
def show(make: Callable[..., Any]) -> Show:
    """Return a maker of a widget, and its job, which gets these documents in quick succession."""

    def shown(*replies: Any, **keywords: Any) -> tuple[Any, Job]:
        job = Job(JOB_URL, pace=FAST, http={"transport": Replies(*replies)})
        return make(job, **keywords), job

    return shown


def told(widget: Any) -> list[dict[str, Any]]:
    """Return the list of the updates from now on."""
    updates: list[dict[str, Any]] = []
    widget.observe(lambda change: updates.append(change["new"]), "_update")
    return updates


def is_kept(update: dict[str, Any]) -> bool:
    """Return whether an update tells that the outputs are frozen."""
    return bool(update.get("head", update)["kept"])


def test_updates_are_numbered_and_tell_news_only(show: Show) -> None:
    """Each update has the next number; documents that say the same make none."""
    widget, job = show(document(status="SUBMITTED"), *[RUNNING] * 20, ENDED)
    first, updates = widget._update["n"], told(widget)
    job.wait(30)
    assert [update["n"] for update in updates] == list(range(first + 1, first + 1 + len(updates)))
    facts = [{**update, "n": 0} for update in updates]
    assert all(one != other for one, other in pairwise(facts))
    assert 1 <= len(updates) < 10


def test_page_that_opens_gets_the_whole(show: Show) -> None:
    """The whole state needs no update before; one that is asked for by name is as it was sent."""
    widget, job = show(document(messages=["Started."]), document(messages=["Started.", "More."]))
    job.refresh().refresh()
    whole = widget.get_state()["_update"]
    assert "More." in str(whole)
    assert whole.get("keep", 0) == 0
    assert widget.get_state(["_update"])["_update"] == widget._update


def test_outputs_are_frozen_when_the_job_has_ended(notebook: CellShell, show: Show) -> None:
    """When wait returns, each display has become plain HTML and text, once, with the last read."""
    rest = iter([document(status="COMPLETED", endTime=ABSENT), ENDED])
    widget, job = show(lambda _: next(rest) if len(notebook.outputs) >= 2 else RUNNING)
    widget._ipython_display_()
    widget._ipython_display_()
    ids = [out["transient"]["display_id"] for out in notebook.outputs]
    assert len(set(ids)) == 2
    assert all(set(out["data"]) == {VIEW, *STATIC} for out in notebook.outputs)
    job.wait(30)
    updates = notebook.outputs[2:]
    assert [out["transient"]["display_id"] for out in updates] == ids
    for data in (out["data"] for out in updates):
        assert set(data) == STATIC
        assert data["text/html"].startswith('<div class="jobwidgets"')
        assert data["text/plain"].startswith(f"{widget!r}\n")
        assert "Finished." in data["text/html"]
    assert is_kept(widget._update)


def test_display_after_the_end_is_static_at_once(notebook: CellShell, show: Show) -> None:
    """What is displayed after the end needs no live view."""
    widget, job = show(ENDED)
    job.wait(30)
    widget._ipython_display_()
    assert [set(out["data"]) for out in notebook.outputs] == [STATIC]


def test_two_outputs_before_the_end(notebook: CellShell, show: Show) -> None:
    """In JupyterLab the static form tells the news of a job that runs, and all at its end."""
    widget, job = show(document(status="SUBMITTED"), RUNNING, RUNNING, ENDED)
    notebook.run("a-cell", "execution 1")
    widget._ipython_display_()
    assert [set(out["data"]) for out in notebook.outputs[:2]] == [{VIEW}, STATIC]
    view_id, static_id = (out["transient"]["display_id"] for out in notebook.outputs[:2])
    job.refresh()
    notebook.events.trigger("post_run_cell", None)
    assert "as of " in notebook.last_of(static_id)["text/plain"]
    job.wait(30)
    assert "Finished." in notebook.last_of(view_id)["text/html"]
    assert "<style>" not in notebook.last_of(view_id)["text/html"]
    assert notebook.last_of(static_id) == {}


def test_two_outputs_that_stay_live(notebook: CellShell, show: Show) -> None:
    """With freeze=False the static form below the view tells the end too."""
    widget, job = show(RUNNING, ENDED, freeze=False)
    notebook.run("a-cell", "execution 1")
    widget._ipython_display_()
    view_id, static_id = (out["transient"]["display_id"] for out in notebook.outputs[:2])
    job.wait(30)
    notebook.events.trigger("post_run_cell", None)
    assert "Finished." in notebook.last_of(static_id)["text/html"]
    assert "<style>" in notebook.last_of(static_id)["text/html"]
    assert set(notebook.last_of(view_id)) == {VIEW}


def test_freeze_false_keeps_the_live_view(notebook: CellShell, show: Show) -> None:
    """With freeze=False an output with the view in it stays, and no view is told otherwise."""
    widget, job = show(ENDED, freeze=False)
    widget._ipython_display_()
    job.wait(30)
    widget._ipython_display_()
    assert [(VIEW in out["data"], out["update"]) for out in notebook.outputs] == [(True, False)] * 2
    assert not is_kept(widget._update)


def test_close(notebook: CellShell, show: Show) -> None:
    """A closed widget asks no more and leaves no model; its output says since when."""
    widget, job = show(RUNNING)
    widget._ipython_display_()
    job.refresh()
    layout = widget.layout
    widget.close()
    assert (job.contact.state, widget.comm, layout.comm) == ("stopped", None, None)
    with pytest.raises(WatchStoppedError):
        job.wait(30)
    widget._on_view_message(widget, {"view": "v", "act": "start"}, [])
    widget.close()
    poller().thread.do(lambda: None)
    assert job.contact.state == "stopped"
    widget._ipython_display_()
    for data in (out["data"] for out in notebook.outputs[1:]):
        assert set(data) == STATIC
        assert any(words in data["text/html"] for words in ("Not watched since", "not watched"))


def test_wrong_url_is_told(notebook: CellShell, show: Show) -> None:
    """No such job: the output stays live, since a view can try again, and is kept true."""
    widget, job = show(NO_SUCH_JOB)
    widget._ipython_display_()
    with pytest.raises(NoSuchJobError):
        job.wait(30)
    data = notebook.last_of(notebook.outputs[0]["transient"]["display_id"])
    assert set(data) != STATIC
    assert "no such job" in widget._static_bundle()["text/html"]


def test_running_the_cell_again_replaces_the_widget(
    notebook: CellShell, make: Callable[..., Any]
) -> None:
    """A newer execution of the cell closes the old widget, and keeps the watch that it shares."""
    job, other = (Job(JOB_URL, pace=FAST, http={"transport": Replies(RUNNING)}) for _ in "12")
    notebook.run("the widget's cell", "execution 1")
    old = make(job), make(other)
    notebook.run("the widget's cell", "execution 2")
    new = make(job)
    job.refresh()
    assert [widget.comm is None for widget in (*old, new)] == [True, True, False]
    assert (job.contact.state, other.contact.state) == ("in touch", "stopped")


@pytest.mark.parametrize(
    "content",
    [None, 7, {}, {"act": "x"}, {"unfold": "x"}, {"need": 3}, {"need": [[1]]}, {"of": 9}],
)
def test_odd_messages_of_a_view_are_no_harm(show: Show, content: object) -> None:
    """Whatever a page sends, the widget goes on."""
    widget, job = show(RUNNING, ENDED)
    widget._on_view_message(widget, content, [])
    assert job.wait(30).status == "succeeded"
    poller().thread.do(lambda: None)
    assert JOB_ID in str(widget.get_state()["_update"])


def test_watch_of_another_widget_goes_on(show: Show, opened: Callable[[Any], Any]) -> None:
    """A job that two widgets show is watched until the second one is closed."""
    widget, job = show(RUNNING)
    other = opened(JobWidget(job))
    job.refresh()
    widget.close()
    assert job.refresh().contact.state == "in touch"
    other.close()
    assert job.contact.state == "stopped"


@pytest.mark.parametrize("begin", [Job.start, lambda job: job.on_change(lambda _: None)])
def test_watch_of_a_user_goes_on(
    make: Callable[..., Any], new_job: Callable[..., Job], begin: Callable[[Job], object]
) -> None:
    """What the user had begun is not ended by a widget that is closed."""
    job = new_job(RUNNING)
    begin(job)
    make(job.refresh()).close()
    assert job.contact.state == "in touch"


def test_no_token_in_state_or_output(
    make: Callable[..., Any], notebook: CellShell, opened: Callable[[Any], Any]
) -> None:
    """The token is in nothing that a notebook may keep."""
    transport = Replies(document(messages=["by s3cr3t-token"], status="COMPLETED"))
    job = Job(f"{JOB_URL}?token=s3cr3t-token", pace=FAST, http={"transport": transport})
    widget = make(job)
    widget._ipython_display_()
    job.wait(30)
    assert transport.tokens[0] == "s3cr3t-token"
    assert "s3cr3t" not in str([repr(widget), widget.get_state(), notebook.outputs])


def test_page_of_its_own(show: Show, tmp_path: Path) -> None:
    """The state is written as a page that loads nothing, and holds a server's text as text."""
    widget, job = show(document(status="COMPLETED", type="<b>mission</b>"))
    job.wait(30)
    widget.save_html(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "color-scheme:light dark" in text
    assert widget._static_bundle()["text/html"] in text
    assert not [
        part for part in ("<b>", "src=", "url(", "<script", "<link", "@import") if part in text
    ]


CLOSING = """
import builtins, sys
from jobwidgets import JobBoard, JobWidget

class Holder:
    def __del__(self):
        widget.close()
        board.close()
        print("closed")

widget = JobWidget(sys.argv[1])
board = JobBoard([widget])
widget.job.refresh()
builtins.kept = Holder()
"""


def test_close_while_python_tears_down(
    serve: Callable[..., Server], python: Callable[..., Popen[str]]
) -> None:
    """When the program has ended, to close a widget raises nothing, and does not hang."""
    server = serve(lambda _: document())
    process = python(CLOSING, f"{server.jobs_url}/{JOB_ID}")
    assert process.communicate(timeout=HANG) == ("closed\n", "")
