import logging
import socket
import threading
import time

import httpx
import pytest

from jobwidgets.demo import MissionServer, create_mission, example
from jobwidgets.demo import _mission as mission


def is_listening(port):
    """Tell whether somebody listens at a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_serves_within_with():
    """The server answers inside `with`, and is gone behind it: port, thread and all."""
    threads = threading.active_count()
    with MissionServer() as server:
        url = server.add(example())
        assert httpx.get(url, params={"f": "json"}).json()["status"] == "SUBMITTED"
        assert server.jobs_url == f"http://127.0.0.1:{server.port}/arcgis/rest/jobs"
    assert not is_listening(server.port)
    assert threading.active_count() == threads


def test_stops_though_clients_hold_on():
    """Idle connections and requests that never end do not keep the server from stopping."""
    server = MissionServer().start()
    url = b"/arcgis/rest/services/createMission"
    half = b"POST " + url + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na"
    with (
        socket.create_connection(("127.0.0.1", server.port)) as idle,
        socket.create_connection(("127.0.0.1", server.port)) as hanging,
        httpx.Client() as client,
    ):
        hanging.sendall(half)
        idle.sendall(b"GET /arc")
        client.get(server.jobs_url)
        while not any(request.method == "POST" for request in server.requests):
            time.sleep(0.01)
        before = time.monotonic()
        server.stop()
        assert time.monotonic() - before < 3
    assert not is_listening(server.port)


def test_start_and_stop_are_safe_twice():
    """Starting a running server or stopping a stopped one does nothing."""
    server = MissionServer()
    server.stop()
    assert server.start() is server
    port = server.port
    assert server.start().port == port
    server.stop()
    server.stop()


def test_starts_again_where_it_was():
    """A server that comes back has its port, its jobs and its tokens, as after an outage."""
    server = MissionServer(require_token=True)
    with server:
        url = server.add(example())
        headers = {"X-Esri-Authorization": f"Bearer {server.issue_token()}"}
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, headers=headers)
    with server:
        assert "error" not in httpx.get(url, params={"f": "json"}, headers=headers).json()


def test_address_needs_a_start():
    """Before the first start there is no port, and so no URL."""
    with pytest.raises(RuntimeError, match="start"):
        MissionServer().add(example())


def test_taken_port():
    """Two servers cannot have one port."""
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
        assert httpx.get(server.jobs_url, params={"f": "json"}).json() == {"asyncJobs": []}


def test_jobs_of_any_name():
    """An id is quoted in the URL of its job."""
    with MissionServer() as server:
        for job_id in ("a b/c?d#e", "ü%2F"):
            url = server.add(example(), job_id)
            assert httpx.get(url, params={"f": "json"}).json()["jobId"] == job_id


def test_same_id_replaces():
    """Adding a job of a known id starts it anew."""
    with MissionServer(speed=0) as server:
        url = server.add(example(5), "j1")
        server.clock.advance(5)
        assert server.add(example(5), "j1") == url
        assert httpx.get(url, params={"f": "json"}).json()["status"] == "SUBMITTED"


def test_requests_are_kept():
    """A test can read what was asked: method, path, query and headers."""
    with MissionServer() as server:
        httpx.get(f"{server.jobs_url}/ü", params={"f": "json"}, headers={"X-Test": "1"})
        [request] = server.requests
    assert (request.method, request.path, request.query) == ("GET", "/arcgis/rest/jobs/ü", "f=json")
    assert request.headers["x-test"] == "1"


def test_no_token_is_shown(caplog, capfd):
    """Neither a repr nor a log nor an error holds a token, wherever it was sent."""
    caplog.set_level(logging.DEBUG, logger="uvicorn")
    with MissionServer(require_token=True) as server:
        token = server.issue_token()
        for query in (f"token={token}", token, f"token={token}&f=xml"):
            for header in ("Authorization", "X-Esri-Authorization"):
                headers = {header: f"Bearer {token}"}
                answer = httpx.get(f"{server.jobs_url}?{query}", headers=headers)
                assert token not in answer.text
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
        answer = client.get(server.jobs_url, params={"f": "json"}).json()
    assert len(set(answer["asyncJobs"])) == 400


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
            assert httpx.get(url, params={"f": "json"}).json()["status"] == "COMPLETED"


def test_create_mission_by_itself(monkeypatch):
    """Without a root a server of this process is started, once."""
    monkeypatch.delenv("JOBWIDGETS_DEMO_ROOT", raising=False)
    try:
        first, second = create_mission(), create_mission()
        assert first.rpartition("/")[0] == second.rpartition("/")[0]
        assert httpx.get(second, params={"f": "json"}).json()["type"] == "addMission"
    finally:
        mission._own_server().stop()


def test_create_mission_tells_errors():
    """An error of the server becomes an exception that says what the server said."""
    with MissionServer(require_token=True) as server:
        with pytest.raises(RuntimeError, match="Token Required"):
            create_mission(root=server.root)
        with pytest.raises(ValueError, match="expected an http URL, found 'file:"):
            create_mission(root="file:///")
