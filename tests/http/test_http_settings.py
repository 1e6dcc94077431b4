import inspect
import ssl
import traceback
from pathlib import Path
from typing import Any

import httpx
import pytest
from servers import Certificates, Replies

from jobwidgets._http.connections.http_settings import (
    checked_http,
    client,
    client_settings,
    ssl_context,
    uses_httpx_client,
    uses_httpx_transport,
)
from jobwidgets.errors import RefusedError

OURS = {"base_url", "follow_redirects", "max_redirects", "params"}
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
URL = "https://gis.example.com:6443"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test begin without proxies in the environment."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


# What is taken


@pytest.mark.parametrize("http", [None, {}])
def test_no_settings(http: Any) -> None:
    """No settings are none."""
    assert checked_http(http) == {}


def test_settings_are_copied() -> None:
    """A dict that the user changes later changes nothing."""
    given = {"headers": {"Referer": "https://portal.example.com"}}
    checked = checked_http(given)
    assert checked == given
    assert checked is not given


def test_no_mapping() -> None:
    """What is no dict is told by its type."""
    with pytest.raises(TypeError, match="a dict of settings, found a str"):
        checked_http("verify=False")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(OURS))
def test_settings_that_are_ours(name: str) -> None:
    """A setting that would send a request or a token elsewhere is refused, with the reason."""
    with pytest.raises(TypeError, match=f"takes no '{name}': "):
        checked_http({name: None})


def test_unknown_setting() -> None:
    """A misspelt setting is refused, and the known ones are named."""
    with pytest.raises(TypeError, match=r"no setting 'verfy'.*, verify"):
        checked_http({"verfy": False})


def test_every_other_setting_of_httpx_is_known() -> None:
    """What httpx.AsyncClient takes can be given, and None is the default of most."""
    names = inspect.signature(httpx.AsyncClient).parameters.keys() - OURS
    assert checked_http(dict.fromkeys(names)).keys() == names


@pytest.mark.parametrize(
    "http",
    [
        {"verify": False},
        {"verify": ssl.create_default_context()},
        {"verify": __file__},
        {"verify": Path(__file__).parent},
        {"proxy": "http://user:password@proxy.example.com:8080"},
        {"proxy": httpx.Proxy("socks5://proxy.example.com")},
        {"timeout": 5},
        {"timeout": (1.0, None, 2, 3.5)},
        {"timeout": httpx.Timeout(None)},
        {"transport": Replies({})},
        {"headers": [("X", "1"), ("X", "2")]},
        {"cookies": {"a": "b"}},
    ],
)
def test_settings_of_use(http: dict[str, Any]) -> None:
    """What makes sense is taken as it is."""
    assert checked_http(http) == http


@pytest.mark.parametrize(
    ("http", "kind", "text"),
    [
        ({"verify": "/no/such/ca.pem"}, ValueError, "'verify' of no use: there is no '/no/such"),
        ({"verify": Path("/no/such")}, ValueError, "'verify' of no use: there is no '/no/such'"),
        ({"verify": 1.5}, TypeError, "'verify' of no use: expected True, False, a path .* 1.5"),
        ({"proxy": "proxy.example.com:8080"}, ValueError, "'proxy' of no use: expected a URL"),
        ({"proxy": "ftp://proxy.example.com"}, ValueError, "'proxy' of no use: expected a URL"),
        ({"proxy": "http://"}, ValueError, "'proxy' of no use: expected a URL"),
        ({"proxy": 8080}, ValueError, "'proxy' of no use: expected a URL"),
        ({"timeout": "5"}, TypeError, "'timeout' of no use: expected seconds"),
        ({"transport": httpx.HTTPTransport}, TypeError, "'transport' of no use: expected an http"),
        ({"headers": {"X": 5}}, TypeError, "'headers' of no use"),
        ({"headers": {"X": "é"}}, ValueError, "'headers' of no use"),
    ],
)
def test_settings_of_no_use(http: dict[str, Any], kind: type[Exception], text: str) -> None:
    """What can never work is refused when it is given, by the name of the setting."""
    with pytest.raises(kind, match=text):
        checked_http(http)


