import json
from datetime import timedelta
from typing import Any

import pytest
from documents import IN_TOUCH, after, snapshot
from stepped import EVENTS, MAP, TRACKS, coded, example, many, polled, steps_of

from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._widgets.job_updates import Updates


class View:
    """What a view of a job knows of its steps."""

    def __init__(self, history: JobHistory, dialect: Any = None) -> None:
        self.history, self.dialect = history, dialect
        self.updates = Updates()

    def next(self, second: float, contact: Contact = IN_TOUCH) -> dict[str, Any] | None:
        """Return the steps of the next update; None without any."""
        steps = steps_of(self.history, self.dialect)
        elapsed, now = timedelta(seconds=second), after(second)
        update = self.updates.next(self.history, contact, elapsed, steps, now=now)
        told = json.loads(json.dumps(update, allow_nan=False))
        return None if told is None else told.get("steps")

    def poll(self, second: float, given: dict[str, Any]) -> dict[str, Any] | None:
        """Take in a document; return the steps of the update that it makes."""
        self.updates.note(self.history.record(snapshot(given, second)))
        return self.next(second)


def test_only_what_changes_is_sent() -> None:
    """Neither time alone nor other news sends a step; one is sent when it changes."""
    view = View(polled((1, example(0))))
    assert view.next(1) is None
    first = view.poll(2, example(4))
    assert first is not None
    assert [values[:3] for _, values in first["rows"]][2:4] == [
        [EVENTS, "running", "▸"],
        [MAP, "not begun", "·"],
    ]
    assert first["axis"] == ["clock", 2.0, 1]
    assert view.next(30) is None
    assert view.poll(31, example(4, username="other")) is None
    told = view.poll(32, example(5))
    assert told is not None
    assert [index for index, _ in told["rows"]] == [0]
    name, state, mark, took, lost, _, span, messages = told["rows"][0][1]
    assert (name, state, mark, took, lost) == (TRACKS, "done", "✓", ["30 s"], "")
    assert (span, messages) == ([1.0, 2.0, 31.0, 32.0], [[1, 2], [4, 5]])


@pytest.mark.parametrize("state", [ContactState.STOPPED, ContactState.LOST])
def test_clocks_stand_without_contact(state: ContactState) -> None:
    """What runs is told since when, as of what was last heard."""
    view = View(polled((1, example(0)), (2, example(2))))
    view.next(2)
    told = view.next(60, Contact(state, last_heard=after(5)))
    assert told is not None
    assert told["rows"][0][1][2:5] == ["?", ["since 0:02"], "since 0:02"]
    assert told["axis"] == ["clock", 5.0, 0]


def test_a_step_more_of_a_thousand_is_a_small_update() -> None:
    """It costs two rows; a view that lacks steps is sent all of them."""
    view = View(*many(900))
    assert view.next(1) is not None
    document = view.history.document
    assert document is not None
    codes = [*document["customAttributes"]["messageCodes"], 1799]
    told = view.poll(3, coded(*codes, stepsCompleted=900, totalSteps=900))
    assert [index for index, _ in (told or {})["rows"]] == [899]
    view.updates.want_steps()
    assert len((view.next(4) or {})["rows"]) == 900


def test_more_steps_than_a_page_can_hold() -> None:
    """Of more than a thousand the first and the last are sent, and how many are left out."""
    told = View(*many(3000)).next(1)
    assert told is not None
    assert told["total"] == 1001
    assert told["rows"][50] == [50, 2000]
