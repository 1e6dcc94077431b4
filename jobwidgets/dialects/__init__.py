"""One file a server family: its documents, its URLs, its error bodies."""

from __future__ import annotations

from jobwidgets._model.exchanged import Answer, CancelAnswer, JobPage, LogPage, Request
from jobwidgets._model.snapshot import ToldStep
from jobwidgets.dialects._check import check
from jobwidgets.dialects._dialect import Dialect
from jobwidgets.dialects._known import find_dialect, known_dialects
from jobwidgets.dialects._refusals import refused

__all__ = [
    "Answer",
    "CancelAnswer",
    "Dialect",
    "JobPage",
    "LogPage",
    "Request",
    "ToldStep",
    "check",
    "find_dialect",
    "known_dialects",
    "refused",
]
