import traceback
from typing import Any

import pytest

from jobwidgets._http.urls import on_same_server, origin, redirected, split_token, with_query
from jobwidgets.errors import RefusedError, UnauthorisedError

JOB = "https://gis.example.com/arcgis/rest/jobs/j1"


@pytest.mark.parametrize(
    ("url", "bare", "token"),
    [
        (JOB, JOB, None),
        (f" {JOB} \n", JOB, None),
        (f"{JOB}?token=abc", JOB, "abc"),
        (f"{JOB}?f=json&token=abc", f"{JOB}?f=json", "abc"),
        (f"{JOB}?token=abc&f=pjson&a=", f"{JOB}?f=pjson&a=", "abc"),
        (f"{JOB}?TOKEN=abc", JOB, "abc"),
        (f"{JOB}?token=a%2Bb%2Fc%3D", JOB, "a+b/c="),
        (f"{JOB}?token=abc&token=def", JOB, "abc"),
        (f"{JOB}?lang=de&F=HTML&token=abc", f"{JOB}?lang=de", "abc"),
        (f"{JOB}?format=text%2Fhtml&f=json", f"{JOB}?f=json", None),
        (f"{JOB}?token=&token=def", JOB, "def"),
        (f"{JOB}?token=", JOB, None),
        (f"{JOB}?token=abc#messages", JOB, "abc"),
        (f"{JOB}#token=abc", JOB, None),
        (f"{JOB}?q=a%20b%26c", f"{JOB}?q=a+b%26c", None),
        ("HTTPS://GIS.example.com/jobs/j1", "https://GIS.example.com/jobs/j1", None),
        ("http://localhost:8000/jobs/j1?token=abc", "http://localhost:8000/jobs/j1", "abc"),
        ("http://[::1]:8000/jobs/j1", "http://[::1]:8000/jobs/j1", None),
        ("https://gis.example.com./jobs/j1", "https://gis.example.com/jobs/j1", None),
        ("https://gis.example.com.:81/jobs/j1", "https://gis.example.com:81/jobs/j1", None),
        (f"{JOB}@2", f"{JOB}@2", None),
    ],
)
def test_split_token(url: str, bare: str, token: str | None) -> None:
    """The token leaves the URL, and nothing else that a server would read."""
    assert split_token(url) == (bare, token)
    assert split_token(bare) == (bare, None)


@pytest.mark.parametrize(
    "url",
    [
        *("", "gis.example.com/jobs/j1", "/jobs/j1", "jobs", "ftp://gis.example.com/jobs/j1"),
        *("https://", "https:///jobs/j1", "file:///jobs/j1", "javascript:alert(1)"),
        *(
            "https://[::1/jobs/j1",
            "https://gis.example.com:port/",
            "https://gis.example.com:99999/",
        ),
        "https://gis.example.com:0/jobs/j1",
        "https://a..b/jobs/j1",
    ],
)
def test_no_url(url: str) -> None:
    """What cannot be asked is refused at once, and its token is not repeated."""
    with pytest.raises(ValueError, match=r"expected a URL like|Invalid IPv6|Port") as caught:
        split_token(f"{url}?token=S3cr3t")
    assert "S3cr3t" not in str(caught.value)


@pytest.mark.parametrize("url", [None, 7, b"https://gis.example.com/jobs/j1", ["https://h"]])
def test_url_is_a_string(url: Any) -> None:
    """Anything but a string is a TypeError that says what was found."""
    with pytest.raises(TypeError, match=f"found a {type(url).__name__}$"):
        split_token(url)


@pytest.mark.parametrize("scheme", ["https://", "htps://"])
@pytest.mark.parametrize(
    "who",
    [
        *("user:S3cr3t@", "user@", ":S3cr3t@", "@"),
        *("user:S3cr3t#w@", "user:1/S3cr3t@", "user:1?S3cr3t@", "user:1#S3cr3t@", "u:S3cr3t@p@"),
    ],
)
def test_password_in_a_url(who: str, scheme: str) -> None:
    """A password in a URL would be shown with it: it has a place of its own."""
    with pytest.raises(ValueError, match=r"holds a password|found no such thing") as caught:
        split_token(f"{scheme}{who}gis.example.com/jobs/j1")
    assert "S3cr3t" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url",
    [
        *(f"{JOB}&token=S3cr3t", f"{JOB};token=S3cr3t", f"{JOB}?f=json?token=S3cr3t"),
        *(f"{JOB}?f=json;token=S3cr3t", f"{JOB}?next=https%3A%2F%2Fh%3Ftoken%3DS3cr3t"),
        *(f"{JOB}?access_token=S3cr3t", f"{JOB}?%26token=S3cr3t", "https://h&token=S3cr3t/jobs/j"),
    ],
)
def test_token_in_a_wrong_place(url: str) -> None:
    """A token that a slip of the pen put into the path or a value would stay in the URL."""
    with pytest.raises(ValueError, match="token in a wrong place") as caught:
        split_token(url)
    assert "S3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (JOB, "https://gis.example.com:443"),
        ("http://gis.example.com/jobs", "http://gis.example.com:80"),
        ("https://GIS.Example.com:20443/jobs", "https://gis.example.com:20443"),
        ("http://localhost:80", "http://localhost:80"),
    ],
)
def test_origin(url: str, expected: str) -> None:
    """An origin is scheme, host and port, whether or not the URL tells the port."""
    assert origin(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (JOB, f"{JOB}?f=json"),
        (f"{JOB}?f=html", f"{JOB}?f=json"),
        (f"{JOB}?a=1&f=html&b=&f=pjson", f"{JOB}?a=1&b=&f=json"),
        (f"{JOB}?q=a+b%26c", f"{JOB}?q=a+b%26c&f=json"),
    ],
)
def test_with_query(url: str, expected: str) -> None:
    """The dialect's parameters are merged in; the URL's own others stay."""
    assert with_query(url, {"f": "json"}) == expected
    assert with_query(expected, {"f": "json"}) == expected


