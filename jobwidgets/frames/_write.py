"""The documents of jobs to a file, which `read_documents` reads."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from jobwidgets._model.history import JobHistory
from jobwidgets.frames._documents import Reader, need_pyarrow
from jobwidgets.frames._given import Given, watched_or_document
from jobwidgets.frames._tables import JOBS, typed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXPECTED = ".ndjson, .jsonl (also with .gz) or .parquet"
_BLOCK = 20_000  # documents that are written at a time


def write(jobs: Given, path: Path, reader: Reader) -> None:
    """Write the document of each job; the file appears as a whole, or not at all."""
    writer = _writer(path)
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        writer(_documents(jobs, reader), unfinished, reader)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _writer(path: Path) -> Callable[[Iterable[Mapping[str, Any]], Path, Reader], None]:
    """Return what writes the form that a name says."""
    name = path.name.lower()
    if name.endswith(".parquet"):
        return _write_parquet
    if name.endswith((".ndjson.gz", ".jsonl.gz")):
        return partial(_write_lines, opened=gzip.open)
    if name.endswith((".ndjson", ".jsonl")):
        return _write_lines
    raise ValueError(f"{path}: expected a name that ends with {_EXPECTED}")


def _documents(jobs: Given, reader: Reader) -> Iterator[Mapping[str, Any]]:
    """Yield the document of each job, all of one dialect, as a file's are read.

    Raises
    ------
    ValueError
        If two are of different ones.
    """
    first = None
    for document, dialect, place in _with_dialects(jobs, reader):
        first = first or (place, dialect)
        if dialect != first[1]:
            raise ValueError(
                f"{first[0]} is of {first[1]}, {place} of {dialect}: a file holds documents of one "
                "dialect; write a file for each, or all of them with write_dataset"
            )
        yield document


def _with_dialects(jobs: Given, reader: Reader) -> Iterator[tuple[Mapping[str, Any], str, str]]:
    """Yield each job's document, tokens redacted, the name of its dialect, and its place.

    A job without a document has none to write.
    """
    for item, place in watched_or_document(jobs, reader):
        document, dialect = item, None
        if isinstance(item, JobHistory):
            document, dialect = item.document, item.dialect
            if not document:  # what a function told has none
                continue
        if dialect is not None:
            yield document, dialect, place
        elif (read := reader.read(document, place)) is not None:
            yield read[0].document, read[1].name, place


def _write_lines(
    documents: Iterable[Mapping[str, Any]],
    file: Path,
    reader: Reader,
    opened: Callable[..., Any] = Path.open,
) -> None:
    """Write a document a line; `reader` has none to read here."""
    with opened(file, "wb") as stream:
        for document in documents:
            stream.write(as_json(document).encode() + b"\n")


def _write_parquet(documents: Iterable[Mapping[str, Any]], file: Path, reader: Reader) -> None:
    need_pyarrow("to write Parquet")
    import pyarrow.parquet as pq

    schema = _table([], reader).schema
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        items = iter(documents)
        while some := list(islice(items, _BLOCK)):
            writer.write_table(_table(some, reader).cast(schema))


def _table(documents: Sequence[Mapping[str, Any]], reader: Reader) -> Any:
    """Return the facts of `jobs_frame` beside each document, which is JSON text."""
    import pyarrow as pa

    facts = typed(reader.block(documents, ["a document"] * len(documents)).jobs(), JOBS)
    facts["document"] = [as_json(document) for document in documents]
    return pa.Table.from_pandas(facts.astype({"document": "str"}), preserve_index=False)


def as_json(document: Mapping[str, Any]) -> str:
    """Return a document as JSON; a time that a table made of a number becomes one again."""
    return json.dumps(document, ensure_ascii=False, default=_milliseconds)


def _milliseconds(value: object) -> object:
    if isinstance(value, datetime):
        return (value - _EPOCH) // timedelta(milliseconds=1)
    return str(value)
