import gzip
import io
import json
import os
import termios
from collections.abc import Callable
from contextlib import redirect_stderr, suppress
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from documents import snapshot, watched
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from odd_documents import DOCUMENT
from without_pyarrow import without_pyarrow

from jobwidgets._model.history import JobHistory
from jobwidgets.errors import DocumentError
from jobwidgets.frames import (
    jobs_frame,
    messages_frame,
    read_documents,
    snapshots_frame,
    steps_frame,
    write_documents,
)

FRAMES = [jobs_frame, messages_frame, snapshots_frame, steps_frame]
DOCUMENTS = [
    {
        "jobId": f"j{n}",
        "status": ["COMPLETED", "FAILED", "EXECUTING"][n % 3],
        "messages": [f"Küche {i}" for i in range(n % 4)],
        "startTime": 1_590_523_221_196 + n,
        "customAttributes": {"totalSteps": 5, "messageCodes": [1500] * (n % 3), "size": n},
    }
    for n in range(30)
]
CASES = json.loads((Path(__file__).parents[1] / "dialects/cases/documents.json").read_text())
CASES |= {
    # Its codes would be Mission's steps.
    "video-with-codes": {
        **CASES["video-in-progress"],
        "messages": ["a", "b"],
        "customAttributes": {"messageCodes": "[1501, 1502]"},
    },
    "mission-with-steps": {
        "jobId": "m",
        "status": "COMPLETED",
        "messages": ["a", "b"],
        "customAttributes": {"messageCodes": [1501, 1502]},
    },
    "ogc": {"jobID": "o", "status": "running", "progress": 40, "message": "half of it"},
    "openeo": {"id": "e", "status": "running", "created": "2026-01-01T00:00:00Z"},
}
LINES = [json.dumps(one, ensure_ascii=False) for one in DOCUMENTS]


def as_zst(text: bytes) -> bytes:
    """Return a text compressed as Zstandard."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(text)
    return sink.getvalue().to_pybytes()


NDJSON = ("\n".join(LINES) + "\n").encode()
FORMS = {
    "jobs.ndjson": NDJSON,
    "jobs.JSONL": NDJSON.rstrip(),
    "bom.ndjson": b"\xef\xbb\xbf" + NDJSON,
    "windows.ndjson": NDJSON.replace(b"\n", b"\r\n"),
    "blank_lines.ndjson": NDJSON.replace(b"\n", b"\n\n"),
    "jobs.ndjson.gz": gzip.compress(NDJSON),
    "two_members.ndjson.gz": gzip.compress(NDJSON[:100]) + gzip.compress(NDJSON[100:]),
    "array.json": json.dumps(DOCUMENTS, indent=1).encode(),
    "array.json.gz": gzip.compress(json.dumps(DOCUMENTS).encode()),
    "objects.json": NDJSON,
}


@pytest.mark.parametrize("name", FORMS)
def test_forms(name: str, engine: None, tmp_path: Path) -> None:
    """Every form of a file gives the frames of its documents, read once or by each frame."""
    file = tmp_path / name
    file.write_bytes(FORMS[name])
    documents = read_documents(file)
    assert len(documents) == len(DOCUMENTS)
    for make in FRAMES:
        expected = make(DOCUMENTS)
        for given in (documents, file, str(file), [file]):
            pd.testing.assert_frame_equal(make(given), expected)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15
)
@hypothesis.given(documents=st.lists(DOCUMENT, min_size=1, max_size=5))
@pytest.mark.parametrize("dialect", ["mission", None])
def test_a_file_says_what_its_documents_say(
    dialect: str | None, engine: None, documents: list[Any], tmp_path: Path
) -> None:
    """Whatever JSON documents hold, a file of them gives the frames that they give."""
    if dialect is None:
        documents = [DOCUMENTS[0], *documents]
    file = tmp_path / "jobs.ndjson"
    file.write_text("".join(json.dumps(one) + "\n" for one in documents))
    for make in FRAMES:
        expected = make(documents, dialect="mission")
        pd.testing.assert_frame_equal(make(file, dialect=dialect), expected)
        pd.testing.assert_frame_equal(make(read_documents(file, dialect=dialect)), expected)


def test_every_dialect_in_files(engine: None, tmp_path: Path) -> None:
    """A file, what was read of it once, and its documents give the same frames; mixed ones too."""
    for name, document in CASES.items():
        file = tmp_path / f"{name}.ndjson"
        file.write_text(json.dumps(document))
        write_documents([document], tmp_path / f"{name}.jsonl")
        read = read_documents([file, file.with_suffix(".jsonl")])
        for make in FRAMES:
            expected = make([document] * 2)
            pd.testing.assert_frame_equal(make(read), expected)
            pd.testing.assert_frame_equal(make([file, file]), expected)
    read = read_documents(tmp_path)
    twice = [CASES[file.stem] for file in sorted(tmp_path.iterdir())]
    for make in FRAMES:
        for given in (tmp_path, read, [read]):
            pd.testing.assert_frame_equal(make(given), make(twice))


def test_zst_and_parquet_take_pyarrow(tmp_path: Path) -> None:
    """They are read with pyarrow, and without it the error says what to install."""
    (tmp_path / "a.ndjson.zst").write_bytes(as_zst(NDJSON))
    pq.write_table(pa.Table.from_pylist(DOCUMENTS), tmp_path / "b.parquet")
    for make in FRAMES:
        pd.testing.assert_frame_equal(make(tmp_path), make([*DOCUMENTS, *DOCUMENTS]))
    for file in tmp_path.iterdir():
        with (
            without_pyarrow(),
            pytest.raises(ModuleNotFoundError, match=r"pip install 'jobwidgets\[parquet\]'"),
        ):
            read_documents(file)


MANY = NDJSON * 100


def zstd(body: bytes) -> bytes:
    """Return a text compressed."""
    return pa.compress(body, "zstd", asbytes=True)


def damaged_page() -> bytes:
    """Return a Parquet file whose footer is right and whose first page is not."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(DOCUMENTS), sink, compression="snappy")
    body = bytearray(sink.getvalue())
    body[40:80] = bytes(40)
    return bytes(body)


