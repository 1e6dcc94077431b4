import re
import socket
from email.utils import parsedate_to_datetime

import httpx
import pytest
from documents import case

from jobwidgets.demo import EXAMPLE, MissionServer, example, verbatim


@pytest.fixture
def server():
    """Return a running server whose clock stands still."""
    with MissionServer(speed=0) as server:
        yield server


@pytest.fixture
def guarded():
    """Return a running server that requires tokens and whose clock stands still."""
    with MissionServer(speed=0, require_token=True, token_lifetime=60) as server:
        yield server


def ask(url, headers=None, **parameters):
    """Return the JSON answer to a GET."""
    return httpx.get(url, params={"f": "json"} | parameters, headers=headers).json()


def post(url, **form):
    """Return the JSON answer to a POST."""
    return httpx.post(url, data={"f": "json"} | form).json()


def code(answer):
    """Return the code of an error envelope."""
    assert set(answer) == {"error"}
    assert set(answer["error"]) == {"code", "message", "details"}
    return answer["error"]["code"]


def status_line(port, request):
    """Return the first line that a server answers to a request sent as it is."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request.encode())
        return connection.makefile("rb").readline().decode().rstrip()


def test_job_ages_by_the_clock(server):
    """A job starts when it is added, and is as old as the server's clock says."""
    url = server.add(example())
    seen = [ask(url)]
    for seconds in (30, 40):
        server.clock.advance(seconds)
        seen.append(ask(url))
    assert [one["status"] for one in seen] == ["SUBMITTED", "PROCESSING", "COMPLETED"]
    assert seen[2]["endTime"] - seen[2]["startTime"] == 66311
    assert url.endswith(seen[2]["jobId"])


def test_formats(server):
    """The default is a page; json is one line and pjson indented, of the published content."""
    url = server.add(verbatim(EXAMPLE))
    assert url == f"{server.jobs_url}/{EXAMPLE['jobId']}"
    page, plain, pretty = (httpx.get(url, params=f) for f in ({}, {"f": "json"}, {"f": "pjson"}))
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.text == httpx.get(url, params={"f": "html"}).text
    assert plain.headers["content-type"] == "application/json; charset=utf-8"
    assert "\n" not in plain.text
    assert pretty.text.startswith('{\n  "jobId": ')
    assert plain.json() == pretty.json() == case("completed")


def test_page_reads_well(server):
    """The page tells status, steps and each message with its code, and links to the JSON."""
    page = httpx.get(server.add(verbatim(EXAMPLE))).text
    assert "<dd>COMPLETED</dd>" in page
    assert "<dd>2020-05-26 20:00:21.196+00:00</dd>" in page
    assert '<label for="steps">5 of 5 steps</label>' in page
    assert "<td>1501</td><td>Creating tracks layers for location awareness.</td>" in page
    assert page.count('<th scope="row">') == 11
    assert '<a href="?f=json">' in page


def test_page_escapes_everything(server):
    """Hostile text is text, wherever in the document it is."""
    evil = "<img src=x onerror=alert(1)>\"'&"
    texts = ("jobId", "type", "status", "username", "startTime", "endTime")
    attributes = {"missionId": evil, "messageCodes": [evil], "stepsCompleted": evil}
    document = dict.fromkeys(texts, evil) | {"messages": [evil], "customAttributes": attributes}
    job, other = server.add(verbatim(document)), server.add(verbatim([evil]), "other")
    for url in (job, other, server.jobs_url):
        page = httpx.get(url).text
        assert "<img" not in page
        assert "&lt;img src=x onerror=alert(1)&gt;" in page


@pytest.mark.parametrize("document", [None, [1], {}, {"messages": 5}, {"messages": [1, "\ud800"]}])
def test_page_of_anything(server, document):
    """A document that is no job's is still shown, and told as it is."""
    url = server.add(verbatim(document))
    assert httpx.get(url).text.startswith("<!doctype html>")
    assert ask(url) == document


def test_jobs_are_listed(server):
    """The jobs resource tells the ids, the oldest first, until a job is removed."""
    server.add(example(), "b")
    server.add(example(), "a")
    assert ask(server.jobs_url) == {"asyncJobs": ["b", "a"]}
    server.remove("b")
    assert ask(server.jobs_url) == {"asyncJobs": ["a"]}
    with pytest.raises(KeyError):
        server.remove("b")


def test_pages_lead_to_the_job(server):
    """One gets from the root to a job by links."""
    server.add(example(), "a job/ü")
    url = httpx.URL(server.root)
    for _ in range(2):
        [link] = re.findall(r'href="(/[^"]+)"', httpx.get(url).text)
        url = url.join(link)
    assert "Job a job/ü" in httpx.get(url).text


