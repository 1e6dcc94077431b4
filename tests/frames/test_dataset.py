import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from documents import JOBS_URL, after, document, milliseconds, snapshot, watched
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_documents import DOCUMENT, by_watch
from sql import last_states
from without_pyarrow import without_pyarrow

from jobwidgets._model.history import JobHistory
from jobwidgets._model.redact import redacted_document
from jobwidgets.errors import DocumentError, WatchStoppedError
from jobwidgets.frames import (
    jobs_frame,
    messages_frame,
    read_documents,
    snapshots_frame,
    steps_frame,
    write_dataset,
)

FRAMES = [jobs_frame, messages_frame, snapshots_frame, steps_frame]
ATTRIBUTES = ["missionId", "isCancelled", "messageCodes", "totalSteps"]
slow_examples = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25
)
MANY = [document(jobId=f"j{n}", startTime=milliseconds(after(n * 86_400))) for n in range(90)]


def check_equal(folder: Path, jobs: Any) -> None:
    """Check that a dataset gives the frames that the jobs give."""
    for make in FRAMES:
        pd.testing.assert_frame_equal(make(folder), make(jobs))


def files(folder: Path) -> list[Path]:
    """Return all files of a dataset."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


@slow_examples
@given(documents=st.lists(DOCUMENT, max_size=6, unique_by=lambda one: one["jobId"]))
def test_documents(documents: list[Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever JSON documents hold, a dataset gives their frames, from pandas and from Dask."""
    folder = tmp_path_factory.mktemp("dataset")
    assert write_dataset(documents, folder) == len(documents)
    check_equal(folder, documents)
    attributes = jobs_frame(folder, attributes=ATTRIBUTES)
    pd.testing.assert_frame_equal(
        attributes, jobs_frame(by_watch(documents), attributes=ATTRIBUTES)
    )


LIVES = st.dictionaries(
    st.text("ab/é", min_size=1, max_size=2),
    st.tuples(st.booleans(), st.lists(DOCUMENT, max_size=4)),
    max_size=4,
)


def histories(lives: dict[str, tuple[bool, list[Any]]]) -> list[JobHistory]:
    """Return jobs that were polled once a second, some of whose watches ended too soon."""
    found = []
    for job_id, (was_stopped, documents) in lives.items():
        history = watched(*[redacted_document(one | {"jobId": job_id}) for one in documents])
        history.job_id, history.url = job_id, f"{JOBS_URL}/{job_id}"
        if was_stopped:
            history.watch_error = WatchStoppedError("stopped by its user")
        found.append(history)
    return found


