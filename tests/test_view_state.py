import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from documents import (
    ABSENT,
    STARTED,
    after,
    case,
    document,
    milliseconds,
    snapshot,
    watched,
)

from jobwidgets.answer import ServerError
from jobwidgets.contact import Contact, ContactState
from jobwidgets.history import JobHistory
from jobwidgets.snapshot import Status
from jobwidgets.view_state import MOST_ROWS, Updates, head, rows

IN_TOUCH = Contact(ContactState.IN_TOUCH, last_heard=STARTED)
Row = list[Any]


class View:
    """One view of a job, which knows what its updates told and nothing else."""

    def __init__(self) -> None:
        self.history = JobHistory("j1")
        self.updates = Updates()
        self.numbers: list[int] = []
        self.rows: list[Row] = []
        self.head: dict[str, Any] = {}
        self.total = 0
        self._now = -1.0

    def poll(self, given: dict[str, Any], contact: Contact = IN_TOUCH) -> list[dict[str, Any]]:
        """Take in a document, one second after the last; return the updates that it made."""
        self._now += 1
        self.updates.note(self.history.record(snapshot(given, at=self._now)))
        return self.tell(contact)

    def tell(self, contact: Contact = IN_TOUCH) -> list[dict[str, Any]]:
        """Return the updates that the view gets, until it knows everything."""
        told = []
        while (update := self.next(contact)) is not None:
            told.append(update)
            assert self.updates.has_more(self.history) is (len(self.rows) < self.total)
        return told

    def next(self, contact: Contact = IN_TOUCH) -> dict[str, Any] | None:
        """Return the next update, once it has gone through JSON and was taken in."""
        update = self.updates.next(self.history, contact, timedelta(seconds=self._now))
        if update is None:
            return None
        update = json.loads(json.dumps(update, allow_nan=False, ensure_ascii=False).encode())
        self.numbers.append(update["n"])
        self.rows[update["from"] :] = update["rows"]
        self.head, self.total = update["head"], update["total"]
        return update

    @property
    def texts(self) -> list[str]:
        """The texts that the view shows."""
        return [row[-1] for row in self.rows]


def test_first_update_tells_everything() -> None:
    """A new view gets the head and all messages in one update."""
    view = View()
    (update,) = view.poll(case("completed"))
    assert set(update) == {"n", "head", "total", "from", "rows"}
    assert (update["n"], update["from"], update["total"]) == (1, 0, 11)
    assert view.texts == case("completed")["messages"]
    codes = case("completed")["customAttributes"]["messageCodes"]
    assert [row[2] for row in view.rows] == codes
    assert (view.head["words"], view.head["steps"]) == ("succeeded", "5 of 5 steps")
    assert (view.head["duration"], view.head["progress"]) == ("66.311 s", 1.0)


def test_before_the_first_document() -> None:
    """A view that opens before anything is known gets an update all the same."""
    view = View()
    (update,) = view.tell(Contact(ContactState.CONNECTING))
    assert (update["total"], update["rows"]) == (0, [])
    assert (view.head["id"], view.head["status"], view.head["progress"]) == ("j1", None, None)
    assert view.tell(Contact(ContactState.CONNECTING)) == []


def test_unchanged_document_makes_no_update() -> None:
    """What says nothing new is not sent."""
    view = View()
    view.poll(document())
    assert [view.poll(document()) for _ in range(5)] == [[]] * 5
    assert view.numbers == [1]


def test_time_alone_makes_no_update() -> None:
    """The views count time on by themselves: neither it nor a quiet poll is sent."""
    view = View()
    view.poll(document())
    for second in (1.0, 60.0, 3600.0):
        elapsed = timedelta(seconds=second)
        heard = replace(IN_TOUCH, last_heard=after(second), next_try=after(second + 1))
        assert view.updates.next(view.history, heard, elapsed) is None
    assert view.updates.next(view.history, IN_TOUCH, None) is None


def test_only_new_messages_are_sent() -> None:
    """A message is sent once; updates are numbered without a gap."""
    view, texts = View(), [f"message {n}" for n in range(10)]
    sent = [view.poll(document(messages=texts[:count])) for count in (2, 3, 3, 10)]
    assert [[(u["from"], len(u["rows"])) for u in told] for told in sent] == [
        [(0, 2)],
        [(2, 1)],
        [],
        [(3, 7)],
    ]
    assert view.numbers == [1, 2, 3]
    assert view.texts == texts


def test_change_without_messages_sends_none() -> None:
    """A new step is told by a head alone."""
    view = View()
    view.poll(document())
    (update,) = view.poll(document(stepsCompleted=2))
    assert (update["from"], update["total"], update["rows"]) == (1, 1, [])
    assert (view.head["steps"], view.head["progress"]) == ("2 of 5 steps", 0.4)


