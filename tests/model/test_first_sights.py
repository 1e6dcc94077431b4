"""When each message was first seen, whatever a server does with its list."""

import pickle
from typing import Any

import pytest
from documents import after, document, milliseconds, snapshot, watched
from hypothesis import given
from hypothesis import strategies as st

from jobwidgets._model.history import JobHistory

# The lists of a job that is polled once a second, a message a letter, and the second of the first
# sight of each message of the last one. "." is a heartbeat, which comes again and again.
LIVES = {
    "grows": (["a", "a", "abc", "abcd"], [0, 2, 2, 3]),
    "shrinks": (["abc", "a"], [0]),
    "comes back": (["abc", "a", "", "abcd"], [0, 0, 0, 3]),
    "repeats": ([".", "..", "..", "..."], [0, 1, 3]),
    "a changed line keeps the time of its place": (["abc", "aBcd"], [0, 0, 0, 1]),
    "a changed last line is new": (["abc", "abC"], [0, 0, 1]),
    "a line put in was there before what follows": (["abc", "aXbcd"], [0, 0, 0, 0, 1]),
    "a line taken out": (["abcd", "acd"], [0, 0, 0]),
    "all changed": (["ab", "cd"], [1, 1]),
    "window": (["abc", "bcd", "cde", "defg"], [1, 2, 3, 3]),
    "window with heartbeats": ([".a.b.c", ".b.c.d", "b.c.d.", "c.d.e."], [0, 1, 1, 2, 3, 3]),
    "window of heartbeats": (["...x..", "..x...", ".x...."], [0, 0, 0, 0, 1, 2]),
    "window that jumped": ([".a.b", ".x.y"], [0, 1, 1, 1]),
    "window that shrinks": (["abc", "c", "cd"], [0, 2]),
}


def seconds(history: JobHistory) -> list[float]:
    """Return the seconds after the start at which each message was first seen."""
    return [(m.seen - after(0)).total_seconds() for m in history.messages if m.seen is not None]


@pytest.mark.parametrize(("life", "sights"), LIVES.values(), ids=LIVES)
def test_first_sights(life: list[str], sights: list[int]) -> None:
    """Each message of the last list is stamped with when it came, as far as one can know."""
    history = watched(*(document(messages=list(letters)) for letters in life))
    assert "".join(message.text for message in history.messages) == life[-1]
    assert seconds(history) == sights


@pytest.mark.parametrize(
    ("again", "sights"),
    [(["ab"], [1, 1]), (["", "ab"], [2, 2]), (["", "a", "ab", "abc"], [2, 3, 4])],
)
def test_job_that_starts_anew(again: list[str], sights: list[int]) -> None:
    """Nothing was seen before the job started anew, the same messages either."""
    restarted = {"startTime": milliseconds(after(0.5))}
    lists = (document(messages=list(letters), **restarted) for letters in again)
    assert seconds(watched(document(messages=["a", "b"]), *lists)) == sights


def test_job_that_starts_anew_shows_all_anew() -> None:
    """Whoever shows the messages learns that their times are other ones."""
    history = JobHistory("j1")
    history.record(snapshot(document(messages=["a", "b"])))
    again = document(messages=["a", "b"], startTime=milliseconds(after(0.5)))
    assert history.record(snapshot(again, at=1)) == 0


@pytest.mark.parametrize("start", [0, milliseconds(after(-60))])
def test_start_that_is_no_new_one(start: int) -> None:
    """A start that is told late, not any more or as an earlier one is no new start."""
    first, other = document(messages=["a"], startTime=start), document(messages=["a", "b"])
    assert seconds(watched(other, first, other)) == [0, 0]
    assert seconds(watched(document(messages=["a"], startTime=0), other)) == [0, 1]


def test_clock_that_is_set_back() -> None:
    """First sights do not fall along the list, whatever this client's clock does."""
    history = JobHistory("j1")
    for at, letters in [(10, "a"), (5, "ab"), (20, "abc")]:
        history.record(snapshot(document(messages=list(letters)), at=at))
    assert seconds(history) == [10, 10, 20]


@given(st.lists(st.text("ab.", max_size=8), min_size=1, max_size=8))
def test_first_sights_never_fall(life: list[str]) -> None:
    """Whatever the lists are, each stamp is a poll's, and none is before the one above it."""
    sights = seconds(watched(*(document(messages=list(letters)) for letters in life)))
    assert sights == sorted(sights)
    assert set(sights) <= set(range(len(life)))
    assert len(sights) == len(life[-1])


def line(number: int) -> str:
    """Return a line of a log, every third of them a heartbeat."""
    return "heartbeat" if number % 3 == 0 else f"line {number} {'x' * 100}"


def test_what_left_a_window_is_forgotten() -> None:
    """A log that moves on for days takes no more memory than one document."""
    history, sizes = JobHistory("j1"), []
    for poll in range(1000):
        lines: Any = [line(number) for number in range(50 * poll, 50 * poll + 100)]
        history.record(snapshot(document(messages=lines), at=poll))
        sizes.append(len(pickle.dumps(history)))
    # All that is reachable from it: a snapshot more is some 40 bytes, a lost line was 100.
    assert sizes[-1] - sizes[100] < 50 * 900
    assert seconds(history) == [998] * 50 + [999] * 50
