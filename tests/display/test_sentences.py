from dataclasses import replace
from datetime import datetime

import pytest
from documents import JOB_URL, STARTED, after, document, watched

from jobwidgets._display.contact import last_known, list_last_known, on_job, on_list
from jobwidgets._display.sentences import Sentence
from jobwidgets._display.standing import needed_of_user
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets.errors import (
    BodyError,
    DocumentError,
    JobwidgetsError,
    NoSuchJobError,
    ServerError,
    UnauthorisedError,
)

NOW = after(42)
BUSY = ServerError("502 Bad Gateway")
MISSING = NoSuchJobError("404 Job not found.")
PAGE = BodyError("the server answered with a page, not with JSON")
OLD_TOKEN = UnauthorisedError("498 Invalid token.")
FINE = "The job itself may be fine."


def contact(
    state: ContactState,
    error: JobwidgetsError | None = BUSY,
    heard: datetime | None = STARTED,
    next_try: datetime | None = None,
) -> Contact:
    """Return a contact that failed twice."""
    return Contact(state, heard, 2, error, next_try)


RETRYING, LOST = ContactState.RETRYING, ContactState.LOST
UNAUTHORISED = ContactState.UNAUTHORISED


@pytest.mark.parametrize(
    ("contact", "words"),
    [
        (Contact(ContactState.CONNECTING), "Asking the server…"),
        (Contact(ContactState.STOPPED), "Not watched. The job itself goes on."),
        (
            contact(RETRYING, next_try=after(49.2)),
            f"No answer for 42 s (502 Bad Gateway). Trying again in 8 s. {FINE}",
        ),
        (
            contact(RETRYING, next_try=after(42 + 3 * 3600)),
            f"No answer for 42 s (502 Bad Gateway). Trying again in 3 h 00 min. {FINE}",
        ),
        (
            contact(RETRYING),
            f"No answer for 42 s (502 Bad Gateway). Trying again now. {FINE}",
        ),
        (
            contact(RETRYING, heard=None),
            f"No answer yet (502 Bad Gateway). Trying again now. {FINE}",
        ),
        (
            replace(contact(RETRYING, MISSING), missing_since=after(30)),
            f"The server says it has no such job (since 0:12). Trying again now. {FINE}",
        ),
        (
            replace(contact(RETRYING, MISSING, None, after(43)), missing_since=after(41)),
            f"The server has no such job yet (404 Job not found). Trying again in 1 s. {FINE}",
        ),
        (
            contact(RETRYING, PAGE),
            "No answer for 42 s (the server answered with a page, not with JSON). Trying again now."
            f" A gateway may have answered in place of the server. {FINE}",
        ),
        (
            contact(UNAUTHORISED, OLD_TOKEN),
            "The server wants a new token (498 Invalid token): set job.token = … to go on."
            " The job itself may be fine.",
        ),
        (
            contact(UNAUTHORISED, OLD_TOKEN, next_try=after(46)),
            "The server wants a new token (498 Invalid token): set job.token = … to go on."
            " The job itself may be fine. Asking again in 4 s.",
        ),
        (contact(LOST), "Not watched any more (502 Bad Gateway)."),
        (
            contact(LOST, MISSING, heard=None),
            "Not watched any more (404 Job not found): check the id in the URL.",
        ),
        (
            contact(LOST, DocumentError("no document of a job"), heard=None),
            "Not watched any more (no document of a job): check the URL.",
        ),
    ],
)
def test_live_sentence_on_a_job(contact: Contact, words: str) -> None:
    """Whether the server answers, since when not, and what to do, is told in plain words."""
    history = watched(document()) if contact.last_heard else JobHistory("j1", JOB_URL)
    assert str(on_job(history, contact, NOW)) == words
    assert on_job(watched(document(status="FAILED")), contact, NOW) == Sentence()


