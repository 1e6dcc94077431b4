from __future__ import annotations

from types import SimpleNamespace

import nbformat
import pytest
from nbclient import NotebookClient
from shells import CellShell

from jobwidgets._widgets.notebook import answer_while_a_cell_runs, replace_in_cell


class Closable:
    """A thing that the running cell makes."""

    def __init__(self) -> None:
        self.is_closed = False
        replace_in_cell(self.close)

    def close(self) -> None:
        """Note that it was closed."""
        self.is_closed = True


@pytest.mark.parametrize(
    ("first", "second", "is_closed"),
    [
        (("a", "execution 1"), ("a", "execution 2"), True),
        (("b", "execution 1"), ("b", "execution 1"), False),
        (("c", "execution 1"), ("d", "execution 2"), False),
        ((None, "execution 1"), (None, "execution 2"), False),
    ],
)
def test_cell_replaces_what_its_earlier_execution_made(
    notebook: CellShell,
    first: tuple[str | None, str],
    second: tuple[str | None, str],
    is_closed: bool,
) -> None:
    """Only the same cell with a newer execution closes; what nobody holds is no harm."""
    notebook.run(*first)
    old = [Closable(), Closable()]
    Closable()
    notebook.run(*second)
    new = Closable()
    assert [thing.is_closed for thing in [*old, new]] == [is_closed, is_closed, False]


@pytest.mark.parametrize("parent", [{}, {"header": {}, "metadata": {}}, {"metadata": None}])
def test_cell_that_tells_no_id_replaces_nothing(
    notebook: CellShell, parent: dict[str, object]
) -> None:
    """A front end that tells no cell id gets no replacement."""
    notebook.parent = parent
    assert not [thing for thing in (Closable(), Closable()) if thing.is_closed]


def test_without_a_shell_nothing_happens() -> None:
    """In plain Python there are no cells."""
    assert not Closable().is_closed


def test_clicks_keep_the_route_that_the_front_end_chose() -> None:
    """Where a kernel chooses the shell of an answer the default stays; other comms get nothing."""
    comm, other = (
        SimpleNamespace(_reply_subshell_for=lambda *_: "the main shell"),
        SimpleNamespace(),
    )
    answer_while_a_cell_runs(comm)
    answer_while_a_cell_runs(other)
    assert comm._reply_subshell_for({}, "a subshell") == "a subshell"
    assert vars(other) == {}


def test_captured_output_takes_no_update_of_another_cell() -> None:
    """A job that ends while a cell captures its output is frozen where it was displayed."""
    cells = [
        "from IPython.utils.capture import capture_output\n"
        "from jobwidgets import JobBoard, JobWidget\n"
        "from jobwidgets.demo import MissionServer, example\n"
        "server = MissionServer().start()\n"
        "def job():\n    return server.add(example(seconds=1))",
        "one = JobWidget(job())\none",
        "%%capture captured\nended = one.job.wait()",
        "two = JobBoard([job()])\ntwo",
        "with capture_output() as also:\n    two.jobs[0].wait()",
        "%%capture shown_later\nthree = JobWidget(job())\ndisplay(three)",
        "shown_later.show()\nthree.job.wait().status",
        "print(captured.outputs, also.outputs)\nserver.stop()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
    NotebookClient(notebook, timeout=60).execute()
    for number in (1, 3, 6):
        data = notebook.cells[number].outputs[0].data
        assert set(data) == {"text/html", "text/plain"}
        assert "succeeded" in data["text/plain"]
    assert notebook.cells[-1].outputs[0].text == "[] []\n"
