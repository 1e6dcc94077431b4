import json
import re
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from jobwidgets.demo import EXAMPLE, MissionServer, example, verbatim

CASES = Path(__file__).parents[1] / "cases" / "mission"


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


def ask(url, **parameters):
    """Return the JSON answer to a GET."""
    return httpx.get(url, params={"f": "json"} | parameters).json()


def post(url, **form):
    """Return the JSON answer to a POST."""
    return httpx.post(url, data={"f": "json"} | form).json()


def code(answer):
    """Return the code of an error envelope."""
    assert set(answer) == {"error"}
    assert set(answer["error"]) == {"code", "message", "details"}
    return answer["error"]["code"]


def test_esris_example_as_published(server):
    """Over a real socket the published document arrives exactly, under its own id."""
    url = server.add(verbatim(EXAMPLE))
    assert url == f"{server.jobs_url}/{EXAMPLE['jobId']}"
    assert ask(url) == json.loads((CASES / "completed.json").read_text(encoding="utf-8"))


def test_job_ages_by_the_clock(server):
    """A job starts when it is added, and is as old as the server's clock says."""
    url = server.add(example())
    assert ask(url)["status"] == "SUBMITTED"
    server.clock.advance(30)
    assert ask(url)["status"] == "PROCESSING"
    server.clock.advance(40)
    document = ask(url)
    assert document["status"] == "COMPLETED"
    assert document["endTime"] - document["startTime"] == 66311
    assert url.endswith(document["jobId"])


def test_formats(server):
    """The default is a page; json is one line and pjson indented, of the same content."""
    url = server.add(verbatim(EXAMPLE))
    page, plain, pretty = (httpx.get(url, params=f) for f in ({}, {"f": "json"}, {"f": "pjson"}))
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.text == httpx.get(url, params={"f": "html"}).text
    assert plain.headers["content-type"] == "application/json; charset=utf-8"
    assert "\n" not in plain.text
    assert pretty.text.startswith('{\n  "jobId": ')
    assert plain.json() == pretty.json() == EXAMPLE


def test_page_reads_well(server):
    """The page tells status, steps and each message with its code, and links to the JSON."""
    page = httpx.get(server.add(verbatim(EXAMPLE))).text
    assert "<dd>COMPLETED</dd>" in page
    assert "<dd>2020-05-26 20:00:21.196+00:00</dd>" in page
    assert '<progress id="steps" max="5" value="5"></progress>' in page
    assert '<label for="steps">5 of 5 steps</label>' in page
    assert "<td>1501</td><td>Creating tracks layers for location awareness.</td>" in page
    assert page.count('<th scope="row">') == 11
    assert '<a href="?f=json">' in page
    assert '<a href="?f=pjson">' in page


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


def test_unknown_job(server):
    """No such job is an envelope with 404, as HTTP 200, in every format."""
    for f in ("html", "json", "pjson"):
        response = httpx.get(f"{server.jobs_url}/j0", params={"f": f})
        assert (response.status_code, code(response.json())) == (200, 404)


def test_unknown_format(server):
    """An unknown format is an envelope with 400 that says what was found."""
    answer = ask(server.jobs_url, f="xml")
    assert code(answer) == 400
    assert "xml" in answer["error"]["details"][0]


def test_create_mission(server):
    """``createMission`` with ``async`` starts the example, over the time that was asked for."""
    answer = post(f"{server.root}/services/createMission", **{"async": "true", "seconds": "8"})
    assert re.fullmatch(r"j[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer["jobId"])
    server.clock.advance(8)
    document = ask(f"{server.jobs_url}/{answer['jobId']}")
    assert (document["status"], document["endTime"] - document["startTime"]) == ("COMPLETED", 8000)


def test_create_mission_by_query(server):
    """The parameters may come in the query as well."""
    response = httpx.post(f"{server.root}/services/createMission?async=True&f=json")
    assert ask(server.jobs_url) == {"asyncJobs": [response.json()["jobId"]]}


def test_create_mission_without_job(server):
    """Without ``async`` there is a mission at once, and no job."""
    answer = post(f"{server.root}/services/createMission")
    assert answer["success"] is True
    assert re.fullmatch(r"[0-9a-f]{32}", answer["missionId"])
    assert ask(server.jobs_url) == {"asyncJobs": []}


def test_page_of_a_started_job(server):
    """Without ``f`` the answer to an operation is a page that leads to its job."""
    page = httpx.post(f"{server.root}/services/createMission", data={"async": "true"}).text
    [job_id] = ask(server.jobs_url)["asyncJobs"]
    assert f'<a href="/arcgis/rest/jobs/{job_id}">' in page


def test_delete_mission(server):
    """Deleting is a short job, unless ``async`` is false."""
    url = f"{server.root}/services/d942/delete"
    job = f"{server.jobs_url}/{post(url)['jobId']}"
    server.clock.advance(3)
    assert ask(job)["messages"][-1] == "Deleted mission d942."
    assert post(url, **{"async": "false"}) == {"success": True}


@pytest.mark.parametrize("bad", [{"seconds": "0"}, {"seconds": "soon"}, {"async": "maybe"}])
def test_bad_parameters(server, bad):
    """What cannot be understood is an envelope with 400, and starts nothing."""
    answer = post(f"{server.root}/services/createMission", **({"async": "true"} | bad))
    assert code(answer) == 400
    assert ask(server.jobs_url) == {"asyncJobs": []}


def test_only_forms_are_read(server):
    """A JSON body is refused rather than ignored."""
    answer = httpx.post(f"{server.root}/services/createMission", json={"async": True}).json()
    assert code(answer) == 400
    assert "application/json" in answer["error"]["details"][0]


def test_operations_need_post(server):
    """A GET starts nothing."""
    assert httpx.get(f"{server.root}/services/createMission").status_code == 405


def test_token_is_required(guarded):
    """Without a token: 499, with an unknown one: 498, both as HTTP 200."""
    missing = httpx.get(guarded.jobs_url, params={"f": "json"})
    unknown = httpx.get(guarded.jobs_url, params={"f": "json", "token": "made-up"})
    assert (missing.status_code, unknown.status_code) == (200, 200)
    expected = {"error": {"code": 499, "message": "Token Required", "details": []}}
    assert missing.json() == expected
    published = json.loads((CASES / "error_rest_498.json").read_text(encoding="utf-8"))
    assert unknown.json() == published


@pytest.mark.parametrize("header", ["X-Esri-Authorization", "Authorization"])
def test_token_in_a_header(guarded, header):
    """Both headers are accepted."""
    headers = {header: f"Bearer {guarded.issue_token()}"}
    response = httpx.get(guarded.jobs_url, params={"f": "json"}, headers=headers)
    assert response.json() == {"asyncJobs": []}


def test_token_in_query_or_form(guarded):
    """``token=`` is accepted in a URL and in a form."""
    token = guarded.issue_token()
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
        response = httpx.get(url)
        [date] = response.headers.get_list("date")
        assert date.endswith(" GMT")
        assert parsedate_to_datetime(date).timestamp() == int(server.clock.now())
