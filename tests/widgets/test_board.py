from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from conftest import FAST
from documents import JOBS_URL, document
from servers import HANG, Replies, until
from shells import CellShell, shell

import jobwidgets
from jobwidgets import Job, JobBoard, Jobs, JobWidget, jobs_frame, messages_frame, snapshots_frame
from jobwidgets._watch.poller import poller
from jobwidgets.demo import MissionServer, example, failing

VIEW = "application/vnd.jupyter.widget-view+json"
REFUSED = {"error": {"code": 498, "message": "Invalid token.", "details": []}}
MISSING = {"error": {"code": 404, "message": "Not found.", "details": []}}
FINAL = {"status": "COMPLETED", "stepsCompleted": 5}


class Site:
    """A server whose jobs run until they are told to end."""

    def __init__(self, *ids: str) -> None:
        self.ids = list(ids)
        self.ended: set[str] = set()
        self.refuses = False
        self.asked: list[str] = []

    def __call__(self, request: Any) -> Any:
        """Answer a request."""
        name = unquote(str(request.url).partition("?")[0].rpartition("/")[2])
        self.asked.append(name)
        if self.refuses and "new" not in str(request.headers.get("X-Esri-Authorization")):
            return REFUSED
        if name == "jobs":
            return {"asyncJobs": list(self.ids)}
        final = FINAL if name in self.ended else {}
        return document(jobId=name, messages=[f"Message of {name}."], **final)

    @property
    def settings(self) -> dict[str, Any]:
        """Keywords of a job on this server."""
        return {"pace": FAST, "http": {"transport": Replies(self)}}

    def jobs(self) -> list[Job]:
        """Return a handle a job."""
        settings = self.settings
        return [Job(f"{JOBS_URL}/{name}", **settings) for name in self.ids]

    def resource(self, **keywords: Any) -> Jobs:
        """Return the jobs resource."""
        return Jobs(JOBS_URL, **self.settings, **keywords)


@pytest.fixture
def notebook() -> Iterator[CellShell]:
    """Return a shell that keeps what is displayed."""
    with shell() as running:
        yield running


@pytest.fixture
def board() -> Iterator[Callable[..., JobBoard]]:
    """Return a maker of boards that are closed in the end."""
    made: list[JobBoard] = []

    def make(*given: Any, **keywords: Any) -> JobBoard:
        made.append(JobBoard(*given, **keywords))
        return made[-1]

    yield make
    for one in made:
        one.close()


def wait(shown: JobBoard) -> None:
    """Wait until every job has ended."""
    for job in shown:
        job.wait(HANG)


def test_shows_every_job(board: Callable[..., JobBoard]) -> None:
    """The jobs are watched, and the board tells how each ended."""
    site = Site("a", "b", "c")
    site.ended.update(site.ids)
    shown = board(site.jobs())
    wait(shown)
    update = shown.get_state()["_update"]
    told = [dict(zip(update["fields"], values, strict=True)) for _, *values in update["jobs"]]
    assert [(job["id"], job["words"], job["preview"]) for job in told] == [
        (name, "succeeded", f"Message of {name}.") for name in "abc"
    ]
    assert list(shown.to_frame()["status"]) == ["succeeded"] * 3


def test_frames_take_a_board(board: Callable[..., JobBoard]) -> None:
    """A board stands for its jobs in every frame."""
    site = Site("a", "b")
    site.ended.update(site.ids)
    shown = board(site.jobs())
    wait(shown)
    assert list(jobs_frame(shown)["job_id"]) == ["a", "b"]
    assert list(messages_frame(shown)["text"]) == ["Message of a.", "Message of b."]
    assert len(snapshots_frame(shown)) == 2


def test_same_job_twice_is_shown_once(board: Callable[..., JobBoard]) -> None:
    """The same handle, or another one of the same URL, makes no second row."""
    jobs = Site("a", "b").jobs()
    shown = board([*jobs, jobs[0], *Site("b").jobs()])
    assert shown.jobs == tuple(jobs)


def test_urls_with_keywords(board: Callable[..., JobBoard]) -> None:
    """URLs of jobs come with the keywords of Job, that of a jobs resource with those of Jobs."""
    site = Site("a")
    assert [job.id for job in board([f"{JOBS_URL}/a"], **site.settings)] == ["a"]
    shown = board(JOBS_URL, **site.settings)
    until(lambda: shown.jobs)
    assert [job.id for job in shown] == ["a"]


