"""JSON texts to blocks: a document a line, or one array."""

from __future__ import annotations

import codecs
import json
import re
import zlib
from collections.abc import Iterator
from io import BufferedIOBase, BytesIO
from itertools import chain, islice
from typing import Any

from jobwidgets.errors import DocumentError
from jobwidgets.frames._block import Block
from jobwidgets.frames._documents import Reader

_PIECE = 2**24  # bytes that make one or more blocks
_PART = 2**16  # bytes that are read at a time
_LONGEST = 2**26  # characters of one document of an array: more is taken for broken JSON
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # its byte order marks
# What reading a compressed file raises that is cut or damaged.
_DAMAGED = (EOFError, zlib.error, OSError)
_decoder = json.JSONDecoder()
_scan = _decoder.scan_once  # type: ignore[attr-defined]  # public, but not in typeshed
_BETWEEN = re.compile(r"[\s,]*")
# Documents that make a block: one part after another while they are in the processor's cache.
_MANY = 2_000


def line_blocks(stream: BufferedIOBase, file: str, reader: Reader) -> Iterator[Block]:
    """Yield the documents of a text with one a line."""
    line = 1
    for piece in _pieces(_parts(stream, file, reader), b"\n"):
        block = reader.block_of_lines(piece)
        if block is None:
            yield from decoded_blocks(piece, f"{file}, line", line, reader)
        else:
            yield block
        line += piece.count(b"\n") if block is None else len(block)


def _pieces(parts: Iterator[bytes], end: bytes = b"") -> Iterator[bytes]:
    """Yield what some parts hold, many at a time, each piece up to the last `end` in it."""
    waiting: list[bytes] = []
    length = 0
    for part in parts:
        waiting.append(part)
        length += len(part)
        if length >= _PIECE and (cut := part.rfind(end) + len(end)):
            waiting[-1] = part[:cut]
            yield b"".join(waiting)
            waiting, length = [part[cut:]], len(part) - cut
    if length:
        yield b"".join(waiting)


def _parts(stream: BufferedIOBase, file: str, reader: Reader) -> Iterator[bytes]:
    """Yield what a file holds, without a byte order mark; tell where it is damaged.

    Each part is what one read gives: where a compressed file is damaged, all before is there.
    """
    length = 0
    try:
        while part := stream.read1(_PART):
            if not length and part.startswith(_UTF_16):
                reader.fail(file, DocumentError("the text is in UTF-16, expected UTF-8"))
                return
            yield part if length else part.removeprefix(_BOM)
            length += len(part)
    except _DAMAGED as error:
        text = f"damaged, or cut off, after {length:,} bytes of text: {error}"
        reader.fail(file, DocumentError(text))


def decoded_blocks(lines: bytes, name: str, first: int, reader: Reader) -> Iterator[Block]:
    """Yield the documents of lines, decoded by json, each called `name` and its number.

    Parameters
    ----------
    first
        The number of the first line.
    """
    numbered = enumerate(BytesIO(lines), start=first)
    while some := list(islice(numbered, _MANY)):
        yield _of_decoded_lines(some, name, reader)


def _of_decoded_lines(lines: list[tuple[int, bytes]], name: str, reader: Reader) -> Block:
    """Return the block of some lines."""
    documents = _decoded_at_once([line for _, line in lines])
    if documents is not None:
        return reader.block(documents, [f"{name} {number}" for number, _ in lines])
    documents, places = [], []
    for number, line in lines:
        place = f"{name} {number}"
        try:
            document = _document(line)
        except DocumentError as error:
            reader.fail(place, error)
            continue
        if document is not None:
            documents.append(document)
            places.append(place)
    return reader.block(documents, places)


def _decoded_at_once(lines: list[bytes]) -> list[dict[str, Any]] | None:
    """Return the document of each line, decoded as one array: in three quarters of the time.

    None where one of them takes a look by itself.
    """
    if not all(line.startswith(b"{") for line in lines):
        return None
    try:
        documents = json.loads((b"[" + b",".join(lines) + b"]").decode())
    except (ValueError, RecursionError):
        return None
    return documents if len(documents) == len(lines) else None


def _document(line: bytes) -> dict[str, Any] | None:
    """Return the document of a line; None of an empty one."""
    try:
        text = line.decode().strip()
        if not text:
            return None
        document, end = _scan(text, 0)
    except (ValueError, StopIteration, RecursionError) as error:
        raise DocumentError(f"not a line of JSON in UTF-8: {_reason(error)}") from error
    if end != len(text):
        raise DocumentError(f"more than one JSON value in a line, the second at character {end}")
    return _checked(document)


def _reason(error: Exception) -> str:
    return "no value" if isinstance(error, StopIteration) else str(error)


def _checked(document: object) -> dict[str, Any]:
    if not isinstance(document, dict):
        kind = "null" if document is None else f"a {type(document).__name__}"
        raise DocumentError(f"expected a job document, found {kind}")
    return document


def array_blocks(stream: BufferedIOBase, file: str, reader: Reader) -> Iterator[Block]:
    """Yield the documents of one JSON array, or of JSON objects one after another."""
    documents: list[dict[str, Any]] = []
    places: list[str] = []
    pieces = _pieces(_parts(stream, file, reader))
    for value, line in _values(pieces, file, reader):
        place = f"{file}, line {line}"
        try:
            documents.append(_checked(value))
            places.append(place)
        except DocumentError as error:
            reader.fail(place, error)
        if len(documents) == _MANY:
            yield reader.block(documents, places)
            documents, places = [], []
    yield reader.block(documents, places)


def _values(pieces: Iterator[bytes], file: str, reader: Reader) -> Iterator[tuple[object, int]]:
    """Yield each value of a JSON array, or of a text of values, and the line that it begins in."""
    decode = codecs.getincrementaldecoder("utf-8")("backslashreplace").decode
    text, line, is_open = "", 1, False
    for piece in chain(pieces, [b""]):
        text, place = text + decode(piece, not piece), 0
        while (start := _between(text, place)) < len(text):
            line += text.count("\n", place, start)
            place = start
            if text[place] in "[]" and is_open is (text[place] == "]"):
                is_open, place = not is_open, place + 1
                continue
            try:
                value, end = _decoder.raw_decode(text, place)
            except (ValueError, RecursionError) as error:
                if not piece or len(text) - place > _LONGEST:
                    reader.fail(*_told(error, file, line))
                    return
                break  # its rest is in the next piece
            yield value, line
            line += text.count("\n", place, end)
            place = end
        text = text[place:]
    if is_open:
        reader.fail(file, DocumentError("the array has no end: the file is cut off"))


def _told(error: Exception, file: str, line: int) -> tuple[str, DocumentError]:
    """Return the line of an error in a value that begins in `line`, and what it says."""
    reason = str(error)
    if isinstance(error, json.JSONDecodeError):  # whose text counts from where the value begins
        line, reason = line + error.lineno - 1, error.msg
    return f"{file}, line {line}", DocumentError(f"not JSON in UTF-8: {reason}")


def _between(text: str, place: int) -> int:
    found = _BETWEEN.match(text, place)
    return found.end() if found else place
