"""What a request is made of; the connection itself is tested on sockets, in `test_wire`."""

import httpx
import pytest

from jobwidgets._http.connections.http1 import prepared


def request(url: str, **headers: str) -> httpx.Request:
    """Return a request of httpx."""
    return httpx.Request("GET", url, headers=headers, extensions={"timeout": {"read": 7.0}})


@pytest.mark.parametrize(
    ("url", "place", "target"),
    [
        ("http://host/a?b=c", ("http", "host", 80), b"/a?b=c"),
        ("https://host", ("https", "host", 443), b"/"),
        ("https://HOST:6443/a b", ("https", "host", 6443), b"/a%20b"),
        ("http://[::1]:8080/", ("http", "::1", 8080), b"/"),
        ("https://münchen.example/", ("https", "xn--mnchen-3ya.example", 443), b"/"),
    ],
)
def test_place_and_target(url: str, place: tuple[str, str, int], target: bytes) -> None:
    """A request knows where it leads, and what it asks for there."""
    one = prepared(request(url))
    assert (one.place, one.head.target, one.timeout) == (place, target, {"read": 7.0})


def test_another_target() -> None:
    """The same request of another target has all else in common with the first one."""
    first = prepared(request("http://host/1", X="1"))
    second = first.at("/2?f=json")
    assert (first.head.target, second.head.target) == (b"/1", b"/2?f=json")
    assert second.head.headers is first.head.headers
    assert (second.place, second.timeout) == (first.place, first.timeout)
    assert second.head.method == b"GET"


def test_repr_shows_no_header() -> None:
    """A header may be a token."""
    assert "secret" not in repr(prepared(request("http://host/", X="secret")))


def test_forbidden_header_is_not_quoted() -> None:
    """A header that would end the request tells nothing of what is in it."""
    with pytest.raises(httpx.LocalProtocolError, match="no header may hold") as raised:
        prepared(request("http://host/", X="secret\nX: 1"))
    assert raised.value.__cause__ is None
    assert "secret" not in str(raised.value)


def test_scheme_of_no_use() -> None:
    """A request that leads elsewhere is refused."""
    with pytest.raises(httpx.UnsupportedProtocol, match="found 'ftp'"):
        prepared(request("ftp://host/"))
