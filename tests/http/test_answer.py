from datetime import UTC, datetime
from typing import Any

import pytest
from documents import JOB_URL, answer, document

from jobwidgets._http.answers import HttpAnswer, read_answer
from jobwidgets.dialects.mission import Mission
from jobwidgets.errors import (
    BodyError,
    ExchangeError,
    JobwidgetsError,
    NoSuchJobError,
    RefusedError,
    ServerError,
    TransportError,
    UnauthorisedError,
)

NOON = "Fri, 01 May 2026 12:00:00 GMT"
PAGE = b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"
SIGN_IN = b'<html><form><input name="p" type="password"></form></html>'


def refused(given: HttpAnswer) -> ExchangeError:
    """Return the error that an answer stands for."""
    with pytest.raises(ExchangeError) as caught:
        read_answer(given, Mission().read, JOB_URL)
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, RefusedError),
        (401, UnauthorisedError),
        (403, UnauthorisedError),
        (404, NoSuchJobError),
        (405, RefusedError),
        (408, ServerError),
        (409, RefusedError),
        (410, NoSuchJobError),
        (418, RefusedError),
        (421, ServerError),
        (425, ServerError),
        (429, ServerError),
        (498, UnauthorisedError),
        (499, UnauthorisedError),
        (500, ServerError),
        (502, ServerError),
        (503, ServerError),
        (504, ServerError),
        (599, ServerError),
    ],
)
def test_each_code_has_its_error(code: int, kind: type[ExchangeError]) -> None:
    """A code means the same in an error body with HTTP 200 as it does as HTTP status."""
    body = {"error": {"code": code, "message": "In words.", "details": []}}
    admin = {"status": "error", "messages": ["In words."], "code": code}
    for given in (answer(body), answer(admin), answer(body, code), answer(body, 500)):
        error = refused(given)
        assert type(error) is kind
        assert (error.code, str(error)) == (code, f"{code} In words.")
    for bare in (answer(b"", code), answer(PAGE, code), answer({"id": 1}, code)):
        error = refused(bare)
        is_gateways = code == 403 and bare.body in {b"", PAGE}
        assert type(error) is (RefusedError if is_gateways else kind)
        assert error.code == code


@pytest.mark.parametrize("status", [400, 404])
def test_job_counts_before_the_http_status(status: int) -> None:
    """Some servers answer for a failed job with an error's HTTP status."""
    failed = answer(document(status="FAILED"), status)
    assert read_answer(failed, Mission().read, JOB_URL).status == "failed"


@pytest.mark.parametrize(
    ("status", "text"),
    [(404, "404 Not Found"), (502, "502 Bad Gateway"), (498, "498 HTTP error")],
)
def test_http_status_in_words(status: int, text: str) -> None:
    """Without an error body the HTTP status is told with its name."""
    assert str(refused(answer(PAGE, status))) == text


@pytest.mark.parametrize("code", [None, 0, -2147220985, 200, 302, "none", 10**30])
def test_error_body_whose_code_tells_nothing(code: Any) -> None:
    """Then the HTTP status does; with HTTP 200 it is a refusal without a code."""
    body = {"error": {"code": code, "message": "In words."}}
    error = refused(answer(body))
    assert type(error) is RefusedError
    assert (error.code, str(error)) == (None, "In words.")
    error = refused(answer(body, 503))
    assert type(error) is ServerError
    assert (error.code, str(error)) == (503, "503 In words.")


@pytest.mark.parametrize("body", [{"error": {}}, {"error": []}, {"status": "error"}])
def test_error_body_without_words(body: Any) -> None:
    """An error without code and words is an error all the same."""
    error = refused(answer(body))
    assert (type(error), str(error)) == (RefusedError, "refused")


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        (b"", BodyError, "the answer is empty"),
        (PAGE, BodyError, "the server answered with a page, not with JSON"),
        (b"  \n<p>hello", BodyError, "the server answered with a page, not with JSON"),
        (b'{"jobId": "j1", "mess', BodyError, "the answer is no (whole) JSON: 21 bytes"),
        (b"OK", BodyError, "the answer is no (whole) JSON: 2 bytes"),
        (b"\xff\xfe\x00", BodyError, "the answer is no (whole) JSON: 3 bytes"),
        (b"[" * 100_000, BodyError, "the answer is nested too deeply to be read"),
        (b'{"n": ' + b"1" * 5000 + b"}", BodyError, "the answer is no (whole) JSON: 5007 bytes"),
        (SIGN_IN, UnauthorisedError, "the server answered with a sign-in page"),
        (SIGN_IN.upper(), UnauthorisedError, "the server answered with a sign-in page"),
        (b"<input type = password>", UnauthorisedError, "the server answered with a sign-in page"),
    ],
)
def test_no_json_with_http_200(body: bytes, kind: type[ExchangeError], text: str) -> None:
    """What a proxy, a portal or a broken line sends instead is told apart, and has its cause."""
    error = refused(answer(body))
    assert type(error) is kind
    assert (str(error), error.code) == (text, 200)
    assert isinstance(error.__cause__, ValueError | RecursionError)


