import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
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

from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Status
from jobwidgets._widgets.job_updates import MOST_BYTES, MOST_ROWS, Updates, head, rows
from jobwidgets.errors import ServerError

IN_TOUCH = Contact(ContactState.IN_TOUCH, last_heard=STARTED)
Row = list[Any]


class View:
    """One view of a job, which knows what its updates told, and asks for what they did not."""

    def __init__(self, history: JobHistory | None = None, updates: Updates | None = None) -> None:
        self.history = JobHistory("j1") if history is None else history
        self.updates = Updates() if updates is None else updates
        self.numbers: list[int] = []
        self.rows: list[Row | None] = []
        self.head: dict[str, Any] = {}
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
            self.updates.want(self.gaps)
        return told

    def next(self, contact: Contact = IN_TOUCH) -> dict[str, Any] | None:
        """Return the next update, once it has gone through JSON and was taken in."""
        update = self.updates.next(self.history, contact, timedelta(seconds=self._now))
        return None if update is None else self.take(update)

    def take(self, update: dict[str, Any]) -> dict[str, Any]:
        """Take in an update as it comes out of the comm."""
        update = json.loads(json.dumps(update, allow_nan=False, ensure_ascii=False).encode())
        self.numbers.append(update["n"])
        total, keep = update["total"], min(update["keep"], len(self.rows))
        assert keep <= total
        self.rows[keep:] = [None] * (total - keep)
        for first, part in update["parts"]:
            assert part
            assert first + len(part) <= total
            self.rows[first : first + len(part)] = part
        self.head = update["head"]
        return update

    @property
    def gaps(self) -> list[list[int]]:
        """The ranges of messages that the view does not know."""
        edges = [-1, *(i for i, row in enumerate(self.rows) if row is not None), len(self.rows)]
        return [[a + 1, b] for a, b in pairwise(edges) if a + 1 < b]

    @property
    def texts(self) -> list[str]:
        """The texts that the view shows."""
        return [row[-1] if row is not None else "" for row in self.rows]


def spans(update: dict[str, Any]) -> list[tuple[int, int]]:
    """Return from where to where the rows of an update reach."""
    return [(first, first + len(rows)) for first, rows in update["parts"]]


def test_first_update_tells_everything() -> None:
    """A new view gets the head and all messages in one update."""
    view = View()
    (update,) = view.poll(case("completed"))
    assert set(update) == {"n", "head", "total", "keep", "parts"}
    assert (update["n"], update["keep"], update["total"]) == (1, 0, 11)
    assert view.texts == case("completed")["messages"]
    codes = case("completed")["customAttributes"]["messageCodes"]
    assert [row[2] for row in view.rows] == codes
    assert (view.head["words"], view.head["steps"]) == ("succeeded", "5 of 5 steps")
    assert (view.head["duration"], view.head["progress"]) == ("66.311 s", 1.0)


def test_before_the_first_document() -> None:
    """A view that opens before anything is known gets an update all the same."""
    view = View()
    (update,) = view.tell(Contact(ContactState.CONNECTING))
    assert (update["total"], update["parts"]) == (0, [])
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
    assert [[spans(update) for update in told] for told in sent] == [
        [[(0, 2)]],
        [[(2, 3)]],
        [],
        [[(3, 10)]],
    ]
    assert view.numbers == [1, 2, 3]
    assert view.texts == texts


def test_change_without_messages_sends_none() -> None:
    """A new step is told by a head alone."""
    view = View()
    view.poll(document())
    (update,) = view.poll(document(stepsCompleted=2))
    assert (update["keep"], update["total"], update["parts"]) == (1, 1, [])
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
    assert [row[-1] for _, part in update["parts"] for row in part] == sent
    assert update["total"] == len(now)
    assert view.texts == now