BROKEN = {
    "cut": (b'{"jobId": "x", "sta', "not a line of JSON"),
    "null": (b"null", "found null"),
    "list": (b"[1]", "found a list"),
    "two": (b'{"jobId": "x"} {"jobId": "y"}', "more than one"),
    "error": (b'{"error": {"code": 498, "message": "token=abc"}}', r"498: token=\[redacted\]"),
    "no id": (b'{"status": "COMPLETED"}', "jobId"),
    "not UTF-8": (b'{"jobId": "\xff"}', "UTF-8"),
    "deep": (b'{"jobId": ' + b"[" * 100_000, "not a line of JSON"),
}


@pytest.mark.parametrize(("line", "text"), BROKEN.values(), ids=BROKEN)
def test_broken_line(line: bytes, text: str, engine: None, tmp_path: Path) -> None:
    """A line that is no job document is told with its file and number, or left out."""
    file = tmp_path / "jobs.ndjson"
    file.write_bytes(NDJSON + line + b"\n" + NDJSON)
    with pytest.raises(DocumentError, match=rf"jobs\.ndjson, line 31: .*{text}"):
        read_documents(file)
    with pytest.warns(UserWarning, match=rf"left out: 1 \(.*line 31: .*{text}") as caught:
        documents = read_documents(file, on_error="skip")
    assert [warning.filename for warning in caught] == [__file__]
    pd.testing.assert_frame_equal(messages_frame(documents), messages_frame(DOCUMENTS * 2))


@pytest.mark.parametrize(
    ("name", "body", "text", "kept"),
    [
        ("a.ndjson.gz", gzip.compress(MANY)[:-20], "cut off", 2_800),
        ("a.ndjson.gz", gzip.compress(MANY) + b"more", "damaged", 3_000),
        ("a.ndjson.zst", zstd(MANY)[:-20], "damaged", 1_000),
        ("a.ndjson.zst", zstd(MANY) + b"more", "damaged", 2_000),
        ("a.ndjson.gz", b"no gzip", "damaged", 0),
        ("a.json", json.dumps(DOCUMENTS).encode()[:-1], "no end", 30),
        ("a.json", json.dumps(DOCUMENTS).encode()[:-9], "line 1: not JSON", 29),
        ("a.json", b'[{"jobId": "j0"},\n{"jobId": "j1"},\n7]', "line 3: .*a int", 2),
        ("a.json", b'[{"jobId": "j0"},\n{\n"jobId"', "line 3: not JSON in UTF-8: Expecting", 1),
        ("a.json", NDJSON.decode().encode("utf-16"), "UTF-16, expected UTF-8", 0),
        ("a.parquet", b"PAR1", "damaged", 0),
        ("a.parquet", damaged_page(), "damaged", 0),
    ],
)
def test_damaged_file(name: str, body: bytes, text: str, kept: int, tmp_path: Path) -> None:
    """A file that is cut off or damaged is told as that; "skip" takes what was before."""
    (tmp_path / name).write_bytes(body)
    with pytest.raises(DocumentError, match=rf"{name}.*{text}"):
        jobs_frame(tmp_path / name)
    with pytest.warns(UserWarning, match=text):
        found = len(jobs_frame(tmp_path / name, on_error="skip"))
    # Of a compressed file, how much is before the damage depends on what decompresses it.
    assert kept <= found <= (len(MANY.splitlines()) if kept else 0)


