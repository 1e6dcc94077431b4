import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from documents import STARTED, after, document, snapshot

from jobwidgets._display.words import LONGEST_PREVIEW
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._widgets.board_updates import LARGEST_UPDATE, BoardUpdates, job_values
from jobwidgets.errors import ServerError

IN_TOUCH = Contact(ContactState.IN_TOUCH, last_heard=STARTED)
ENDED = {"status": "COMPLETED", "stepsCompleted": 5}


class Shown:
    """A job as a board sees it."""

    def __init__(self, job_id: str) -> None:
        self.history = JobHistory(job_id)
        self.contact = IN_TOUCH
        self.elapsed: timedelta | None = None

    def poll(self, at: float = 0.0, **changes: Any) -> int | None:
        """Take in a document, received some seconds after the job's start."""
        self.elapsed = timedelta(seconds=at)
        return self.history.record(snapshot(document(jobId=self.history.job_id, **changes), at))


class View:
    """One view of a board, which knows what its updates told and nothing else."""

    def __init__(self, count: int) -> None:
        self.jobs = [Shown(f"j{n}") for n in range(count)]
        self.updates = BoardUpdates()
        self.contact: Contact | None = None
        self.known: dict[int, dict[str, Any]] = {}
        self.messages: dict[int, list[Any]] = {}
        self.numbers: list[int] = []
        for index in range(count):
            self.updates.note(index)

    def poll(self, index: int, **changes: Any) -> None:
        """Take in a document of one job."""
        self.updates.note(index, self.jobs[index].poll(**changes))

    def tell(self) -> list[dict[str, Any]]:
        """Return the updates that the view gets, until it knows everything."""
        told = []
        while (update := self.updates.next(self.jobs, self.contact)) is not None:
            told.append(json.loads(json.dumps(update, allow_nan=False)))
            self.take(told[-1])
        assert not self.updates.has_more
        return told

    def take(self, update: dict[str, Any]) -> None:
        """Take in an update, and ask for what is missing."""
        self.numbers.append(update["n"])
        for index, *values in update["jobs"]:
            self.known[index] = dict(zip(update["fields"], values, strict=True))
        for index, new in update["messages"]:
            known = self.messages.setdefault(index, [])
            del known[new["keep"] :]
            known += [None] * (new["total"] - len(known))
            for first, messages in new["parts"]:
                known[first : first + len(messages)] = messages
            if None in known:
                self.updates.want(index, [[known.index(None), known.count(None)]])

    def texts(self, index: int) -> list[str]:
        """Return the messages of an unfolded job."""
        return [values[-1] for values in self.messages[index]]


def changed(update: dict[str, Any]) -> list[int]:
    """Return which jobs an update tells of."""
    return [index for index, *_ in update["jobs"]]


def test_first_update_tells_every_job() -> None:
    """A new board tells of each job, heard of or not."""
    view = View(3)
    view.poll(1, **ENDED)
    (update,) = view.tell()
    assert (update["n"], update["count"], update["kept"]) == (1, 3, False)
    words = {job["id"]: job["words"] for job in view.known.values()}
    assert words == {"j0": "not heard of yet", "j1": "succeeded", "j2": "not heard of yet"}
    assert update["spoken"] == "2 not heard of yet, 1 succeeded"
    counts = {status: (words, count) for status, _, words, count in update["totals"]}
    assert counts["succeeded"] == ("1 succeeded", 1)
    assert counts["running"] == ("0 running", 0)


def test_jobs_are_ranked_by_what_went_wrong() -> None:
    """When sorted by status, failures come first and successes last."""
    view = View(4)
    for index, status in enumerate(["COMPLETED", "FAILED", "PROCESSING"]):
        view.poll(index, status=status)
    view.tell()
    assert sorted(view.known, key=lambda index: view.known[index]["rank"]) == [1, 2, 3, 0]


