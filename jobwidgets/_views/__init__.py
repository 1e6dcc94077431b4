"""The browser's code and style sheets of the views, each joined from its pieces to one text.

anywidget takes one ES module that imports nothing relative, and one style sheet. The pieces are
plain ES modules, which a test can load one by one.
"""

from __future__ import annotations

import re
from pathlib import Path

_HERE = Path(__file__).parent
_IMPORT = re.compile(r'^import \{([\w\s,$]*)\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_ODD_IMPORT = re.compile(r"^\s*import\b.*|^.*\bimport\(.*", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function |class |const )", re.MULTILINE)
_ODD_EXPORT = re.compile(r"^\s*export\b.*", re.MULTILINE)
_DECLARED = re.compile(
    r"^(?:export )?(?:async )?(?:function\*?|class|const|let|var) ([\w$]+)", re.MULTILINE
)
# Of no use to a browser: lines that are a comment from their first mark to their last, and indents.
_INDENT = re.compile(r"^[ ]+", re.MULTILINE)
_COMMENT = re.compile(r"^[ ]*(?://.*|/\*\*(?:.|\n)*?\*/)\n", re.MULTILINE)


class PieceError(Exception):
    """A piece holds what cannot be joined; only a developer meets it."""


def joined_esm(*names: str, folder: Path = _HERE) -> str:
    """Return pieces, and those that they import, as one ES module without comments and indents.

    So no piece may hold a string of several lines.

    Parameters
    ----------
    *names
        Files of `folder`. The last one's exports stay, those of the others become plain
        declarations.

    Raises
    ------
    PieceError
        For an import or an export of any other form than ``import { a, b } from "./piece.js";``
        and ``export function``, ``class`` or ``const``; for an import of what a piece does not
        export; for pieces that import each other; for a name that two pieces declare.
    """
    pieces: dict[str, str] = {}
    for name in names:
        _collect(name, folder, pieces, ())
    _check_names(pieces)
    last = pieces.pop(names[-1])
    joined = "\n".join([*(_without_exports(*piece) for piece in pieces.items()), last])
    return _INDENT.sub("", joined)


def joined_css(*names: str, folder: Path = _HERE) -> str:
    """Return style sheets one after another."""
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


def _collect(name: str, folder: Path, pieces: dict[str, str], above: tuple[str, ...]) -> None:
    """Put a piece after all that it imports."""
    if name in above:
        raise PieceError(f"{name} imports itself, by way of {' and '.join(above[1:])}")
    if name in pieces:
        return
    text = _COMMENT.sub("", (folder / name).read_text(encoding="utf-8"))
    for words, imported in _IMPORT.findall(text):
        _collect(imported, folder, pieces, (*above, name))
        wanted = {word.strip() for word in words.split(",")} - {""}
        if missing := wanted - _exported(pieces[imported]):
            raise PieceError(f"{name} imports {sorted(missing)}, which {imported} does not export")
    text = _IMPORT.sub("", text)
    if odd := _ODD_IMPORT.search(text):
        raise PieceError(f"{name}: cannot join {odd[0].strip()!r}")
    pieces[name] = text.strip() + "\n"


def _exported(text: str) -> set[str]:
    return set(re.findall(r"^export (?:async )?\w+ ([\w$]+)", text, re.MULTILINE))


def _without_exports(name: str, text: str) -> str:
    rest = _EXPORT.sub("", text)
    if odd := _ODD_EXPORT.search(rest):
        raise PieceError(f"{name}: cannot join {odd[0].strip()!r}")
    return rest


def _check_names(pieces: dict[str, str]) -> None:
    """Raise PieceError if two pieces declare one name at their top level."""
    homes: dict[str, str] = {}
    for piece, text in pieces.items():
        for name in _DECLARED.findall(text):
            if name in homes:
                raise PieceError(f"{homes[name]} and {piece} both declare {name}")
            homes[name] = piece
