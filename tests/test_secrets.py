"""A token is found nowhere: each test gathers all that can be seen, and looks for the token."""

import gc
import json
import logging
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pyarrow.parquet as pq
import pytest
from documents import JOB_ID, JOB_URL, JOBS_URL, document
from servers import HANG, Replies, Reply, Request, Server, until

import jobwidgets
from jobwidgets import (
    BodyError,
    DocumentError,
    ExchangeError,
    Job,
    JobBoard,
    JobFailedError,
    Jobs,
    JobWidget,
    JobwidgetsError,
    Message,
    NoSuchJobError,
    RefusedError,
    ServerError,
    Snapshot,
    TransportError,
    UnauthorisedError,
    WatchStoppedError,
    jobs_frame,
    messages_frame,
    snapshots_frame,
    write_dataset,
)
from jobwidgets.dialects import Answer, refused
from jobwidgets.dialects.mission import Mission

SECRET = "S3cr3t-T0ken.with/odd=chars"
QUOTED = quote(SECRET, safe="")
FORMS = (SECRET, QUOTED, quote(SECRET), SECRET.replace("/", "\\/"), "S3cr3t")
HEADER = "x-esri-authorization"
OURS = str(Path(jobwidgets.__file__).parent)
Logs = pytest.LogCaptureFixture
Given = Callable[[str], dict[str, Any]]

# Where a token must not be


def leaks(seen: dict[str, Any]) -> list[str]:
    """Return the names of what shows the token."""
    return [name for name, value in seen.items() if any(form in str(value) for form in FORMS)]


def shown(value: Any) -> str:
    """Return an object as a user may see it."""
    return f"{value!s} {value!r}"