@pytest.mark.parametrize(
    ("before", "now", "sent"),
    [
        (["a", "b", "c"], ["a"], []),
        (["a", "b", "c"], [], []),
        (["a", "b", "c"], ["a", "B", "c"], ["B", "c"]),
        (["a", "b", "c"], ["X"], ["X"]),
        (["a", "b", "c"], ["c", "b", "a"], ["c", "b", "a"]),
        (["a"], ["X", "Y"], ["X", "Y"]),
        ([], ["a"], ["a"]),
    ],
)
def test_changed_list_is_replaced(before: list[str], now: list[str], sent: list[str]) -> None:
    """From its first change on the list is told again; what is gone is gone in the view."""
    view = View()
    view.poll(document(messages=before))
    (update,) = view.poll(document(messages=now))
    assert [row[-1] for row in update["rows"]] == sent
    assert update["total"] == len(now)
    assert view.texts == now


@pytest.mark.parametrize("count", [MOST_ROWS - 1, MOST_ROWS, MOST_ROWS + 1, 4 * MOST_ROWS + 7])
def test_long_list_comes_in_pieces(count: int) -> None:
    """No update holds more rows than the limit, and none is left out or sent twice."""
    view, texts = View(), [f"message {n}" for n in range(count)]
    told = view.poll(document(messages=texts))
    assert len(told) == -(-count // MOST_ROWS)
    assert max(len(update["rows"]) for update in told) <= MOST_ROWS
    assert sum(len(update["rows"]) for update in told) == count
    assert {update["total"] for update in told} == {count}
    assert view.texts == texts


def test_change_between_two_pieces() -> None:
    """What changes while a long list is on its way is told again, from there on."""
    view, texts = View(), [f"message {n}" for n in range(3 * MOST_ROWS)]
    view.updates.note(view.history.record(snapshot(document(messages=texts))))
    view.next()
    assert len(view.rows) == MOST_ROWS
    changed = ["message 0", "changed", *texts[2:]]
    told = view.poll(document(messages=changed))
    assert told[0]["from"] == 1
    assert view.texts == changed


def test_list_that_shrinks_between_two_pieces() -> None:
    """So it is when the list gets shorter than what was sent."""
    view, texts = View(), [f"message {n}" for n in range(3 * MOST_ROWS)]
    view.updates.note(view.history.record(snapshot(document(messages=texts))))
    view.next()
    view.poll(document(messages=texts[:5]))
    assert view.texts == texts[:5]
    assert not view.updates.has_more(view.history)


def test_notes_are_joined() -> None:
    """Several documents between two updates are told by one, from the earliest change on."""
    view = View()
    view.poll(document(messages=["a", "b", "c"]))
    for messages in (["a", "B", "c"], ["a", "B", "c", "d"], ["a", "B", "c", "d"]):
        view.updates.note(view.history.record(snapshot(document(messages=messages))))
    (update,) = view.tell()
    assert (update["from"], view.texts) == (1, ["a", "B", "c", "d"])


def test_forget_tells_everything_again() -> None:
    """A view that missed something gets all, under the next number."""
    view = View()
    view.poll(document(messages=["a", "b"]))
    view.rows = [[None, None, None, "wrong"]]
    view.updates.forget()
    assert view.updates.has_more(view.history)
    (update,) = view.tell()
    assert (update["n"], update["from"], view.texts) == (2, 0, ["a", "b"])
    assert view.tell() == []


@pytest.mark.parametrize("given", [None, document(messages=[])])
def test_forget_without_messages(given: dict[str, Any] | None) -> None:
    """Where there are no messages, the head is told again."""
    view = View()
    view.tell() if given is None else view.poll(given)
    view.updates.forget()
    assert len(view.tell()) == 1


def test_whole_life() -> None:
    """A view that took in every update shows what the history holds, at every moment."""
    lives = [
        [],
        ["a"],
        ["a", "b", "c"],
        ["a", "b"],
        ["x", "b"],
        ["x", "b"],
        [],
        ["y"] * 5000,
        ["y"],
    ]
    view = View()
    for messages in lives:
        view.poll(document(messages=messages))
        assert view.texts == messages == [message.text for message in view.history.messages]
        assert view.rows == rows(view.history, view.history.messages)
    assert view.numbers == list(range(1, len(view.numbers) + 1))


def test_row() -> None:
    """A row is when it was first seen, how long after the start, the code and the text."""
    history = watched(document(), document(messages=["Started mission creation.", "more"]))
    begin = milliseconds(STARTED)
    assert rows(history, history.messages) == [
        [begin, 0.0, 1500, "Started mission creation."],
        [begin + 1000, 1.0, None, "more"],
    ]


def test_hostile_text_is_passed_on_as_it_is() -> None:
    """The browser's code makes text of it: here nothing is escaped, or lost."""
    view = View()
    texts = [*case("hostile-message")["messages"], "\x00", "</script>", "a\nb", "\u2028"]
    view.poll(document(messages=texts, type="<b>", username="<i>", status="<u>"))
    assert view.texts == texts
    assert (view.head["kind"], view.head["ownership"], view.head["raw"]) == ("<b>", "<i>", "<u>")


def test_text_that_utf8_cannot_hold() -> None:
    """A lone surrogate in a document would end every update: the dialect has escaped it."""
    view = View()
    view.poll(
        document(messages=["\ud800"], messageCodes=["\udcff"], type="\ud800", status="\ud800")
    )
    assert view.texts == ["\\ud800"]


def test_token_is_in_no_update() -> None:
    """No part of an update holds a token that the server repeated."""
    secret = "https://gis.example.com/jobs?token=S3cr3t"
    view = View()
    parts = {"jobId": secret, "type": secret, "username": secret, "status": secret}
    told = view.poll(document(messages=[secret], messageCodes=[secret], **parts))
    assert "S3cr3t" not in json.dumps(told)


@pytest.mark.parametrize("odd", [2**63 - 1, 10**30, 1e308, float("nan"), float("inf"), -1, "x", []])
def test_odd_numbers_stay_json(odd: Any) -> None:
    """Whatever numbers a server sends, an update is JSON that a browser can read."""
    view = View()
    counts = {"stepsCompleted": odd, "totalSteps": odd, "messageCodes": [odd]}
    view.poll(document(startTime=odd, endTime=odd, **counts))
    assert view.texts == ["Started mission creation."]


@pytest.mark.parametrize(
    ("status", "ended", "elapsed", "duration"),
    [
        ("SUBMITTED", False, 5.0, None),
        ("PROCESSING", False, 5.0, None),
        ("odd", False, 5.0, None),
        ("COMPLETED", True, None, "2.5 s"),
        ("FAILED", True, None, "2.5 s"),
    ],
)
def test_head_times(status: str, ended: bool, elapsed: float | None, duration: str | None) -> None:
    """While a job runs the views count on; of an ended one they are told the duration."""
    end = milliseconds(after(2.5)) if ended else ABSENT
    history = watched(document(status=status, endTime=end))
    told = head(history, IN_TOUCH, timedelta(seconds=5))
    assert (told["ended"], told["elapsed"], told["duration"]) == (ended, elapsed, duration)
    assert told["changed"] == milliseconds(STARTED)


def test_head_of_an_end_without_a_time() -> None:
    """Where nobody knows how long it took, no duration is made up."""
    told = head(watched(document(status="COMPLETED", endTime=ABSENT)), IN_TOUCH, None)
    assert (told["elapsed"], told["duration"]) == (None, "")


@pytest.mark.parametrize("status", list(Status))
def test_head_status(status: Status) -> None:
    """A status is told by its word, in words for people, and by its shape."""
    history = watched(document())
    history.record(replace(snapshot(document(), at=1), status=status))
    told = json.loads(json.dumps(head(history, IN_TOUCH, None)))
    assert told["status"] == status.value
    assert told["words"]
    assert len(told["mark"]) == 1
    assert told["ended"] is status.is_final


@pytest.mark.parametrize(
    ("changes", "progress"),
    [
        ({"stepsCompleted": ABSENT}, None),
        ({"stepsCompleted": 0}, 0.0),
        ({"stepsCompleted": 5}, 0.97),
        ({"stepsCompleted": 5, "status": "FAILED"}, 0.97),
        ({"stepsCompleted": 5, "status": "COMPLETED"}, 1.0),
    ],
)
def test_head_progress(changes: dict[str, Any], progress: float | None) -> None:
    """The views' bar is never full before success, and tells no part where none is known."""
    assert head(watched(document(**changes)), IN_TOUCH, None)["progress"] == progress


def test_contact_in_trouble_is_told() -> None:
    """A failure and each further one is an update; so is the recovery."""
    view = View()
    view.poll(document())
    trouble = Contact(
        ContactState.RETRYING, after(1), 1, ServerError("502 Bad Gateway"), next_try=after(3)
    )
    (update,) = view.tell(trouble)
    assert update["head"]["contact"] == {
        "state": "retrying",
        "error": "502 Bad Gateway",
        "heard": milliseconds(after(1)),
        "next": milliseconds(after(3)),
    }
    assert view.tell(trouble) == []
    assert len(view.tell(replace(trouble, failures=2, next_try=after(7)))) == 1
    assert len(view.tell(IN_TOUCH)) == 1
    quiet = {"state": "in touch", "error": None, "heard": None, "next": None}
    assert view.head["contact"] == quiet
