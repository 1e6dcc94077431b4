import json
from dataclasses import FrozenInstanceError, replace
from datetime import timedelta

import pytest
from documents import STARTED, after

from jobwidgets._model.snapshot import Message, Snapshot, Status

FINAL = {"succeeded", "failed", "cancelled", "gone"}


@pytest.mark.parametrize("status", list(Status))
def test_status_is_its_word(status: Status) -> None:
    """A status can be compared, printed and sent as its word."""
    assert str(status) == status.value == f"{status}"
    assert status == status.value
    assert json.dumps(status) == f'"{status.value}"'
    assert Status(status.value) is status


def test_status_vocabulary() -> None:
    """The eight words stand in the order of a job's life."""
    words = "queued running cancelling succeeded failed cancelled gone unknown"
    assert [status.value for status in Status] == words.split()


@pytest.mark.parametrize("status", list(Status))
def test_is_final(status: Status) -> None:
    """Only an end is final: an unknown word means that the job may go on."""
    assert status.is_final is (status.value in FINAL)


def test_equal_when_they_say_the_same() -> None:
    """When a snapshot or a message was seen does not count; what it says does."""
    message = Message(1, "Started", 1500, seen=STARTED)
    one = Snapshot(id="j1", status=Status.RUNNING, messages=(message,), seen=STARTED)
    later = replace(message, seen=after(5))
    assert one == replace(one, messages=(later,), seen=after(5), document={"jobId": "j1"})
    assert message != replace(message, code=1501)
    assert one != replace(one, status=Status.SUCCEEDED)
    assert one != replace(one, attributes={"missionId": "m"})


def test_values_are_frozen() -> None:
    """What was seen cannot be changed afterwards."""
    message, snapshot = Message(1, "Started"), Snapshot(id="j1", status=Status.QUEUED)
    with pytest.raises(FrozenInstanceError):
        message.text = "Finished"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        snapshot.status = Status.SUCCEEDED  # type: ignore[misc]
    assert len({snapshot, replace(snapshot, attributes={"a": [1]})}) == 2


@pytest.mark.parametrize(
    ("seconds", "duration"),
    [(66.311, timedelta(seconds=66.311)), (0.0, timedelta(0)), (-0.001, None), (None, None)],
)
def test_duration(seconds: float | None, duration: timedelta | None) -> None:
    """The duration is the end less the start; skewed clocks make none, never a negative one."""
    ended = None if seconds is None else after(seconds)
    job = Snapshot(id="j1", status=Status.SUCCEEDED, started=STARTED, ended=ended)
    assert job.duration == duration
    assert replace(job, started=None).duration is None
