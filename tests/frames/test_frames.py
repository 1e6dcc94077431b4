import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, repeat
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from documents import case

from jobwidgets._model.history import JobHistory
from jobwidgets._model.redact import redacted_document
from jobwidgets._model.snapshot import Snapshot, Status
from jobwidgets.dialects import Answer
from jobwidgets.dialects.mission import Mission
from jobwidgets.errors import DocumentError, JobwidgetsError
from jobwidgets.frames import jobs_frame, messages_frame, snapshots_frame

FRAMES = [jobs_frame, messages_frame, snapshots_frame]
URL = "https://gis.example.com/arcgis/rest/jobs/j1"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
STATUSES = ["queued", "running", "cancelling", "succeeded", "failed", "cancelled", "gone"]
STATUS = pd.CategoricalDtype([*STATUSES, "unknown"])
TIME = pd.DatetimeTZDtype("us", "UTC")
DTYPES = {
    jobs_frame: {
        "url": "str",
        "job_id": "str",
        "kind": "str",
        "owner": "str",
        "status": STATUS,
        "raw_status": "str",
        "started": TIME,
        "ended": TIME,
        "duration": "timedelta64[us]",
        "steps_done": "Int64",
        "steps_total": "Int64",
        "progress": "float64",
        "messages": "Int64",
        "mission_id": "str",
        "error": "str",
    },
    messages_frame: {
        "job_id": "str",
        "number": "Int64",
        "code": "Int64",
        "level": "str",
        "text": "str",
        "time": TIME,
        "seen": TIME,
    },
    snapshots_frame: {
        "job_id": "str",
        "seen": TIME,
        "status": STATUS,
        "raw_status": "str",
        "progress": "float64",
        "steps_done": "Int64",
        "steps_total": "Int64",
        "messages": "Int64",
    },
}
# A value of every JSON type, and the odd ones among them.
ODD = [
    *(None, True, False, 0, -1, 1.5, 10**400, -(2**63), 2**63 - 1, 1e308),
    *(float("nan"), float("inf"), "", "word", "7", "<b>\x00</b>", "lone \ud800 surrogate"),
    *([], [None], [[1], [2]], [1, "a", {}], {}, {"a": {"b": [1]}}),
]


def document(job_id: str = "j1", **parts: Any) -> dict[str, Any]:
    """Return a small job document with some parts of its own."""
    return {"jobId": job_id, "status": "PROCESSING", **parts}


def seen(text: dict[str, Any], second: float) -> Snapshot:
    """Return a document's snapshot as received some seconds after noon."""
    parsed = Mission().read(Answer(redacted_document(text)))
    return replace(parsed, seen=NOON + timedelta(seconds=second))


def watched(*documents: dict[str, Any]) -> JobHistory:
    """Return the history of a job polled once a second, from noon on."""
    history = JobHistory(seen(documents[0], 0).id, URL)
    for second, one in enumerate(documents):
        history.record(seen(one, second))
    return history


def check_schema(frame: pd.DataFrame, make: Any) -> None:
    """Assert that a frame has exactly the documented columns, dtypes and index."""
    assert frame.dtypes.to_dict() == {
        name: pd.api.types.pandas_dtype(dtype) for name, dtype in DTYPES[make].items()
    }
    assert list(frame.columns) == list(DTYPES[make])
    assert isinstance(frame.index, pd.RangeIndex)
    assert frame.index.equals(pd.RangeIndex(len(frame)))


GIVEN = {
    "nothing": [],
    "a bare document": document(),
    "a document with nothing but its id": {"jobId": "j1"},
    "Esri's example": case("completed"),
    "many documents": [case("completed"), document(), case("submitted")],
    "a job never heard of": JobHistory("j1"),
    "only jobs never heard of": [JobHistory("j1"), JobHistory("j2", URL)],
    "a watched job": watched(case("submitted"), case("completed")),
    "everything": [watched(case("submitted")), case("failed-partial"), JobHistory("j1")],
}


@pytest.mark.parametrize("make", FRAMES)
@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_schema(make: Any, given: Any) -> None:
    """Columns, dtypes and index are the same whatever a frame is made from."""
    check_schema(make(given), make)


@pytest.mark.parametrize("make", FRAMES)
@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_schema_without_pyarrow(make: Any, given: Any) -> None:
    """Where pandas keeps texts as Python objects, the frames are the same."""
    with pd.option_context("mode.string_storage", "python"):
        frame = make(given)
        check_schema(frame, make)
    assert frame.to_csv() == make(given).to_csv()


