"""A static form with a live view over it: two outputs, of which one is seen."""

from __future__ import annotations

# An output is a .jp-OutputArea-child in JupyterLab, Notebook 7, Voila and what nbconvert makes of a
# notebook, an .output_area by its template "classic"; its prompt is in it. A view is alive if
# its script runs and has, or had, a kernel: ipywidgets marks a model that is restored without one.
_OUTPUT = ":is(.jp-OutputArea-child,.output_area)"
_STATIC = f"{_OUTPUT}:has(.jobwidgets > style)"
_VIEW = ".jobwidgets-view"
_DEAD = ".jupyter-widgets-disconnected .jobwidgets-view:not([data-gone])"
_STYLE = (
    "<style>"
    f"{_STATIC}:has(+ {_OUTPUT} {_VIEW}):not(:has(+ {_OUTPUT} {_DEAD})),"
    f"{_STATIC} + {_OUTPUT}:not(:has({_VIEW})),"
    f"{_STATIC} + {_OUTPUT}:has({_DEAD})"
    "{display:none}"
    "</style>"
)


def over(html: str) -> str:
    """Return a static form that is hidden while the output after it shows a live view.

    That output is hidden while its view is not alive, as in a notebook that is opened without a
    kernel, or on a page that lets no script run. Where style sheets are taken out, as of an
    untrusted notebook, JupyterLab shows no view.
    """
    return html.replace(">", f">{_STYLE}", 1)  # within the root, whose tag holds no other ">"
