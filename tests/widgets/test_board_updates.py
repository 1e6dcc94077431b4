import json
from dataclasses import replace
from typing import Any

import pytest
from documents import IN_TOUCH, STARTED, Shown, after
from stepped import CODES, EVENTS, FINISHING, MAP, telling

from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._widgets.board_updates import LARGEST_UPDATE, BoardUpdates
from jobwidgets._widgets.board_values import job_values
from jobwidgets.errors import ServerError

ENDED = {"status": "COMPLETED", "stepsCompleted": 5}


class View:
    """One view of a board, which knows what its updates told and nothing else."""

    def __init__(self, count: int) -> None:
        self.jobs = [Shown(f"j{n}") for n in range(count)]
        self.updates = BoardUpdates()
        self.contact: Contact | None = None
        self.known: dict[int, dict[str, Any]] = {}
        self.messages: dict[int, list[Any]] = {}
        self.steps: dict[int, list[Any]] = {}
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
        for index, new in update["unfolded"]:
            steps = self.steps.setdefault(index, [])
            for row, values in new.get("steps", {"rows": []})["rows"]:
                steps[row : row + 1] = [values]
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
    assert words == {"j0": "no answer yet", "j1": "succeeded", "j2": "no answer yet"}
    assert update["spoken"] == "2 no answer yet, 1 succeeded"
    counts = {status: (words, count) for status, _, words, count in update["totals"]}
    assert counts["succeeded"] == ("1 succeeded", 1)
    assert counts["running"] == ("0 running", 0)


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
    ("changes", "word"),
    [
        ({"state": ContactState.CONNECTING}, ""),
        ({"state": ContactState.IN_TOUCH}, ""),
        ({"cached_since": STARTED}, "from a cache"),
        ({"state": ContactState.RETRYING}, "no answer"),
        ({"state": ContactState.RETRYING, "missing_since": STARTED}, "no such job"),
        ({"state": ContactState.UNAUTHORISED}, "needs a token"),
        ({"state": ContactState.LOST}, "given up"),
        ({"state": ContactState.STOPPED}, "not watched"),
    ],
)
def test_trouble_is_a_short_word_beside_the_status(changes: dict[str, Any], word: str) -> None:
    """Trouble with the server has its own place; what it met is told with it."""
    job = Shown("j1")
    job.poll()
    job.contact = replace(IN_TOUCH, error=ServerError("502 Bad Gateway"), **changes)
    values = job_values(job)
    assert (values["words"], values["trouble"]) == ("running", word)
    assert bool(values["reason"]) is bool(word)
    job.poll(**ENDED)  # nothing more is to be heard of it
    assert job_values(job)["trouble"] == ""
    assert str(job_values(job)["time"]) == "60 s"
    not_begun = Shown("j2")
    not_begun.contact = Contact()
    assert job_values(not_begun)["trouble"] == ""


def test_jobs_without_contact_are_counted() -> None:
    """They are told beside the list of the jobs; nothing is over while a list may bring more."""
    view = View(2)
    for index in (0, 1):
        view.poll(index, **ENDED)
    assert [(update["is_over"], update["line"]["parts"]) for update in view.tell()] == [(True, [])]
    view.poll(1)
    view.jobs[1].contact = replace(IN_TOUCH, state=ContactState.RETRYING, failures=2)
    view.contact = IN_TOUCH
    (update,) = view.tell()
    texts = ["New jobs appear by themselves.", " · 1 job without contact"]
    assert (update["is_over"], update["line"]["parts"]) == (False, texts)
    assert view.tell() == []
    view.contact = replace(IN_TOUCH, state=ContactState.RETRYING, error=ServerError("502"))
    (update,) = view.tell()
    assert "(502)" in str(update["line"])
    assert update["jobs"] == []


# What unfolded jobs tell.


def test_messages_of_unfolded_jobs_alone_are_told() -> None:
    """Messages come when a view asks for them, and are then kept up to date."""
    view = View(2)
    for index in (0, 1):
        view.poll(index, messages=["One."])
    assert view.tell()[0]["unfolded"] == []
    view.updates.unfold("v", 1)
    (update,) = view.tell()
    assert [index for index, _ in update["unfolded"]] == [1]
    assert update["jobs"] == []
    view.poll(0, messages=["One.", "Two."])
    view.poll(1, messages=["One.", "Two."])
    (update,) = view.tell()
    assert view.texts(1) == ["One.", "Two."]
    assert update["unfolded"] == [[1, {**update["unfolded"][0][1], "total": 2, "keep": 1}]]


def test_steps_of_unfolded_jobs_alone_are_told() -> None:
    """They come with the messages, then those that changed; nobody else's are sent."""
    view = View(2)
    for index in (0, 1):
        view.poll(index, at=0, **telling(*CODES[:4]))
    assert view.tell()[0]["unfolded"] == []
    view.updates.unfold("v", 1)
    view.tell()
    states = [[name, state] for name, state, *_ in view.steps[1]]
    assert states[2:] == [[EVENTS, "running"], [MAP, "not begun"], [FINISHING, "not begun"]]
    assert sorted(view.steps) == [1]
    for index in (0, 1):
        view.poll(index, at=16, **telling(*CODES[:5]))
    (update,) = view.tell()
    ((index, told),) = update["unfolded"]
    assert (index, [row for row, _ in told["steps"]["rows"]]) == (1, [0])
    view.poll(1, at=17, **telling(*CODES[:5], username="other"))
    assert view.tell()[0]["unfolded"] == []


def test_job_that_is_unfolded_again_is_told_whole() -> None:
    """A view that missed an update, or comes later, gets all steps, and those of no other job."""
    view = View(2)
    view.poll(0, at=0, **telling(*CODES[:4]))
    for name in ("v", "w"):
        view.steps.clear()
        view.updates.unfold(name, 0)
        view.updates.unfold(name, 1)
        view.tell()
        assert [len(view.steps[index]) for index in (0, 1)] == [5, 0]


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
    assert view.tell()[0]["unfolded"] != []
    view.updates.fold("w", 0)
    view.poll(0, messages=["One.", "Two."])
    assert view.tell()[0]["unfolded"] == []
    view.updates.fold("v")
    view.updates.fold("w")
    view.poll(1, messages=["One."])
    assert view.tell()[0]["unfolded"] == []


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
