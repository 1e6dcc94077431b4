"""Whatever JSON a server sends, a dialect raises an error of ours or says what it can."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobwidgets._model.snapshot import Snapshot
from jobwidgets.dialects import Answer, find_dialect, known_dialects
from jobwidgets.dialects._choice import Untold
from jobwidgets.errors import JobwidgetsError

CASES = json.loads((Path(__file__).with_name("cases") / "documents.json").read_text())
JOBS: list[dict[str, Any]] = [
    *CASES.values(),
    {
        "jobID": "7",
        "type": "process",
        "processID": "x",
        "status": "running",
        "message": "m",
        "progress": 5,
        "started": "2026-01-01T00:00:00Z",
        "finished": None,
        "links": [{"rel": "results", "href": "x"}],
    },
    {
        "id": "7",
        "status": "finished",
        "title": "t",
        "progress": 5,
        "created": "2026-01-01T00:00:00Z",
        "updated": "2026-01-01T00:00:00Z",
        "process": {"process_graph": {}},
    },
]
ODD: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 10**400, 1e308, float("nan"), float("inf"), -(2**63)),
    *("", "word", "7", "9999-12-31T23:59:59-14:00", "0001-01-01", "\x00", "../x", "\ud800"),
    *([], [None, [1, {}]], {}, {"a": {"b": [1]}}, [[]], [{"rel": 1, "href": 2}], "http://[::1"),
]
DEEP: Any = "deep"
for _ in range(400):
    DEEP = [DEEP]
READERS = [*known_dialects(), Untold("https://h/rest/jobs/7"), Untold("https://h/jobs/7")]


def within(job: dict[str, Any], odd: Any) -> Iterator[dict[str, Any]]:
    """Yield a document with each part of its parts changed."""
    for name, part in job.items():
        if isinstance(part, dict):
            yield from ({**job, name: {**part, inner: odd}} for inner in part)
            yield from ({**job, name: inner} for inner in within(part, odd))
        elif isinstance(part, list):
            yield {**job, name: [*part, odd]}
            yield {**job, name: {"message": odd, "percent": odd, "0": part}}


@pytest.mark.parametrize("dialect", READERS, ids=lambda one: one.name)
@pytest.mark.parametrize("odd", [*ODD, DEEP], ids=lambda odd: repr(odd)[:20])
def test_any_value_in_any_place(dialect: Any, odd: Any) -> None:
    """Each part of each document, and the whole of it, may be anything."""
    documents = [odd, [odd], {"jobs": odd}, {"jobs": [odd]}, {"asyncJobs": odd}, {"logs": [odd]}]
    documents += [{"error": odd}, {"code": odd, "message": odd}, {"status": odd}]
    documents += [{**job, name: odd} for job in JOBS for name in (*job, "error", "more")]
    documents += [one for job in JOBS for one in within(job, odd)]
    reads = (dialect.read, dialect.read_list, dialect.read_log, dialect.read_cancel)
    for document in documents:
        assert dialect.recognises(document) in {True, False}
        for status in (200, 404):
            answer = Answer(document, "http://h/jobs/7", status)
            for read in (*reads, dialect.read_submission):
                try:
                    found = read(answer)
                except JobwidgetsError:
                    continue
                if isinstance(found, Snapshot):
                    assert isinstance(found.id, str)
                    assert found.progress is None or 0 <= found.progress <= 1
                    assert {type(step.name) for step in found.steps} <= {str}
                    assert {type(message.text) for message in found.messages} <= {str}
                    assert dialect.results_url("http://h/jobs/7", found) is not False


def test_document_keeps_all() -> None:
    """What has no place of its own is kept in the attributes, and the document as it came."""
    for job in JOBS[-2:]:
        dialect = find_dialect("ogc" if "jobID" in job else "openeo")
        found = dialect.read(Answer({**job, "more": [1]}))
        assert found.attributes["more"] == [1]
        assert found.document == {**job, "more": [1]}
