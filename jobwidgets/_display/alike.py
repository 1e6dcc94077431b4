"""What all jobs of a board have in common is said once, in place of a column: pure functions."""

from __future__ import annotations

from collections.abc import Iterable

from jobwidgets._display.words import Shown, kind, owner


def alike(jobs: Iterable[Shown]) -> dict[str, str]:
    """Return the kind and the owner, as far as all jobs that were seen have the same.

    Its keys are the names of the columns that are not needed then.
    """
    latest = [job.history.latest for job in jobs if job.history.latest is not None]
    same: dict[str, str] = {}
    if _is_one(one.kind for one in latest):
        same["kind"] = kind(latest[0])
    if _is_one(one.owner for one in latest):
        same["owner"] = owner(latest[0])
    return {name: text for name, text in same.items() if text}


def caption(same: dict[str, str]) -> str:
    """Return what the jobs have in common, in a line."""
    return " · ".join(same.values())


def _is_one(values: Iterable[str | None]) -> bool:
    return len(set(values)) == 1
