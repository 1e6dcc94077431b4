"""Jupyter widgets that watch long jobs on a server, and stay true.

``JobWidget(url)`` as the last line of a cell shows a job live; `Job` is the same without a view;
``JobBoard(jobs)`` shows any number of them; `jobs_frame`, `messages_frame` and `snapshots_frame`
turn jobs into pandas DataFrames.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jobwidgets.answer import (
    BodyError,
    ExchangeError,
    NoSuchJobError,
    RefusedError,
    ServerError,
    TransportError,
    UnauthorisedError,
)
from jobwidgets.budget import configure
from jobwidgets.contact import Contact
from jobwidgets.dialects import DocumentError
from jobwidgets.history import JobCancelledError, JobFailedError, JobGoneError, JobHistory
from jobwidgets.job import CancelUnsupportedError, Job, WatchStoppedError
from jobwidgets.jobs import Jobs
from jobwidgets.snapshot import JobwidgetsError, Message, Snapshot, Status
from jobwidgets.widget import JobWidget

if TYPE_CHECKING:
    from jobwidgets.board import JobBoard
    from jobwidgets.frames import jobs_frame, messages_frame, snapshots_frame

__version__ = "0.1.0"

__all__ = [
    "BodyError",
    "CancelUnsupportedError",
    "Contact",
    "DocumentError",
    "ExchangeError",
    "Job",
    "JobBoard",
    "JobCancelledError",
    "JobFailedError",
    "JobGoneError",
    "JobHistory",
    "JobWidget",
    "Jobs",
    "JobwidgetsError",
    "Message",
    "NoSuchJobError",
    "RefusedError",
    "ServerError",
    "Snapshot",
    "Status",
    "TransportError",
    "UnauthorisedError",
    "WatchStoppedError",
    "configure",
    "jobs_frame",
    "messages_frame",
    "snapshots_frame",
]

# pandas costs 300 ms of import in a kernel, the views of a board some more: each waits until it is
# asked for.
_LATE = {
    "JobBoard": "board",
    "jobs_frame": "frames",
    "messages_frame": "frames",
    "snapshots_frame": "frames",
}


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return getattr(import_module(f"jobwidgets.{_LATE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
