"""Jobs, their histories and their raw documents as DataFrames with fixed columns and dtypes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from jobwidgets.frames._block import Block
from jobwidgets.frames._documents import OnError, Reader
from jobwidgets.frames._given import Given, blocks
from jobwidgets.frames._mission import MissionDocuments

_JOB_COLUMNS = (
    *("url", "job_id", "kind", "owner", "status", "raw_status", "started", "ended", "duration"),
    *("steps_done", "steps_total", "progress", "messages", "mission_id", "error"),
)


def jobs_frame(
    jobs: Given,
    /,
    *,
    dialect: str = "mission",
    attributes: Iterable[str] = (),
    on_error: OnError = "raise",
) -> pd.DataFrame:
    """Return one row a job, in the order given; a job given twice has two rows.

    Parameters
    ----------
    jobs
        A `Job`, a `JobWidget`, a `JobHistory` or a job document (any mapping is one document), or
        an iterable that mixes them; it is read once. A DataFrame of documents, one a row, is taken
        as its records. What pandas, numpy, pyarrow, polars or DuckDB made of a document is read
        as the JSON that it was: NaN, NaT and `pd.NA` are missing, arrays are lists, a naive time
        is UTC.
    dialect
        Which servers the documents are from.
    attributes
        Names of server attributes, each to be one more column.
    on_error
        "raise" raises at what is no job document. "skip" leaves it out, and warns once how many
        there were, with the first places.

    Returns
    -------
    DataFrame
        The same columns and dtypes for no, one and many jobs, on a RangeIndex:

        ============  ===================  ========================================================
        column        dtype                what it holds; when it is missing
        ============  ===================  ========================================================
        url           str                  where the job was asked for; a bare document
        job_id        str                  the server's name of the job; never
        kind          str                  the server's word for the operation; not told
        owner         str                  who started the job; not told
        status        category             every `Status`, sorted in its order; no document
        raw_status    str                  the server's own word; not told
        started       datetime64[us, UTC]  by the server's clock; not told
        ended         datetime64[us, UTC]  by the server's clock; not yet, or not told
        duration      timedelta64[us]      ended less started; one is missing, or it is negative
        steps_done    Int64                steps completed; not told
        steps_total   Int64                steps in all; not told
        progress      float64              0…1; no usable step counters
        messages      Int64                the number of messages; no document
        mission_id    str                  the attribute "missionId"; not told, or no text
        error         str                  why the job or its watch ended; it goes on or succeeded
        `attributes`  object               what the server sent, tokens redacted; not told (None)
        ============  ===================  ========================================================

        A job that never gave a document has its url, job_id and error; all else is missing.
        A lone surrogate, which UTF-8 cannot hold, is a backslash and its number in any `str`.

    Raises
    ------
    TypeError
        Something is neither a job nor a document; the text says which one.
    DocumentError
        A mapping is an error body or no job document, and `on_error` is "raise"; the text says
        which one.
    ValueError
        No such dialect, or an attribute's name is taken by another column.
    """
    names = _attribute_names(attributes)
    reader = Reader(dialect, on_error, ["jobs"], names)
    return _frame(jobs, reader, lambda block: block.jobs(names))


def messages_frame(
    jobs: Given, /, *, dialect: str = "mission", on_error: OnError = "raise"
) -> pd.DataFrame:
    """Return one row a message, in the order of the jobs and of each server's list.

    Parameters
    ----------
    jobs, dialect, on_error
        As for `jobs_frame`.

    Returns
    -------
    DataFrame
        The same columns and dtypes for no, one and many messages, on a RangeIndex:

        ======  ===================  ==============================================================
        column  dtype                what it holds; when it is missing
        ======  ===================  ==============================================================
        job_id  str                  the server's name of the job; never
        number  Int64                the place in the server's list, from 1; never
        code    Int64                the server's code; it gave none, or a word, which is kept in
                                     `Message.code`
        level   str                  the severity; not told (Mission tells none)
        text    str                  the server's words, tokens redacted; never
        time    datetime64[us, UTC]  the server's own time; not told (Mission tells none)
        seen    datetime64[us, UTC]  when this client first saw it, by its own clock: later than
                                     the event by at most the gap between two polls; a bare document
        ======  ===================  ==============================================================

    Raises
    ------
    TypeError, DocumentError, ValueError
        As for `jobs_frame`.
    """
    return _frame(jobs, Reader(dialect, on_error, ["messages"]), lambda block: block.messages())


def snapshots_frame(
    jobs: Given, /, *, dialect: str = "mission", on_error: OnError = "raise"
) -> pd.DataFrame:
    """Return one row a distinct snapshot, in the order of the jobs and as they were seen.

    Parameters
    ----------
    jobs, dialect, on_error
        As for `jobs_frame`. A bare document is one snapshot that nobody saw.

    Returns
    -------
    DataFrame
        The same columns and dtypes for no, one and many snapshots, on a RangeIndex:

        ===========  ===================  =========================================================
        column       dtype                what it holds; when it is missing
        ===========  ===================  =========================================================
        job_id       str                  the server's name of the job; never
        seen         datetime64[us, UTC]  when it was received, by this client's clock; a bare
                                          document
        status       category             every `Status`, sorted in its order; never
        raw_status   str                  the server's own word; not told
        progress     float64              0…1; no usable step counters
        steps_done   Int64                steps completed; not told
        steps_total  Int64                steps in all; not told
        messages     Int64                the number of messages; never
        ===========  ===================  =========================================================

    Raises
    ------
    TypeError, DocumentError, ValueError
        As for `jobs_frame`.
    """
    return _frame(jobs, Reader(dialect, on_error, ["jobs"]), lambda block: block.snapshots())


def _frame(jobs: Given, reader: Reader, rows: Callable[[Block], pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all blocks, which have the same columns and dtypes."""
    parts = [rows(block) for block in blocks(jobs, reader)]
    reader.warn(stacklevel=4)
    return pd.concat(parts or [rows(MissionDocuments([]))], ignore_index=True)


def _attribute_names(attributes: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the extra columns, once it is sure that they are columns of their own."""
    if isinstance(attributes, str | bytes):
        raise TypeError(f"attributes: expected names, such as [{attributes!r}]; found one text")
    names = tuple(attributes)
    for index, name in enumerate(names):
        if not isinstance(name, str):
            raise TypeError(f"attributes[{index}]: expected a str, found {type(name).__name__}")
        if name in _JOB_COLUMNS or name in names[:index]:
            raise ValueError(f"attributes[{index}]: there is a column {name!r} already")
    return names
