"""A token is found nowhere: each test gathers all that can be seen, and looks for the token."""

import json
import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from documents import JOB_ID, JOB_URL, document
from servers import HANG, Reply, Request, Server

from jobwidgets import JobWidget, jobs_frame, messages_frame, snapshots_frame
from jobwidgets._display.job import static_text
from jobwidgets.errors import (
    BodyError,
    DocumentError,
    ExchangeError,
    JobFailedError,
    JobwidgetsError,
    NoSuchJobError,
    RefusedError,
    ServerError,
    TransportError,
    UnauthorisedError,
    WatchStoppedError,
)
from jobwidgets.job import Job
from jobwidgets.jobs import Jobs

SECRET = "S3cr3t-T0ken.with/odd=chars"
QUOTED = quote(SECRET, safe="")
FORMS = (SECRET, QUOTED, quote(SECRET), SECRET.replace("/", "\\/"), "S3cr3t")
HEADER = "x-esri-authorization"


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


def seen_of_job(job: Job) -> dict[str, Any]:
    """Return all that a job shows."""
    watch = job._watch
    inside = (job, watch, watch.source, watch.source.token, watch.feed, job.history, job.contact)
    seen = {type(value).__name__: shown(value) for value in inside}
    for name in dir(job):
        if not name.startswith("_") and name != "token":
            seen[f"job.{name}"] = shown(getattr(job, name))
    seen["latest"] = shown(job.history.latest)
    seen["document"] = json.dumps(job.history.document)
    seen["history"] = [job.history.snapshots, vars(job.history)]
    seen["html"] = job._repr_html_()
    seen["text"] = static_text(job.history, job.contact)
    for error in (job.error, job.contact.error, job.history.error):
        seen |= seen_of_error(error)
    return seen


def seen_of_frames(job: Job) -> dict[str, Any]:
    """Return all that the frames of a job show."""
    names = list(job.attributes)
    frames = [jobs_frame(job, attributes=names), messages_frame(job), snapshots_frame(job)]
    if job.history.document is not None:
        frames.append(jobs_frame(job.history.document, attributes=names))
    return {f"frame {number}": frame.to_csv() for number, frame in enumerate(frames)}


def seen_of_widget(job: Job) -> dict[str, Any]:
    """Return all that a widget of a job shows, and stores in a notebook."""
    widget = JobWidget(job)
    seen = {
        "widget": shown(widget),
        "widget state": widget.get_state(),
        "widget output": widget._static_bundle(),
        "widget traits": widget.trait_values(),
    }
    widget.close()
    return seen


def seen_of_logs(caplog: pytest.LogCaptureFixture, http: dict[str, Any]) -> dict[str, Any]:
    """Return all that was logged, with every part of each record, httpx's own included."""
    names = {record.name.partition(".")[0] for record in caplog.records}
    assert {"httpx", "httpcore"} <= names or not http
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


def echo(request: Request) -> Any:
    """Return a document that quotes the token in every place where a text may stand."""
    token = request.headers.get(HEADER, "").removeprefix("Bearer ")
    texts = [f"by {token}", f"https://gis.example.com/jobs?token={quote(token)}&f=json", token]
    changes = {"username": token, "type": token, "note": {token: [token]}, "token": "short"}
    return document(messages=texts, messageCodes=[1500, token, 1], status="DONE", **changes)


WAYS: dict[str, Callable[[str], tuple[str, Any]]] = {
    "string": lambda url: (url, SECRET),
    "callable": lambda url: (url, lambda: SECRET),
    "url": lambda url: (f"{url}?token={QUOTED}", None),
    "raw url": lambda url: (f"{url}?f=html&Token={SECRET}", None),
}


@pytest.fixture(params=WAYS)
def given(request: pytest.FixtureRequest) -> Callable[[str], tuple[str, Any]]:
    """Return each of the ways in which a user gives a token: as a URL and a `token`."""
    return WAYS[request.param]


@pytest.fixture(params=[{}, {"http1": True}], ids=["own connections", "httpx's connections"])
def http(request: pytest.FixtureRequest) -> Any:
    """Return settings with which requests go over our own connections, or over httpx's."""
    return request.param


@pytest.fixture(autouse=True)
def _log_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def test_the_search_finds_tokens() -> None:
    """What these tests rely on: a token is found in each of its forms."""
    assert leaks({"a": SECRET, "b": quote(SECRET), "c": {"x": [SECRET]}, "d": "no"}) == [
        "a",
        "b",
        "c",
    ]
    error = LookupError("outer")
    error.__context__ = LookupError(SECRET)
    assert leaks(seen_of_error(error))


