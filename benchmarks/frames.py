"""What jobs and messages frames of many job documents cost, beside pandas, polars and DuckDB.

Each way makes the same two tables from the same documents: a row a job with its times, counters
and duration, and a row a message with its job, number, code and text, in pandas' dtypes, also
where there are fewer codes than messages. Only jobwidgets looks for tokens and decides statuses.
Each is run in a process of its own, one after another and in rounds; the best round counts.
"""

# ruff: noqa: T201 - what is printed is the result

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.job_documents import documents, write
from benchmarks.tables import print_table

NAMES = {"type": "kind", "username": "owner", "status": "raw_status", "jobId": "job_id"}
CUSTOM = ("stepsCompleted", "totalSteps", "isCancelled", "missionId", "messageCodes")


def by_pandas(given: list[dict[str, Any]]) -> Any:
    """Make both tables with json_normalize and explode."""
    import pandas as pd

    jobs = pd.json_normalize(given)
    jobs = jobs.rename(columns=lambda name: name.removeprefix("customAttributes."))
    codes: Any = [
        [*found, *[None] * (len(texts) - len(found))]
        for texts, found in zip(jobs["messages"], jobs["messageCodes"], strict=True)
    ]
    lines = jobs[["jobId", "messages"]].assign(code=codes).explode(["messages", "code"])
    lines = lines.dropna(subset="messages").reset_index(drop=True)
    lines["number"] = lines.groupby("jobId", sort=False).cumcount() + 1
    lines["code"] = lines["code"].astype("Int64")
    return _typed_jobs(jobs), lines.astype({"jobId": "str", "messages": "str", "number": "Int64"})


def _typed_jobs(jobs: Any) -> Any:
    import pandas as pd

    jobs["messages"] = jobs["messages"].str.len()
    for name in ("startTime", "endTime"):
        jobs[name] = pd.to_datetime(jobs[name], unit="ms", utc=True)
    jobs["duration"] = jobs["endTime"] - jobs["startTime"]
    jobs["progress"] = jobs["stepsCompleted"] / jobs["totalSteps"]
    counts = dict.fromkeys(["stepsCompleted", "totalSteps", "messages"], "Int64")
    texts = dict.fromkeys([*NAMES, "missionId"], "str")
    return jobs.drop(columns="messageCodes").astype(counts | texts).rename(columns=NAMES)


def by_polars(frame: Any) -> Any:
    """Make both tables from polars' table of documents, and hand them to pandas."""
    import polars as pl

    jobs = frame.unnest("customAttributes").lazy()
    places = pl.int_ranges(0, pl.col("messages").list.len())
    padded = pl.col("messageCodes").list.gather(places, null_on_oob=True)
    lines = (
        jobs.select(
            "jobId", "messages", code=padded, n=pl.int_ranges(1, pl.col("messages").list.len() + 1)
        )
        .explode("messages", "code", "n")
        .drop_nulls("messages")
        .collect()
    )
    times = [
        pl.from_epoch(name, "ms").dt.replace_time_zone("UTC") for name in ("startTime", "endTime")
    ]
    jobs = jobs.with_columns(*times, pl.col("messages").list.len()).drop("messageCodes")
    jobs = jobs.with_columns(
        duration=pl.col("endTime") - pl.col("startTime"),
        progress=pl.col("stepsCompleted") / pl.col("totalSteps"),
    )
    return jobs.collect().to_pandas(), lines.to_pandas()


def by_duckdb(source: str) -> Any:
    """Make both tables in SQL, and hand them to pandas."""
    import duckdb

    sql: Any = duckdb.sql
    sql(f"create or replace temp table given as from {source}")
    jobs = sql(
        "select jobId, type, username, status, customAttributes.missionId as mission_id,"
        " customAttributes.stepsCompleted as done, customAttributes.totalSteps as total,"
        " done / total as progress, len(messages) as messages,"
        " make_timestamp((startTime * 1000)::bigint) as started,"
        " make_timestamp((endTime * 1000)::bigint) as ended,"
        " ended - started as duration from given"
    ).df()
    lines = sql(
        "select jobId, unnest(messages) as text, unnest(range(1, len(messages) + 1)) as number,"
        " unnest(list_resize(customAttributes.messageCodes, len(messages))) as code from given"
    ).df()
    return jobs, lines


def _decoded(file: Path) -> list[dict[str, Any]]:
    with file.open() as lines:
        return [json.loads(line) for line in lines]


def _ours(given: Any) -> Any:
    from jobwidgets import jobs_frame, messages_frame

    return jobs_frame(given), messages_frame(given)


def _read_once(file: Path) -> Any:
    from jobwidgets import read_documents

    return _ours(read_documents(file, progress=False))


def _with(name: str, given: Any) -> Any:
    import jobwidgets

    return *_ours(given), getattr(jobwidgets, name)(given)


def _histories(file: Path) -> list[Any]:
    """Return jobs that were watched: each was seen in five documents of a growing list."""
    from dataclasses import replace
    from datetime import UTC, datetime, timedelta

    from jobwidgets import JobHistory
    from jobwidgets.dialects import Answer, find_dialect

    noon, found = datetime(2026, 5, 1, 12, tzinfo=UTC), []
    for number, whole in enumerate(_decoded(file)):
        history = JobHistory(whole["jobId"], f"https://gis.example.com/rest/jobs/{whole['jobId']}")
        for poll in range(1, 6):
            custom = whole["customAttributes"] | {"stepsCompleted": poll}
            part = whole | {"messages": whole["messages"][: 4 * poll], "customAttributes": custom}
            snapshot = find_dialect("mission").read(Answer(whole if poll == 5 else part))
            history.record(replace(snapshot, seen=noon + timedelta(seconds=number + 7 * poll)))
        found.append(history)
    return found


