"""Responses of submissions as a table: what was asked and answered, and the job that it started."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from documents import document

from jobwidgets import Job, RefusedError, UnauthorisedError

SECRET = "S3cr3t-T0ken"
GP = "https://gis.example.com/arcgis/rest/services/Tools/GPServer/Buffer"
OGC = "https://ogc.example.com/api"
EO = "https://eo.example.com/openeo/1.2"


def response(url: str, status: int = 200, body: Any = None, **headers: str) -> httpx.Response:
    """Return the response to a POST; `_` in a header's name is a `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = {} if body is None else {"json": body}
    request = httpx.Request("POST", url)
    return httpx.Response(status, headers=named, request=request, **content)


@pytest.mark.parametrize(
    ("given", "dialect", "url"),
    [
        (
            response(f"{GP}/submitJob?f=json", body={"jobId": "j1", "jobStatus": "esriJobNew"}),
            "geoprocessing",
            f"{GP}/jobs/j1",
        ),
        (
            response(f"{GP}/submitjob?f=json", body={"jobId": "j1", "jobStatus": "esriJobNew"}),
            "geoprocessing",
            f"{GP}/jobs/j1",
        ),
        (
            response(f"{OGC}/processes/p/execution", 201, Location="/api/jobs/j1?f=html"),
            "ogc",
            f"{OGC}/jobs/j1",
        ),
        (
            response(f"{OGC}/processes/p/execution", 201, {"jobID": "j1"}),
            "ogc",
            f"{OGC}/jobs/j1",
        ),
        (
            response(f"{OGC}/processes/p/execution", 201, Location="/api/jobs/j1"),
            "ogc",
            f"{OGC}/jobs/j1",
        ),
        (
            response(f"{EO}/jobs", 201, Location=f"{EO}/jobs/j1", OpenEO_Identifier="j1"),
            "openeo",
            f"{EO}/jobs/j1",
        ),
        (response(f"{EO}/jobs", 201, OpenEO_Identifier="j1"), "openeo", f"{EO}/jobs/j1"),
        (  # behind a proxy that ends TLS
            response(
                f"{OGC}/processes/p/execution",
                201,
                Location=f"{OGC}/jobs/j1".replace("https:", "http:"),
            ),
            "ogc",
            f"{OGC}/jobs/j1",
        ),
    ],
)
@pytest.mark.parametrize("is_requests", [False, True])
def test_job_of_a_response(given: Any, dialect: str, url: str, is_requests: bool) -> None:
    """Whichever way a server names the job, it is found; requests' responses are read alike."""
    if is_requests:
        given = SimpleNamespace(
            url=str(given.url),
            status_code=given.status_code,
            headers=given.headers,
            content=given.content,
        )
    assert Job.from_response(given, dialect=dialect).url == url


def test_dialect_is_told_from_the_url() -> None:
    """Without a dialect the URL of the request tells it where that is certain."""
    given = response(f"{GP}/submitJob", body={"jobId": "j1", "jobStatus": "esriJobSubmitted"})
    assert Job.from_response(given).url == f"{GP}/jobs/j1"


@pytest.mark.parametrize(
    ("given", "kind", "text"),
    [
        (
            response(
                f"{OGC}/processes/p/execution", 201, Location="https://evil.example.com/jobs/1"
            ),
            ValueError,
            r"another server, https://evil\.example\.com:443, than the request to https://ogc",
        ),
        (response(f"{OGC}/processes/p/execution", body={"value": 3}), ValueError, "found no job"),
        (response(f"{OGC}/processes/p/execution", 401), UnauthorisedError, "401"),
        (response(f"{OGC}/processes/p/execution", 400), RefusedError, "400"),
        (httpx.Response(200, json={"jobID": "j1"}), ValueError, "found one that has no URL"),
        (  # of requests, made by hand
            SimpleNamespace(url=None, status_code=200, headers={}, content=b""),
            ValueError,
            "found one that has no URL",
        ),
        (response(f"{OGC}/jobs/j1", body=document()), ValueError, "found no job; give dialect="),
        ({"jobID": "j1"}, TypeError, "expected a response of httpx or requests, found a dict"),
    ],
)
def test_no_job(given: Any, kind: type[Exception], text: str) -> None:
    """What tells of no job, of one elsewhere, or of a refusal, is an error that says so."""
    with pytest.raises(kind, match=text):
        Job.from_response(given, dialect="ogc")


def test_password_of_the_request() -> None:
    """Where several jobs are told of, the error shows no password of the URL that was asked."""
    url = "https://bob:s3cr3t@ogc.example.com/processes/p/execution"
    with pytest.raises(ValueError, match="to tell of one job") as caught:
        Job.from_response(response(url, 201, {"jobID": "1", "jobUrl": "/x/jobs/2", "jobId": "3"}))
    assert "s3cr3t" not in str(caught.value)


def test_token_of_the_location() -> None:
    """A token in the Location is taken out of the URL, as of any URL."""
    where = f"{OGC}/jobs/j1?token={SECRET}"
    job = Job.from_response(response(f"{OGC}/processes/p/execution", Location=where), dialect="ogc")
    assert SECRET not in f"{job.url} {job!r}"
