"""What was last seen of a job, as attributes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from jobwidgets._model.contact import Contact
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Message, Status
from jobwidgets._model.step_times import JobSteps, job_steps
from jobwidgets._watch.watch import Watch
from jobwidgets.dialects import Dialect


class JobFacts:
    """The attributes of a `Job`: they never do I/O, and hold what was last seen."""

    _watch: Watch

    @property
    def id(self) -> str:
        """The server's name of the job."""
        return self.history.job_id

    @property
    def url(self) -> str | None:
        """Where the job is asked for, without any token; None for a job of `from_function`."""
        return self._watch.source.url

    @property
    def history(self) -> JobHistory:
        """Everything that was seen of the job."""
        return self._watch.history

    @property
    def contact(self) -> Contact:
        """Whether the server answers."""
        return self._watch.contact

    @property
    def status(self) -> Status | None:
        """Where the job stands; None before the first document."""
        return self.history.status

    @property
    def raw_status(self) -> str | None:
        """The server's own word for the status."""
        latest = self.history.latest
        return latest.raw_status if latest is not None else None

    @property
    def progress(self) -> float | None:
        """0…1; None when unknown."""
        latest = self.history.latest
        return latest.progress if latest is not None else None

    @property
    def steps_done(self) -> int | None:
        """How many steps are completed; None when unknown."""
        latest = self.history.latest
        return latest.steps_done if latest is not None else None

    @property
    def steps_total(self) -> int | None:
        """How many steps there are; None when unknown."""
        latest = self.history.latest
        return latest.steps_total if latest is not None else None

    @property
    def messages(self) -> tuple[Message, ...]:
        """The server's messages, each with when it was first seen."""
        return self.history.messages

    @property
    def started(self) -> datetime | None:
        """When the job started, by the server's clock (UTC)."""
        latest = self.history.latest
        return latest.started if latest is not None else None

    @property
    def ended(self) -> datetime | None:
        """When the job ended, by the server's clock (UTC); None before."""
        latest = self.history.latest
        return latest.ended if latest is not None else None

    @property
    def elapsed(self) -> timedelta | None:
        """How long the job has run by now, or had run at its end; None if its start is unknown."""
        return self._watch.elapsed

    @property
    def kind(self) -> str | None:
        """The server's word for the operation."""
        latest = self.history.latest
        return latest.kind if latest is not None else None

    @property
    def owner(self) -> str | None:
        """Who started the job."""
        latest = self.history.latest
        return latest.owner if latest is not None else None

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Custom attributes, and what else the document had; empty before the first document."""
        latest = self.history.latest
        return latest.attributes if latest is not None else {}

    @property
    def _steps(self) -> JobSteps:
        """The steps that the job's messages tell of."""
        return job_steps(self._watch.history, self._dialect)

    @property
    def _dialect(self) -> Dialect | None:
        """How its server speaks, as far as that is told; None where nothing does."""
        return self._watch.source.dialect
