"""What tests give as callbacks."""

from __future__ import annotations

import threading

from servers import HANG

from jobwidgets import Job, Status
from jobwidgets._model.contact import ContactState


class Callback:
    """Notes what it is called with, when and where."""

    def __init__(self) -> None:
        self.calls: list[tuple[Job, Status | None, ContactState]] = []
        self.threads: set[str] = set()
        self.called = threading.Semaphore(0)

    def __call__(self, job: Job) -> None:
        """Note one call."""
        self.calls.append((job, job.status, job.contact.state))
        self.threads.add(threading.current_thread().name)
        self.called.release()

    def wait(self, number: int = 1) -> None:
        """Return when it was called some more times."""
        for _ in range(number):
            assert self.called.acquire(timeout=HANG)
