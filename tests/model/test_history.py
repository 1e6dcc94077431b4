import pickle
from collections.abc import Callable, Sequence
from dataclasses import FrozenInstanceError, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any

import httpx
import pytest
from documents import ABSENT, JOB_URL, after, case, document, milliseconds, snapshot, watched
from servers import HANG

from jobwidgets._model.history import JobHistory
from jobwidgets._model.packed import SnapshotSummary
from jobwidgets._model.snapshot import Status
from jobwidgets.errors import (
    JobCancelledError,
    JobFailedError,
    JobGoneError,
    NoSuchJobError,
)
from jobwidgets.job import Job


def texts(history: JobHistory) -> list[str]:
    """Return the texts of a history's messages."""
    return [message.text for message in history.messages]


def sights(history: JobHistory) -> list[datetime | None]:
    """Return when each message was first seen."""
    return [message.seen for message in history.messages]


def test_before_the_first_document() -> None:
    """A job that nobody heard of yet has an id, a URL, and nothing made up."""
    history = JobHistory("j1", JOB_URL)
    assert (history.job_id, history.url, len(history)) == ("j1", JOB_URL, 0)
    assert (history.latest, history.document, history.status, history.elapsed) == (None,) * 4
    assert (history.error, history.watch_error, history.has_ended) == (None, None, False)
    assert history.messages == ()
    assert repr(history) == "JobHistory('j1', 0 distinct snapshots)"


def test_life_of_a_job() -> None:
    """A history tells what was seen, from the first document to the end."""
    history = watched(case("submitted"), case("processing-2-of-5"), case("completed"))
    first, second, third = history.snapshots
    assert first == SnapshotSummary(after(0), Status.QUEUED, "SUBMITTED", None, None, None, 0)
    assert second == SnapshotSummary(after(1), Status.RUNNING, "PROCESSING", 2, 5, 0.4, 6)
    assert third == SnapshotSummary(after(2), Status.SUCCEEDED, "COMPLETED", 5, 5, 1.0, 11)
    assert sights(history) == [after(1)] * 6 + [after(2)] * 5
    assert (history.status, history.elapsed) == (Status.SUCCEEDED, timedelta(seconds=66.311))
    assert history.document == case("completed")
    assert history.error is None


def test_only_distinct_snapshots() -> None:
    """A document that says nothing new adds nothing; one that goes back does."""
    one, two = document(stepsCompleted=1), document(stepsCompleted=2)
    history = watched(one, one, two, two, one, one)
    assert [snapshot.steps_done for snapshot in history.snapshots] == [1, 2, 1]
    assert [snapshot.seen for snapshot in history.snapshots] == [after(0), after(2), after(4)]
    assert history.latest is not None
    assert history.latest.seen == after(4)


@pytest.mark.parametrize(
    "change",
    [
        *({"status": "EXECUTING"}, {"stepsCompleted": 2}, {"totalSteps": 6}, {"more": 1}),
        *({"messages": []}, {"messageCodes": [7]}, {"username": "b"}, {"endTime": 1}),
        *({"isCancelled": True}, {"startTime": 1}, {"type": "x"}, {"flag": True}, {"flag": 1.0}),
        *({"deep": [{"flag": True}]}, {"isCancelled": 0}),
    ],
)
def test_every_change_is_news(change: dict[str, Any]) -> None:
    """Whatever part of the document changes, it is a snapshot of its own; 1 is not true."""
    first = document(flag=1, deep=[{"flag": 1}])
    assert len(watched(first, {**first, **document(**change)})) == 2
    assert len(watched(first, dict(reversed(first.items())))) == 1


def test_snapshot_that_comes_again() -> None:
    """A snapshot that is the last one once more adds nothing, and the job has run on."""
    history = watched(document())
    history.record_again(after(5))
    assert history.elapsed == timedelta(seconds=5)
    history.record_again(after(6), server_time=after(3600))
    assert history.elapsed == timedelta(hours=1)
    assert len(history) == 1


def test_record_tells_the_first_changed_message() -> None:
    """Whoever shows messages learns from which index on they must be shown again."""
    history = JobHistory("j1")
    lives = [["a", "b"], ["a", "b"], ["a", "b", "c"], ["a", "X", "c"], ["a"], []]
    told = [history.record(snapshot(document(messages=life))) for life in lives]
    assert told == [0, None, 2, 1, 1, 0]
    assert history.record(snapshot(document(messages=[], status="FAILED"))) == 0


def test_fact_6_code_that_comes_late() -> None:
    """A code that is told later changes the message, not when it was first seen."""
    history = JobHistory("j1")
    history.record(snapshot(document(messageCodes=[])))
    assert history.record(snapshot(document(messageCodes=[1500]), at=5)) == 0
    assert history.messages[0].code == 1500
    assert sights(history) == [after(0)]


