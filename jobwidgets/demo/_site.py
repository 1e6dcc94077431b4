"""What the demo server knows: its jobs, its tokens, and who asked for what."""

from __future__ import annotations

import secrets
import threading
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobwidgets.demo._clock import Clock
from jobwidgets.demo._scripts import Script

_REQUESTS_KEPT = 10_000


class RestError(Exception):
    """An error that the server answers with.

    Parameters
    ----------
    code
        ArcGIS' error code, such as 404, 498 or 499.
    message
        What went wrong.
    details
        More about it.
    """

    def __init__(self, code: int, message: str, details: Sequence[str] = ()) -> None:
        super().__init__(code, message)
        self.code, self.message, self.details = code, message, list(details)

    @property
    def envelope(self) -> dict[str, Any]:
        """The error as ArcGIS writes it into a body."""
        error = {"code": self.code, "message": self.message, "details": self.details}
        return {"error": error}


@dataclass(frozen=True, slots=True, repr=False)
class ReceivedRequest:
    """One request as it came in; its repr shows only the names of parameters and headers.

    Parameters
    ----------
    method
        Such as ``"GET"``.
    path
        The decoded path.
    query
        The query string as it came, without the question mark.
    headers
        The headers; names in lower case.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        parameters = [part.partition("=")[0] for part in self.query.split("&") if "=" in part]
        return (
            f"{type(self).__name__}({self.method} {self.path}, "
            f"parameters={parameters}, headers={list(self.headers)})"
        )


class Site:
    """The jobs and tokens of one server; safe to share by threads.

    Parameters
    ----------
    clock
        Tells the age of jobs and tokens.
    require_token
        Whether `admit` wants a token.
    token_lifetime
        Seconds of `clock` that a token is valid.
    """

    def __init__(
        self, clock: Clock, *, require_token: bool = False, token_lifetime: float = 3600.0
    ) -> None:
        self.clock = clock
        self.require_token = require_token
        self.token_lifetime = token_lifetime
        self._lock = threading.Lock()
        self._jobs: dict[str, tuple[Script, float]] = {}
        self._expiry: dict[str, float] = {}
        self._requests: deque[ReceivedRequest] = deque(maxlen=_REQUESTS_KEPT)

    def add(self, script: Script, job_id: str | None = None) -> str:
        """Start a job and return its id; one of the same id is replaced.

        Parameters
        ----------
        script
            What the job plays.
        job_id
            None: the one in a verbatim script's document, else ``j`` and a new UUID.
        """
        job_id = job_id or _own_id(script) or f"j{uuid.uuid4()}"
        with self._lock:
            self._jobs[job_id] = script, self.clock.now()
        return job_id

    def remove(self, job_id: str) -> None:
        """Forget a job; KeyError if there is none of this id."""
        with self._lock:
            del self._jobs[job_id]

    def ids(self) -> list[str]:
        """Return the ids of all jobs, the oldest first."""
        with self._lock:
            return list(self._jobs)

    def document(self, job_id: str) -> Any:
        """Return the document of a job as it is now; RestError 404 if there is no such job."""
        with self._lock:
            if job_id not in self._jobs:
                raise RestError(404, "Job not found.", [f"No job {job_id!r}."])
            script, started = self._jobs[job_id]
        # To the millisecond, as times are told: else 8 s later might be an age of 7.9999998 s.
        age_seconds = round(self.clock.now() - started, 3)
        return script.document(job_id, round(started * 1000), age_seconds)

    def issue_token(self, lifetime: float | None = None) -> str:
        """Return a new token.

        Parameters
        ----------
        lifetime
            Seconds of the clock. None: `token_lifetime`.
        """
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._expiry[token] = self.clock.now() + (
                self.token_lifetime if lifetime is None else lifetime
            )
        return token

    def expire_tokens(self) -> None:
        """Make every token issued so far invalid."""
        with self._lock:
            self._expiry.clear()

    def admit(self, token: str | None) -> None:
        """Raise RestError 499 without a token where one is required, 498 with an invalid one."""
        if not self.require_token:
            return
        if not token:
            raise RestError(499, "Token Required")
        with self._lock:
            expiry = self._expiry.get(token)
        if expiry is None or self.clock.now() >= expiry:
            raise RestError(498, "Invalid token.", ["Invalid token."])

    def record(self, request: ReceivedRequest) -> None:
        """Keep a request; only the newest 10,000 are kept."""
        with self._lock:
            self._requests.append(request)

    @property
    def requests(self) -> list[ReceivedRequest]:
        """The requests that came in, the oldest first."""
        with self._lock:
            return list(self._requests)


def _own_id(script: Script) -> str | None:
    if script.seconds is not None or not isinstance(script.last, dict):
        return None
    job_id = script.last.get("jobId")
    return job_id if isinstance(job_id, str) else None