@pytest.mark.parametrize(
    ("given", "keywords", "text"),
    [
        (7, {}, r"jobs: expected a Jobs, .* found a int"),
        (Job(f"{JOBS_URL}/a"), {}, r"jobs: expected .* found a Job"),
        ([7], {}, r"jobs\[0\]: expected a Job or its URL; found a int"),
        ([None], {}, r"jobs\[0\]: expected a Job or its URL; found a NoneType"),
        (
            [],
            {"tokens": 1},
            r"no keyword 'tokens'; expected some of: freeze, listing_interval, tok",
        ),
        ([Job(f"{JOBS_URL}/a")], {"token": "x"}, r"give token to Job, not to JobBoard"),
        (Jobs(JOBS_URL), {"token": "x"}, r"give token to Jobs, not to JobBoard"),
    ],
)
def test_bad_input(given: Any, keywords: dict[str, Any], text: str) -> None:
    """What is no job, or no keyword, is named."""
    with pytest.raises(TypeError, match=text):
        JobBoard(given, **keywords)


def test_empty_board(notebook: CellShell, board: Callable[..., JobBoard]) -> None:
    """A board without jobs is over at once, and says so."""
    board([])._ipython_display_()
    assert notebook.outputs[0]["data"]["text/plain"] == "JobBoard(0 jobs)\nno jobs"


@pytest.mark.parametrize(("count", "text"), [(1, "JobBoard(1 job)"), (47, "JobBoard(47 jobs)")])
def test_repr_is_stable(board: Callable[..., JobBoard], count: int, text: str) -> None:
    """The repr does not change with the jobs."""
    site = Site(*(f"j{n}" for n in range(count)))
    site.ended.update(site.ids)
    shown = board(site.jobs())
    assert repr(shown) == text
    wait(shown)
    assert repr(shown) == text


def test_repr_of_a_resource_does_not_count(board: Callable[..., JobBoard]) -> None:
    """The number of a resource's jobs changes, its URL does not."""
    shown = board(Site("a").resource())
    assert repr(shown) == f"JobBoard(Jobs('{JOBS_URL}'))"


# A tick.


def test_one_update_tells_many_changes(board: Callable[..., JobBoard]) -> None:
    """A hundred jobs that end together make a few updates, not a hundred."""
    site = Site(*(f"j{n}" for n in range(100)))
    site.ended.update(site.ids)
    told: list[Any] = []
    shown = board(site.jobs())
    shown.observe(lambda change: told.append(change["new"]["n"]), "_update")
    wait(shown)
    assert told == list(range(2, len(told) + 2))
    assert len(told) <= 50


def test_unchanged_board_sends_nothing(board: Callable[..., JobBoard]) -> None:
    """Polls that bring the same documents make no update."""
    site = Site("a", "b")
    shown = board(site.jobs())
    until(lambda: all(job.status for job in shown) and not shown._updates.has_more)
    for job in shown:
        job.refresh()
    poller().thread.do(shown._throttle.flush)
    told: list[Any] = []
    shown.observe(told.append, "_update")
    asked = len(site.asked)
    for job in shown:
        job.refresh()
    poller().thread.do(shown._throttle.flush)
    assert len(site.asked) >= asked + 2
    assert told == []


def test_view_gets_the_messages_that_it_unfolds(board: Callable[..., JobBoard]) -> None:
    """A view asks for a job's messages, and gets them; odd contents are no harm."""
    shown = board(Site("a", "b").jobs())
    until(lambda: all(job.status for job in shown))
    messages: list[Any] = []
    shown.observe(lambda change: messages.extend(change["new"]["messages"]), "_update")
    for content in (None, 7, {"unfold": "x"}, {"need": 3}, {"view": "v", "unfold": 1}):
        shown._on_view_message(shown, content, [])
    until(lambda: messages)
    ((index, told),) = messages
    assert (index, told["total"]) == (1, 1)
    assert told["parts"][0][1][0][-1] == "Message of b."