ENDED = {"status": "COMPLETED", "endTime": ABSENT}
FAILED, CANCELLED = "job j1 failed: ", "job j1 was cancelled"
# The documents of a job that is polled once a second, as what they change in the usual one, then
# the seconds for which it has run, whether it has ended, and the beginning of its error.
LIVES: dict[str, tuple[list[dict[str, Any]], float | None, bool, str | None]] = {
    "queued": ([{"status": "SUBMITTED", "startTime": ABSENT}] * 2, None, False, None),
    "running": ([{}] * 4, 3, False, None),
    "cancelling": ([{}, {"status": "CANCELLING"}], 1, False, None),
    "odd": ([{}, {"status": "odd"}], 1, False, None),
    "completed": ([{}, {"status": "COMPLETED"}], 60, True, None),
    "ends at its start": (
        [{"status": "COMPLETED", "endTime": milliseconds(after(0))}],
        0,
        True,
        None,
    ),
    "ends without a time": ([{}, ENDED, ENDED, ENDED], 1, True, None),
    "ended before": ([ENDED] * 2, None, True, None),
    "ended before, told as 0": ([{**ENDED, "endTime": 0}] * 2, None, True, None),
    "ended before its start": ([{**ENDED, "endTime": milliseconds(after(-1))}], None, True, None),
    "failed": ([{"status": "FAILED"}], 60, True, f"{FAILED}Started mission creation."),
    "failed in silence": ([{"status": "FAILED", "messages": []}], 60, True, f"{FAILED}the server"),
    "cancelled": ([{}, {"status": "CANCELLED"}], 60, True, CANCELLED),
    "is cancelled": ([{"status": "COMPLETED", "isCancelled": True}], 60, True, CANCELLED),
}


@pytest.mark.parametrize(("life", "elapsed", "has_ended", "error"), LIVES.values(), ids=LIVES)
def test_life(
    life: list[dict[str, Any]], elapsed: float | None, has_ended: bool, error: str | None
) -> None:
    """A history tells how long a job has run, whether it has ended, and why if it went wrong."""
    history = watched(*(document(**changes) for changes in life))
    assert history.elapsed == (None if elapsed is None else timedelta(seconds=elapsed))
    assert history.has_ended is has_ended
    assert str(history.error or "").startswith(error or "")
    kinds = {None: type(None), CANCELLED: JobCancelledError}
    assert type(history.error) is kinds.get(error, JobFailedError)


@pytest.mark.parametrize(
    ("levels", "place"),
    [
        ([None, None], 1),
        (["info", "warning"], 1),
        (["info", "error", "info"], 1),
        (["esriJobMessageTypeError", "info", "error", "ERROR", "info"], 2),
    ],
)
def test_reason_of_a_failure(levels: list[str | None], place: int) -> None:
    """It is the first of the last errors in a row, else the last message."""
    parsed = snapshot(document(status="FAILED", messages=["m"] * len(levels)))
    pairs = enumerate(zip(parsed.messages, levels, strict=True))
    told = tuple(replace(one, level=level, text=f"m{n}") for n, (one, level) in pairs)
    history = JobHistory("j1")
    history.record(replace(parsed, messages=told))
    assert str(history.error).endswith(f"failed: m{place}")


@pytest.mark.parametrize(("server", "elapsed"), [(None, 10), (12.5, 12.5), (-5, 0)])
def test_elapsed_by_the_servers_clock(server: float | None, elapsed: float) -> None:
    """The server's clock counts, else this client's; it is never below 0."""
    history = JobHistory("j1")
    clock = None if server is None else after(server)
    history.record(snapshot(document(), at=10), server_time=clock)
    assert history.elapsed == timedelta(seconds=elapsed)


def test_elapsed_of_a_job_that_is_gone() -> None:
    """A job that was removed had run until then."""
    history = watched(document())
    assert history.latest is not None
    gone = replace(history.latest, status=Status.GONE, document={}, seen=after(9))
    assert history.record(gone) == 1
    assert (history.elapsed, history.has_ended) == (timedelta(seconds=9), True)
    assert isinstance(history.error, JobGoneError)
    assert texts(history) == ["Started mission creation."]


# Polls of a job under an unknown word: the seconds at which each came, what else its document has,
# and whether the job has ended by then. The end is told as 5 s after the start.
UNKNOWN = {"status": "Archived", "endTime": milliseconds(after(5))}
ENDS: dict[str, tuple[list[tuple[float, dict[str, Any]]], bool]] = {
    "three documents over 30 s": ([(6, {}), (20, {}), (36, {})], True),
    "two documents": ([(6, {}), (36, {})], False),
    "29 s": ([(6, {}), (20, {}), (35, {})], False),
    "no end": ([(at, {"endTime": ABSENT}) for at in (6, 20, 36)], False),
    "an end to come": ([(at, {"endTime": milliseconds(after(100))}) for at in (6, 20, 60)], False),
    "an end before the start": ([(at, {"endTime": 1}) for at in (6, 20, 60)], False),
    "an end in seconds, and no start": (
        [(at, {"endTime": 1_777_636_805, "startTime": ABSENT}) for at in (6, 20, 60)],
        False,
    ),
    "no start": ([(at, {"startTime": ABSENT}) for at in (6, 20, 36)], True),
    "an end that goes on": (
        [(at, {"endTime": milliseconds(after(at - 1))}) for at in (6, 20, 60)],
        False,
    ),
    "another word meanwhile": ([(6, {}), (20, {"status": "Archiving"}), (36, {}), (40, {})], False),
    "a message meanwhile": ([(6, {}), (20, {}), (36, {"messages": ["a", "b"]})], False),
    "it goes on after all": ([(6, {}), (20, {}), (36, {}), (40, {"status": "PROCESSING"})], False),
    "another attribute meanwhile": ([(6, {}), (20, {}), (36, {"load": 7})], True),
}


