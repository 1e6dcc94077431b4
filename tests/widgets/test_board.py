from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from documents import JOBS_URL
from servers import HANG, until
from shells import CellShell

from jobwidgets import JobBoard, JobWidget, jobs_frame, messages_frame, snapshots_frame
from jobwidgets._watch.poller import poller
from jobwidgets.demo import MissionServer, example, failing

VIEW = "application/vnd.jupyter.widget-view+json"
Board = Callable[..., JobBoard]
Site = Any  # the maker of servers in conftest.py


@pytest.fixture
def board(opened: Callable[[Any], Any]) -> Board:
    """Return a maker of boards that are closed in the end."""
    return lambda *given, **keywords: opened(JobBoard(*given, **keywords))


def test_shows_every_job(board: Board, site: Site) -> None:
    """The jobs are watched, the board tells how each ended, and stands for them in every frame."""
    server = site("a", "b")
    server.ended.update("ab")
    shown = board(server.jobs()).wait(HANG)
    update = shown.get_state()["_update"]
    told = [dict(zip(update["fields"], values, strict=True)) for _, *values in update["jobs"]]
    assert [(job["id"], job["words"], job["preview"]) for job in told] == [
        (name, "succeeded", f"Message of {name}.") for name in "ab"
    ]
    assert list(jobs_frame(shown)["job_id"]) == list(shown.to_frame()["job_id"]) == ["a", "b"]
    assert list(messages_frame(shown)["text"]) == ["Message of a.", "Message of b."]
    assert len(snapshots_frame(shown)) == 2


def test_board_is_a_sequence_that_is_waited_for(board: Board, site: Site) -> None:
    """Length, index, slice and wait do what they do elsewhere; a widget stands for its job."""
    server = site("a", "b", "c")
    jobs = server.jobs()
    shown = board([JobWidget(jobs[0]), *jobs, *site("b").jobs()])  # the same job is shown once
    assert (len(shown), shown[0], shown[-1], shown[1:]) == (3, jobs[0], jobs[2], tuple(jobs[1:]))
    server.ended.update("ab")
    with pytest.raises(TimeoutError, match=r"1 of 3 jobs have not ended within 0\.5 s"):
        shown.wait(0.5)
    with pytest.raises(TypeError, match="timeout is in seconds, found a str"):
        shown.wait("5")
    server.ended.add("c")
    assert shown.wait(HANG) is shown
    assert (repr(shown), str(shown)) == ("JobBoard(3 jobs)", "JobBoard(3 jobs): 3 succeeded")


def test_urls_with_keywords(board: Board, site: Site) -> None:
    """URLs come with keywords; the board of a resource is waited for with what that lists."""
    server = site("a")
    server.ended.add("a")
    for given in ([f"{JOBS_URL}/a"], JOBS_URL, server.resource()):
        keywords = server.settings if isinstance(given, str | list) else {}
        shown = board(given, **keywords)
        assert [job.id for job in shown.wait(HANG)] == ["a"]
    assert repr(shown) == f"JobBoard(Jobs('{JOBS_URL}'))"  # the number of jobs may change


def test_empty_board(notebook: CellShell, board: Board) -> None:
    """A board without jobs is over at once, and says so; it is not false."""
    shown = board([])
    shown._ipython_display_()
    assert notebook.outputs[0]["data"]["text/plain"] == "JobBoard(0 jobs)\nno jobs"
    assert shown


def test_one_update_tells_many_changes(board: Board, site: Site) -> None:
    """A hundred jobs that end together make a few updates; a view that lacks rows gets them all."""
    server = site(*(f"j{n}" for n in range(100)))
    server.ended.update(server.ids)
    shown = board(server.jobs())
    numbers = [shown._update["n"]]
    shown.observe(lambda change: numbers.append(change["new"]["n"]), "_update")
    shown.wait(HANG)
    poller().thread.do(lambda: None)
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) <= 50
    before = shown._update["n"]
    shown._on_view_message(shown, {"view": "v", "resend": True}, [])
    until(lambda: shown._update["n"] > before)
    assert [index for index, *_ in shown._update["jobs"]] == list(range(100))


def test_view_gets_the_messages_that_it_unfolds(board: Board, site: Site) -> None:
    """A view asks for a job's messages, and gets them."""
    shown = board(site("a", "b").jobs())
    until(lambda: all(job.status for job in shown))
    messages: list[Any] = []
    shown.observe(lambda change: messages.extend(change["new"]["unfolded"]), "_update")
    shown._on_view_message(shown, {"view": "v", "unfold": 1}, [])
    until(lambda: messages)
    ((index, told),) = messages
    assert (index, told["total"]) == (1, 1)
    assert told["parts"][0][1][0][-1] == "Message of b."


# A jobs resource.


def test_new_jobs_appear_by_themselves(board: Board, site: Site) -> None:
    """The jobs come in the server's order, new ones at the end; one that left the list stays."""
    server = site("b", "a")
    shown = board(server.resource(), listing_interval=0.01)
    until(lambda: len(shown) == 2)
    server.ids[:] = ["new", "b"]
    server.ended.add("a")
    until(lambda: len(shown) == 3)
    assert [job.id for job in shown] == ["b", "a", "new"]
    assert shown[1].wait(HANG).status == "succeeded"
    until(lambda: shown[2].status)


