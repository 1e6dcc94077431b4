import json
from dataclasses import replace
from datetime import timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any, ClassVar

import hypothesis
import pandas as pd
import pytest
from documents import STARTED, after, milliseconds, snapshot
from hypothesis import strategies as st
from stepped import administered, administered_polls

from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Message
from jobwidgets._model.step_times import job_steps
from jobwidgets._model.steps import paired_steps
from jobwidgets.dialects.mission import Mission
from jobwidgets.frames import messages_frame, read_documents, steps_frame, write_dataset

TIME = pd.DatetimeTZDtype("us", "UTC")
DTYPES = {
    "job_id": "str",
    "step": "str",
    "begun": TIME,
    "ended": TIME,
    "duration": "timedelta64[us]",
    "begun_early": "timedelta64[us]",
    "ended_early": "timedelta64[us]",
    "complete": "bool",
}
TRACKS, MAP = "tracks layers", "map"


def told(*codes: int, **parts: Any) -> dict[str, Any]:
    """Return a document with a message for each code, of a job that began at its start."""
    messages = [f"message {code}" for code in codes]
    custom = {"messageCodes": list(codes)}
    started = {"startTime": milliseconds(STARTED)}
    return {"jobId": "j1", "messages": messages, "customAttributes": custom, **started, **parts}


def polled(*polls: tuple[float, dict[str, Any] | None]) -> JobHistory:
    """Return the history of a job; None is a poll that brought the same document again."""
    history = JobHistory("j1")
    for second, document in polls:
        if document is None:
            history.record_again(after(second))
        else:
            history.record(snapshot(document, second))
    return history


# begun, ended, begun_early, ended_early in seconds after the start, and complete.
LIVES: dict[str, tuple[list[tuple[float, Any]], list[tuple[Any, ...]]]] = {
    "seen from begin to end": (
        [(1, told()), (2, told(1501)), (5, told(1501, 1502))],
        [(TRACKS, 2, 5, 1, 3, True)],
    ),
    "the poll before brought the same document": (
        [(1, told()), (2, told(1501)), (3, None), (4, None), (5, told(1501, 1502))],
        [(TRACKS, 2, 5, 1, 1, True)],
    ),
    "under way at the first poll": (
        [(7, told(1501)), (9, told(1501, 1502))],
        [(TRACKS, 7, 9, 7, 2, True)],
    ),
    "under way at the first poll, of a job without a start": (
        [(7, told(1501, startTime=None)), (9, told(1501, 1502, startTime=None))],
        [(TRACKS, 7, 9, None, 2, True)],
    ),
    "ended before the first poll": (
        [(7, told(1501, 1502, 1507)), (9, told(1501, 1502, 1507, 1508))],
        [(TRACKS, None, None, None, None, True), (MAP, 7, 9, 7, 2, True)],
    ),
    "an end without a begin": (
        [(1, told()), (3, told(1502))],
        [(TRACKS, None, 3, None, 2, True)],
    ),
    "not ended": ([(1, told()), (3, told(1501))], [(TRACKS, 3, None, 2, None, False)]),
    "begun and ended between two polls": (
        [(1, told()), (3, told(1501, 1502))],
        [(TRACKS, 3, 3, 2, 2, True)],
    ),
    "codes that tell of no step": ([(1, told()), (3, told(1500, 42))], []),
}


