"""The columns of a dataset's files, which never change but for new ones."""

from __future__ import annotations

import pyarrow as pa

_TEXT = pa.large_string()  # of which a column may hold more than 2 GiB
_TIME = pa.timestamp("us", "UTC")

MESSAGE = pa.struct(
    {
        "code": pa.int64(),
        "level": _TEXT,
        "text": _TEXT,
        "time": _TIME,
        "seen": _TIME,
        "polled_before": _TIME,
    }
)
"""A row of `messages_frame`, whose number is its place; and when the poll before it was."""
SNAPSHOT = pa.struct(
    {
        "seen": _TIME,
        "polled_before": _TIME,
        "status": _TEXT,
        "raw_status": _TEXT,
        "progress": pa.float64(),
        "steps_done": pa.int64(),
        "steps_total": pa.int64(),
        "messages": pa.int64(),
    }
)
"""A row of `snapshots_frame`; and when the poll before it was."""
STEP = pa.struct(
    {
        "step": _TEXT,
        "begun": _TIME,
        "ended": _TIME,
        "begun_early": pa.duration("us"),
        "ended_early": pa.duration("us"),
        "complete": pa.bool_(),
    }
)
"""A row of `steps_frame`."""
SCHEMA = pa.schema(
    {
        "dialect": _TEXT,
        "url": _TEXT,
        "job_id": _TEXT,
        "kind": _TEXT,
        "owner": _TEXT,
        "status": _TEXT,
        "raw_status": _TEXT,
        "started": _TIME,
        "ended": _TIME,
        "duration": pa.duration("us"),
        "steps_done": pa.int64(),
        "steps_total": pa.int64(),
        "progress": pa.float64(),
        "messages": pa.int64(),
        "mission_id": _TEXT,
        "error": _TEXT,
        "has_ended": pa.bool_(),
        "seen": _TIME,
        "written": _TIME,
        "message_rows": pa.list_(MESSAGE),
        "snapshot_rows": pa.list_(SNAPSHOT),
        "step_rows": pa.list_(STEP),
        "document": _TEXT,
        "attributes": _TEXT,
    }
)
"""The columns, as `write_dataset` documents them."""
