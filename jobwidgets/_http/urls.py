"""What a URL may hold, and where a redirect may lead: pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from jobwidgets._http.secrets import Secret
from jobwidgets._model.redact import redacted
from jobwidgets.dialects._urls import kept_on_https
from jobwidgets.errors import RefusedError, UnauthorisedError

_SIGN_IN = re.compile(r"log-?in|log-?on|sign-?in|oauth|saml|\bsso\b|adfs", re.IGNORECASE)
# Where a password holds `/`, `?` or `#`, the rest of it is no part of what is before the path.
_BEFORE_JOBS = re.compile(r"/jobs\b")
# What pages for people are asked for with: pygeoapi's `f`, and its relatives' ways to write it.
_FORMATS, _PAGES = {"f", "format"}, {"html", "text/html", "xhtml", "application/xhtml+xml"}
_DEFAULT_PORT = {"http": 80, "https": 443}


def split_token(url: str) -> tuple[str, str | None]:
    """Return `url` without a ``token=`` parameter and fragment, and that token or None.

    ``f=html``, as a browser's address bar has it, is left out too: no dialect reads pages.

    Raises
    ------
    TypeError
        If `url` is no string.
    ValueError
        If it is no absolute http or https URL, or holds a user name or password, or a token
        where no server would look for it.
    """
    if not isinstance(url, str):
        raise TypeError(f"a URL is a string, found a {type(url).__name__}")
    problem, bare, token = _taken_apart(url.strip())
    if problem:  # raised here, where no local variable shows a token
        raise ValueError(problem)
    return bare, token


def _taken_apart(url: str) -> tuple[str, str, Secret | None]:
    """Return what is wrong with `url`, or "", the URL without its token, and that token."""
    try:
        parts = urlsplit(url)
        is_fit = parts.port != 0 and _is_host(parts.hostname)
    except ValueError:  # whose text may quote a part of a password
        return "expected a URL like https://host:port/…, found no such thing", "", None
    if "@" in parts.netloc or "@" in _BEFORE_JOBS.split(url, maxsplit=1)[0]:
        return "the URL holds a password: use http={'auth': (user, password)}", "", None
    if parts.scheme not in {"http", "https"} or not is_fit:
        return f"expected a URL like https://host/…, found {redacted(url)!r}", "", None
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    tokens = [value for name, value in pairs if name.casefold() == "token" and value]
    kept = [pair for pair in pairs if pair[0].casefold() != "token" and not _is_for_page(*pair)]
    # A dot at the end of a name would be looked for in the certificate.
    netloc = re.sub(r"\.(?=:\d+$|$)", "", parts.netloc)
    bare = urlunsplit((parts.scheme, netloc, parts.path, urlencode(kept), ""))
    if redacted(bare) != bare:  # it would be shown wherever the URL is
        return "the URL holds a token in a wrong place: give it as token=…", "", None
    return "", bare, Secret(tokens[0]) if tokens else None


def _is_for_page(name: str, value: str) -> bool:
    return name.casefold() in _FORMATS and value.casefold() in _PAGES


def _is_host(name: str | None) -> bool:
    try:
        return bool(name and name.encode("idna"))
    except UnicodeError:
        return False


def without_user(url: str) -> str:
    """Return `url` without a user name and a password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def origin(url: str) -> str:
    """Return scheme, host and port of `url` (RFC 6454 section 4), always with the port."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or _DEFAULT_PORT.get(parts.scheme)}"


def root(url: str) -> str:
    """Return `url` without its path: the same text for all jobs of a server."""
    return "/".join(url.split("/", 3)[:3])


def is_loopback(url: str) -> bool:
    """Return whether `url` is on this machine, so that nobody else sees what is sent there."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def added_query(url: str, bare: str) -> Mapping[str, str]:
    """Return the parameters of `url` that `bare` has not: what a dialect has added."""
    old = bare.partition("?")[2]
    return dict(_added(url.partition("?")[2], old))


@lru_cache(maxsize=32)
def _added(query: str, old: str) -> tuple[tuple[str, str], ...]:
    known = set(parse_qsl(old, keep_blank_values=True))
    return tuple(pair for pair in parse_qsl(query, keep_blank_values=True) if pair not in known)


def with_query(url: str, query: Mapping[str, str]) -> str:
    """Return `url`, which has no fragment, with `query` in place of parameters of these names."""
    if not query:
        return url
    bare, _, old = url.partition("?")
    return f"{bare}?{_merged(old, tuple(query.items()))}"


# Every poll asks for this, and all jobs of a server have the same few queries.
@lru_cache(maxsize=32)
def _merged(old: str, added: tuple[tuple[str, str], ...]) -> str:
    names = {name for name, _ in added}
    pairs = [pair for pair in parse_qsl(old, keep_blank_values=True) if pair[0] not in names]
    return urlencode([*pairs, *added])


def on_same_server(url: str, told: str) -> str | None:
    """Return a URL that an answer of `url` tells, if it is on the same origin; else None.

    What was asked over https stays there, see `kept_on_https`. From http to https of the same host
    is the same, as in redirects.
    """
    told = kept_on_https(url, told)
    is_same = origin(url) == origin(told) or _is_upgraded(urlsplit(url), urlsplit(told))
    return told if is_same else None


def redirected(url: str, location: str) -> str:
    """Return where a redirect from `url` leads, without any token.

    Raises
    ------
    UnauthorisedError
        If it leads to a sign-in page.
    RefusedError
        If it leads to another origin, or nowhere; from http to https of the same host is the same.
    """
    try:
        target = urljoin(url, location)
        _check_redirect(url, target)
        return split_token(target)[0]
    except ValueError as error:
        raise RefusedError("the server redirected to a URL of no use") from error


def _check_redirect(url: str, target: str) -> None:
    old, new = urlsplit(url), urlsplit(target)
    if _SIGN_IN.search(_place(new)) and not _SIGN_IN.search(_place(old)):
        raise UnauthorisedError(f"the server redirected to sign in at {new.hostname}", code=401)
    if origin(url) != origin(target) and not _is_upgraded(old, new):
        other = redacted(origin(target))
        raise RefusedError(f"the server redirected to another host, {other}: it was not followed")


def _is_upgraded(old: SplitResult, new: SplitResult) -> bool:
    return (old.scheme, new.scheme) == ("http", "https") and old.hostname == new.hostname


def _place(parts: SplitResult) -> str:
    return f"{parts.hostname}{parts.path}"
