"""The near relatives of Mission: the same document with other names, and its variations.

Esri documents them at https://developers.arcgis.com/rest/enterprise-administration/ ; what no page
says is a policy of this project, and marked "ours".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from jobwidgets._model.exchanged import Answer
from jobwidgets._model.snapshot import Message, Snapshot, Status, ToldStep
from jobwidgets._model.steps import StepCodes
from jobwidgets.dialects._esri import CancellingDialect, EsriDialect, raise_if_refused
from jobwidgets.dialects._facts import (
    count_of,
    custom_of,
    first_text,
    line_of,
    moment_of,
    percent_of,
    progress_of,
    status_of,
    text_of,
    texts_of,
    without,
)
from jobwidgets.dialects._refusals import job_of
from jobwidgets.dialects._urls import check_is_job
from jobwidgets.dialects.mission import Mission

_CUSTOM = "customAttributes"
_OPENING = "openNotebookProgress"
NOTEBOOK_MARKS = frozenset({"openNotebook", _OPENING})


def is_of_notebook(kind: str) -> bool:
    """Return whether a server's word for an operation is that of one on a notebook."""
    return "notebook" in kind.casefold()


class Sibling(Mission):
    """Mission's document without its steps, of a server that has a mark of its own."""

    steps: ClassVar[StepCodes] = {}

    def expected_steps(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Return none: the codes are Mission's own."""
        return ()


class NotebookServer(Sibling, CancellingDialect):
    """Jobs of ArcGIS Notebook Server, ``<admin>/system/jobs/<job id>``.

    ``openNotebookProgress`` tells a percentage, and one text, which is overwritten: faster ones
    may be missing.
    """

    name = "notebook"
    jobs_place = ("/admin/", "/admin/system/jobs")
    messages_are = "latest"

    def recognises(self, document: object) -> bool:
        """Return whether a notebook is opened or worked on."""
        if not isinstance(document, Mapping) or not first_text(document, "jobId"):
            return False
        kind = text_of(document.get("type")) or ""
        return bool(NOTEBOOK_MARKS & custom_of(document).keys()) or (
            "status" in document and is_of_notebook(kind)
        )

    def read(self, answer: Answer) -> Snapshot:
        """Return what a job document says."""
        snapshot = super().read(answer)
        told = custom_of(snapshot.document).get(_OPENING)
        latest = snapshot.messages[-1:]
        if isinstance(told, Mapping):
            text = line_of(told.get("message"))
            snapshot = replace(snapshot, progress=percent_of(told.get("percent")))
            latest = (Message(1, text),) if text else latest
        return replace(snapshot, messages=tuple(replace(one, number=1) for one in latest))


class VideoServer(Sibling):
    """Jobs of ArcGIS Video Server: the codes are a list, or the text of one."""

    name = "video"

    def recognises(self, document: object) -> bool:
        """Return whether a service of a ``VideoServer`` is worked on."""
        if not isinstance(document, Mapping) or not first_text(document, "jobId"):
            return False
        inputs = document.get("inputs")
        url = text_of(inputs.get("serviceUrl")) if isinstance(inputs, Mapping) else None
        return "/videoserver" in (url or "").casefold()

    def read(self, answer: Answer) -> Snapshot:
        """Return what a job document says."""
        document = answer.body
        if isinstance(document, Mapping) and isinstance(document.get(_CUSTOM), Mapping):
            document = {**document, _CUSTOM: _with_codes(document[_CUSTOM])}
        snapshot = super().read(replace(answer, body=document))
        return replace(snapshot, document=answer.body)


def _with_codes(custom: Mapping[str, Any]) -> Mapping[str, Any]:
    told = custom.get("messageCodes")
    if not isinstance(told, str):
        return custom
    try:
        codes = json.loads(told)
    except (ValueError, RecursionError):
        codes = [part.strip() for part in told.strip("[] ").split(",") if part.strip()]
    return {**custom, "messageCodes": codes if isinstance(codes, list) else [codes]}


class ServerAdmin(EsriDialect):
    """Jobs of ArcGIS Server's administrator, ``<admin>/system/jobs/<job id>``.

    COMPLETED with an error in ``operationResponse`` is a failure, whose messages are that
    response's. ``stepInfo`` names the steps. ``currentstep`` is the one that is being done: it
    counts as done only once the job has succeeded (ours).
    """

    name = "admin"
    jobs_place = ("/admin/", "/admin/system/jobs")

    def recognises(self, document: object) -> bool:
        """Return whether there is a lower-case ``jobid`` beside the steps or the response."""
        if not isinstance(document, Mapping) or not first_text(document, "jobid"):
            return False
        marks = ("stepInfo", "currentstep", "totalsteps")
        return any(document.get(name) is not None for name in marks)

    def read(self, answer: Answer) -> Snapshot:
        """Return what a job document says."""
        raise_if_refused(answer)
        job = job_of(answer.body, "jobid")
        check_is_job(answer.url, job["jobid"])
        raw_status = text_of(job.get("status"))
        response = job.get("operationResponse")
        status = _admin_status(raw_status, response)
        current, total = count_of(job.get("currentstep")), count_of(job.get("totalsteps"))
        is_done = status is Status.SUCCEEDED
        done = current if current is None or is_done else max(current - 1, 0)
        placed = ("jobid", "status", "currentstep", "totalsteps", "stepInfo", "username", "type")
        return Snapshot(
            id=job["jobid"],
            status=status,
            raw_status=raw_status,
            steps_done=done,
            steps_total=total,
            progress=progress_of(done, total, status),
            messages=_response_messages(response),
            started=_first_moment(job, _STARTS),
            ended=_first_moment(job, _ENDS),
            owner=text_of(job.get("username")),
            kind=text_of(job.get("type")),
            attributes=without(job, *placed, *_STARTS, *_ENDS),
            steps=_told_steps(job.get("stepInfo"), current, is_done=is_done),
            document=job,
        )


def _admin_status(raw_status: str | None, response: object) -> Status:
    status = status_of(raw_status, cancelled=False)
    told = text_of(response.get("status")) if isinstance(response, Mapping) else None
    is_error = (told or "").casefold() in {"error", "failed", "failure"}
    return Status.FAILED if is_error and status is Status.SUCCEEDED else status


def _response_messages(response: object) -> tuple[Message, ...]:
    if not isinstance(response, Mapping):
        return ()
    level = "error" if response.get("status") == "error" else None
    texts = enumerate(texts_of(response.get("messages")), start=1)
    return tuple(Message(number, text, level=level) for number, text in texts)


def _told_steps(told: object, current: int | None, *, is_done: bool) -> tuple[ToldStep, ...]:
    listed = told if isinstance(told, list) else []
    place = len(listed) if current is None else current
    return tuple(
        ToldStep(_step_name(one), has_begun=n <= place, has_ended=is_done or n < place)
        for n, one in enumerate(listed, start=1)
    )


def _step_name(step: object) -> str:
    if isinstance(step, Mapping):
        return first_text(step, "name", "step", "description", "message") or line_of(step)
    return line_of(step)


class Kubernetes(EsriDialect):
    """Jobs of ArcGIS Enterprise on Kubernetes, ``<admin>/jobs/<job id>``, and of its services.

    Esri documents milliseconds for jobs of services, and shows seconds in its examples: the size of
    a number tells which it is (our rule).
    """

    name = "kubernetes"
    jobs_place = ("/admin/", "/admin/jobs")

    def recognises(self, document: object) -> bool:
        """Return whether it is a job of the site or of one of its services."""
        if not isinstance(document, Mapping):
            return False
        names = {name for name, value in document.items() if value is not None}
        is_sites = "jobid" in names and bool({"operationURI", "updatedtime", "starttime"} & names)
        is_services = "job_id" in names and bool({"service_id", "job_created"} & names)
        return (is_sites and not {"stepInfo", "currentstep"} & names) or is_services

    def read(self, answer: Answer) -> Snapshot:
        """Return what a job document says."""
        raise_if_refused(answer)
        job = job_of(answer.body, "jobid", "job_id")
        job_id = first_text(job, "jobid", "job_id") or ""
        check_is_job(answer.url, job_id)
        raw_status = text_of(job.get("status"))
        placed = ("jobid", "job_id", "status", "messages", "username", "operationURI")
        texts = enumerate(texts_of(job.get("messages")), start=1)
        return Snapshot(
            id=job_id,
            status=status_of(raw_status, cancelled=False),
            raw_status=raw_status,
            progress=percent_of(job.get("percent")),
            messages=tuple(Message(number, text) for number, text in texts),
            started=_first_moment(job, _STARTS),
            ended=_first_moment(job, _ENDS),
            owner=text_of(job.get("username")),
            kind=text_of(job.get("operationURI")),
            attributes=without(job, *placed, *_STARTS, *_ENDS),
            document=job,
        )


_STARTS = ("starttime", "job_execution_start")
_ENDS = ("endtime", "job_execution_end")


def _first_moment(job: Mapping[str, Any], names: tuple[str, ...]) -> datetime | None:
    return next((time for name in names if (time := moment_of(job.get(name)))), None)
