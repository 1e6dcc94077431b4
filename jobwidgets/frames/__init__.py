"""Jobs, their histories and their raw documents as DataFrames with fixed columns and dtypes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pandas as pd

from jobwidgets._model.history import JobHistory, outcome_error
from jobwidgets._model.snapshot import Snapshot
from jobwidgets.frames._columns import column, repeated
from jobwidgets.frames._given import Given, histories
from jobwidgets.frames._snapshots import SnapshotRows

_JOB_COLUMNS = (
    *("url", "job_id", "kind", "owner", "status", "raw_status", "started", "ended", "duration"),
    *("steps_done", "steps_total", "progress", "messages", "mission_id", "error"),
)


def jobs_frame(
    jobs: Given, /, *, dialect: str = "mission", attributes: Iterable[str] = ()
) -> pd.DataFrame:
    """Return one row a job, in the order given; a job given twice has two rows.

    Parameters
    ----------
    jobs
        A `Job`, a `JobWidget`, a `JobHistory` or a job document (any mapping is one document), or
        an iterable that mixes them; it is read once.
    dialect
        Which servers the documents are from.
    attributes
        Names of server attributes, each to be one more column.

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
        A mapping is an error body or no job document; the text says which one.
    ValueError
        No such dialect, or an attribute's name is taken by another column.
    """
    names = _attribute_names(attributes)
    columns: dict[str, list[Any]] = {name: [] for name in (*_JOB_COLUMNS, *names)}
    for history in histories(jobs, dialect):
        row = _job_row(history, names)
        for name, values in columns.items():
            values.append(row.get(name))
    return pd.DataFrame(
        {
            **{name: column(name, columns[name]) for name in _JOB_COLUMNS},
            **{name: pd.Series(columns[name], dtype="object") for name in names},
        }
    )


def messages_frame(jobs: Given, /, *, dialect: str = "mission") -> pd.DataFrame:
    """Return one row a message, in the order of the jobs and of each server's list.

    Parameters
    ----------
    jobs, dialect
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
        text    str                  the server's words, tokens redacted; never
        seen    datetime64[us, UTC]  when this client first saw it, by its own clock: later than
                                     the event by at most the gap between two polls; a bare document
        ======  ===================  ==============================================================

    Raises
    ------
    TypeError, DocumentError, ValueError
        As for `jobs_frame`.
    """
    ids: list[str] = []
    counts: list[int] = []
    numbers: list[int] = []
    codes: list[int | None] = []
    texts: list[str] = []
    seen: list[datetime | None] = []
    for history in histories(jobs, dialect):
        messages = history.messages
        ids.append(history.job_id)
        counts.append(len(messages))
        numbers.extend([message.number for message in messages])
        codes.extend([None if isinstance(m.code, str) else m.code for m in messages])
        texts.extend([message.text for message in messages])
        seen.extend([message.seen for message in messages])
    return pd.DataFrame(
        {
            "job_id": repeated("job_id", ids, counts),
            "number": column("number", numbers),
            "code": column("code", codes),
            "text": column("text", texts),
            "seen": column("seen", seen),
        }
    )


def snapshots_frame(jobs: Given, /, *, dialect: str = "mission") -> pd.DataFrame:
    """Return one row a distinct snapshot, in the order of the jobs and as they were seen.

    Parameters
    ----------
    jobs, dialect
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
    rows = SnapshotRows()
    for history in histories(jobs, dialect):
        rows.add(history)
    return rows.frame()


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


def _job_row(history: JobHistory, attributes: tuple[str, ...]) -> dict[str, Any]:
    """Return what is known of one job by column; a column that is left out is missing."""
    snapshot = history.latest  # read once: the poller may be writing
    ended = None if snapshot is None else outcome_error(snapshot)
    error = ended or history.watch_error
    row = {
        "url": history.url,
        "job_id": history.job_id,
        "error": None if error is None else str(error),
    }
    return row if snapshot is None else row | _told(snapshot, attributes)


def _told(snapshot: Snapshot, attributes: tuple[str, ...]) -> dict[str, Any]:
    mission_id = snapshot.attributes.get("missionId")
    told = {
        "kind": snapshot.kind,
        "owner": snapshot.owner,
        "status": snapshot.status,
        "raw_status": snapshot.raw_status,
        "started": snapshot.started,
        "ended": snapshot.ended,
        "duration": snapshot.duration,
        "steps_done": snapshot.steps_done,
        "steps_total": snapshot.steps_total,
        "progress": snapshot.progress,
        "messages": len(snapshot.messages),
        "mission_id": mission_id if isinstance(mission_id, str) else None,
    }
    return told | {name: snapshot.attributes.get(name) for name in attributes}