@slow_examples
@given(lives=LIVES)
def test_watched_jobs(lives: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Of jobs that were watched it gives all that was seen, and when."""
    folder, given = tmp_path_factory.mktemp("dataset"), histories(lives)
    assert write_dataset(given, folder) == len(given)
    check_equal(folder, given)
    attributes = [jobs_frame(jobs, attributes=ATTRIBUTES) for jobs in (folder, given)]
    pd.testing.assert_frame_equal(*attributes)


def test_jobs_of_functions(tmp_path: Path) -> None:
    """Of jobs without a document, a URL or a dialect everything is kept, attributes too."""
    given = [JobHistory("j1"), JobHistory("j2", dialect="mission"), document(jobId="j1")]
    for history in given[:2]:
        attributes = {"queue": ["long", 7], "at": after(0), "link": "?token=S3cr3tS3cr3t"}
        told = replace(snapshot(document(), 3), id=history.job_id, document={})
        history.record(replace(told, attributes=redacted_document(attributes)))
    write_dataset(given, tmp_path)
    check_equal(tmp_path, given)
    frame = jobs_frame(tmp_path, attributes=["queue", "at", "link", "totalSteps"])
    assert frame.queue.tolist() == [["long", 7]] * 2 + [None]
    assert frame["at"].tolist() == [milliseconds(after(0))] * 2 + [None]
    assert frame.link.tolist() == ["?token=[redacted]"] * 2 + [None]
    assert frame.totalSteps.tolist() == [None, None, 5]


def test_jobs_of_functions_with_one_id(tmp_path: Path) -> None:
    """Two of one call are told once by their ids, at the user's line; one given twice is not."""
    one, other, more = (watched(document()) for _ in range(3))
    for history in (one, other, more):
        history.url = None
    with pytest.warns(UserWarning, match="several jobs without a URL have the id 'j1': ") as caught:
        assert write_dataset([one, other, document(jobId="j2"), more], tmp_path) == 4
    assert [warning.filename for warning in caught] == [__file__]
    assert sorted(jobs_frame(tmp_path).job_id) == ["j1", "j2"]
    write_dataset([one, one, watched(document()), watched(document())], tmp_path)


def told(at: float | None, status: str = "PROCESSING", url: str = JOBS_URL, **parts: Any) -> Any:
    """Return what was seen of a job at one second, or its bare document."""
    text = document(status=status, messages=[f"{status} {at}"], **parts)
    if at is None:
        return text
    history = JobHistory(text["jobId"], f"{url}/{text['jobId']}")
    history.record(snapshot(text, at))
    return history


# What is written, one after another, and the messages of the jobs that count.
STATES: dict[str, tuple[list[Any], list[str]]] = {
    "the later seen": ([told(5), told(9), told(7)], ["PROCESSING 9"]),
    "an end before others": ([told(5, "COMPLETED"), told(9)], ["COMPLETED 5"]),
    "the later end": ([told(9, "COMPLETED"), told(5, "FAILED")], ["COMPLETED 9"]),
    "the later written": ([told(None), told(None, "SUBMITTED")], ["SUBMITTED None"]),
    "an end that nobody saw": ([told(None, "FAILED"), told(None)], ["FAILED None"]),
    "a start known later": ([told(5, startTime=None), told(9)], ["PROCESSING 9"]),
    "a start in another month": (
        [told(9), told(5, startTime=milliseconds(after(-9e6)))],
        ["PROCESSING 9"],
    ),
    "no month": ([told(None, startTime=None), told(None, "COMPLETED")], ["COMPLETED None"]),
    "two servers": (
        [told(9), told(5, url="https://b.example.com/jobs")],
        [f"PROCESSING {n}" for n in (9, 5)],
    ),
    "one without a URL": ([told(9), told(None, "COMPLETED")], ["PROCESSING 9", "COMPLETED None"]),
    "one of a function": (
        [by_watch([document(messages=["its own"])])[0], told(None, "COMPLETED")],
        ["its own", "COMPLETED None"],
    ),
    "two jobs": ([told(9), told(5, jobId="j2")], ["PROCESSING 9", "PROCESSING 5"]),
}


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one by one"])
@pytest.mark.parametrize(("written", "counting"), STATES.values(), ids=STATES)
def test_one_state_a_job(
    written: list[Any], counting: list[str], at_once: bool, tmp_path: Path
) -> None:
    """Of a job that was written twice one state counts, the same in every frame and in SQL."""
    for some in [written] if at_once else written:
        write_dataset(some, tmp_path)
    expected = [one for one in written if messages_frame(one).text[0] in counting]
    check_equal(tmp_path, expected)
    for make in FRAMES:
        frame = make(tmp_path, engine="dask").compute()
        assert {*map(str, frame.values)} == {*map(str, make(expected).values)}
    found = last_states(tmp_path).aggregate("list(message_rows[1].text ORDER BY written)")
    assert found.fetchall() == [(counting,)]


def test_months(tmp_path: Path) -> None:
    """Files lie in the UTC month of the start, else of the first sight, else in none."""
    late = milliseconds(datetime(2026, 1, 31, 23, tzinfo=timezone(timedelta(hours=-2))))
    seen = told(3, startTime=None, jobId="j2")
    given = [document(startTime=late), seen, document(jobId="j3", startTime=None), JobHistory("j4")]
    write_dataset(given, tmp_path)
    months = {file.parent.name: len(pq.read_table(file)) for file in files(tmp_path)}
    assert months == {"month=2026-02": 1, "month=2026-05": 1, "month=none": 2}
    check_equal(tmp_path, given)


SPANS: dict[str, tuple[dict[str, Any], int, int]] = {
    "since a day": ({"since": "2026-06-10"}, 40, 90),
    "since a date": ({"since": date(2026, 6, 10)}, 40, 90),
    "until a month": ({"until": "2026-06"}, 0, 31),
    "to the microsecond": (
        {
            "since": after(86_400),
            "until": after(3 * 86_400).astimezone(timezone(timedelta(hours=9))),
        },
        1,
        3,
    ),
    "since numpy's": (
        {"since": np.datetime64("2026-06-01T12"), "until": pd.Timestamp("2026-07")},
        31,
        61,
    ),
    "nothing": ({"since": "2027", "until": "2026"}, 0, 0),
}


@pytest.mark.parametrize("engine", ["pandas", "dask"])
@pytest.mark.parametrize(("span", "first", "end"), SPANS.values(), ids=SPANS)
def test_span(span: Any, first: int, end: int, engine: Any, tmp_path: Path) -> None:
    """Of a span all jobs are there that started in it, whatever others there are."""
    others = [document(jobId="none", startTime=None), told(4, jobId="sight", startTime=None)]
    write_dataset([*MANY, *others], tmp_path)
    for make in FRAMES:
        frame = make(tmp_path, **span, engine=engine)
        frame = frame if engine == "pandas" else frame.compute()
        expected = make(MANY[first:end])
        pd.testing.assert_frame_equal(frame.reset_index(drop=True), expected, check_like=True)


def test_a_span_reads_its_months_only(tmp_path: Path) -> None:
    """What is broken in another month hinders nobody; in a month that is read, it is told."""
    write_dataset(MANY, tmp_path)
    (broken,) = (tmp_path / "month=2026-06").iterdir()
    broken.write_bytes(b"PAR1 no more")
    assert len(jobs_frame(tmp_path, since="2026-07")) == 29
    with pytest.raises(DocumentError, match=rf"{broken.name}: not a Parquet file, or damaged"):
        jobs_frame(tmp_path, since="2026-06-30")
    pd.DataFrame({"a": [1]}).to_parquet(broken)
    with pytest.raises(DocumentError, match=rf"{broken.name}: not written by write_dataset"):
        jobs_frame(tmp_path)


@pytest.mark.parametrize("make", FRAMES)
def test_dask(make: Any, tmp_path: Path) -> None:
    """Dask has the same columns and dtypes, a partition a file, and reads when it computes."""
    write_dataset(MANY[:50], tmp_path)
    frame, expected = make(tmp_path, engine="dask"), make(MANY[:50])
    assert frame.dtypes.to_dict() == frame.compute().dtypes.to_dict() == expected.dtypes.to_dict()
    assert frame.npartitions == len(files(tmp_path)) == 2
    if "status" in expected:
        assert frame.status.cat.categories.tolist() == expected.status.cat.categories.tolist()
    assert frame.job_id.nunique().compute() == expected.job_id.nunique()
    for file in files(tmp_path):
        file.unlink()
    with pytest.raises(FileNotFoundError):
        frame.compute()


def test_dask_attributes(tmp_path: Path) -> None:
    """Attributes are read of the documents in each partition."""
    write_dataset(MANY, tmp_path)
    frame = jobs_frame(tmp_path, attributes=["totalSteps"], engine="dask")
    assert frame.totalSteps.astype("i8").sum().compute() == 5 * len(MANY)


def test_files_of_an_earlier_version(tmp_path: Path) -> None:
    """Beside a file without a column of later versions every frame, and SQL, has all jobs."""
    write_dataset(MANY[:1], tmp_path)
    (file,) = files(tmp_path)
    pq.write_table(pq.ParquetFile(file).read().drop_columns(["step_rows"]), file)
    write_dataset(MANY[1:2], tmp_path)
    check_equal(tmp_path, MANY[:2])
    assert len(last_states(tmp_path)) == 2


def test_no_jobs(tmp_path: Path) -> None:
    """A dataset of no jobs can be read, and gets no more files."""
    assert [write_dataset([], tmp_path / "a" / "b") for _ in range(2)] == [0, 0]
    assert len(files(tmp_path)) == 1
    check_equal(tmp_path / "a" / "b", [])
    for make in FRAMES:
        frame = make(tmp_path / "a" / "b", engine="dask").compute()
        pd.testing.assert_frame_equal(frame, make([]))


def test_unfinished_files_are_not_read(tmp_path: Path) -> None:
    """What a killed writer leaves behind no reader takes for a part of the dataset."""
    write_dataset(MANY, tmp_path)
    (tmp_path / "month=2026-05" / ".0a1b.unfinished").write_bytes(b"PAR1")
    (tmp_path / "month=2026-08").mkdir()
    check_equal(tmp_path, MANY)
    assert last_states(tmp_path).aggregate("count(*)").fetchall() == [(90,)]
    assert ds.dataset(tmp_path, partitioning="hive").count_rows() == 90
    found = pl.scan_parquet(f"{tmp_path}/*/*.parquet", hive_partitioning=True)
    assert found.select(pl.len()).collect().item() == 90


def test_an_error_adds_nothing(tmp_path: Path) -> None:
    """Where the jobs break off, nothing was added, and nothing is left behind."""
    write_dataset(MANY[:3], tmp_path)
    before = files(tmp_path)

    def broken() -> Iterator[Any]:
        yield from MANY * 500
        raise OSError("the disk is gone")

    for jobs, error in [(broken(), OSError), ([*MANY, {"a": 1}], DocumentError), ([5], TypeError)]:
        with pytest.raises(error):
            write_dataset(jobs, tmp_path)
    assert files(tmp_path) == before
    with pytest.warns(UserWarning, match=r"left out: 1 \(jobs\[1\]") as caught:
        assert write_dataset([MANY[5], {"a": 1}], tmp_path, on_error="skip") == 1
    assert [warning.filename for warning in caught] == [__file__]


def test_from_files(tmp_path: Path) -> None:
    """Files of documents, and another dataset, are written as they are read."""
    lines = tmp_path / "jobs.ndjson"
    lines.write_text("".join(json.dumps(one) + "\n" for one in MANY))
    pq.write_table(ds.dataset(lines, format="json").to_table(), tmp_path / "jobs.parquet")
    jobs = [told(3, jobId="seen"), told(9, jobId="seen", status="FAILED")]
    for name, jobs_of in {"a": lines, "b": tmp_path / "jobs.parquet", "c": [lines, *jobs]}.items():
        write_dataset(jobs_of, tmp_path / name)
    check_equal(tmp_path / "a", MANY)
    check_equal(tmp_path / "b", MANY)
    assert write_dataset(tmp_path / "c", tmp_path / "d") == 91
    check_equal(tmp_path / "d", [*MANY, jobs[1]])
    both = jobs_frame([tmp_path / "a", lines, tmp_path / "d"])
    pd.testing.assert_frame_equal(both, jobs_frame([*MANY, *MANY, *MANY, jobs[1]]))


def test_many_writers(tmp_path: Path) -> None:
    """Many may write to one folder at once, and read it meanwhile."""
    with ThreadPoolExecutor(8) as pool:
        writing = [pool.submit(write_dataset, MANY[n : n + 9], tmp_path) for n in range(0, 84, 3)]
        while not all(one.done() for one in writing):
            assert jobs_frame(tmp_path).job_id.is_unique if files(tmp_path) else True
    assert {one.result() for one in writing} == {9}
    assert set(jobs_frame(tmp_path).job_id) == {one["jobId"] for one in MANY}


def test_token_is_in_no_dataset(tmp_path: Path) -> None:
    """A token in any text, name or attribute of a document is in no column."""
    secret = "S3cr3tS3cr3tS3cr3t"
    text = f"see https://gis.example.com/rest?token={secret}&f=json"
    custom = {
        "missionId": text,
        "deep": [{text: text}],
        "accessToken": secret,
        "odd": np.float64(1),
    }
    given = document(jobId=text, messages=[text, [text]], type=text, username=text, status=text)
    given["customAttributes"] = custom
    plain = given | {"customAttributes": {**custom, "odd": 1}}
    write_dataset([given, plain, *by_watch([plain])], tmp_path)
    rows = ds.dataset(tmp_path, partitioning="hive").to_table().to_pylist()
    assert len(rows) == 3
    assert secret not in str(rows)
    assert str(rows).count("[redacted]") > 20


ERRORS: dict[str, tuple[Any, type[Exception], str]] = {
    "engine": ({"engine": "polars"}, ValueError, "engine is 'polars'; expected 'pandas' or 'dask'"),
    "text": ({"since": "soon"}, ValueError, "since: expected a time.*found 'soon'"),
    "number": ({"until": 5}, TypeError, "until: .*found a int"),
    "NaT": ({"since": np.datetime64("NaT", "us")}, ValueError, "since: .*NaT"),
}


@pytest.mark.parametrize(("keywords", "error", "text"), ERRORS.values(), ids=ERRORS)
def test_wrong_keywords(keywords: Any, error: Any, text: str, tmp_path: Path) -> None:
    """Each wrong keyword is told with what was found."""
    write_dataset(MANY, tmp_path)
    for make in FRAMES:
        with pytest.raises(error, match=text):
            make(tmp_path, **keywords)


@pytest.mark.parametrize("keywords", [{"since": "2026"}, {"until": "2026"}, {"engine": "dask"}])
def test_keywords_of_a_dataset(keywords: Any, tmp_path: Path) -> None:
    """What only a dataset takes is refused with anything else, never passed over."""
    write_dataset(MANY, tmp_path)
    for make in FRAMES:
        for other in (MANY, [tmp_path]):
            with pytest.raises(ValueError, match="only for the folder of a dataset"):
                make(other, **keywords)


def test_what_cannot_be_written(tmp_path: Path) -> None:
    """What keeps no documents, and what is no folder, is refused; so is reading it as documents."""
    (tmp_path / "a.ndjson").write_text(json.dumps(MANY[0]))
    with pytest.raises(TypeError, match="give the path itself"):
        write_dataset(read_documents(tmp_path / "a.ndjson"), tmp_path / "b")
    for folder in ("", "s3://bucket/jobs"):
        with pytest.raises(ValueError, match="expected a folder of this machine"):
            write_dataset(MANY, folder)
    write_dataset(MANY, tmp_path / "b")
    with pytest.raises(ValueError, match="a dataset is given to the frames"):
        read_documents(tmp_path / "b")


def test_extras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow or Dask the error says what to install."""
    write_dataset(MANY, tmp_path)
    monkeypatch.setitem(sys.modules, "dask.dataframe", None)
    for make in FRAMES:
        with pytest.raises(ModuleNotFoundError, match=r"pip install 'jobwidgets\[dask\]'"):
            make(tmp_path, engine="dask")
        with (
            without_pyarrow(),
            pytest.raises(ModuleNotFoundError, match=r"pip install 'jobwidgets\[parquet\]'"),
        ):
            make(tmp_path)
    with without_pyarrow(), pytest.raises(ModuleNotFoundError, match="parquet"):
        write_dataset(MANY, tmp_path / "b")
