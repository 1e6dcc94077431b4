from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from documents import JOBS_URL
from servers import FAST, HANG, Replies, until
from shells import CellShell

from jobwidgets import JobBoard, JobWidget, jobs_frame, messages_frame, snapshots_frame
from jobwidgets._watch.poller import poller
from jobwidgets.demo import MissionServer, example, failing

VIEW = "application/vnd.jupyter.widget-view+json"
MISSING = {"error": {"code": 404, "message": "Not found.", "details": []}}
Site = Any  # the maker of servers in conftest.py


@pytest.fixture
def board(opened: Callable[[Any], Any]) -> Callable[..., JobBoard]:
    """Return a maker of boards that are closed in the end."""
    return lambda *given, **keywords: opened(JobBoard(*given, **keywords))


def wait(shown: JobBoard) -> None:
    """Wait until every job has ended."""
    for job in shown:
        job.wait(HANG)


def test_shows_every_job(board: Callable[..., JobBoard], site: Site) -> None:
    """The jobs are watched, and the board tells how each ended."""
    server = site("a", "b", "c")
    server.ended.update(server.ids)
    shown = board(server.jobs())
    wait(shown)
    update = shown.get_state()["_update"]
    told = [dict(zip(update["fields"], values, strict=True)) for _, *values in update["jobs"]]
    assert [(job["id"], job["words"], job["preview"]) for job in told] == [
        (name, "succeeded", f"Message of {name}.") for name in "abc"
    ]
    assert list(shown.to_frame()["status"]) == ["succeeded"] * 3


def test_frames_take_a_board(board: Callable[..., JobBoard], site: Site) -> None:
    """A board stands for its jobs in every frame."""
    server = site("a", "b")
    server.ended.update(server.ids)
    shown = board(server.jobs())
    wait(shown)
    assert list(jobs_frame(shown)["job_id"]) == ["a", "b"]
    assert list(messages_frame(shown)["text"]) == ["Message of a.", "Message of b."]
    assert len(snapshots_frame(shown)) == 2


def test_board_is_a_sequence_that_is_waited_for(board: Callable[..., JobBoard], site: Site) -> None:
    """Length, index, slice and wait do what they do elsewhere; a widget stands for its job."""
    server = site("a", "b", "c")
    jobs = server.jobs()
    shown = board([JobWidget(jobs[0]), *jobs])
    assert (len(shown), shown[0], shown[-1], shown[1:]) == (3, jobs[0], jobs[2], tuple(jobs[1:]))
    assert board([])
    server.ended.update("ab")
    with pytest.raises(TimeoutError, match=r"1 of 3 jobs have not ended within 0\.5 s"):
        shown.wait(0.5)
    with pytest.raises(TypeError, match="timeout is in seconds, found a str"):
        shown.wait("5")
    server.ended.add("c")
    assert shown.wait(HANG) is shown
    assert str(shown) == "JobBoard(3 jobs): 3 succeeded"
    assert list(board(server.resource()).wait(HANG).to_frame()["status"]) == ["succeeded"] * 3


def test_same_job_twice_is_shown_once(board: Callable[..., JobBoard], site: Site) -> None:
    """The same handle, or another one of the same URL, makes no second row."""
    jobs = site("a", "b").jobs()
    shown = board([*jobs, jobs[0], *site("b").jobs()])
    assert shown.jobs == tuple(jobs)


def test_urls_with_keywords(board: Callable[..., JobBoard], site: Site) -> None:
    """URLs of jobs come with the keywords of Job, that of a jobs resource with those of Jobs."""
    server = site("a")
    assert [job.id for job in board([f"{JOBS_URL}/a"], **server.settings)] == ["a"]
    shown = board(JOBS_URL, **server.settings)
    until(lambda: shown.jobs)
    assert [job.id for job in shown] == ["a"]


def test_empty_board(notebook: CellShell, board: Callable[..., JobBoard]) -> None:
    """A board without jobs is over at once, and says so."""
    board([])._ipython_display_()
    assert notebook.outputs[0]["data"]["text/plain"] == "JobBoard(0 jobs)\nno jobs"


def test_repr_of_a_resource_does_not_count(board: Callable[..., JobBoard], site: Site) -> None:
    """The number of a resource's jobs changes, its URL does not."""
    shown = board(site("a").resource())
    assert repr(shown) == f"JobBoard(Jobs('{JOBS_URL}'))"


# A tick.


