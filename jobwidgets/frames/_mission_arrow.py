"""Mission documents in pyarrow's columns to ours, without a Python object a document.

Only documents whose every part is of the usual type are read so: pyarrow refuses others, and
`jobwidgets.frames._mission` reads them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from jobwidgets._model.packed import NONE
from jobwidgets._model.redact import redacted
from jobwidgets.dialects import _facts as facts
from jobwidgets.frames._block import Block
from jobwidgets.frames._columns import STATUS_NUMBER, Column
from jobwidgets.frames._mission import from_milliseconds, paired
from jobwidgets.frames._texts import clean_arrow

_TEXTS = {"jobId": pa.string(), "type": pa.string(), "status": pa.string()}
_TEXTS |= {"username": pa.string(), "missionId": pa.string()}
_TIMES = {"startTime": pa.int64(), "endTime": pa.int64()}
# An error body has an "error": there pyarrow takes nothing but null.
_NO_ERROR = {"error": pa.null()}
_CUSTOM = {"isCancelled": pa.bool_(), "missionId": pa.string()}
_COUNTS = {"stepsCompleted": pa.int64(), "totalSteps": pa.int64()}

_MESSAGES = {"messages": pa.list_(pa.string())}
_CODES = {"messageCodes": pa.list_(pa.int64())}
SCHEMA = pa.schema(
    {
        **(_TEXTS | _TIMES | _NO_ERROR | _MESSAGES),
        "customAttributes": pa.struct(_CUSTOM | _COUNTS | _CODES),
    }
)
"""The parts of a document that the frames read, each of its usual type, in text or in a file."""
_LINES = {
    frozenset(["jobs", "messages"]): SCHEMA,
    frozenset(["jobs"]): pa.schema(
        {
            **(_TEXTS | _TIMES | _NO_ERROR | _MESSAGES),
            "customAttributes": pa.struct(_CUSTOM | _COUNTS),
        }
    ),
    frozenset(["messages"]): pa.schema(
        {
            "jobId": pa.string(),
            **(_NO_ERROR | _MESSAGES),
            "customAttributes": pa.struct(_CODES),
        }
    ),
}


class MissionTable(Block):
    """Documents that are jobs', in pyarrow's columns of `SCHEMA`."""

    def __init__(self, documents: pa.StructArray) -> None:
        self._parts = _parts(documents)
        self._custom = _parts(self._parts["customAttributes"])

    def __len__(self) -> int:
        return len(self._parts["jobId"])

    @property
    def has_ids(self) -> bool:
        """Whether each document has a job's id."""
        ids = self._parts["jobId"]
        return bool(ids.null_count == 0 and pc.min(pc.binary_length(ids)).as_py() != 0)

    @cached_property
    def job_ids(self) -> Column:
        return clean_arrow(self._parts["jobId"])

    @property
    def raw_status(self) -> Column:
        return clean_arrow(self._parts["status"])

    @cached_property
    def status_numbers(self) -> np.ndarray:
        words = self._parts["status"].dictionary_encode("encode")
        cancelled = np.asarray(pc.fill_null(self._custom["isCancelled"], False))
        known = words.dictionary.to_pylist()
        numbers = np.array(
            [
                [STATUS_NUMBER[facts.status_of(raw, cancelled=flag)] for flag in (False, True)]
                for raw in known
            ],
            dtype="i1",
        ).reshape(-1, 2)
        return np.asarray(numbers[np.asarray(words.indices), cancelled.astype("i1")])

    @property
    def kinds(self) -> Column:
        return clean_arrow(self._parts["type"])

    @property
    def owners(self) -> Column:
        return clean_arrow(self._parts["username"])

    @property
    def mission_ids(self) -> Column:
        return clean_arrow(pc.coalesce(self._custom["missionId"], self._parts["missionId"]))

    @cached_property
    def started(self) -> np.ndarray:
        return from_milliseconds(_integers(self._parts["startTime"]))

    @cached_property
    def ended(self) -> np.ndarray:
        return from_milliseconds(_integers(self._parts["endTime"]))

    @cached_property
    def steps_done(self) -> np.ndarray:
        return _integers(self._custom["stepsCompleted"])

    @cached_property
    def steps_total(self) -> np.ndarray:
        return _integers(self._custom["totalSteps"])

    @cached_property
    def message_counts(self) -> np.ndarray:
        return _lengths(self._parts["messages"])

    @property
    def message_texts(self) -> Column:
        lines = self._parts["messages"].flatten()
        return clean_arrow(pc.fill_null(lines, "") if lines.null_count else lines)

    @property
    def message_codes(self) -> np.ndarray:
        lists = self._custom["messageCodes"]
        return paired(_integers(lists.flatten()), _lengths(lists), self.message_counts)

    @property
    def documents(self) -> Sequence[Mapping[str, Any]]:
        raise NotImplementedError

    def attribute(self, name: str) -> Sequence[Any]:
        raise NotImplementedError(name)

    def last_text(self, job: int) -> str | None:
        messages = self._parts["messages"][job]
        return (
            redacted(facts.line_of(messages[-1].as_py()))
            if messages.is_valid and len(messages)
            else None
        )


