"""Parquet files of job documents to blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from jobwidgets.errors import DocumentError
from jobwidgets.frames._block import Block
from jobwidgets.frames._documents import Reader, are_of_documents
from jobwidgets.frames._json import decoded_blocks
from jobwidgets.frames._mission_arrow_read import is_text

DOCUMENT = "document"
"""The column with each document as JSON text, as `write_documents` writes it."""
PARQUET_ERRORS = (pa.ArrowException, OSError)
"""What reading a file raises; a damaged page is an OSError too, one without a number."""


def table_blocks(file: Path, reader: Reader, rows: int) -> Iterator[Block]:
    """Yield the documents of one file, so many rows at a time."""
    try:
        with pq.ParquetFile(file) as table:
            yield from _blocks(table, file, reader, rows)
    except PARQUET_ERRORS as error:
        reader.fail(str(file), damage(error))


def damage(error: Exception) -> DocumentError:
    """Return the error of a damaged file; raise one of `PARQUET_ERRORS` that the system tells."""
    if isinstance(error, OSError) and error.errno is not None:  # it cannot be read at all
        raise error
    return DocumentError(f"not a Parquet file, or damaged: {error}")


def _blocks(table: pq.ParquetFile, file: Path, reader: Reader, rows: int) -> Iterator[Block]:
    names, start = table.schema_arrow.names, 1
    are_texts = DOCUMENT in names and _may_be_json(table.schema_arrow.field(DOCUMENT).type)
    if not are_texts and not are_of_documents(names):
        found = ", ".join(names[:8])
        reader.fail(str(file), DocumentError(f'expected a column "jobId", found: {found}'))
        return
    for batch in table.iter_batches(rows, columns=[DOCUMENT] if are_texts else None):
        if are_texts:
            lines = _lines(batch[DOCUMENT].to_pylist())
            block = reader.block_of_lines(lines)
            decoded = decoded_blocks(lines, f"{file}, row", start, reader)
            yield from decoded if block is None else [block]
        else:
            yield reader.block_of_table(batch.to_struct_array(), _Rows(file, start))
        start += len(batch)


def _may_be_json(kind: pa.DataType) -> bool:
    return is_text(kind) or kind in (pa.binary(), pa.large_binary())


def _lines(documents: Sequence[str | bytes | None]) -> bytes:
    """Return JSON texts, one a line: within one a line's end is white space."""
    texts = ((text.encode() if isinstance(text, str) else text or b"") for text in documents)
    return b"\n".join(text.replace(b"\n", b" ") for text in texts)


class _Rows:
    """What the rows of a file are called, from the one with the number `start` on."""

    def __init__(self, file: Path, start: int) -> None:
        self._file, self._start = file, start

    def __getitem__(self, index: int) -> str:
        return f"{self._file}, row {self._start + index}"
