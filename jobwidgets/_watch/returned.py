"""What a user's function returned, as a snapshot: pure functions.

Each raises DocumentError where a value is of no use; its text names what was found and what was
expected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from jobwidgets._model.number import as_float
from jobwidgets._model.redact import redacted, redacted_document
from jobwidgets._model.snapshot import Message, Snapshot, Status, ToldStep
from jobwidgets._model.soundness import sound
from jobwidgets.dialects import Answer, Dialect, known_dialects
from jobwidgets.dialects._facts import status_in, status_of
from jobwidgets.errors import DocumentError

NAMES = ("status", "progress", "messages", "started", "ended", "kind", "owner", "attributes")
"""What a mapping may tell of a job, in this project's words; the status is always told."""

_NOT_TOLD = {"id", "document", "seen"}
_OF_SNAPSHOT = tuple(one.name for one in fields(Snapshot) if one.name not in _NOT_TOLD)
# A message's parts: ours, those of a GPJob's messages, and those of an openEO log entry.
_TEXTS = ("text", "description", "message")
_LEVELS = ("level", "type")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_SECONDS = 1e11  # the year 5138; as milliseconds that is 1973
_ROUNDING = 1e-6  # by which a sum of parts may be more than the whole


def snapshot_of(returned: object, job_id: str, dialect: Dialect | None = None) -> Snapshot:
    """Return what a user's function says of a job.

    Parameters
    ----------
    returned
        A `Snapshot`; a document, where there is a dialect; else a mapping with some of `NAMES`.
    job_id
        Of the job that is meant.
    dialect
        Reads a document; None reads a mapping.
    """
    if isinstance(returned, Snapshot):
        _check_id(returned.id, job_id)
        told = {name: getattr(returned, name) for name in _OF_SNAPSHOT}
        return _snapshot(told, job_id, returned.document)
    if not isinstance(returned, Mapping):
        raise DocumentError(f"the function returned {_found(returned)}: expected {_expected()}")
    if dialect is not None:
        snapshot = sound(dialect.read(Answer(redacted_document(returned))), dialect.name)
        _check_id(snapshot.id, job_id)
        return snapshot
    _check_names(returned)
    return _snapshot(returned, job_id, {})  # there is no document of a server's


def _expected() -> str:
    return f"a Snapshot, a document (with dialect=), or a mapping of {', '.join(NAMES)}"


def _check_id(found: str, job_id: str) -> None:
    if found != job_id:
        raise DocumentError(f"expected job {job_id}, found job {redacted(str(found))}")


def _check_names(told: Mapping[Any, Any]) -> None:
    unknown = sorted(str(name)[:40] for name in told if name not in NAMES)
    if unknown or "status" not in told:
        found = f"with {', '.join(unknown[:8])}" if unknown else "without a status"
        hint = "; a server's document needs dialect=, other facts go into attributes"
        raise DocumentError(
            f"the function returned a mapping {found}: expected {', '.join(NAMES)}"
            + (hint if unknown else "")
        )


def _snapshot(told: Mapping[str, Any], job_id: str, document: Mapping[str, Any]) -> Snapshot:
    told = redacted_document({**told, "messages": _listed(told.get("messages"))})
    word = _word(told["status"])
    attributes = {} if told.get("attributes") is None else told["attributes"]
    if not isinstance(attributes, Mapping):
        raise _error("attributes", attributes, "a mapping")
    return Snapshot(
        id=job_id,
        status=known_status(word),
        raw_status=_text("raw_status", told.get("raw_status")) or word,
        steps_done=_count("steps_done", told.get("steps_done")),
        steps_total=_count("steps_total", told.get("steps_total")),
        progress=_progress(told.get("progress")),
        messages=tuple(_message(n, one) for n, one in enumerate(told["messages"], start=1)),
        started=time_of("started", told.get("started")),
        ended=time_of("ended", told.get("ended")),
        owner=_text("owner", told.get("owner")),
        kind=_text("kind", told.get("kind")),
        attributes=attributes,
        steps=tuple(map(_step, told.get("steps") or ())),
        document=redacted_document(document),
    )


def _word(status: object) -> str:
    """Return the word for a status; a member of an Enum is its value, else its name."""
    if isinstance(status, Enum):
        status = status.value if isinstance(status.value, str) else status.name
    if not isinstance(status, str) or not status.strip():
        raise _error("status", status, f"a word such as {', '.join(Status)}")
    return str(status)