def test_create_mission(server):
    """``createMission`` with ``async`` starts the example, over the time that was asked for."""
    answer = post(f"{server.root}/services/createMission", **{"async": "true", "seconds": "8.0004"})
    assert re.fullmatch(r"j[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer["jobId"])
    server.clock.advance(9)
    document = ask(f"{server.jobs_url}/{answer['jobId']}")
    assert (document["status"], document["endTime"] - document["startTime"]) == ("COMPLETED", 8000)


def test_create_mission_by_query(server):
    """Parameters may come in the query; a page leads to the job; ``async`` is false by default."""
    page = httpx.post(f"{server.root}/services/createMission?async=True").text
    [job_id] = ask(server.jobs_url)["asyncJobs"]
    assert f'<a href="/arcgis/rest/jobs/{job_id}">' in page
    assert set(post(f"{server.root}/services/createMission")) == {"success", "missionId"}


def test_delete_mission(server):
    """Deleting is a short job, unless ``async`` is false; it needs a POST."""
    url = f"{server.root}/services/d942/delete"
    assert httpx.get(url).status_code == 405
    job = f"{server.jobs_url}/{post(url)['jobId']}"
    server.clock.advance(3)
    assert ask(job)["messages"][-1] == "Deleted mission d942."
    assert post(url, **{"async": "false"}) == {"success": True}


def test_unknown_job(server):
    """No such job is an envelope with 404, as HTTP 200, in every format."""
    for f in ("html", "json", "pjson"):
        response = httpx.get(f"{server.jobs_url}/j0", params={"f": f})
        assert (response.status_code, code(response.json())) == (200, 404)


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"data": {"async": "true", "seconds": "0"}}, "found 0"),
        ({"data": {"async": "true", "seconds": "soon"}}, "soon"),
        ({"data": {"async": "maybe"}}, "maybe"),
        ({"data": {"async": "true", "f": "xml"}}, "xml"),
        ({"json": {"async": True}}, "application/json"),
    ],
)
def test_bad_parameters(server, sent, found):
    """What cannot be understood is an envelope with 400 that says what was found."""
    answer = httpx.post(f"{server.root}/services/createMission", **sent).json()
    assert (code(answer), ask(server.jobs_url)) == (400, {"asyncJobs": []})
    assert found in answer["error"]["details"][0]


def test_token_is_required(guarded):
    """Without a token: 499, with an unknown one: 498, both as HTTP 200."""
    missing = {"error": {"code": 499, "message": "Token Required", "details": []}}
    assert ask(guarded.jobs_url) == missing
    assert ask(guarded.jobs_url, token="made-up") == case("error_rest_498")
    assert httpx.get(guarded.jobs_url).status_code == 200


def test_ways_to_send_a_token(guarded):
    """Two headers, a query and a form are accepted."""
    token = guarded.issue_token()
    for header in ("X-Esri-Authorization", "Authorization"):
        assert ask(guarded.jobs_url, {header: f"Bearer {token}"}) == {"asyncJobs": []}
    assert ask(guarded.jobs_url, token=token) == {"asyncJobs": []}
    assert post(f"{guarded.root}/services/createMission", token=token)["success"] is True


def test_token_expires_by_the_clock(guarded):
    """A token is refused once its lifetime has passed on the server's clock."""
    short, long = guarded.issue_token(), guarded.issue_token(lifetime=120)
    guarded.clock.advance(59)
    assert "asyncJobs" in ask(guarded.jobs_url, token=short)
    guarded.clock.advance(1)
    assert code(ask(guarded.jobs_url, token=short)) == 498
    assert "asyncJobs" in ask(guarded.jobs_url, token=long)
    guarded.expire_tokens()
    assert code(ask(guarded.jobs_url, token=long)) == 498


def test_date_header_follows_the_clock(server):
    """Every response is dated once, by the server's own clock."""
    server.clock.advance(86_400 * 365)
    for url in (server.root, f"{server.jobs_url}/j0", f"{server.root}/nowhere"):
        [date] = httpx.get(url).headers.get_list("date")
        assert date.endswith(" GMT")
        assert parsedate_to_datetime(date).timestamp() == int(server.clock.now())


ANSWERED = "localhost", "LOCALHOST:8888", "127.0.0.1:1", "127.8.9.10", "[::1]:8888"
REFUSED = "rebound.example.net", "rebound.example.net:127", "localhost.example.net", "[::2]", ""
REFUSED += "localhost@example.net", "example.net@localhost", "127.0.0.1.example.net", "192.0.2.1"
NAMELESS = "HTTP/1.0\r\nX-Forwarded-Host: localhost"  # HTTP/1.0 asks for no Host header


@pytest.mark.parametrize(
    ("head", "status"),
    [(f"HTTP/1.1\r\nHost: {host}", 200) for host in ANSWERED]
    + [(f"HTTP/1.1\r\nHost: {host}", 421) for host in REFUSED]
    + [(NAMELESS, 421)],
)
def test_only_loopback_names_are_answered(server, head, status):
    """A page that lets its own name lead here (DNS rebinding) learns and starts nothing."""
    path = "/arcgis/rest/services/createMission?async=true"
    request = f"POST {path} {head}\r\nContent-Length: 0\r\n\r\n"
    assert f" {status} " in status_line(server.port, request)
    assert len(ask(server.jobs_url)["asyncJobs"]) == (status == 200)
    absolute = request.replace(path, f"http://localhost:{server.port}{path}")
    assert status == 200 or " 421 " in status_line(server.port, absolute)


def test_other_names_where_they_are_allowed():
    """Who lets other machines in is asked for by any name."""
    with MissionServer(allow_remote=True) as server:
        request = "GET /arcgis/rest HTTP/1.1\r\nHost: demo.example.net\r\n\r\n"
        assert " 200 " in status_line(server.port, request)