def test_only_what_changed_is_told() -> None:
    """An update holds the rows that changed since the last one, and no other."""
    view = View(50)
    view.tell()
    view.poll(7)
    view.poll(9)
    view.poll(7, messages=["One.", "Two."], at=1.0)
    (update,) = view.tell()
    assert changed(update) == [7, 9]
    assert view.known[7]["preview"] == "Two."


def test_unchanged_board_sends_nothing() -> None:
    """Neither polls that bring the same, nor time, nor quiet contact make an update."""
    view = View(3)
    for index in range(3):
        view.poll(index)
    view.tell()
    for second in range(1, 100):
        view.poll(1, at=float(second))
        view.jobs[1].contact = replace(IN_TOUCH, last_heard=after(second), next_try=after(60))
    assert view.tell() == []


def test_known_elapsed_is_news() -> None:
    """That the elapsed time is known at last is told, once."""
    view = View(1)
    view.poll(0)
    view.jobs[0].elapsed = None
    view.tell()
    for second in (5.0, 6.0):
        view.jobs[0].elapsed = timedelta(seconds=second)
        view.updates.note(0)
        view.tell()
    assert view.known[0]["time"] == ["clock", 5.0, 1]
    assert len(view.numbers) == 2


def test_updates_are_numbered_and_bounded() -> None:
    """Thousands of jobs come in parts of a bounded size, numbered without a gap."""
    view = View(3000)
    for index in range(3000):
        view.poll(index, messages=["message " * 30])
    told = view.tell()
    assert view.numbers == list(range(1, len(told) + 1))
    assert len(told) > 1
    assert max(len(json.dumps(update)) for update in told) < LARGEST_UPDATE + 2000
    assert sorted(view.known) == list(range(3000))


def test_forget_tells_all_rows_again() -> None:
    """A view that missed something gets everything."""
    view = View(5)
    view.tell()
    view.known.clear()
    view.updates.forget()
    view.tell()
    assert sorted(view.known) == [0, 1, 2, 3, 4]


def test_new_job_is_told_with_the_count() -> None:
    """A job that comes later gets the next place."""
    view = View(1)
    view.tell()
    view.jobs.append(Shown("late"))
    view.updates.note(1)
    (update,) = view.tell()
    assert (update["count"], changed(update), view.known[1]["id"]) == (2, [1], "late")


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (ContactState.CONNECTING, ""),
        (ContactState.IN_TOUCH, ""),
        (ContactState.RETRYING, "no answer"),
        (ContactState.UNAUTHORISED, "needs a token"),
        (ContactState.LOST, "given up"),
        (ContactState.STOPPED, "not watched"),
    ],
)
def test_trouble_is_a_short_word_beside_the_status(state: ContactState, word: str) -> None:
    """Trouble with the server has its own place; what it met is told with it."""
    job = Shown("j1")
    job.poll()
    job.contact = replace(IN_TOUCH, state=state, failures=1, error=ServerError("502 Bad Gateway"))
    values = job_values(job)
    assert values["words"] == "running"
    assert values["trouble"] == word
    assert values["reason"] == ("502 Bad Gateway" if word else "")
    job.poll(**ENDED)  # nothing more is to be heard of it
    assert job_values(job)["trouble"] == ""
    assert str(job_values(job)["time"]) == "60 s"
    not_begun = Shown("j2")
    not_begun.contact = Contact()
    assert job_values(not_begun)["trouble"] == ""


def test_missing_job_and_cache_are_told_as_such() -> None:
    """A job that the server does not have, and one that only a cache tells of, are troubles too."""
    job = Shown("j1")
    job.poll()
    job.contact = replace(IN_TOUCH, cached_since=STARTED)
    assert (job_values(job)["trouble"], job_values(job)["reason"]) == (
        "from a cache",
        "as of 2026-05-01 12:00:00 UTC",
    )
    job.contact = Contact(ContactState.RETRYING, STARTED, missing_since=STARTED)
    assert job_values(job)["trouble"] == "no such job"


def test_long_last_message_is_cut_in_its_row() -> None:
    """A row holds the beginning of a message that is thousands of letters long."""
    job = Shown("j1")
    job.poll(messages=["a", "b" * 2000])
    assert job_values(job)["preview"] == "b" * (LONGEST_PREVIEW - 1) + "…"
    assert job_values(job)["messages"] == 2


