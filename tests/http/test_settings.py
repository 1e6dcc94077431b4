import inspect
import ssl
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from servers import Replies

from jobwidgets._http.checks import check_http
from jobwidgets._http.settings import settings_now, without_user
from jobwidgets._http.urls import origin

OURS = {"base_url", "follow_redirects", "max_redirects", "params"}
SECRET = "S3cr3t-T0ken"


async def hook(_: object) -> None:
    """Do nothing."""


@pytest.mark.parametrize("name", sorted(OURS))
def test_settings_that_are_ours(name: str) -> None:
    """A setting that would send a request or a token elsewhere is refused, with the reason."""
    with pytest.raises(TypeError, match=f"takes no '{name}': (the URL|redirects|parameters) "):
        check_http({name: None})


def test_every_other_setting_of_httpx_is_known() -> None:
    """What httpx.AsyncClient takes can be given, and None is the default of most."""
    names = inspect.signature(httpx.AsyncClient).parameters.keys() - OURS
    check_http(dict.fromkeys(names))
    with pytest.raises(TypeError, match=r"takes no 'verfy': expected some of: .*, verify"):
        check_http({"verfy": False})


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
        {"cookies": [("a", "b")]},
        {"timeout": np.int64(5)},
        {"timeout": np.float32(0.5)},
        {"auth": ("user", "password")},
        {"mounts": {"all://*.example.com": Replies({}), "http://": None}},
        {"event_hooks": {"request": [hook], "response": [partial(hook)]}},
    ],
)
def test_settings_of_use(http: dict[str, Any]) -> None:
    """What makes sense is taken."""
    check_http(http)


@pytest.mark.parametrize(
    ("http", "kind", "text"),
    [
        ([SECRET], TypeError, "http is a dict of settings, found a list"),
        ({"verify": f"/no/{SECRET}"}, ValueError, "'verify' of no use: expected True, False, "),
        ({"verify": 1.5}, TypeError, "'verify' of no use: expected True, False, .* a float"),
        ({"proxy": f"{SECRET}:8080"}, ValueError, "'proxy' of no use: expected a URL"),
        ({"proxy": f"ftp://user:{SECRET}@h"}, ValueError, "'proxy' of no use: expected a URL"),
        ({"proxy": "http://"}, TypeError, "'proxy' of no use: expected a URL"),
        ({"proxy": "http://h:99999"}, TypeError, "'proxy' of no use: expected a URL"),
        ({"proxy": 8080}, TypeError, "'proxy' of no use: expected a URL"),
        ({"timeout": float("nan")}, TypeError, "'timeout' of no use: expected positive seconds"),
        ({"timeout": (5, 0, 5, 5)}, TypeError, "'timeout' of no use: expected positive seconds"),
        ({"timeout": SECRET}, TypeError, "'timeout' of no use: expected positive seconds"),
        ({"transport": httpx.HTTPTransport}, TypeError, "'transport' of no use: expected an http"),
        ({"headers": {"X": 5}}, TypeError, "'headers' of no use"),
        ({"headers": {"X": f"{SECRET}é"}}, ValueError, "'headers' of no use"),
        ({"headers": {"X": f"{SECRET}\nX: 1"}}, TypeError, "'headers' of no use: .* printable"),
        ({"cookies": f"a={SECRET}"}, ValueError, "'cookies' of no use"),
        ({"cookies": {"a": 5}}, TypeError, "'cookies' of no use"),
        ({"auth": f"user:{SECRET}"}, TypeError, "'auth' of no use: expected .user, password."),
        ({"auth": ["user", SECRET]}, TypeError, "'auth' of no use: expected .* found a list"),
        ({"mounts": {f"http://{SECRET}@h": "x"}}, TypeError, "'mounts' of no use"),
        ({"mounts": {SECRET: Replies({})}}, TypeError, "'mounts' of no use"),
        ({"event_hooks": {"request": [print]}}, TypeError, "'event_hooks' .*coroutine functions"),
        ({"event_hooks": {"requests": []}}, TypeError, "'event_hooks' of no use"),
    ],
)
def test_settings_of_no_use(http: Any, kind: type[Exception], text: str) -> None:
    """What can never work is refused when it is given, by its name; the value is not quoted."""
    with pytest.raises(kind, match=text) as raised:
        check_http(http)
    assert SECRET not in str(raised.value)


def test_settings_are_copied() -> None:
    """A dict that the user changes later changes nothing."""
    given = {"timeout": 5}
    settings = settings_now(given)
    given["timeout"] = 6
    assert settings.given == {"timeout": 5}


