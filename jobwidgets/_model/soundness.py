"""Whether a snapshot is what its fields promise: a dialect of somebody else's may have made it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import NoneType
from typing import Any, TypeAlias

from jobwidgets._model.snapshot import Message, Snapshot, Status, ToldStep
from jobwidgets.errors import DocumentError

_LARGEST = 2**63 - 1
_Kinds: TypeAlias = Mapping[str, tuple[type, ...]]
_KINDS: _Kinds = {
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
_MESSAGE_KINDS: _Kinds = {
    "number": (int,),
    "text": (str,),
    "code": (int, str, NoneType),
    "level": (str, NoneType),
    "time": (datetime, NoneType),
}
_STEP_KINDS: _Kinds = {
    "name": (str,),
    "has_begun": (bool,),
    "has_ended": (bool,),
    "begun": (datetime, NoneType),
    "ended": (datetime, NoneType),
}


def sound(snapshot: Snapshot, dialect: str) -> Snapshot:
    """Return what a dialect of this name has read; DocumentError unless it is sound."""
    if problem := problem_of(snapshot):
        raise DocumentError(f"the dialect {dialect!r} has read no sound snapshot: {problem}")
    return snapshot


def problem_of(snapshot: object) -> str:
    """Return what is wrong with what a dialect has read: what was found and expected; "" if not."""
    if not isinstance(snapshot, Snapshot):
        return f"expected a Snapshot, found a {type(snapshot).__name__}"
    problem = _problem(snapshot, _KINDS)
    if not problem and snapshot.progress is not None and not 0 <= snapshot.progress <= 1:
        problem = f"progress is {snapshot.progress}, expected 0…1"
    messages, steps = snapshot.messages, snapshot.steps
    problem = problem or _odd_part("message", messages, Message, _MESSAGE_KINDS)
    return problem or _odd_part("step", steps, ToldStep, _STEP_KINDS)


def _odd_part(name: str, parts: tuple[Any, ...], kind: type, kinds: _Kinds) -> str:
    for part in parts:
        if not isinstance(part, kind):
            return f"{name}s hold a {type(part).__name__}, expected a {kind.__name__}"
        if problem := _problem(part, kinds):
            return f"a {name}'s {problem}"
    return ""


def _problem(value: object, kinds: _Kinds) -> str:
    for name, expected in kinds.items():
        found = getattr(value, name)
        is_bool = type(found) is bool and bool not in expected  # which counts as an int
        if not isinstance(found, expected) or is_bool:
            words = " or ".join("None" if kind is NoneType else kind.__name__ for kind in expected)
            return f"{name} is a {type(found).__name__}, expected {words}"
        if isinstance(found, int) and not -_LARGEST <= found <= _LARGEST:
            return f"{name} is beyond 64 bits"
        if isinstance(found, datetime) and found.tzinfo is None:
            return f"{name} is a time without a zone, expected one in UTC"
    return ""