def test_view_that_asks_gets_everything(board: Callable[..., JobBoard]) -> None:
    """A view that missed something is sent all rows again."""
    site = Site("a", "b")
    site.ended.update(site.ids)
    shown = board(site.jobs())
    wait(shown)
    before = shown._update["n"]
    shown._on_view_message(shown, {"view": "v", "resend": True}, [])
    until(lambda: shown._update["n"] > before)
    assert [index for index, *_ in shown._update["jobs"]] == [0, 1]


# A jobs resource.


def test_new_jobs_appear_by_themselves(board: Callable[..., JobBoard]) -> None:
    """The jobs come in the server's order, and new ones at the end."""
    site = Site("b", "a")
    shown = board(site.resource(), listing_interval=0.01)
    until(lambda: len(shown.jobs) == 2)
    site.ids.insert(0, "new")
    until(lambda: len(shown.jobs) == 3)
    assert [job.id for job in shown] == ["b", "a", "new"]
    until(lambda: all(job.status for job in shown))


def test_job_that_left_the_list_stays(board: Callable[..., JobBoard]) -> None:
    """A job that the server lists no more is left to its own watch."""
    site = Site("a", "b")
    shown = board(site.resource(), listing_interval=0.01)
    until(lambda: len(shown.jobs) == 2)
    site.ids.remove("a")
    site.ended.add("a")
    shown.jobs[0].wait(HANG)
    assert [job.id for job in shown] == ["a", "b"]


def test_resource_wants_a_new_token(board: Callable[..., JobBoard]) -> None:
    """A refused listing is told with its reason, and goes on with a new token."""
    site = Site("a")
    site.refuses = True
    jobs = site.resource(token="old")
    shown = board(jobs, listing_interval=0.01)
    until(lambda: "wants a new token" in str(shown._update["line"]))
    jobs.token = "new"
    until(lambda: "appear by themselves" in str(shown._update["line"]))
    until(lambda: shown.jobs and shown.jobs[0].status)


def test_jobs_of_a_resource_get_its_new_token(board: Callable[..., JobBoard]) -> None:
    """Jobs that were refused go on too; those that have ended are not asked again."""
    site = Site("a", "done")
    site.ended.add("done")
    jobs = site.resource(token="old")
    shown = board(jobs, listing_interval=3600.0)
    until(lambda: len(shown.jobs) == 2 and all(job.status for job in shown))
    shown.jobs[1].wait(HANG)
    site.refuses = True
    until(lambda: shown.jobs[0].contact.state == "unauthorised")
    asked = site.asked.count("done")
    jobs.token = "new"
    until(lambda: shown.jobs[0].contact.state == "in touch")
    assert site.asked.count("done") == asked


def test_wrong_url_of_a_resource_is_over(
    notebook: CellShell, board: Callable[..., JobBoard]
) -> None:
    """No such resource: the output says so for good."""
    shown = board(JOBS_URL, http={"transport": Replies(MISSING)}, pace=FAST)
    shown._ipython_display_()
    until(lambda: shown._freezing.are_frozen)
    display_id = notebook.outputs[0]["transient"]["display_id"]
    assert "404 Not found" in notebook.last_of(display_id)["text/plain"]


def test_finished_jobs_are_read_once(notebook: CellShell, board: Callable[..., JobBoard]) -> None:
    """Running the cell again asks no finished job a second time."""
    site = Site("a", "b", "runs")
    site.ended.update("ab")
    jobs = site.resource()
    notebook.run("cell", "execution 1")
    old = board(jobs, listing_interval=3600.0)
    until(lambda: len(old.jobs) == 3 and all(job.status for job in old))
    notebook.run("cell", "execution 2")
    new = board(jobs, listing_interval=3600.0)
    assert old.comm is None
    until(lambda: len(new.jobs) == 3 and new.jobs[2].contact.state == "in touch")
    assert new.jobs == old.jobs
    assert (site.asked.count("a"), site.asked.count("b")) == (1, 1)


def test_closed_board_asks_no_more(board: Callable[..., JobBoard]) -> None:
    """Neither the list nor a job is asked for after close, and nothing stays behind."""
    site = Site("a")
    shown = board(site.resource(), listing_interval=0.01)
    until(lambda: shown.jobs and shown.jobs[0].status)
    shown.close()
    assert shown.jobs[0].contact.state == "stopped"
    assert shown._listing is not None
    assert shown._listing._task is None
    asked = len(site.asked)
    poller().thread.do(lambda: None)
    assert len(site.asked) == asked
    assert (shown.comm, shown.layout.comm) == (None, None)
    shown.close()


