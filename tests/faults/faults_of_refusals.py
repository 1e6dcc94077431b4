"""Faults that servers and gateways tell of: error bodies and HTTP statuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from faults.behaviours import answers, in_turn, tells, text
from faults.exchange import Exchange, http
from faults.fault import Fault, ending, permanent, transient, unauthorised
from faults.faults_of_bodies import PAGE, SIGN_IN
from faults.scenes import (
    INVALID_TOKEN,
    refresh,
)
from faults.stage import OLD_TOKEN
from jobwidgets._model.snapshot import Status
from jobwidgets.errors import NoSuchJobError, RefusedError, ServerError


def envelope(code: Any = None, message: Any = "Sorry.", **more: Any) -> dict[str, Any]:
    """Return an Esri error body."""
    return {"error": {"code": code, "message": message, "details": [], **more}}


def admin(code: Any, *messages: str) -> dict[str, Any]:
    """Return the other Esri error body, which looks much like a job."""
    return {"status": "error", "messages": list(messages), "code": code}


UNKNOWN_JOB = {"error": NoSuchJobError, "text": "404", "is_permanent": True}

_ENVELOPES = (
    unauthorised("error 498", answers(INVALID_TOKEN), "498 Invalid token."),
    unauthorised("error 499", answers(envelope(499, "Token Required")), "499 Token Required"),
    unauthorised("error 403", answers(envelope(403, "You do not have permissions")), "403 You"),
    unauthorised("error 401", answers(envelope(401)), "401 Sorry."),
    unauthorised("error 498 as a text", answers(envelope("498")), "498 Sorry."),
    unauthorised("error 498 with HTTP 500", answers(INVALID_TOKEN, 500), "498 Invalid token."),
    unauthorised("admin error 498", answers(admin(498, "Token Expired.")), "498 Token Expired."),
    unauthorised(
        "error that quotes our token",
        answers(envelope(498, f"{OLD_TOKEN} is bad, token={OLD_TOKEN}")),
        "[redacted]",
    ),
    permanent("error 400", answers(envelope(400, "Invalid URL")), RefusedError, "400 Invalid URL"),
    permanent(
        "error without a code", answers({"error": {"message": "Broken."}}), RefusedError, "Broken."
    ),
    permanent("error without anything", answers({"error": {}}), RefusedError, "refused"),
    permanent(
        "error with a null message", answers(envelope(400, None, details=None)), RefusedError, "400"
    ),
    permanent(
        "error with details alone",
        answers(envelope(400, None, details=["a", "b"])),
        RefusedError,
        "400 a b",
    ),
    permanent("error of 10,000 words", answers(envelope(400, "word " * 10_000)), RefusedError, "…"),
    permanent("error that is a text", answers({"error": "Broken."}), RefusedError, "Broken."),
    permanent("error that is true", answers({"error": True}), RefusedError, "true"),
    permanent("error 200", answers(envelope(200)), RefusedError, "Sorry."),
    permanent("error with a code of letters", answers(envelope("E-7")), RefusedError, "Sorry."),
    permanent(
        "error in a job's document", tells(error={"message": "Broken."}), RefusedError, "Broken."
    ),
    transient(
        "error 500", answers(envelope(500, "Error getting job")), ServerError, "500 Error getting"
    ),
    transient("error 504", answers(envelope(504)), ServerError, "504 Sorry."),
    transient("error 10¹⁸", answers(envelope(10**18)), ServerError),
    transient(
        "admin error 500", answers(admin(500, "Down.", "Sorry.")), ServerError, "500 Down. Sorry."
    ),
    ending(
        "error 404 for long", answers(envelope(404, "Job not found")), Status.GONE, **UNKNOWN_JOB
    ),
)

_REFUSING = (
    400,
    402,
    405,
    407,
    409,
    411,
    412,
    413,
    414,
    422,
    426,
    428,
    431,
    451,
)
_FAILING = (
    408,
    421,
    425,
    500,
    501,
    502,
    503,
    504,
    505,
    507,
    508,
    511,
    *range(520, 531),
    561,
    599,
    999,
)
_BY_STATUS = (
    *(
        permanent(f"HTTP {status}", answers(PAGE, status), RefusedError, str(status))
        for status in _REFUSING
    ),
    *(
        transient(f"HTTP {status}", answers(PAGE, status), ServerError, str(status))
        for status in _FAILING
    ),
    *(
        unauthorised(f"HTTP {status}", answers(PAGE, status), str(status))
        for status in (401, 498, 499)
    ),
    permanent("HTTP 403 of a gateway", answers(PAGE, 403), RefusedError, "a gateway's page"),
    transient("HTTP 429", answers(b"", 429), ServerError, "429 Too Many Requests"),
    transient("HTTP 502 with JSON", answers({"message": "no upstream"}, 502), ServerError, "502"),
    transient(
        "HTTP 500 with a job's document",
        lambda exchange: exchange.send(http(text(exchange), 500)),
        ServerError,
        "500",
    ),
    transient("HTTP 503 with a sign-in page", answers(SIGN_IN, 503), ServerError, "503"),
    ending("HTTP 404 for long", answers(PAGE, 404), Status.GONE, **UNKNOWN_JOB),
    ending("HTTP 410 for long", answers(PAGE, 410), Status.GONE, **{**UNKNOWN_JOB, "text": "410"}),
    transient(
        "HTTP 404 now and then",
        in_turn(answers(PAGE, 404), answers(PAGE, 502)),
        ServerError,
        "502",
        rounds=6,
        also_at_first_sight=False,
    ),
)


def _busy(exchange: Exchange) -> None:
    now = datetime.now(UTC)
    times = {"Date": now, "Retry_After": now + timedelta(seconds=1)}
    exchange.send(http(b"", 503, **{k: format_datetime(v, usegmt=True) for k, v in times.items()}))


def _later(name: str, value: str) -> Fault:
    return transient(
        f"Retry-After: {name}", answers(b"", 429, Retry_After=value), ServerError, "429", rounds=2
    )


_RETRY_AFTER = (
    transient("Retry-After: 1 s", answers(b"", 429, Retry_After="1"), ServerError, "429", gap=1.0),
    transient("Retry-After: a date in 1 s", _busy, ServerError, "503", gap=1.0),
    transient(
        "Retry-After: a year",
        answers(b"", 503, Retry_After="31536000"),
        ServerError,
        "503",
        mend=refresh,
    ),
    transient(
        "Retry-After: 4,000 digits",
        answers(b"", 503, Retry_After="9" * 4000),
        ServerError,
        "503",
        mend=refresh,
    ),
    _later("a date long ago", "Thu, 01 Jan 1970 00:00:00 GMT"),
    _later("below zero", "-5"),
    _later("words", "soon"),
    _later("a fraction", "0.5"),
)

REFUSALS = (*_ENVELOPES, *_BY_STATUS, *_RETRY_AFTER)