@pytest.mark.parametrize("offset", [0, -3600, 3600])
@pytest.mark.parametrize(("polls", "has_ended"), ENDS.values(), ids=ENDS)
def test_end_under_an_unknown_word(
    polls: list[tuple[float, dict[str, Any]]], has_ended: bool, offset: float
) -> None:
    """An unknown word ends a job once it stands with an end, by the server's clock alone."""
    history = JobHistory("j1")
    for at, changes in polls:
        one = snapshot(document(**{**UNKNOWN, **changes}), at=at + offset)
        history.record(one, server_time=after(at))
    assert history.has_ended is has_ended
    assert history.error is None


def test_end_under_an_unknown_word_without_news() -> None:
    """The same document again counts; without a server's clock, this client's does."""
    history = watched(document(**UNKNOWN))
    for at in (6, 20, 35):
        history.record_again(after(at))
        assert not history.has_ended
    history.record_again(after(36))
    assert (history.has_ended, history.status, len(history)) == (True, Status.UNKNOWN, 1)
    assert history.elapsed == timedelta(seconds=5)


def test_waiting_for_an_end_under_an_unknown_word(new_job: Callable[..., Job]) -> None:
    """Waiting for such a job ends, and nobody claims that it failed."""
    clock = count(step=12)

    def reply(_: httpx.Request) -> httpx.Response:
        date = format_datetime(after(6 + next(clock)), usegmt=True)
        return httpx.Response(200, json=document(**UNKNOWN), headers={"Date": date})

    job = new_job(reply).wait(HANG)
    job.raise_for_status()
    assert (job.status, job.raw_status, next(clock)) == (Status.UNKNOWN, "Archived", 48)


def test_watch_error_is_told_until_the_job_has_ended() -> None:
    """A watch that failed says so; the job's own end says more."""
    history, lost = JobHistory("j1"), NoSuchJobError("404 Not Found", code=404)
    history.watch_error = lost
    assert history.error is lost
    history.record(snapshot(document()))
    assert history.error is lost
    history.record(snapshot(document(status="FAILED")))
    assert isinstance(history.error, JobFailedError)


@pytest.mark.parametrize("count", [0, -1, 2**63 - 1, -(2**63) + 1])
def test_snapshots_hold_any_count(count: int) -> None:
    """Every count that a dialect reads is kept, and is not taken for an unknown one."""
    (only,) = watched(document(stepsCompleted=count, totalSteps=count)).snapshots
    assert (only.steps_done, only.steps_total) == (count, count)


def test_snapshots_are_a_sequence() -> None:
    """They are indexed, sliced, iterated over and searched as any sequence is."""
    words = ["A", None, "A", "B", "A"]
    snapshots = watched(*(document(status=word) for word in words)).snapshots
    assert isinstance(snapshots, Sequence)
    assert [one.raw_status for one in snapshots] == words
    assert len(snapshots) == 5
    assert (snapshots[-1].seen, snapshots[-2].raw_status) == (after(4), "B")
    assert snapshots[1::2] == (snapshots[1], snapshots[3])
    assert snapshots[7:] == ()
    assert snapshots.index(snapshots[2]) == 2
    with pytest.raises(IndexError):
        snapshots[5]
    with pytest.raises(FrozenInstanceError):
        snapshots[0].seen = None  # type: ignore[misc]


def test_history_is_pickled() -> None:
    """A history can be stored, and sent to another process."""
    history = watched(case("submitted"), case("completed"))
    copy = pickle.loads(pickle.dumps(history))  # noqa: S301 - our own
    assert list(copy.snapshots) == list(history.snapshots)
    assert (copy.latest, copy.elapsed, copy.job_id) == (
        history.latest,
        history.elapsed,
        history.job_id,
    )


def test_snapshots_are_small() -> None:
    """A snapshot takes at most 49 bytes, so that a job of a day takes little."""
    history, one = JobHistory("j1"), snapshot(document())
    for step in range(10_000):
        history.record(replace(one, steps_done=step))
    assert len(history) == 10_000
    assert (
        len(pickle.dumps(history)) < 50 * 10_000
    )  # with the latest document: all that is reachable from it
