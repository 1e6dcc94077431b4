"""Documents of geoprocessing services and of Mission's relatives, and their facts."""

import json
from pathlib import Path
from typing import Any

import pytest

from jobwidgets._model.snapshot import Snapshot, Status
from jobwidgets.dialects import Answer, check, find_dialect, known_dialects
from jobwidgets.errors import DocumentError, RefusedError, UnauthorisedError

DOCUMENTS = json.loads((Path(__file__).with_name("cases") / "documents.json").read_text())
FACTS: dict[str, tuple[str, dict[str, Any]]] = {
    "geoprocessing-executing": (
        "geoprocessing",
        {"status": "running", "progress": None, "messages": ["Submitted."], "started": None},
    ),
    "geoprocessing-executing-with-progress": (
        "geoprocessing",
        {"status": "running", "progress": 0.37, "messages": []},
    ),
    "geoprocessing-failed": (
        "geoprocessing",
        {"status": "failed", "messages": ["Submitted.", "Executing...", "Failed."], "ended": None},
    ),
    "geoprocessing-succeeded": (
        "geoprocessing",
        {"status": "succeeded", "raw_status": "esriJobSucceeded", "messages": []},
    ),
    "admin-completed-but-failed": (
        "admin",
        {
            "status": "failed",
            "raw_status": "COMPLETED",
            "steps_done": 2,
            "steps_total": 3,
            "messages": ["service failed to start"],
            "steps": DOCUMENTS["admin-completed-but-failed"]["stepInfo"],
        },
    ),
    "kubernetes-executing": (
        "kubernetes",
        {
            "status": "running",
            "started": "2023-11-14T22:13:20.005Z",
            "ended": None,
            "owner": "siteadmin",
        },
    ),
    "kubernetes-service-job-succeeded": (
        "kubernetes",
        {
            "status": "succeeded",
            "started": "2023-11-14T22:13:25Z",
            "ended": "2023-11-14T22:13:29Z",
        },
    ),
    "notebook-processing": (
        "notebook",
        {
            "status": "running",
            "progress": 0.4,
            "messages": ["Starting the container."],
            "started": "2023-11-14T22:13:20Z",
            "ended": None,
        },
    ),
    "video-in-progress": (
        "video",
        {
            "status": "running",
            "raw_status": "In Progress",
            "messages": ["Starting Ingest", "Probing Video Codec", "Probing Audio"],
        },
    ),
}


def test_every_document_has_its_facts() -> None:
    """No case is left out."""
    assert FACTS.keys() == DOCUMENTS.keys()


@pytest.mark.parametrize("name", FACTS)
def test_document(name: str) -> None:
    """Each document says what its facts say, and is told from all others' but Mission's shape."""
    dialect, facts = FACTS[name]
    check(find_dialect(dialect), [(DOCUMENTS[name], facts)])
    names = {one.name for one in known_dialects() if one.recognises(DOCUMENTS[name])}
    assert names - {"mission"} == {dialect}


def test_codes_as_a_text() -> None:
    """The video server's codes are paired with its messages."""
    job = find_dialect("video").read(Answer(DOCUMENTS["video-in-progress"]))
    assert [message.code for message in job.messages] == [2001, 2002, 2003]
    assert job.document["customAttributes"]["messageCodes"] == "[2001, 2002, 2003]"


def test_steps_that_a_document_tells() -> None:
    """The current step is under way, and done only once the job has succeeded."""
    document = DOCUMENTS["admin-completed-but-failed"]
    running = {**document, "status": "EXECUTING", "currentstep": 2, "operationResponse": None}
    done = {**document, "operationResponse": {"status": "success"}}
    for given, states in (
        (document, [(True, True), (True, True), (True, False)]),
        (running, [(True, True), (True, False), (False, False)]),
        (done, [(True, True)] * 3),
    ):
        job = find_dialect("admin").read(Answer(given))
        assert [(step.has_begun, step.has_ended) for step in job.steps] == states


