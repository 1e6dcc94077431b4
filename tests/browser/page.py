"""A view in a bare page, without JupyterLab: its model is a small one that Python drives."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from documents import IN_TOUCH, JOB_ID, JOB_URL, STARTED, document, snapshot
from playwright.sync_api import Browser, Locator, Page

from jobwidgets._model.history import JobHistory
from jobwidgets._model.step_times import job_steps
from jobwidgets._widgets.board import JobBoard
from jobwidgets._widgets.job import JobWidget
from jobwidgets._widgets.job_updates import Updates
from jobwidgets.dialects.mission import Mission

HERE = "http://127.0.0.1:9/"
"""A secure origin: the browser's clipboard is there. Nothing is asked for; see `answer_at`."""
INSECURE = "http://gis.example.com/"

# JupyterLab 4's own values in its two themes.
THEMES = {
    "light": {
        "--jp-ui-font-color1": "rgba(0, 0, 0, 0.87)",
        "--jp-ui-font-color2": "rgba(0, 0, 0, 0.54)",
        "--jp-layout-color0": "white",
        "--jp-layout-color2": "#eee",
        "--jp-border-color1": "#bdbdbd",
        "--jp-border-color2": "#e0e0e0",
        "--jp-content-link-color": "#1976d2",
    },
    "dark": {
        "--jp-ui-font-color1": "rgba(255, 255, 255, 0.87)",
        "--jp-ui-font-color2": "rgba(255, 255, 255, 0.54)",
        "--jp-layout-color0": "#111111",
        "--jp-layout-color2": "#424242",
        "--jp-border-color1": "#616161",
        "--jp-border-color2": "#424242",
        "--jp-content-link-color": "#64b5f6",
    },
}
# What anywidget hands to a view, and what the tests look at.
_MODEL = """
window.models = [];
window.views = [];
window.newModel = async (state) => {
  const listeners = [];
  const model = {
    sent: [], isGone: false,
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    save_changes: () => {},
    send: (content) => {
      if (model.isGone) throw new Error("Cannot send");
      model.sent.push(JSON.parse(JSON.stringify(content)));
    },
    on: (name, call) => listeners.push([name, call]),
    off: (name, call) => {
      const at = listeners.findIndex(([n, c]) => n === name && c === call);
      if (at >= 0) listeners.splice(at, 1);
    },
    trigger: (name) => { for (const [n, c] of [...listeners]) if (n === name) c(); },
    put: (name, value) => { state[name] = value; model.trigger(`change:${name}`); },
    listeners,
  };
  window.models.push(model);
  const { default: widget } = await import("/view.js");
  widget.initialize({ model });
};
window.openView = async (model, parent) => {
  const { default: widget } = await import("/view.js");
  const el = document.createElement("div");
  (parent ?? document.querySelector("main")).append(el);
  const close = widget.render({ model, el });
  window.views.push({ el, close: () => { close(); el.remove(); } });
};
"""


# How high a view or a static form is on the page.
HEIGHT = "root => root.getBoundingClientRect().height"


def show_static(page: Page, html: str) -> Locator:
    """Show a static form in place of all views; return its root."""
    page.evaluate("html => { document.querySelector('main').innerHTML = html; }", html)
    return page.locator(".jobwidgets")


class Kernel:
    """The kernel's side of a view: a job's history, and the updates that its views get."""

    def __init__(self) -> None:
        self.history = JobHistory(JOB_ID, JOB_URL)
        self.updates = Updates()
        self.contact = IN_TOUCH
        self.is_kept = False
        self.dialect: Any = Mission()
        self.seconds = -1.0
        self.now = STARTED
        """The kernel's clock."""

    def poll(self, **changes: Any) -> None:
        """Take in a document, received one second after the last one."""
        self.seconds += 1
        self.take(snapshot(document(**changes), at=self.seconds))

    def take(self, parsed: Any) -> None:
        """Take in a snapshot."""
        self.updates.note(self.history.record(parsed))

    def next(self) -> dict[str, Any] | None:
        """Return the next update as it comes out of the comm."""
        elapsed = timedelta(seconds=max(self.seconds, 0))
        update = self.updates.next(
            self.history,
            self.contact,
            elapsed,
            job_steps(self.history, self.dialect),
            self.dialect,
            is_kept=self.is_kept,
            now=self.now,
        )
        return None if update is None else dict(json.loads(json.dumps(update)))