def test_proxy_of_no_use_is_not_quoted() -> None:
    """A password in a proxy's URL is in no error."""
    with pytest.raises(ValueError, match="proxy") as raised:
        checked_http({"proxy": "htp://user:password@proxy.example.com"})
    assert "password" not in "".join(traceback.format_exception(raised.value)).partition("Error")[2]


# What becomes of it


def test_client_of_no_settings() -> None:
    """A client asks for what can be read, sends cookies of the user's alone, and verifies TLS."""
    settings = client_settings({}, 7.0)
    assert settings["headers"]["Accept-Encoding"] == "gzip, deflate"
    assert settings["limits"].keepalive_expiry == 7.0
    assert settings["verify"].verify_mode is ssl.CERT_REQUIRED
    assert settings["verify"].check_hostname
    assert isinstance(client(settings), httpx.AsyncClient)


def test_user_settings_come_first() -> None:
    """What the user has set is not overruled."""
    http = {"headers": {"accept-encoding": "br"}, "timeout": 1, "limits": httpx.Limits()}
    settings = client_settings(http, 7.0)
    assert settings["headers"]["Accept-Encoding"] == "br"
    assert (settings["timeout"], settings["limits"]) == (1, httpx.Limits())


def test_no_verify_is_the_default() -> None:
    """None verifies, as leaving it out does."""
    assert ssl_context({"verify": None}).verify_mode is ssl.CERT_REQUIRED


def test_verify(certificates: Certificates) -> None:
    """A file, a folder, a context, and False become a context."""
    context = ssl.create_default_context()
    assert ssl_context({"verify": context}) is context
    assert ssl_context({"verify": False}).verify_mode is ssl.CERT_NONE
    assert ssl_context({"verify": str(certificates.ca)}).cert_store_stats()["x509_ca"] == 1
    assert ssl_context({"verify": certificates.ca_folder()}).check_hostname


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_verify_that_is_of_no_use_later(tmp_path: Path, content: bytes | None) -> None:
    """A file that has gone, or holds no certificate, is an error that asking does not mend."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RefusedError, match="http= has a 'verify' of no use: "):
        client_settings({"verify": path}, 7.0)


def test_settings_that_make_no_client() -> None:
    """What only httpx itself can refuse is an error that asking does not mend."""
    with pytest.raises(RefusedError, match="http= makes no client: TypeError"):
        client(client_settings({"auth": 5}, 7.0))


# Who sends


@pytest.mark.parametrize(
    "http",
    [
        {"transport": Replies({})},
        {"mounts": {}},
        {"proxy": "http://proxy.example.com"},
        {"http2": True},
        {"http1": True},
        {"limits": httpx.Limits()},
        {"cert": "client.pem"},
    ],
)
def test_what_only_httpx_can(http: dict[str, Any]) -> None:
    """Settings of a transport are for a transport of httpx."""
    assert uses_httpx_transport(http, URL)


@pytest.mark.parametrize(
    ("environment", "is_used"),
    [
        ({}, False),
        ({"https_proxy": "http://proxy.example.com"}, True),
        ({"HTTPS_PROXY": "http://proxy.example.com"}, True),
        ({"all_proxy": "socks5://proxy.example.com"}, True),
        ({"http_proxy": "http://proxy.example.com"}, False),
        ({"https_proxy": "http://proxy.example.com", "no_proxy": "example.com"}, False),
        ({"https_proxy": "http://proxy.example.com", "no_proxy": "example.org"}, True),
    ],
)
def test_proxy_of_the_environment(
    environment: dict[str, str], is_used: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the environment names a proxy for the host, httpx asks it, unless told not to."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert uses_httpx_transport({}, URL) is is_used
    assert not uses_httpx_transport({"trust_env": False}, URL)


def test_what_only_the_client_can() -> None:
    """Authentication and hooks are done by the client of httpx for each request."""
    assert uses_httpx_client({"auth": ("user", "password")})
    assert uses_httpx_client({"event_hooks": {}})
    assert not uses_httpx_client({"headers": {}, "cookies": {}, "timeout": 1, "auth": None})
