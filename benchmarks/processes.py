"""Starts what is measured in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]


@contextmanager
def server(name: str, *arguments: object) -> Iterator[str]:
    """Run a server of this folder, given by its module's name; yield its address."""
    command = _command(name, *arguments)
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True, cwd=_ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


def ask(name: str, *arguments: object) -> Any:
    """Run a module of this folder to its end; return the JSON that it printed."""
    command = _command(name, *arguments)
    told = subprocess.run(command, stdout=-1, check=True, text=True, cwd=_ROOT)
    return json.loads(told.stdout)


def _command(name: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]
