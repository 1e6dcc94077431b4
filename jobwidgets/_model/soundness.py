"""Whether a snapshot is what its fields promise: a dialect of somebody else's may have made it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import NoneType
from typing import Any

from jobwidgets._model.snapshot import Message, Snapshot, Status, ToldStep

_LARGEST = 2**63 - 1
_KINDS: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "status": (Status,),
    "raw_status": (str, NoneType),
    "steps_done": (int, NoneType),
    "steps_total": (int, NoneType),
    "progress": (int, float, NoneType),
    "messages": (tuple,),
    "started": (datetime, NoneType),
    "ended": (datetime, NoneType),
    "owner": (str, NoneType),
    "kind": (str, NoneType),
    "attributes": (Mapping,),
    "steps": (tuple,),
}
_MESSAGE_KINDS: dict[str, tuple[type, ...]] = {
    "number": (int,),
    "text": (str,),
    "code": (int, str, NoneType),
    "level": (str, NoneType),
    "time": (datetime, NoneType),
}


def problem_of(snapshot: object) -> str:
    """Return what is wrong with what a dialect has read: what was found and expected; "" if not."""
    if not isinstance(snapshot, Snapshot):
        return f"expected a Snapshot, found a {type(snapshot).__name__}"
    problem = _problem(snapshot, _KINDS)
    if not problem and snapshot.progress is not None and not 0 <= snapshot.progress <= 1:
        problem = f"progress is {snapshot.progress}, expected 0…1"
    return problem or _odd_message(snapshot.messages) or _odd_step(snapshot.steps)


def _odd_message(messages: tuple[Any, ...]) -> str:
    for message in messages:
        if not isinstance(message, Message):
            return f"messages hold a {type(message).__name__}, expected a Message"
        if problem := _problem(message, _MESSAGE_KINDS):
            return f"a message's {problem}"
    return ""


def _odd_step(steps: tuple[Any, ...]) -> str:
    odd = next((step for step in steps if not isinstance(step, ToldStep)), None)
    return "" if odd is None else f"steps hold a {type(odd).__name__}, expected a ToldStep"


def _problem(value: object, kinds: Mapping[str, tuple[type, ...]]) -> str:
    for name, expected in kinds.items():
        found = getattr(value, name)
        if not isinstance(found, expected) or type(found) is bool:
            words = " or ".join("None" if kind is NoneType else kind.__name__ for kind in expected)
            return f"{name} is a {type(found).__name__}, expected {words}"
        if isinstance(found, int) and not -_LARGEST <= found <= _LARGEST:
            return f"{name} is beyond 64 bits"
        if isinstance(found, datetime) and found.tzinfo is None:
            return f"{name} is a time without a zone, expected one in UTC"
    return ""
