"""Exchanges with real servers, replayed in their own time order."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from jobwidgets import Job
from jobwidgets._model.snapshot import Snapshot, Status
from jobwidgets.dialects import Answer, CancelAnswer, Dialect, find_dialect, known_dialects
from jobwidgets.errors import JobwidgetsError, NoSuchJobError

CASES = Path(__file__).with_name("cases")
STEPS = [f"Finished step {number} of 6" for number in range(1, 7)]


def recorded(name: str) -> list[tuple[str, str, Answer]]:
    """Return what was done, the method, and the answer, of each exchange of a recording."""
    lines = (CASES / f"{name}.ndjson").read_text().splitlines()
    rows = sorted(map(json.loads, lines), key=lambda row: row["t"])
    return [
        (
            row["what"],
            row["method"],
            Answer(row["body"], row["url"], row["status"], row["headers"]),
        )
        for row in rows
    ]


def life(name: str) -> tuple[Dialect, list[Snapshot], list[JobwidgetsError]]:
    """Return the distinct snapshots of a recording's polls, and the errors of them."""
    dialect = find_dialect(name.partition("-")[0])
    snapshots: list[Snapshot] = []
    errors: list[JobwidgetsError] = []
    for what, _, answer in recorded(name):
        if not what.startswith("poll"):
            continue
        try:
            snapshot = dialect.read(answer)
        except JobwidgetsError as error:
            errors.append(error)
            continue
        assert [one.name for one in known_dialects() if one.recognises(answer.body)] == [
            dialect.name
        ]
        if not snapshots or not snapshots[-1].says_the_same(snapshot):
            snapshots.append(snapshot)
    return dialect, snapshots, errors


def told(snapshots: list[Snapshot]) -> list[tuple[str, float | None, str]]:
    """Return the status, percentage and message of each snapshot, once in a row."""
    facts = [
        (str(one.status), round((one.progress or 0) * 100), "".join(m.text for m in one.messages))
        for one in snapshots
    ]
    return [fact for place, fact in enumerate(facts) if facts[place - 1 : place] != [fact]]


def second(value: datetime | None) -> str | None:
    """Return the time of day, to the second."""
    return None if value is None else f"{value:%H:%M:%S}"


def test_ogc_success() -> None:
    """Progress falls when the process itself begins; each message replaces the last."""
    _, snapshots, errors = life("ogc-pygeoapi-slow-success")
    assert errors == []
    assert told(snapshots) == [
        ("queued", 5, "Job accepted and ready for execution"),
        ("running", 0, "Started mission creation."),
        ("running", 11, "Creating tracks layers for location awareness."),
        ("running", 22, "Created tracks layers for location awareness."),
        ("running", 33, "Creating map for visualization."),
        ("running", 44, "Created map for visualization."),
        ("running", 55, "Finishing mission creation."),
        ("running", 66, "Finished step 6 of 8"),
        ("running", 77, "Finished step 7 of 8"),
        ("succeeded", 100, "Job complete"),
    ]
    first, last = snapshots[0], snapshots[-1]
    assert (second(first.started), first.ended, last.kind) == ("12:02:35", None, "slow-job")
    assert (second(last.started), second(last.ended)) == ("12:02:36", "12:02:42")


def test_ogc_failure() -> None:
    """The reason is the message, and progress stays where it was."""
    dialect, snapshots, errors = life("ogc-pygeoapi-slow-failed")
    assert errors == []
    assert told(snapshots) == [
        ("running", 0, "Started"),
        ("running", 16, "Finished step 1 of 5"),
        ("running", 33, "Finished step 2 of 5"),
        (
            "failed",
            33,
            "InvalidParameterValue: Error executing process: could not finish step 3",
        ),
    ]
    assert dialect.results_url("http://h/jobs/7", snapshots[-1]) is None


def test_ogc_dismissal() -> None:
    """The answer to a cancel tells the status, its document is gone afterwards."""
    dialect, snapshots, errors = life("ogc-pygeoapi-dismissed")
    assert [one.status for one in snapshots] == [Status.RUNNING] * 4
    assert [type(one) for one in errors] == [NoSuchJobError] * 3
    exchanges = recorded("ogc-pygeoapi-dismissed")
    answer, again = (one for _, method, one in exchanges if method == "DELETE")
    assert dialect.read_cancel(answer) == CancelAnswer(Status.CANCELLED, "Job dismissed")
    with pytest.raises(NoSuchJobError, match="404 NoSuchJob"):
        dialect.read_cancel(again)
    request = dialect.cancel_request("http://h/jobs/7")
    assert request is not None
    assert (request.method, request.url) == ("DELETE", "http://h/jobs/7")


@pytest.mark.parametrize(
    ("name", "words", "percents"),
    [
        (
            "openeo-success",
            ["queued", "queued", "running", *["running"] * 5, "succeeded"],
            [0, 0, 0, 16.7, 33.3, 50, 66.7, 83.3, 100],
        ),
        ("openeo-error", ["queued", "queued", *["running"] * 3, "failed"], [0, 0, 0, 20, 40, 40]),
    ],
)
def test_openeo_documents(name: str, words: list[str], percents: list[float]) -> None:
    """A created job is queued; no document tells a start, the last change of status is the end."""
    _, snapshots, errors = life(name)
    assert errors == []
    assert [str(one.status) for one in snapshots] == words
    assert [round((one.progress or 0) * 100, 1) for one in snapshots] == percents
    assert {one.started for one in snapshots} == {None}
    assert [one.ended is not None for one in snapshots] == [*[False] * (len(words) - 1), True]