@pytest.mark.parametrize(
    ("told", "progress"),
    [(0, 0), (100, 1), (140, 1), (-1, 0), (12.5, 0.125), (None, None), ("50", None), (True, None)],
)
def test_progress_is_clamped(told: Any, progress: float | None) -> None:
    """Progress is what the server says, within 0…1, also while a job is queued."""
    job = {"jobID": "7", "status": "accepted", "progress": told}
    check(find_dialect("ogc"), [(job, {"status": "queued", "progress": progress})])


@pytest.mark.parametrize(
    ("told", "time"),
    [
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z"),
        ("2026-01-01T12:00:00+02:00", "2026-01-01T10:00:00Z"),
        ("2026-01-01T10:00:00", "2026-01-01T10:00:00Z"),
        (1767261600, "2026-01-01T10:00:00Z"),
        (1767261600000, "2026-01-01T10:00:00Z"),
        *((odd, None) for odd in (None, 0, "", "soon", -1, True, [1], 1e300, float("nan"))),
    ],
)
def test_times(told: Any, time: str | None) -> None:
    """ISO times, UTC without a zone, seconds and milliseconds; null, 0 and absent: not yet."""
    job = {"jobID": "7", "status": "running", "started": told}
    check(find_dialect("ogc"), [(job, {"started": time})])


@pytest.mark.parametrize("dialect", known_dialects(), ids=lambda one: one.name)
def test_what_is_no_job(dialect: Any) -> None:
    """Any other JSON is refused as a document, an error body as that error."""
    odd = [None, 1, "x", [], {}, {"jobs": []}, {"status": "running"}]
    check(dialect, [(one, DocumentError) for one in odd])
    if dialect.name in {"ogc", "openeo"}:
        errors = [(Answer({"code": "Odd", "message": "m"}, None, 400), RefusedError)]
    else:
        errors = [(Answer({"error": {"code": 498, "message": "m"}}), UnauthorisedError)]
    check(dialect, errors)


def test_other_job() -> None:
    """A document of another job than was asked for is refused."""
    answer = Answer({"jobID": "8", "status": "running"}, "http://h/jobs/7")
    with pytest.raises(DocumentError, match="expected job 7, found job 8"):
        find_dialect("ogc").read(answer)


def test_names_of_the_2_0_draft() -> None:
    """``id`` and ``process`` stand for ``jobID`` and ``processID``."""
    job = {"id": "7", "process": "http://h/processes/x", "status": "successful"}
    check(find_dialect("ogc"), [(job, {"id": "7", "kind": job["process"]})])
    assert [one.name for one in known_dialects() if one.recognises(job)] == ["ogc"]


def test_check_tells_what_is_wrong() -> None:
    """All that is not as expected is told, and no case is an error too."""
    job, ogc = {"jobID": "7", "status": "running"}, find_dialect("ogc")
    with pytest.raises(AssertionError, match=r"status is 'running', expected 'failed'"):
        check(ogc, [(job, {"status": "failed"})])
    with pytest.raises(AssertionError, match="case 2: DocumentError was raised"):
        check(ogc, [(job, {}), ({}, {"id": "7"})])
    with pytest.raises(AssertionError, match="expected RefusedError, found a Snapshot"):
        check(ogc, [(job, RefusedError)])
    with pytest.raises(AssertionError, match="has no 'state'"):
        check(ogc, [(job, {"state": "running"})])
    with pytest.raises(AssertionError, match="there is no case"):
        check(ogc, [])


SUBMITTED = [
    ("mission", "https://h/s/rest/services/createMission", "https://h/s/rest/jobs/j1"),
    ("notebook", "https://h/n/admin/notebooks/openNotebook", "https://h/n/admin/system/jobs/j1"),
    ("kubernetes", "https://h/k/admin/services/x/edit", "https://h/k/admin/jobs/j1"),
    (
        "geoprocessing",
        "https://h/rest/services/a/GPServer/b/submitJob",
        "https://h/rest/services/a/GPServer/b/jobs/j1",
    ),
]