def errors_of(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and whatever is behind it."""
    if error is not None:
        yield error
        yield from errors_of(error.__cause__)
        yield from errors_of(error.__context__)


def seen_of_error(error: BaseException | None) -> dict[str, Any]:
    """Return all that an error shows, its chain of causes and contexts included."""
    seen: dict[str, Any] = {}
    for number, one in enumerate(errors_of(error)):
        name = f"{type(one).__name__} {number}"
        seen[name] = shown(one)
        seen[f"{name} parts"] = [one.args, vars(one), getattr(one, "__notes__", None)]
        seen[f"{name} traceback"] = "".join(traceback.format_exception(one))
    return seen


def seen_in_locals(error: BaseException) -> dict[str, Any]:
    """Return the local variables of our own frames, as rich and `%xmode Verbose` show them."""
    stack = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    return {frame.name: frame.locals for frame in stack if frame.filename.startswith(OURS)}


def seen_inside(handle: object) -> dict[str, str]:
    """Return how every object of ours shows itself that a handle leads to."""
    waiting, met, seen = [handle], {id(handle)}, {}
    while waiting:
        one = waiting.pop()
        is_ours = type(one).__module__.startswith("jobwidgets")
        if is_ours:
            seen[f"{type(one).__name__} {len(seen)}"] = shown(one)
        if is_ours or isinstance(one, dict | list | tuple | set | frozenset):
            found = [other for other in gc.get_referents(one) if id(other) not in met]
            met.update(map(id, found))
            waiting += found
    return seen


def seen_of_job(job: Job) -> dict[str, Any]:
    """Return all that a job shows, in Python, in frames and in a notebook."""
    history, names = job.history, list(job.attributes)
    widget = JobWidget(job)
    frames = [jobs_frame(job, attributes=names), messages_frame(job), snapshots_frame(job)]
    if history.document is not None:
        frames.append(jobs_frame(history.document, attributes=names))
    public = {name: getattr(job, name) for name in dir(job) if name[0] != "_" and name != "token"}
    seen: dict[str, Any] = {f"job.{name}": shown(value) for name, value in public.items()}
    seen |= {f"frame {number}": frame.to_csv() for number, frame in enumerate(frames)}
    seen |= {
        "document": json.dumps(history.document),
        "dataset": rows_of_dataset(job),
        "history": [history.latest, history.snapshots, vars(history)],
        "html": job._repr_html_(),
        "widget state": widget.get_state(),
        "widget output": widget._repr_mimebundle_(),
        "widget traits": widget.trait_values(),
    }
    for error in (job.error, job.contact.error, history.error):
        seen |= seen_of_error(error)
    seen |= seen_inside(job) | seen_inside(widget)
    widget.close()
    return seen


def rows_of_dataset(job: Job) -> str:
    """Return what a dataset of the job holds, also where it was read as a bare document."""
    document = job.history.document
    with tempfile.TemporaryDirectory() as folder:
        write_dataset([job] if document is None else [job, document], folder)
        return str(pq.read_table(folder).to_pylist())


def seen_of_logs(caplog: Logs) -> dict[str, Any]:
    """Return all that was logged, with every part of each record, httpx's own included."""
    records = {f"log {number}": vars(record) for number, record in enumerate(caplog.records)}
    return {"logs": caplog.text, **records}


def seen_by_server(server: Server) -> dict[str, Any]:
    """Return all that the server saw but the one header that carries the token."""
    seen: dict[str, Any] = {}
    for number, request in enumerate(server.requests):
        seen[f"url {number}"] = request.target
        lines = request.raw.splitlines()
        seen[f"request {number}"] = [line for line in lines if not line.lower().startswith(HEADER)]
    return seen


def everything(
    job: Job, caplog: Logs, error: BaseException | None = None, server: Server | None = None
) -> dict[str, Any]:
    """Return all that is seen of a job, of an error that was caught, and of a server."""
    seen = seen_of_job(job) | seen_of_error(error) | seen_of_logs(caplog)
    return seen | (seen_by_server(server) if server else {})


@pytest.fixture(autouse=True)
def _log_everything(caplog: Logs) -> None:
    caplog.set_level(logging.DEBUG)


def test_the_search_finds_tokens() -> None:
    """What these tests rely on: a token is found in each of its forms."""
    texts = {"a": SECRET, "b": quote(SECRET), "c": {"x": [SECRET]}, "d": "no"}
    assert leaks(texts) == ["a", "b", "c"]
    error = LookupError("outer")
    error.__context__ = LookupError(SECRET)
    assert leaks(seen_of_error(error))


# How a token is given

# Keywords of `Job` with which the job at a URL is watched, and the token given.
WAYS: dict[str, Given] = {
    "string": lambda url: {"url": url, "token": SECRET},
    "callable": lambda url: {"url": url, "token": lambda: SECRET},
    "url": lambda url: {"url": f"{url}?token={QUOTED}"},
    "raw url": lambda url: {"url": f"{url}?f=html&Token={SECRET}"},
    "header": lambda url: {"url": url, "http": {"headers": {HEADER: f"Bearer {SECRET}"}}},
}


def echo(request: Request) -> Any:
    """Return a document that quotes the token in every place where a text may stand."""
    token = request.headers.get(HEADER, "").removeprefix("Bearer ")
    texts = [f"by {token}", f"https://gis.example.com/jobs?token={quote(token)}&f=json", token]
    changes = {"username": token, "type": token, "note": {token: [token]}, "token": "short"}
    return document(messages=texts, messageCodes=[1500, token, 1], status="DONE", **changes)


@pytest.mark.parametrize("given", WAYS.values(), ids=WAYS)
def test_job(
    given: Given, serve: Callable[..., Server], new_job: Callable[..., Job], caplog: Logs
) -> None:
    """A job whose server quotes the token everywhere shows it nowhere."""
    names: list[str] = []

    def answer(request: Request) -> Any:
        names.extend(thread.name for thread in threading.enumerate())
        return {**echo(request), "status": "PROCESSING" if len(names) < 50 else "COMPLETED"}

    server = serve(answer)
    job = new_job(**{"http": None, **given(f"{server.jobs_url}/{JOB_ID}")}).wait(HANG)
    assert job.messages[0].text == "by [redacted]"
    assert {request.headers[HEADER] for request in server.requests} == {f"Bearer {SECRET}"}
    assert leaks(everything(job, caplog, server=server) | {"threads": names}) == []


@pytest.mark.parametrize("given", WAYS.values(), ids=WAYS)
def test_jobs(given: Given, serve: Callable[..., Server], caplog: Logs) -> None:
    """A jobs resource, and what comes of it, shows the token nowhere."""

    def answer(request: Request) -> Any:
        if "broken" in request.target:
            return Reply(b"", 404)
        return echo(request) if JOB_ID in request.target else {"asyncJobs": [JOB_ID, "broken"]}

    server = serve(answer)
    jobs = Jobs(**given(server.jobs_url))
    found, broken = jobs.histories()
    job = jobs.job(JOB_ID)
    seen = {"jobs": shown(jobs), "url": [jobs.url, job.url], "ids": jobs.ids()}
    seen |= {"found": vars(found), "broken": vars(broken)} | seen_of_error(broken.error)
    seen |= seen_inside(jobs) | seen_inside(job) | seen_of_logs(caplog) | seen_by_server(server)
    assert leaks(seen) == []


def test_new_token(new_job: Callable[..., Job], caplog: Logs) -> None:
    """A token that is set later, and the one that it replaces, are shown nowhere."""
    texts = [f"by {SECRET}", f"by {SECRET}-2"]
    replies = [document(messages=texts), document(messages=texts, status="COMPLETED")]
    job = new_job(*replies, token=SECRET).refresh()
    job.token = f"{SECRET}-2"
    job.wait(HANG)
    assert leaks(everything(job, caplog)) == []
    assert len(job.history) == 2


@pytest.mark.parametrize("escape", [("/", "\\/"), ("=", "\\u003d"), ("", "")])
def test_token_in_escapes(
    new_job: Callable[..., Job], escape: tuple[str, str], caplog: Logs
) -> None:
    """A token is found within JSON's usual escapes too."""
    body = json.dumps(document(messages=["by SECRET"])).replace("SECRET", SECRET.replace(*escape))
    job = new_job(httpx.Response(200, content=body.encode()), token=SECRET).refresh()
    assert job.messages[0].text == "by [redacted]"
    assert leaks(everything(job, caplog)) == []


def test_redirect(serve: Callable[..., Server], caplog: Logs) -> None:
    """A token in a redirect goes no further than httpcore's own log of it, where that is used."""
    location = {"Location": f"/arcgis/rest/jobs/{JOB_ID}/?token={SECRET}"}
    server = serve(
        lambda request: echo(request) if "/?" in request.target else Reply(b"", 307, location)
    )
    job = Job(f"{server.jobs_url}/{JOB_ID}", token=SECRET).refresh()
    caplog.handler.records[:] = [one for one in caplog.records if "Location" not in one.message]
    logs = "".join(record.getMessage() for record in caplog.records)
    assert len(server.requests) == 2
    assert leaks(seen_of_job(job) | {"logs": logs} | seen_by_server(server)) == []


def test_links(new_job: Callable[..., Job], caplog: Logs) -> None:
    """No link holds a token, neither of the job's URL nor of what a document names."""
    links = [{"rel": "results", "href": f"/results?key={QUOTED}"}]
    job = new_job(
        {"jobID": JOB_ID, "status": "successful", "links": links},
        url=f"{JOB_URL}?token={QUOTED}",
        dialect="ogc",
    ).wait(HANG)
    assert job._repr_html_().count(f'href="{JOB_URL}"') == 1
    assert job._repr_html_().count("<a ") == 1
    assert leaks(everything(job, caplog)) == []


class HeaderQuoting(Mission):
    """A dialect that tells what stands in the headers, as text and as an error."""

    name = "header quoting"

    def read(self, answer: Answer) -> Snapshot:
        """Quote a header."""
        quoted = answer.headers["x-echo"]
        if answer.headers["x-fails"] == "yes":
            raise refused(answer, quoted, 400)
        snapshot = super().read(answer)
        return replace(snapshot, messages=(Message(1, quoted),), attributes=dict(answer.headers))


@pytest.mark.parametrize("fails", ["yes", "no"])
@pytest.mark.parametrize("form", [SECRET, QUOTED])
def test_headers(fails: str, form: str, new_job: Callable[..., Job], caplog: Logs) -> None:
    """What a dialect takes from a header holds no token, in no text and no error."""
    headers = {"x-echo": f"Bearer {form}", "x-fails": fails, f"x-{QUOTED}": "name"}
    answer = httpx.Response(200, json=document(status="COMPLETED"), headers=headers)
    job = new_job(answer, token=SECRET, dialect=HeaderQuoting())
    error = None
    try:
        assert job.refresh().messages[0].text == "Bearer [redacted]"
    except RefusedError as caught:
        error = caught
        assert str(error).endswith("Bearer [redacted]")
    assert (error is not None) is (fails == "yes")
    assert leaks(everything(job, caplog, error)) == []


def test_callbacks(new_job: Callable[..., Job], caplog: Logs) -> None:
    """The log of a callback that raises shows the job, and no token of it."""
    over = threading.Event()

    def fail(job: Job) -> None:
        raise LookupError(job)

    job = new_job(document(status="COMPLETED"), url=f"{JOB_URL}?token={SECRET}")
    job.add_done_callback(fail)
    job.add_done_callback(lambda _: over.set())
    assert over.wait(HANG)
    assert "LookupError" in caplog.text
    assert leaks(everything(job, caplog)) == []


# What is hidden is sent all the same


@pytest.mark.parametrize(
    "given",
    [
        {"url": f"?token={SECRET}"},
        {"token": SECRET},
        {"token": lambda: SECRET},
        {"headers": {"X-Esri-Authorization": f"Bearer {SECRET}"}},
    ],
    ids=["url", "text", "callable", "header"],
)
@pytest.mark.parametrize("kind", ["Job", "JobWidget", "JobBoard", "Jobs", "JobBoard of Jobs"])
def test_token_arrives(kind: str, given: dict[str, Any]) -> None:
    """A token reaches the server, however it was given and to whatever."""
    server = Replies(document(status="COMPLETED"))
    http = {"transport": server, "headers": given.get("headers", {})}
    keywords: dict[str, Any] = {"token": given.get("token"), "http": http}
    url, jobs_url = (f"{one}{given.get('url', '')}" for one in (JOB_URL, JOBS_URL))
    if "Jobs" in kind:
        server.replies = [{"asyncJobs": [JOB_ID]}, *server.replies]
    if kind == "Jobs":
        assert len(Jobs(jobs_url, **keywords).histories()) == 1
    elif kind == "Job":
        Job(url, **keywords).wait(HANG)
    else:
        wanted = {"JobWidget": url, "JobBoard": [url], "JobBoard of Jobs": jobs_url}[kind]
        widget = (JobWidget if kind == "JobWidget" else JobBoard)(wanted, **keywords)
        until(lambda: len(server.requests) > ("Jobs" in kind))
        widget.close()
    assert set(server.tokens) == {SECRET}


# Errors


def error_body(code: int) -> Any:
    """Return an error body that quotes the token."""
    return {"error": {"code": code, "message": f"No: {SECRET}", "details": [SECRET]}}


def broken_transport(request: httpx.Request) -> Any:
    """Raise what a careless transport may raise."""
    raise LookupError(f"cannot send {request.headers!r}")


ERRORS: list[tuple[Any, type[JobwidgetsError]]] = [
    (error_body(400), RefusedError),
    (error_body(403), UnauthorisedError),
    (error_body(404), NoSuchJobError),
    (error_body(498), UnauthorisedError),
    (error_body(499), UnauthorisedError),
    (error_body(500), ServerError),
    ({"status": "error", "messages": [SECRET], "code": 498}, UnauthorisedError),
    (httpx.Response(502, text=f"<html>{SECRET}"), ServerError),
    (httpx.Response(401, text=SECRET), UnauthorisedError),
    (httpx.Response(200, text=f"<html>{SECRET}"), BodyError),
    (httpx.Response(200, text=f'{{"jobId": "{SECRET}", '), BodyError),
    (httpx.Response(200, text=f'<input type="password" value="{SECRET}">'), UnauthorisedError),
    (document(jobId=SECRET), DocumentError),
    ({SECRET: SECRET}, DocumentError),
    (httpx.Response(302, headers={"Location": f"/login?token={SECRET}"}), UnauthorisedError),
    (httpx.Response(302, headers={"Location": f"//evil.com/?token={SECRET}"}), RefusedError),
    (httpx.Response(302, headers={"Location": f"?token={SECRET}"}), RefusedError),
    (httpx.Response(302, headers={"Location": f"https://x:{QUOTED}@evil.com"}), RefusedError),
    (broken_transport, ExchangeError),
]


@pytest.mark.parametrize(("reply", "kind"), ERRORS)
@pytest.mark.parametrize("token", [SECRET, lambda: SECRET], ids=["string", "callable"])
def test_errors(
    reply: Any,
    kind: type[JobwidgetsError],
    token: Any,
    new_job: Callable[..., Job],
    caplog: Logs,
) -> None:
    """No error shows a token that the server quotes, nor does anything that keeps the error."""
    job = new_job(reply, token=token)
    with pytest.raises(kind) as raised:
        job.refresh()
    assert leaks(everything(job, caplog, raised.value)) == []


def test_torn_connection(serve: Callable[..., Server], caplog: Logs) -> None:
    """A connection that breaks shows no header of its request."""
    torn = Reply(b"{", 200, {"Content-Length": "9", "Connection": "close"})
    server = serve(lambda _: torn)
    job = Job(f"{server.jobs_url}/{JOB_ID}", token=SECRET)
    with pytest.raises(TransportError) as raised:
        job.refresh()
    assert leaks(everything(job, caplog, raised.value, server)) == []


@pytest.mark.parametrize("kind", [JobFailedError, WatchStoppedError])
def test_error_of_an_end(
    kind: type[JobwidgetsError], new_job: Callable[..., Job], caplog: Logs
) -> None:
    """The last message of a failed job becomes an error without a token in it; so does a stop."""
    status = "FAILED" if kind is JobFailedError else "PROCESSING"
    job = new_job(document(status=status, messages=[f"no rights: {SECRET}"]), token=SECRET)
    job.refresh().stop()
    with pytest.raises(kind) as raised:
        job.raise_for_status()
    assert leaks(everything(job, caplog, raised.value)) == []


def raising(
    error: BaseException, cause: BaseException | None = None, first: tuple[str, ...] = ()
) -> Callable[[], str]:
    """Return a provider that raises, after the `first` tokens."""
    tokens = iter(first)

    def provider() -> str:
        for token in tokens:
            return token
        raise error from cause

    return provider


NOTED = LookupError(SECRET)
NOTED.add_note(f"asked with {SECRET}")
NOTED.password = SECRET  # type: ignore[attr-defined]
PROVIDERS: dict[str, tuple[Callable[[], Any], type[JobwidgetsError]]] = {
    "raises": (raising(LookupError(f"the portal gave {SECRET}")), TransportError),
    "raises from another": (raising(RuntimeError(SECRET), KeyError(SECRET)), TransportError),
    "raises with a note": (raising(NOTED), TransportError),
    "exits": (raising(SystemExit(SECRET)), TransportError),
    "raises later": (raising(LookupError(f"{SECRET}-2"), first=(SECRET,)), TransportError),
    "a list": (lambda: [SECRET], UnauthorisedError),
    "a mapping": (lambda: {"token": SECRET}, UnauthorisedError),
    "two lines": (lambda: f"{SECRET}\n{SECRET}", UnauthorisedError),
    "bytes": (lambda: b"S3cr3t", UnauthorisedError),
}


@pytest.mark.parametrize(("provider", "kind"), PROVIDERS.values(), ids=PROVIDERS)
def test_provider(
    provider: Callable[[], Any],
    kind: type[JobwidgetsError],
    new_job: Callable[..., Job],
    caplog: Logs,
) -> None:
    """A provider that fails tells its kind and its place, not its text; nonsense is not shown."""
    job = new_job(error_body(498), token=provider)
    with pytest.raises(kind) as raised:
        job.refresh()
    told = "".join(traceback.format_exception(raised.value))
    assert kind is UnauthorisedError or "in provider" in told or "SystemExit" in told
    assert leaks(everything(job, caplog, raised.value)) == []


@pytest.mark.parametrize(
    "argument",
    [
        {"url": f"https://gis.example.com/rest/services?token={SECRET}"},
        {"url": f"ftp://gis.example.com/jobs/j1?token={SECRET}"},
        {"url": f"//gis.example.com/jobs/j1?token={SECRET}"},
        {"url": f"https://user:{QUOTED}@gis.example.com/jobs/j1"},
        {"url": f"https://[gis.example.com/jobs/j1?token={SECRET}"},
        {"url": JOB_URL, "token": [SECRET]},
        {"url": JOB_URL, "token": f"{SECRET}\n{SECRET}"},
        {"url": f"{JOB_URL}?token={SECRET}é"},
        {"url": JOB_URL, "token": SECRET, "http": {"verfy": SECRET}},
        {"url": JOB_URL, "token": SECRET, "dialect": "missoin"},
    ],
)
def test_arguments_of_no_use(argument: Any) -> None:
    """An argument that is refused is refused without its token."""
    with pytest.raises((TypeError, ValueError)) as raised:
        Job(**argument)
    assert leaks(seen_of_error(raised.value)) == []


URL_WITH_TOKEN = f"{JOB_URL}?token={SECRET}"
HEADERS = {"headers": {"Authorization": f"Bearer {SECRET}"}}


@pytest.mark.parametrize(
    "call",
    [
        lambda job: setattr(job, "token", f"{SECRET}\n{SECRET}"),
        lambda job: Job(JOB_URL, token=SECRET, dialect="missoin"),
        lambda job: Job(JOB_URL, token=SECRET, http={"verfy": False}),
        lambda job: Job(URL_WITH_TOKEN, poll_interval="x"),
        lambda job: Jobs(JOB_URL, token=SECRET),
        lambda job: JobWidget(job, token=SECRET),
        lambda job: JobWidget(URL_WITH_TOKEN, bogus=1),
        lambda job: JobBoard([job], token=SECRET),
        lambda job: JobBoard([URL_WITH_TOKEN, 5]),
        lambda job: Job(f"https://user:{SECRET}@h/jobs/1", token=SECRET),
        lambda job: Job(JOB_URL, token=SECRET.encode()),
        lambda job: setattr(job, "token", {"token": SECRET}),
        lambda job: Job(JOB_URL, token=partial(str, SECRET), poll_interval="x"),
        lambda job: JobWidget(job, token=partial(str, SECRET)),
        lambda job: Job(JOB_URL, http=HEADERS, poll_interval="x"),
        lambda job: JobWidget(job, http=HEADERS),
        lambda job: JobBoard("https://h/jobs", http=HEADERS, listing_interval=0),
        lambda job: Job(JOB_URL, http={"auth": ["user", SECRET]}),
        lambda job: Jobs("https://h/jobs").job(f"{URL_WITH_TOKEN}/.."),
    ],
)
def test_tracebacks_with_locals(call: Callable[[Job], Any], new_job: Callable[..., Job]) -> None:
    """A traceback that shows local variables shows no secret in a frame of ours, nor its text."""
    with pytest.raises((TypeError, ValueError)) as raised:
        call(new_job(document()))
    assert leaks(seen_in_locals(raised.value) | {"text": str(raised.value)}) == []
