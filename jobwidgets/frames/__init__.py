"""Jobs, their histories and their raw documents as DataFrames with fixed columns and dtypes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from jobwidgets.dialects import Dialect
from jobwidgets.frames._dataset import (
    Dataset,
    Engine,
    Moment,
    folder_of,
    is_dataset,
    refuse,
)
from jobwidgets.frames._documents import OnError, Reader, need_pyarrow
from jobwidgets.frames._files import file_blocks, is_path, without_collection
from jobwidgets.frames._given import Given, Rows, blocks
from jobwidgets.frames._mission import MissionDocuments
from jobwidgets.frames._read import Documents, Steps
from jobwidgets.frames._tables import (
    JOBS,
    MESSAGES,
    SNAPSHOTS,
    STEPS,
    Columns,
    Joined,
    Kinds,
    frame_of,
)
from jobwidgets.frames._write import write


def jobs_frame(
    jobs: Given,
    /,
    *,
    dialect: str | Dialect | None = None,
    attributes: Iterable[str] = (),
    on_error: OnError = "raise",
    since: Moment | None = None,
    until: Moment | None = None,
    engine: Engine = "pandas",
) -> pd.DataFrame:
    """Return one row a job, in the order given; a job given twice has two rows.

    Parameters
    ----------
    jobs
        A `Job`, a `JobWidget`, a `JobHistory` or a job document (any mapping is one document), or
        an iterable that mixes them; it is read once. A table of documents, one a row, is taken as
        its records: a DataFrame of pandas or polars, a table of pyarrow. What they, numpy or DuckDB
        made of a document is read as the JSON that it was: NaN, NaT and `pd.NA` are missing, arrays
        are lists, a naive time is UTC.
    dialect
        Which servers the documents are from: a name or an object, see `Job`. None lets each
        document tell; in a file the first one tells, and the others must fit.
    attributes
        Names of server attributes, each to be one more column.
    on_error
        "raise" raises at what is no job document. "skip" leaves it out, and warns once how many
        there were, with the first places.
    since, until
        Of a dataset, which is the folder that `write_dataset` has written to: only the jobs that
        started at or after `since`, and before `until`: texts such as "2026-05" or "2026-05-31",
        dates or times; without a zone they are UTC. Only the files of those months are read: of a
        job that began anew in another one, they tell what they have. None: all jobs.
    engine
        Of a dataset, "dask" gives a Dask DataFrame with the same columns and dtypes: a partition a
        file, each with its own RangeIndex, read when it is computed.

    Returns
    -------
    DataFrame
        The same columns and dtypes for no, one and many jobs, on a RangeIndex:

        ============  ===================  ========================================================
        column        dtype                what it holds; when it is missing
        ============  ===================  ========================================================
        url           str                  where the job was asked for; missing for a bare document
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
        No such dialect, an attribute's name is taken by another column, or `since`, `until` and
        `engine` were given with something else than a dataset.
    ModuleNotFoundError
        A dataset takes pyarrow, or Dask, which is not installed.
    """
    names = _attribute_names(attributes)
    reader = Reader(dialect, on_error, ["jobs"], names)
    asked = {"since": since, "until": until, "engine": engine}
    return _frame(jobs, reader, JOBS, lambda block: block.jobs(names), **asked)


def messages_frame(
    jobs: Given,
    /,
    *,
    dialect: str | Dialect | None = None,
    on_error: OnError = "raise",
    since: Moment | None = None,
    until: Moment | None = None,
    engine: Engine = "pandas",
) -> pd.DataFrame:
    """Return one row a message, in the order of the jobs and of each server's list.

    Parameters
    ----------
    jobs, dialect, on_error, since, until, engine
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
                                     the event by at most the gap between two polls; missing for a
                                     bare document
        ======  ===================  ==============================================================

    Raises
    ------
    TypeError, DocumentError, ValueError, ModuleNotFoundError
        As for `jobs_frame`.
    """
    reader = Reader(dialect, on_error, ["messages"])
    asked = {"since": since, "until": until, "engine": engine}
    return _frame(jobs, reader, MESSAGES, lambda block: block.messages(), **asked)


def snapshots_frame(
    jobs: Given,
    /,
    *,
    dialect: str | Dialect | None = None,
    on_error: OnError = "raise",
    since: Moment | None = None,
    until: Moment | None = None,
    engine: Engine = "pandas",
) -> pd.DataFrame:
    """Return one row a distinct snapshot, in the order of the jobs and as they were seen.

    Parameters
    ----------
    jobs, dialect, on_error, since, until, engine
        As for `jobs_frame`. A bare document is one snapshot that nobody saw.

    Returns
    -------
    DataFrame
        The same columns and dtypes for no, one and many snapshots, on a RangeIndex:

        ===========  ===================  =========================================================
        column       dtype                what it holds; when it is missing
        ===========  ===================  =========================================================
        job_id       str                  the server's name of the job; never
        seen         datetime64[us, UTC]  when it was received, by this client's clock; missing for
                                          a bare document
        status       category             every `Status`, sorted in its order; never
        raw_status   str                  the server's own word; not told
        progress     float64              0…1; no usable step counters
        steps_done   Int64                steps completed; not told
        steps_total  Int64                steps in all; not told
        messages     Int64                the number of messages; never
        ===========  ===================  =========================================================

    Raises
    ------
    TypeError, DocumentError, ValueError, ModuleNotFoundError
        As for `jobs_frame`.
    """
    reader = Reader(dialect, on_error, ["jobs"])
    asked = {"since": since, "until": until, "engine": engine}
    return _frame(jobs, reader, SNAPSHOTS, lambda block: block.snapshots(), **asked)


def steps_frame(
    jobs: Given,
    /,
    *,
    dialect: str | Dialect | None = None,
    on_error: OnError = "raise",
    since: Moment | None = None,
    until: Moment | None = None,
    engine: Engine = "pandas",
) -> pd.DataFrame:
    """Return one row a step of a job, in the order of the jobs and of what tells of the steps.

    That is the job's document itself (Server admin's), else its messages. Where a server tells no
    times, they are by this client's clock: a step began, and ended, when what tells it was first
    seen, or earlier by at most the gap to the poll before. What has not begun is no step yet.

    Parameters
    ----------
    jobs, on_error, since, until, engine
        As for `jobs_frame`.
    dialect
        As for `jobs_frame`; it says which message codes tell of which step. Where one step came
        more than once, what began first is taken to have ended first. Watched jobs, and a dataset,
        know their dialect by its name: where that is not installed, an object given here, or to
        `write_dataset`, tells of their steps; without it they have none.

    Returns
    -------
    DataFrame
        The same columns and dtypes for no, one and many steps, on a RangeIndex:

        ===========  ===================  =========================================================
        column       dtype                what it holds; when it is missing
        ===========  ===================  =========================================================
        job_id       str                  the server's name of the job; never
        step         str                  the dialect's name of the step; never
        begun        datetime64[us, UTC]  when it began; nobody saw it, or nothing told it
        ended        datetime64[us, UTC]  when it ended; not yet, or nobody saw it
        duration     timedelta64[us]      ended less begun; one is missing
        begun_early  timedelta64[us]      how much earlier it may have begun: zero where the server
                                          tells times, else the gap to the poll before, or to the
                                          job's start where the step had begun before the first
                                          poll; `begun` is missing, or the start is not told
        ended_early  timedelta64[us]      how much earlier it may have ended; `ended` is missing
        complete     bool                 whether its end was told; never
        ===========  ===================  =========================================================

        A step that had ended before the first poll is complete, and has no times; so have all
        steps of a bare document.

    Raises
    ------
    TypeError, DocumentError, ValueError, ModuleNotFoundError
        As for `jobs_frame`.
    """
    reader = Reader(dialect, on_error, ["messages"])
    asked = {"since": since, "until": until, "engine": engine}
    return _frame(jobs, reader, STEPS, lambda block: block.steps(reader.steps), **asked)


def read_documents(
    path: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    dialect: str | Dialect | None = None,
    attributes: Iterable[str] = (),
    on_error: OnError = "raise",
    progress: bool = True,
) -> Documents:
    """Read files of job documents, once for all the frames that are to be made of them.

    Parameters
    ----------
    path
        A file, a folder (all its files with such names, also within its folders, sorted by name;
        names that begin with ``.`` or ``_`` are left out) or an iterable of them:

        - ``.ndjson``, ``.jsonl``: a document a line, in UTF-8;
        - ``.json``: an array of documents, or documents one after another;
        - each of them also with ``.gz``, or with ``.zst``, which takes pyarrow;
        - ``.parquet``: a document a row, as `write_documents` writes it or with the documents'
          parts as columns. It takes pyarrow.

        They are read a piece at a time: it takes the memory of the frames, not of the files.
    dialect, on_error
        As for `jobs_frame`. What is no job document is told with its file and line or row.
    attributes
        Names of the server attributes that `jobs_frame` will be asked for.
    progress
        Whether a bar shows itself when reading takes more than two seconds, or as many as the
        environment's ``TQDM_DELAY`` says. It takes tqdm, and is not shown where standard error is
        a file.

    Returns
    -------
    Documents
        To be given to the frames.

    Raises
    ------
    DocumentError
        A line or row is no job document, or a file is damaged, and `on_error` is "raise".
    ValueError
        The name of a file does not say what it holds; no such dialect.
    OSError
        A file cannot be read, or a folder holds none.
    ModuleNotFoundError
        It takes pyarrow, which is not installed.
    """
    names = _attribute_names(attributes)
    reader = Reader(dialect, on_error, ["jobs", "messages"], names, progress=progress)
    paths = [path] if is_path(path) else list(path)  # type: ignore[arg-type]  # then it is iterable
    jobs, messages, steps = Joined(), Joined(), Steps()
    with without_collection():
        for block in chain([MissionDocuments([])], file_blocks(paths, reader)):
            jobs.add(block.jobs(names))
            messages.add(block.messages())
            steps.add(block, reader.steps)
    reader.warn(stacklevel=3)
    return Documents(jobs.frame(JOBS), messages.frame(MESSAGES), steps, names)


def write_documents(
    jobs: Given,
    path: str | PathLike[str],
    *,
    dialect: str | Dialect | None = None,
    on_error: OnError = "raise",
) -> None:
    """Write the latest document of each job, tokens redacted, for `read_documents` to read.

    The jobs and messages frames of what is read back are the same but for what only a watch
    knows: `url`, `seen`, and why a watch ended. A job that never gave a document is left out. All
    are of one dialect, as a file's documents are read.

    Parameters
    ----------
    jobs
        As for `jobs_frame`, but for paths and what was read from them.
    path
        The file, which is replaced. Its name says the form: ``.ndjson`` or ``.jsonl`` is a
        document a line (with ``.gz`` also compressed); ``.parquet`` is a row a job, with the
        columns of `jobs_frame` and the document as JSON text in "document". It takes pyarrow.
    dialect, on_error
        As for `jobs_frame`.

    Raises
    ------
    TypeError, DocumentError
        As for `jobs_frame`.
    ValueError
        The name says no form; no such dialect; two jobs are of different ones. Then the file is as
        it was.
    OSError
        The file cannot be written.
    ModuleNotFoundError
        It takes pyarrow, which is not installed.
    """
    reader = Reader(dialect, on_error, ["jobs"])
    write(jobs, Path(path), reader)
    reader.warn(stacklevel=3)


def write_dataset(
    jobs: Given,
    folder: str | PathLike[str],
    *,
    dialect: str | Dialect | None = None,
    on_error: OnError = "raise",
) -> int:
    """Add jobs to a dataset: a folder of Parquet files, from which every frame can be made.

    Any number of processes may write to one folder, and read it meanwhile: files are added as a
    whole, and none is ever changed. A job may be written again and again. What reads the dataset
    takes one row of each job, which is its URL (without one, its dialect) and its id: one that has
    ended before others, then the one that was seen later, then the one that was written later.
    Jobs of functions have no URL: where two of one call have one id, it warns.
    What a killed process leaves behind is hidden (``.….unfinished``), and may be removed.

    Parameters
    ----------
    jobs
        As for `jobs_frame`, but for what `read_documents` read. Files are read a piece at a time.
        Another dataset is copied, each job once, with when it was written, into few files.
    folder
        Where to. It is made if it is not there.
    dialect, on_error
        As for `jobs_frame`.

    Returns
    -------
    int
        How many jobs were written. They are on the disk then, and would stand a failing machine.

    Raises
    ------
    TypeError, DocumentError, ValueError
        As for `jobs_frame`. Then nothing was added.
    OSError
        The folder cannot be written to.
    ModuleNotFoundError
        It takes pyarrow, which is not installed.

    Notes
    -----
    A file is in ``month=2026-05``, the UTC month in which its jobs started; where that is not told,
    in which they were first seen; ``month=none`` where nobody saw them. A row is a job:

    ==============  ==========  ================================================================
    column          type        what it holds
    ==============  ==========  ================================================================
    dialect         text        the name of what the server speaks; missing if that is not known
    url … error                 as in `jobs_frame`, `status` as a text
    has_ended       bool        whether the job can change no more
    seen            time        when its document was received; missing if nobody watched
    written         time        when this row was written; no two of one call are the same
    message_rows    list        the rows of `messages_frame`, without `job_id` and `number`, and
                                with `polled_before`: when the poll before the first sight was
    snapshot_rows   list        the rows of `snapshots_frame`, without `job_id`, and with
                                `polled_before`
    step_rows       list        the rows of `steps_frame`, without `job_id` and `duration`, of jobs
                                of whose steps no numeric message codes tell
    document        text        the last document as JSON, tokens redacted
    attributes      text        the attributes as JSON, where not each reader knows how to read them
                                of the document: those of watched jobs
    ==============  ==========  ================================================================

    Times are UTC in microseconds; `duration` is a number of them to what knows no durations, as
    DuckDB. Later versions may add columns, and change none.
    """
    need_pyarrow("a dataset")
    from jobwidgets.frames._dataset_write import DocumentReader, write

    reader = DocumentReader(dialect, on_error, ["jobs", "messages"])
    with without_collection() if is_path(jobs) else nullcontext():
        number = write(jobs, folder_of(folder), reader)
    reader.warn(stacklevel=3)
    return number


def _frame(
    jobs: Given,
    reader: Reader,
    kinds: Kinds,
    rows: Callable[[Rows], Columns | pd.DataFrame],
    **asked: Any,
) -> pd.DataFrame:
    """Return the rows of all blocks, which have the same columns and dtypes."""
    with without_collection() if is_path(jobs) else nullcontext():
        if is_dataset(jobs):
            return rows(Dataset(jobs, **asked))  # type: ignore[return-value]  # it has frames, perhaps Dask's
        refuse(**asked)
        found = blocks(jobs, reader)
        first = next(found, None) or MissionDocuments([])
        made = frame_of(map(rows, chain([first], found)), kinds)
    reader.warn(stacklevel=4)
    return made


def _attribute_names(attributes: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the extra columns, once it is sure that they are columns of their own."""
    if isinstance(attributes, str | bytes):
        raise TypeError(f"attributes: expected names, such as [{attributes!r}]; found one text")
    names = tuple(attributes)
    for index, name in enumerate(names):
        if not isinstance(name, str):
            raise TypeError(f"attributes[{index}]: expected a str, found {type(name).__name__}")
        if name in JOBS or name in names[:index]:
            raise ValueError(f"attributes[{index}]: there is a column {name!r} already")
    return names