# Freezing.


def test_board_is_frozen_when_all_have_ended(
    notebook: CellShell, board: Callable[..., JobBoard]
) -> None:
    """While a job runs the view is live; after the last wait it is plain HTML and text."""
    site = Site("a", "b")
    shown = board(site.jobs())
    shown._ipython_display_()
    assert VIEW in notebook.outputs[0]["data"]
    site.ended.add("a")
    shown.jobs[0].wait(HANG)
    assert not any(out["update"] for out in notebook.outputs)
    site.ended.add("b")
    shown.jobs[1].wait(HANG)
    data = notebook.last_of(notebook.outputs[0]["transient"]["display_id"])
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/html"].startswith('<div class="jobwidgets"')
    assert data["text/plain"].startswith("JobBoard(2 jobs)\n2 succeeded\n")


def test_display_after_the_end_is_static(
    notebook: CellShell, board: Callable[..., JobBoard]
) -> None:
    """What is displayed after the end needs no live view; with freeze=False it has one."""
    site = Site("a")
    site.ended.add("a")
    for freeze in (True, False):
        shown = board(site.jobs(), freeze=freeze)
        wait(shown)
        shown._ipython_display_()
    assert [VIEW in out["data"] for out in notebook.outputs] == [False, True]


def test_board_of_ended_jobs_is_static_at_once(
    notebook: CellShell, board: Callable[..., JobBoard]
) -> None:
    """Jobs that were read to their end need no live view."""
    site = Site("a", "b")
    site.ended.update(site.ids)
    jobs = site.jobs()
    for job in jobs:
        job.wait(HANG)
    board(jobs)._ipython_display_()
    assert set(notebook.outputs[0]["data"]) == {"text/html", "text/plain"}


def test_resource_is_frozen_by_close(notebook: CellShell, board: Callable[..., JobBoard]) -> None:
    """A resource has no end of its own: its board is live until it is closed."""
    site = Site("a")
    site.ended.add("a")
    shown = board(site.resource(), listing_interval=0.01)
    until(lambda: shown.jobs)
    shown.jobs[0].wait(HANG)
    shown._ipython_display_()
    assert VIEW in notebook.outputs[0]["data"]
    shown.close()
    data = notebook.last_of(notebook.outputs[0]["transient"]["display_id"])
    assert VIEW not in data
    assert "Not watched since" in data["text/plain"]


# Who else shows a job.


def test_close_leaves_other_widgets_their_watches() -> None:
    """A job that another board or widget shows is watched on, until the last one is closed."""
    jobs = Site("a", "b", "c").jobs()
    first, second, third = JobBoard(jobs), JobBoard(jobs[:1]), JobWidget(jobs[1])
    for job in jobs:
        job.refresh()
    first.close()
    assert [job.contact.state for job in jobs] == ["in touch", "in touch", "stopped"]
    second.close()
    third.close()
    assert [job.contact.state for job in jobs] == ["stopped"] * 3


def test_stop_of_a_user_is_respected(board: Callable[..., JobBoard]) -> None:
    """A board starts no watch that was stopped by hand."""
    (job,) = Site("a").jobs()
    job.start().refresh()
    job.stop()
    shown = board([job])
    poller().thread.do(lambda: None)
    assert shown.jobs[0].contact.state == "stopped"


def test_no_token_in_state_or_output(board: Callable[..., JobBoard]) -> None:
    """The token is in nothing that a notebook may keep."""
    site = Site("a")
    shown = board(JOBS_URL, token="s3cr3t-token", listing_interval=0.01, **site.settings)
    until(lambda: shown.jobs and shown.jobs[0].status)
    kept = [repr(shown), shown.get_state(), dict(shown._static_bundle()), str(shown.to_frame())]
    assert "s3cr3t" not in str(kept)


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


def test_late_import() -> None:
    """The board comes when it is asked for, like the frames."""
    assert jobwidgets.JobBoard is JobBoard
