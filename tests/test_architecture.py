"""The tree of errors and the cost of the import; what may import what is in pyproject.toml."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import jobwidgets
from jobwidgets import errors

ROOT = Path(jobwidgets.__file__).parent
HEAVY = ("dask", "httpx", "numpy", "pandas", "pyarrow", "starlette", "uvicorn")


def drawn_tree() -> dict[str, str]:
    """Return the tree of errors in the docstring of `jobwidgets.errors`: name → parent."""
    tree: dict[str, str] = {}
    branch: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r" {4}([ │├└─]*)(\w+Error)\b", line)
        if found:
            depth = len(found[1]) // 4
            tree[found[2]] = branch[depth - 1] if depth else "Exception"
            branch[depth:] = [found[2]]
    return tree


def test_tree_is_drawn() -> None:
    """The drawing shows every error, each below its parent, and all of them are public."""
    made = {
        name: error.__bases__[0].__name__
        for name, error in vars(errors).items()
        if inspect.isclass(error)
    }
    assert drawn_tree() == made
    assert set(made) == {name for name in jobwidgets.__all__ if name.endswith("Error")}


def test_no_other_error_of_ours() -> None:
    """No error below the root lives elsewhere."""
    waiting, found = [jobwidgets.JobwidgetsError], set()
    while waiting:
        error = waiting.pop()
        waiting.extend(error.__subclasses__())
        if error.__module__.startswith("jobwidgets"):
            found.add(error.__module__)
    assert found == {"jobwidgets.errors"}


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