def test_job(
    given: Callable[..., Any],
    http: Any,
    serve: Callable[..., Server],
    new_job: Callable[..., Job],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A job whose server quotes the token everywhere shows it nowhere."""
    names: list[str] = []

    def answer(request: Request) -> Any:
        names.extend(thread.name for thread in threading.enumerate())
        return {**echo(request), "status": "PROCESSING" if len(names) < 50 else "COMPLETED"}

    server = serve(answer)
    url, token = given(f"{server.jobs_url}/{JOB_ID}")
    job = new_job(url=url, token=token, http=http).wait(HANG)
    assert job.messages[0].text == "by [redacted]"
    assert {request.headers[HEADER] for request in server.requests} == {f"Bearer {SECRET}"}
    seen = seen_of_job(job) | seen_of_frames(job) | seen_of_widget(job)
    assert (
        leaks(seen | seen_of_logs(caplog, http) | seen_by_server(server) | {"threads": names}) == []
    )


def test_jobs(
    given: Callable[..., Any],
    http: Any,
    serve: Callable[..., Server],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A jobs resource, and what comes of it, shows the token nowhere."""

    def answer(request: Request) -> Any:
        if JOB_ID in request.target:
            return echo(request)
        return (
            {"asyncJobs": [JOB_ID, "broken"]} if "broken" not in request.target else Reply(b"", 404)
        )

    server = serve(answer)
    url, token = given(server.jobs_url)
    jobs = Jobs(url, token=token, http=http)
    found, broken = jobs.histories()
    settings = jobs._settings
    seen = {name: shown(value) for name, value in vars(jobs).items()}
    seen |= {"jobs": shown(jobs), "settings": shown(settings), "keeper": shown(settings.token)}
    seen |= {"job": shown(jobs.job(JOB_ID)), "url": jobs.job(JOB_ID).url, "ids": jobs.ids()}
    seen |= {"found": vars(found), "broken": vars(broken)} | seen_of_error(broken.error)
    assert leaks(seen | seen_of_logs(caplog, http) | seen_by_server(server)) == []


def test_new_token(new_job: Callable[..., Job], caplog: pytest.LogCaptureFixture) -> None:
    """A token that is set later, and the one that it replaces, are shown nowhere."""
    texts = [f"by {SECRET}", f"by {SECRET}-2"]
    replies = [document(messages=texts), document(messages=texts, status="COMPLETED")]
    job = new_job(*replies, token=SECRET).refresh()
    job.token = f"{SECRET}-2"
    job.wait(HANG)
    assert leaks(seen_of_job(job) | seen_of_widget(job) | {"logs": caplog.text}) == []
    assert len(job.history) == 2


@pytest.mark.parametrize("escape", [("/", "\\/"), ("=", "\\u003d"), ("", "")])
def test_token_in_escapes(new_job: Callable[..., Job], escape: tuple[str, str]) -> None:
    """A token is found within JSON's usual escapes too."""
    body = json.dumps(document(messages=["by SECRET"])).replace("SECRET", SECRET.replace(*escape))
    job = new_job(httpx.Response(200, content=body.encode()), token=SECRET).refresh()
    assert job.messages[0].text == "by [redacted]"
    assert leaks(seen_of_job(job)) == []


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
@pytest.mark.parametrize("provider", [False, True])
def test_errors(
    reply: Any,
    kind: type[JobwidgetsError],
    provider: bool,
    new_job: Callable[..., Job],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No error shows a token that the server quotes, nor does anything that keeps the error."""
    job = new_job(reply, token=(lambda: SECRET) if provider else SECRET)
    with pytest.raises(kind) as raised:
        job.refresh()
    seen = seen_of_error(raised.value) | seen_of_job(job) | seen_of_widget(job)
    assert leaks(seen | {"logs": caplog.text} | seen_of_frames(job)) == []


def test_error_of_the_job(new_job: Callable[..., Job]) -> None:
    """The last message of a failed job becomes an error, without a token in it."""
    job = new_job(document(status="FAILED", messages=[f"no rights: {SECRET}"]), token=SECRET)
    with pytest.raises(JobFailedError, match="no rights") as raised:
        job.wait(HANG).raise_for_status()
    assert leaks(seen_of_error(raised.value) | seen_of_job(job)) == []


def test_error_of_a_stopped_watch(new_job: Callable[..., Job]) -> None:
    """A stopped watch says so without a token."""
    job = new_job(document(), token=SECRET).refresh()
    job.stop()
    with pytest.raises(WatchStoppedError) as raised:
        job.raise_for_status()
    assert leaks(seen_of_error(raised.value) | seen_of_job(job)) == []


def raises_at_once() -> str:
    """Fail with a text that holds the token."""
    raise LookupError(f"the portal gave {SECRET}, which is no good")


def raises_from_another() -> str:
    """Fail because of an error whose text holds the token."""
    try:
        return raises_at_once()
    except LookupError as error:
        raise RuntimeError(f"no token: {error}") from error


def raises_with_a_note() -> str:
    """Fail with a note that holds the token."""
    error = LookupError(SECRET)
    error.add_note(f"asked with {SECRET}")
    error.password = SECRET  # type: ignore[attr-defined]
    raise error


def exits() -> str:
    """Fail with what a future cannot carry."""
    raise SystemExit(SECRET)


@pytest.mark.parametrize(
    "provider", [raises_at_once, raises_from_another, raises_with_a_note, exits]
)
def test_failing_provider(
    provider: Callable[[], str], new_job: Callable[..., Job], caplog: pytest.LogCaptureFixture
) -> None:
    """A provider that fails tells its kind and its place, and not its text."""
    job = new_job(document(), token=provider)
    with pytest.raises(TransportError) as raised:
        job.refresh()
    seen = seen_of_error(raised.value)
    assert provider.__name__ in seen["RuntimeError 1 traceback"] or provider is exits
    seen |= seen_of_job(job) | seen_of_widget(job) | {"logs": caplog.text}
    assert leaks(seen) == []


def test_provider_that_fails_later(
    new_job: Callable[..., Job], caplog: pytest.LogCaptureFixture
) -> None:
    """A provider that fails when it is asked again shows neither the old token nor a new one."""
    calls: list[int] = []

    def provider() -> str:
        calls.append(1)
        if len(calls) > 1:
            raise LookupError(f"{SECRET} is over, and so is {SECRET}-2")
        return SECRET

    job = new_job(error_body(498), token=provider)
    with pytest.raises(TransportError) as raised:
        job.refresh()
    assert len(calls) == 2
    seen = seen_of_error(raised.value) | seen_of_job(job) | {"logs": caplog.text}
    assert leaks(seen) == []


@pytest.mark.parametrize(
    "nonsense", [[SECRET], {"token": SECRET}, f"{SECRET}\n{SECRET}", b"S3cr3t"]
)
def test_provider_that_gives_nonsense(
    nonsense: Any, new_job: Callable[..., Job], caplog: pytest.LogCaptureFixture
) -> None:
    """What a provider gives is not shown, even if it is no token."""
    job = new_job(document(), token=lambda: nonsense)
    with pytest.raises(UnauthorisedError) as raised:
        job.refresh()
    seen = seen_of_error(raised.value) | seen_of_job(job) | {"logs": caplog.text}
    assert leaks(seen) == []


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


def test_torn_connection(
    given: Callable[..., Any],
    http: Any,
    serve: Callable[..., Server],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A connection that breaks shows no header of its request."""
    torn = Reply(b"{", 200, {"Content-Length": "9", "Connection": "close"})
    server = serve(lambda _: torn)
    url, token = given(f"{server.jobs_url}/{JOB_ID}")
    job = Job(url, token=token, http=http)
    with pytest.raises(TransportError) as raised:
        job.refresh()
    seen = seen_of_error(raised.value) | seen_of_job(job) | seen_of_logs(caplog, http)
    assert leaks(seen | seen_by_server(server)) == []


def test_redirect(
    http: Any, serve: Callable[..., Server], caplog: pytest.LogCaptureFixture
) -> None:
    """A token in a redirect goes no further than httpcore's own log of it, where that is used."""
    location = {"Location": f"/arcgis/rest/jobs/{JOB_ID}/?token={SECRET}"}
    server = serve(
        lambda request: echo(request) if "/?" in request.target else Reply(b"", 307, location)
    )
    job = Job(f"{server.jobs_url}/{JOB_ID}", token=SECRET, http=http).refresh()
    caplog.handler.records[:] = [one for one in caplog.records if "Location" not in one.message]
    logs = {"logs": "".join(record.getMessage() for record in caplog.records)}
    assert len(server.requests) == 2
    assert leaks(seen_of_job(job) | logs | seen_by_server(server)) == []


def test_callbacks(new_job: Callable[..., Job], caplog: pytest.LogCaptureFixture) -> None:
    """The log of a callback that raises shows the job, and no token of it."""
    over = threading.Event()

    def fail(job: Job) -> None:
        raise LookupError(job)

    job = new_job(document(status="COMPLETED"), url=f"{JOB_URL}?token={SECRET}")
    job.add_done_callback(fail)
    job.add_done_callback(lambda _: over.set())
    assert over.wait(HANG)
    assert "LookupError" in caplog.text
    assert leaks({"logs": caplog.text}) == []
