"""Holds the code to the drawing of the house: what each module may import, what is public."""

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import jobwidgets
from jobwidgets import snapshot

ROOT = Path(jobwidgets.__file__).parent
# Module: its own modules | libraries. A reader who opens the modules in this order has read the
# program, so each row names only rows above it.
TABLE = {
    "snapshot": "",
    "redact": "",
    "dialects": "snapshot",
    "dialects.mission": "dialects redact snapshot",
    "answer": "dialects redact snapshot",
    "urls": "answer redact",
    "threads": "",
    "budget": "",
    "tokens": "answer redact threads",
    "connections.bodies": "answer | httpx",
    "connections.http_settings": "answer connections.bodies redact | httpx",
    "connections.dial": "",
    "connections.http1": "| h11 httpx",
    "connections.wire": "connections.dial connections.http1 | httpx",
    "connections.lanes": "answer connections.http1 connections.http_settings connections.wire "
    "redact urls | httpx",
    "connections": "answer budget connections.bodies connections.http_settings connections.lanes "
    "redact urls | httpx",
    "source": "answer budget connections dialects redact snapshot threads tokens urls",
    "history": "snapshot",
    "pace": "",
    "contact": "answer dialects snapshot",
    "feed": "",
    "watch": "answer budget connections contact feed history pace snapshot source threads",
    "loop_thread": "threads",
    "schedule": "",
    "poller": "connections loop_thread schedule watch",
    "settings": "connections dialects history pace source tokens urls watch",
    "words": "contact history snapshot",
    "markup": "snapshot words",
    "static": "contact history markup snapshot words",
    "callbacks": "contact feed threads watch",
    "job": "callbacks connections contact feed history pace poller settings snapshot static tokens "
    "watch",
    "listing": "contact pace poller snapshot source threads",
    "jobs": "connections history job listing pace poller settings tokens watch",
    "view_state": "contact history snapshot words",
    "views": "",
    "displays": "| IPython",
    "freezing": "displays threads",
    "cells": "| IPython",
    "comms": "",
    "board_state": "contact history view_state words",
    "live": "board_state cells comms displays feed freezing poller view_state "
    "| anywidget traitlets",
    "audience": "job",
    "widget": "audience contact displays history job live poller static threads view_state views "
    "| traitlets",
    "frames.columns": "history snapshot | numpy pandas pyarrow",
    "frames.given": "dialects history redact snapshot | pandas",
    "frames": "frames.columns frames.given history snapshot | pandas",
    "board_static": "board_state contact history markup snapshot static words",
    "board_given": "job jobs",
    "board": "audience board_given board_state board_static contact displays feed frames job jobs "
    "listing live poller views | pandas",
    "jobwidgets": "answer board budget contact dialects frames history job jobs snapshot widget",
    # The demo knows nothing of the core but its public names.
    "demo.clock": "",
    "demo.scripts": "",
    "demo.site": "demo.clock demo.scripts",
    "demo.pages": "",
    "demo": "demo.clock demo.scripts",
    "demo.app": "demo.pages demo.scripts demo.site | starlette",
    "demo.server": "demo.app demo.clock demo.scripts demo.site | uvicorn",
    "demo.mission": "demo.server",
    "demo.lab": "jobwidgets",
    "demo.command": "demo.lab demo.server jobwidgets",
}
# Imported within a function, when it is first needed: the package stands before its own parts.
LATE = {"dialects": "dialects.mission", "demo": "demo.mission demo.server"}
# One library, one room; IPython is asked for the running cell, and told what to display.
HOMES = {
    "httpx": {"connections"},
    "h11": {"connections"},
    "pandas": {"board", "frames"},  # a board only names the type of its frame
    "numpy": {"frames"},
    "pyarrow": {"frames"},
    "anywidget": {"live"},
    "traitlets": {"live", "widget"},
    "IPython": {"cells", "displays"},
    "starlette": {"demo"},
    "uvicorn": {"demo"},
}
HEAVY = ("h11", "httpx", "numpy", "pandas", "pyarrow", "starlette", "uvicorn")


def own_name(path: Path) -> str:
    """Return the name of a module within the package; the package itself is "jobwidgets"."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__") or "jobwidgets"


MODULES = {own_name(path): path for path in sorted(ROOT.rglob("*.py"))}


def room(module: str) -> str:
    """Return the module or package directly below jobwidgets that a module belongs to."""
    return module.partition(".")[0]


def imported(node: ast.AST) -> Iterator[str]:
    """Yield the full names of what one import statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        for alias in node.names:
            is_module = f"{node.module}.{alias.name}".removeprefix("jobwidgets.") in MODULES
            yield f"{node.module}.{alias.name}" if is_module else str(node.module)


def imports(module: str, *, late: bool) -> tuple[set[str], set[str]]:
    """Return the own modules and the libraries that a module imports.

    `late` counts those within functions, and those for type checkers only, too.
    """
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if late else tree.body
    names = {name for node in nodes for name in imported(node)}
    own = {name.removeprefix("jobwidgets.") for name in names if room(name) == "jobwidgets"}
    libraries = {room(name) for name in names} - {"jobwidgets"} - sys.stdlib_module_names
    return own, libraries


def allowed(module: str) -> tuple[set[str], set[str]]:
    """Return the own modules and the libraries of a row of the table."""
    own, _, libraries = TABLE[module].partition("|")
    return set(own.split()), set(libraries.split())


