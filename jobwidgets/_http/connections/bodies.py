"""Reads the body of one HTTP response, decompressed, within a limit."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx

from jobwidgets.errors import BodyError

ACCEPTED = "gzip, deflate"
"""The ``Accept-Encoding`` that `read_body` can read."""

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_NO_HEADER = -zlib.MAX_WBITS
_TELLING = 2  # bytes that tell whether there is a header


async def read_body(response: httpx.Response, largest: int) -> bytes:
    """Return the body of `response`, of at most `largest` bytes decompressed.

    What httpx decompresses itself it decompresses as a whole, however large that gets.

    Raises
    ------
    BodyError
        If the body is larger, or its compression unknown, stacked or broken.
    """
    if response.is_stream_consumed:  # by a hook of the user's, or there was none
        return _checked(response.content, largest)
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > largest:
        raise _too_large(largest)
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        return await _joined(response.aiter_raw(), largest)
    if encoding in {"gzip", "x-gzip", "deflate"}:
        return await _inflated(response.aiter_raw(), largest)
    if response.status_code >= HTTPStatus.BAD_REQUEST:  # the status tells enough
        return b""
    raise BodyError(f"the answer is compressed as {encoding[:40]!r}: expected {ACCEPTED}")


async def _joined(chunks: AsyncIterator[bytes], largest: int) -> bytes:
    parts, size = [], 0
    async for chunk in chunks:
        size += len(chunk)
        if size > largest:
            raise _too_large(largest)
        parts.append(chunk)
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def _inflated(chunks: AsyncIterator[bytes], largest: int) -> bytes:
    inflater, held, parts, size = None, b"", [], 0
    async for chunk in chunks:
        held += chunk
        if len(held) < _TELLING and inflater is None:
            continue
        inflater = inflater or _inflater(held)
        try:
            part, held = inflater.decompress(held, largest - size + 1), b""
        except zlib.error as error:
            raise _broken() from error
        size += len(part)
        if size > largest:
            raise _too_large(largest)
        parts.append(part)
    if held or (inflater is not None and not inflater.eof):
        raise _broken()
    return b"".join(parts)


def _inflater(begin: bytes) -> zlib._Decompress:
    """Return what inflates gzip or zlib, or bare deflate, which some servers call deflate."""
    try:
        zlib.decompressobj(_GZIP_OR_ZLIB).decompress(begin, 1)
    except zlib.error:
        return zlib.decompressobj(_NO_HEADER)
    return zlib.decompressobj(_GZIP_OR_ZLIB)


def _checked(body: bytes, largest: int) -> bytes:
    if len(body) > largest:
        raise _too_large(largest)
    return body


def _too_large(largest: int) -> BodyError:
    return BodyError(f"the answer is larger than {largest} bytes")


def _broken() -> BodyError:
    return BodyError("the answer's compression is broken")
