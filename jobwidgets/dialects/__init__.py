"""One file a server family: its documents, its URLs, its error bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from jobwidgets._model.snapshot import Snapshot
from jobwidgets._model.steps import StepCodes


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an error body says.

    Parameters
    ----------
    code
        The server's error code, None where it sent none. It often differs from the HTTP status.
    text
        The server's words, on one line; "" where it sent none.
    """

    code: int | None
    text: str


class Dialect(Protocol):
    """How one family of servers speaks of jobs: pure functions, no I/O."""

    @property
    def name(self) -> str:
        """The name that `Job(dialect=…)` takes."""

    @property
    def cancel_note(self) -> str | None:
        """Why jobs cannot be cancelled over this resource; None where they can."""

    @property
    def steps(self) -> Sequence[StepCodes]:
        """The steps that message codes tell of, in the order of a job's life; () if none do."""

    @property
    def query(self) -> Mapping[str, str]:
        """Parameters that every request of this dialect carries."""

    def authorization(self, token: str) -> tuple[str, str]:
        """Return the name and value of the header that carries `token`."""

    def job_url(self, jobs_url: str, job_id: str) -> str:
        """Return the URL of one job of the jobs resource at `jobs_url`."""

    def job_id(self, job_url: str) -> str:
        """Return the id of the job at `job_url`; ValueError when it is no job's URL."""

    def parse(self, document: object) -> Snapshot:
        """Return what `document` says; DocumentError when it is no job document."""

    def expected_steps(self, snapshot: Snapshot) -> Sequence[str]:
        """Return the names of steps that will all come, in their order; () where that is open."""

    def is_complete(self, snapshot: Snapshot) -> bool:
        """Return whether a final snapshot has all that the server is going to say."""

    def ids(self, document: object) -> list[str]:
        """Return the ids that the jobs resource lists, once each, in its order."""

    def refusal(self, document: object) -> Refusal | None:
        """Return what `document` says if it is an error body, else None."""


_known: dict[str, Dialect] = {}


def find_dialect(name: str) -> Dialect:
    """Return the dialect called `name`; ValueError names the known ones."""
    # Imported here: each dialect's file needs the names above.
    from jobwidgets.dialects.mission import Mission

    if not _known:
        _known["mission"] = Mission()
    if name not in _known:
        raise ValueError(f"dialect is {name!r}; expected one of: {', '.join(_known)}")
    return _known[name]
