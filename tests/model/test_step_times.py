from dataclasses import replace

import pytest
from documents import JOB_ID, STARTED, after, milliseconds
from hypothesis import given, settings
from hypothesis import strategies as st
from stepped import (
    COMMUNICATIONS,
    EVENTS,
    FINISHING,
    MAP,
    TRACKS,
    Dialect,
    Poll,
    administered,
    administered_polls,
    coded,
    example,
    polled,
    steps_of,
)

from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Snapshot, Status, ToldStep
from jobwidgets._model.step_times import JobSteps, Moment
from jobwidgets.frames import steps_frame

FAILED = {"status": "FAILED", "endTime": milliseconds(after(9.5))}
ROW = tuple[str, str, float | None, float | None]


def rows_of(steps: JobSteps) -> list[ROW]:
    """Return of each step its name and state, and the seconds of its begin and end."""
    return [
        (step.name, str(step.state), second(step.begun), second(step.ended)) for step in steps.steps
    ]


def second(moment: Moment | None) -> float | None:
    """Return the second of the job; None for no moment."""
    return None if moment is None else (moment.at - STARTED).total_seconds()


LIVES: dict[str, tuple[list[Poll], list[ROW]]] = {
    "no code of a step": ([(1, coded(1500, 42, None))], []),
    "two at once, the others to come": (
        [(1, example(0)), (2, example(3)), (5, example(3, None))],
        [
            (TRACKS, "running", 2, None),
            (COMMUNICATIONS, "running", 2, None),
            (EVENTS, "not begun", None, None),
            (MAP, "not begun", None, None),
            (FINISHING, "not begun", None, None),
        ],
    ),
    "another number of steps than is usual": (
        [(1, example(0)), (2, example(2, totalSteps=7))],
        [(TRACKS, "running", 2, None)],
    ),
    "failed in one": (
        [(1, coded()), (2, coded(1501, totalSteps=1)), (10, coded(1501, None, **FAILED))],
        [
            (TRACKS, "failed", 2, 9.5),
            (COMMUNICATIONS, "not begun", None, None),
            (EVENTS, "not begun", None, None),
            (MAP, "not begun", None, None),
            (FINISHING, "not begun", None, None),
        ],
    ),
    "failed in one of two, it is not known in which": (
        [(1, coded()), (10, coded(1501, 1503, totalSteps=2, **FAILED))],
        [(TRACKS, "not ended", 10, 9.5), (COMMUNICATIONS, "not ended", 10, 9.5)],
    ),
    "an end of another clock": (
        [
            (1, coded()),
            (2, coded(1501, totalSteps=2)),
            (10, coded(1501, totalSteps=2, status="FAILED", endTime=milliseconds(after(700)))),
        ],
        [(TRACKS, "failed", 2, 10)],
    ),
    "met at its end": ([(10, coded(1501, totalSteps=2, **FAILED))], [(TRACKS, "failed", 10, None)]),
    "succeeded without the end of a step": (
        [(1, coded()), (2, coded(1501)), (10, coded(1501, status="COMPLETED", endTime=0))],
        [(TRACKS, "not ended", 2, 10)],
    ),
    "a step once more": (
        [(1, coded()), (2, coded(1501, 1502, totalSteps=2)), (3, coded(1501, 1502, 1501))],
        [(TRACKS, "done", 2, 2), (TRACKS, "running", 3, None)],
    ),
}


@pytest.mark.parametrize(("polls", "rows"), LIVES.values(), ids=LIVES)
def test_lives(polls: list[Poll], rows: list[ROW]) -> None:
    """A step stands where its messages and the job's end say, by the client's own clock."""
    found = rows_of(steps_of(polled(*polls)))
    assert found[: len(rows)] == rows
    assert {state for _, state, *_ in found[len(rows) :]} <= {"not begun"}


NAMES = "stop", "save", "start"
TOLD_LIVES: dict[str, tuple[list[Poll], list[ROW]]] = {
    "all to come": (
        [(1, administered(0, *NAMES))],
        [(name, "not begun", None, None) for name in NAMES],
    ),
    "seen from begin to end": (
        [
            (1, administered(0, *NAMES)),
            (2, administered(1, *NAMES)),
            (5, administered(2, *NAMES)),
            (6, administered(3, *NAMES)),
            (9, administered(3, *NAMES, status="COMPLETED")),
        ],
        [("stop", "done", 2, 5), ("save", "done", 5, 6), ("start", "done", 6, 9)],
    ),
    "met in the midst": (
        [(4, administered(2, *NAMES)), (9, administered(3, *NAMES))],
        [("stop", "done", None, None), ("save", "done", 4, 9), ("start", "running", 9, None)],
    ),
    "failed in one": (
        [(1, administered(1, *NAMES)), (3, administered(2, *NAMES, status="FAILED"))],
        [("stop", "done", 1, 3), ("save", "failed", 3, 3), ("start", "not begun", None, None)],
    ),
    "an answer of before in between": (
        [(n, administered(1 + n % 2, *NAMES)) for n in range(1, 5)],
        [
            ("stop", "running", 1, None),
            ("save", "not begun", None, None),
            ("start", "not begun", None, None),
        ],
    ),
    "begun anew under its id": (
        [
            (1, administered(2, "stop", "save")),
            (7, administered(1, "stop", "save", starttime=milliseconds(after(6)))),
        ],
        [("stop", "running", 7, None), ("save", "not begun", None, None)],
    ),
    "one name twice": (
        [(1, administered(1, "copy", "copy")), (4, administered(2, "copy", "copy"))],
        [("copy", "done", 1, 4), ("copy", "running", 4, None)],
    ),
}


