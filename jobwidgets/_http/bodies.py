"""Reads the body of one HTTP response, decompressed, within a limit."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from jobwidgets.errors import BodyError

_GZIP = b"\x1f\x8b"  # how each member of a gzip body starts (RFC 1952)


async def read_body(chunks: AsyncIterator[bytes], encoding: str, largest: int) -> bytes:
    """Return the whole body, of at most `largest` bytes decompressed.

    BodyError if it is larger, or its compression unknown, stacked or broken. (httpx itself would
    decompress all of it, however large that gets.)
    """
    if encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        raise BodyError(f"the answer is compressed as {encoding[:40]!r}: expected gzip, deflate")
    inflater = None if encoding in {"", "identity"} else _Inflater()
    parts, sent, size = [], 0, 0
    async for chunk in chunks:
        part = chunk if inflater is None else inflater.inflate(chunk, largest - size + 1)
        sent, size = sent + len(chunk), size + len(part)
        if max(sent, size) > largest:
            raise BodyError(f"the answer is larger than {largest} bytes")
        parts.append(part)
    if inflater is not None and not inflater.is_whole:
        raise BodyError("the answer's compression is broken")
    return b"".join(parts)


class _Inflater:
    """Inflates zlib and gzip, all its members, and deflate without a header, which some send."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(32 + zlib.MAX_WBITS)  # zlib or gzip
        self._held, self._has_begun = b"", False

    @property
    def is_whole(self) -> bool:
        return self._zlib.eof or not (self._has_begun or self._held)

    def inflate(self, chunk: bytes, most: int) -> bytes:
        """Return what `chunk` adds to the body, cut after `most` bytes."""
        self._held += chunk
        part = b""
        while len(part) < most and self._can_go_on():
            part += self._next(most - len(part))
        return part

    def _can_go_on(self) -> bool:
        if self._has_begun and not self._zlib.eof:
            return bool(self._held)
        # What else than a member follows a member is padding.
        is_member = not self._zlib.eof or self._held.startswith(_GZIP)
        return is_member and len(self._held) >= len(_GZIP)

    def _next(self, most: int) -> bytes:
        if self._zlib.eof:
            self._zlib = zlib.decompressobj(16 + zlib.MAX_WBITS)  # gzip
        try:
            part = self._zlib.decompress(self._held, most)
        except zlib.error as error:
            if self._has_begun:
                raise BodyError("the answer's compression is broken") from error
            self._zlib, self._has_begun = zlib.decompressobj(-zlib.MAX_WBITS), True  # no header
            return self._next(most)
        self._held, self._has_begun = self._zlib.unused_data, True
        return part
