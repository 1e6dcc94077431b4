"""URLs of jobs and of lists of jobs, as all servers build them: ``…/jobs`` and ``…/jobs/<id>``."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

from jobwidgets.errors import DocumentError


def job_id_of(url: str) -> str:
    """Return the id of the job at `url`: what follows ``/jobs/``, else the last part of its path.

    ValueError if there is none, or it leads out of the resource.
    """
    parts = urlsplit(url).path.rstrip("/").split("/")
    part = parts[-1]
    if "jobs" in parts:
        place = len(parts) - parts[::-1].index("jobs")
        part = parts[place] if place < len(parts) else ""
    if not part:
        raise ValueError(_no_job(url))
    if leads_elsewhere(unquote(part)):
        raise ValueError(f"expected the id of a job, found {part!r}, which is a path")
    return unquote(part)


def checked_job_url(url: str) -> str:
    """Return `url`; ValueError unless it ends with ``/jobs/<job id>``."""
    parts = urlsplit(url).path.rstrip("/").split("/")
    if len(parts) < 2 or parts[-2] != "jobs":
        raise ValueError(_no_job(url))
    job_id_of(url)
    return url


def checked_list_url(url: str) -> str:
    """Return `url`; ValueError unless it ends with ``/jobs``."""
    if not urlsplit(url).path.rstrip("/").endswith("/jobs"):
        bare = url.partition("?")[0]
        raise ValueError(f"the URL of a jobs resource ends with /jobs; found {bare!r}")
    return url


def check_is_job(url: str | None, job_id: str) -> None:
    """Raise DocumentError if a document with this id came from the URL of another job."""
    if url is not None and job_id_of(url) != job_id:
        raise DocumentError(f"expected job {job_id_of(url)}, found job {job_id}")


def below(url: str, *names: str, query: bool = True) -> str:
    """Return the URL of what stands below `url`; the names are quoted."""
    parts = urlsplit(url)
    path = "/".join([parts.path.rstrip("/"), *(quote(name, safe="") for name in names)])
    return urlunsplit(parts._replace(path=path, query=parts.query if query else ""))


def job_url_below(list_url: str, job_id: str) -> str:
    """Return the URL of one job of the list at `list_url`; the id is opaque, so it is quoted.

    ValueError if the id leads out of the resource.
    """
    if leads_elsewhere(job_id):
        raise ValueError(f"expected the id of a job, found {job_id!r}, which is a path")
    return below(list_url, job_id)


def with_parameters(url: str, **parameters: str) -> str:
    """Return `url` with these parameters in place of those of their names."""
    bare, _, old = url.partition("?")
    pairs = [pair for pair in parse_qsl(old, keep_blank_values=True) if pair[0] not in parameters]
    return f"{bare}?{urlencode([*pairs, *parameters.items()])}"


def http_url(target: str, url: str | None) -> str | None:
    """Return where `target`, found in an answer of `url`, leads; None unless http or https."""
    try:
        whole = kept_on_https(url or "", urljoin(url or "", target.strip()))
        return whole if urlsplit(whole).scheme in {"http", "https"} else None
    except ValueError:
        return None


def kept_on_https(url: str, told: str) -> str:
    """Return a URL that an answer of `url` tells, on https where that was asked on its host.

    A server behind a proxy that ends TLS may know itself by http alone.
    """
    asked, found = urlsplit(url), urlsplit(told)
    is_same = asked.hostname == found.hostname and found.port in {None, 80, asked.port}
    if asked.scheme == "https" and found.scheme == "http" and is_same:
        return urlunsplit(found._replace(scheme="https", netloc=asked.netloc))
    return told


def leads_elsewhere(job_id: str) -> bool:
    """Return whether a gateway might take an id for a path out of the jobs resource.

    Some resolve ``..`` after decoding, quoted or not, and without what follows a ``;``.
    """
    path = unquote(unquote(job_id)).replace("\\", "/")
    return any(part.partition(";")[0].strip() in {".", ".."} for part in path.split("/"))


def _no_job(url: str) -> str:
    bare = url.partition("?")[0]
    return f"the URL of a job ends with /jobs/<job id>; found {bare!r}"
