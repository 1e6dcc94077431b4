"""Who shows which job: a watch is stopped with the last widget that shows its job."""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary, WeakSet

from jobwidgets.job import Job

_widgets: WeakKeyDictionary[Job, WeakSet[object]] = WeakKeyDictionary()
_left: WeakSet[Job] = WeakSet()


def join(job: Job, widget: object) -> None:
    """Note that a widget shows a job; a watch that the last one ended begins anew."""
    _widgets.setdefault(job, WeakSet()).add(widget)
    if job in _left:
        _left.discard(job)
        if not job._watch.is_done:
            job.start()


def leave(jobs: Iterable[Job], widget: object) -> None:
    """Note that a widget shows these jobs no more; stop those that no other widget shows."""
    for job in jobs:
        others = _widgets.setdefault(job, WeakSet())
        others.discard(widget)
        if not others:
            job.stop()
            _left.add(job)
