import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable

import pytest

from jobwidgets._http.bodies import read_body
from jobwidgets.errors import BodyError

WORDS = b"words, words, words" * 100


def read(body: bytes, encoding: str = "", largest: int = 10_000, size: int = 7) -> bytes:
    """Return what comes of a body that is sent in small pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    return asyncio.run(read_body(pieces(), encoding, largest))


def bare(body: bytes) -> bytes:
    """Return `body` deflated without a header, as some servers do it."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize("encoding", ["", "identity"])
def test_plain(encoding: str) -> None:
    """What is not compressed comes out as it is."""
    assert read(WORDS, encoding) == WORDS


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(WORDS[:9]) + gzip.compress(b"") + gzip.compress(WORDS[9:]), "gzip"),
        (gzip.compress(WORDS) + bytes(9), "gzip"),
        (gzip.compress(WORDS), "gzip"),
        (gzip.compress(WORDS), "x-gzip"),
        (zlib.compress(WORDS), "deflate"),
        (bare(WORDS), "deflate"),
    ],
)
def test_compressed(body: bytes, encoding: str) -> None:
    """A body comes out as it was before the server compressed it."""
    assert read(body, encoding) == WORDS


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate"])
def test_empty(encoding: str) -> None:
    """An empty body is one, whatever it is said to be compressed with."""
    assert read(b"", encoding) == b""


@pytest.mark.parametrize("body", [b"no gzip at all", gzip.compress(WORDS)[:-9], bare(WORDS)[:-1]])
def test_broken(body: bytes) -> None:
    """What is not compressed as told, or not whole, is an error."""
    with pytest.raises(BodyError, match="compression is broken"):
        read(body, "gzip")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "pigeon"])
def test_unknown(encoding: str) -> None:
    """A compression that was not asked for, and one upon another, are refused by name."""
    with pytest.raises(BodyError, match=f"compressed as '{encoding}': expected gzip, deflate"):
        read(WORDS, encoding)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_limit(pack: type[bytes]) -> None:
    """A body of the largest size is read, one byte more is refused."""
    encoding = "" if pack is bytes else "gzip"
    assert len(read(pack(WORDS), encoding, len(WORDS))) == len(WORDS)
    with pytest.raises(BodyError, match=f"larger than {len(WORDS) - 1} bytes"):
        read(pack(WORDS), encoding, len(WORDS) - 1)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, bare])
def test_drip(pack: Callable[[bytes], bytes], size: int) -> None:
    """A body is the same in however small pieces it comes."""
    assert read(pack(WORDS), "deflate", size=size) == WORDS


def test_single_byte() -> None:
    """A single byte is no compressed body."""
    with pytest.raises(BodyError, match="compression is broken"):
        read(b"x", "gzip")