def test_example_as_job() -> None:
    """Esri's example gives the row that its page describes."""
    frame = jobs_frame(case("completed"))
    row = frame.iloc[0]
    assert len(frame) == 1
    assert pd.isna(row.url)
    assert row.job_id == "j522676d9-983a-48e2-a51c-5066966160f0"
    assert (row.kind, row.owner, row.raw_status) == ("addMission", "admin", "COMPLETED")
    assert row.status == Status.SUCCEEDED
    assert row.started == pd.Timestamp("2020-05-26T20:00:21.196Z")
    assert row.ended == pd.Timestamp("2020-05-26T20:01:27.507Z")
    assert row.duration == pd.Timedelta(seconds=66.311)
    assert (row.steps_done, row.steps_total, row.progress, row.messages) == (5, 5, 1.0, 11)
    assert row.mission_id == "d942d2bdb70c4104bcd1a76d4cf8a6b7"
    assert pd.isna(row.error)


def test_example_as_messages_and_snapshot() -> None:
    """Its messages keep the server's order and codes; a document is one snapshot nobody saw."""
    messages, row = messages_frame(case("completed")), snapshots_frame(case("completed")).iloc[0]
    codes = [1500, 1501, 1503, 1505, 1502, 1504, 1506, 1507, 1508, 1509, 1510]
    assert messages.code.tolist() == codes
    assert messages.number.tolist() == list(range(1, 12))
    assert messages.text.tolist() == case("completed")["messages"]
    assert messages.seen.isna().all()
    assert row.seen is pd.NaT
    assert (row.status, row.raw_status) == ("succeeded", "COMPLETED")
    assert (row.progress, row.steps_done, row.steps_total, row.messages) == (1.0, 5, 5, 11)


OTHER_CASES = {
    "error_admin_498_token_expired": "498.*Token Expired",
    "error_rest_498": "498.*Invalid token",
    "jobs-list": "of no known dialect.*asyncJobs",
}


@pytest.mark.parametrize("make", FRAMES)
@pytest.mark.parametrize("name", OTHER_CASES)
def test_refused_case(name: str, make: Any) -> None:
    """An error body or a list of jobs is refused by its place, with what it says."""
    with pytest.raises(DocumentError, match=rf"^jobs: .*{OTHER_CASES[name]}"):
        make(case(name))
    with pytest.raises(DocumentError, match=rf"^jobs\[1\]: .*{OTHER_CASES[name]}"):
        make([case("completed"), case(name)])


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"error": {"code": None, "message": "Busy"}}, "an error without a code: Busy$"),
        ({"error": {"code": 500, "message": None}}, "code 500: the server gave no text$"),
        ({"error": {"code": 498, "message": "token=abc-123"}}, r"code 498: token=\[redacted\]"),
    ],
)
def test_error_body(body: dict[str, Any], text: str) -> None:
    """An error body's own words are told, tokens in them redacted."""
    with pytest.raises(DocumentError, match=text):
        jobs_frame([body])


def test_broken_document_keeps_its_cause() -> None:
    """What the dialect said of a document is the cause of the error that names its place."""
    with pytest.raises(DocumentError, match=r"^jobs\[2\]: .*an empty object$") as caught:
        jobs_frame([document(), document(), {}])
    assert isinstance(caught.value.__cause__, DocumentError)


def test_mixed_kinds() -> None:
    """A handle, a history and a document give their rows in the order given."""
    handle = SimpleNamespace(history=watched(document("j3", status="SUBMITTED")))
    given: list[Any] = [handle, document("j2"), watched(document("j1", status="COMPLETED"))]
    jobs = jobs_frame(given)
    assert jobs.job_id.tolist() == ["j3", "j2", "j1"]
    assert jobs.url.isna().tolist() == [False, True, False]
    assert jobs.status.tolist() == ["queued", "running", "succeeded"]
    assert jobs_frame(handle).job_id.tolist() == ["j3"]


def test_same_job_twice() -> None:
    """A job that is given twice has its rows twice."""
    history = watched(case("processing-2-of-5"), case("completed"))
    assert len(jobs_frame([history, history])) == 2
    assert len(messages_frame([history, history])) == 22
    assert len(snapshots_frame([history, history])) == 4


@pytest.mark.parametrize("make", FRAMES)
def test_any_iterable_is_read_once(make: Any) -> None:
    """A generator, a tuple, a dict's values and a Series of documents all do."""
    one = case("completed")
    expected = make([one, one])
    iterables: list[Any] = [islice(repeat(one), 2), (one, one), {1: one, 2: one}.values()]
    iterables.append(pd.Series([one, one]))
    for given in iterables:
        pd.testing.assert_frame_equal(make(given), expected)


