"""Which dialects there are: ours, and those of other packages."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from jobwidgets.dialects._dialect import Dialect
from jobwidgets.dialects.geoprocessing import Geoprocessing
from jobwidgets.dialects.mission import Mission
from jobwidgets.dialects.ogc import Ogc
from jobwidgets.dialects.openeo import OpenEO
from jobwidgets.dialects.relatives import Kubernetes, NotebookServer, ServerAdmin, VideoServer

_log = logging.getLogger("jobwidgets")

GROUP = "jobwidgets.dialects"
"""The group of entry points; each has the name of the subclass of `Dialect` that it leads to."""

# Mission's shape is that of its relatives, each of which has a mark of its own: it comes last.
_OURS: tuple[Dialect, ...] = (
    Geoprocessing(),
    Ogc(),
    OpenEO(),
    NotebookServer(),
    VideoServer(),
    ServerAdmin(),
    Kubernetes(),
    Mission(),
)
_BY_NAME = {dialect.name: dialect for dialect in _OURS}


def known_dialects() -> list[Dialect]:
    """Return all dialects, ours first."""
    found = list(_OURS)
    for point in _points():
        try:
            found += [_loaded(point)] if point.name not in _BY_NAME else []
        except ValueError as error:  # jobs of other servers go on without it
            _log.warning("%s", error)
    return found


def others_are_known() -> bool:
    """Return whether there is a dialect of another package."""
    return any(point.name not in _BY_NAME for point in _points())


def find_dialect(given: str | Dialect) -> Dialect:
    """Return the dialect that is called so, or the one that is given.

    Parameters
    ----------
    given
        A name: one of ours, or an entry point's of the group ``jobwidgets.dialects``; or an
        object of somebody's own subclass of `Dialect`.

    Raises
    ------
    TypeError
        If it is neither a name nor a dialect.
    ValueError
        If no dialect has that name; the text names the known ones. Or an entry point leads to
        none.
    """
    if isinstance(given, Dialect):
        return given
    if isinstance(given, type) and issubclass(given, Dialect):
        raise TypeError(f"dialect is a class: give an object of it, {given.__name__}()")
    if not isinstance(given, str):
        found = type(given).__name__
        raise TypeError(f"dialect is a name or an object of a Dialect, found a {found}")
    if given in _BY_NAME:
        return _BY_NAME[given]
    points = {point.name: point for point in _points()}
    if given not in points:
        known = ", ".join([*_BY_NAME, *points])
        raise ValueError(f"dialect is {given!r}; expected one of: {known}")
    return _loaded(points[given])


def known_or_none(name: str | None) -> Dialect | None:
    """Return the dialect called so; None of None, and of one that is not installed."""
    try:
        return None if name is None else find_dialect(name)
    except ValueError:
        return None


def _points() -> Iterable[EntryPoint]:
    return _points_on(tuple(sys.path))


@lru_cache(maxsize=1)  # to look through what is installed takes its time
def _points_on(_: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))


@lru_cache(maxsize=64)
def _loaded(point: EntryPoint) -> Dialect:
    try:
        loaded = point.load()
    except Exception as error:
        raise ValueError(f"the dialect {point.name!r} of {point.value} cannot be loaded") from error
    dialect = loaded() if isinstance(loaded, type) else loaded
    if not isinstance(dialect, Dialect) or getattr(dialect, "name", None) != point.name:
        raise ValueError(f"{point.value} is no Dialect with the name {point.name!r}")
    return dialect