def test_folder_within_a_folder_named_like_a_file(tmp_path: Path) -> None:
    """Spark and Dask write folders of such names: their files are read."""
    (tmp_path / "jobs.ndjson").mkdir()
    (tmp_path / "jobs.ndjson" / "part-0.ndjson").write_bytes(NDJSON)
    assert len(read_documents(tmp_path)) == len(DOCUMENTS)


def test_parquet_of_texts(tmp_path: Path) -> None:
    """A document as JSON text may be indented, or stand in a column of bytes."""
    texts = [json.dumps(document, indent=1) for document in DOCUMENTS]
    for column in (pa.array(texts), pa.array([text.encode() for text in texts])):
        pq.write_table(pa.table({"document": column}), tmp_path / "t.parquet")
        for make in FRAMES:
            pd.testing.assert_frame_equal(make(tmp_path), make(DOCUMENTS))


def test_parquet_without_ids(tmp_path: Path) -> None:
    """A table of something else is refused with the names of its columns."""
    pq.write_table(pa.table({"a": [1], "b": [2]}), tmp_path / "t.parquet")
    with pytest.raises(DocumentError, match=r't\.parquet: expected a column "jobId", found: a, b'):
        jobs_frame(tmp_path)


def test_paths(tmp_path: Path) -> None:
    """What names no file of documents is refused; a text is never taken for JSON."""
    (tmp_path / "_hidden.ndjson").write_bytes(b"x")
    with pytest.raises(FileNotFoundError, match="no file in this folder"):
        read_documents(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"none\.ndjson"):
        jobs_frame(tmp_path / "none.ndjson")
    text = NDJSON.decode() + "token=S3cr3t"
    for wrong in ('{"jobId": "j1"}', "https://gis.example.com/jobs/j1?token=S3cr3t", "", text):
        with pytest.raises(ValueError, match="expected a") as caught:
            jobs_frame(wrong)
        assert "S3cr3t" not in str(caught.value)


def on_terminal(act: Callable[[], object]) -> str:
    """Return what is written to a terminal that is standard error meanwhile."""
    reading, writing = os.openpty()
    termios.tcsetwinsize(writing, (24, 80))
    with os.fdopen(writing, "w") as terminal, redirect_stderr(terminal):
        act()
    # A terminal that is closed at its other end tells so by an error, in place of an end.
    found = b""
    with os.fdopen(reading, "rb", buffering=0) as screen, suppress(OSError):
        while chunk := screen.read(65_536):
            found += chunk
    return found.decode()


BARS = {
    "for what takes longer": ("0", True, True),
    "not for what is quick": ("3600", True, False),
    "not when it is not wanted": ("0", False, False),
}


