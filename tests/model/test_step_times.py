import pytest
from documents import STARTED, after, milliseconds
from hypothesis import given
from hypothesis import strategies as st
from stepped import (
    COMMUNICATIONS,
    EVENTS,
    FINISHING,
    MAP,
    TRACKS,
    Dialect,
    Poll,
    coded,
    example,
    polled,
    steps_of,
)

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


@given(st.lists(st.tuples(st.lists(st.integers(0, 8), max_size=4), st.floats(0.1, 9)), max_size=6))
def test_times_are_those_of_the_frame(polls: list[tuple[list[int], float]]) -> None:
    """Begin, end, duration, and how much earlier they may have been, equal `steps_frame`'s."""
    codes, now, life = [], 0.0, list[Poll]()
    for more, gap in polls:
        codes, now = [*codes, *(1501 + code for code in more)], now + gap
        life.append((now, coded(*codes, totalSteps=9)))
    history = polled(*life)
    frame = steps_frame(history).astype(object).where(lambda values: values.notna(), None)
    steps = steps_of(history).steps
    assert [step.name for step in steps] == frame["step"].tolist()
    for step, row in zip(steps, frame.itertuples(), strict=True):
        for moment, at, early in (
            (step.begun, row.begun, row.begun_early),
            (step.ended, row.ended, row.ended_early),
        ):
            assert (moment and moment.at, moment and moment.early) == (at, early)
        assert (step.duration, step.state == "done") == (row.duration, row.complete)


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
