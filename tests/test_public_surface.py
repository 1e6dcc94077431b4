"""What is public, and that the README and the package tell the same of it."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import jobwidgets

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def table_names() -> set[str]:
    """Return what the README's table of public names has in its first column."""
    section = README.partition("## Public names")[2].partition("\n## ")[0]
    cells = (line.split("|")[1] for line in section.splitlines() if line.startswith("|"))
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def code_names() -> set[str]:
    """Return every name that the README's code takes from `jobwidgets`."""
    trees = [ast.parse(code) for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL)]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imports = (node for node in nodes if isinstance(node, ast.ImportFrom))
    return {
        alias.name for node in imports if node.module == "jobwidgets" for alias in node.names
    } | {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "jobwidgets"
    }


def test_public_names_are_few_and_sorted() -> None:
    """At most 45 names are public, errors included."""
    names = jobwidgets.__all__
    assert len(names) <= 45
    assert names == sorted(set(names))


@pytest.mark.parametrize("name", jobwidgets.__all__)
def test_public_name(name: str) -> None:
    """Every public name can be imported, and is documented where it lives."""
    thing = getattr(jobwidgets, name)
    assert inspect.isclass(thing) or inspect.isfunction(thing)
    assert thing.__doc__
    assert thing.__module__.startswith("jobwidgets.")


def test_tab_completion() -> None:
    """What is offered by tab is what is public, late imports included."""
    assert [name for name in dir(jobwidgets) if not name.startswith("_")] == jobwidgets.__all__


def test_unknown_name() -> None:
    """Any other name is no attribute, late imports or not."""
    with pytest.raises(AttributeError, match="has no attribute 'job_frames'"):
        _ = jobwidgets.job_frames


def test_readme_names_what_is_public() -> None:
    """The README's table names every public name, and no other."""
    assert table_names() == set(jobwidgets.__all__)


def test_readme_uses_what_is_public() -> None:
    """What the README's code takes from the package is public."""
    found = code_names()
    assert found
    assert found - set(jobwidgets.__all__) == set()


def test_paths_exist() -> None:
    """Every file and folder that README and CONTRIBUTING name is where they say."""
    named = re.findall(
        r"[`(]((?:jobwidgets|tests|notebooks|benchmarks)/[\w/.*]*)[`)]", README + CONTRIBUTING
    )
    assert len(named) > 10
    assert [path for path in named if not list(ROOT.glob(path.rstrip("/")))] == []


def test_layers_are_drawn() -> None:
    """The picture in CONTRIBUTING names every package and module at the top, and no other."""
    picture = CONTRIBUTING.split("```")[1]
    drawn = re.findall(r"(?:^|, )(\w+)(?:/|\.py)(?=[\s,])", picture, re.MULTILINE)
    modules = {path.stem for path in (ROOT / "jobwidgets").iterdir() if path.name[:2] != "__"}
    assert {*drawn} - {"__init__"} == modules - {"py"}
