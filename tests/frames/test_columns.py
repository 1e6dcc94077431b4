import json
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_documents import DOCUMENT, START, by_watch
from without_pyarrow import without_pyarrow

from jobwidgets.errors import DocumentError
from jobwidgets.frames import (
    jobs_frame,
    messages_frame,
    snapshots_frame,
    steps_frame,
    write_documents,
)

FRAMES = [jobs_frame, messages_frame, snapshots_frame, steps_frame]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)
@given(documents=st.lists(DOCUMENT, max_size=5))
def test_columns_say_what_the_watch_says(engine: None, documents: list[Any]) -> None:
    """Whatever JSON documents hold, all columns are what each document says by itself."""
    watched = by_watch(documents)
    for make in FRAMES:
        pd.testing.assert_frame_equal(make(documents), make(watched))
    names = ["missionId", "isCancelled"]
    columns = [jobs_frame(given, attributes=names)[names] for given in (documents, watched)]
    pd.testing.assert_frame_equal(*columns)


def document(number: int, **parts: Any) -> dict[str, Any]:
    """Return a job document as a server sends it."""
    custom = {"stepsCompleted": number % 6, "totalSteps": 5, "isCancelled": number % 4 == 1}
    custom |= {"missionId": f"m{number}", "messageCodes": [1500 + n for n in range(number % 4)]}
    return {
        "jobId": f"j{number}",
        "messages": [f"Line {n} of {number}: Küche" for n in range(number % 4)],
        "startTime": START + number,
        "endTime": START + number + 1500,
        "type": "addMission",
        "status": ["COMPLETED", "FAILED", "EXECUTING"][number % 3],
        "username": "admin",
        "customAttributes": custom,
        **parts,
    }


def through_parquet(documents: list[Any], folder: Path) -> list[Any]:
    """Return the documents as pandas reads them from Parquet."""
    pq.write_table(pa.Table.from_pylist(documents), folder / "jobs.parquet")
    return pd.read_parquet(folder / "jobs.parquet").to_dict("records")


def through_json(documents: list[Any], folder: Path) -> Any:
    """Return the documents as pandas reads them from NDJSON."""
    file = ndjson(documents, folder)
    return pd.read_json(file, lines=True)


def through_duckdb(documents: list[Any], folder: Path) -> list[Any]:
    """Return the documents as DuckDB reads them from NDJSON."""
    found = duckdb.read_json(str(ndjson(documents, folder)))
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def through_polars(documents: list[Any], folder: Path) -> list[Any]:
    """Return the documents as polars reads them from NDJSON."""
    return pl.read_ndjson(ndjson(documents, folder)).to_dicts()


def in_polars(documents: list[Any], folder: Path) -> Any:
    """Return the documents as a table of polars'."""
    return pl.read_ndjson(ndjson(documents, folder))


def in_pyarrow(documents: list[Any], _: Path) -> Any:
    """Return the documents as a table of pyarrow's."""
    return pa.Table.from_pylist(documents)


def ndjson(documents: list[Any], folder: Path) -> Path:
    """Return a file with a document a line."""
    file = folder / "jobs.ndjson"
    file.write_text("".join(json.dumps(one) + "\n" for one in documents), encoding="utf-8")
    return file


WAYS = [through_parquet, through_json, through_duckdb, through_polars, in_polars, in_pyarrow]
SETS = {
    "whole documents": [document(n) for n in range(12)],
    "some fields missing": [
        *(document(n) for n in range(4)),
        {"jobId": "j4", "status": "EXECUTING", "startTime": START},
        document(5, endTime=None, messages=None, username=None),
        document(6, customAttributes=None),
        document(7, customAttributes={"totalSteps": 5, "messageCodes": [7]}),
    ],
    "an OGC server's": [
        {"jobID": "o1", "status": "successful", "started": "2026-05-01T10:00:00Z", "progress": 9},
        {"jobID": "o2", "status": "running", "progress": 40},
    ],
    "geoprocessing": [
        {
            "jobId": "g1",
            "jobStatus": "esriJobFailed",
            "messages": [{"type": "t", "description": "d"}],
        },
        {"jobId": "g2", "jobStatus": "esriJobExecuting"},
    ],
}


@pytest.mark.parametrize("documents", SETS.values(), ids=SETS)
@pytest.mark.parametrize("through", WAYS)
def test_round_trip(through: Any, documents: list[Any], tmp_path: Path) -> None:
    """Documents that went through a table give the frames that they gave before."""
    came_back = through(documents, tmp_path)
    for how in (nullcontext(), without_pyarrow()):
        with how:
            for make in FRAMES:
                pd.testing.assert_frame_equal(make(came_back), make(documents))
    for parquet in tmp_path.glob("*.parquet"):
        for make in FRAMES:
            pd.testing.assert_frame_equal(make(parquet), make(documents))


