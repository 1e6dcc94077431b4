"""Files of job documents to blocks: read a piece at a time, whatever their form."""

from __future__ import annotations

import gc
import gzip
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, Protocol

from jobwidgets._model.redact import redacted
from jobwidgets._visible import clipped
from jobwidgets.frames._block import Block
from jobwidgets.frames._dataset import is_dataset, is_folder
from jobwidgets.frames._documents import Reader, need_pyarrow
from jobwidgets.frames._json import array_blocks, line_blocks

_LINES = (".ndjson", ".jsonl")
_ENDINGS = (*_LINES, ".json", ".parquet")
_PACKED = (".gz", ".zst")
_EXPECTED = ".ndjson, .jsonl, .json (also .gz, .zst) or .parquet"
_LONGEST = 200  # characters of a path that an error quotes
_ROWS = 20_000  # of a Parquet file at a time
_DELAY = 2  # seconds without a bar, where tqdm's own variable says nothing else


class Progress(Protocol):
    """A bar that is told of bytes."""

    def update(self, n: int, /) -> object: ...

    def close(self) -> object: ...


def is_path(thing: object) -> bool:
    """Return whether `thing` names a file or folder; a text is a path, never JSON."""
    return isinstance(thing, str | PathLike)


@contextmanager
def without_collection() -> Iterator[None]:
    """Put off the search for garbage while files are read.

    It would look through all the documents of a piece, which takes as long as to decode them; they
    are gone before it is taken up again.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def file_blocks(paths: Sequence[Any], reader: Reader) -> Iterator[Block]:
    """Yield the documents of files and folders, in the order given."""
    files = [file for path in paths for file in _files(_path(path))]
    with closing(_bar(sum(file.stat().st_size for file in files), reader.progress)) as bar:
        for file in files:
            reader.in_file()
            yield from _blocks(file, reader, bar)
    reader.in_file(is_in_file=False)


def _path(path: str | PathLike[str]) -> Path:
    if not str(path):
        raise ValueError("expected a path, found an empty text")
    return Path(path)


def _files(path: Path) -> list[Path]:
    """Return the files of a path: of a folder all that can be read, sorted by name."""
    if not is_folder(path):
        if _ending(path) not in _ENDINGS:
            found = clipped(redacted(str(path)), _LONGEST)  # it may be a URL, or JSON
            absent = "" if os.path.exists(path) else ", which is not there"  # noqa: PTH110 - see is_folder
            raise ValueError(
                f"expected a folder or a file that ends with {_EXPECTED}; found {found!r}{absent}"
            )
        return [path]
    if is_dataset(path):
        raise ValueError(
            f"{path}: a dataset is given to the frames, which read what they need of it"
        )
    inside = (file.relative_to(path) for file in sorted(path.rglob("*")))
    named = [path / file for file in inside if _ending(file) in _ENDINGS and not _is_hidden(file)]
    files = [file for file in named if not file.is_dir()]
    if not files:
        raise FileNotFoundError(f"{path}: no file in this folder ends with {_EXPECTED}")
    return files


def _is_hidden(file: Path) -> bool:
    return any(part.startswith((".", "_")) for part in file.parts)


def _ending(file: Path) -> str:
    """Return what a file's name ends with, without that of its compression."""
    packed = file.suffix.lower() in _PACKED
    return (Path(file.stem) if packed else file).suffix.lower()


def _blocks(file: Path, reader: Reader, bar: Progress) -> Iterator[Block]:
    if _ending(file) == ".parquet":
        yield from _parquet_blocks(file, reader)
        bar.update(file.stat().st_size)
        return
    read = line_blocks if _ending(file) in _LINES else array_blocks
    with file.open("rb") as raw, _decompressed(raw, file) as stream:
        read_so_far = 0
        for block in read(stream, str(file), reader):
            yield block
            bar.update(raw.tell() - read_so_far)
            read_so_far = raw.tell()


@contextmanager
def _decompressed(raw: io.BufferedReader, file: Path) -> Iterator[io.BufferedIOBase]:
    """Return what an open file holds, decompressed as its name says."""
    packed = file.suffix.lower()
    if packed == ".gz":
        with gzip.open(raw) as stream:
            yield stream
    elif packed == ".zst":
        need_pyarrow(f"{file}: to read it")
        import pyarrow as pa

        with pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd") as stream:
            yield io.BufferedReader(stream)
    else:
        yield raw


def _parquet_blocks(file: Path, reader: Reader) -> Iterator[Block]:
    need_pyarrow(f"{file}: to read it")
    from jobwidgets.frames._parquet import table_blocks

    return table_blocks(file, reader, _ROWS)


class _NoBar:
    def update(self, n: int, /) -> None:
        pass

    def close(self) -> None:
        pass


def _bar(total: int, progress: bool) -> Progress:
    """Return a bar that shows itself after a while, where tqdm is installed."""
    if not progress:
        return _NoBar()
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _NoBar()
    delay = float(os.environ.get("TQDM_DELAY", _DELAY))
    # disable=None: not where standard error is a file.
    bar: Progress = tqdm(
        total=total,
        unit="B",
        unit_scale=True,
        desc="Reading",
        delay=delay,
        leave=False,
        disable=None,
    )
    return bar
