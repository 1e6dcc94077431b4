"""The documents of jobs to a file, which `read_documents` reads."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from jobwidgets._model.history import JobHistory
from jobwidgets.frames._documents import Reader, has_pyarrow
from jobwidgets.frames._given import Given, watched_or_document
from jobwidgets.frames._tables import JOBS, typed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXPECTED = ".ndjson, .jsonl (also with .gz) or .parquet"
_BLOCK = 20_000  # documents that are written at a time


def write(jobs: Given, path: Path, reader: Reader) -> None:
    """Write the document of each job; the file appears as a whole, or not at all."""
    name = path.name.lower()
    if name.endswith(".parquet"):
        writer = _write_parquet
    elif name.removesuffix(".gz").endswith((".ndjson", ".jsonl")):
        writer = _write_lines
    else:
        raise ValueError(f"{path}: expected a name that ends with {_EXPECTED}")
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        writer(_documents(jobs, reader), unfinished, reader)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _documents(jobs: Given, reader: Reader) -> Iterator[Mapping[str, Any]]:
    """Yield the document of each job, tokens redacted; a job without one has none to write."""
    for item, place in watched_or_document(jobs):
        if isinstance(item, JobHistory):
            if item.document:  # what a function told has none
                yield item.document
        elif (snapshot := reader.snapshot(item, place)) is not None:
            yield snapshot.document


def _write_lines(documents: Iterable[Mapping[str, Any]], file: Path, reader: Reader) -> None:
    """Write a document a line; `reader` has none to read here."""
    packed = ".gz." in file.name.lower()
    with gzip.open(file, "wb") if packed else file.open("wb") as stream:
        for document in documents:
            stream.write(as_json(document).encode() + b"\n")


def _write_parquet(documents: Iterable[Mapping[str, Any]], file: Path, reader: Reader) -> None:
    if not has_pyarrow():
        raise ModuleNotFoundError(
            "to write Parquet takes pyarrow: pip install 'jobwidgets[parquet]'"
        )
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
