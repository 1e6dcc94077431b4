"""How the dialect is told where nobody says it: by the URL, by a document, or not at all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from documents import case, document
from hypothesis import given
from hypothesis import strategies as st
from servers import Replies

from jobwidgets import Job, Jobs, jobs_frame, messages_frame, read_documents
from jobwidgets.dialects import Answer, find_dialect
from jobwidgets.dialects._choice import are_surely_mission, dialect_at, recognising
from jobwidgets.errors import DocumentError, UnauthorisedError

CASES = Path(__file__).with_name("cases")
DOCUMENTS = json.loads((CASES / "documents.json").read_text())
NOTEBOOK = DOCUMENTS["notebook-processing"]
OGC = {"jobID": "7", "status": "running", "progress": 40}
OPENEO = {"id": "7", "status": "running", "created": "2026-01-01T00:00:00Z"}
GP = {"jobId": "7", "jobStatus": "esriJobExecuting", "messages": []}
MISSION = document(jobId="7")


def asked(url: str, *replies: Any, token: str | None = None) -> tuple[Job, list[httpx.Request]]:
    """Return a job that was asked for once a reply, and what was sent."""
    server = Replies(*replies)
    job = Job(url, token=token, http={"transport": server})
    for _ in replies:
        job.refresh()
    return job, server.requests


@pytest.mark.parametrize(
    ("url", "body", "name"),
    [
        ("https://h/arcgis/rest/jobs/7", MISSION, "mission"),
        ("https://h/rest/services/x/GPServer/t/jobs/7", GP, "geoprocessing"),
        ("https://h/rest/somewhere/jobs/7", GP, "geoprocessing"),
        ("https://h/jobs/7", OGC, "ogc"),
        ("https://h/openeo/1.2/jobs/7", OPENEO, "openeo"),
    ],
)
def test_job_is_told(url: str, body: Any, name: str) -> None:
    """The first document tells what the URL does not, and the history keeps it."""
    job, _ = asked(url, body)
    assert (job.status, job.history.dialect) == ("running", name)


@pytest.mark.parametrize("url", ["https://h/rest/jobs/7", "https://h/admin/jobs/7"])
def test_esri_is_asked_its_way(url: str) -> None:
    """Without ``f=json`` and Esri's header there would never be a first document."""
    _, requests = asked(url, MISSION, MISSION, token="S3cr3t")
    for request in requests:
        assert request.url.params["f"] == "json"
        assert request.headers["X-Esri-Authorization"] == "Bearer S3cr3t"
        assert "Authorization" not in request.headers


def test_header_of_the_token_follows_what_is_told() -> None:
    """All others are asked with Accept and Bearer; a dialect that is told late has its way."""
    _, requests = asked("https://h/jobs/7", MISSION, MISSION, token="S3cr3t")
    first, second = requests
    assert first.headers["Accept"] == "application/json"
    assert first.headers["Authorization"] == "Bearer S3cr3t"
    assert "f" not in first.url.params
    assert second.headers["X-Esri-Authorization"] == "Bearer S3cr3t"
    assert "Authorization" not in second.headers
    assert second.url.params["f"] == "json"


@pytest.mark.parametrize("dialect", [None, "ogc"])
def test_url_of_a_page(dialect: str | None) -> None:
    """A URL copied from a browser's address bar is asked for documents, in lists too."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.params.get("f") == "html":
            return httpx.Response(200, html="<html>a job</html>")
        is_list = request.url.path.endswith("/jobs")
        assert request.url.params.get("lang") == "de"
        return httpx.Response(200, json={"jobs": [OGC], "links": []} if is_list else OGC)

    http = {"transport": httpx.MockTransport(answer)}
    job = Job("https://h/jobs/7?f=html&lang=de", dialect=dialect, http=http)
    assert job.refresh().status == "running"
    jobs = Jobs("https://h/jobs?f=html&lang=de", dialect=dialect, http=http)
    assert jobs.ids() == ["7"]
    assert jobs.job("7").refresh().status == "running"


def test_url_alone() -> None:
    """Only a geoprocessing task's URL is certain."""
    assert dialect_at("https://h/rest/services/a/GPServer/b/jobs/7").name == "geoprocessing"
    assert dialect_at("https://h/rest/jobs/7").name == "not told yet"


