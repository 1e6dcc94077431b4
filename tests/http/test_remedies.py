"""What only the user can mend below HTTP, over real sockets: told at once, with what to do."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from documents import JOB_ID, document
from servers import FAST, HANG, Certificates, Reply, Server, until

from jobwidgets import (
    CertificateError,
    Job,
    NoSuchHostError,
    ProtocolError,
    Status,
    TransportError,
)
from jobwidgets._model.contact import ContactState

Serve = Callable[..., Server]


@pytest.fixture
def new_job() -> Any:
    """Return a maker of jobs that are stopped in the end."""
    jobs: list[Job] = []

    def make(url: str, **http: Any) -> Job:
        jobs.append(Job(url, http=http, pace=FAST))
        return jobs[-1]

    yield make
    for job in jobs:
        job.stop()


def of_old(context: ssl.SSLContext) -> ssl.SSLContext:
    """Return the context of a server that speaks no TLS that Python speaks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


CASES: dict[str, tuple[Callable[[Certificates], Any], str, type[TransportError], str]] = {
    "self-signed": (
        lambda made: made.server_context(),
        "https",
        CertificateError,
        "the server's certificate is not trusted (self-signed certificate in certificate chain): "
        "give http={'verify': 'ca.pem'}, the file of the authority that signed it",
    ),
    "expired": (
        lambda made: made.expired_context(),
        "trusted https",
        CertificateError,
        "the server's certificate has expired: ask its administrator for a new one",
    ),
    "of another host": (
        lambda made: made.context_of_another_host(),
        "trusted https",
        CertificateError,
        "the server's certificate is for another host (Hostname mismatch, certificate is not valid "
        "for 'localhost'): write the name that it is for in the URL",
    ),
    "old TLS": (
        lambda made: of_old(made.server_context()),
        "trusted https",
        ProtocolError,
        "Python and the server agree on no TLS (tlsv1 alert protocol version): "
        "give http={'verify': an ssl.SSLContext that allows it}",
    ),
    "https of an http port": (
        lambda _: None,
        "https",
        ProtocolError,
        "the server speaks no https at this port: write http:// in the URL, or another port",
    ),
    "http of an https port": (
        lambda made: made.server_context(),
        "http",
        ProtocolError,
        "the server speaks https at this port: write https:// in the URL",
    ),
}


@pytest.mark.parametrize(("context", "way", "kind", "text"), CASES.values(), ids=CASES)
def test_told_at_once(
    context: Callable[[Certificates], Any],
    way: str,
    kind: type[TransportError],
    text: str,
    serve: Serve,
    certificates: Certificates,
    new_job: Callable[..., Job],
) -> None:
    """The first try tells what is wrong, in one sentence, and nothing more is asked."""
    server = serve(lambda _: document(), tls=context(certificates))
    http = {"verify": certificates.ca} if way.startswith("trusted") else {}
    job = new_job(f"{way.split()[-1]}://localhost:{server.port}/arcgis/rest/jobs/{JOB_ID}", **http)
    with pytest.raises(kind) as raised:
        job.wait(HANG)
    assert str(raised.value) == text
    assert (job.contact.state, job.contact.failures) == (ContactState.LOST, 1)
    assert job.contact.next_try is None


@pytest.mark.parametrize(
    "page",
    [
        "<h1>400</h1>The plain HTTP request was sent to HTTPS port<hr>nginx",
        "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
        "Bad Request\r\nThis combination of host and port requires TLS.\r\n",
        "Client sent an HTTP request to an HTTPS server.\n",
    ],
)
def test_pages_of_servers_that_want_https(
    page: str, serve: Serve, new_job: Callable[..., Job]
) -> None:
    """What nginx, Apache, Tomcat and Go say is told as what it means."""
    job = new_job(f"{serve(lambda _: Reply(page.encode(), 400)).jobs_url}/{JOB_ID}")
    with pytest.raises(ProtocolError, match="write https:// in the URL"):
        job.wait(HANG)


def test_host_name_that_comes_back(
    serve: Serve, new_job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that does not resolve is told at once, and asked for again: a VPN may come back."""
    job = new_job(f"http://gis.invalid:{serve(lambda _: document()).port}/rest/jobs/{JOB_ID}")
    with pytest.raises(NoSuchHostError) as raised:
        job.wait(HANG)
    text = "the host name gis.invalid does not resolve: check it, or the network (a VPN, say)"
    assert str(raised.value) == text
    assert job.contact.state is ContactState.RETRYING
    usual = socket.getaddrinfo
    monkeypatch.setattr("socket.getaddrinfo", lambda _, *rest, **more: usual("127.0.0.1", *rest))
    until(lambda: job.status is Status.RUNNING)
    assert job.error is None


def test_what_was_mended_goes_on_by_hand(
    serve: Serve, certificates: Certificates, new_job: Callable[..., Job]
) -> None:
    """A parked watch goes on by `refresh` or `start` once the server's certificate is right."""
    context = certificates.expired_context()
    server = serve(lambda _: document(), tls=context)
    url = f"https://localhost:{server.port}/rest/jobs/{JOB_ID}"
    jobs = [new_job(url, verify=certificates.ca) for _ in range(2)]
    for job in jobs:
        with pytest.raises(CertificateError):
            job.wait(HANG)
    folder = certificates.ca.parent
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    jobs[0].refresh()
    jobs[1].start()
    for job in jobs:
        until(lambda job=job: job.contact.state is ContactState.IN_TOUCH)  # type: ignore[misc]