@pytest.mark.parametrize(("delay", "progress", "is_shown"), BARS.values(), ids=BARS)
def test_progress_bar(
    delay: str, progress: bool, is_shown: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bar on a terminal tells how far files have been read, and goes when they are."""
    (tmp_path / "jobs.ndjson").write_bytes(NDJSON)
    monkeypatch.setenv("TQDM_DELAY", delay)
    screen = on_terminal(lambda: read_documents(tmp_path, progress=progress))
    assert ("Reading:" in screen) is is_shown
    assert screen.endswith("\r" if is_shown else "")


def test_no_progress_bar_in_a_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where standard error is no terminal, nothing is written to it."""
    (tmp_path / "jobs.ndjson").write_bytes(NDJSON)
    monkeypatch.setenv("TQDM_DELAY", "0")
    read_documents(tmp_path)
    assert capfd.readouterr().err == ""


def test_attributes_of_files(engine: None, tmp_path: Path) -> None:
    """Attributes come from a file as from documents; what was not read is refused by its name."""
    (tmp_path / "jobs.ndjson").write_bytes(NDJSON)
    expected = jobs_frame(DOCUMENTS, attributes=["size"])
    pd.testing.assert_frame_equal(jobs_frame(tmp_path, attributes=["size"]), expected)
    documents = read_documents(tmp_path, attributes=["size", "other"])
    pd.testing.assert_frame_equal(jobs_frame(documents, attributes=["size"]), expected)
    with pytest.raises(ValueError, match=r"'flavour' was not read.*attributes=\['flavour'\]"):
        jobs_frame(documents, attributes=["flavour"])


def test_a_large_file_is_read_a_piece_at_a_time(engine: None, tmp_path: Path) -> None:
    """A document that lies across two pieces is whole, and so is one longer than a piece."""
    long = {"jobId": "long", "messages": ["x" * 2**24, "last"]}
    filler: list[dict[str, Any]] = [{"jobId": f"f{n}", "type": "y" * 10_000} for n in range(1000)]
    documents = [*filler, long, *filler]
    (tmp_path / "a.ndjson").write_text("".join(json.dumps(one) + "\n" for one in documents))
    (tmp_path / "b.json").write_text(json.dumps(documents))
    jobs = jobs_frame(tmp_path)
    assert jobs.job_id.tolist() == [one["jobId"] for one in documents] * 2
    assert messages_frame(tmp_path).text.str.len().tolist() == [2**24, 4] * 2


ODD: list[dict[str, Any]] = [
    {"jobId": "a", "customAttributes": {"messageCodes": [1], "x": {"y": 1}}, "messages": ["m"]},
    {"jobId": "b", "customAttributes": {"messageCodes": ["E-7"], "x": "z"}, "messages": ["m"]},
    {"jobId": "c", "messages": "see ?token=S3cr3tS3cr3t", "customAttributes": []},
    {
        "jobId": "d",
        "type": "x",
        "status": "y",
        "startTime": pd.Timestamp("2026-05-01"),
        "accessToken": "S3cr3tS3cr3t",
    },
    {"jobId": "e", "status": "lone \ud800", "endTime": float("nan"), "extra": np.array([1])},
]


@pytest.mark.parametrize("name", ["a.ndjson", "a.jsonl.gz", "a.PARQUET", "a.gz.ndjson"])
def test_written_documents_are_read_back(name: str, tmp_path: Path) -> None:
    """What was written gives the same frames, attributes and all, and holds no token."""
    given = [*ODD, watched(*[dict(one, jobId="w") for one in DOCUMENTS[:3]]), JobHistory("never")]
    write_documents(given, tmp_path / name)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    documents = read_documents(tmp_path, attributes=["x", "size"])
    assert b"S3cr3t" not in (tmp_path / name).read_bytes()
    jobs, names = jobs_frame(given[:-1], attributes=["x", "size"]), ["x", "size"]
    expected = jobs.assign(url=jobs_frame(documents).url)
    pd.testing.assert_frame_equal(jobs_frame(documents, attributes=names), expected)
    messages = messages_frame(documents)
    pd.testing.assert_frame_equal(messages, messages_frame(given).assign(seen=messages.seen))
    if name.endswith("PARQUET"):
        assert pd.read_parquet(tmp_path / name).status.tolist()[-1] == "running"


def test_writing_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """A document that is none, and a name that says no form, change nothing in the folder."""
    file = tmp_path / "a.ndjson"
    write_documents(DOCUMENTS, file)
    before = file.read_bytes()
    with pytest.raises(DocumentError, match=r"^jobs\[1\]: "):
        write_documents([DOCUMENTS[0], {}], file)
    with pytest.raises(ValueError, match=r"expected a name that ends with \.ndjson"):
        write_documents(DOCUMENTS, tmp_path / "a.xlsx")
    for path, place in (("a.ndjson", "jobs"), (["a.ndjson"], r"jobs\[0\]")):
        found = r"a job document; found a str \(write_dataset takes paths\)$"
        with pytest.raises(TypeError, match=f"^{place}: .*{found}"):
            write_documents(path, file)
    with pytest.warns(UserWarning, match=r"left out: 1 \(jobs\[1\]"):
        write_documents([DOCUMENTS[0], {}, *DOCUMENTS[1:]], file, on_error="skip")
    assert ([one.name for one in tmp_path.iterdir()], file.read_bytes()) == (["a.ndjson"], before)


@pytest.mark.parametrize("name", ["a.ndjson", "a.parquet"])
def test_a_file_of_two_dialects_is_not_written(name: str, tmp_path: Path) -> None:
    """What no reader would take as one file is refused with both dialects, watched or not."""
    write_documents(DOCUMENTS, tmp_path / name)
    before, other = (tmp_path / name).read_bytes(), CASES["geoprocessing-failed"]
    press = JobHistory("p1", dialect="press")  # which is not installed
    press.record(snapshot(DOCUMENTS[0]))
    told = {"geoprocessing": other, "press": press}
    for dialect, job in told.items():
        text = rf"^jobs\[0\] is of mission, jobs\[2\] of {dialect}: .*write_dataset"
        with pytest.raises(ValueError, match=text):
            write_documents([*DOCUMENTS[:2], job], tmp_path / name, on_error="skip")
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [before]
