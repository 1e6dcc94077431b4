"""What a value in a job document stands for: the watch and the frames both go by this.

Each function takes whatever JSON value a server sent, and a value that is not of the kind is
missing: None. What no page of Esri's says is a policy of this project, and marked "ours".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from jobwidgets._model.snapshot import Status

LARGEST_COUNT = 2**63 - 1
"""What the nullable integers of the frames hold, in both directions."""
LAST_MILLISECOND = 253_402_300_799_999
"""The end of the year 9999: there are no later datetimes."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_SECONDS = 1e11  # the year 5138; as milliseconds that is 1973

# Only COMPLETED is documented for Mission; the others are sibling Esri servers' words. Compared
# without case, spaces, `_` and `-`, and without the "esriJob" of geoprocessing servers:
# https://developers.arcgis.com/enterprise-sdk/api-reference/net/esriJobStatus
STATUS_WORDS = {
    "submitted": Status.QUEUED,
    "new": Status.QUEUED,  # esriJobNew
    "waiting": Status.QUEUED,  # esriJobWaiting: "for available job processor"
    "pending": Status.QUEUED,  # jobs of feature services
    "processing": Status.RUNNING,
    "executing": Status.RUNNING,
    "inprogress": Status.RUNNING,  # Video Server
    "cancelling": Status.CANCELLING,
    "canceling": Status.CANCELLING,
    # esriJobDeleting, "is being deleted": it comes to nothing, but not yet (ours).
    "deleting": Status.CANCELLING,
    "cancelled": Status.CANCELLED,
    "canceled": Status.CANCELLED,
    "statuscancelled": Status.CANCELLED,  # Survey123's reports say esriJobStatusCancelled
    # esriJobDeleted, "has been deleted": deleting a job cancels it, its administrator API says:
    # https://developers.arcgis.com/rest/enterprise-administration/server/job-get-.htm
    "deleted": Status.CANCELLED,
    "completed": Status.SUCCEEDED,
    "succeeded": Status.SUCCEEDED,  # esriJobSucceeded
    # Survey123 hands out the results of esriJobPartialSucceeded, with a remark.
    "partialsucceeded": Status.SUCCEEDED,
    "completedwithwarnings": Status.SUCCEEDED,  # a warning is no failure (ours)
    "failed": Status.FAILED,
    "timedout": Status.FAILED,  # esriJobTimedOut: "the job execution has timed out"
    # Jobs of feature services: part of what was asked for is missing. Taken for a success,
    # the rest would pass for the whole (ours); the raw status tells the difference.
    "completedwitherrors": Status.FAILED,
}
_SEPARATORS = str.maketrans("", "", " _-")

# The parts of a document that have a place of their own in a Snapshot, and the JSON types that
# fit there. A value of another type is kept in `attributes` under its name.
PLACED: dict[str, type | tuple[type, ...]] = {
    "jobId": str,
    "status": str,
    "messages": list,
    "startTime": (int, float, datetime),
    "endTime": (int, float, datetime),
    "type": str,
    "username": str,
    "customAttributes": Mapping,
}