def test_one_update_tells_many_changes(board: Callable[..., JobBoard], site: Site) -> None:
    """A hundred jobs that end together make a few updates, not a hundred."""
    server = site(*(f"j{n}" for n in range(100)))
    server.ended.update(server.ids)
    told: list[Any] = []
    shown = board(server.jobs())
    shown.observe(lambda change: told.append(change["new"]["n"]), "_update")
    wait(shown)
    assert told == list(range(2, len(told) + 2))
    assert len(told) <= 50


def test_view_gets_the_messages_that_it_unfolds(board: Callable[..., JobBoard], site: Site) -> None:
    """A view asks for a job's messages, and gets them; odd contents are no harm."""
    shown = board(site("a", "b").jobs())
    until(lambda: all(job.status for job in shown))
    messages: list[Any] = []
    shown.observe(lambda change: messages.extend(change["new"]["messages"]), "_update")
    for content in (None, 7, {"unfold": "x"}, {"need": 3}, {"view": "v", "unfold": 1}):
        shown._on_view_message(shown, content, [])
    until(lambda: messages)
    ((index, told),) = messages
    assert (index, told["total"]) == (1, 1)
    assert told["parts"][0][1][0][-1] == "Message of b."


def test_view_that_asks_gets_everything(board: Callable[..., JobBoard], site: Site) -> None:
    """A view that missed something is sent all rows again."""
    server = site("a", "b")
    server.ended.update(server.ids)
    shown = board(server.jobs())
    wait(shown)
    before = shown._update["n"]
    shown._on_view_message(shown, {"view": "v", "resend": True}, [])
    until(lambda: shown._update["n"] > before)
    assert [index for index, *_ in shown._update["jobs"]] == [0, 1]


# A jobs resource.


def test_new_jobs_appear_by_themselves(board: Callable[..., JobBoard], site: Site) -> None:
    """The jobs come in the server's order, and new ones at the end."""
    server = site("b", "a")
    shown = board(server.resource(), listing_interval=0.01)
    until(lambda: len(shown.jobs) == 2)
    server.ids.insert(0, "new")
    until(lambda: len(shown.jobs) == 3)
    assert [job.id for job in shown] == ["b", "a", "new"]
    until(lambda: all(job.status for job in shown))


def test_job_that_left_the_list_stays(board: Callable[..., JobBoard], site: Site) -> None:
    """A job that the server lists no more is left to its own watch."""
    server = site("a", "b")
    shown = board(server.resource(), listing_interval=0.01)
    until(lambda: len(shown.jobs) == 2)
    server.ids.remove("a")
    server.ended.add("a")
    shown.jobs[0].wait(HANG)
    assert [job.id for job in shown] == ["a", "b"]


def test_resource_wants_a_new_token(board: Callable[..., JobBoard], site: Site) -> None:
    """A refused listing is told with its reason, and goes on with a new token."""
    server = site("a")
    server.refuses = True
    jobs = server.resource(token="old")
    shown = board(jobs, listing_interval=0.01)
    until(lambda: "wants a new token" in str(shown._update["line"]))
    jobs.token = "new"
    until(lambda: "appear by themselves" in str(shown._update["line"]))
    until(lambda: shown.jobs and shown.jobs[0].status)


def test_jobs_of_a_resource_get_its_new_token(board: Callable[..., JobBoard], site: Site) -> None:
    """Jobs that were refused go on too; those that have ended are not asked again."""
    server = site("a", "done")
    server.ended.add("done")
    jobs = server.resource(token="old")
    shown = board(jobs, listing_interval=3600.0)
    until(lambda: len(shown.jobs) == 2 and all(job.status for job in shown))
    shown.jobs[1].wait(HANG)
    server.refuses = True
    until(lambda: shown.jobs[0].contact.state == "unauthorised")
    asked = server.asked.count("done")
    jobs.token = "new"
    until(lambda: shown.jobs[0].contact.state == "in touch")
    assert server.asked.count("done") == asked


def test_wrong_url_of_a_resource_is_over(
    notebook: CellShell, board: Callable[..., JobBoard]
) -> None:
    """No such resource: the output says so for good."""
    shown = board(JOBS_URL, http={"transport": Replies(MISSING)}, pace=FAST)
    shown._ipython_display_()
    until(lambda: shown._freezing.are_frozen)
    display_id = notebook.outputs[0]["transient"]["display_id"]
    assert "404 Not found" in notebook.last_of(display_id)["text/plain"]


