from __future__ import annotations

from typing import Any

import pytest
from shells import CellShell

from jobwidgets._widgets.displays import Displays

VIEW = "application/vnd.jupyter.widget-view+json"
STATIC = {"text/html", "text/plain"}
JUPYTERLAB = {"metadata": {"cellId": "7f0a9b0e-2c1d-4c5e"}, "content": {"allow_stdin": True}}
NBCLIENT = {"metadata": {}, "content": {"allow_stdin": False}}
VS_CODE = {"metadata": {"cellId": "vscode-notebook-cell:/home/a/b.ipynb#X10s"}}
OTHER = {"metadata": {}, "content": {"allow_stdin": True}}


def form(words: str) -> dict[str, str]:
    """Return a static form."""
    return {"text/html": f'<div class="jobwidgets">{words}</div>', "text/plain": words}


def outputs(notebook: CellShell) -> list[tuple[set[str], str]]:
    """Return what each output holds by now: the MIME types and the text, in their order."""
    ids = dict.fromkeys(out["transient"]["display_id"] for out in notebook.outputs)
    held = [notebook.last_of(display_id) for display_id in ids]
    return [(set(data), data.get("text/plain", "")) for data in held]


def shown(
    notebook: CellShell, parent: dict[str, Any], *, runs: bool = True, **keywords: float
) -> Displays:
    """Display a widget in a cell that this front end runs."""
    notebook.parent = parent
    displays = Displays(lambda: runs, **keywords)
    displays.show("the model", form("first"))
    return displays


@pytest.mark.parametrize("parent", [JUPYTERLAB, NBCLIENT])
def test_two_outputs(notebook: CellShell, parent: dict[str, Any]) -> None:
    """Where outputs stand below each other an update leaves the view alone; at the end it goes."""
    displays = shown(notebook, parent)
    assert outputs(notebook) == [({VIEW}, ""), (STATIC, "first")]
    displays.note_view({"view": "v"})
    displays.update(form("news"))
    assert [out["data"].keys() for out in notebook.outputs[2:]] == [STATIC]
    assert outputs(notebook) == [({VIEW}, ""), (STATIC, "news")]
    displays.freeze(form("last"))
    assert outputs(notebook) == [(STATIC, "last"), (set(), "")]
    assert notebook.outputs[-1]["data"] == form("last")


def test_static_form_under_a_view(notebook: CellShell) -> None:
    """It is the form as it is, and a style sheet within its root."""
    shown(notebook, JUPYTERLAB)
    html = notebook.outputs[1]["data"]["text/html"]
    assert html.startswith('<div class="jobwidgets"><style>')
    assert html.endswith("</style>first</div>")


@pytest.mark.parametrize("parent", [VS_CODE, OTHER, {}])
def test_one_output(notebook: CellShell, parent: dict[str, Any]) -> None:
    """Elsewhere there is one; it is updated as long as no view has ever spoken, and at the end."""
    displays = shown(notebook, parent)
    displays.update(form("news"))
    assert outputs(notebook) == [({VIEW, *STATIC}, "news")]
    displays.note_view({"view": "v", "open": False})
    displays.update(form("more"))
    assert outputs(notebook) == [({VIEW, *STATIC}, "news")]
    displays.freeze(form("last"))
    assert outputs(notebook) == [(STATIC, "last")]
    assert "<style>" not in str(notebook.outputs)


@pytest.mark.parametrize(
    ("parent", "is_awaited"), [(JUPYTERLAB, False), (NBCLIENT, False), (VS_CODE, True)]
)
def test_view_that_an_update_would_make_anew(
    notebook: CellShell, parent: dict[str, Any], is_awaited: bool
) -> None:
    """One output is left alone for a while, for a view may come; not so one that has no view."""
    assert shown(notebook, parent).await_views is is_awaited
    assert not shown(notebook, parent, view_comes=0).await_views


@pytest.mark.parametrize(
    ("parent", "runs", "is_reached"),
    [(JUPYTERLAB, False, True), (NBCLIENT, True, True), (NBCLIENT, False, False)],
)
def test_between_two_cells(
    notebook: CellShell, parent: dict[str, Any], runs: bool, is_reached: bool
) -> None:
    """What nobody attends, as nbclient's run, takes updates only while a cell runs."""
    displays = shown(notebook, parent, runs=runs)
    assert displays.are_reached is is_reached
    displays.freeze(form("last"))
    assert not displays.are_reached
