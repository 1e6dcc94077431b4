"""A mission's start, as a tool of the user's own would do it: over HTTP."""

from __future__ import annotations

import atexit
import json
import os
import threading
import urllib.request
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from jobwidgets.demo._server import MissionServer

_REQUEST_SECONDS = 30.0


def create_mission(seconds: float = 20.0, *, root: str | None = None) -> str:
    """Start a mission as a tool of your own would, and return the URL of its job.

    Parameters
    ----------
    seconds
        How long the mission takes, in seconds of the server's clock.
    root
        The REST root of a `MissionServer`. None: the environment variable JOBWIDGETS_DEMO_ROOT,
        else a server that is started once in this process.

    Raises
    ------
    RuntimeError
        The server answered with an error.
    OSError
        There was no answer.
    """
    root = root or os.environ.get("JOBWIDGETS_DEMO_ROOT") or _own_server().root
    form = {"title": "Demo mission", "async": "true", "seconds": str(seconds), "f": "json"}
    answer = _post(f"{root}/services/createMission", form)
    if "jobId" not in answer:
        raise RuntimeError(f"expected a job id from {root}, found {answer.get('error')!r}")
    return f"{root}/jobs/{quote(answer['jobId'], safe='')}"


def _post(url: str, form: dict[str, str]) -> dict[str, Any]:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError(f"root: expected an http URL, found {url!r}")
    # A demo server is near: a proxy set for the rest of the world could not reach it.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, urlencode(form).encode(), timeout=_REQUEST_SECONDS) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


_own: MissionServer | None = None
_own_lock = threading.Lock()


def _own_server() -> MissionServer:
    """Return the server of this process, started at the first call."""
    global _own
    with _own_lock:
        if _own is None:
            _own = MissionServer().start()
            atexit.register(_own.stop)
        return _own.start()
