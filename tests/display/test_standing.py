"""Out of contact looks like it, and what only the user can mend is a state of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from documents import IN_TOUCH, STARTED, Shown, after, document, watched

from jobwidgets._display.board import board_html, board_text
from jobwidgets._display.job import static_html, static_text
from jobwidgets._display.standing import standing
from jobwidgets._display.statuses import AMBER, GREY, MARKS
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._model.snapshot import Status
from jobwidgets.errors import (
    CertificateError,
    JobwidgetsError,
    NoSuchHostError,
    NoSuchJobError,
    ProtocolError,
    RefusedError,
    ServerError,
    UnauthorisedError,
)

LOST, RETRYING = ContactState.LOST, ContactState.RETRYING
RUNNING = (*MARKS[Status.RUNNING], "running")
LAST_KNOWN = ("?", GREY, "running (last known)")


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        (IN_TOUCH, RUNNING),
        (Contact(RETRYING, STARTED, 1, ServerError("502")), RUNNING),
        (Contact(RETRYING, STARTED, 2, ServerError("502"), stale_from=after(31)), RUNNING),
        (Contact(RETRYING, STARTED, 2, ServerError("502"), stale_from=after(30)), LAST_KNOWN),
        (Contact(ContactState.CONNECTING, STARTED, stale_from=after(30)), LAST_KNOWN),
        (Contact(ContactState.CONNECTING, STARTED), RUNNING),
        (Contact(ContactState.STOPPED, STARTED), LAST_KNOWN),
        (Contact(LOST, STARTED, 9, CertificateError("no")), LAST_KNOWN),
    ],
)
def test_running_job(contact: Contact, shown: tuple[str, str, str]) -> None:
    """A single lost poll changes nothing; out of contact a job is grey and only last known."""
    found = standing(watched(document()), contact, "running", after(30))
    assert (found.mark, found.colour, found.words) == shown
    ended = standing(watched(document(status="FAILED")), contact, "failed", after(30))
    assert (ended.mark, ended.words) == ("✕", "failed")


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        (LOST, NoSuchJobError("404 Job not found"), "no such job"),
        (LOST, CertificateError("no"), "certificate refused"),
        (LOST, ProtocolError("no"), "wrong protocol"),
        (LOST, RefusedError("no"), "refused"),
        (ContactState.UNAUTHORISED, UnauthorisedError("no"), "not signed in"),
        (RETRYING, NoSuchHostError("no"), "host not found"),
        (RETRYING, ServerError("no"), "no answer yet"),
    ],
)
def test_job_that_was_never_seen(state: ContactState, error: JobwidgetsError, words: str) -> None:
    """What the user has to mend is told in a word, in every form; it looks like no loading."""
    contact = Contact(state, None, 3, error)
    found = standing(JobHistory("j1"), contact, "no answer yet")
    needs_user = words != "no answer yet"
    assert (found.words, found.needs_user) == (words, needs_user)
    assert (found.mark, found.colour) == (("!", AMBER) if needs_user else MARKS[None])
    job = Shown("j1", contact)
    for form in (static_html(job.history, contact), board_html([job])):
        assert words in form
        assert (f'{AMBER}">!' in form) is needs_user
    for text in (static_text(job.history, contact), board_text("JobBoard(1 job)", [job])):
        assert words in text


def test_static_forms_out_of_contact() -> None:
    """The static and the text forms are grey, say it, and draw no colour of a running job."""
    stopped = replace(IN_TOUCH, state=ContactState.STOPPED)
    job = Shown("j1", stopped, messages=[])
    for form in (static_html(job.history, stopped), board_html([job])):
        assert "running (last known)" in form
        assert MARKS[Status.RUNNING][1] not in form
    assert "running (last known)" in static_text(job.history, stopped)
    assert "running (last known)" in board_text("JobBoard(1 job)", [job])
