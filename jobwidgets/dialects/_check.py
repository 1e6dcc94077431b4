"""A check of a dialect, for its makers' tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from jobwidgets._model.exchanged import Answer
from jobwidgets._model.snapshot import Message, Snapshot, ToldStep
from jobwidgets._model.soundness import problem_of
from jobwidgets.dialects._dialect import Dialect
from jobwidgets.errors import JobwidgetsError

Facts: TypeAlias = Mapping[str, Any] | type[JobwidgetsError]

_NAMES = [one.name for one in fields(Snapshot)]


def check(dialect: Dialect, cases: Iterable[tuple[object, Facts]]) -> None:
    """Read documents with a dialect, and compare what it says of each with what is expected.

    Parameters
    ----------
    dialect
        An object of a subclass of `Dialect`.
    cases
        Pairs of a document (or an `Answer`) and the facts expected of it: attributes of `Snapshot`
        by their names, or the class of the error that it is to raise. ``status`` may be the word,
        ``messages`` their texts, ``steps`` their names, a time an ISO 8601 text.

    Raises
    ------
    AssertionError
        If something is not as expected; the text tells all that is not. Also if the dialect reads
        one answer in two ways or says a progress beyond 0…1, has no name, or if there is no case.

    Examples
    --------
    >>> from jobwidgets.dialects import check, find_dialect
    >>> check(find_dialect("ogc"), [({"jobID": "7", "status": "running"}, {"status": "running"})])
    """
    problems = [] if isinstance(getattr(dialect, "name", None), str) else ["it has no name"]
    number = 0
    for number, (document, facts) in enumerate(cases, start=1):
        answer = document if isinstance(document, Answer) else Answer(document)
        problems += [f"case {number}: {one}" for one in _problems(dialect, answer, facts)]
    if not number:
        problems.append("there is no case")
    if problems:
        raise AssertionError("\n".join(problems))


def _problems(dialect: Dialect, answer: Answer, facts: Facts) -> list[str]:
    try:
        found = dialect.read(answer)
    except JobwidgetsError as error:
        is_expected = isinstance(facts, type) and isinstance(error, facts)
        return [] if is_expected else [f"{type(error).__name__} was raised: {error}"]
    except Exception as error:  # noqa: BLE001 - that is what is checked
        return [f"read() raised {type(error).__name__}, which is no error of jobwidgets: {error}"]
    if isinstance(facts, type):
        return [f"expected {facts.__name__}, found a {type(found).__name__}"]
    if problem := problem_of(found):
        return [f"read() returned no sound snapshot: {problem}"]
    problems = [_problem(found, name, facts[name]) for name in facts]
    if dialect.read(answer) != found:
        problems.append("read() is no pure function: it says something else the second time")
    return [one for one in problems if one]


def _problem(found: Snapshot, name: str, expected: object) -> str:
    if name not in _NAMES:
        return f"a Snapshot has no {name!r}; it has {', '.join(_NAMES)}"
    value, wanted = _plain(getattr(found, name)), _plain(expected)
    if isinstance(value, datetime) and isinstance(wanted, str):
        wanted = datetime.fromisoformat(wanted)
    return "" if value == wanted else f"{name} is {value!r}, expected {wanted!r}"


def _plain(value: object) -> object:
    """Return what is compared: the texts of messages, the names of steps, the words of statuses."""
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, Message):
        return value.text
    if isinstance(value, ToldStep):
        return value.name
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
