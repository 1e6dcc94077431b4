"""Logs of openEO jobs: they keep no document waiting, and have each entry once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import groupby
from typing import Any

import httpx
import pytest
from servers import FAST, HANG, until

from jobwidgets import Job

Logs = Callable[[int, int | None], list[int]]
"""The numbers of the entries in an answer, of how many there are; after which one was asked."""


class BackEnd:
    """Serves one job, whose log has one more entry at each answer while `grows`."""

    def __init__(self, logs: Logs, *, grows: int = 10**9, status: str = "running") -> None:
        self.logs, self.grows, self.status = logs, grows, status
        self.number = 0
        self.id: str | None = None  # of every entry
        self.asked: list[bool] = []  # each time whether for the log

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer without a socket."""
        is_log = request.url.path.endswith("/logs")
        self.asked.append(is_log)
        if not is_log:
            told = {"id": "j1", "status": self.status, "created": "2026-01-01T00:00:00Z"}
            return httpx.Response(200, json=told)
        self.number = min(self.number + 1, self.grows)
        last = request.url.params.get("offset")
        try:
            listed = self.logs(self.number, int(last) if last and not self.id else None)
        except ValueError as error:
            told = {"code": "ParameterValueInvalid", "message": f"{error}"}
            return httpx.Response(400, json=told)
        return httpx.Response(200, json={"logs": [self._entry(n) for n in listed]})

    def _entry(self, number: int) -> dict[str, Any]:
        time = f"2026-01-01T00:{number // 60 % 60:02}:{number % 60:02}Z"
        return {"id": self.id or f"{number}", "message": f"line {number}", "time": time}

    def job(self) -> Job:
        """Return the job that is asked for here."""
        http = {"transport": httpx.MockTransport(self)}
        return Job("https://eo.example.com/jobs/j1", dialect="openeo", http=http, pace=FAST)


def after(number: int, last: int | None) -> list[int]:
    """Return what a log as the API has it answers."""
    return list(range((last or 0) + 1, number + 1))


def test_document_is_told_before_its_log() -> None:
    """A log that never comes keeps back nothing of what the document tells."""

    async def hang(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/logs"):
            await asyncio.sleep(2 * HANG)
        return await end(request)

    end = BackEnd(after)
    http = {"transport": httpx.MockTransport(hang)}
    job = Job("https://eo.example.com/jobs/j1", dialect="openeo", http=http, pace=FAST).start()
    until(lambda: job.status == "running")
    job.stop()


def test_endless_log_starves_no_document() -> None:
    """Of a log that has always more, a few pages are read a poll, all of them in the end."""
    end = BackEnd(after)
    job = end.job().start()
    until(lambda: end.asked.count(False) > 5)
    assert max(len(list(pages)) for is_log, pages in groupby(end.asked) if is_log) <= 5
    end.grows = end.number + 30
    end.status = "finished"
    assert job.wait(HANG).status == "succeeded"
    assert [message.text for message in job.messages] == [
        f"line {n}" for n in range(1, end.number + 1)
    ]


def refusing(number: int, last: int | None) -> list[int]:
    """Return all, and refuse an offset."""
    if last is not None:
        raise ValueError("no offset, please")
    return after(number, None)


@pytest.mark.parametrize(
    "logs",
    [
        pytest.param(after, id="as the API has it"),
        pytest.param(lambda n, last: list(range(last or 1, n + 1)), id="offset inclusive"),
        pytest.param(lambda n, _: after(n, None), id="offset ignored"),
        pytest.param(lambda n, _: after(n, max(n - 3, 0)), id="only the last ones"),
        pytest.param(lambda n, _: after(n, None)[::-1], id="newest first"),
        pytest.param(lambda n, _: after(n, max(n - 3, 0))[::-1], id="only the last, newest first"),
        pytest.param(refusing, id="offset refused"),
    ],
)
def test_each_entry_is_told_once(logs: Logs) -> None:
    """However a back-end takes ``offset``, no entry is doubled or lost, since it has an id."""
    end = BackEnd(logs, grows=20)
    job = end.job().start()
    until(lambda: end.number == end.grows)
    end.status = "finished"
    job.wait(HANG)
    told = [(message.number, message.text) for message in job.messages]
    assert told == [(n, f"line {n}") for n in range(1, 21)]


def test_id_that_is_given_twice() -> None:
    """Entries that say different things under one id are all told."""
    end = BackEnd(after, grows=3)
    end.id = "same"
    assert len(end.job().refresh().refresh().messages) == 3