@pytest.mark.parametrize("odd", [{"taskId": "7", "state": "busy"}, {"jobId": "7", "state": "x"}])
def test_nothing_tells(odd: dict[str, Any]) -> None:
    """The error lists what was tried, and what the document has."""
    with pytest.raises(DocumentError, match=r"tried geoprocessing, .* found an object with: .*Id"):
        asked("https://h/jobs/7", odd, odd)


@pytest.mark.parametrize("dialect", [None, "ogc"])
def test_id_that_is_a_number(dialect: str | None) -> None:
    """Ids are texts: a number is refused, and named as what is wrong."""
    job = Job("https://h/jobs/7", dialect=dialect, http={"transport": Replies({**OGC, "jobID": 7})})
    with pytest.raises(DocumentError, match="status; its jobID is a int, not a text"):
        job.refresh()


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": 498, "message": "Invalid token."}},
        httpx.Response(401, json={"code": "x"}),
    ],
)
def test_error_body_before_the_first_document(body: Any) -> None:
    """An error body is told as the error that it is."""
    with pytest.raises(UnauthorisedError):
        asked("https://h/jobs/7", body)


@pytest.mark.parametrize(
    ("body", "told", "ids"),
    [
        ({"jobs": [OGC, {**OGC, "jobID": "8"}], "links": []}, "ogc", ["7", "8"]),
        ({"jobs": [OPENEO], "links": []}, "openeo", ["7"]),
        ({"jobs": [], "links": []}, "not told yet", []),
        ({"asyncJobs": ["7", "7"]}, "not told yet", ["7"]),
        (
            {"asyncJobs": [NOTEBOOK]},
            "notebook",
            [NOTEBOOK["jobId"]],
        ),
    ],
)
def test_list_is_told_by_its_items(body: Any, told: str, ids: list[str]) -> None:
    """An empty list stays untold, and so do bare ids: each job tells then."""
    jobs = Jobs("https://h/rest/jobs", http={"transport": Replies(body)})
    assert jobs.ids() == ids
    assert jobs._source.dialect.name == told


@pytest.mark.parametrize("odd", [{"jobs": [{"name": "x"}]}, {"items": []}, [], {"jobs": {}}, 7])
def test_list_in_another_shape(odd: Any) -> None:
    """It is never "no jobs"."""
    with pytest.raises(DocumentError, match="list of jobs"):
        Jobs("https://h/jobs", http={"transport": Replies(odd, odd)}).ids()


FOUR = [case("completed"), DOCUMENTS["geoprocessing-failed"], OGC, OPENEO]


def test_one_frame_of_four_servers() -> None:
    """Documents of different servers stand in one frame, each read by its own dialect."""
    frame = jobs_frame([*FOUR, DOCUMENTS["admin-completed-but-failed"]])
    assert list(frame["status"]) == ["succeeded", "failed", "running", "running", "failed"]
    assert list(frame["progress"].fillna(-1)) == [1.0, -1, 0.4, -1, 2 / 3]
    assert list(frame.dtypes) == list(jobs_frame(case("completed")).dtypes)
    with pytest.raises(DocumentError, match=r"jobs\[1\]: .*no known dialect"):
        jobs_frame([OGC, {"name": "x"}])


def test_watched_jobs_of_four_servers() -> None:
    """So do jobs that were watched."""
    pairs = [
        (MISSION, "rest/jobs"),
        (GP, "rest/x/GPServer/y/jobs"),
        (OGC, "jobs"),
        (OPENEO, "jobs"),
    ]
    jobs = [asked(f"https://h/{path}/7", body)[0] for body, path in pairs]
    frame = jobs_frame(jobs)
    assert list(frame["status"]) == ["running"] * 4
    assert list(frame["kind"].fillna("")) == [MISSION.get("type", ""), "y", "", ""]


