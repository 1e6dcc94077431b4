"""The parts of the story that is told of each fault."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

from servers import HANG

from faults.exchange import DURATION
from faults.fault import Fault
from faults.scenes import nothing, renew_token
from faults.stage import NEW_TOKEN, OLD_TOKEN, SICK, WELL, Stage, wait_until
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.snapshot import Message, Status
from jobwidgets.errors import UnauthorisedError
from jobwidgets.job import Job

TURNS = 3
"""Polls of another job that show that it is watched on."""
MOST_KEPT = 1_000_000
"""Bytes that an error may keep alive."""


def begin(job: Job) -> None:
    """Watch a job until it was seen."""
    job.start()
    wait_until(lambda: job.status is Status.RUNNING, lambda: f"{job}: {job.contact}")


def start(stage: Stage) -> None:
    """Watch the sick job anew."""
    stage.sick.start()


def see(fault: Fault, stage: Stage, before: tuple[Message, ...]) -> str:
    """Wait for what the user is to see of the fault; return it."""
    job, asked, heard = stage.sick, stage.server.asked(SICK), stage.sick.contact.last_heard

    def is_seen() -> bool:
        contact = job.contact
        if fault.is_seen is not None:
            return fault.is_seen(stage)
        if fault.ends is not None:
            return job.status is fault.ends
        if fault.error is not None:
            return is_met(fault, contact)
        is_heard = contact.last_heard is not None and contact.last_heard != heard
        return is_heard and stage.server.asked(SICK) > asked + fault.rounds and shows(fault, stage)

    wait_until(
        is_seen,
        lambda: f"{job.contact}, {view(job)}, wanted {wanted(fault, stage)}",
    )
    contact = job.contact
    assert_no_token(contact)
    wait_until(lambda: kept(job.contact) < MOST_KEPT, lambda: "a body is kept")
    is_told = fault.error is not None and fault.ends is None
    return f"{contact.state}: {contact.error}" if is_told else f"{contact.state}, {job.status}"


def is_met(fault: Fault, contact: Contact) -> bool:
    """Return whether the contact tells of the fault."""
    return (
        contact.state is fault.state
        and type(contact.error) is fault.error
        and fault.text in str(contact.error)
        and contact.failures >= fault.rounds
    )


def shows(fault: Fault, stage: Stage) -> bool:
    """Return whether the user sees of the job what the fault makes of it."""
    return view(stage.sick).items() >= wanted(fault, stage).items()


def view(job: Job) -> dict[str, Any]:
    """Return what the user sees of a job."""
    names = ("status", "raw_status", "progress", "steps_done", "steps_total", "started", "ended")
    seen = {name: getattr(job, name) for name in (*names, "kind", "owner")}
    return {**seen, "texts": texts(job), "codes": tuple(message.code for message in job.messages)}


def wanted(fault: Fault, stage: Stage) -> dict[str, Any]:
    """Return what the user is to see of the sick job while the server is heard."""
    truth = {"status": Status.RUNNING, "texts": tuple(stage.truth.messages)}
    return {**truth, **fault.shows}


def texts(job: Job) -> tuple[str, ...]:
    """Return the texts of a job's messages."""
    return tuple(message.text for message in job.messages)


def others_go_on(fault: Fault, stage: Stage) -> None:
    """Wait for polls of the well job while the fault is on."""
    asked, heard = stage.well_at.asked(WELL), stage.well.contact.last_heard

    def goes_on() -> bool:
        contact = stage.well.contact
        is_heard = contact.state is ContactState.IN_TOUCH and contact.last_heard != heard
        return is_heard and stage.well_at.asked(WELL) >= asked + TURNS

    wait_until(goes_on, lambda: f"the other job waits: {stage.well.contact}")
    if fault.hangs:
        wait_until(
            lambda: stage.server.meanwhile(SICK, WELL) >= TURNS,
            lambda: "the other job waits for the one that hangs",
        )


def assert_told_truly(fault: Fault, stage: Stage, before: tuple[Message, ...]) -> None:
    """Check that the sick job is shown as the server last told it, and never as failed."""
    job = stage.sick
    assert_never_failed(job)
    if fault.ends is not None:
        assert job.wait(HANG).status is fault.ends
        return
    if fault.error is None and fault.is_seen is None:
        wait_until(lambda: shows(fault, stage), lambda: f"{view(job)}")
        return
    assert (job.status, job.raw_status) == (Status.RUNNING, "PROCESSING")
    assert stamps(job.messages) == stamps(before)
    assert job.error is None or fault.error is UnauthorisedError


