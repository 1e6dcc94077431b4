"""Starts what is measured in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@contextmanager
def server(script: str, *arguments: object) -> Iterator[str]:
    """Run a server script of this folder; yield its address."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


def ask(script: str, *arguments: object) -> Any:
    """Run a script of this folder to its end; return the JSON that it printed."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    told = subprocess.run(command, stdout=-1, check=True, text=True)
    return json.loads(told.stdout)