def test_contact_with_the_resource_is_told_when_it_changes() -> None:
    """The listing's trouble is one update; the same trouble again is none."""
    view = View(1)
    view.contact = IN_TOUCH
    assert view.tell()[0]["line"]["parts"] == ["New jobs appear by themselves."]
    error = ServerError("502 Bad Gateway", code=502)
    view.contact = replace(IN_TOUCH, state=ContactState.RETRYING, failures=1, error=error)
    (update,) = view.tell()
    assert "502 Bad Gateway" in str(update["line"])
    assert update["jobs"] == []
    assert view.tell() == []


def test_jobs_without_contact_are_counted() -> None:
    """They are told beside the list of the jobs; nothing is over while a list may bring more."""
    view = View(2)
    for index in (0, 1):
        view.poll(index, **ENDED)
    assert [(update["is_over"], update["line"]["parts"]) for update in view.tell()] == [(True, [])]
    view.poll(1)
    view.jobs[1].contact = replace(IN_TOUCH, state=ContactState.RETRYING, failures=1)
    view.contact = IN_TOUCH
    (update,) = view.tell()
    texts = ["New jobs appear by themselves.", " · 1 job without contact"]
    assert (update["is_over"], update["line"]["parts"]) == (False, texts)


# The messages of unfolded jobs.


def test_messages_of_unfolded_jobs_alone_are_told() -> None:
    """Messages come when a view asks for them, and are then kept up to date."""
    view = View(2)
    for index in (0, 1):
        view.poll(index, messages=["One."])
    assert view.tell()[0]["messages"] == []
    view.updates.unfold("v", 1)
    (update,) = view.tell()
    assert [index for index, _ in update["messages"]] == [1]
    assert update["jobs"] == []
    view.poll(0, messages=["One.", "Two."])
    view.poll(1, messages=["One.", "Two."])
    (update,) = view.tell()
    assert view.texts(1) == ["One.", "Two."]
    assert update["messages"] == [[1, {**update["messages"][0][1], "total": 2, "keep": 1}]]


def test_folded_job_is_told_no_more() -> None:
    """When the last view has folded a job, or was closed, its messages are told no more."""
    view = View(2)
    view.tell()
    for name in ("v", "w"):
        view.updates.unfold(name, 0)
        view.updates.unfold(name, 1)
    view.tell()
    view.updates.fold("v", 0)
    view.poll(0, messages=["One."])
    assert view.tell()[0]["messages"] != []
    view.updates.fold("w", 0)
    view.poll(0, messages=["One.", "Two."])
    assert view.tell()[0]["messages"] == []
    view.updates.fold("v")
    view.updates.fold("w")
    view.poll(1, messages=["One."])
    assert view.tell()[0]["messages"] == []


@pytest.mark.parametrize("index", [-1, 2, None, "0", 0.0, True, [0]])
def test_odd_requests_are_no_harm(index: object) -> None:
    """What a page sends is checked: only the index of a job counts."""
    view = View(2)
    view.tell()
    view.updates.unfold("v", index)
    view.updates.want(index, [[0, 5]])
    view.updates.fold("v", index)
    assert view.tell() == []


def test_whole_needs_no_other_before() -> None:
    """A page that opens gets all rows with the number of the last update."""
    view = View(4)
    view.tell()
    view.poll(2)
    view.tell()
    whole = view.updates.whole(view.jobs, None)
    assert (whole["n"], whole["count"]) == (2, 4)
    late = View(0)
    late.take(json.loads(json.dumps(whole)))
    assert late.known == view.known


def test_whole_is_bounded() -> None:
    """Of very many jobs it tells as many as fit."""
    view = View(5000)
    whole = view.updates.whole(view.jobs, None)
    assert 500 < len(whole["jobs"]) < 5000
    assert len(json.dumps(whole)) < LARGEST_UPDATE + 2000