def rows_of(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Return the rows of a frame, its times as seconds after the start."""
    for name in ("begun", "ended"):
        frame[name] = (frame[name] - pd.Timestamp(STARTED)).dt.total_seconds()
    for name in ("begun_early", "ended_early"):
        frame[name] = frame[name].dt.total_seconds()
    names = ["step", "begun", "ended", "begun_early", "ended_early", "complete"]
    rows = frame[names].itertuples(index=False, name=None)
    return [tuple(None if pd.isna(value) else value for value in row) for row in rows]


@pytest.mark.parametrize(("polls", "steps"), LIVES.values(), ids=LIVES)
def test_lives(polls: Any, steps: Any) -> None:
    """A step has the times at which its messages were first seen, and how far they may be off."""
    frame = steps_frame(polled(*polls))
    assert frame.dtypes.to_dict() == {
        name: pd.api.types.pandas_dtype(dtype) for name, dtype in DTYPES.items()
    }
    pd.testing.assert_series_equal(
        frame.duration, (frame.ended - frame.begun).astype("m8[us]"), check_names=False
    )
    assert rows_of(frame) == steps


def test_many_jobs() -> None:
    """Each job has its own steps, bare documents without times among watched jobs."""
    watched = polled((1, told(1507, jobId="j1")), (4, told(1507, 1508, jobId="j1")))
    frame = steps_frame([told(1501, jobId="j0"), watched, JobHistory("never"), told(1502)])
    assert frame.job_id.tolist() == ["j0", "j1", "j1"]
    assert frame.complete.tolist() == [False, True, True]
    assert frame.begun.isna().tolist() == [True, False, True]


CODES = st.lists(st.sampled_from([1500, 1501, 1502, 1507, 1508]), max_size=6)


@hypothesis.given(st.lists(CODES, max_size=6))
def test_each_job_goes_its_own_way(jobs: list[list[int]]) -> None:
    """The steps of many jobs are those of each, whichever others went the same way."""
    watched = [polled(*((n, told(*codes[:n])) for n in range(len(codes) + 1))) for codes in jobs]
    expected = [
        (step.name, step.begin, step.end, step.end is not None)
        for codes in jobs
        for step in paired_steps(codes, Mission.steps)
    ]
    rows = rows_of(steps_frame(watched))
    places = [tuple(None if at is None else at - 1 for at in (row[1], row[2])) for row in rows]
    assert [(row[0], *at, row[5]) for row, at in zip(rows, places, strict=True)] == expected


POLLS = st.lists(
    st.tuples(
        st.sampled_from([1, 2, 0, -1]),  # seconds since the one before
        st.lists(st.sampled_from([1501, 1503, 9999]), max_size=5),
    ),
    max_size=6,
)


@hypothesis.given(st.lists(st.tuples(st.booleans(), POLLS), max_size=4))
def test_times_are_those_of_the_views(jobs: list[tuple[bool, list[tuple[int, list[int]]]]]) -> None:
    """Lists grow, shrink and change, clocks are set back: frames and views tell the same times."""
    histories = [JobHistory("j1") for _ in jobs]
    for history, (is_watched, polls) in zip(histories, jobs, strict=True):
        for now, (_, codes) in zip(accumulate(gap for gap, _ in polls), polls, strict=True):
            one = snapshot(told(*codes), now)
            history.record(one if is_watched else replace(one, seen=None))
    begun = [step.begun for history in histories for step in job_steps(history, Mission()).steps]
    frame = steps_frame(histories)
    assert times_of(frame.begun) == [None if one is None else one.at for one in begun]
    assert times_of(frame.begun_early) == [None if one is None else one.early for one in begun]
    sights = [message.seen for history in histories for message in history.messages]
    assert times_of(messages_frame(histories).seen) == sights


def times_of(column: Any) -> list[Any]:
    """Return the times of a column, None where it has none."""
    return [None if pd.isna(time) else time for time in column]


def test_a_server_that_tells_times() -> None:
    """Where messages have times of their own, these count, and are exact."""
    history, times = JobHistory("j1"), (0.5, 2.25)
    messages = tuple(
        Message(number, "text", code, time=STARTED + timedelta(seconds=second))
        for number, (code, second) in enumerate(zip((1501, 1502), times, strict=True), start=1)
    )
    history.record(replace(snapshot(told(1501, 1502), 9), messages=messages))
    assert rows_of(steps_frame(history)) == [(TRACKS, 0.5, 2.25, 0, 0, True)]


ADMIN = administered(2, "stop", "save", "start", status="FAILED", jobid="j2")


def test_steps_that_a_document_tells(tmp_path: Path) -> None:
    """They have rows as those of codes have; what has not begun is no step yet."""
    watched = administered_polls(
        (1, administered(0, "stop", "save", "start")), (2, administered(1, "stop", "save", "start"))
    )
    given = [told(1501), ADMIN, watched]
    frame = steps_frame(given)
    assert frame.step.tolist() == [TRACKS, "stop", "save", "stop"]
    assert frame.complete.tolist() == [False, True, False, False]
    assert frame.begun.isna().tolist() == [True, True, True, False]
    assert rows_of(frame[3:].copy()) == [("stop", 2, None, 1, None, False)]
    write_dataset(given, tmp_path)
    pd.testing.assert_frame_equal(steps_frame(tmp_path), steps_frame(given))
    write_dataset(tmp_path, tmp_path / "copied")
    pd.testing.assert_frame_equal(steps_frame(tmp_path / "copied"), steps_frame(given))


def test_told_steps_in_files(tmp_path: Path) -> None:
    """What was read once tells them too, beside files of another dialect."""
    documents = {"a": [told(1501)], "b": [ADMIN], "c": [told(1507, 1508), told(1501)]}
    for name, some in documents.items():
        (tmp_path / f"{name}.ndjson").write_text("".join(json.dumps(one) + "\n" for one in some))
    frame = steps_frame(read_documents(tmp_path))
    assert frame.step.tolist() == [TRACKS, "stop", "save", MAP, TRACKS]
    pd.testing.assert_frame_equal(frame, steps_frame([*documents["a"], ADMIN, *documents["c"]]))


class Press(Mission):
    """A dialect that is not installed, with a word and a number for codes."""

    name = "press"
    steps: ClassVar[Any] = {"B": ("print", "begin"), 7: ("print", "end")}


def test_steps_of_a_dialect_that_is_not_installed(tmp_path: Path) -> None:
    """A dataset keeps the steps; of a watched job `dialect=` tells them, and nothing guesses."""
    press, codes = Press(), ("B", 7)
    lines = tuple(Message(n, "text", code) for n, code in enumerate(codes, start=1))
    history = JobHistory("j1", dialect="press")
    history.record(replace(snapshot(told(1501, 1502), 9), messages=lines))
    assert steps_frame(history).empty
    frame = steps_frame(history, dialect=press)
    assert frame.step.tolist() == ["print"]
    write_dataset(history, tmp_path, dialect=press)
    pd.testing.assert_frame_equal(steps_frame(tmp_path), frame)
