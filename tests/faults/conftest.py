import ssl
import warnings
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from servers import FAST, HANG, Certificates

from faults.fault import Fault
from faults.proxy import Proxy
from faults.server import FaultServer
from faults.stage import OLD_TOKEN, SICK, WELL, Authorities, Names, Provider, Stage
from jobwidgets._http.connections import Connections, Limits
from jobwidgets._watch.poller import Poller
from jobwidgets.job import Job

pytest.register_assert_rewrite("faults.story")

QUICK = replace(FAST, shortest=0.003, longest=0.003, first_retry=0.003, gone=0.03)
WIDEST = 62  # characters of a column


@dataclass
class Row:
    """One line of the table that is printed at the end."""

    fault: str
    seen: str = ""
    at_first_sight: str = ""
    recovered_after: str = ""
    others_waited: str = ""


ROWS = pytest.StashKey[dict[str, Row]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder: the suite takes too long for each run."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Callable[[str], Row]:
    """Return a finder of a fault's line in the table."""
    rows = request.config.stash.setdefault(ROWS, {})
    return lambda name: rows.setdefault(name, Row(name))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the table."""
    rows = list(config.stash.get(ROWS, {}).values())
    if not rows:
        return
    names = [field.name.replace("_", " ") for field in fields(Row)]
    lines = [[_fitted(cell) for cell in line] for line in (names, *map(astuple, rows))]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    terminalreporter.section(f"{len(rows)} faults")
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        terminalreporter.write_line("  ".join(cells).rstrip())


def _fitted(cell: str) -> str:
    return cell if len(cell) <= WIDEST else f"{cell[: WIDEST - 1]}…"


@pytest.fixture(scope="session")
def authorities(
    certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Authorities:
    """Return an authority that the client trusts, and one that it does not."""
    return Authorities(certificates, Certificates(tmp_path_factory.mktemp("unknown")))


@pytest.fixture(scope="session")
def trusting(authorities: Authorities) -> ssl.SSLContext:
    """Return the client's context, made once: it takes longer than a fault."""
    return ssl.create_default_context(cafile=authorities.trusted.ca)


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Return a proxy that the environment names for all that is asked."""
    proxy = Proxy()
    monkeypatch.setenv("HTTP_PROXY", proxy.url())
    monkeypatch.setenv("HTTPS_PROXY", proxy.url())
    yield proxy
    proxy.stop()


@pytest.fixture
def new_server() -> Iterator[Callable[..., FaultServer]]:
    """Return a starter of servers."""
    servers: list[FaultServer] = []

    def start(tls: ssl.SSLContext | None = None) -> FaultServer:
        servers.append(FaultServer(tls))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
    assert [server.mistakes for server in servers] == [[] for _ in servers]


@pytest.fixture
def new_poller(
    new_server: Callable[..., FaultServer], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Limits], Poller]]:
    """Return a starter of the process's poller."""
    pollers: list[Poller] = []

    def start(limits: Limits) -> Poller:
        pollers.append(Poller(connect=partial(Connections, limits)))
        monkeypatch.setattr("jobwidgets._watch.poller._poller", pollers[-1])
        return pollers[-1]

    yield start
    for one in pollers:
        one.thread.close(HANG)


@pytest.fixture
def play(
    new_server: Callable[..., FaultServer],
    new_poller: Callable[[Limits], Poller],
    authorities: Authorities,
    trusting: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[Fault], Stage]]:
    """Return a setter of stages, on which nothing has begun yet."""
    stages: list[Stage] = []

    def set_up(fault: Fault) -> Stage:
        new_poller(fault.limits)
        server = new_server(authorities.trusted.server_context() if fault.tls else None)
        other = new_server()
        names, provider = Names({"jobs.invalid": "127.0.0.1"}), Provider()
        monkeypatch.setattr("socket.getaddrinfo", names)
        http = {
            "timeout": httpx.Timeout(fault.timeout),
            "verify": trusting,
        }
        well_at = other if fault.takes_server else server
        truth, well_truth = server.add(SICK), well_at.add(WELL)
        new_job = partial(Job, dialect="mission", http=http, pace=QUICK)
        token = provider if fault.provides else OLD_TOKEN
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # jobs.invalid is a name of loopback
            sick = new_job(server.url(SICK, fault.host), token=token)
        stages.append(
            Stage(
                server=server,
                other=other,
                truth=truth,
                well_truth=well_truth,
                sick=sick,
                well=new_job(well_at.url(WELL)),
                well_at=well_at,
                provider=provider,
                names=names,
                authorities=authorities,
                new_job=new_job,
            )
        )
        return stages[-1]

    yield set_up
    for stage in stages:
        stage.provider.is_open.set()
        stage.names.is_open.set()
        for job in (stage.sick, stage.well, *stage.others):
            job.stop()
