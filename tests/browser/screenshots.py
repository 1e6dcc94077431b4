"""Makes the pictures that are looked at before a change of the look: every state, both themes.

Run from `tests/`: ``python -m browser.screenshots FOLDER``. Each picture is one output of a
notebook in a real JupyterLab, ``<state>-<theme>.png``, and once more 320 px wide.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import Locator

from browser.lab import Chromium, Lab, Notebook, chromium

NARROW = 320  # px
HEIGHT = 2400  # px; what is taller is cut off
THEMES = ("light", "dark")
START = """
import copy, time
from jobwidgets import Job, JobBoard, JobWidget
from jobwidgets.demo import (
    EXAMPLE, MissionServer, Script, cancelled, chatty, example, failing, verbatim)
from jobwidgets.dialects.mission import Mission
server, closed = MissionServer().start(), MissionServer(require_token=True).start()

def said(*messages, status="COMPLETED", steps=5):
    document = copy.deepcopy(EXAMPLE) | {"messages": list(messages), "status": status}
    document["jobId"] = f"j{steps}{len(str(messages)):07}-983a-48e2-a51c-5066966160f0"
    document["startTime"] = round(1000 * time.time()) - 2000
    document["endTime"] = document["startTime"] + 1500 if status == "COMPLETED" else None
    attributes = {"messageCodes": [1500] * len(messages), "stepsCompleted": steps}
    document["customAttributes"] |= attributes
    return server.add(verbatim(document))

def shown(url, **keywords):
    return JobWidget(url, freeze=False, **keywords)

class FortySteps(Mission):
    steps = {code: (f"layer {code // 2 + 1}", ("begin", "end")[code % 2]) for code in range(80)}

def forty(seconds):
    # Each step begins before the one before it ends.
    codes = [0, *(code for n in range(39) for code in (2 * n + 2, 2 * n + 1)), 79]
    last = copy.deepcopy(EXAMPLE) | {"messages": [f"Message {code}." for code in codes]}
    last["customAttributes"] |= {"messageCodes": codes, "stepsCompleted": 40, "totalSteps": 40}
    times = tuple(seconds * (n + 1) / 80 for n in range(80))
    job = server.add(Script(last, seconds, times, times[2::2] + times[-1:]))
    return Job(job, dialect=FortySteps(), poll_interval=0.5)

def after(seconds, widget):
    time.sleep(seconds)
    return widget