@pytest.mark.parametrize(("name", "url", "job_url"), SUBMITTED)
def test_submission_to_an_arcgis_server(name: str, url: str, job_url: str) -> None:
    """The job stands below the server whose operation was asked, or where ``jobUrl`` says."""
    dialect = find_dialect(name)
    assert dialect.read_submission(Answer({"jobId": "j1"}, f"{url}?f=json")) == job_url
    assert dialect.read_submission(Answer({"success": True}, url)) is None
    if name != "geoprocessing":
        told = {"jobId": "j1", "jobUrl": "https://h/elsewhere/jobs/j1"}
        assert dialect.read_submission(Answer(told, url)) == told["jobUrl"]


CANCELS = {
    "geoprocessing": ("POST", "http://h/jobs/7/cancel?f=json"),
    "notebook": ("POST", "http://h/jobs/7/cancel?f=json"),
    "ogc": ("DELETE", "http://h/jobs/7"),
    "openeo": ("DELETE", "http://h/jobs/7/results"),
}


@pytest.mark.parametrize("dialect", known_dialects(), ids=lambda one: one.name)
def test_cancel(dialect: Any) -> None:
    """Each cancels with what its servers document, and openEO keeps the job."""
    request = dialect.cancel_request("http://h/jobs/7")
    found = None if request is None else (request.method, request.url)
    assert found == CANCELS.get(dialect.name)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("ogc", "http://h/jobs/7/results"),
        ("openeo", "http://h/jobs/7/results"),
        ("mission", None),
    ],
)
def test_results(name: str, url: str | None) -> None:
    """The results of a finished job have a place on servers that document one."""
    dialect = find_dialect(name)
    for status, expected in ((Status.SUCCEEDED, url), (Status.FAILED, None)):
        snapshot = Snapshot(id="7", status=status)
        assert dialect.results_url("http://h/jobs/7", snapshot) == expected


@pytest.mark.parametrize(
    ("results", "url"),
    [
        ({"Output Features": {"paramUrl": "results/x"}}, "/7/results/Output%20Features?f=html"),
        ({"a": {}, "b": {}}, "/7?f=html"),
        ({}, None),
        (None, None),
        ("a", None),
        ({"../../x": 1}, "/7?f=html"),
    ],
)
def test_results_of_geoprocessing(results: Any, url: str | None) -> None:
    """One result has a page of its own, several are named on the job's; the job must be there."""
    dialect, place = find_dialect("geoprocessing"), "http://h/s/T/GPServer/x/jobs"
    for status, expected in (("esriJobSucceeded", url), ("esriJobFailed", None)):
        job = dialect.read(Answer({"jobId": "7", "jobStatus": status, "results": results}))
        found = dialect.results_url(f"{place}/7", job)
        assert found == (expected and f"{place}{expected}")


@pytest.mark.parametrize("dialect", known_dialects(), ids=lambda one: one.name)
def test_page(dialect: Any) -> None:
    """All of Esri's have a page for people, and OGC's own URL is one; openEO has none."""
    pages = {"ogc": "https://h/jobs/7", "openeo": None}
    expected = pages.get(dialect.name, "https://h/jobs/7?f=html")
    assert dialect.page_url("https://h/jobs/7") == expected


def test_link_to_results_is_http() -> None:
    """A relative link is made whole, another scheme is not taken."""
    rel, ogc = "http://www.opengis.net/def/rel/ogc/1.0/results", find_dialect("ogc")
    for href, expected in (("/r/7", "http://h/r/7"), ("javascript:x", "http://h/jobs/7/results")):
        job = {"jobID": "7", "status": "successful", "links": [{"rel": rel, "href": href}]}
        snapshot = ogc.read(Answer(job))
        assert ogc.results_url("http://h/jobs/7", snapshot) == expected
    behind_a_proxy = {
        "jobID": "7",
        "status": "successful",
        "links": [{"rel": rel, "href": "http://h/r"}],
    }
    assert ogc.results_url("https://h/jobs/7", ogc.read(Answer(behind_a_proxy))) == "https://h/r"