def assert_never_failed(job: Job) -> None:
    """Check that no snapshot of the job has failed, and that it has run for no negative time."""
    assert Status.FAILED not in {snapshot.status for snapshot in job.history.snapshots}
    assert job.elapsed is None or job.elapsed >= timedelta(0)


def assert_given_up(stage: Stage, error: BaseException) -> ContactState:
    """Check that the watch has ended with an error, before anything was seen."""
    job = stage.sick
    assert (job.status, job.messages, job.contact.next_try) == (None, (), None)
    assert job.error is job.contact.error
    assert (type(job.error), str(job.error)) == (type(error), str(error))
    assert_no_token(job.contact)
    assert job.contact.state in {ContactState.LOST, ContactState.UNAUTHORISED}
    return job.contact.state


def assert_parked(fault: Fault, stage: Stage) -> None:
    """Check that nothing is asked while another job's polls go on."""
    asked = stage.server.asked(SICK)
    others_go_on(fault, stage)
    assert stage.server.asked(SICK) == asked


def assert_no_token(contact: Contact) -> None:
    """Check that no error tells the token, with all its causes."""
    if contact.error is not None:
        assert OLD_TOKEN not in "".join(traceback.format_exception(contact.error))


def kept(contact: Contact) -> int:
    """Return how many bytes of bodies the frames behind an error keep alive."""
    size = 0
    for error in _chain(contact.error):
        for frame, _ in traceback.walk_tb(error.__traceback__):
            for value in frame.f_locals.values():
                size += sum(len(part) for part in _parts(value) if isinstance(part, bytes))
    return size


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _parts(value: object) -> Iterable[object]:
    return value if isinstance(value, list) else [value]


def longest_wait(stage: Stage, began: float) -> str:
    """Return the longest time between two polls of the well job since the fault began."""
    at = [moment for moment in stage.well_at.arrivals(WELL) if moment >= began]
    gaps = [later - moment for moment, later in pairwise(at)]
    return f"{max(gaps):.2f} s"


def recover(fault: Fault, stage: Stage, mend: Callable[[Stage], object]) -> str:
    """Wait until the job is heard again, when the fault is over; return how long that took."""
    job = stage.sick
    if mend is not nothing:
        assert_parked(fault, stage)
    asked, began = stage.server.asked(SICK), time.monotonic()
    mend(stage)

    def is_back() -> bool:
        contact = job.contact
        is_heard = (contact.state, contact.failures) == (ContactState.IN_TOUCH, 0)
        return is_heard and texts(job) == tuple(stage.truth.messages)

    wait_until(is_back, lambda: f"{job.contact}, {texts(job)}")
    took, polls = time.monotonic() - began, stage.server.asked(SICK) - asked
    assert max(gaps_of(stage), default=0.0) >= fault.gap
    if mend is renew_token:
        assert stage.server.log[-1].token == NEW_TOKEN or NEW_TOKEN in tokens(stage)
    return f"{polls} poll{'s'[: polls != 1]}, {took:.2f} s"


def gaps_of(stage: Stage) -> list[float]:
    """Return the seconds between the polls of the sick job."""
    at = stage.server.arrivals(SICK)
    return [later - moment for moment, later in pairwise(at)]


def tokens(stage: Stage) -> list[str | None]:
    """Return the token of each request about the sick job."""
    return [request.token for request in list(stage.server.log) if request.job_id == SICK]


def finish(stage: Stage, before: tuple[Message, ...]) -> None:
    """Let the sick job end; check that nothing was lost and no stamp of `before` has moved."""
    stage.truth.say("Said after the fault.")
    stage.truth.finish()
    job = stage.sick
    assert job.wait(HANG).status is Status.SUCCEEDED
    assert texts(job) == tuple(stage.truth.messages)
    assert stamps(job.messages[: len(before)]) == stamps(before)
    seen = [message.seen for message in job.messages if message.seen is not None]
    assert (len(seen), seen) == (len(job.messages), sorted(seen))
    assert (job.elapsed, job.error) == (DURATION, None)
    assert_never_failed(job)
    assert not any(OLD_TOKEN in request.target for request in stage.server.log)


def finish_the_other(stage: Stage) -> None:
    """Let the well job end; check that nothing of it was lost."""
    assert stage.well.status is Status.RUNNING
    before = stage.well.messages
    stage.well_truth.say("Done.")
    stage.well_truth.finish()
    assert stage.well.wait(HANG).status is Status.SUCCEEDED
    assert texts(stage.well) == tuple(stage.well_truth.messages)
    assert stamps(stage.well.messages[: len(before)]) == stamps(before)


def stamps(messages: Iterable[Message]) -> list[Any]:
    """Return each message with when it was first seen."""
    return [(message, message.seen) for message in messages]