def test_new_token_of_a_resource(board: Board, site: Site) -> None:
    """A refused list, and refused jobs, go on with a new token; ended ones are not asked again."""
    server = site("a", "done")
    server.ended.add("done")
    jobs = server.resource(token="old")
    shown = board(jobs, listing_interval=0.01)
    until(lambda: len(shown) == 2 and shown[0].status)
    shown[1].wait(HANG)
    server.refuses = True
    until(lambda: "wants a new token" in str(shown._update["line"]))
    until(lambda: shown[0].contact.state == "unauthorised")
    asked = server.asked.count("done")
    jobs.token = "new"
    until(lambda: "appear by themselves" in str(shown._update["line"]))
    until(lambda: shown[0].contact.state == "in touch")
    assert server.asked.count("done") == asked


def test_list_that_gave_up_is_tried_again(notebook: CellShell, board: Board, site: Site) -> None:
    """The output says why there is no list, and stays live: its view can ask once more."""
    server = site("a")
    server.missing.add("jobs")
    shown = board(server.resource())
    shown._ipython_display_()
    until(lambda: "404 Not found" in str(shown._update["line"]))
    assert VIEW in notebook.outputs[0]["data"]
    assert shown._update["can_try"]
    server.missing.clear()
    shown._on_view_message(shown, {"view": "v", "act": "list"}, [])
    until(lambda: len(shown) == 1 and not shown._update["can_try"])


def test_finished_jobs_are_read_once(notebook: CellShell, board: Board, site: Site) -> None:
    """Running the cell again asks no finished job a second time."""
    server = site("a", "b", "runs")
    server.ended.update("ab")
    jobs = server.resource()
    notebook.run("cell", "execution 1")
    old = board(jobs, listing_interval=3600.0)
    until(lambda: len(old) == 3 and all(job.status for job in old))
    notebook.run("cell", "execution 2")
    new = board(jobs, listing_interval=3600.0)
    assert old.comm is None
    until(lambda: len(new) == 3 and new[2].contact.state == "in touch")
    assert new.jobs == old.jobs
    assert (server.asked.count("a"), server.asked.count("b")) == (1, 1)


def test_resource_is_live_until_it_is_closed(notebook: CellShell, board: Board, site: Site) -> None:
    """A resource has no end of its own; after close neither list nor job is asked for."""
    server = site("done", "runs")
    server.ended.add("done")
    shown = board(server.resource(), listing_interval=0.01)
    until(lambda: len(shown) == 2 and shown[1].status)
    shown[0].wait(HANG)
    shown._ipython_display_()
    assert VIEW in notebook.outputs[0]["data"]
    shown.close()
    asked = len(server.asked)
    data = notebook.last_of(notebook.outputs[0]["transient"]["display_id"])
    assert VIEW not in data
    assert "Not watched since" in data["text/plain"]
    assert shown[1].contact.state == "stopped"
    poller().thread.do(lambda: None)
    assert len(server.asked) == asked


# Freezing.


@pytest.mark.parametrize("is_stopped", [False, True])
def test_frozen_when_every_job_is_over(
    notebook: CellShell, board: Board, site: Site, is_stopped: bool
) -> None:
    """While a job runs the view is live; a watch that its user stopped counts as over."""
    server = site("first", "last")
    shown = board(server.jobs())
    shown._ipython_display_()
    first, last = shown
    if is_stopped:
        first.refresh().stop()
    else:
        server.ended.add("first")
        first.wait(HANG)
    assert [VIEW in out["data"] for out in notebook.outputs] == [True]
    server.ended.add("last")
    last.wait(HANG)
    data = notebook.last_of(notebook.outputs[0]["transient"]["display_id"])
    assert set(data) == {"text/html", "text/plain"}
    assert ("not watched" in data["text/plain"]) is is_stopped
    assert "succeeded" in data["text/plain"]


def test_stopped_watch_that_goes_on_is_live_again(
    notebook: CellShell, board: Board, site: Site
) -> None:
    """A frozen output stays so; a new display of a job that was started again is live."""
    (job,) = jobs = site("a").jobs()
    job.start().refresh().stop()
    shown = board(jobs)
    shown._ipython_display_()
    job.start().refresh()
    shown._ipython_display_()
    assert [(VIEW in out["data"], out["update"]) for out in notebook.outputs] == [
        (False, False),
        (True, False),
    ]


def test_real_server(board: Board) -> None:
    """Jobs on a real socket, one of which fails."""
    with MissionServer(speed=50) as server:
        urls = [server.add(script) for script in (example(), failing(), example())]
        for shown in (board(urls), board(server.jobs_url, listing_interval=0.05)):
            told = list(shown.wait(HANG).to_frame()["status"])
            assert told == ["succeeded", "failed", "succeeded"]
            shown.close()