def test_environment_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings keep the proxies that they were made with; new ones have those of now."""
    monkeypatch.setenv("HTTPS_PROXY", "http://one.example.com")
    before = settings_now()
    monkeypatch.setenv("HTTPS_PROXY", "http://two.example.com")
    assert before.proxy("https://h:443") == ("HTTPS_PROXY", "http://one.example.com")
    assert settings_now().proxy("https://h:443") == ("HTTPS_PROXY", "http://two.example.com")
    assert settings_now() == settings_now() != before
    assert settings_now({"trust_env": False}).proxy("https://h:443") is None


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", None])
def test_file_of_authorities_that_changes(
    name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings with another content of the same file are others."""
    path = tmp_path / "ca.pem"
    path.write_text("one")
    if name is not None:
        monkeypatch.setenv(name, str(path))
    given = {"verify": path} if name is None else {}
    before = settings_now(given)
    assert settings_now(given) == before
    path.write_text("another")
    assert settings_now(given) != before


PROXIED = {"http_proxy": "http://u:p#/@one.example.com:80", "all_proxy": "socks5://two.example.com"}


@pytest.mark.parametrize(
    ("host", "entries"),
    [
        ("localhost", "localhost,[::1]"),
        ("[::1]:8080", "localhost,[::1]"),
        ("[::1]:8080", "[::1]:8080"),
        ("[fd00::7]", "fd00::/8"),
        ("10.1.2.3", "192.168.0.0/16 10.0.0.0/8"),
        ("10.1.2.3", "10.1.2.3:80"),
        ("gis.example.com", ".example.com"),
        ("GIS.example.com", "*.Example.com"),
        ("gis.example.com", "gis.example.com"),
        ("gis.example.com", "example.com:80"),
        ("gis.example.com", "*"),
    ],
)
def test_host_without_a_proxy(host: str, entries: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, domains, addresses and networks in NO_PROXY are reached directly, and no others."""
    for name, value in {**PROXIED, "no_proxy": entries}.items():
        monkeypatch.setenv(name, value)
    place = origin(f"http://{host}")
    assert settings_now().proxy(place) is None
    for other in ("other.example.org", "notexample.com", "127.0.0.1:8080", "[fc00::1]"):
        assert bool(settings_now().proxy(origin(f"http://{other}"))) is (entries != "*")


def test_most_special_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """ALL_PROXY counts only where there is none for the scheme, as it is written there."""
    for name, value in PROXIED.items():
        monkeypatch.setenv(name, value)
    assert settings_now().proxy("http://h:80") == ("HTTP_PROXY", PROXIED["http_proxy"])
    assert settings_now().proxy("https://h:443") == ("ALL_PROXY", PROXIED["all_proxy"])


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://h:80", "http://h:80"),
        ("http://u:p#/@?w@h:80", "http://…@h:80"),
        ("u:p@h:80", "…@h:80"),
        ("http://u:secret", "http://…"),
        ("u:secret", "…"),
    ],
)
def test_proxy_without_its_user(url: str, shown: str) -> None:
    """Nothing of user and password is shown, whatever characters they hold."""
    assert without_user(url) == shown


@pytest.mark.parametrize(
    "proxy", ["http://user:pass%77ord@h:1", httpx.Proxy("http://h:1", auth=("user", "password"))]
)
def test_secrets_of_a_proxy(proxy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy may quote what it was told, so that is known as secret, of the environment's too."""
    secrets = {"password", "dXNlcjpwYXNzd29yZA=="}
    assert secrets <= set(settings_now({"proxy": proxy}).secrets)
    monkeypatch.setenv("HTTPS_PROXY", "user:password@h:1")
    assert secrets <= set(settings_now().secrets)


def test_secrets_in_settings() -> None:
    """What is secret among a user's settings is known, and no usual word."""
    headers = {"Authorization": "Bearer abcd-efgh", "Accept": "application/json"}
    more = {"X-Api-Key": "ijkl-mnop", "Cookie": "sid=qrst-uvwx; short=1"}
    http = settings_now(
        {
            "headers": headers | more,
            "cookies": {"a": "cookie-in-a-jar"},
            "auth": ("user", "password"),
        }
    )
    assert {"abcd-efgh", "ijkl-mnop", "qrst-uvwx", "cookie-in-a-jar"} <= set(http.secrets)
    assert {"password", "dXNlcjpwYXNzd29yZA=="} <= set(http.secrets)
    assert not {"application/json", "user", "1"} & set(http.secrets)