def test_openeo_log() -> None:
    """The log is asked on from its last entry, and its last entries come with the end."""
    dialect, after, texts = find_dialect("openeo"), None, []
    for what, _, answer in recorded("openeo-success"):
        if not what.startswith("logs after"):
            continue
        request = dialect.log_request(f"{answer.url}".partition("/logs")[0], after)
        assert request is not None
        assert request.url == answer.url
        page = dialect.read_log(answer)
        texts += [message.text for message in page.messages]
        after = page.after or after
    assert texts == ["Job queued", "Job running", *STEPS, "Job finished"]


def test_openeo_reason_is_in_the_log() -> None:
    """Why a job has failed is told by its log only, with code, level and time."""
    (answer,) = (one for what, _, one in recorded("openeo-error") if what == "logs")
    last = find_dialect("openeo").read_log(answer).messages[-1]
    assert (last.text, last.code, last.level) == ("could not finish step 3", "StepFailed", "error")
    assert last.time == datetime(2026, 11, 23, 11, 45, 15, 179_000, tzinfo=UTC)


@pytest.mark.parametrize("path", sorted(CASES.glob("*.ndjson")), ids=lambda path: path.stem)
def test_submission(path: Path) -> None:
    """The answer to a submission names the job whose polls follow, also where it has no body."""
    dialect = find_dialect(path.stem.partition("-")[0])
    exchanges = recorded(path.stem)
    polled = next(answer.url for what, _, answer in exchanges if what.startswith("poll"))
    assert dialect.read_submission(exchanges[0][2]) == polled


PAGES: dict[str, Any] = {
    "ogc": {"jobID": "a", "status": "running", "progress": 5},
    "openeo": {"id": "a", "status": "running", "created": "2026-01-01T00:00:00Z", "progress": 5},
}


@pytest.mark.parametrize(("name", "job"), PAGES.items())
def test_list(name: str, job: dict[str, Any]) -> None:
    """A page has whole documents once each, no paths, and leads to the next page."""
    dialect, key = find_dialect(name), next(iter(job))
    body = {
        "jobs": [job, job | {key: "../x"}, job, job | {key: "b c"}],
        "links": [{"rel": "self", "href": "x"}, {"rel": "next", "href": "/jobs?offset=2"}],
    }
    page = dialect.read_list(Answer(body, "http://h/jobs?limit=2"))
    assert [url for url, _ in page.entries] == ["http://h/jobs/a", "http://h/jobs/b%20c"]
    assert [one.progress for _, one in page.entries if one] == [0.05, 0.05]
    assert page.next_url == "http://h/jobs?offset=2"
    for odd in ({"jobs": [{"name": "x"}]}, {"jobs": 1}, [], None, {"links": []}):
        with pytest.raises(JobwidgetsError):
            dialect.read_list(Answer(odd, "http://h/jobs"))


def replayed(name: str) -> Job:
    """Return a job that was asked for as often as in a recording, its log as far as it was then."""
    exchanges = recorded(name)
    polls = [answer for what, _, answer in exchanges if what.startswith("poll")]
    logs: list[list[Any]] = []
    for what, _, answer in exchanges:
        if what.startswith("poll"):
            logs.append([*(logs[-1] if logs else [])])
        elif what.startswith("logs after") or (what == "logs" and "success" not in name):
            logs[-1] += answer.body["logs"]
    asked = iter(polls)
    known: list[Any] = []

    def reply(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/logs"):
            ids = [entry["id"] for entry in known]
            offset = request.url.params.get("offset")
            rest = known[ids.index(offset) + 1 :] if offset else known
            return httpx.Response(200, json={"logs": rest, "links": []})
        answer = next(asked)
        known[:] = logs[polls.index(answer)]
        return httpx.Response(answer.status, json=answer.body)

    job = Job(f"{polls[0].url}", http={"transport": httpx.MockTransport(reply)})
    for _ in polls:
        with suppress(NoSuchJobError):
            job.refresh()
    return job


@pytest.mark.parametrize(
    ("name", "status", "texts"),
    [
        (
            "ogc-pygeoapi-slow-success",
            "succeeded",
            [
                "Job accepted and ready for execution",
                "Started mission creation.",
                "Creating tracks layers for location awareness.",
                "Created tracks layers for location awareness.",
                "Creating map for visualization.",
                "Created map for visualization.",
                "Finishing mission creation.",
                "Finished step 6 of 8",
                "Finished step 7 of 8",
                "Job complete",
            ],
        ),
        (
            "ogc-pygeoapi-slow-failed",
            "failed",
            [
                "Started",
                "Finished step 1 of 5",
                "Finished step 2 of 5",
                "InvalidParameterValue: Error executing process: could not finish step 3",
            ],
        ),
        (
            "ogc-pygeoapi-dismissed",
            "running",  # nobody has cancelled it here: 404 alone is no end at once
            [f"Finished step {number} of 20" for number in range(1, 5)],
        ),
        ("openeo-success", "succeeded", ["Job queued", "Job running", *STEPS, "Job finished"]),
    ],
)
def test_watched(name: str, status: str, texts: list[str]) -> None:
    """A job that nobody gave a dialect keeps what its server overwrites, and reads its log."""
    job = replayed(name)
    assert (job.status, job.history.dialect) == (status, name.partition("-")[0])
    assert [message.text for message in job.messages] == texts
    assert [message.number for message in job.messages] == list(range(1, len(texts) + 1))
