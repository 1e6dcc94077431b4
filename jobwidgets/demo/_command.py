"""The shell command ``jobwidgets``."""

from __future__ import annotations

import argparse
import math
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from jobwidgets.demo._lab import Lab, LabError

_NEEDED = ("starlette", "uvicorn", "jupyterlab", "ipykernel")
# SIGHUP is a terminal that was closed; Windows has none.
_STOP_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    argv
        The arguments. None: those of this process.
    """
    arguments = _parser().parse_args(argv)
    try:
        return _demo(arguments)
    except LabError as error:
        sys.stderr.write(f"jobwidgets: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jobwidgets", description="Watch long jobs in Jupyter.")
    parser.add_argument("--version", action="version", version=f"jobwidgets {_version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="show a job live",
        description="Start a Mission demo server and JupyterLab. Ctrl-C ends both.",
    )
    add = demo.add_argument
    add("--no-browser", action="store_true", help="only print the address")
    add("--port", type=_port, default=0, metavar="N", help="JupyterLab's port (default: any free)")
    add("--speed", type=_speed, default=1.0, metavar="X", help="how many times faster missions go")
    return parser


def _demo(arguments: argparse.Namespace) -> int:
    _require_extra()
    from jobwidgets.demo._server import MissionServer

    browser = not arguments.no_browser
    with (
        _signals_interrupt(),
        tempfile.TemporaryDirectory(prefix="jobwidgets-", ignore_cleanup_errors=True) as folder,
        MissionServer(speed=arguments.speed) as server,
        Lab(Path(folder), server.root, port=arguments.port, browser=browser) as lab,
    ):
        lab.wait_until_up()
        if lab.ended() is None:
            _say(server.root, lab.url)
        while (code := lab.ended()) is None:
            time.sleep(0.2)
        if code:
            sys.stderr.write(lab.log())
        return code


def _require_extra() -> None:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise LabError(
            f"the demo needs {' and '.join(missing)}. Install it with:\n"
            f"    {sys.executable} -m pip install 'jobwidgets[demo]'"
        )


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Have each signal that asks us to stop raise KeyboardInterrupt, even one the shell ignored."""
    before = {number: signal.signal(number, _interrupt) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _say(mission_root: str, lab_url: str) -> None:
    sys.stdout.write(
        f"Mission server: {mission_root}\n"
        f"JupyterLab:     {lab_url}\n"
        "The notebook runs by itself once it is open. Ctrl-C stops both.\n"
    )
    sys.stdout.flush()


def _version() -> str:
    try:
        return version("jobwidgets")
    except PackageNotFoundError:
        return "(not installed)"


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"expected 0 to 65535, found {text!r}")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed < math.inf:
        raise argparse.ArgumentTypeError(f"expected a finite number above 0, found {text!r}")
    return speed
