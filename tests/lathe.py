"""A server family of the tests' own, with all that a dialect can have."""

from __future__ import annotations

from typing import Any, ClassVar

import httpx

from jobwidgets import DocumentError, Message, Snapshot, Status
from jobwidgets.dialects import Answer, CancelAnswer, Dialect, JobPage, LogPage, Request

PAGE = 100


class Lathe(Dialect):
    """Jobs like ``{"job": "7", "state": "busy", "note": "…"}``."""

    name = "lathe"
    words: ClassVar = {
        "busy": Status.RUNNING,
        "done": Status.SUCCEEDED,
        "broken": Status.FAILED,
        "stopped": Status.CANCELLED,
    }
    messages_are = "latest"

    def read(self, answer: Answer) -> Snapshot:
        """Read one job."""
        return self._job(answer.body)

    def _job(self, job: Any) -> Snapshot:
        if not isinstance(job, dict) or "job" not in job:
            raise DocumentError('expected an object with "job"')
        notes = (Message(1, job["note"]),) if job.get("note") else ()
        status = self.words.get(job["state"], Status.UNKNOWN)
        return Snapshot(id=job["job"], status=status, raw_status=job["state"], messages=notes)

    def cancel_request(self, url: str) -> Request:
        """Cancel a job."""
        return Request(url, "DELETE")

    def read_cancel(self, answer: Answer) -> CancelAnswer:
        """Read what is answered to that."""
        if not isinstance(answer.body, dict):
            return CancelAnswer()
        return CancelAnswer(self.words.get(answer.body["state"]), answer.body.get("note", ""))

    def list_request(self, url: str) -> Request:
        """Ask for the list, or a page of it."""
        return Request(url)

    def read_list(self, answer: Answer) -> JobPage:
        """Read one page."""
        if not isinstance(answer.body, dict) or not isinstance(answer.body.get("jobs"), list):
            raise DocumentError('expected an object with "jobs"')
        place = str(answer.url).partition("?")[0]
        jobs = ((f"{place}/{one['job']}", self._job(one)) for one in answer.body["jobs"])
        return JobPage(tuple(jobs), answer.body.get("next"))


class Logging(Lathe):
    """The same with a log: ``[[id, text], …]`` at ``…/log?after=<id>``."""

    messages_are = "log"

    def log_request(self, url: str, after: str | None) -> Request:
        """Ask on from an entry."""
        return Request(f"{url}/log" + (f"?after={after}" if after else ""))

    def read_log(self, answer: Answer) -> LogPage:
        """Read what came after it."""
        if not isinstance(answer.body, list):
            raise DocumentError("expected a list")
        messages = tuple(Message(n, text) for n, (_, text) in enumerate(answer.body, start=1))
        return LogPage(messages, answer.body[-1][0] if answer.body else None)


class Shop:
    """Many jobs, with what tells of them; notes what is asked."""

    def __init__(self, number: int = 0) -> None:
        self.jobs: dict[str, dict[str, Any]] = {
            f"j{n}": {"job": f"j{n}", "state": "busy", "note": f"begun {n}"} for n in range(number)
        }
        self.logs: dict[str, list[list[str]]] = {}
        self.asked: list[tuple[str, str]] = []
        self.page = PAGE
        self.other_origin: str | None = None
        self.deleted: Any = {"state": "stopped", "note": "dismissed"}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer without a socket."""
        origin = f"{request.url.scheme}://{request.url.netloc.decode()}"
        status, body = self.answer(request.method, request.url.raw_path.decode(), origin)
        return httpx.Response(status) if body is None else httpx.Response(status, json=body)

    def answer(self, method: str, target: str, origin: str) -> tuple[int, Any]:
        """Return an HTTP status and a body."""
        self.asked.append((method, target))
        path, _, query = target.partition("?")
        name, number = path.removeprefix("/jobs").strip("/"), query.partition("=")[2]
        if not name:
            return 200, self._list(int(number or 0), self.other_origin or origin)
        if name.endswith("/log"):
            entries = self.logs.get(name.removesuffix("/log"), [])
            return 200, [e for e in entries if not number or int(e[0]) > int(number)][: self.page]
        if method == "DELETE":
            del self.jobs[name]
            return (204 if self.deleted is None else 200), self.deleted
        return (200, self.jobs[name]) if name in self.jobs else (404, {})

    def _list(self, start: int, origin: str) -> Any:
        end, jobs = start + self.page, list(self.jobs.values())
        page = {"jobs": jobs[start:end]}
        return page if end >= len(jobs) else {**page, "next": f"{origin}/jobs?at={end}"}

    def count(self, *, lists: bool) -> int:
        """Return how often the list, or a job, was asked for."""
        return sum((path.partition("?")[0] == "/jobs") is lists for _, path in self.asked)
