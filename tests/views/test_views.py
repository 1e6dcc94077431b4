from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobwidgets._views import PieceError, joined_css, joined_esm
from jobwidgets._widgets.board import JobBoard
from jobwidgets._widgets.job import JobWidget

PIECES = {
    "parts.js": "// Parts.\nexport const ONE = 1;\n\nexport function two() {\n  return 2;\n}\n",
    "middle.js": 'import { two } from "./parts.js";\n\n'
    "export class Middle {}\nconst own = two();\n",
    "main.js": 'import { ONE } from "./parts.js";\nimport {\n  Middle,\n} from "./middle.js";\n\n'
    "/** Draw. */\nexport function draw() {}\nexport default { ONE, Middle };\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of pieces."""
    write(tmp_path, **{name.removesuffix(".js"): text for name, text in PIECES.items()})
    return tmp_path


def write(folder: Path, **pieces: str) -> None:
    """Write pieces into a folder."""
    for name, text in pieces.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")


def test_pieces_become_one_module(folder: Path) -> None:
    """Each piece comes once, without indents, after what it imports; the last's exports stay."""
    assert joined_esm("main.js", folder=folder) == (
        "const ONE = 1;\n\nfunction two() {\nreturn 2;\n}\n\n"
        "class Middle {}\nconst own = two();\n\n"
        "export function draw() {}\nexport default { ONE, Middle };\n"
    )


def test_pieces_named_twice_come_once(folder: Path) -> None:
    """Naming pieces that are imported anyway changes nothing."""
    all_named = joined_esm("parts.js", "middle.js", "main.js", folder=folder)
    assert all_named == joined_esm("main.js", folder=folder)


def test_comments_within_code_stay(folder: Path) -> None:
    """Only whole lines of comment are left out: marks within a text are no comment."""
    text = 'export const URL = "http://x/*y*/"; // why\n  // gone\nexport const B = `/**`;\n'
    write(folder, main=text)
    assert joined_esm("main.js", folder=folder) == (
        'export const URL = "http://x/*y*/"; // why\nexport const B = `/**`;\n'
    )


@pytest.mark.parametrize(
    "line",
    [
        'import * as parts from "./parts.js";',
        'import parts from "./parts.js";',
        'import "./parts.js";',
        'import { ONE } from "https://example.com/one.js";',
        'import { ONE } from "../parts.js";',
        'const late = await import("./parts.js");',
    ],
)
def test_other_imports_are_refused(folder: Path, line: str) -> None:
    """An import that cannot be taken out is an error that quotes it."""
    write(folder, main=f"{line}\n")
    with pytest.raises(PieceError, match=re.escape(f"main.js: cannot join {line!r}")):
        joined_esm("main.js", folder=folder)


@pytest.mark.parametrize(
    "line",
    ["export default {};", "export { own };", 'export * from "./parts.js";', "export let a;"],
)
def test_other_exports_are_refused(folder: Path, line: str) -> None:
    """So is an export of a piece that is not the last."""
    write(folder, middle=f"const own = 1;\nexport class Middle {{}}\n{line}\n")
    with pytest.raises(PieceError, match=re.escape(f"middle.js: cannot join {line!r}")):
        joined_esm("main.js", folder=folder)


def test_missing_names_are_refused(folder: Path) -> None:
    """An import of what is not exported is found here, not in the browser."""
    write(folder, main='import { ONE, three } from "./parts.js";\n')
    with pytest.raises(PieceError, match=r"main\.js imports \['three'\], which parts\.js does not"):
        joined_esm("main.js", folder=folder)


def test_same_name_twice_is_refused(folder: Path) -> None:
    """Two pieces cannot declare one name."""
    write(folder, middle="export class Middle {}\nconst ONE = 3;\n")
    with pytest.raises(PieceError, match=r"parts\.js and middle\.js both declare ONE"):
        joined_esm("main.js", folder=folder)


def test_circles_are_refused(folder: Path) -> None:
    """Pieces that import each other have no order."""
    write(folder, parts='import { Middle } from "./middle.js";\nexport const ONE = 1;\n')
    with pytest.raises(PieceError, match="imports itself, by way of"):
        joined_esm("main.js", folder=folder)


def test_style_sheets_follow_one_another(tmp_path: Path) -> None:
    """They are joined in the order in which they are named."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.css").write_text(f"{name} {{}}\n", encoding="utf-8")
    assert joined_css("b.css", "a.css", folder=tmp_path) == "b {}\n\na {}\n"


def test_view_of_a_job_is_small() -> None:
    """The code that is sent with each widget stays below 55 kB, its style sheet below 26 kB."""
    assert len(JobWidget._esm.encode()) < 55_000
    assert len(JobWidget._css.encode()) < 26_000
    assert JobWidget._esm.count("export ") == 1


def test_view_of_a_board_is_that_and_a_table() -> None:
    """A board's code holds a job's steps and messages too: it stays below 80 kB; styles 26 kB."""
    assert len(JobBoard._esm.encode()) < 80_000
    assert len(JobBoard._css.encode()) < 26_000
    assert JobBoard._esm.count("export ") == 1
