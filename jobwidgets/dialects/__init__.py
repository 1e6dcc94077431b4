"""One file a server family: its documents, its URLs, its error bodies."""

from __future__ import annotations

from jobwidgets._model.exchanged import Answer, CancelAnswer, JobPage, LogPage, Request
from jobwidgets.dialects._dialect import Dialect
from jobwidgets.dialects._refusals import refused

__all__ = [
    "Answer",
    "CancelAnswer",
    "Dialect",
    "JobPage",
    "LogPage",
    "Request",
    "find_dialect",
    "refused",
]

_known: dict[str, Dialect] = {}


def find_dialect(name: str | Dialect) -> Dialect:
    """Return the dialect called `name`, or the one given; ValueError names the known ones."""
    if isinstance(name, Dialect):
        return name
    # Imported here: `jobwidgets.dialects` alone brings none of them.
    from jobwidgets.dialects.mission import Mission

    if not _known:
        _known["mission"] = Mission()
    if name not in _known:
        raise ValueError(f"dialect is {name!r}; expected one of: {', '.join(_known)}")
    return _known[name]
