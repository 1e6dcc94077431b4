import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from documents import ABSENT, STARTED, after, case, document, milliseconds, snapshot, watched

from jobwidgets._display.words import LONGEST_TEXT
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Message, Status
from jobwidgets._widgets.job_updates import MOST_BYTES, MOST_MESSAGES, Updates
from jobwidgets._widgets.job_values import head, message_values
from jobwidgets.errors import ServerError

IN_TOUCH = Contact(ContactState.IN_TOUCH, last_heard=STARTED)
CONNECTING = Contact(ContactState.CONNECTING)


class View:
    """One view of a job, which knows what its updates told, and asks for what they did not."""

    def __init__(self, history: JobHistory | None = None, updates: Updates | None = None) -> None:
        self.history = JobHistory("j1") if history is None else history
        self.updates = Updates() if updates is None else updates
        self.numbers: list[int] = []
        self.messages: list[list[Any] | None] = []
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
        now = max(self._now, 0)
        update = self.updates.next(self.history, contact, timedelta(seconds=now), now=after(now))
        return None if update is None else self.take(update)

    def take(self, update: dict[str, Any]) -> dict[str, Any]:
        """Take in an update as it comes out of the comm."""
        update = json.loads(json.dumps(update, allow_nan=False, ensure_ascii=False).encode())
        self.numbers.append(update["n"])
        total, keep = update["total"], min(update["keep"], len(self.messages))
        assert keep <= total
        self.messages[keep:] = [None] * (total - keep)
        for first, part in update["parts"]:
            assert part
            assert first + len(part) <= total
            self.messages[first : first + len(part)] = part
        self.head = update["head"]
        return update

    @property
    def gaps(self) -> list[list[int]]:
        """The ranges of messages that the view does not know."""
        known = (i for i, values in enumerate(self.messages) if values is not None)
        edges = [-1, *known, len(self.messages)]
        return [[a + 1, b] for a, b in pairwise(edges) if a + 1 < b]

    @property
    def texts(self) -> list[str]:
        """The texts that the view shows."""
        return [values[-1] if values is not None else "" for values in self.messages]


def spans(update: dict[str, Any]) -> list[tuple[int, int]]:
    """Return from where to where the messages of an update reach."""
    return [(first, first + len(messages)) for first, messages in update["parts"]]


def test_what_was_sent_is_not_sent_again() -> None:
    """Messages that were sent before their news was published make no update then."""
    view = View()
    assert len(view.poll(document())) == 1
    view.updates.note(0)
    assert view.tell() == []


def test_first_update_tells_everything() -> None:
    """A new view gets the head and all messages in one update."""
    view = View()
    (update,) = view.poll(case("completed"))
    assert set(update) == {"n", "head", "total", "time_name", "keep", "parts"}
    assert (update["n"], update["keep"], update["total"]) == (1, 0, 11)
    assert view.texts == case("completed")["messages"]
    codes = case("completed")["customAttributes"]["messageCodes"]
    assert [values[2] for values in view.messages if values] == [str(code) for code in codes]
    facts = {name: view.head[name] for name in ("words", "spoken", "time", "progress")}
    assert facts == {
        "words": "succeeded",
        "spoken": "succeeded, 5 of 5 steps",
        "time": ["duration", 66.311, 0],
        "progress": 1.0,
    }


@pytest.mark.parametrize(
    "contact",
    [
        IN_TOUCH,
        Contact(ContactState.RETRYING, STARTED, 1, ServerError("502"), next_try=after(7)),
        Contact(ContactState.STOPPED, STARTED),
    ],
)
def test_time_alone_makes_no_update(contact: Contact) -> None:
    """The views count time on by themselves: neither it nor what says nothing new is sent."""
    view = View()
    view.poll(document())
    view.tell(contact)
    for second in (1.0, 60.0, 3600.0):
        view.updates.note(view.history.record(snapshot(document(), at=second)))
        elapsed, now = timedelta(seconds=second), after(second)
        heard = replace(contact, last_heard=now) if contact is IN_TOUCH else contact
        assert view.updates.next(view.history, heard, elapsed, now=now) is None


def test_known_elapsed_is_news() -> None:
    """That it is known, or no more, how long the job has run is told once."""
    view = View()
    view.poll(document())
    given = [view.updates.next(view.history, IN_TOUCH, elapsed) for elapsed in (None, None)]
    assert [update and update["head"]["time"] for update in given] == [None, None]
    assert given[0] is not None
    assert given[1] is None


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
    assert [values[-1] for _, part in update["parts"] for values in part] == sent
    assert update["total"] == len(now)
    assert view.texts == now


