"""Makes the pictures that are looked at before a change of the look: every state, both themes.

Run from `tests/`: ``python -m browser.screenshots FOLDER``. Each picture is one output of a
notebook in a real JupyterLab, ``<state>-<theme>.png``, and once more 320 px wide.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from browser.lab import Chromium, Lab, Notebook, chromium

NARROW = 320  # px
HEIGHT = 2400  # px; what is taller is cut off
THEMES = ("light", "dark")
START = """
import copy, time
from jobwidgets import Job, JobBoard, JobWidget
from jobwidgets.demo import EXAMPLE, MissionServer, cancelled, chatty, example, failing, verbatim
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
"""
JOBS = """[Job(server.add(script)) for script in (
    example(120), example(2), example(90), failing(2), cancelled(2), chatty(400, 60),
    example(1), example(300), failing(40), example(3))] + [Job(f"{server.jobs_url}/none")]"""
STATES = {
    "running": "shown(server.add(example(seconds=120)))",
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
    "frozen-running": "w = JobWidget(server.add(example(20)))\ntime.sleep(5)\nw.close()\nw",
    "board": f"JobBoard({JOBS})",
    "board-frozen": f"b = JobBoard({JOBS})\ntime.sleep(5)\nb.close()\nb",
}


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
        if "cancellable" in states:
            notebook.page.get_by_role("button", name="cancel job").first.click()
        for index, state in enumerate(states, 1):
            _picture(notebook, index, folder / f"{state}-{theme}.png")
        rule = f".jp-OutputArea-output {{ max-width: {NARROW}px; }}"
        notebook.page.add_style_tag(content=rule)
        notebook.page.wait_for_timeout(1000)
        for index, state in enumerate(states, 1):
            _picture(notebook, index, folder / f"{state}-{theme}-narrow.png")


def _picture(notebook: Notebook, cell: int, path: Path) -> None:
    output = notebook.page.locator(".jp-Notebook .jp-Cell").nth(cell)
    output.scroll_into_view_if_needed()
    output.locator(".jp-OutputArea-output:visible").first.screenshot(path=path)


if __name__ == "__main__":
    main()
