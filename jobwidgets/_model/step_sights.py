"""When each step of which documents tell was first seen to begin, and to end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from jobwidgets._model.snapshot import Snapshot, ToldStep


def seen_steps(snapshot: Snapshot, before: Snapshot | None) -> tuple[ToldStep, ...]:
    """Return the steps of a document, each with when it was first seen.

    A step is the same as in the document before by its name, and by which one of that name it is.
    It keeps its first sights, even while a document does not say what one before has said. When
    the job starts anew under its id, all is new.

    Parameters
    ----------
    before
        The snapshot before, its steps with their first sights; None before the first.
    """
    known = {} if before is None or _is_anew(snapshot, before) else _by_key(before.steps)
    return tuple(
        _seen(step, known.get(key), snapshot.seen) for key, step in _by_key(snapshot.steps).items()
    )


def _is_anew(snapshot: Snapshot, before: Snapshot) -> bool:
    began, began_before = snapshot.started, before.started
    return began is not None and began_before is not None and began > began_before


def _by_key(steps: Sequence[ToldStep]) -> dict[tuple[str, int], ToldStep]:
    names: defaultdict[str, int] = defaultdict(int)
    found: dict[tuple[str, int], ToldStep] = {}
    for step in steps:
        names[step.name] += 1
        found[step.name, names[step.name]] = step
    return found


def _seen(step: ToldStep, known: ToldStep | None, now: datetime | None) -> ToldStep:
    begun = None if known is None else known.begun_seen
    ended = None if known is None else known.ended_seen
    if begun is None and (step.has_begun or step.has_ended):
        begun = now
    if ended is None and step.has_ended:
        ended = now
    return replace(step, begun_seen=begun, ended_seen=ended)
