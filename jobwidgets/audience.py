"""Who shows which job: a watch is stopped with the last widget that shows its job."""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary, WeakSet

from jobwidgets.job import Job

_widgets: WeakKeyDictionary[Job, WeakSet[object]] = WeakKeyDictionary()


def join(job: Job, widget: object) -> None:
    """Note that a widget shows a job."""
    _widgets.setdefault(job, WeakSet()).add(widget)


def leave(jobs: Iterable[Job], widget: object) -> None:
    """Note that a widget shows these jobs no more; stop those that no other widget shows."""
    for job in jobs:
        others = _widgets.setdefault(job, WeakSet())
        others.discard(widget)
        if not others:
            job.stop()