def test_every_module_has_its_row() -> None:
    """A new module is put into the table, an old one taken out."""
    assert set(TABLE) == set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_imports(module: str) -> None:
    """A module imports what its row says, and nothing else."""
    own, libraries = imports(module, late=True)
    may_own, may_libraries = allowed(module)
    assert own - may_own - set(LATE.get(module, "").split()) == set()
    assert libraries - may_libraries == set()


@pytest.mark.parametrize("module", MODULES)
def test_late_imports_are_late(module: str) -> None:
    """What a package imports late, it does not import when it is imported."""
    own, _ = imports(module, late=False)
    assert own <= allowed(module)[0]


def test_table_is_a_ladder() -> None:
    """Each row names rows above it alone, so that no modules import each other."""
    above: set[str] = set()
    for module in TABLE:
        assert allowed(module)[0] <= above, module
        above.add(module)


def test_late_imports_stay_in_their_room() -> None:
    """Only a package's own parts come after it, so that rooms make no circle."""
    for module, later in LATE.items():
        assert {room(name) for name in later.split()} == {module}


def test_one_library_one_room() -> None:
    """Each library is known in one place only."""
    rooms: dict[str, set[str]] = {}
    for module in MODULES:
        for library in imports(module, late=True)[1]:
            rooms.setdefault(library, set()).add(room(module))
    assert {library: found - HOMES[library] for library, found in rooms.items()} == {
        library: set() for library in rooms
    }


@pytest.mark.parametrize("module", [name for name in TABLE if room(name) == "demo"])
def test_demo_knows_public_names_only(module: str) -> None:
    """The embedded server could be a project of its own."""
    own, _ = imports(module, late=True)
    assert {room(name) for name in own} <= {"demo", "jobwidgets"}


def test_no_room_for_everything() -> None:
    """A module is named after what it holds."""
    words = {word for module in MODULES for word in module.split(".")}
    assert words.isdisjoint({"utils", "util", "helpers", "common", "base", "types", "misc"})


# Public names


def test_public_names_are_few_and_sorted() -> None:
    """At most 30 names are public, errors included."""
    names = jobwidgets.__all__
    assert len(names) <= 30
    assert names == sorted(set(names))


@pytest.mark.parametrize("name", jobwidgets.__all__)
def test_public_name(name: str) -> None:
    """Every public name can be imported, and is documented where it lives."""
    thing = getattr(jobwidgets, name)
    assert inspect.isclass(thing) or inspect.isfunction(thing)
    assert thing.__doc__
    assert thing.__module__.startswith("jobwidgets.")


def test_unknown_name() -> None:
    """Any other name is no attribute, late imports or not."""
    with pytest.raises(AttributeError, match="has no attribute 'job_frames'"):
        _ = jobwidgets.job_frames


def drawn_tree() -> dict[str, tuple[str, str]]:
    """Return the tree of errors in snapshot's docstring: name → (parent, module)."""
    tree: dict[str, tuple[str, str]] = {}
    branch: list[tuple[str, str]] = []
    for line in (snapshot.__doc__ or "").splitlines():
        found = re.match(r"([ │├└─]*)(\w+Error)\b *(?:\((\w+)\))?", line)
        if found:
            depth = len(found[1]) // 4 - 1
            parent, module = branch[depth - 1] if depth else ("Exception", "")
            branch[depth:] = [(found[2], found[3] or module)]
            tree[found[2]] = (parent, found[3] or module)
    return tree


def test_tree_is_drawn() -> None:
    """The drawing has a root and everything that is public, and nothing private."""
    public = {name for name in jobwidgets.__all__ if name.endswith("Error")}
    assert set(drawn_tree()) == public
    assert drawn_tree()["JobwidgetsError"] == ("Exception", "snapshot")


@pytest.mark.parametrize(("name", "place"), drawn_tree().items())
def test_error_stands_where_it_is_drawn(name: str, place: tuple[str, str]) -> None:
    """Each error has the drawn parent, and lives in the drawn module."""
    parent, module = place
    error = getattr(importlib.import_module(f"jobwidgets.{module}"), name)
    assert error is getattr(jobwidgets, name)
    assert error.__module__ == f"jobwidgets.{module}"
    assert [base.__name__ for base in error.__bases__] == [parent]


def test_no_other_error_of_ours() -> None:
    """No error below the root is missing from the drawing."""
    found, waiting = set(), [jobwidgets.JobwidgetsError]
    while waiting:
        error = waiting.pop()
        waiting.extend(error.__subclasses__())
        if error.__module__.startswith("jobwidgets"):
            found.add(error.__name__)
    assert found == set(drawn_tree())


# The import


def python(code: str) -> str:
    """Return what a fresh interpreter prints."""
    command = [sys.executable, "-W", "error", "-c", code]
    env = os.environ | {"PYTHONPATH": str(ROOT.parent)}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout


def test_import_is_light() -> None:
    """Importing jobwidgets imports nothing heavy, starts no thread and prints nothing."""
    code = f"""if True:
        import sys, threading
        import jobwidgets
        assert threading.active_count() == 1
        print([name for name in {HEAVY} if name in sys.modules])
    """
    assert python(code) == "[]\n"


def test_frames_come_when_they_are_asked_for() -> None:
    """The first frame function is what imports pandas."""
    code = "import sys, jobwidgets; jobwidgets.jobs_frame; print('pandas' in sys.modules)"
    assert python(code) == "True\n"
