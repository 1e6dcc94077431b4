import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import httpx
import psutil
import pytest

from jobwidgets.demo import _command as command
from jobwidgets.demo import _lab as lab

REPOSITORY = Path(__file__).parents[2]
RUN = "import sys; from jobwidgets.demo._command import main; sys.exit(main())"


def arguments(process):
    """Return what a process was started with; nothing of one that has just ended."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


@pytest.fixture
def demo(tmp_path):
    """Start the command as a shell would; return its process and the two addresses it prints."""
    if os.name == "nt":
        pytest.skip("sends POSIX signals")
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(REPOSITORY)}
    environment["HTTP_PROXY"] = "http://127.0.0.1:1"  # one for the rest of the world
    command = [sys.executable, "-c", RUN, "demo", "--no-browser"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as process:
        mission_root, lab_url, rest = (process.stdout.readline() for _ in range(3))
        assert rest, f"the command ended early: {mission_root}{lab_url}"
        yield process, mission_root.split()[-1], lab_url.split()[-1]
        process.terminate()


def test_demo_until_ctrl_c(demo, tmp_path):
    """JupyterLab has the notebook and the server answers, until Ctrl-C ends all and tidies up."""
    process, mission_root, lab_url = demo
    with httpx.Client() as client:
        assert client.get(lab_url, follow_redirects=True).status_code == 200
        token = httpx.URL(lab_url).params["token"]
        contents = httpx.URL(lab_url).join("/api/contents/watch_a_job.ipynb")
        headers = {"Authorization": f"token {token}"}
        notebook = client.get(contents, headers=headers).json()["content"]
        assert client.get(f"{mission_root}/jobs", params={"f": "json"}).json() == {"asyncJobs": []}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells)
    family = psutil.Process(process.pid).children(recursive=True)
    assert not any(token in argument for child in family for argument in arguments(child))
    process.send_signal(signal.SIGINT)
    assert (process.wait(30), process.stdout.read().count("Traceback")) == (0, 0)
    assert family
    assert not any(child.is_running() for child in family)
    assert not any(path.name.startswith("jobwidgets-") for path in tmp_path.iterdir())


def test_demo_ends_with_jupyterlab(demo, tmp_path):
    """When JupyterLab is shut down from its own menu, the command ends as it did."""
    process, _, lab_url = demo
    headers = {"Authorization": f"token {httpx.URL(lab_url).params['token']}"}
    httpx.post(httpx.URL(lab_url).join("/api/shutdown"), headers=headers)
    assert process.wait(30) == 0
    assert not any(path.name.startswith("jobwidgets-") for path in tmp_path.iterdir())


def test_demo_shows_a_job_by_itself(demo):
    """Opening the printed address is all it takes: the notebook's cells run."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs Chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(demo[2])
        page.wait_for_selector(".jp-InputPrompt >> text=[1]:", timeout=60_000)
        page.wait_for_selector("text=/of 5/", timeout=60_000)
        browser.close()


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--version"], "0", "jobwidgets "),
        (["demo", "--port", "x"], "2", "found 'x'"),
        (["demo", "--port", "65536"], "2", "found '65536'"),
        (["demo", "--speed", "0"], "2", "found '0'"),
    ],
)
def test_arguments(capsys, arguments, code, text):
    """``--version`` names the package; a number that makes no sense ends the command."""
    with pytest.raises(SystemExit, match=code):
        command.main(arguments)
    assert text in "".join(capsys.readouterr())


def test_missing_extra(capsys, monkeypatch):
    """Without what the demo needs, the command says what to install."""
    monkeypatch.setattr(command, "_NEEDED", ("json", "no_such_lab"))
    assert command.main(["demo", "--no-browser"]) == 1
    error = capsys.readouterr().err
    assert "needs no_such_lab." in error
    assert "pip install 'jobwidgets[demo]'" in error


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_imports_without_extra(python, package):
    """The command is importable without the extra, and the server says what is missing."""
    code = f"import sys; sys.modules[{package!r}] = None; import jobwidgets.demo._command\n"
    _, errors = python(code + "from jobwidgets.demo import MissionServer").communicate(timeout=60)
    expected = f"{package} is not installed: python -m pip install 'jobwidgets[demo]'"
    assert errors.rstrip().endswith(f"ImportError: {expected}")


def test_taken_port(capsys):
    """A port that somebody else has ends the command with one line."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert command.main(["demo", "--no-browser", "--port", str(port)]) == 1
    assert re.match(rf"jobwidgets: port {port} of 127.0.0.1 is not free", capsys.readouterr().err)


def test_notebook_is_where_the_demo_looks():
    """The notebook of the checkout exists, and the wheel carries it to where the demo looks."""
    assert (REPOSITORY / "notebooks" / lab.NOTEBOOK).exists()
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    carried = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert carried == {f"notebooks/{lab.NOTEBOOK}": f"jobwidgets/demo/{lab.NOTEBOOK}"}
    assert Path(lab.__file__).parent == REPOSITORY / "jobwidgets" / "demo"


def test_lab_repr_hides_its_token(tmp_path):
    """JupyterLab's token shows in its address only."""
    instance = lab.Lab(tmp_path / "lab", "http://127.0.0.1:1/arcgis/rest")
    assert httpx.URL(instance.url).params["token"] not in repr(instance)