def test_function_that_is_wrong() -> None:
    """It has no URL to be checked."""
    mistake = Contact(LOST, error=DocumentError("the function raised NameError: …"))
    history = JobHistory("f1")
    text = "Not watched any more (the function raised NameError: …): check the function."
    assert str(on_job(history, mistake, NOW)) == text
    assert needed_of_user(history, mistake) == "function failed"


@pytest.mark.parametrize(
    ("seconds", "cached_since", "words"),
    [
        (0, None, "connected"),
        (9, None, "connected"),
        (10, None, "connected · unchanged for 10 s"),
        (90, after(24), "A cache answers in place of the server: this is 1 min old."),
    ],
)
def test_quiet_job(seconds: float, cached_since: datetime | None, words: str) -> None:
    """A job that says nothing new is said to be unchanged; a cache's word is told as that."""
    touch = Contact(ContactState.IN_TOUCH, after(seconds), cached_since=cached_since)
    assert str(on_job(watched(document()), touch, after(seconds))) == words
    kept = last_known(watched(document()), touch)
    assert ("as of 2026-05-01 12:00:24 UTC" in kept) is (cached_since is not None)


def test_sentences_are_equal_whenever_they_are_sent() -> None:
    """Time alone makes no other sentence; another moment to count from or to does."""
    history = watched(document())
    trouble = contact(RETRYING, next_try=after(50))
    assert on_job(history, trouble, NOW) == on_job(history, trouble, after(49))
    later = contact(RETRYING, next_try=after(60))
    assert on_job(history, trouble, NOW) != on_job(history, later, NOW)


@pytest.mark.parametrize(
    ("contact", "words", "kept"),
    [
        (
            Contact(ContactState.CONNECTING),
            "Asking for the list of jobs…",
            "There is no list of jobs yet.",
        ),
        (Contact(ContactState.CONNECTING, STARTED), "Asking for the list of jobs…", ""),
        (Contact(ContactState.IN_TOUCH), "New jobs appear by themselves.", ""),
        (Contact(ContactState.STOPPED), "The list of jobs is not watched.", "Not watched."),
        (
            Contact(ContactState.STOPPED, STARTED),
            "The list of jobs is not watched.",
            "Not watched since 2026-05-01 12:00:00 UTC.",
        ),
        (
            contact(RETRYING),
            "No answer for 42 s (502 Bad Gateway). Trying again now.",
            "The last list of jobs came 2026-05-01 12:00:00 UTC: 502 Bad Gateway.",
        ),
        (
            contact(UNAUTHORISED, OLD_TOKEN),
            "The server wants a new token (498 Invalid token): set jobs.token = … to go on.",
            "The last list of jobs came 2026-05-01 12:00:00 UTC: 498 Invalid token.",
        ),
        (
            contact(LOST, MISSING, heard=None),
            "No list of jobs (404 Job not found): check the URL.",
            "There is no list of jobs yet: 404 Job not found.",
        ),
    ],
)
def test_sentence_on_a_list(contact: Contact, words: str, kept: str) -> None:
    """Why no new jobs appear, live and as a saved notebook keeps it."""
    assert str(on_list(contact, NOW)) == words
    assert list_last_known(contact) == kept


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        (None, ""),
        (Contact(), ""),
        (Contact(ContactState.IN_TOUCH, after(9)), "Last answer 2026-05-01 12:00:09 UTC."),
        (Contact(ContactState.STOPPED, after(9)), "Not watched since 2026-05-01 12:00:09 UTC."),
        (
            contact(RETRYING, heard=after(9)),
            "Last answer 2026-05-01 12:00:09 UTC. 502 Bad Gateway.",
        ),
        (
            contact(LOST, MISSING, heard=None),
            "404 Job not found: check the id in the URL.",
        ),
    ],
)
def test_last_known(contact: Contact | None, shown: str) -> None:
    """A job that goes on tells since when nothing more is known, and why; an ended one nothing."""
    assert last_known(watched(document()), contact) == shown
    assert last_known(watched(document(status="FAILED")), contact) == ""
