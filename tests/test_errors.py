"""Texts of errors: a server's words in them command no terminal, and are cut."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from documents import JOB_URL, JOBS_URL, document
from servers import HANG

from jobwidgets import errors, jobs_frame
from jobwidgets._visible import clipped, visible
from jobwidgets.errors import (
    DocumentError,
    JobFailedError,
    JobwidgetsError,
    NoSuchJobError,
    WatchStoppedError,
)
from jobwidgets.job import Job

CLIPBOARD = "\x1b]52;c;cm0gLXJmIH4=\x07"
CLEAR, EIGHT_BIT_CLEAR = "\x1b[2J", "\x9b2J"
REVERSED = "done\u202egnp.exe\u202c\u2066\u2069"
HOSTILE = f"a{CLIPBOARD}b{CLEAR}{EIGHT_BIT_CLEAR}\rc{REVERSED}\u2028d"
SHOWN = (
    r"a\x1b]52;c;cm0gLXJmIH4=\x07b\x1b[2J\x9b2J\x0dc"
    r"done\u202egnp.exe\u202c\u2066\u2069\u2028d"
)
PRINTED = "two\nlines\tand ünïcode ✓ 任务 🚀 \u200fش\u200e"


@pytest.mark.parametrize(
    ("text", "shown"), [(HOSTILE, SHOWN), ("", ""), (PRINTED, PRINTED), ("\ud800", r"\ud800")]
)
def test_what_commands_a_terminal_is_shown(text: str, shown: str) -> None:
    """Control characters and overrides become their numbers; all that is text stays."""
    assert visible(text) == shown
    assert visible(shown) == shown


@pytest.mark.parametrize("length", [99, 100, 101, 7_000_000])
def test_what_is_long_is_cut(length: int) -> None:
    """A long text is cut to the given length, and tells how many characters are left out."""
    cut = clipped("x" * length, 100)
    assert len(cut) <= 100
    told = cut.removesuffix(" more characters)").rpartition("(")[2].replace(",", "")
    assert cut.count("x") + (int(told) if length > 100 else 0) == length


def failed(job: Job) -> Exception | None:
    """Return what a job of which the end was awaited raises."""
    job.wait(HANG)
    with pytest.raises(JobFailedError) as caught:
        job.raise_for_status()
    return caught.value


def test_error_of_a_failed_job_commands_no_terminal(new_job: Callable[..., Job]) -> None:
    """The document keeps the server's characters, the exception shows them."""
    job = new_job(document(status="FAILED", messages=[HOSTILE]))
    assert str(failed(job)) == f"job j1 failed: {SHOWN}"
    assert job.messages[0].text == HOSTILE
    assert visible(jobs_frame(job).error[0]) == jobs_frame(job).error[0]


def test_error_of_a_failed_job_is_short(new_job: Callable[..., Job]) -> None:
    """A message of millions of characters makes no exception of that length."""
    job = new_job(document(status="FAILED", messages=["x\x1b" * 1_000_000]))
    assert len(str(failed(job))) <= 1000
    assert str(failed(job)).endswith("more characters)")
    assert len(job.messages[0].text) == 2_000_000


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": 404, "message": HOSTILE + "x" * 10_000}},
        {"status": "error", "messages": [HOSTILE], "code": 404},
    ],
)
def test_error_body_commands_no_terminal(new_job: Callable[..., Job], body: Any) -> None:
    """So it is with a server's error body, awaited or in a frame."""
    with pytest.raises(NoSuchJobError) as refused:
        new_job(body).refresh()
    with pytest.raises(DocumentError) as unread:
        jobs_frame(body)
    for text in map(str, (refused.value, unread.value)):
        assert visible(text) == text
        assert r"\x1b]52;" in text
        assert len(text) < 1200


def test_no_document_commands_no_terminal(new_job: Callable[..., Job]) -> None:
    """Another job's id and the names of what is no job are a server's words, too."""
    for body in (document(jobId=HOSTILE), {HOSTILE: 1}):
        job = new_job(body, url=JOB_URL)
        with pytest.raises(DocumentError, match="x1b") as caught:
            job.refresh()
        assert visible(str(caught.value)) == str(caught.value)


def test_id_commands_no_terminal(new_job: Callable[..., Job]) -> None:
    """An id may come from a server's list: where it is told, it commands nothing either."""
    url = f"{JOBS_URL}/a%1B%5B2J%E2%80%AEb"
    job = new_job(document(jobId="a\x1b[2J\u202eb"), url=url)
    with pytest.raises(TimeoutError, match=r"^job a\\x1b\[2J\\u202eb has not ended"):
        job.wait(0.01)
    job.stop()
    with pytest.raises(WatchStoppedError, match=r"job a\\x1b\[2J\\u202eb "):
        job.wait(HANG)


KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type)]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if issubclass(kind, JobwidgetsError)])
def test_every_error(kind: type[JobwidgetsError]) -> None:
    """Whatever is raised on purpose says it so, and the same after a pickle."""
    error = kind(HOSTILE + "\x1b" * 10_000)
    assert str(error).startswith(SHOWN)
    assert len(str(error)) <= 1000
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own
