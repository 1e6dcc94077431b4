"""What functions return as tables: the value, and what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd
import pytest
from documents import JOB_ID, STARTED, document

from jobwidgets import DocumentError, Message, Snapshot, Status
from jobwidgets._watch.returned import snapshot_of, time_of
from jobwidgets.dialects import ToldStep, find_dialect

SECRET = "S3cr3t-T0ken"
RUNNING = {"status": "running"}
EAST = timezone(timedelta(hours=2))


def said(returned: Any, dialect: str | None = None) -> Snapshot:
    """Return what a function says of the job."""
    return snapshot_of(returned, JOB_ID, None if dialect is None else find_dialect(dialect))


class State(Enum):
    """Statuses of another library's."""

    Running = "running"
    FAILED = 3


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *((status.value, status) for status in Status),
        (Status.RUNNING, Status.RUNNING),
        ("Running", Status.RUNNING),
        ("esriJobExecuting", Status.RUNNING),
        ("COMPLETED", Status.SUCCEEDED),
        (State.Running, Status.RUNNING),
        (State.FAILED, Status.FAILED),
        ("hibernating", Status.UNKNOWN),
    ],
)
def test_words(word: Any, status: Status) -> None:
    """Words of ours and of the servers' are known; the word itself is kept."""
    snapshot = said({"status": word})
    assert (snapshot.id, snapshot.status) == (JOB_ID, status)
    if isinstance(word, str):
        assert snapshot.raw_status == word


@pytest.mark.parametrize(
    "told",
    [
        STARTED,
        STARTED.astimezone(EAST),
        STARTED.replace(tzinfo=None),
        pd.Timestamp(STARTED),
        pd.Timestamp(STARTED.replace(tzinfo=None)),
        pd.Timestamp(STARTED).tz_convert("Asia/Tokyo") + pd.Timedelta(1, "ns"),
        np.datetime64("2026-05-01T12:00:00.000000000"),
        "2026-05-01T12:00:00Z",
        "2026-05-01T14:00:00+02:00",
        "2026-05-01T12:00:00.000",
        STARTED.timestamp(),
        int(STARTED.timestamp()) * 1000,
        np.int64(STARTED.timestamp() * 1000),
    ],
)
def test_times(told: Any) -> None:
    """A time is the same however it is told, and always a plain datetime in UTC."""
    time = time_of("started", told)
    assert (time, type(time)) == (STARTED, datetime)
    assert time is not None
    assert time.tzinfo is UTC


@pytest.mark.parametrize(
    "told", [None, 0, -1, float("nan"), pd.NaT, np.datetime64("NaT", "us"), ""]
)
def test_not_yet(told: Any) -> None:
    """None and its like mean that there is no time yet."""
    assert time_of("ended", told) is None


def test_whole_mapping() -> None:
    """Everything that a mapping may tell has its place."""
    messages = [
        "one",
        {"text": "two", "code": 7, "level": "warning", "time": STARTED},
        {"type": "esriJobMessageTypeError", "description": "as a GPJob has it"},
        {"id": "4", "level": "info", "message": "as openEO logs it", "path": []},
        Message(9, "five", "E5"),
    ]
    snapshot = said(
        {
            **RUNNING,
            "progress": np.float32(0.5),
            "messages": messages,
            "started": STARTED,
            "ended": None,
            "kind": "night run",
            "owner": "ann",
            "attributes": {"node": 3},
        }
    )
    assert snapshot.messages == (
        Message(1, "one"),
        Message(2, "two", 7, "warning", STARTED),
        Message(3, "as a GPJob has it", level="esriJobMessageTypeError"),
        Message(4, "as openEO logs it", level="info"),
        Message(5, "five", "E5"),
    )
    assert (snapshot.progress, snapshot.started, snapshot.ended) == (0.5, STARTED, None)
    assert (snapshot.kind, snapshot.owner, snapshot.attributes) == ("night run", "ann", {"node": 3})


FIELDS = ["progress", "started", "ended", "kind", "owner", "attributes"]


@pytest.mark.parametrize("name", FIELDS)
def test_what_has_no_truth(name: str) -> None:
    """Pandas' NA is missing as None is; an array is told by the name of what it stands for."""
    assert said({**RUNNING, name: pd.NA}) == said({**RUNNING, name: None})
    with pytest.raises(DocumentError, match=f"the function's {name} is a ndarray: expected "):
        said({**RUNNING, name: np.array([1, 2])})