@pytest.mark.parametrize(("polls", "rows"), TOLD_LIVES.values(), ids=TOLD_LIVES)
def test_lives_of_told_steps(polls: list[Poll], rows: list[ROW]) -> None:
    """Steps that documents tell stand where the last one says, since when it was first seen."""
    history = administered_polls(*polls)
    assert rows_of(steps_of(history)) == rows
    check_frame(history)


# Codes after the start, and the places of each step's messages.
MESSAGES: dict[str, tuple[list[int | None], list[list[int]]]] = {
    "its own": ([0, 1], [[0, 1]]),
    "between, while it alone was under way": ([None, 0, None, 7, 1, None], [[1, 2, 3, 4]]),
    "two at once": ([0, None, 2, None, 1, None, 3], [[0, 1, 4], [2, 5, 6]]),
    "while it goes on": ([0, 1, 2, None], [[0, 1], [2, 3]]),
    "an end without a begin": ([None, 1, None, 2, None], [[1], [3, 4]]),
    "one beside itself": ([0, 0, None, 1, None, 1, None], [[0, 3], [1, 4, 5]]),
}


@pytest.mark.parametrize(("codes", "places"), MESSAGES.values(), ids=MESSAGES)
def test_messages_of_a_step(codes: list[int | None], places: list[list[int]]) -> None:
    """They are its own, and others that can be of no other step."""
    steps = steps_of(polled((1, coded(*codes))), Dialect("a", "b")).steps
    found = [[place for span in step.messages for place in range(*span)] for step in steps]
    assert found == places


@settings(deadline=None)
@given(st.lists(st.tuples(st.lists(st.integers(0, 8), max_size=4), st.floats(0.1, 9)), max_size=6))
def test_times_are_those_of_the_frame(polls: list[tuple[list[int], float]]) -> None:
    """Begin, end, duration, and how much earlier they may have been, equal `steps_frame`'s."""
    codes, now, life = [], 0.0, list[Poll]()
    for more, gap in polls:
        codes, now = [*codes, *(1501 + code for code in more)], now + gap
        life.append((now, coded(*codes, totalSteps=9)))
    check_frame(polled(*life))


TIMES = st.none() | st.integers(-9, 9).map(after)
STEPS = st.builds(ToldStep, st.sampled_from("ab"), st.booleans(), st.booleans(), TIMES, TIMES)
TOLD = st.builds(
    Snapshot,
    id=st.just(JOB_ID),
    status=st.sampled_from([Status.RUNNING, Status.FAILED]),
    steps=st.lists(STEPS, max_size=3).map(tuple),
    started=TIMES,
)


@settings(deadline=None)
@given(st.lists(st.tuples(TOLD, st.none() | st.floats(-2, 9)), max_size=5))
def test_told_times_are_those_of_the_frame(life: list[tuple[Snapshot, float | None]]) -> None:
    """It is so too where documents tell the steps, whatever they tell, watched or not."""
    history, now = JobHistory(JOB_ID), 0.0
    for snapshot, gap in life:
        now += gap or 0
        history.record(snapshot if gap is None else replace(snapshot, seen=after(now)))
    check_frame(history)


def check_frame(history: JobHistory) -> None:
    """Check that the steps that have begun are those of the frame."""
    frame = steps_frame(history).astype(object).where(lambda values: values.notna(), None)
    steps = [step for step in steps_of(history).steps if step.state != "not begun"]
    assert [step.name for step in steps] == frame["step"].tolist()
    for step, row in zip(steps, frame.itertuples(), strict=True):
        is_done = step.state == "done"
        moments = (step.begun, step.ended if is_done else None)  # else the job's own end
        times = ((row.begun, row.begun_early), (row.ended, row.ended_early))
        assert [(one and one.at, one and one.early) for one in moments] == list(times)
        assert is_done == row.complete
        assert row.duration == (step.duration if is_done else None)


def test_nothing_is_told() -> None:
    """Without a document, a dialect, or steps in it there are none."""
    assert steps_of(polled()) == JobSteps()
    assert steps_of(polled((1, example(11))), Dialect()) == JobSteps()


def test_all_steps_came_in_a_success() -> None:
    """What was not told is not said to be missing then."""
    steps = steps_of(polled((1, example(3, status="COMPLETED"))))
    assert [row[:2] for row in rows_of(steps)] == [
        (TRACKS, "not ended"),
        (COMMUNICATIONS, "not ended"),
    ]
