"""Texts as columns of `str`, any token in them redacted."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from jobwidgets._model.redact import may_need_redaction, redacted_texts
from jobwidgets.frames._columns import Column

_UPPER = 0xDF  # what an ASCII letter and its upper case have in common
_LOOK = 2**18  # bytes at a time: what fits into a processor's cache


@cache
def memory() -> Any:
    """Return where pyarrow gets memory for a block of jobs.

    Its default, mimalloc, gives it back after each block: to get it anew took as long as all else.
    """
    import pyarrow as pa

    return pa.system_memory_pool()


def texts(values: Sequence[str | None]) -> Column:
    """Return a column of `str`, in which None is missing, of texts that hold no token."""
    if _is_arrow():
        import pyarrow as pa

        return from_arrow(pa.array(values, pa.large_string(), memory_pool=memory()))
    dtype = pd.StringDtype(na_value=np.nan)
    return pd.array(np.array(values, dtype=object), dtype=dtype)


def no_texts(number: int) -> Column:
    """Return a column of `str` in which all is missing."""
    if not _is_arrow():
        return texts([None]).take(np.zeros(number, dtype="i8"))
    import pyarrow as pa

    some = _nothing()
    return from_arrow(
        pa.chunked_array([some] * (number // len(some)) + [some[: number % len(some)]])
    )


@cache
def _nothing() -> Any:
    """Return missing texts, which all columns without any share: they cannot be written to."""
    import pyarrow as pa

    return pa.nulls(_LOOK, pa.large_string())


def taken(words: Column, places: np.ndarray) -> Column:
    """Return the texts at some places of a column of `str`, of which there may be millions."""
    if not _is_arrow():
        return words.take(places)
    import pyarrow as pa
    import pyarrow.compute as pc

    return from_arrow(pc.take(pa.array(words), pa.array(places), memory_pool=memory()))


def clean_texts(values: list[str | None]) -> Column:
    """Return a column of `str`, in which None is missing, each text redacted."""
    with suppress(UnicodeEncodeError):  # a lone surrogate
        if _is_arrow():
            import pyarrow as pa

            return clean_arrow(pa.array(values, pa.large_string(), memory_pool=memory()))
        if not _has_ke(np.frombuffer("".join(filter(None, values)).encode(), dtype="u1")):
            return texts(values)
    return texts(redacted_texts(values))


def clean_items(lists: Sequence[Sequence[str]]) -> Column:
    """Return a column of `str` of the texts in lists, one list after another, each redacted.

    TypeError or ValueError if an item is no text, or none that UTF-8 can hold.
    """
    if not _is_arrow():
        items = list(chain.from_iterable(lists))
        "".join(items).encode()  # refuses both in a quarter of the time of a look at each
        return clean_texts(items)  # type: ignore[arg-type]  # a list of texts is one of texts or None
    import pyarrow as pa

    kind = pa.list_(pa.large_string())
    words = pa.array(lists, kind, memory_pool=memory()).flatten()
    if words.null_count:
        raise TypeError("found None, expected a text")
    return clean_arrow(words)


def clean_arrow(words: Any) -> Column:
    """Return a column of `str` from one of pyarrow's of strings, each text redacted.

    Clean texts, as nearly all are, are not copied.
    """
    buffer = words.buffers()[2]
    letters = np.frombuffer(b"" if buffer is None else buffer, dtype="u1")
    if _has_ke(letters) and may_need_redaction(letters.tobytes()):
        return texts(redacted_texts(words.to_pylist()))
    return from_arrow(words)


def _is_arrow() -> bool:
    """Return whether pandas keeps texts in pyarrow's columns."""
    return pd.StringDtype(na_value=np.nan).storage == "pyarrow"


def from_arrow(words: Any) -> Column:
    column: Column = pd.StringDtype(na_value=np.nan).__from_arrow__(words)  # type: ignore[attr-defined]  # pandas-stubs lacks it
    return column


def _has_ke(letters: np.ndarray) -> bool:
    """Return whether texts may have a "ke" in any case, as "token" does: a quick first look."""
    for start in range(0, len(letters), _LOOK):
        some = letters[start : start + _LOOK]
        if some.max() > 127:
            return True
        found = np.flatnonzero((some & _UPPER) == ord("K")) + start
        if ((letters[np.minimum(found + 1, len(letters) - 1)] & _UPPER) == ord("E")).any():
            return True
    return False