def test_one_message_alone() -> None:
    """One text is one message."""
    assert said({**RUNNING, "messages": "alone"}).messages == (Message(1, "alone"),)


def test_snapshot() -> None:
    """A Snapshot is taken as it is, steps and document included."""
    given = Snapshot(
        id=JOB_ID,
        status=Status.RUNNING,
        raw_status="PROCESSING",
        steps_done=1,
        steps_total=5,
        messages=(Message(1, "one", 1500),),
        steps=(ToldStep("copy", begun=STARTED), ToldStep("clean", has_begun=False)),
        document={"jobId": JOB_ID},
    )
    assert said(given) == given
    naive = replace(given, steps=(ToldStep("copy", begun=STARTED.replace(tzinfo=None)),))
    assert said(naive).steps == given.steps[:1]
    assert said(given).document == given.document


def test_document() -> None:
    """With a dialect, what a server sent is read as it is over HTTP."""
    snapshot = said(document(), "mission")
    assert (snapshot.status, snapshot.owner, snapshot.steps_total) == ("running", "admin", 5)


@pytest.mark.parametrize(
    ("returned", "text"),
    [
        (None, "the function returned None: expected a Snapshot, a document (with dialect=), or"),
        ("running", "the function returned 'running': expected a Snapshot"),
        ({}, "the function returned a mapping without a status: expected status, progress"),
        (document(), "a mapping with customAttributes, jobId, startTime, type, username: expected"),
        ({**RUNNING, "message": "x"}, "the function returned a mapping with message: expected"),
        ({"status": {"error": {}}}, "the function's status is a dict: expected a word such as"),
        ({**RUNNING, "progress": 40}, "the function's progress is 40: expected a number from 0"),
        ({**RUNNING, "progress": True}, "the function's progress is True: expected a number"),
        ({**RUNNING, "messages": 5}, "the function's messages is 5: expected a list of texts"),
        ({**RUNNING, "messages": ["a", 5]}, "the function's messages[1] is 5: expected a text"),
        ({**RUNNING, "messages": [{}]}, "the function's messages[0]'s text is None: expected a"),
        ({**RUNNING, "started": "noon"}, "the function's started is 'noon': expected a datetime"),
        ({**RUNNING, "ended": 1e20}, "the function's ended is 1e+20: expected a datetime"),
        ({**RUNNING, "owner": 7}, "the function's owner is 7: expected a text"),
        ({**RUNNING, "attributes": [1]}, "the function's attributes is a list: expected a mapping"),
        (Snapshot(id="j2", status=Status.RUNNING), "expected job j1, found job j2"),
        (
            Snapshot(id=JOB_ID, status=Status.RUNNING, steps=("copy",)),  # type: ignore[arg-type]
            "the function's steps is 'copy': expected a ToldStep",
        ),
        ({**RUNNING, "owner": 7, "kind": SECRET}, "the function's owner is 7"),
    ],
)
def test_of_no_use(returned: Any, text: str) -> None:
    """What is of no use is named, with what was expected."""
    with pytest.raises(DocumentError) as raised:
        said(returned)
    assert text in str(raised.value)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "parts",
    [
        {"messages": [f"see https://x/?token={SECRET}"]},
        {"messages": [{"text": f"token={SECRET}", "code": f"token={SECRET}"}]},
        {"messages": [Message(1, f"token={SECRET}")]},
        {"kind": f"token={SECRET}"},
        {"attributes": {"url": f"https://x/?token={SECRET}", "accessToken": SECRET}},
    ],
)
def test_tokens_are_taken_out(parts: dict[str, Any]) -> None:
    """Whatever a function tells is redacted as a document is."""
    assert SECRET not in repr(said({**RUNNING, **parts}))
    messages = tuple(one for one in parts.get("messages", ()) if isinstance(one, Message))
    document = {"status": f"token={SECRET}"}
    told = Snapshot(id=JOB_ID, status=Status.RUNNING, messages=messages, document=document)
    assert SECRET not in f"{said(told)!r} {said(told).document}"