def test_watched_job() -> None:
    """A history gives its last state, each message's first sight and every distinct snapshot."""
    history = watched(
        case("submitted"), case("processing-2-of-5"), case("processing-2-of-5"), case("completed")
    )
    row = jobs_frame(history).iloc[0]
    assert (row.url, row.status, row.messages) == (URL, "succeeded", 11)
    first, last = pd.Timestamp(NOON) + pd.Timedelta("1s"), pd.Timestamp(NOON) + pd.Timedelta("3s")
    assert messages_frame(history).seen.tolist() == [first] * 6 + [last] * 5
    snapshots = snapshots_frame(history)
    assert snapshots.seen.tolist() == [pd.Timestamp(NOON), first, last]
    assert snapshots.status.tolist() == ["queued", "running", "succeeded"]
    assert snapshots.raw_status.tolist() == ["SUBMITTED", "PROCESSING", "COMPLETED"]
    assert snapshots.steps_done.tolist() == [pd.NA, 2, 5]
    assert snapshots.messages.tolist() == [0, 6, 11]
    assert snapshots.progress.isna().tolist() == [True, False, False]
    assert snapshots.progress.tolist()[1:] == [0.4, 1.0]


def test_snapshots_of_many_jobs_keep_their_words() -> None:
    """Jobs that saw different raw statuses do not mix them up."""
    words: list[list[str | None]] = [["A", "B"], ["B", "C", "A"], [None, "C"]]
    given = [watched(*(document(f"j{n}", status=w) for w in row)) for n, row in enumerate(words)]
    frame = snapshots_frame([*given, document("j3", status="D")])
    assert frame.raw_status.fillna("-").tolist() == ["A", "B", "B", "C", "A", "-", "C", "D"]
    assert frame.job_id.tolist() == ["j0"] * 2 + ["j1"] * 3 + ["j2"] * 2 + ["j3"]


def test_job_that_never_gave_a_document() -> None:
    """It has its address, id and error; all else is missing, and it has no other rows."""
    history = JobHistory("j1", URL)
    history.watch_error = JobwidgetsError("no such job: j1")
    frame = jobs_frame(history, attributes=["flavour"])
    assert frame.iloc[0][["url", "job_id", "error"]].tolist() == [URL, "j1", "no such job: j1"]
    assert frame.drop(columns=["url", "job_id", "error"]).isna().all(axis=None)
    assert messages_frame(history).empty
    assert snapshots_frame(history).empty


def test_watch_that_broke() -> None:
    """A watch that ended before its job keeps the last state beside the reason."""
    history = watched(case("processing-2-of-5"))
    history.watch_error = JobwidgetsError("the token was refused")
    row = jobs_frame(history).iloc[0]
    assert (row.status, row.error) == ("running", "the token was refused")


def test_ragged_codes() -> None:
    """Missing codes, codes that are words and surplus codes leave every message in its place."""
    custom = {"messageCodes": [1500, "1501", "E-7", None, 2.0, True]}
    texts = ["a", "b", "c", "d", "e"]
    frame = messages_frame(
        [
            document("j1", messages=texts, customAttributes=custom),
            document("j2", messages=["f"]),
            document("j3", customAttributes=custom),
            document("j4", messages=["g", "h"], customAttributes={"messageCodes": [7]}),
        ]
    )
    assert frame.text.tolist() == [*"abcdefgh"]
    assert frame.job_id.tolist() == ["j1"] * 5 + ["j2"] + ["j4"] * 2
    assert frame.number.tolist() == [1, 2, 3, 4, 5, 1, 1, 2]
    assert frame.code.tolist() == [1500, 1501, pd.NA, pd.NA, 2, pd.NA, 7, pd.NA]


def test_integers_stay_exact() -> None:
    """The largest counters and codes beside missing ones lose no digit."""
    largest = 2**63 - 1
    custom = {"stepsCompleted": largest, "totalSteps": -largest, "messageCodes": [largest, None]}
    given = [document(messages=["a", "b"], customAttributes=custom), document()]
    for frame in (jobs_frame(given), snapshots_frame(given)):
        assert frame.steps_done.tolist() == [largest, pd.NA]
        assert frame.steps_total.tolist() == [-largest, pd.NA]
    assert messages_frame(given).code.tolist() == [largest, pd.NA]


def test_far_times_stay_exact() -> None:
    """The last millisecond of the year 9999 is a time like any other."""
    last = 253402300799999
    row = jobs_frame(document(startTime=1, endTime=last)).iloc[0]
    assert row.ended == pd.Timestamp("9999-12-31T23:59:59.999Z")
    assert row.duration.to_pytimedelta() == timedelta(milliseconds=last - 1)