def test_finished_jobs_are_read_once(
    notebook: CellShell, board: Callable[..., JobBoard], site: Site
) -> None:
    """Running the cell again asks no finished job a second time."""
    server = site("a", "b", "runs")
    server.ended.update("ab")
    jobs = server.resource()
    notebook.run("cell", "execution 1")
    old = board(jobs, listing_interval=3600.0)
    until(lambda: len(old.jobs) == 3 and all(job.status for job in old))
    notebook.run("cell", "execution 2")
    new = board(jobs, listing_interval=3600.0)
    assert old.comm is None
    until(lambda: len(new.jobs) == 3 and new.jobs[2].contact.state == "in touch")
    assert new.jobs == old.jobs
    assert (server.asked.count("a"), server.asked.count("b")) == (1, 1)


def test_closed_board_asks_no_more(board: Callable[..., JobBoard], site: Site) -> None:
    """Neither the list nor a job is asked for after close, and nothing stays behind."""
    server = site("a")
    shown = board(server.resource(), listing_interval=0.01)
    until(lambda: shown.jobs and shown.jobs[0].status)
    shown.close()
    assert shown.jobs[0].contact.state == "stopped"
    assert shown._listing is not None
    assert shown._listing._task is None
    asked = len(server.asked)
    poller().thread.do(lambda: None)
    assert len(server.asked) == asked
    assert (shown.comm, shown.layout.comm) == (None, None)
    shown.close()


# Freezing.


def test_board_is_frozen_when_all_have_ended(
    notebook: CellShell, board: Callable[..., JobBoard], site: Site
) -> None:
    """While a job runs the view is live; after the last wait it is plain HTML and text."""
    server = site("a", "b")
    shown = board(server.jobs())
    shown._ipython_display_()
    assert VIEW in notebook.outputs[0]["data"]
    server.ended.add("a")
    shown.jobs[0].wait(HANG)
    assert not any(out["update"] for out in notebook.outputs)
    server.ended.add("b")
    shown.jobs[1].wait(HANG)
    data = notebook.last_of(notebook.outputs[0]["transient"]["display_id"])
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/html"].startswith('<div class="jobwidgets"')
    assert data["text/plain"].startswith("JobBoard(2 jobs)\n2 succeeded\n")


def test_stopped_job_holds_up_no_freeze(
    notebook: CellShell, board: Callable[..., JobBoard], site: Site
) -> None:
    """A watch that its user stopped counts as over; one that goes on again is shown live again."""
    server = site("stopped", "ends")
    shown = board(server.jobs())
    shown._ipython_display_()
    stopped, ends = shown.jobs
    stopped.refresh().stop()
    assert not any(out["update"] for out in notebook.outputs)
    server.ended.add("ends")
    ends.wait(HANG)
    text = notebook.last_of(notebook.outputs[0]["transient"]["display_id"])["text/plain"]
    assert "not watched" in text
    assert "succeeded" in text
    stopped.start().refresh()
    shown._ipython_display_()
    assert [(VIEW in out["data"], out["update"]) for out in notebook.outputs] == [
        (True, False),
        (False, True),
        (True, False),
    ]
    stopped.stop()
    assert VIEW not in notebook.outputs[-1]["data"]


def test_board_of_ended_jobs_is_static_at_once(
    notebook: CellShell, board: Callable[..., JobBoard], site: Site
) -> None:
    """Jobs that were read to their end need no live view."""
    server = site("a", "b")
    server.ended.update(server.ids)
    jobs = server.jobs()
    for job in jobs:
        job.wait(HANG)
    board(jobs)._ipython_display_()
    assert set(notebook.outputs[0]["data"]) == {"text/html", "text/plain"}


def test_resource_is_frozen_by_close(
    notebook: CellShell, board: Callable[..., JobBoard], site: Site
) -> None:
    """A resource has no end of its own: its board is live until it is closed."""
    server = site("a")
    server.ended.add("a")
    shown = board(server.resource(), listing_interval=0.01)
    until(lambda: shown.jobs)
    shown.jobs[0].wait(HANG)
    shown._ipython_display_()
    assert VIEW in notebook.outputs[0]["data"]
    shown.close()
    data = notebook.last_of(notebook.outputs[0]["transient"]["display_id"])
    assert VIEW not in data
    assert "Not watched since" in data["text/plain"]


# Who else shows a job.


def test_real_server(board: Callable[..., JobBoard]) -> None:
    """Jobs on a real socket, one of which fails."""
    with MissionServer(speed=50) as server:
        urls = [server.add(script) for script in (example(), failing(), example())]
        shown = board(urls)
        wait(shown)
        resource = board(server.jobs_url, listing_interval=0.05)
        until(lambda: len(resource.jobs) == 3)
        wait(resource)
        shown.close()
        resource.close()
    statuses = ["succeeded", "failed", "succeeded"]
    assert list(shown.to_frame()["status"]) == list(resource.to_frame()["status"]) == statuses
