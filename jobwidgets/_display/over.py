"""A static form with a live view over it: two outputs, of which one is seen."""

from __future__ import annotations

# An output is a .jp-OutputArea-child in JupyterLab, Notebook 7, Voila and what nbconvert makes of a
# notebook, an .output_area by its template "classic"; its prompt is in it. A view is alive if
# its script runs and has, or had, a kernel: ipywidgets marks a model that is restored without one.
# The views of a cell are alive or not together. Which of its outputs a live one belongs to is not
# asked: where others edit the notebook too, JupyterLab moves an output that is updated to the end.
_CELL = ":is(.jp-OutputArea,.output)"
_OUTPUT = ":is(.jp-OutputArea-child,.output_area)"
_FORM = "> * > .jobwidgets > style"  # a child of the output, not of one within it
_VIEW = ".jobwidgets-view"
_DEAD = ".jupyter-widgets-disconnected .jobwidgets-view:not([data-gone])"
# An output of the kind that a view comes in: JupyterLab tells the MIME type of others only.
_WIDGET = ":is(.jp-OutputArea-child:not(:has([data-mime-type])),:has(.output_widget_view))"
_STYLE = (
    "<style>"
    f"{_CELL}:has({_VIEW}):not(:has({_DEAD})) {_OUTPUT}:has({_FORM}),"
    f"{_CELL}:not(:has({_VIEW})) {_WIDGET}:has(+ {_OUTPUT} {_FORM}),"
    f"{_OUTPUT}:has({_DEAD}):has(+ {_OUTPUT} {_FORM})"
    "{display:none}"
    "</style>"
)


def over(html: str) -> str:
    """Return a static form that is hidden while its cell shows a live view.

    The view's output is the one before it. That is hidden while no view is alive, as in a notebook
    that is opened without a kernel, or on a page that lets no script run. Where style sheets are
    taken out, as of an untrusted notebook, JupyterLab shows no view.
    """
    return html.replace(">", f">{_STYLE}", 1)  # within the root, whose tag holds no other ">"
