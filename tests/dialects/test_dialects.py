"""How a dialect is found: by its name, as an object, or in somebody else's package."""

import doctest
import re
import sys
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest

from jobwidgets import DocumentError, Job, Jobs, Message, Snapshot, Status, jobs_frame
from jobwidgets.dialects import (
    Answer,
    Dialect,
    JobPage,
    Request,
    ToldStep,
    check,
    find_dialect,
    known_dialects,
)
from jobwidgets.dialects.mission import Mission

NAMES = ["geoprocessing", "ogc", "openeo", "notebook", "video", "admin", "kubernetes", "mission"]
MODULE = """
from jobwidgets import Snapshot, Status
from jobwidgets.dialects import Dialect, Request, refused

class Acme(Dialect):
    name = "acme"
    words = {"waits": Status.QUEUED, "busy": Status.RUNNING, "ok": Status.SUCCEEDED}

    def matches(self, url):
        return "/acme/" in url

    def recognises(self, document):
        return isinstance(document, dict) and {"key", "phase"} <= document.keys()

    def token_headers(self, token):
        return {"X-Acme-Key": token}

    def read(self, answer):
        if not self.recognises(answer.body):
            raise refused(answer, "no job of Acme's", 400)
        job = answer.body
        return Snapshot(
            id=job["key"],
            status=self.words.get(job["phase"], Status.UNKNOWN),
            raw_status=job["phase"],
            progress=job.get("done"),
            document=job,
        )
"""


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package with a dialect of its own."""
    (tmp_path / "acme_jobs.py").write_text(MODULE)
    info = tmp_path / "acme_jobs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-jobs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[jobwidgets.dialects]\nacme = acme_jobs:Acme\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "acme_jobs", raising=False)


@pytest.mark.parametrize("name", NAMES)
def test_dialect_is_found_by_its_name(name: str) -> None:
    """A dialect is found under the name that it has itself."""
    dialect: Dialect = find_dialect(name)
    assert dialect.name == name
    assert [one.name for one in known_dialects()] == NAMES


def test_object_is_its_own_dialect() -> None:
    """An object of a subclass is taken as it is."""
    mine = Mission()
    assert find_dialect(mine) is mine


@pytest.mark.parametrize("name", ["", "Mission", "wps", "mission "])
def test_unknown_dialect(name: str) -> None:
    """An unknown name is refused, and the error tells the known ones."""
    with pytest.raises(ValueError, match=r"expected one of: geoprocessing, ") as caught:
        find_dialect(name)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("odd", [Mission, 7, None, {}])
def test_what_is_no_dialect(odd: Any) -> None:
    """A class, or another thing, is refused with what was expected."""
    with pytest.raises(TypeError, match="dialect is "):
        find_dialect(odd)


def test_package_of_somebody_else(acme: None) -> None:
    """A dialect is found by its entry point, and passes the check that is made for it."""
    dialect = find_dialect("acme")
    assert dialect.name == "acme"
    assert [*NAMES, "acme"] == [one.name for one in known_dialects()]
    job = {"key": "7", "phase": "busy", "done": 0.4}
    check(dialect, [(job, {"id": "7", "status": "running", "progress": 0.4})])
    with pytest.raises(ValueError, match="kubernetes, mission, acme"):
        find_dialect("acne")


def test_package_that_is_broken(
    acme: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One that cannot be loaded is told where it is asked for, and logged elsewhere."""
    (tmp_path / "acme_jobs-1.0.dist-info" / "entry_points.txt").write_text(
        "[jobwidgets.dialects]\nbroken = acme_jobs:Nobody\n"
    )
    with pytest.raises(ValueError, match="'broken' of acme_jobs:Nobody cannot be loaded"):
        find_dialect("broken")
    assert [one.name for one in known_dialects()] == NAMES
    assert "'broken'" in caplog.text


@pytest.mark.parametrize("module", ["_dialect", "_check"])
def test_worked_example(module: str) -> None:
    """The example of the protocol and that of its check do what they say."""
    found = doctest.testmod(import_module(f"jobwidgets.dialects.{module}"))
    assert (found.failed, found.attempted > 0) == (0, True)


NOW = datetime(2026, 5, 1)  # noqa: DTZ001 - that it has no zone is what is tried


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({"status": "running"}, "status is a str, expected Status"),
        ({"steps_done": 1.5}, "steps_done is a float, expected int or None"),
        ({"steps_total": True}, "steps_total is a bool, expected int or None"),
        ({"steps_done": 2**63}, "steps_done is beyond 64 bits"),
        ({"progress": 1.5}, "progress is 1.5, expected 0…1"),
        ({"progress": float("nan")}, "progress is nan, expected 0…1"),
        ({"started": NOW}, "started is a time without a zone, expected one in UTC"),
        ({"messages": ["Started."]}, "messages is a list, expected tuple"),
        ({"messages": ("Started.",)}, "messages hold a str, expected a Message"),
        ({"messages": (Message(1, "a", code=1.5),)}, "a message's code is a float, expected int"),  # type: ignore[arg-type]
        ({"steps": ("map",)}, "steps hold a str, expected a ToldStep"),
        ({"steps": (ToldStep(5),)}, "a step's name is a int, expected str"),  # type: ignore[arg-type]
        ({"steps": (ToldStep("a", False, 0),)}, "a step's has_ended is a int, expected bool"),  # type: ignore[arg-type]
        ({"steps": (ToldStep("a", begun=NOW),)}, "a step's begun is a time with"),
    ],
)
def test_unsound_snapshot(parts: dict[str, Any], problem: str) -> None:
    """What a dialect has read wrongly is told by its check, and by whatever it reads."""
    snapshot = Snapshot(**{"id": "1", "status": Status.RUNNING, **parts})

    class Wrong(Dialect):
        name = "wrong"

        def read(self, _: Answer) -> Any:
            return snapshot

        def list_request(self, url: str) -> Request:
            return Request(url)

        def read_list(self, _: Answer) -> JobPage:
            return JobPage((("https://h.example.com/jobs/1", snapshot),))

    with pytest.raises(AssertionError, match=re.escape(problem)):
        check(Wrong(), [({}, {})])
    http = {"transport": httpx.MockTransport(lambda _: httpx.Response(200, json={}))}
    for ask in (
        Job("https://h.example.com/jobs/1", dialect=Wrong(), http=http).refresh,
        Jobs("https://h.example.com/jobs", dialect=Wrong(), http=http).ids,
        Job.from_function(dict, id="1", dialect=Wrong()).refresh,
        lambda: jobs_frame({}, dialect=Wrong()),
    ):
        with pytest.raises(DocumentError, match=re.escape(problem)):
            ask()