def known_status(word: str) -> Status:
    """Return the status that a word of ours or of a server's stands for."""
    try:
        return Status(word.strip().casefold())
    except ValueError:
        found = (status_in(dialect.words, word) for dialect in known_dialects())
        known = (status for status in found if status is not Status.UNKNOWN)
        return next(known, status_of(word, cancelled=False))


def _progress(told: object) -> float | None:
    number = None if told is None else as_float(told)
    if told is not None and (number is None or not -_ROUNDING <= number <= 1 + _ROUNDING):
        raise _error("progress", told, "a number from 0 to 1, or None")
    return None if number is None else min(max(number, 0.0), 1.0)


def _count(name: str, told: object) -> int | None:
    number = None if told is None else as_float(told)
    if told is not None and (number is None or number != number // 1):
        raise _error(name, told, "a whole number, or None")
    return None if number is None else int(number)


def _text(name: str, told: object) -> str | None:
    if told is not None and not isinstance(told, str):
        raise _error(name, told, "a text, or None")
    return told


def _listed(messages: object) -> list[object]:
    """Return the messages as a list; one alone may stand without a list."""
    if messages is None:
        return []
    if isinstance(messages, str | Mapping | Message):
        messages = [messages]
    if not isinstance(messages, Iterable):
        raise _error("messages", messages, "a list of texts or mappings")
    return [_parts(one) if isinstance(one, Message) else one for one in messages]


def _parts(message: Message) -> dict[str, Any]:
    return {name: getattr(message, name) for name in ("text", "code", "level", "time")}


def _message(number: int, told: object) -> Message:
    if isinstance(told, str):
        return Message(number, told)
    name = f"messages[{number - 1}]"
    if not isinstance(told, Mapping):
        raise _error(name, told, "a text, or a mapping of text, code, level, time")
    text, level = _first(told, _TEXTS), _first(told, _LEVELS)
    code = told.get("code")
    if not isinstance(text, str):
        raise _error(f"{name}'s text", text, "a text")
    if isinstance(code, bool) or not isinstance(code, int | str | None):
        raise _error(f"{name}'s code", code, "a number, a word, or None")
    time = time_of(f"{name}'s time", told.get("time"))
    return Message(number, text, code, _text(f"{name}'s level", level), time)


def _step(told: object) -> ToldStep:
    if not isinstance(told, ToldStep) or not isinstance(told.name, str):
        raise _error("steps", told, "a ToldStep with a name each")
    begun, ended = (time_of("step's time", time) for time in (told.begun, told.ended))
    return replace(told, name=redacted(told.name), begun=begun, ended=ended)


def _first(told: Mapping[Any, Any], names: Iterable[str]) -> object:
    return next((told[name] for name in names if told.get(name) is not None), None)


def time_of(name: str, told: object) -> datetime | None:
    """Return a time in UTC; None, NaN, NaT, 0, a negative number and "" mean "not yet".

    Parameters
    ----------
    name
        What an error calls it.
    told
        A datetime, pandas' and numpy's too, or its ISO 8601 text, UTC where it has no zone; or the
        time since 1970 in seconds, or from 100,000,000,000 on in milliseconds.
    """
    if type(told).__name__ == "datetime64":  # numpy's, which is not imported for this
        told = "" if str(told) == "NaT" else str(told)
    try:
        if told is None or told == "" or told != told:
            return None
        if isinstance(told, str):
            told = datetime.fromisoformat(told.strip())
        if isinstance(told, datetime):
            return _utc(told)
        number = as_float(told)
        if number is not None:
            seconds = number if number < _LARGEST_SECONDS else number / 1000
            return _EPOCH + timedelta(seconds=seconds) if number > 0 else None
    except (TypeError, ValueError, OverflowError):
        pass
    raise _error(name, told, "a datetime, an ISO 8601 text, or the seconds or ms since 1970")


def _utc(time: datetime) -> datetime:
    aware = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    # pandas' Timestamp is a datetime, and counts nanoseconds.
    return datetime.combine(aware.date(), aware.time(), UTC)


def _error(name: str, found: object, expected: str) -> DocumentError:
    return DocumentError(f"the function's {name} is {_found(found)}: expected {expected}")


def _found(thing: object) -> str:
    if thing is None or isinstance(thing, str | int | float):
        return redacted(repr(thing)[:200])
    return f"a {type(thing).__name__}"