def custom_of(job: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the custom attributes; none where the server sent no object."""
    custom = job.get("customAttributes")
    return custom if isinstance(custom, Mapping) else {}


def attributes_of(job: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the custom attributes, and what has no place of its own; null is as good as absent."""
    custom, unplaced = custom_of(job), _unplaced(job)
    if not unplaced:
        return custom
    return {**unplaced, **{k: v for k, v in custom.items() if v is not None or k not in unplaced}}


def attribute_of(job: Mapping[str, Any], name: str) -> Any:
    """Return one of the attributes; None where the server sent none."""
    value = custom_of(job).get(name)
    return _unplaced({name: job.get(name)}).get(name) if value is None else value


def _unplaced(job: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in job.items()
        if name not in PLACED or not (value is None or _fits(value, PLACED[name]))
    }


def _fits(value: object, kind: type | tuple[type, ...]) -> bool:
    # None of the kinds is a bool, which Python counts as an int.
    return isinstance(value, kind) and not isinstance(value, bool)


def status_of(raw: str | None, *, cancelled: bool) -> Status:
    """Return the status; isCancelled turns an end to cancelled, but a failure stays one (ours)."""
    word = (raw or "").casefold().translate(_SEPARATORS).removeprefix("esrijob")
    status = STATUS_WORDS.get(word, Status.UNKNOWN)
    if cancelled and status is Status.SUCCEEDED:
        return Status.CANCELLED
    if cancelled and status in {Status.QUEUED, Status.RUNNING}:
        return Status.CANCELLING
    return status


def progress_of(done: int | None, total: int | None, status: Status) -> float | None:
    """Return 0…1; None without usable counters."""
    if done is None or not total or total < 0:
        return None
    if status is Status.SUCCEEDED:
        return 1.0
    return min(max(float(done) / float(total), 0.0), 1.0)


def texts_of(messages: object) -> list[str]:
    """Return the messages' texts; what is no list is one message."""
    if isinstance(messages, list):
        return [line_of(message) for message in messages]
    return [] if messages is None else [line_of(messages)]


def codes_of(codes: object, number: int) -> list[Any]:
    """Return what stands for the codes of so many messages: they are paired by their places."""
    codes = codes if isinstance(codes, list) else []
    return [*codes[:number], *[None] * (number - len(codes))]


def message_code_of(value: object) -> int | str | None:
    """Return a message's code, as a number if it can be one."""
    code = code_of(value)
    return code if code is not None or value is None else line_of(value)


def code_of(value: object) -> int | None:
    """Return a code, which may be a number written as a text."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value) if len(value) < len(str(LARGEST_COUNT)) else None
    return count_of(value)


def count_of(value: object) -> int | None:
    """Return a whole number; None for everything else (1.5, NaN, a text, true)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not abs(value) <= LARGEST_COUNT or value != int(value):  # NaN compares as false
        return None
    return int(value)


def time_of(value: object) -> datetime | None:
    """Return epoch milliseconds as UTC; 0, a negative or no number means "not yet".

    A datetime, which a table may have made of a number, is taken as it is.
    """
    if isinstance(value, datetime):
        return value if value > _EPOCH else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 < value <= LAST_MILLISECOND or value < 1:
        return None
    return _EPOCH + timedelta(milliseconds=int(value))


def text_of(value: object) -> str | None:
    """Return a text; None for anything else."""
    return value if isinstance(value, str) else None


def line_of(value: object) -> str:
    """Return a text as it is, a list as its joined texts, anything else as its JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        if isinstance(value, Sequence):
            return " ".join(line_of(item) for item in value)
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return "…"  # no words are nested that deeply


def status_in(words: Mapping[str, Status], raw: str | None) -> Status:
    """Return the status that a server's word stands for: its case and separators do not count."""
    word = (raw or "").casefold().translate(_SEPARATORS)
    return words.get(word, Status.UNKNOWN)


def moment_of(value: object) -> datetime | None:
    """Return a time in UTC; null, 0, a negative number and what is no time mean "not yet".

    ISO 8601 texts are UTC where they name no zone; numbers are seconds since 1970, or from
    100,000,000,000 on milliseconds.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 < value <= LAST_MILLISECOND:  # NaN compares as false
        return None
    seconds = value / 1000 if value >= _LARGEST_SECONDS else value
    return _EPOCH + timedelta(seconds=seconds)


def _utc(value: datetime) -> datetime | None:
    try:
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        return None
    return aware if aware > _EPOCH else None


def percent_of(value: object) -> float | None:
    """Return 0…1 for a number of per cent, which may be above or below; None for no number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return min(max(value, 0.0), 100.0) / 100


def first_text(document: Mapping[str, Any], *names: str) -> str | None:
    """Return the first of some values that is a text, and not an empty one."""
    texts = (document.get(name) for name in names)
    return next((text for text in texts if isinstance(text, str) and text), None)


def without(document: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return what has no place of its own in a snapshot."""
    return {name: value for name, value in document.items() if name not in names}