"""
JOBS = """[Job(server.add(script)) for script in (
    example(120), example(2), example(90), failing(2), cancelled(2), chatty(400, 60),
    example(1), example(300), failing(40), example(3))] + [Job(f"{server.jobs_url}/none")]"""
STATES = {
    "running": "shown(server.add(example(seconds=120)))",
    "steps-running": "shown(server.add(example(seconds=45)))",
    "steps-ended": "shown(server.add(example(seconds=4)))",
    "steps-failed": "shown(server.add(failing(seconds=4)))",
    "steps-several-failed": "shown(server.add(failing(seconds=4, step=2)))",
    "steps-40": "shown(forty(seconds=15))",
    "steps-last-known": "w = after(5, shown(server.add(example(seconds=12))))\nw.job.stop()\nw",
    "succeeded": "shown(server.add(example(seconds=1)))",
    "failed": "shown(server.add(failing(seconds=1)))",
    "cancelled": "shown(server.add(cancelled(seconds=1)))",
    "unknown-status": "shown(said('Waiting for an operator.', status='PAUSED', steps=1))",
    "no-message": "shown(said(status='QUEUED', steps=0))",
    "one-message": "shown(said('Started mission creation.', status='PROCESSING', steps=0))",
    "long-message": "shown(said('A long one. ' * 170, 'Right after it.'))",
    "right-to-left": "shown(said('بدأ إنشاء المهمة (42).', 'Started.', 'יצירת המשימה החלה'))",
    "ten-thousand-messages": "shown(server.add(chatty(10_000, seconds=2)))",
    "no-contact": "shown('http://127.0.0.1:9/arcgis/rest/jobs/j1')",
    "token-wanted": "shown(closed.add(example(seconds=60)))",
    "no-such-job": "shown(f'{server.jobs_url}/none')",
    "stopped": "w = shown(server.add(example(60)))\nw.job.refresh().stop()\nw",
    "cancellable": (
        'told = {"status": "running", "messages": ["Started.", "Half."], "started": time.time()}\n'
        'JobWidget(Job.from_function(told.copy, id="night run", cancel=dict), freeze=False)'
    ),
    "cancelling": (
        'told = {"status": "running", "progress": 0.4, "started": time.time()}\n'
        'job = Job.from_function(told.copy, id="night run", cancel=dict).cancel()\n'
        "JobWidget(job, freeze=False)"
    ),
    "told-steps": (
        'told = {"jobid": "j1", "status": "EXECUTING", "starttime": round(1000 * time.time()),'
        ' "stepInfo": ["Stopping the service", "Saving edits", "Starting the service"]}\n'
        'job = Job.from_function(lambda: dict(told), id="j1", dialect="admin")\n'
        'for told["currentstep"] in (0, 1, 2):\n    job.refresh(), time.sleep(2)\n'
        "JobWidget(job, freeze=False)"
    ),
    "frozen": "JobWidget(server.add(example(seconds=1)))",
    "frozen-failed": "JobWidget(server.add(failing(seconds=1)))",
    "frozen-running": "w = after(5, JobWidget(server.add(example(12))))\nw.close()\nw",
    "frozen-steps-40": "w = JobWidget(forty(seconds=2))\nw.wait()\nw",
    "board": f"JobBoard({JOBS})",
    "board-unfolded": f"JobBoard({JOBS})",
    "board-unfolded-failed": f"JobBoard(({JOBS})[3:])",
    "board-frozen": f"b = JobBoard({JOBS})\ntime.sleep(5)\nb.close()\nb",
    "board-frozen-unfolded": f"b = JobBoard({JOBS})\ntime.sleep(5)\nb.close()\nb",
}
CLICKS = {
    "cancellable": "text=cancel job",
    "board-unfolded": ".jobwidgets-fold >> nth=2",
    "board-unfolded-failed": ".jobwidgets-fold >> nth=0",
    "board-frozen-unfolded": "summary >> nth=0",
}
"""What is clicked before the picture is taken, in the output of the state."""


def main() -> None:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m browser.screenshots")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--only", nargs="*", default=list(STATES), choices=STATES, help="states")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        lab = Lab(Path(temporary))
        try:
            lab.wait_until_up()
            with chromium(lab) as browser:
                for theme in THEMES:
                    _pictures(browser, theme, arguments.only, arguments.folder)
        finally:
            lab.stop()


def _pictures(browser: Chromium, theme: str, states: list[str], folder: Path) -> None:
    cells = [START, *(STATES[state] for state in states)]
    with browser.notebook(cells, name=f"states-{theme}.ipynb", theme=theme) as notebook:
        notebook.page.set_viewport_size({"width": 1200, "height": HEIGHT})
        notebook.run(*range(len(cells)))
        notebook.page.wait_for_timeout(6000)
        for index, state in enumerate(states, 1):
            if state in CLICKS:
                _output(notebook, index).locator(CLICKS[state]).click()
        notebook.page.wait_for_timeout(1000)
        for index, state in enumerate(states, 1):
            _picture(notebook, index, folder / f"{state}-{theme}.png")
        rule = f".jp-OutputArea-output {{ max-width: {NARROW}px; }}"
        notebook.page.add_style_tag(content=rule)
        notebook.page.wait_for_timeout(1000)
        for index, state in enumerate(states, 1):
            _picture(notebook, index, folder / f"{state}-{theme}-narrow.png")


def _picture(notebook: Notebook, cell: int, path: Path) -> None:
    _output(notebook, cell).screenshot(path=path)


def _output(notebook: Notebook, cell: int) -> Locator:
    node = notebook.page.locator(".jp-Notebook .jp-Cell").nth(cell)
    node.scroll_into_view_if_needed()  # JupyterLab renders no output that is out of sight
    return node.locator(".jp-OutputArea-output:visible").first


if __name__ == "__main__":
    main()
