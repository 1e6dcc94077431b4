"""Jupyter widgets that watch long jobs on a server, and stay true.

``JobWidget(url)`` as the last line of a cell shows a job live; `Job` is the same without a view;
``JobBoard(jobs)`` shows any number of them; `jobs_frame`, `messages_frame`, `snapshots_frame`
and `steps_frame` turn jobs into pandas DataFrames.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jobwidgets._http.budget import configure
from jobwidgets._model.contact import Contact
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Message, Snapshot, Status
from jobwidgets._watch.pace import Pace
from jobwidgets._widgets.job import JobWidget
from jobwidgets.errors import (
    BodyError,
    CancelUnsupportedError,
    CertificateError,
    DocumentError,
    ExchangeError,
    JobCancelledError,
    JobFailedError,
    JobGoneError,
    JobwidgetsError,
    NoSuchHostError,
    NoSuchJobError,
    ProtocolError,
    RefusedError,
    ServerError,
    TransportError,
    UnauthorisedError,
    WatchStoppedError,
)
from jobwidgets.job import Job
from jobwidgets.jobs import Jobs

if TYPE_CHECKING:
    from jobwidgets._widgets.board import JobBoard
    from jobwidgets.frames import (
        jobs_frame,
        messages_frame,
        read_documents,
        snapshots_frame,
        steps_frame,
        write_dataset,
        write_documents,
    )

__version__ = "0.1.0"

__all__ = [
    "BodyError",
    "CancelUnsupportedError",
    "CertificateError",
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
    "NoSuchHostError",
    "NoSuchJobError",
    "Pace",
    "ProtocolError",
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
    "read_documents",
    "snapshots_frame",
    "steps_frame",
    "write_dataset",
    "write_documents",
]

# pandas costs 300 ms of import in a kernel, the views of a board some more: each waits until it is
# asked for.
_LATE = {
    "JobBoard": "_widgets.board",
    "jobs_frame": "frames",
    "messages_frame": "frames",
    "read_documents": "frames",
    "snapshots_frame": "frames",
    "steps_frame": "frames",
    "write_dataset": "frames",
    "write_documents": "frames",
}


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return getattr(import_module(f"jobwidgets.{_LATE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