@pytest.mark.parametrize("count", [MOST_ROWS - 1, MOST_ROWS, MOST_ROWS + 1, 4 * MOST_ROWS + 7])
def test_long_list_comes_in_pieces(count: int) -> None:
    """The newest come first; no update is too long, and no row is left out or sent twice."""
    view, texts = View(), [f"message {n}" for n in range(count)]
    told = view.poll(document(messages=texts))
    reach = [span for update in told for span in spans(update)]
    assert len(told) == -(-count // MOST_ROWS)
    assert all(newer[0] == older[1] for newer, older in pairwise(reach))
    assert (reach[0][1], reach[-1][0]) == (count, 0)
    assert max(end - first for first, end in reach) <= MOST_ROWS
    assert {update["total"] for update in told} == {count}
    assert view.texts == texts


@pytest.mark.parametrize("text", ["x" * 2000, "é" * 700, '"' * 900, "\x01" * 300])
def test_updates_are_bound_by_size(text: str) -> None:
    """Long messages make fewer rows an update."""
    view = View()
    told = view.poll(document(messages=[f"{n}{text}" for n in range(300)]))
    sizes = [len(json.dumps(update["parts"], ensure_ascii=False).encode()) for update in told]
    assert len(told) > 1
    assert max(sizes) <= MOST_BYTES + 100
    assert len(view.texts) == 300


def test_single_long_message_is_sent_whole() -> None:
    """A message longer than an update may be comes alone."""
    view, huge = View(), "x" * (2 * MOST_BYTES)
    told = view.poll(document(messages=["a", huge, "b"]))
    assert [spans(update) for update in told] == [[(2, 3)], [(1, 2)], [(0, 1)]]
    assert view.texts == ["a", huge, "b"]


def test_nothing_old_is_sent_unasked() -> None:
    """Rows that no view asks for stay here: there may be no view at all."""
    view = View()
    view.updates.note(view.history.record(snapshot(document(messages=["m"] * 3 * MOST_ROWS))))
    assert view.next() is not None
    assert view.next() is None
    assert not view.updates.has_more


def test_news_go_before_what_was_asked_for() -> None:
    """While old rows are on their way, a new message is in the next update."""
    view, texts = View(), [f"message {n}" for n in range(5 * MOST_ROWS)]
    view.updates.note(view.history.record(snapshot(document(messages=texts))))
    view.next()
    view.updates.want(view.gaps)
    view.updates.note(view.history.record(snapshot(document(messages=[*texts, "new"]))))
    update = view.next()
    assert update is not None
    assert spans(update) == [
        (5 * MOST_ROWS, 5 * MOST_ROWS + 1),
        (3 * MOST_ROWS + 1, 4 * MOST_ROWS),
    ]
    view.tell()
    assert view.texts == [*texts, "new"]


def test_change_between_two_pieces() -> None:
    """What changes while a long list is on its way is told again, from there on."""
    view, texts = View(), [f"message {n}" for n in range(3 * MOST_ROWS)]
    view.updates.note(view.history.record(snapshot(document(messages=texts))))
    view.next()
    view.updates.want(view.gaps)
    changed = ["message 0", "changed", *texts[2:]]
    told = view.poll(document(messages=changed))
    assert told[0]["keep"] == 1
    assert view.texts == changed


def test_list_that_shrinks_between_two_pieces() -> None:
    """So it is when the list gets shorter than what was asked for."""
    view, texts = View(), [f"message {n}" for n in range(3 * MOST_ROWS)]
    view.updates.note(view.history.record(snapshot(document(messages=texts))))
    view.next()
    view.updates.want(view.gaps)
    view.poll(document(messages=texts[:5]))
    assert view.texts == texts[:5]
    assert not view.updates.has_more


def test_two_views_share_what_is_sent() -> None:
    """A view that opens in the middle becomes complete; what both lack is sent once."""
    first, texts = View(), [f"message {n}" for n in range(4 * MOST_ROWS)]
    first.updates.note(first.history.record(snapshot(document(messages=texts))))
    update = first.next()
    second = View(first.history, first.updates)
    assert update is not None
    second.take(update)
    sent = 0
    for view in (first, second):
        view.updates.want(view.gaps)
    while (update := first.next()) is not None:
        second.take(update)
        sent += sum(len(rows) for _, rows in update["parts"])
    assert first.texts == second.texts == texts
    assert sent == 3 * MOST_ROWS


@pytest.mark.parametrize(
    "odd",
    [None, 7, "all", {}, [7], [[1]], [[2, 1]], [[-1, 3]], [[0.5, 2]], [["0", "1"]], [[True, 2]]],
)
def test_odd_wishes_are_no_harm(odd: object) -> None:
    """What is no range of messages is not sent."""
    view = View()
    view.poll(document())
    view.updates.want(odd)
    assert not view.updates.has_more
    assert view.next() is None


def test_wishes_beyond_the_end_are_no_harm() -> None:
    """A view may ask for what is gone by now."""
    view = View()
    view.poll(document(messages=["a", "b"]))
    view.updates.want([[1, 10**9], [500, 600]])
    update = view.next()
    assert update is not None
    assert spans(update) == [(1, 2)]
    assert view.next() is None


def test_whole_needs_no_other_update() -> None:
    """What a page that opens is told holds the newest messages; the next update follows on it."""
    view, texts = View(), [f"message {n}" for n in range(2 * MOST_ROWS)]
    view.poll(document(messages=texts))
    late = View(view.history, view.updates)
    late.take(view.updates.whole(view.history, IN_TOUCH, None))
    assert late.numbers[-1] == view.numbers[-1]
    assert late.gaps == [[0, MOST_ROWS]]
    late.updates.want(late.gaps)
    late.poll(document(messages=[*texts, "new"]))
    assert late.texts == [*texts, "new"]


def test_whole_may_be_ahead() -> None:
    """It may hold what was not told yet: that is told again, and does no harm."""
    view = View()
    view.poll(document(messages=["a", "b"]))
    view.updates.note(view.history.record(snapshot(document(messages=["a", "B", "c"]))))
    late = View(view.history, view.updates)
    late.take(view.updates.whole(view.history, IN_TOUCH, None))
    assert late.texts == ["a", "B", "c"]
    (update,) = late.tell()
    assert (update["n"], late.texts) == (2, ["a", "B", "c"])


def test_kept_outputs_are_told() -> None:
    """That every output has got its last form is told once."""
    view = View()
    view.poll(document(status="COMPLETED"))
    told = [view.updates.next(view.history, IN_TOUCH, None, is_kept=True) for _ in range(2)]
    assert told[0] is not None
    assert told[0]["head"]["kept"] is True
    assert told[1] is None


def test_notes_are_joined() -> None:
    """Several documents between two updates are told by one, from the earliest change on."""
    view = View()
    view.poll(document(messages=["a", "b", "c"]))
    for messages in (["a", "B", "c"], ["a", "B", "c", "d"], ["a", "B", "c", "d"]):
        view.updates.note(view.history.record(snapshot(document(messages=messages))))
    (update,) = view.tell()
    assert (update["keep"], view.texts) == (1, ["a", "B", "c", "d"])


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
    """A row is when it was first seen, how long after the start, code, level and text."""
    history = watched(document(), document(messages=["Started mission creation.", "more"]))
    begin = milliseconds(STARTED)
    assert rows(history, history.messages) == [
        [begin, 0.0, 1500, None, "Started mission creation."],
        [begin + 1000, 1.0, None, None, "more"],
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