def test_text_is_one_short_line_without_token() -> None:
    """A server's words are quoted so that they fit in a line, wherever it is shown."""
    words = "Bad\n\trequest:  https://gis.example.com/jobs?token=S3cr3t \ud800 " + "long " * 1000
    error = refused(answer({"error": {"code": 400, "message": words}}))
    assert str(error).startswith("400 Bad request: https://gis.example.com/jobs?token=[redacted] ")
    assert "\n" not in str(error)
    assert len(str(error)) <= len("400 ") + 200
    assert str(error).endswith(" more characters)")
    str(error).encode()


def test_quoted_token_is_redacted() -> None:
    """A token that was sent is in no part of a document, however its bytes had spelt it."""
    secret = "S3cr3t/T0ken+with="
    body = b'{"a/b": ["S3cr3t\\/T0ken+with\\u003d"], "?token=other": {"myToken": "third"}}'
    document = read_answer(answer(body), lambda it: it.body, JOB_URL, [secret])
    assert document == {
        "a/b": ["[redacted]"],
        "?token=[redacted]": {"myToken": "[redacted]"},
    }


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("Fri, 01 May 2026 12:00:30 GMT", 30.0),
        ("Fri, 01 May 2026 14:00:30 +0200", 30.0),
        ("Fri, 01 May 2026 11:00:00 GMT", 0.0),
        ("31536000000", 86_400.0),
        ("9" * 5000, 86_400.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after(header: str, seconds: float | None, status: int) -> None:
    """What the server asks to wait is read as seconds or as a date, and believed up to a day."""
    error = refused(answer(PAGE, status, date=NOON, retry_after=header))
    assert error.retry_after == seconds


def test_retry_after_that_is_over() -> None:
    """Where the server does not tell its clock, this client's one is taken."""
    past = "Tue, 15 Nov 1994 08:12:31 GMT"
    assert refused(answer(PAGE, 503, retry_after=past)).retry_after == 0.0
    assert refused(answer(PAGE, 503)).retry_after is None


@pytest.mark.parametrize(
    ("header", "time"),
    [
        (NOON, datetime(2026, 5, 1, 12, tzinfo=UTC)),
        ("Fri, 01 May 2026 14:00:00 +0200", datetime(2026, 5, 1, 12, tzinfo=UTC)),
        ("Friday, 01-May-26 12:00:00 GMT", datetime(2026, 5, 1, 12, tzinfo=UTC)),
        ("Fri May  1 12:00:00 2026", datetime(2026, 5, 1, 12, tzinfo=UTC)),
        ("Fri, 01 May 2026 12:00:00 -0000", datetime(2026, 5, 1, 12, tzinfo=UTC)),
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),
        ("Fri, 01 May 99999999999999999999 12:00:00 GMT", None),
        ("Fri, 41 May 2026 12:00:00 GMT", None),
        ("noon", None),
        ("0", None),
        ("", None),
    ],
)
def test_server_time(header: str, time: datetime | None) -> None:
    """The Date header is the server's clock, in each form that RFC 9110 allows, else unknown."""
    assert answer(document(), date=header).server_time == time


def test_error_tree() -> None:
    """Catching ExchangeError catches every request that brought no document."""
    kinds = [TransportError, ServerError, BodyError, UnauthorisedError, NoSuchJobError]
    for kind in [*kinds, RefusedError]:
        assert kind.__mro__[1:3] == (ExchangeError, JobwidgetsError)
        error = kind("no answer")
        assert (str(error), error.code, error.retry_after) == ("no answer", None, None)


def test_repr_of_an_answer_hides_its_headers() -> None:
    """Headers may hold a cookie."""
    assert "S3cr3t" not in repr(answer(document(), set_cookie="S3cr3t"))
