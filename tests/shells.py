"""An IPython shell that keeps what is displayed, and says which cell is running."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell


class CellShell(InteractiveShell):
    """A shell without a kernel; `parent` is what the front end asked last."""

    parent: dict[str, Any] = {}  # noqa: RUF012 - a value of one test

    def get_parent(self) -> dict[str, Any]:
        """Return the running request, as ipykernel's shell does."""
        return self.parent

    def run(self, cell: str | None, execution: str) -> None:
        """Let the running cell be this one."""
        metadata = {} if cell is None else {"cellId": cell}
        self.parent = {"header": {"msg_id": execution}, "metadata": metadata}

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """Everything that was displayed: data, transient, update."""
        return list(self.display_pub.outputs)

    def last_of(self, display_id: str) -> dict[str, Any]:
        """Return the data that an output holds by now."""
        found = [out for out in self.outputs if out["transient"]["display_id"] == display_id]
        return dict(found[-1]["data"])


@contextmanager
def shell() -> Iterator[CellShell]:
    """Run a shell as the process's own."""
    made = CellShell.instance()
    made.display_pub = CapturingDisplayPublisher()
    try:
        yield made
    finally:
        made.history_manager.end_session()
        CellShell.clear_instance()
