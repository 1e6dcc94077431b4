"""The ArcGIS Mission Server Job resource.

Esri documents it at https://developers.arcgis.com/rest/services-reference/mission/job and
https://developers.arcgis.com/rest/services-reference/mission/site-jobs ; what no page says is a
policy of this project, and marked "ours".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from jobwidgets._model.exchanged import Answer
from jobwidgets._model.snapshot import Message, Snapshot
from jobwidgets._model.steps import StepCodes
from jobwidgets.dialects._esri import EsriDialect, raise_if_refused
from jobwidgets.dialects._facts import (
    PLACED,
    attributes_of,
    codes_of,
    count_of,
    custom_of,
    first_text,
    message_code_of,
    progress_of,
    status_of,
    text_of,
    texts_of,
    time_of,
)
from jobwidgets.dialects._refusals import job_of
from jobwidgets.dialects._urls import check_is_job

_SHAPE = {"status", "messages", "customAttributes", "missionId"}
# The codes and texts of Esri's own example; the names are this project's.
_STEPS = (
    ("tracks layers", 1501, 1502),
    ("communications layers", 1503, 1504),
    ("events layers", 1505, 1506),
    ("map", 1507, 1508),
    ("finishing", 1509, 1510),
)


class Mission(EsriDialect):
    """Documents, URLs and error bodies of ArcGIS Mission Server."""

    name = "mission"
    steps: ClassVar[StepCodes] = {
        **{begin: (step, "begin") for step, begin, _ in _STEPS},
        **{end: (step, "end") for step, _, end in _STEPS},
    }

    def recognises(self, document: object) -> bool:
        """Return whether it has Mission's shape, which is that of its siblings without a mark."""
        if not isinstance(document, Mapping) or not first_text(document, "jobId"):
            return False
        if first_text(document, "jobStatus", "jobID"):
            return False
        is_bare = document.keys() <= PLACED.keys()
        return is_bare or bool(_SHAPE & document.keys())

    def read(self, answer: Answer) -> Snapshot:
        """Return what a job document says."""
        raise_if_refused(answer)
        job = job_of(answer.body, "jobId")
        check_is_job(answer.url, job["jobId"])
        custom = custom_of(job)
        raw_status = text_of(job.get("status"))
        status = status_of(raw_status, cancelled=custom.get("isCancelled") is True)
        done, total = count_of(custom.get("stepsCompleted")), count_of(custom.get("totalSteps"))
        return Snapshot(
            id=job["jobId"],
            status=status,
            raw_status=raw_status,
            steps_done=done,
            steps_total=total,
            progress=progress_of(done, total, status),
            messages=_messages(job.get("messages"), custom.get("messageCodes")),
            started=time_of(job.get("startTime")),
            ended=time_of(job.get("endTime")),
            owner=text_of(job.get("username")),
            kind=text_of(job.get("type")),
            attributes=attributes_of(job),
            document=job,
        )

    def expected_steps(self, snapshot: Snapshot) -> Sequence[str]:
        """Return all steps once one has begun, if the job has as many of them (ours)."""
        codes = {message.code for message in snapshot.messages}
        has_begun = any(begin in codes for _, begin, _ in _STEPS)
        is_usual = snapshot.steps_total == len(_STEPS)
        return [step for step, _, _ in _STEPS] if has_begun and is_usual else ()


def _messages(messages: object, codes: object) -> tuple[Message, ...]:
    """Pair texts and codes by their places; surplus codes stay in the attributes."""
    texts = texts_of(messages)
    pairs = zip(texts, codes_of(codes, len(texts)), strict=True)
    return tuple(
        Message(number, text, message_code_of(code))
        for number, (text, code) in enumerate(pairs, start=1)
    )