NAN = float("nan")
VALUES: dict[str, tuple[Any, Any]] = {
    **{f"{value!r} as messages": ({"messages": value}, {}) for value in (NAN, pd.NA, pd.NaT)},
    "an array": ({"messages": np.array(["a", "b"])}, {"messages": ["a", "b"]}),
    "a pyarrow list": ({"messages": pa.scalar(["a", None])}, {"messages": ["a", None]}),
    "a tuple": ({"messages": ("a", "b")}, {"messages": ["a", "b"]}),
    "a polars series": ({"messages": pl.Series(["a"])}, {"messages": ["a"]}),
    "NaN among messages": ({"messages": ["a", NAN]}, {"messages": ["a", None]}),
    "a number of numpy": ({"startTime": np.int64(START)}, {"startTime": START}),
    "a float": ({"startTime": float(START)}, {"startTime": START}),
    "a timestamp": ({"startTime": pd.Timestamp(START, unit="ms")}, {"startTime": START}),
    "a zoned time": (
        {"startTime": datetime.fromtimestamp(START / 1000, UTC).astimezone()},
        {"startTime": START},
    ),
    "a datetime64": ({"startTime": np.datetime64(START, "ms")}, {"startTime": START}),
    "a NaT": ({"startTime": np.datetime64("NaT", "us")}, {}),
    "an array as status": ({"status": np.array([1, 2])}, {"status": None}),
    "NaN as an error": ({"error": NAN}, {}),
    "a text as attributes": ({"customAttributes": "x"}, {}),
}
ATTRIBUTES: dict[str, tuple[Any, Any]] = {
    "numpy's True": ({"isCancelled": np.True_}, {"isCancelled": True}),
    "a one": ({"isCancelled": 1}, {}),
    "a code of 1.5": ({"messageCodes": [1.5]}, {"messageCodes": [None]}),
    "numpy's True as a code": ({"messageCodes": [np.True_]}, {"messageCodes": [None]}),
    "True as a code": ({"messageCodes": [True]}, {"messageCodes": [None]}),
    "True as a count": ({"stepsCompleted": True}, {}),
    "codes of numpy": ({"messageCodes": np.array([7.0])}, {"messageCodes": [7]}),
    "NaN as a code": ({"messageCodes": [NAN]}, {"messageCodes": [None]}),
    "bytes as codes": ({"messageCodes": b"ab"}, {}),
    "a count of numpy": ({"totalSteps": np.int32(4)}, {"totalSteps": 4}),
    "half a step": ({"stepsCompleted": 1.5}, {}),
}
PAIRS = VALUES | {
    name: tuple({"customAttributes": {"totalSteps": 4, **part}} for part in pair)
    for name, pair in ATTRIBUTES.items()
}


@pytest.mark.parametrize(("held", "meant"), PAIRS.values(), ids=PAIRS)
def test_values_of_tables(held: Any, meant: Any, engine: None) -> None:
    """What a table makes of a JSON value is read as that value, alone and among others."""
    fixed = {"jobId": "j1", "status": "COMPLETED", "messages": ["only"]}
    for make in FRAMES:
        expected = make([document(1), fixed | meant | {"messages": meant.get("messages", None)}])
        if "messages" not in held:
            expected = make([document(1), fixed | meant])
        pd.testing.assert_frame_equal(make([document(1), fixed | held]), expected)


def test_numpy_truth_tells_a_cancelled_job(engine: None) -> None:
    """A job that a table says is cancelled is not told as succeeded."""
    custom = {"isCancelled": np.True_}
    frame = jobs_frame({"jobId": "j", "status": "COMPLETED", "customAttributes": custom})
    assert frame.status.tolist() == ["cancelled"]


@pytest.mark.parametrize("odd", [NAN, None, np.array(["a"]), pd.NaT, 7])
def test_no_job_is_no_phantom(odd: Any, engine: None) -> None:
    """A row without a job's id is refused by its place, or left out and warned of once."""
    rows = [document(0), {"jobId": odd}, document(1), {"jobId": odd}]
    with pytest.raises(DocumentError, match=r"^jobs\[1\]: .*jobId"):
        jobs_frame(rows)
    with pytest.warns(UserWarning, match=r"left out: 2 \(jobs\[1\]: .*jobs\[3\]: ") as caught:
        frame = jobs_frame(rows, on_error="skip")
    assert frame.job_id.tolist() == ["j0", "j1"]
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("gap", [None, NAN, pd.NA])
def test_gap_in_a_list(gap: Any, engine: None, tmp_path: Path) -> None:
    """What failed to be fetched is no job: it is left out like a row that is none."""
    rows = [document(0), gap, document(1)]
    with pytest.raises(TypeError, match=r"^jobs\[1\]: expected a Job"):
        jobs_frame(rows)
    for act in (jobs_frame, lambda rows, **how: write_documents(rows, tmp_path / "a.jsonl", **how)):
        with pytest.warns(UserWarning, match=r"left out: 1 \(jobs\[1\]: expected a Job"):
            act(rows, on_error="skip")
    assert jobs_frame(tmp_path / "a.jsonl").job_id.tolist() == ["j0", "j1"]


def test_wrong_on_error() -> None:
    """Anything but the two words is refused."""
    with pytest.raises(ValueError, match="'ignore'; expected"):
        jobs_frame([], on_error="ignore")  # type: ignore[arg-type]


def test_many_documents_among_others(engine: None) -> None:
    """Where a token, an odd value or a history stands among many documents, all keep their rows."""
    documents = [document(n) for n in range(45_000)]
    documents[30_000]["messages"] = ["see ?token=S3cr3tS3cr3t"]
    documents[41_000]["messages"] = "alone"
    given = [*documents[:25_000], *by_watch(documents[25_000:25_002]), *documents[25_002:]]
    jobs, messages = jobs_frame(given), messages_frame(given)
    assert jobs.job_id.tolist() == [one["jobId"] for one in documents]
    assert jobs.messages.sum() == len(messages)
    texts = messages.set_index("job_id").text
    assert (texts.j30000, texts.j41000) == ("see ?token=[redacted]", "alone")