class ViewPage:
    """One page with one model, any number of views of it, and the kernel's side."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.kernel = Kernel()

    def open(self, **changes: Any) -> Locator:
        """Poll once, if nothing is known or there are changes, and open a view; return its root."""
        if changes or self.kernel.history.latest is None:
            self.kernel.poll(**changes)
        if self.page.evaluate("() => models.length") == 0:
            self.page.evaluate("newModel", {"_update": self.kernel.next() or {}})
        self.page.evaluate("() => openView(models[0])")
        return self.root

    @property
    def root(self) -> Locator:
        """The last view."""
        return self.page.locator(".jobwidgets-job").last

    def part(self, name: str) -> Locator:
        """Return the part of the last view with this class."""
        return self.root.locator(f".jobwidgets-{name}")

    def text(self, name: str) -> str:
        """Return the text of a part, as it is seen."""
        return self.part(name).first.inner_text()

    def tell(self, **changes: Any) -> None:
        """Poll if there are changes; pass updates on until all is told."""
        if changes:
            self.kernel.poll(**changes)
        self.answer()
        while (update := self.kernel.next()) is not None:
            self.give(update)
            self.answer()

    def give(self, update: dict[str, Any]) -> None:
        """Let the model have an update."""
        self.page.evaluate("update => models[0].put('_update', update)", update)

    def answer(self) -> None:
        """Let the kernel hear what the views have sent."""
        for content in self.sent():
            self.kernel.updates.want(content.get("need"))
            if "need_steps" in content:
                self.kernel.updates.want_steps()

    def sent(self) -> list[dict[str, Any]]:
        """Return what the views have sent since the last call."""
        return list(self.page.evaluate("() => models[0].sent.splice(0)"))

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 10) -> Any:
        """Return what `condition` returns as soon as that is true."""
        end = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < end, f"not seen: {what}"
            self.page.wait_for_timeout(20)
        return value

    # The messages.

    def numbers(self) -> list[int]:
        """Return the numbers of the messages of which some part is in sight."""
        return list(
            self.page.evaluate(
                """root => {
                  const scroller = root.querySelector('.jobwidgets-scroller');
                  const head = root.querySelector('.jobwidgets-table th').getBoundingClientRect();
                  const end = scroller.getBoundingClientRect().bottom;
                  return [...root.querySelectorAll('.jobwidgets-table tbody tr')].filter((row) => {
                    const box = row.getBoundingClientRect();
                    return box.bottom > head.bottom + 1 && box.top < end - 1;
                  }).map((row) => Number(row.cells[0].textContent));
                }""",
                self.root.element_handle(),
            )
        )

    def pasted(self) -> str:
        """Return what is on the clipboard."""
        area = "<textarea id=paste></textarea>"
        self.page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", area)
        self.page.locator("#paste").focus()
        self.page.keyboard.press("Control+V")
        text = self.page.locator("#paste").input_value()
        self.page.evaluate("() => document.querySelector('#paste').remove()")
        return text

    def scroll(self, top: float) -> None:
        """Scroll the messages to this offset; a negative one counts from the end."""
        self.part("scroller").evaluate(
            "(s, top) => new Promise((done) => {"
            " s.scrollTop = top < 0 ? s.scrollHeight + top : top;"
            " requestAnimationFrame(() => requestAnimationFrame(done)); })",
            top,
        )


@contextmanager
def view_page(engine: Browser, **options: Any) -> Iterator[ViewPage]:
    """Open a page for views of a job; see `bare_page`."""
    with bare_page(engine, JobWidget, **options) as page:
        yield ViewPage(page)


@contextmanager
def bare_page(
    engine: Browser,
    widget: type[JobWidget | JobBoard],
    *,
    theme: str = "light",
    width: int = 800,
    origin: str = HERE,
    **options: Any,
) -> Iterator[Page]:
    """Open a page with the code of a widget's views and nothing else; no script may fail."""
    context = engine.new_context(viewport={"width": width, "height": 700}, **options)
    problems: list[str] = []
    try:
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        context.route("**/*", lambda route: route.fulfill(**answer_at(widget, route.request.url)))
        page.goto(origin)
        wear(page, theme)
        yield page
        assert problems == []
    finally:
        context.close()


def wear(page: Page, theme: str) -> None:
    """Give the page one of JupyterLab's themes."""
    page.evaluate(
        "values => { for (const [name, value] of Object.entries(values))"
        " document.documentElement.style.setProperty(name, value); }",
        THEMES[theme],
    )


def answer_at(widget: type[JobWidget | JobBoard], url: str) -> dict[str, Any]:
    """Return what is answered at a URL: the code of a widget's views, or the page around them."""
    if url.endswith("/view.js"):
        return {"body": widget._esm, "content_type": "text/javascript; charset=utf-8"}
    body = (
        "<!doctype html><html style='background:var(--jp-layout-color0)'>"
        f"<meta charset=utf-8><style>{widget._css}</style><script>{_MODEL}</script>"
        "<body style='margin:8px'><main></main></body></html>"
    )
    return {"body": body, "content_type": "text/html; charset=utf-8"}