@pytest.mark.parametrize("make", [jobs_frame, snapshots_frame])
def test_status_sorts_but_does_not_compare(make: Any) -> None:
    """Statuses sort in the order of a job's life; none is more than another, unknown least."""
    words = ["COMPLETED", "SUBMITTED", "PROCESSING", "FAILED", "Baking", "CANCELLING"]
    frame = make([document(f"j{n}", status=word) for n, word in enumerate(words)])
    assert frame.status.cat.categories.tolist() == [status.value for status in Status]
    with pytest.raises(TypeError, match="Unordered"):
        _ = frame.status > "succeeded"
    assert (frame.status == Status.FAILED).tolist() == [False, False, False, True, False, False]
    assert frame.sort_values("status").job_id.tolist() == ["j1", "j2", "j5", "j0", "j3", "j4"]
    assert frame.raw_status.tolist() == words


def test_attributes() -> None:
    """Named attributes follow the columns as the server sent them, None where it sent none."""
    custom = {"missionId": "m1", "cities": ["Bonn", "Ulm"], "size": 3}
    given: list[Any] = [document(customAttributes=custom, flavour="mild"), JobHistory("j2")]
    given.append(document("j3"))
    frame = jobs_frame(given, attributes=iter(["size", "cities", "flavour", "missionId"]))
    check_schema(frame[[*DTYPES[jobs_frame]]], jobs_frame)
    extra = frame.iloc[:, len(DTYPES[jobs_frame]) :]
    assert list(extra.columns) == ["size", "cities", "flavour", "missionId"]
    assert extra.iloc[0].tolist() == [3, ["Bonn", "Ulm"], "mild", "m1"]
    assert extra[1:].map(lambda value: value is None).all(axis=None)


@pytest.mark.parametrize("given", [[], [document()], [document(a=["x"])] * 2, [document(a="x")]])
def test_attribute_columns_are_objects(given: Any) -> None:
    """An attribute's column has dtype object, also when it is empty, all texts or all lists."""
    assert jobs_frame(given, attributes=["a"]).a.dtype == object


@pytest.mark.parametrize(
    ("names", "error", "text"),
    [
        ("missionId", TypeError, r"such as \['missionId'\]"),
        (b"a", TypeError, "found one text"),
        (["a", 1], TypeError, r"attributes\[1\]: expected a str, found int"),
        (["a", "status"], ValueError, r"attributes\[1\]: .*'status'"),
        (["a", "b", "a"], ValueError, r"attributes\[2\]: .*'a'"),
    ],
)
def test_wrong_attributes(names: Any, error: type[Exception], text: str) -> None:
    """A lone text, a name that is no text and a name that is taken are refused."""
    with pytest.raises(error, match=text):
        jobs_frame([], attributes=names)


@pytest.mark.parametrize("make", FRAMES)
@pytest.mark.parametrize(
    ("given", "found"),
    [
        (b"{}", "a bytes"),
        (None, "None"),
        (7, "a int"),
        (pd.DataFrame(), "a DataFrame"),
        *(
            (make([]), f"a DataFrame of {make.__name__}'s: give the jobs themselves")
            for make in FRAMES
        ),
        (JobHistory, "a type"),
        (SimpleNamespace(history=[1, 2]), "a SimpleNamespace"),
        (Mission().read(Answer(document())), "a Snapshot"),
    ],
)
def test_wrong_input(make: Any, given: Any, found: str) -> None:
    """What is no job is refused with its type and what was expected, alone and among jobs."""
    with pytest.raises(TypeError, match=rf"^jobs: expected a Job.*; found {found}$"):
        make(given)
    with pytest.raises(TypeError, match=rf"^jobs\[1\]: expected a Job.*; found {found}$"):
        make([document(), given])


@pytest.mark.parametrize("make", FRAMES)
def test_unknown_dialect(make: Any) -> None:
    """An unknown dialect is refused even when there is nothing to read."""
    with pytest.raises(ValueError, match="mission"):
        make([], dialect="klingon")


@pytest.mark.parametrize("make", FRAMES)
@pytest.mark.parametrize(
    "field",
    ["status", "messages", "startTime", "endTime", "type", "username", "customAttributes", "other"],
)
def test_odd_field(make: Any, field: str) -> None:
    """Whatever JSON value a field has, the document gives its rows in the same columns."""
    given = [document(f"j{n}", **{field: odd}) for n, odd in enumerate(ODD)]
    frame = make([*given, *map(watched, given)])
    check_schema(frame, make)
    assert make is messages_frame or len(frame) == 2 * len(ODD)