def _parquet(file: Path) -> Path:
    return file.with_suffix(".parquet")


def _polars(name: str, file: Path) -> Any:
    import polars as pl

    return by_polars(getattr(pl, name)(file))


def _pandas_parquet(file: Path) -> Any:
    import pandas as pd

    records: list[Any] = pd.read_parquet(_parquet(file)).to_dict("records")
    return by_pandas(records)


def _polars_dicts(given: list[dict[str, Any]]) -> Any:
    import polars as pl

    return by_polars(pl.from_dicts(given, infer_schema_length=1000))


def _duckdb_dicts(given: list[dict[str, Any]]) -> Any:
    import duckdb
    import pyarrow as pa

    duckdb.register("documents", pa.Table.from_struct_array(pa.array(given)))
    return by_duckdb("documents")


Way = tuple[Callable[[Path], Any], Callable[[Any], Any]]
WAYS: dict[str, dict[str, Way]] = {
    "dicts": {
        "pandas: json_normalize + explode": (_decoded, by_pandas),
        "jobwidgets": (_decoded, _ours),
        "jobwidgets without pyarrow": (_decoded, _ours),
        "polars: from_dicts": (_decoded, _polars_dicts),
        "DuckDB: pyarrow's table": (_decoded, _duckdb_dicts),
    },
    "an NDJSON file": {
        "pandas: json.loads, json_normalize + explode": (Path, lambda f: by_pandas(_decoded(f))),
        "jobwidgets, read once": (Path, _read_once),
        "jobwidgets, read once without pyarrow": (Path, _read_once),
        "jobwidgets, two frame functions": (Path, _ours),
        "jobwidgets, two frame functions without pyarrow": (Path, _ours),
        "polars: read_ndjson": (Path, lambda f: _polars("read_ndjson", f)),
        "DuckDB: read_json": (Path, lambda f: by_duckdb(f"read_json('{f}')")),
    },
    "a Parquet file": {
        "pandas: read_parquet, json_normalize + explode": (Path, _pandas_parquet),
        "jobwidgets, read once": (_parquet, _read_once),
        "polars: read_parquet": (_parquet, lambda f: _polars("read_parquet", f)),
        "DuckDB": (_parquet, lambda f: by_duckdb(f"'{f}'")),
    },
    "a watch, three frames": {
        "pandas: their documents, json_normalize + explode": (_decoded, by_pandas),
        "jobwidgets: jobs, messages, snapshots": (_histories, partial(_with, "snapshots_frame")),
        "jobwidgets: jobs, messages, steps": (_histories, partial(_with, "steps_frame")),
        "polars: their documents": (_decoded, _polars_dicts),
        "DuckDB: their documents": (_decoded, _duckdb_dicts),
    },
}
MOST = {"a watch, three frames": 10_000}
"""As many as are watched in one kernel."""


def _run(source: str, way: str, file: Path) -> None:
    """Print the seconds and the peak of one way as JSON."""
    if "without pyarrow" in way:
        sys.modules["pyarrow"] = None  # type: ignore[assignment]  # so that nothing imports it
    for module in ("pandas", "jobwidgets.frames"):
        __import__(module)
    prepare, work = WAYS[source][way]
    given = prepare(file)
    warm_file = file.with_name("warm.ndjson")
    work(prepare(warm_file))
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak
    before, begun = _memory("VmRSS"), time.perf_counter()
    made = work(given)
    seconds = time.perf_counter() - begun
    rows = [len(frame) for frame in made]
    print(json.dumps({"seconds": seconds, "peak": _memory("VmHWM") - before, "rows": rows}))


def _memory(name: str) -> float:
    """Return a figure of /proc/self/status in megabytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1000


def _measured(source: str, way: str, file: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--run", source, way, str(file)]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def _compare(source: str, file: Path, number: int, rounds: int) -> None:
    """Print one table: the ways in rounds, so that what else runs here hits all alike."""
    found = [{way: _measured(source, way, file) for way in WAYS[source]} for _ in range(rounds)]
    best = {way: min((one[way] for one in found), key=_seconds) for way in WAYS[source]}
    anchor = best[next(iter(best))]
    rows = [
        (
            way,
            f"{one['seconds']:.2f}",
            f"{number / one['seconds']:,.0f}",
            f"{one['peak']:,.0f}",
            f"{anchor['seconds'] / one['seconds']:.1f}",
            f"{one['peak'] / anchor['peak']:.2f}",
        )
        for way, one in best.items()
    ]
    made = {tuple(one["rows"][:2]) for one in best.values()}
    assert len(made) == 1, f"the ways made tables of different lengths: {made}"
    head = ("way", "s", "jobs/s", "peak MB", "x by hand", "memory / by hand")
    print_table(f"{number:,} jobs from {source}", head, rows)


def _seconds(one: dict[str, Any]) -> float:
    return float(one["seconds"])


def _compare_all(number: int, rounds: int, folder: Path) -> None:
    import pandas as pd

    for name, count in (("jobs", number), ("warm", 100)):
        write(count, folder / f"{name}.ndjson")
        pd.DataFrame(documents(count)).to_parquet(folder / f"{name}.parquet")
    for source in WAYS:
        if number <= MOST.get(source, number):
            _compare(source, folder / "jobs.ndjson", number, rounds)


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        _run(options.run[0], options.run[1], Path(options.run[2]))
        return
    for number in options.numbers:
        with tempfile.TemporaryDirectory() as folder:
            _compare_all(number, options.rounds, Path(folder))


if __name__ == "__main__":
    main()
