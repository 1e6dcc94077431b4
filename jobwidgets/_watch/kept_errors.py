"""Errors that are kept, and raised for everybody who asks."""

from __future__ import annotations

from copy import copy

from jobwidgets.errors import JobwidgetsError


def again(error: JobwidgetsError) -> JobwidgetsError:
    """Return a copy of a kept error: its traceback would grow each time that it is raised."""
    made = copy(error).with_traceback(error.__traceback__)
    made.__cause__, made.__context__ = error.__cause__, error.__context__
    made.__suppress_context__ = error.__suppress_context__
    return made