@pytest.mark.parametrize("make", FRAMES)
@pytest.mark.parametrize(
    "name", ["stepsCompleted", "totalSteps", "isCancelled", "missionId", "messageCodes"]
)
def test_odd_attribute(make: Any, name: str) -> None:
    """Whatever JSON value an attribute has, the document gives its rows in the same columns."""
    counts = {"stepsCompleted": 1, "totalSteps": 2, "isCancelled": True}
    given = [document(customAttributes=counts | {name: odd}, messages=["a", "b"]) for odd in ODD]
    check_schema(make([*given, *map(watched, given)]), make)
    assert jobs_frame(given, attributes=["isCancelled"]).isCancelled.dtype == object


@pytest.mark.parametrize("odd", [odd for odd in ODD if not isinstance(odd, str) or not odd])
def test_odd_id(odd: Any) -> None:
    """Without a usable id a document is refused, never given a made-up one."""
    with pytest.raises(DocumentError, match=r"^jobs\[0\]: .*jobId"):
        jobs_frame([document(odd)])


def test_hostile_text_stays_text() -> None:
    """Markup, zero bytes and other scripts come through as they were sent."""
    texts = ["<img src=x onerror=alert(1)>", "=cmd|'/c calc'!A0", "a\x00b\nc", "ünïcode ✓ 任务 🚀"]
    given = document(messages=texts, username=texts[0], type=texts[3])
    assert messages_frame(given).text.tolist() == texts
    assert jobs_frame(given)[["owner", "kind"]].iloc[0].tolist() == [texts[0], texts[3]]


def test_token_never_reaches_a_frame() -> None:
    """A token in any text, name or attribute of a document is in no column."""
    secret = "S3cr3tS3cr3tS3cr3t"
    text = f"see https://gis.example.com/rest?token={secret}&f=json"
    custom = {"missionId": text, "link": text, "deep": [{"a": text}], "accessToken": secret}
    given = document(text, messages=[text], type=text, username=text, customAttributes=custom)
    given["status"] = text
    names = ["link", "deep", "accessToken", "missionId"]
    for job in (given, watched(given)):
        for frame in (jobs_frame(job, attributes=names), messages_frame(job), snapshots_frame(job)):
            assert secret not in frame.to_csv()
    assert "redacted" in jobs_frame(given, attributes=["deep"]).deep[0][0]["a"]


@pytest.mark.parametrize("make", FRAMES)
def test_concat_changes_no_dtype(make: Any) -> None:
    """Frames of no, one and many jobs can be put one under the other."""
    parts = [make(given) for given in GIVEN.values()]
    check_schema(pd.concat(parts, ignore_index=True), make)


def test_group_and_merge_on_job_id() -> None:
    """The frames fit together by their job_id."""
    given: list[Any] = [document("j1", type="a", messages=["x", "y"])]
    given.append(watched(document("j2", type="b")))
    jobs, messages, snapshots = (make(given) for make in FRAMES)
    merged = messages.merge(jobs, on="job_id", validate="many_to_one")
    assert merged.kind.tolist() == ["a", "a"]
    assert messages.groupby("job_id").size().to_dict() == {"j1": 2}
    assert snapshots.merge(jobs, on=["job_id", "status"]).kind.tolist() == ["a", "b"]
    assert jobs.groupby("status", observed=True).messages.sum().to_dict() == {"running": 2}


@pytest.mark.parametrize("make", FRAMES)
def test_error_of_an_iterable_passes(make: Any) -> None:
    """An iterable that breaks off gives its own error, no frame of what came before."""

    def broken() -> Iterator[dict[str, Any]]:
        yield document()
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        make(broken())


def test_reading_while_the_poller_writes() -> None:
    """A frame made while snapshots arrive has whole rows, and does not hinder the writer."""
    history, done = JobHistory("j1"), threading.Event()

    def write() -> None:
        for step in range(5000):
            custom = {"stepsCompleted": step, "totalSteps": 5000}
            history.record(seen(document(status=f"step {step % 7}", customAttributes=custom), step))
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set() and writer.is_alive():
        frame = snapshots_frame([history, document()]).iloc[:-1]
        assert frame.steps_done.tolist() == list(range(len(frame)))
        assert frame.raw_status.tolist() == [f"step {n % 7}" for n in range(len(frame))]
        jobs_frame(history)
    writer.join()
    assert len(snapshots_frame(history)) == 5000