@pytest.mark.parametrize("count", [MOST_MESSAGES, MOST_MESSAGES + 1, 4 * MOST_MESSAGES + 7])
def test_long_list_comes_in_pieces(count: int) -> None:
    """The newest come first; no update is too long, and no row is left out or sent twice."""
    view, texts = View(), [f"message {n}" for n in range(count)]
    told = view.poll(document(messages=texts))
    reach = [span for update in told for span in spans(update)]
    assert len(told) == -(-count // MOST_MESSAGES)
    assert all(newer[0] == older[1] for newer, older in pairwise(reach))
    assert (reach[0][1], reach[-1][0]) == (count, 0)
    assert max(end - first for first, end in reach) <= MOST_MESSAGES
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


def test_very_long_message_is_cut() -> None:
    """Seven million characters make no update of that size; the history keeps the whole."""
    view, huge = View(), "x" * 7_000_000
    updates = view.poll(document(messages=["a", huge, "b"]))
    assert sum(len(json.dumps(update)) for update in updates) < LONGEST_TEXT + 2000
    assert view.texts[1].endswith("more characters)")
    assert [values[-2] for values in view.messages if values] == [False, True, False]
    assert view.history.messages[1].text == huge


def test_nothing_old_is_sent_unasked() -> None:
    """Rows that no view asks for stay here: there may be no view at all."""
    view = View()
    view.updates.note(view.history.record(snapshot(document(messages=["m"] * 3 * MOST_MESSAGES))))
    assert view.next() is not None
    assert view.next() is None
    assert not view.updates.has_more


def test_news_go_before_what_was_asked_for() -> None:
    """While old rows are on their way, a new message is in the next update."""
    view, texts = View(), [f"message {n}" for n in range(5 * MOST_MESSAGES)]
    view.updates.note(view.history.record(snapshot(document(messages=texts))))
    view.next()
    view.updates.want(view.gaps)
    view.updates.note(view.history.record(snapshot(document(messages=[*texts, "new"]))))
    update = view.next()
    assert update is not None
    assert spans(update) == [
        (5 * MOST_MESSAGES, 5 * MOST_MESSAGES + 1),
        (3 * MOST_MESSAGES + 1, 4 * MOST_MESSAGES),
    ]
    view.tell()
    assert view.texts == [*texts, "new"]


def test_two_views_share_what_is_sent() -> None:
    """A view that opens in the middle becomes complete; what both lack is sent once."""
    first, texts = View(), [f"message {n}" for n in range(4 * MOST_MESSAGES)]
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
        sent += sum(len(messages) for _, messages in update["parts"])
    assert first.texts == second.texts == texts
    assert sent == 3 * MOST_MESSAGES


@pytest.mark.parametrize(
    "odd",
    [None, 7, "all", [7], [[1]], [[2, 1]], [[-1, 3]], [[0.5, 2]], [[True, 2]], [[1, 10**9]]],
)
def test_odd_wishes_are_no_harm(odd: object) -> None:
    """What is no range of messages is not sent."""
    view = View()
    view.poll(document())
    view.updates.want(odd)
    assert view.next() is None
    assert not view.updates.has_more


def test_whole_needs_no_other_update() -> None:
    """What a page that opens is told holds the newest messages; the next update follows on it."""
    view, texts = View(), [f"message {n}" for n in range(2 * MOST_MESSAGES)]
    view.poll(document(messages=texts))
    late = View(view.history, view.updates)
    late.take(view.updates.whole(view.history, IN_TOUCH, None))
    assert late.numbers[-1] == view.numbers[-1]
    assert late.gaps == [[0, MOST_MESSAGES]]
    late.updates.want(late.gaps)
    late.poll(document(messages=[*texts, "new"]))
    assert late.texts == [*texts, "new"]


def test_kept_outputs_are_told() -> None:
    """That every output has got its last form is told once."""
    view = View()
    view.poll(document(status="COMPLETED"))
    told = [view.updates.next(view.history, IN_TOUCH, None, is_kept=True) for _ in range(2)]
    assert told[0] is not None
    assert told[0]["head"]["kept"] is True
    assert told[1] is None


def test_values_of_a_message() -> None:
    """When it was first seen, that in words, code, level, severity, whether it is cut, text."""
    history = watched(document(), document(messages=["Started mission creation.", "more"]))
    begin = milliseconds(STARTED)
    levelled = Message(3, "x", code="E-1", level="esriWarning")
    assert message_values(levelled, None)[2:5] == ["E-1", "esriWarning", "warning"]
    assert [message_values(message, history.latest) for message in history.messages] == [
        [begin, "+0.0 s", "1500", "", None, False, "Started mission creation."],
        [begin + 1000, "+1.0 s", "", "", None, False, "more"],
    ]


def test_hostile_text_is_passed_on_as_text() -> None:
    """Markup stays as it is, for the browser makes text of it; what turns text round is visible."""
    view = View()
    texts = [*case("hostile-message")["messages"], "</script>", "a\nb"]
    view.poll(
        document(messages=[*texts, "\x1b]2J \u202eabc", "\ud800"], type="<b>", status="\u202e")
    )
    assert view.texts == [*texts, "\\x1b]2J \\u202eabc", "\\ud800"]
    assert (view.head["kind"], view.head["words"]) == ("<b>", "\\u202e (unknown status)")
    assert view.head["status_hint"] == "the server's word: \\u202e"


@pytest.mark.parametrize("odd", [2**63 - 1, 10**30, 1e308, float("nan"), float("inf"), -1, "x", []])
def test_odd_numbers_stay_json(odd: Any) -> None:
    """Whatever numbers a server sends, an update is JSON that a browser can read."""
    view = View()
    counts = {"stepsCompleted": odd, "totalSteps": odd, "messageCodes": [odd]}
    view.poll(document(startTime=odd, endTime=odd, **counts))
    assert view.texts == ["Started mission creation."]


@pytest.mark.parametrize(
    ("status", "is_over", "time"),
    [
        ("SUBMITTED", False, ["clock", 5.0, 1]),
        ("odd", False, ["clock", 5.0, 1]),
        ("COMPLETED", True, ["duration", 2.5, 0]),
        ("FAILED", True, ["duration", 2.5, 0]),
        ("CANCELLED", True, None),
    ],
)
def test_time_of_a_job(status: str, is_over: bool, time: list[Any] | None) -> None:
    """While a job runs a clock goes on; of an ended one it stands, where it is known."""
    end = milliseconds(after(2.5)) if time and is_over else ABSENT
    view = View(watched(document(status=status, endTime=end)))
    view._now = 5.0
    view.tell()
    assert (view.head["is_over"], view.head["time"]) == (is_over, time)


@pytest.mark.parametrize("status", list(Status))
def test_head_status(status: Status) -> None:
    """A status is told by a key, in words for people, and by its shape."""
    assert head(JobHistory("j1"), CONNECTING, None)["status"] is None
    history = watched(document())
    history.record(replace(snapshot(document(), at=1), status=status))
    values = head(history, IN_TOUCH, None)
    assert values["status"] == status.value
    assert values["words"]
    assert len(values["mark"]) == 1
    assert values["is_over"] is status.is_final
    assert values["last_known"].endswith("(last known)") is not status.is_final
    assert values["action"] == (None if status.is_final else "stop")


@pytest.mark.parametrize("state", list(ContactState))
def test_what_a_click_can_do(state: ContactState) -> None:
    """A watch that goes on can be stopped, one that was stopped resumed, a lost one tried anew."""
    values = head(watched(document(stepsCompleted=ABSENT)), Contact(state), None)
    actions = {ContactState.STOPPED: "start", ContactState.LOST: "try"}
    assert values["action"] == actions.get(state, "stop")
    assert (values["lost"] is not None) is (state in actions)
    assert values["is_moving"]  # it stands in the view once the job is out of contact


def test_contact_in_trouble_is_told() -> None:
    """A failure and each further one is an update, with ages; so is the recovery."""
    view = View()
    view.poll(document())
    trouble = Contact(
        ContactState.RETRYING, after(-12), 1, ServerError("502 Bad Gateway"), next_try=after(3)
    )
    assert view.tell(trouble) == []  # a single lost poll changes nothing
    trouble = replace(trouble, failures=2)
    (update,) = view.tell(trouble)
    before = ["No answer for ", ["span", 12.0, 1], " (502 Bad Gateway)."]
    after_it = " The job itself may be fine."
    assert update["head"]["contact"] == {
        "parts": [*before, " Trying again in ", ["span", 3.0, -1], f".{after_it}"],
        "then": [*before, f" Trying again now.{after_it}"],
        "until": 3.0,
    }
    assert view.tell(trouble) == []
    assert len(view.tell(replace(trouble, failures=3, next_try=after(7)))) == 1
    assert len(view.tell(IN_TOUCH)) == 1
    assert view.head["contact"]["parts"] == ["connected"]
