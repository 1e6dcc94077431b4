"""The Mission REST resources, as an ASGI app over a `Site`.

The resources are Esri's: https://developers.arcgis.com/rest/services-reference/mission/site-jobs,
``…/mission/job``, ``…/mission/services-create-mission-service`` and
``…/mission/mission-service-delete``.
"""

from __future__ import annotations

import ipaddress
import json
import re
import uuid
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobwidgets.demo._pages import index_page, job_page, jobs_page, started_page
from jobwidgets.demo._scripts import Script, deleting, example
from jobwidgets.demo._site import ReceivedRequest, RestError, Site

ROOT = "/arcgis/rest"
"""The path of the REST root."""

Parameters = dict[str, str]
# The answer to an operation, and how to write it as a page.
_Answer = tuple[Any, Callable[[Any], str]]
_Operation = Callable[[Site, Request, Parameters], _Answer]


def create_app(site: Site, *, any_host: bool = False) -> ASGIApp:
    """Return the app that serves a site, by default under a loopback name or address only."""
    routes = [
        Route(ROOT, _endpoint(site, _index)),
        Route(f"{ROOT}/jobs", _endpoint(site, _jobs)),
        Route(f"{ROOT}/jobs/{{job_id:path}}", _endpoint(site, _job)),
        Route(f"{ROOT}/services/createMission", _endpoint(site, _create), methods=["POST"]),
        Route(f"{ROOT}/services/{{mission_id}}/delete", _endpoint(site, _delete), methods=["POST"]),
    ]
    app = Starlette(routes=routes, exception_handlers={ClientDisconnect: _gone})
    return _Wire(app if any_host else _LoopbackOnly(app), site)


def is_loopback(host: str) -> bool:
    """Return whether a name or address leads to this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _index(_site: Site, _request: Request, _parameters: Parameters) -> _Answer:
    return {"resources": ["jobs", "services"]}, lambda _: index_page(ROOT)


def _jobs(site: Site, _request: Request, _parameters: Parameters) -> _Answer:
    return {"asyncJobs": site.ids()}, lambda answer: jobs_page(ROOT, answer)


def _job(site: Site, request: Request, _parameters: Parameters) -> _Answer:
    return site.document(request.path_params["job_id"]), job_page


def _create(site: Site, _request: Request, parameters: Parameters) -> _Answer:
    if _flag(parameters, "async", default=False):
        return {"jobId": site.add(_mission(parameters))}, _started_page
    return {"success": True, "missionId": uuid.uuid4().hex}, _started_page


def _delete(site: Site, request: Request, parameters: Parameters) -> _Answer:
    if _flag(parameters, "async", default=True):
        script = deleting(request.path_params["mission_id"])
        return {"jobId": site.add(script)}, _started_page
    return {"success": True}, _started_page


def _started_page(answer: Any) -> str:
    return started_page(ROOT, answer)


def _mission(parameters: Parameters) -> Script:
    """Return the script of a new mission; only this server knows the parameter ``seconds``."""
    if "seconds" not in parameters:
        return example()
    try:
        return example(float(parameters["seconds"]))
    except ValueError as error:
        raise RestError(400, "Invalid parameter: seconds.", [str(error)]) from error


def _flag(parameters: Parameters, name: str, *, default: bool) -> bool:
    value = parameters.get(name, str(default)).lower()
    if value not in {"true", "false"}:
        details = [f"Expected true or false, found {value!r}."]
        raise RestError(400, f"Invalid parameter: {name}.", details)
    return value == "true"


def _endpoint(site: Site, operation: _Operation) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler of an operation; its errors are always JSON, as HTTP 200."""

    async def endpoint(request: Request) -> Response:
        try:
            parameters = await _parameters(request)
            site.admit(_token(request, parameters))
            write = _writer(parameters.get("f") or "html")
            return write(*operation(site, request, parameters))
        except RestError as error:
            return _json(error.envelope)

    return endpoint


async def _parameters(request: Request) -> Parameters:
    """Return the parameters of the query and the form; the form's win."""
    form = (await request.body()).decode(errors="replace")
    kind = request.headers.get("content-type", "application/x-www-form-urlencoded")
    if form and not kind.lower().startswith("application/x-www-form-urlencoded"):
        raise RestError(400, "Invalid body.", [f"Expected a URL-encoded form, found {kind!r}."])
    query = request.scope["query_string"].decode("latin-1")
    return dict(parse_qsl(query, True) + parse_qsl(form, True))


def _token(request: Request, parameters: Parameters) -> str | None:
    for name in ("x-esri-authorization", "authorization"):
        scheme, _, token = request.headers.get(name, "").partition(" ")
        if scheme.lower() == "bearer":
            return token.strip()
    return parameters.get("token")


def _writer(f: str) -> Callable[[Any, Callable[[Any], str]], Response]:
    if f == "html":
        return lambda answer, page: HTMLResponse(page(answer).encode(errors="replace"))
    if f == "json":
        return lambda answer, _page: _json(answer)
    if f == "pjson":
        return lambda answer, _page: _json(answer, indent=2)
    raise RestError(400, "Invalid format.", [f"f: expected html, json or pjson, found {f!r}."])


def _json(answer: Any, indent: int | None = None) -> Response:
    body = json.dumps(answer, indent=indent)
    return Response(body, media_type="application/json; charset=utf-8")


async def _gone(_request: Request, _error: Exception) -> Response:
    """Answer somebody who hung up amid a request: nobody reads it, and nothing is logged."""
    return Response(status_code=400)


class _LoopbackOnly:
    """Refuses requests for other names: a page elsewhere may let its own name lead here.

    That is DNS rebinding; the browser then takes our answers for that page's own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        is_ours = bool(hosts) and all(is_loopback(_name(host)) for host in hosts)
        await (self._app if is_ours else _MISDIRECTED)(scope, receive, send)


def _name(host: str) -> str:
    """Return a Host header without its port and brackets; "" if it is none."""
    found = re.fullmatch(r"(?:\[([^]]*)\]|([^:]*))(?::\d*)?", host)
    return (found[1] or found[2] or "") if found else ""


_MISDIRECTED = PlainTextResponse("This server answers for localhost only.\n", 421)


class _Wire:
    """Records each request, and dates each response by the site's clock."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app, self._site = app, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._site.clock.now(), usegmt=True)
                message["headers"] = [*message["headers"], (b"date", date.encode())]
            await send(message)

        self._site.record(_received(scope))
        await self._app(scope, receive, send_dated)


def _received(scope: Scope) -> ReceivedRequest:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    return ReceivedRequest(scope["method"], scope["path"], query, headers)