@pytest.mark.parametrize("ending", ["ndjson", "json"])
def test_file_is_told_by_its_first_document(ending: str, tmp_path: Path) -> None:
    """The others must fit."""
    dump: Callable[[list[Any]], str] = (
        json.dumps if ending == "json" else lambda items: "\n".join(map(json.dumps, items))
    )
    path = tmp_path / f"jobs.{ending}"
    for same in ([OGC, {**OGC, "jobID": "8"}], [GP, GP], [MISSION, MISSION]):
        path.write_text(dump(same))
        assert len(jobs_frame(read_documents(path))) == 2
    for first, other in ((OGC, OPENEO), (MISSION, GP), (GP, MISSION), (MISSION, OGC)):
        path.write_text(dump([first, first, other]))
        with pytest.raises(DocumentError, match="first document is of"):
            read_documents(path)


# Without what no column of a table can hold beside Mission's.
OTHERS = [
    *({**one, "messages": None} for name, one in DOCUMENTS.items() if "video" not in name),
    {**DOCUMENTS["video-in-progress"], "customAttributes": None},
    {"jobId": "7", "status": "EXECUTING", "type": "openNOTEBOOK"},
    {"jobId": "7", "status": "EXECUTING", "customAttributes": {"openNotebook": {"a": 1}}},
    {"jobId": "7", "status": "running", "id": "7", "created": "2026-01-01T00:00:00Z"},
    {"jobId": "7", "status": "running", "id": "7", "type": "process"},
]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("ending", ["ndjson", "parquet"])
def test_file_of_mission_has_no_others(other: Any, ending: str, tmp_path: Path) -> None:
    """However many documents of Mission are before it, one of another server is refused."""
    path, many = tmp_path / f"jobs.{ending}", [MISSION, *[document(jobId="8")] * 10]
    if ending == "parquet":
        pd.DataFrame([*many, other]).to_parquet(path)
    else:
        path.write_text("\n".join(map(json.dumps, [*many, other])))
    for make in (jobs_frame, messages_frame, read_documents):
        with pytest.raises(DocumentError, match=r"12: the file's first document is of mission"):
            make(path)


@pytest.mark.parametrize("parts", [{"messages": ["opens a notebook"]}, {"inputs": None}])
def test_file_of_mission_has_odd_ones(parts: Any, tmp_path: Path) -> None:
    """A word among the messages, or a name without a value, makes no other server of it."""
    path = tmp_path / "jobs.ndjson"
    path.write_text("\n".join(map(json.dumps, [MISSION, MISSION | parts])))
    assert list(jobs_frame(path)["status"]) == ["running", "running"]


VALUES = st.none() | st.sampled_from(["7", "running", "process", "x/VideoServer", "Notebook", 1])
NAMES = ["jobStatus", "inputs", "jobID", "id", "jobid", "job_id", "process", "processID", "created"]
MIXED = st.dictionaries(
    st.sampled_from([*NAMES, "jobId", "status", "type", "stepInfo", "operationURI"]),
    VALUES | st.just("2026-01-01T00:00:00Z") | st.dictionaries(st.just("serviceUrl"), VALUES),
)


@given(st.sampled_from([*DOCUMENTS.values(), *FOUR, MISSION, {"jobId": "7", "status": ""}]), MIXED)
def test_what_is_surely_mission_is_recognised_so(one: Any, parts: Any) -> None:
    """The quick look over millions of documents says nothing that the close one does not."""
    for mixed in (one, one | parts, {"jobId": "7", "status": "running"} | parts):
        is_sure = are_surely_mission(mixed.keys(), lambda name, of=mixed: [of.get(name)])
        if is_sure and mixed["jobId"]:
            assert [dialect.name for dialect in recognising(mixed)] == ["mission"]
    assert are_surely_mission(MISSION.keys(), lambda name: [MISSION.get(name)])


def test_given_dialect_is_not_told() -> None:
    """What a user says counts, for one server and for the frames."""
    job = Job("https://h/jobs/7", dialect=find_dialect("ogc"), http={"transport": Replies(OPENEO)})
    assert job.refresh().status == "running"
    assert list(jobs_frame([OPENEO], dialect="ogc")["job_id"]) == ["7"]
    assert find_dialect("ogc").read(Answer(OPENEO)).id == "7"
