"""Faults within a job's document: wrong types, lists that change, clocks that jump."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from documents import ABSENT, STARTED, after, milliseconds

from faults.behaviours import in_turn, tells, tells_with
from faults.exchange import Behaviour, Exchange, http
from faults.fault import ending, harmless, permanent
from faults.stage import OLD_TOKEN, SAID
from jobwidgets._model.snapshot import Status
from jobwidgets.errors import DocumentError

FIRST = "Started mission creation."
NO_ID = 'with a "jobId"'
UNKNOWN = {"status": Status.UNKNOWN, "raw_status": None}
YEAR = timedelta(days=365)


def ahead(by: timedelta) -> str:
    """Return what the `Date` header says by a clock that is wrong."""
    return format_datetime(datetime.now(UTC) + by, usegmt=True)


def quoting(edit: Callable[[bytes], bytes]) -> Behaviour:
    """Return what quotes the token in a message, its bytes changed by `edit`."""

    def behave(exchange: Exchange) -> None:
        document = exchange.record.document(messages=[f"bad: {OLD_TOKEN}"])
        exchange.send(http(edit(json.dumps(document).encode())))

    return behave


_TYPES = (
    permanent("jobId: absent", tells(jobId=ABSENT), DocumentError, NO_ID),
    permanent("jobId: null", tells(jobId=None), DocumentError, NO_ID),
    permanent("jobId: a number", tells(jobId=5), DocumentError, NO_ID),
    permanent("jobId: a list", tells(jobId=["sick"]), DocumentError, NO_ID),
    permanent("jobId: empty", tells(jobId=""), DocumentError, NO_ID),
    harmless("status: absent", tells(status=ABSENT), **UNKNOWN),
    harmless("status: null", tells(status=None), **UNKNOWN),
    harmless("status: a number", tells(status=5), **UNKNOWN),
    harmless("status: a list", tells(status=["COMPLETED"]), **UNKNOWN),
    harmless("status: an object", tells(status={"COMPLETED": True}), **UNKNOWN),
    harmless("status: true", tells(status=True), **UNKNOWN),
    harmless("status: empty", tells(status=""), status=Status.UNKNOWN, raw_status=""),
    harmless("status: unknown", tells(status="PONDERING"), status=Status.UNKNOWN),
    harmless("status: error, of a job", tells(status="error"), status=Status.UNKNOWN),
    harmless("messages: absent", tells(messages=ABSENT), texts=()),
    harmless("messages: null", tells(messages=None), texts=()),
    harmless("messages: a text", tells(messages="one"), texts=("one",)),
    harmless("messages: a number", tells(messages=5), texts=("5",)),
    harmless("messages: an object", tells(messages={"a": 1}), texts=('{"a": 1}',)),
    harmless(
        "messages: of all types",
        tells(messages=[1, None, True, {"a": 1}, ["x", "y"]]),
        texts=("1", "", "true", '{"a": 1}', "x y"),
    ),
    harmless("messageCodes: absent", tells(messageCodes=ABSENT), codes=(None, None)),
    harmless("messageCodes: null", tells(messageCodes=None), codes=(None, None)),
    harmless("messageCodes: a text", tells(messageCodes="1500"), codes=(None, None)),
    harmless("messageCodes: an object", tells(messageCodes={"0": 1500}), codes=(None, None)),
    harmless(
        "messageCodes: of all types",
        tells(messageCodes=["1500", {"a": 1}, None]),
        codes=(1500, '{"a": 1}'),
    ),
    harmless("startTime: a text", tells(startTime="yesterday"), started=None),
    harmless("startTime: null", tells(startTime=None), started=None),
    harmless("startTime: a list", tells(startTime=[1]), started=None),
    harmless("startTime: true", tells(startTime=True), started=None),
    harmless("startTime: NaN", tells(startTime=float("nan")), started=None),
    harmless("startTime: infinite", tells(startTime=float("inf")), started=None),
    harmless("startTime: far beyond the calendar", tells(startTime=10**17), started=None),
    harmless("startTime: below zero", tells(startTime=-1), started=None),
    harmless("endTime: a text", tells(endTime="soon"), ended=None),
    harmless("endTime: an object", tells(endTime={}), ended=None),
    harmless("endTime: NaN", tells(endTime=float("nan")), ended=None),
    harmless("endTime: 0", tells(endTime=0), ended=None),
    harmless("type: a number", tells(type=5), kind=None),
    harmless("type: an object", tells(type={"a": 1}), kind=None),
    harmless("username: a list", tells(username=["admin"]), owner=None),
    harmless("username: false", tells(username=False), owner=None),
    harmless("customAttributes: null", tells(customAttributes=None), steps_done=None),
    harmless("customAttributes: a text", tells(customAttributes="x"), steps_done=None),
    harmless("customAttributes: a list", tells(customAttributes=[1]), steps_done=None),
    harmless("stepsCompleted: a text", tells(stepsCompleted="2"), steps_done=None, progress=None),
    harmless("stepsCompleted: below zero", tells(stepsCompleted=-3), steps_done=-3, progress=0.0),
    harmless("stepsCompleted: NaN", tells(stepsCompleted=float("nan")), steps_done=None),
    harmless("stepsCompleted: 1e300", tells(stepsCompleted=1e300), steps_done=None),
    harmless("stepsCompleted: more than all", tells(stepsCompleted=9), steps_done=9, progress=1.0),
    harmless("totalSteps: a list", tells(totalSteps=[5]), steps_total=None, progress=None),
    harmless("totalSteps: 0", tells(totalSteps=0), steps_total=0, progress=None),
    harmless("totalSteps: below zero", tells(totalSteps=-5), steps_total=-5, progress=None),
    harmless("isCancelled: a text", tells(isCancelled="true")),
    harmless("isCancelled: a number", tells(isCancelled=1)),
    harmless(
        "every part of a wrong type",
        tells(
            **{
                name: [[]]
                for name in (
                    "status",
                    "startTime",
                    "endTime",
                    "type",
                    "username",
                    "customAttributes",
                )
            }
        ),
        started=None,
        owner=None,
        kind=None,
        **UNKNOWN,
    ),
)

_QUOTES = (
    harmless(
        "a message that quotes our token",
        tells(messages=[f"bad: {OLD_TOKEN}"]),
        texts=("bad: [redacted]",),
    ),
    harmless(
        "the same, escaped",
        quoting(lambda body: body.replace(b"old-token", b"old\\u002dtoken")),
        texts=("bad: [redacted]",),
    ),
    harmless(
        "the same in UTF-16",
        quoting(lambda body: body.decode().encode("utf-16")),
        texts=("bad: [redacted]",),
    ),
)

_LISTS = (
    harmless("messages shrink to one", tells(messages=[FIRST]), texts=(FIRST,)),
    harmless("messages vanish", tells(messages=[]), texts=()),
    harmless(
        "messages in another language",
        tells(messages=["Gestartet.", "Gesagt."]),
        texts=("Gestartet.", "Gesagt."),
    ),
    harmless(
        "messages in another order",
        lambda exchange: exchange.send(
            http(exchange.record.document(messages=exchange.record.messages[::-1]))
        ),
        texts=(SAID, FIRST),
    ),
    harmless(
        "a stale copy now and then",
        in_turn(tells(), tells(messages=[FIRST])),
        rounds=6,
        texts=(FIRST,),
    ),
    harmless("messages flicker", in_turn(tells(), tells(messages=[])), rounds=6, texts=()),
    harmless(
        "10,000 messages at once",
        tells(messages=[f"line {n}" for n in range(10_000)]),
        texts=tuple(f"line {n}" for n in range(10_000)),
    ),
    harmless(
        "a message of 1 MB",
        tells(messages=[FIRST, "x" * 1_000_000]),
        texts=(FIRST, "x" * 1_000_000),
    ),
    harmless("steps fall back to none", tells(stepsCompleted=0), steps_done=0, progress=0.0),
)


def _dated(by: timedelta) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        exchange.send(http(exchange.record.document(), Date=ahead(by)))

    return behave


_CLOCKS = (
    harmless("the server's clock a year ahead", _dated(YEAR)),
    harmless("the server's clock a year behind", _dated(-YEAR)),
    harmless("the server's clock jumps to and fro", in_turn(_dated(YEAR), _dated(-YEAR)), rounds=6),
    harmless("Date: no date", tells_with(Date="today")),
    harmless("Date: the 32nd", tells_with(Date="Wed, 32 Dec 2026 25:61:61 GMT")),
    harmless("Date: year 9999, far west", tells_with(Date="Fri, 31 Dec 9999 23:59:59 -2359")),
    harmless("Date: year 1, far east", tells_with(Date="Mon, 01 Jan 0001 00:00:00 +2359")),
    harmless("Date: empty", tells_with(Date="")),
    harmless(
        "startTime in a year",
        tells(startTime=milliseconds(STARTED + 9 * YEAR)),
        started=STARTED + 9 * YEAR,
    ),
    harmless(
        "startTime in 1970", tells(startTime=1), started=datetime(1970, 1, 1, 0, 0, 0, 1000, UTC)
    ),
    harmless("endTime while it runs", tells(endTime=milliseconds(after(9))), ended=after(9)),
    harmless(
        "endTime before startTime while it runs",
        tells(endTime=milliseconds(after(-9))),
        ended=after(-9),
    ),
    ending(
        "ends before it started",
        tells(status="COMPLETED", endTime=milliseconds(after(-9))),
        Status.SUCCEEDED,
    ),
)

DOCUMENTS = (*_TYPES, *_QUOTES, *_LISTS, *_CLOCKS)
