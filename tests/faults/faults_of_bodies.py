"""Faults of bodies: what is no JSON, odd JSON, or JSON that is no job."""

from __future__ import annotations

import sys
from collections.abc import Callable

from faults.behaviours import answers, edits, half, in_turn, nested, tells, text
from faults.exchange import http
from faults.fault import harmless, permanent, transient, unauthorised
from jobwidgets.errors import BodyError, DocumentError

PAGE = b"<!DOCTYPE html><html><body><h1>It works!</h1></body></html>"
SIGN_IN = b'<html><form action="/login"><input name="p" type="password"></form></html>'
# What json can still read, and our own functions cannot: Python 3.12 made those go deeper.
_TOO_DEEP = 900 if sys.version_info < (3, 12) else 1200
ODD_NUMBERS = b'"big": 1e999, "nan": NaN, "infinite": -Infinity, '


def opened(addition: bytes) -> Callable[[bytes], bytes]:
    """Return what puts something at the begin of the document."""
    return lambda body: body.replace(b"{", b"{" + addition, 1)


def closed(addition: bytes) -> Callable[[bytes], bytes]:
    """Return what puts something at the end of the document."""
    return lambda body: body[:-1] + b", " + addition + b"}"


_NO_JSON = (
    transient("half a document", edits(half), BodyError, "no (whole) JSON"),
    transient("empty body", answers(), BodyError, "the answer is empty"),
    transient("blanks", answers(b" \r\n\t"), BodyError),
    transient("a page", answers(PAGE), BodyError, "a page, not with JSON"),
    unauthorised("a sign-in page", answers(SIGN_IN), "sign-in page"),
    transient(
        "a page of 50,000 inputs that are cut off",
        answers(b"<input " * 50_000),
        BodyError,
        "a page",
    ),
    transient("words", answers(b"Service temporarily overloaded"), BodyError),
    transient("XML", answers(b"<?xml version='1.0'?><job/>"), BodyError, "a page"),
    transient("JSONP", edits(lambda body: b"callback(%b);" % body), BodyError),
    transient("two documents", edits(lambda body: body * 2), BodyError),
    transient("a comma too many", edits(closed(b"")), BodyError),
    transient("single quotes", edits(lambda body: body.replace(b'"', b"'")), BodyError),
    transient(
        "a line break within a text", edits(lambda body: body.replace(b"mission", b"\n")), BodyError
    ),
    transient("bad UTF-8", edits(lambda body: body.replace(b"mission", b"\xff\xfe")), BodyError),
    transient("Latin-1", edits(lambda body: body.replace(b"mission", b"Z\xfcrich")), BodyError),
    transient("NULs after the document", edits(lambda body: body + bytes(3)), BodyError),
    transient("a number of 5,000 digits", edits(closed(b'"n": ' + b"9" * 5000)), BodyError),
    transient(
        "lists nested 100,000 deep", answers(nested(100_000)), BodyError, "nested too deeply"
    ),
    transient(
        "objects nested 100,000 deep", answers(b'{"a":' * 100_000), BodyError, "nested too deeply"
    ),
    transient(
        "partial content (206)",
        lambda exchange: exchange.send(http(half(text(exchange)), 206)),
        BodyError,
    ),
    transient(
        "no content (204)",
        lambda exchange: exchange.send(b"HTTP/1.1 204 No Content\r\n\r\n"),
        BodyError,
        "empty",
    ),
    transient(
        "not modified (304)",
        lambda exchange: exchange.send(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
        BodyError,
        "empty",
    ),
    transient("multiple choices (300)", answers(PAGE, 300, Location="/"), BodyError, "a page"),
)

_ODD_JSON = (
    harmless("byte order mark", edits(lambda body: b"\xef\xbb\xbf" + body)),
    harmless("UTF-16", edits(lambda body: body.decode().encode("utf-16"))),
    harmless("UTF-16 without a mark", edits(lambda body: body.decode().encode("utf-16-be"))),
    harmless("NaN and infinities", edits(opened(ODD_NUMBERS))),
    harmless(
        "duplicate keys", edits(opened(b'"status": "FAILED", "messages": ["no"], "jobId": 5, '))
    ),
    harmless("a lone surrogate", tells(username="\ud800"), owner="\\ud800"),
    harmless("unknown attributes", edits(closed(b'"x": {"y": [1, {"z": null}]}, "": {}'))),
    permanent(
        "attributes nested too deeply for us",
        edits(closed(b'"x": ' + nested(_TOO_DEEP))),
        DocumentError,
        "nested too deeply",
    ),
)

_NO_JOB = (
    permanent("null", answers(b"null"), DocumentError, "found null"),
    permanent("a list", answers([1]), DocumentError, "found a list of 1"),
    permanent("an empty object", answers({}), DocumentError, "found an empty object"),
    permanent("a text", answers(b'"text"'), DocumentError, "found a str"),
    permanent("a number", answers(b"5"), DocumentError, "found a int"),
    permanent("true", answers(b"true"), DocumentError, "found a bool"),
    permanent("NaN alone", answers(b"NaN"), DocumentError, "found null"),
    permanent(
        "the list of jobs", answers({"asyncJobs": ["sick"]}), DocumentError, "with: asyncJobs"
    ),
    permanent("a success of nothing", answers({"success": True}), DocumentError, "with: success"),
    permanent(
        "another job's document",
        tells(jobId="well"),
        DocumentError,
        "expected job sick, found job well",
    ),
    permanent(
        "another job's document, failed",
        tells(jobId="well", status="FAILED"),
        DocumentError,
        "expected job sick",
    ),
    permanent("the id in capitals", tells(jobId="SICK"), DocumentError, "found job SICK"),
    permanent(
        "now one thing, now another",
        in_turn(answers([]), answers({}), answers(b"null")),
        DocumentError,
        rounds=4,
    ),
)

BODIES = (*_NO_JSON, *_ODD_JSON, *_NO_JOB)
