"""Lines of JSON, or rows of a table, to Mission documents in pyarrow's columns.

Only documents whose every part is of the usual type are read so: pyarrow refuses others, and
`jobwidgets.frames._mission` reads them.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from jobwidgets.dialects._choice import MARKED
from jobwidgets.dialects.relatives import NOTEBOOK_MARKS
from jobwidgets.frames._mission_arrow import MissionTable, lengths

_TEXTS = {"jobId": pa.string(), "type": pa.string(), "status": pa.string()}
_TEXTS |= {"username": pa.string(), "missionId": pa.string()}
_TIMES = {"startTime": pa.int64(), "endTime": pa.int64()}
# An error body has an "error": there pyarrow takes nothing but null.
_NO_ERROR = {"error": pa.null()}
_CUSTOM = {"isCancelled": pa.bool_(), "missionId": pa.string()}
_COUNTS = {"stepsCompleted": pa.int64(), "totalSteps": pa.int64()}

_MESSAGES = {"messages": pa.list_(pa.string())}
_CODES = {"messageCodes": pa.list_(pa.int64())}
_BOTH = frozenset(["jobs", "messages"])
_PARTS = {
    _BOTH: (_TEXTS | _TIMES | _MESSAGES, _CUSTOM | _COUNTS | _CODES),
    frozenset(["jobs"]): (_TEXTS | _TIMES | _MESSAGES, _CUSTOM | _COUNTS),
    frozenset(["messages"]): ({"jobId": pa.string()} | _MESSAGES, _CODES),
}


@cache
def _schema(wanted: frozenset[str], *, may_be_others: bool) -> pa.Schema:
    """Return the parts of a document that are read, each of its usual type, in text or in a file.

    What may be of another dialect has a name that Mission has not: it is refused.
    """
    parts, custom = _PARTS[wanted]
    parts = parts | _NO_ERROR
    if may_be_others:
        parts = parts | {"type": pa.string()} | dict.fromkeys(sorted(MARKED), pa.null())
        custom = custom | dict.fromkeys(sorted(NOTEBOOK_MARKS), pa.null())
    return pa.schema(parts | {"customAttributes": pa.struct(custom)})


def from_lines(
    lines: bytes, wanted: Collection[str], *, may_be_others: bool
) -> MissionTable | None:
    """Return documents, one a line, in pyarrow's columns; None where it may not read them right.

    So it may not where one of them may be of another dialect, unless it is sure that none is.
    """
    if b"\r" in lines:
        lines = lines.replace(b"\r\n", b"\n")
    number = _number_of_objects(lines)
    if number == 0 or not _is_utf8(lines):
        return None
    schema = _schema(frozenset(wanted), may_be_others=may_be_others)
    options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    try:
        table = pj.read_json(pa.BufferReader(lines), parse_options=options)
    except pa.ArrowException:
        return None
    return _checked(table.to_struct_array().combine_chunks(), number, may_be_others)


def _number_of_objects(lines: bytes) -> int:
    """Return how many lines there are, if each looks like a JSON object; else 0.

    pyarrow ends the process at a line that is null (seen with 26.0), and takes two objects in a
    line for two documents.
    """
    letters = np.frombuffer(lines, dtype="u1")
    ends = np.flatnonzero(letters == ord("\n"))
    if len(ends) == 0 or ends[-1] != len(letters) - 1:
        ends = np.append(ends, len(letters))
    begins = np.append(0, ends[:-1] + 1)
    if (ends == begins).any():
        return 0
    are_objects = (letters[begins] == ord("{")) & (letters[ends - 1] == ord("}"))
    return len(ends) if are_objects.all() else 0


def _is_utf8(lines: bytes) -> bool:
    try:
        return lines.isascii() or bool(lines.decode())
    except UnicodeDecodeError:
        return False


def _checked(documents: pa.StructArray, number: int, may_be_others: bool) -> MissionTable | None:
    found = MissionTable(documents)
    is_whole = len(found) == number and found.has_ids
    return found if is_whole and not (may_be_others and found.has_notebooks) else None


def from_structs(documents: pa.StructArray, *, may_be_others: bool) -> MissionTable | None:
    """Return a table's documents, as they are in a file; None where `from_lines` returns it."""
    schema = _schema(_BOTH, may_be_others=may_be_others)
    try:
        return _checked(_conformed(documents, pa.struct(schema)), len(documents), may_be_others)
    except (pa.ArrowException, TypeError):
        return None


def _conformed(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Return values as the type that is wanted; TypeError if they are something else."""
    kind = values.type
    if kind == wanted or values.null_count == len(values):
        return values if kind == wanted else pa.nulls(len(values), wanted)
    if pa.types.is_struct(wanted) and pa.types.is_struct(kind):
        found = dict(zip(kind.names, values.flatten(), strict=True))
        missing = pa.nulls(len(values))
        parts = [_conformed(found.get(field.name, missing), field.type) for field in wanted]
        return pa.StructArray.from_arrays(parts, fields=list(wanted))
    if pa.types.is_list(wanted) and _is_list(kind):
        items = _conformed(values.flatten(), wanted.value_type)
        return pa.ListArray.from_arrays(_offsets(values), items)
    if pa.types.is_string(wanted) and is_text(kind):
        return values.cast(wanted)
    if pa.types.is_integer(wanted) and pa.types.is_integer(kind):
        return values.cast(wanted)
    if pa.types.is_integer(wanted) and pa.types.is_floating(kind):
        # As pandas writes integers of which some are missing; the cast refuses 1.5.
        return pc.if_else(pc.is_nan(values), None, values).cast(wanted)
    raise TypeError(f"expected {wanted}, found {kind}")


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def is_text(kind: pa.DataType) -> bool:
    """Return whether a column holds texts, of whatever kind."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return kind in (pa.string(), pa.large_string(), pa.string_view())


def _offsets(lists: pa.Array) -> pa.Array:
    """Return where each list begins among the items of all; a missing one is empty."""
    return pa.array(np.concatenate([[0], np.cumsum(lengths(lists))]), pa.int32())
