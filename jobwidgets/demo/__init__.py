"""An embedded Mission job server, to try things out and to test against; extra ``demo``.

>>> from jobwidgets.demo import MissionServer, failing
>>> with MissionServer(speed=10) as server:
...     url = server.add(failing(seconds=30, step=2))

`create_mission` starts a mission as a tool of the user's own would, on a server that is started
when it is first needed. The shell command ``jobwidgets demo`` shows both in JupyterLab.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobwidgets.demo._clock import Clock
from jobwidgets.demo._scripts import (
    EXAMPLE,
    Script,
    cancelled,
    chatty,
    deleting,
    example,
    failing,
    verbatim,
)

if TYPE_CHECKING:
    from jobwidgets.demo._mission import create_mission
    from jobwidgets.demo._server import MissionServer

__all__ = [
    "EXAMPLE",
    "Clock",
    "MissionServer",
    "Script",
    "cancelled",
    "chatty",
    "create_mission",
    "deleting",
    "example",
    "failing",
    "verbatim",
]


def __getattr__(name: str) -> Any:
    # Late, so that the command can say what is missing rather than fail to be imported.
    if name not in {"MissionServer", "create_mission"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from jobwidgets.demo._mission import create_mission
        from jobwidgets.demo._server import MissionServer
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in {"starlette", "uvicorn"}:
            raise
        message = f"{package} is not installed: python -m pip install 'jobwidgets[demo]'"
        raise ImportError(message) from error
    return {"MissionServer": MissionServer, "create_mission": create_mission}[name]


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