def from_lines(lines: bytes, wanted: Collection[str]) -> MissionTable | None:
    """Return documents, one a line, in pyarrow's columns; None where it may not read them right."""
    if b"\r" in lines:
        lines = lines.replace(b"\r\n", b"\n")
    number = _number_of_objects(lines)
    if number == 0 or not _is_utf8(lines):
        return None
    options = pj.ParseOptions(
        explicit_schema=_LINES[frozenset(wanted)], unexpected_field_behavior="ignore"
    )
    try:
        table = pj.read_json(pa.BufferReader(lines), parse_options=options)
    except pa.ArrowException:
        return None
    return _checked(table.to_struct_array().combine_chunks(), number)


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


def _checked(documents: pa.StructArray, number: int) -> MissionTable | None:
    found = MissionTable(documents)
    return found if len(found) == number and found.has_ids else None


def from_structs(documents: pa.StructArray) -> MissionTable | None:
    """Return a table's documents, as they are in a file; None if a part is not of its type."""
    try:
        return _checked(_conformed(documents, pa.struct(SCHEMA)), len(documents))
    except (pa.ArrowException, TypeError):
        return None


def _conformed(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Return values as the type that is wanted; TypeError if they are something else."""
    kind = values.type
    if pa.types.is_null(kind) or kind == wanted:
        return pa.nulls(len(values), wanted) if pa.types.is_null(kind) else values
    if pa.types.is_struct(wanted) and pa.types.is_struct(kind):
        found = dict(zip(kind.names, values.flatten(), strict=True))
        missing = pa.nulls(len(values))
        parts = [_conformed(found.get(field.name, missing), field.type) for field in wanted]
        return pa.StructArray.from_arrays(parts, fields=list(wanted))
    if pa.types.is_list(wanted) and _is_list(kind):
        items = _conformed(values.flatten(), wanted.value_type)
        return pa.ListArray.from_arrays(_offsets(values), items)
    if pa.types.is_string(wanted) and _is_text(kind):
        return values.cast(wanted)
    if pa.types.is_integer(wanted) and pa.types.is_integer(kind):
        return values.cast(wanted)
    if pa.types.is_integer(wanted) and pa.types.is_floating(kind):
        # As pandas writes integers of which some are missing; the cast refuses 1.5.
        return pc.if_else(pc.is_nan(values), None, values).cast(wanted)
    raise TypeError(f"expected {wanted}, found {kind}")


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _is_text(kind: pa.DataType) -> bool:
    is_words = pa.types.is_dictionary(kind) and _is_text(kind.value_type)
    return bool(is_words or pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _offsets(lists: pa.Array) -> pa.Array:
    """Return where each list begins among the items of all; a missing one is empty."""
    return pa.array(np.concatenate([[0], np.cumsum(_lengths(lists))]), pa.int32())


def _parts(structs: pa.StructArray) -> dict[str, pa.Array]:
    return dict(zip(structs.type.names, structs.flatten(), strict=True))


def _integers(numbers: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(numbers, NONE))


def _lengths(lists: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(pc.list_value_length(lists), 0)).astype("i8")
