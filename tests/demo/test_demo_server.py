import logging
import socket
import threading
import time

import httpx
import pytest

from jobwidgets.demo import MissionServer, create_mission, example

HALF = b"POST /arcgis/rest/services/createMission HTTP/1.1\r\nHost: localhost\r\n"
HALF += b"Content-Length: 9\r\n\r\na"


def ask(url, headers=None):
    """Return the JSON answer to a GET."""
    return httpx.get(url, params={"f": "json"}, headers=headers).json()


def test_serves_within_with():
    """The server answers inside `with`, and is gone behind it: port, thread and all."""
    threads = threading.active_count()
    with MissionServer() as server:
        assert ask(server.add(example()))["status"] == "SUBMITTED"
        assert server.jobs_url == f"http://127.0.0.1:{server.port}/arcgis/rest/jobs"
    with pytest.raises(httpx.ConnectError):
        ask(server.jobs_url)
    assert threading.active_count() == threads


def test_stops_though_clients_hold_on():
    """Idle connections and requests that never end do not keep the server from stopping."""
    server = MissionServer().start()
    with (
        socket.create_connection(("127.0.0.1", server.port)) as idle,
        socket.create_connection(("127.0.0.1", server.port)) as hanging,
        httpx.Client() as client,
    ):
        hanging.sendall(HALF)
        idle.sendall(b"GET /arc")
        client.get(server.jobs_url)
        while not any(request.method == "POST" for request in server.requests):
            time.sleep(0.01)
        server.stop()
    with pytest.raises(httpx.ConnectError):
        ask(server.jobs_url)


def test_starts_again_where_it_was():
    """A server that comes back has its port, its jobs and its tokens, as after an outage."""
    server = MissionServer(require_token=True)
    server.stop()
    with server:
        url = server.add(example())
        headers = {"X-Esri-Authorization": f"Bearer {server.issue_token()}"}
    server.stop()
    with pytest.raises(httpx.ConnectError):
        ask(url, headers)
    with server:
        port = server.port
        assert server.start().port == port
        assert "error" not in ask(url, headers)


def test_where_it_listens():
    """Before the first start there is no port, and so no URL; two servers cannot have one port."""
    with pytest.raises(RuntimeError, match="start"):
        MissionServer().add(example())
    with MissionServer() as server, pytest.raises(OSError, match="in use"):
        MissionServer(port=server.port).start()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104
def test_only_loopback(host):
    """A host that others could reach is refused, and named, unless one insists."""
    with pytest.raises(ValueError, match=rf"host: expected .* found '{host}'; allow_remote=True"):
        MissionServer(host=host)
    assert repr(MissionServer(host=host, allow_remote=True))


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_ipv6_loopback():
    """An IPv6 address is written in brackets."""
    with MissionServer(host="::1") as server:
        assert server.root.startswith("http://[::1]:")
        assert ask(server.jobs_url) == {"asyncJobs": []}


def test_jobs_of_any_name():
    """An id is quoted in the URL of its job; adding a job of a known id starts it anew."""
    with MissionServer(speed=0) as server:
        for job_id in ("a b/c?d#e", "ü%2F"):
            url = server.add(example(5), job_id)
            server.clock.advance(5)
            assert ask(url)["jobId"] == job_id
            assert server.add(example(5), job_id) == url
            assert ask(url)["status"] == "SUBMITTED"


def test_no_token_is_shown(caplog, capfd):
    """A test can read what was asked, and no repr, log or error holds a token of it."""
    caplog.set_level(logging.DEBUG, logger="uvicorn")
    with MissionServer(require_token=True) as server:
        token = server.issue_token()
        for query in (f"token={token}", token, f"token={token}&f=xml"):
            for header in ("Authorization", "X-Esri-Authorization"):
                headers = {header: f"Bearer {token}"}
                answer = httpx.get(f"{server.jobs_url}?{query}", headers=headers)
                assert token not in answer.text
        request = server.requests[0]
        assert (request.method, request.path) == ("GET", "/arcgis/rest/jobs")
        assert (request.query, request.headers["authorization"]) == (
            f"token={token}",
            f"Bearer {token}",
        )
        shown = repr(server) + repr(server.requests) + repr(server.clock) + str(vars(server))
        assert "authorization" in shown
    written = capfd.readouterr()
    assert token not in shown + caplog.text + written.out + written.err


def test_many_threads():
    """Jobs can be added from many threads while others are asked for."""
    with MissionServer() as server, httpx.Client() as client:
        threads = [
            threading.Thread(target=lambda: [server.add(example()) for _ in range(50)])
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            client.get(server.jobs_url, params={"f": "json"})
        assert len(set(ask(server.jobs_url)["asyncJobs"])) == 400


def test_create_mission_at_a_root(monkeypatch):
    """The mission is started over HTTP, where the argument or else the environment says."""
    with MissionServer(speed=0) as server:
        monkeypatch.setenv("JOBWIDGETS_DEMO_ROOT", "http://127.0.0.1:9/wrong")
        given = create_mission(5, root=server.root)
        monkeypatch.setenv("JOBWIDGETS_DEMO_ROOT", server.root)
        found = create_mission(5)
        assert given != found
        server.clock.advance(5)
        for url in (given, found):
            assert url.startswith(f"{server.jobs_url}/j")
            assert ask(url)["status"] == "COMPLETED"


def test_create_mission_by_itself(python, monkeypatch):
    """Without a root a server of this process is started, once, and ends with it."""
    monkeypatch.delenv("JOBWIDGETS_DEMO_ROOT", raising=False)
    code = "from jobwidgets.demo import create_mission; print(create_mission(), create_mission())"
    output, errors = python(code).communicate(timeout=60)
    first, second = (url.rpartition("/") for url in output.split())
    assert first[0] == second[0]
    assert first[2] != second[2]
    assert errors == ""


def test_create_mission_tells_errors():
    """An error of the server becomes an exception that says what the server said."""
    with MissionServer(require_token=True) as server:
        with pytest.raises(RuntimeError, match="Token Required"):
            create_mission(root=server.root)
        with pytest.raises(ValueError, match="expected an http URL, found 'file:"):
            create_mission(root="file:///")