@pytest.mark.parametrize(
    ("url", "location", "target"),
    [
        (JOB, f"{JOB}/", f"{JOB}/"),
        (JOB, "/other/jobs/j1", "https://gis.example.com/other/jobs/j1"),
        (JOB, "j2", "https://gis.example.com/arcgis/rest/jobs/j2"),
        (JOB, "?a=1", f"{JOB}?a=1"),
        (JOB, "//gis.example.com/x", "https://gis.example.com/x"),
        (JOB, "https://GIS.example.com:443/x", "https://GIS.example.com:443/x"),
        (JOB, f"{JOB}?token=S3cr3t&a=1", f"{JOB}?a=1"),
        ("http://h/jobs/j1", "https://h/jobs/j1", "https://h/jobs/j1"),
        ("http://h:8080/jobs/j1", "https://h:8443/jobs/j1", "https://h:8443/jobs/j1"),
        ("http://login.h/jobs/j1", "https://login.h/jobs/j1", "https://login.h/jobs/j1"),
        ("https://h/sso/jobs/j1", "https://h/sso/jobs/j1/", "https://h/sso/jobs/j1/"),
    ],
)
def test_redirect_that_is_followed(url: str, location: str, target: str) -> None:
    """A redirect on the same origin is followed, and from http to https of the same host."""
    assert redirected(url, location) == target


@pytest.mark.parametrize(
    ("url", "location", "named"),
    [
        (JOB, "https://evil.example.net/jobs/j1", "https://evil.example.net:443"),
        (JOB, "//evil.example.net/", "https://evil.example.net:443"),
        (JOB, "https://gis.example.com.evil.net/", "https://gis.example.com.evil.net:443"),
        (JOB, "http://gis.example.com/arcgis/rest/jobs/j1", "http://gis.example.com:80"),
        (JOB, "https://gis.example.com:8443/", "https://gis.example.com:8443"),
        ("http://h/jobs/j1", "https://other/jobs/j1", "https://other:443"),
        ("http://h/jobs/j1", "http://h:8080/jobs/j1", "http://h:8080"),
        (JOB, "ftp://gis.example.com/", "ftp://gis.example.com"),
        (JOB, "https://h&token=S3cr3t/", "https://h&token=[redacted]"),
    ],
)
def test_redirect_to_another_origin(url: str, location: str, named: str) -> None:
    """No other origin is ever contacted; the error names it, without its token."""
    separator = "&" if "?" in location else "?"
    with pytest.raises(RefusedError, match="it was not followed") as caught:
        redirected(url, f"{location}{separator}token=S3cr3t")
    assert named in str(caught.value)
    assert "S3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    "location",
    [
        *("/portal/login?next=x", "https://portal.example.com/sharing/oauth2/authorize"),
        *("https://login.microsoftonline.com/x", "/arcgis/signin", "https://adfs.example.com/ls"),
        *("https://idp.example.com/SAML2/redirect", "https://sso.example.com/", "/Sign-In"),
    ],
)
def test_redirect_to_a_sign_in(location: str) -> None:
    """A redirect to a page where people sign in means that a token is wanted."""
    with pytest.raises(UnauthorisedError, match="redirected to sign in at ") as caught:
        redirected(JOB, location)
    assert caught.value.code == 401


@pytest.mark.parametrize(
    "location",
    [
        *("https://[::1/jobs", "https://gis.example.com:port/", "https://gis.example.com:99999/"),
        *("//[", "https://user:S3cr3t@gis.example.com/jobs/j1", f"{JOB}&token=S3cr3t"),
    ],
)
def test_redirect_to_nowhere(location: str) -> None:
    """A redirect that leads nowhere is the server's refusal, not the caller's mistake."""
    with pytest.raises(RefusedError, match="a URL of no use") as caught:
        redirected(JOB, location)
    assert "S3cr3t" not in str(caught.value)
    assert isinstance(caught.value.__cause__, ValueError)


HTTPS = "https://h.example.com:8443/jobs"


@pytest.mark.parametrize(
    ("url", "told", "asked"),
    [
        (HTTPS, f"{HTTPS}?page=2", f"{HTTPS}?page=2"),
        (HTTPS, "http://h.example.com/jobs?page=2", f"{HTTPS}?page=2"),
        (HTTPS, "http://h.example.com:8443/jobs", HTTPS),
        (HTTPS, "http://H.example.com:80/other", "https://h.example.com:8443/other"),
        (HTTPS, "http://h.example.com:8080/jobs", None),
        (HTTPS, "https://h.example.com/jobs", None),
        (HTTPS, "http://other.example.com/jobs", None),
        ("http://h.example.com/jobs", HTTPS, HTTPS),
        (
            "http://h.example.com/jobs",
            "http://h.example.com:80/jobs",
            "http://h.example.com:80/jobs",
        ),
        ("http://h.example.com/jobs", "http://h.example.com:81/jobs", None),
    ],
)
def test_on_same_server(url: str, told: str, asked: str | None) -> None:
    """What an answer names stays on its origin, and on https once that was asked."""
    assert on_same_server(url, told) == asked
