"""Where a fault is played: two servers, a job that meets it, and one that does not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from servers import HANG, Certificates

from faults.exchange import Record
from faults.server import FaultServer
from jobwidgets.job import Job

SICK, WELL = "sick", "well"
"""The ids of the job that meets the fault, and of the one that does not."""
SAID = "Said during the fault."
"""The sick job's second message."""
OLD_TOKEN, NEW_TOKEN = "old-token-0123456789", "new-token-0123456789"


class Provider:
    """Gives tokens, or does what broken providers do.

    Parameters
    ----------
    gives
        What it returns; an exception is raised. May be changed at any time.
    """

    def __init__(self, gives: Any = OLD_TOKEN) -> None:
        self.gives = gives
        self.calls = 0
        self.is_open = threading.Event()
        self.is_open.set()

    def __call__(self) -> Any:
        """Return what is to be given, once the provider is open."""
        self.calls += 1
        self.is_open.wait(HANG)
        if isinstance(self.gives, Exception):
            raise self.gives
        return self.gives


class Names:
    """Looks up names as usual, but knows some more.

    Parameters
    ----------
    known
        Names and their addresses. May be changed at any time.
    """

    def __init__(self, known: dict[str, str]) -> None:
        self.known = known
        self.is_open = threading.Event()
        self.is_open.set()
        self._usual = socket.getaddrinfo

    def __call__(self, host: Any, *arguments: Any, **options: Any) -> Any:
        """Look up as `socket.getaddrinfo` does."""
        name = host.decode() if isinstance(host, bytes) else host
        if name.endswith(".invalid"):
            self.is_open.wait(HANG)
        return self._usual(self.known.get(name, host), *arguments, **options)


@dataclass(frozen=True)
class Authorities:
    """Certificates that the client trusts, and certificates of an authority that it does not."""

    trusted: Certificates
    unknown: Certificates


@dataclass(kw_only=True)
class Stage:
    """All that takes part in a fault.

    Parameters
    ----------
    server, other
        Where the sick job is, and a server at another port.
    truth
        What the server knows of the sick job.
    sick, well
        The watches of the two jobs.
    well_truth, well_at
        What the server knows of the well job, and which server that is.
    provider
        Of the sick job's tokens.
    names
        The look-up of names.
    authorities
        For servers with TLS.
    new_job
        Makes watches with the same settings.
    others
        More of them.
    """

    server: FaultServer
    other: FaultServer
    truth: Record
    sick: Job
    well: Job
    well_truth: Record
    well_at: FaultServer
    provider: Provider
    names: Names
    authorities: Authorities
    new_job: Callable[..., Job]
    others: list[Job] = field(default_factory=list)

    def add_other(self, job_id: str) -> Job:
        """Return one more job on the sick job's server."""
        self.server.add(job_id)
        self.others.append(self.new_job(self.server.url(job_id)))
        return self.others[-1]


def wait_until(
    condition: Callable[[], object], what: Callable[[], str], within: float = HANG
) -> None:
    """Return when a condition holds; what it was that did not is told after `within` seconds."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, what()
        time.sleep(0.002)
