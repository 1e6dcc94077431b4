"""Each fact of the Mission Server Job resource that its dialect answers for, by its number."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from urllib.parse import quote

import pytest
from documents import ABSENT, CASES, JOBS_URL, STARTED, after, case, document, milliseconds

from jobwidgets._model.snapshot import Message, Snapshot, Status
from jobwidgets.dialects import Answer
from jobwidgets.dialects._urls import job_id_of
from jobwidgets.dialects.mission import Mission
from jobwidgets.errors import DocumentError, ExchangeError, JobwidgetsError

MISSION = Mission()
EXAMPLE_ID = "j522676d9-983a-48e2-a51c-5066966160f0"
# A value of every JSON type, and the odd ones among them.
ODD = [
    *(None, True, False, 0, -1, 1.5, 10**30, 1e308, float("nan"), float("inf"), -(2**63)),
    *("", "word", "7", "\x00", [], [None, [1, {}]], {}, {"a": {"b": [1]}}),
]


def parsed(**changes: Any) -> Snapshot:
    """Return what the document with these changes says."""
    return MISSION.read(Answer(document(**changes)))


def listed(document: Any) -> list[str]:
    """Return the ids of the jobs that a list has."""
    page = MISSION.read_list(Answer(document, JOBS_URL))
    return [job_id_at(url) for url, _ in page.entries]


def job_id_at(url: str) -> str:
    """Return the id of the job at a URL that Mission takes."""
    MISSION.request(url)
    return job_id_of(url)


def refusal(body: Any) -> ExchangeError | None:
    """Return the error that an error body is raised as; None for anything else."""
    try:
        MISSION.read(Answer(body))
    except ExchangeError as error:
        return error
    except DocumentError:
        pass
    return None


# The resources


def test_example() -> None:
    """Esri's own example says what its page says."""
    job = MISSION.read(Answer(case("completed")))
    assert (job.id, job.status, job.raw_status) == (EXAMPLE_ID, Status.SUCCEEDED, "COMPLETED")
    assert (job.steps_done, job.steps_total, job.progress) == (5, 5, 1.0)
    assert (job.owner, job.kind) == ("admin", "addMission")
    assert job.duration == timedelta(seconds=66.311)
    assert job.attributes["missionId"] == "d942d2bdb70c4104bcd1a76d4cf8a6b7"
    assert [message.number for message in job.messages] == list(range(1, 12))
    codes = [1500, 1501, 1503, 1505, 1502, 1504, 1506, 1507, 1508, 1509, 1510]
    assert [message.code for message in job.messages] == codes
    assert job.document == case("completed")


@pytest.mark.parametrize(
    ("name", "status", "messages", "progress"),
    [
        ("submitted", Status.QUEUED, 0, None),
        ("processing-2-of-5", Status.RUNNING, 6, 0.4),
        ("completed", Status.SUCCEEDED, 11, 1.0),
        ("failed-partial", Status.FAILED, 4, 0.2),
        ("hostile-message", Status.SUCCEEDED, 2, 1.0),
        ("more-messages-than-codes", Status.SUCCEEDED, 11, 1.0),
    ],
)
def test_job_files(name: str, status: Status, messages: int, progress: float | None) -> None:
    """Every document of a job is read for what it is."""
    job = MISSION.read(Answer(case(name)))
    assert (job.status, len(job.messages), job.progress) == (status, messages, progress)


@pytest.mark.parametrize("name", ["error_rest_498", "error_admin_498_token_expired", "jobs-list"])
def test_other_files(name: str) -> None:
    """What is no job is refused as one."""
    with pytest.raises(JobwidgetsError, match=r"jobId|498"):
        MISSION.read(Answer(case(name)))


def test_every_file_has_a_test() -> None:
    """A new case is named in one of the two tests above."""
    marks = [*test_job_files.pytestmark, *test_other_files.pytestmark]  # type: ignore[attr-defined]
    named = {one if isinstance(one, str) else one[0] for mark in marks for one in mark.args[1]}
    assert named == {path.stem for path in CASES.glob("*.json")}


def test_jobs_list_without_repeats() -> None:
    """The list of jobs is ids only, in the server's order; Esri's own example repeats one."""
    assert listed(case("jobs-list")) == ["jbbb0be02-74dc-46b5-ac9b-edca3619871b"]
    assert listed({"asyncJobs": ["b", "a", "b", "c", "a"]}) == ["b", "a", "c"]
    assert listed({"asyncJobs": []}) == []


def test_jobs_list_with_odd_ids() -> None:
    """An id may be any text, and stand in an object; it comes back from its URL."""
    ids = ["word", "7", "\x00", "...", "a..b", "..."]
    objects: list[Any] = [{"jobId": "j1"}, {"JOBID": "j2", "id": 3}, {"id": "j3", "type": "x"}]
    assert listed({"asyncJobs": [*ids, *objects]}) == [*ids[:5], "j1", "j2", "j3"]
    for job_id in ids:
        assert job_id_at(MISSION.job_url(JOBS_URL, job_id)) == job_id


@pytest.mark.parametrize("odd", [{}, {"id": 7}, {"name": "j2"}, "", None, 7, True, ["j2"]])
def test_jobs_list_with_something_else(odd: Any) -> None:
    """What is no id and has none is told with its place, never dropped in silence."""
    with pytest.raises(DocumentError, match=r'expected a job id at "asyncJobs"\[1\], found \w+'):
        listed({"asyncJobs": ["j1", odd]})


PATHS = ["..", ".", "%2E%2e", "%252e%252E", "../x", "a/../..", "..\\x", "..;a", ".. "]


@pytest.mark.parametrize("path", PATHS)
def test_jobs_list_with_a_path(path: str) -> None:
    """An id that a gateway may resolve is left out; alone it is an error."""
    assert listed({"asyncJobs": ["j1", path]}) == ["j1"]
    with pytest.raises(DocumentError, match="found only paths"):
        listed({"asyncJobs": [path, {"jobId": path}]})
    with pytest.raises(ValueError, match="is a path"):
        MISSION.job_url(JOBS_URL, path)
    with pytest.raises(ValueError, match="is a path"):
        job_id_at(f"{JOBS_URL}/{quote(path, safe='%')}")


@pytest.mark.parametrize("odd", [*ODD, {"asyncJobs": None}, {"asyncJobs": "j1"}, {"jobs": []}])
def test_no_jobs_list(odd: Any) -> None:
    """What holds no list of ids is refused, and the error says what was found."""
    with pytest.raises(DocumentError, match=r'expected \{"asyncJobs": \[id, …\]\}, found \w+'):
        listed(odd)


def test_path_in_a_jobs_list_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """A list is read again and again, but what is left out of it is logged once."""
    for _ in range(3):
        listed({"asyncJobs": ["j1", "../told-once\x1b"]})
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert r"'../told-once\x1b'" in record.getMessage()


# The document


@pytest.mark.parametrize("job_id", ["j1", EXAMPLE_ID, "a/b?c#d", "ü ✓", "100%", "%2F", "a+b;c=d&e"])
def test_fact_1_id_is_opaque(job_id: str) -> None:
    """An id is quoted in its URL, and comes back whole."""
    url = MISSION.job_url(JOBS_URL, job_id)
    assert url.startswith(f"{JOBS_URL}/")
    assert "/" not in url.removeprefix(f"{JOBS_URL}/")
    assert url.isascii()
    assert job_id_at(url) == job_id
    assert parsed(jobId=job_id).id == job_id


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/arcgis/rest/jobs", "https://h/arcgis/rest/jobs/j1"),
        ("https://h/arcgis/rest/jobs/", "https://h/arcgis/rest/jobs/j1"),
        ("https://h:20443/arcgis/rest/jobs?a=1", "https://h:20443/arcgis/rest/jobs/j1?a=1"),
    ],
)
def test_fact_1_url_of_a_job(url: str, expected: str) -> None:
    """A job stands below the jobs resource, whatever that URL ends with."""
    assert MISSION.job_url(url, "j1") == expected
    assert job_id_at(expected) == "j1"
    assert job_id_at(f"{expected.partition('?')[0]}/") == "j1"


@pytest.mark.parametrize(
    "url",
    [
        *("https://h", "https://h/", "https://h/arcgis/rest/jobs", "https://h/arcgis/rest/jobs/"),
        *("https://h/jobs/j1/cancel", "https://h/services/j1", "https://h/rest?jobs/j1"),
    ],
)
def test_fact_1_no_url_of_a_job(url: str) -> None:
    """A URL that is no job's is refused at once, and its token is not repeated."""
    with pytest.raises(ValueError, match=r"ends with /jobs/<job id>") as caught:
        job_id_at(f"{url}?token=S3cr3t")
    assert "S3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("SUBMITTED", Status.QUEUED),
        ("PROCESSING", Status.RUNNING),
        ("EXECUTING", Status.RUNNING),
        ("In Progress", Status.RUNNING),
        ("CANCELLING", Status.CANCELLING),
        ("CANCELING", Status.CANCELLING),
        ("CANCELLED", Status.CANCELLED),
        ("CANCELED", Status.CANCELLED),
        ("COMPLETED", Status.SUCCEEDED),
        ("FAILED", Status.FAILED),
        ("UNAVAILABLE", Status.UNKNOWN),
        ("esriJobNew", Status.QUEUED),
        ("esriJobWaiting", Status.QUEUED),
        ("Pending", Status.QUEUED),
        ("esriJobSubmitted", Status.QUEUED),
        ("esriJobExecuting", Status.RUNNING),
        ("esriJobCancelling", Status.CANCELLING),
        ("esriJobDeleting", Status.CANCELLING),
        ("esriJobCancelled", Status.CANCELLED),
        ("esriJobStatusCancelled", Status.CANCELLED),
        ("esriJobDeleted", Status.CANCELLED),
        ("Deleted", Status.CANCELLED),
        ("esriJobSucceeded", Status.SUCCEEDED),
        ("esriJobPartialSucceeded", Status.SUCCEEDED),
        ("Completed with warnings", Status.SUCCEEDED),
        ("esriJobFailed", Status.FAILED),
        ("esriJobTimedOut", Status.FAILED),
        ("Timed out", Status.FAILED),
        ("CompletedWithErrors", Status.FAILED),
    ],
)
def test_fact_2_words_of_esri_servers(word: str, status: Status) -> None:
    """Each word is known whatever its case, spaces, `_` and `-`, and kept as it was sent."""
    spaced = ["_".join(word.split()), "-".join(word.split()), "".join(word.split()), f" {word} "]
    for form in (word, word.lower(), word.title(), word.swapcase(), *spaced):
        job = parsed(status=form)
        assert (job.status, job.raw_status) == (status, form)


@pytest.mark.parametrize(
    "word",
    [
        *("COMPLETED_WITH_DOUBTS", "ARCHIVING", "esriJob", "Warteschlange", "", "完成", "error"),
        *("gone", "unknown", "COMPLETED.", "COMPLETEDFAILED"),
    ],
)
def test_fact_2_unknown_word_is_watched_on(word: str) -> None:
    """An unknown word is never an end, and is kept."""
    job = parsed(status=word)
    assert (job.status, job.raw_status) == (Status.UNKNOWN, word)
    assert not job.status.is_final


@pytest.mark.parametrize("odd", [None, 5, ["COMPLETED"], {"value": "COMPLETED"}, True, ABSENT])
def test_fact_2_status_that_is_no_word(odd: Any) -> None:
    """A status of another type is unknown; its value is kept among the attributes."""
    job = parsed(status=odd)
    assert (job.status, job.raw_status) == (Status.UNKNOWN, None)
    assert job.attributes.get("status") == (None if odd is ABSENT else odd)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("SUBMITTED", Status.CANCELLING),
        ("PROCESSING", Status.CANCELLING),
        ("CANCELLING", Status.CANCELLING),
        ("COMPLETED", Status.CANCELLED),
        ("CANCELLED", Status.CANCELLED),
        ("FAILED", Status.FAILED),
        ("UNAVAILABLE", Status.UNKNOWN),
    ],
)
def test_fact_3_is_cancelled(word: str, status: Status) -> None:
    """With isCancelled an end is a cancelled one, but a failure stays one."""
    job = parsed(status=word, isCancelled=True)
    assert (job.status, job.raw_status) == (status, word)
    assert job.attributes["isCancelled"] is True


@pytest.mark.parametrize("odd", [False, None, ABSENT, "true", 1, [True]])
def test_fact_3_only_true_is_cancelled(odd: Any) -> None:
    """Whatever is not `true` cancels nothing."""
    assert parsed(status="COMPLETED", isCancelled=odd).status is Status.SUCCEEDED
    assert parsed(status="PROCESSING", isCancelled=odd).status is Status.RUNNING


@pytest.mark.parametrize(
    ("done", "total", "progress"),
    [(0, 5, 0.0), (2, 5, 0.4), (5, 5, 1.0), (7, 5, 1.0), (-1, 5, 0.0), (2.0, 5.0, 0.4), (0, 1, 0)],
)
def test_fact_4_progress(done: float, total: float, progress: float) -> None:
    """Progress is the completed part of the steps, never below 0 or above 1."""
    job = parsed(stepsCompleted=done, totalSteps=total)
    assert job.progress == progress
    assert (job.steps_done, job.steps_total) == (done, total)
    assert [type(job.steps_done), type(job.steps_total)] == [int, int]


@pytest.mark.parametrize(
    ("status", "progress"), [("COMPLETED", 1.0), ("FAILED", 0.4), ("CANCELLED", 0.4), ("?", 0.4)]
)
def test_fact_4_progress_at_the_end(status: str, progress: float) -> None:
    """A job that succeeded is whole even where the last step was not counted; no other is."""
    assert parsed(status=status, stepsCompleted=2).progress == progress


@pytest.mark.parametrize("status", ["PROCESSING", "COMPLETED", "FAILED", "UNAVAILABLE"])
@pytest.mark.parametrize(
    ("done", "total"),
    [(0, 0), (5, 0), (2, -5), (2, None), (None, 5), (2, ABSENT), (ABSENT, 5), ("2", "5"), (True, 5)]
    + [(odd, 5) for odd in (float("nan"), float("inf"), 2**63, [2], {})],
)
def test_fact_4_no_progress_without_counters(status: str, done: Any, total: Any) -> None:
    """Without usable counters nobody knows, whatever the status."""
    job = parsed(status=status, stepsCompleted=done, totalSteps=total)
    assert job.progress is None


def test_fact_5_codes_pair_by_index() -> None:
    """The n-th code belongs to the n-th message, in the server's order."""
    texts, codes = ["Started", "Tracks", "Events", "Tracks done"], [1500, 1501, 1505, 1502]
    for order in permutations(range(4)):
        job = parsed(messages=[texts[i] for i in order], messageCodes=[codes[i] for i in order])
        assert [(m.text, m.code) for m in job.messages] == [(texts[i], codes[i]) for i in order]
    assert [m.number for m in job.messages] == [1, 2, 3, 4]


def test_fact_5_more_messages_than_codes() -> None:
    """A message without a code has None."""
    job = MISSION.read(Answer(case("more-messages-than-codes")))
    assert [message.code for message in job.messages] == [1500, 1501, *[None] * 9]


def test_fact_5_more_codes_than_messages() -> None:
    """Surplus codes make no message, and are kept."""
    job = parsed(messages=["Started"], messageCodes=[1500, 1501, 1503])
    assert job.messages == (Message(1, "Started", 1500),)
    assert job.attributes["messageCodes"] == [1500, 1501, 1503]


@pytest.mark.parametrize("codes", [None, ABSENT, "1500", 1500, {}, []])
def test_fact_5_no_codes(codes: Any) -> None:
    """Codes may be missing, or no list."""
    job = parsed(messages=["Started"], messageCodes=codes)
    assert job.messages == (Message(1, "Started"),)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        *((1500, 1500), (0, 0), (1500.0, 1500), ("1500", 1500), (" 1500 ", 1500), ("", "")),
        *(("E-17", "E-17"), ("-1", "-1"), (True, "true"), (None, None), ("9" * 40, "9" * 40)),
        *(([1500], "1500"), ({"id": "ü"}, '{"id": "ü"}'), ("9" * 18, 10**18 - 1)),
    ],
)
def test_fact_5_codes_as_they_come(sent: Any, code: int | str | None) -> None:
    """A code may be a string; what is no number is kept as a word."""
    assert parsed(messages=["Started"], messageCodes=[sent]).messages[0].code == code


def test_fact_5_messages_are_plain_strings() -> None:
    """A message is a text without time and level; markup in it is text like any other."""
    first, second = MISSION.read(Answer(case("hostile-message"))).messages
    assert first.text == "<img src=x onerror=alert(1)>"
    assert second.text == "ünïcode ✓ 任务"
    assert {first.time, first.level, second.time, second.level} == {None}


@pytest.mark.parametrize(
    ("sent", "texts"), [(None, []), (ABSENT, []), ("one text", ["one text"]), ({}, ["{}"])]
)
def test_fact_5_messages_that_are_no_list(sent: Any, texts: list[str]) -> None:
    """Without a list there are no messages; another value is one message, and kept."""
    job = parsed(messages=sent)
    assert [message.text for message in job.messages] == texts
    assert ("messages" in job.attributes) is bool(texts)


def test_fact_7_epoch_milliseconds() -> None:
    """Times are UTC, to the millisecond."""
    job = MISSION.read(Answer(case("completed")))
    assert job.started == datetime(2020, 5, 26, 20, 0, 21, 196_000, tzinfo=UTC)
    assert job.ended == datetime(2020, 5, 26, 20, 1, 27, 507_000, tzinfo=UTC)


@pytest.mark.parametrize("end", [ABSENT, None, 0, -1, -62135596800000, 0.0, "", False])
@pytest.mark.parametrize("status", ["PROCESSING", "COMPLETED"])
def test_fact_7_not_ended_yet(status: str, end: Any) -> None:
    """While a job runs its endTime may be absent, null, 0 or negative: not ended."""
    job = parsed(status=status, endTime=end)
    assert (job.ended, job.duration) == (None, None)


@pytest.mark.parametrize("end", ["soon", True, [1], {"ms": 1}, float("nan"), float("inf"), 10**30])
def test_fact_7_no_time(end: Any) -> None:
    """A time of another type, or out of any calendar, is unknown."""
    assert parsed(endTime=end).ended is None
    assert parsed(startTime=end).started is None


def test_fact_7_skewed_clocks() -> None:
    """An end before the start makes no negative duration; both are kept."""
    job = parsed(status="COMPLETED", endTime=milliseconds(after(-1)))
    assert (job.started, job.ended, job.duration) == (STARTED, after(-1), None)


@pytest.mark.parametrize("custom", [None, ABSENT])
def test_fact_8_no_attributes(custom: Any) -> None:
    """Custom attributes may be null or absent: then there are no steps and no codes."""
    job = parsed(customAttributes=custom)
    assert job.attributes == {}
    assert (job.progress, job.steps_done, job.messages[0].code) == (None, None, None)


def test_fact_8_custom_attribute_wins() -> None:
    """Where two parts have one name, the custom attribute is taken; the document has both."""
    job = parsed(missionId="outer", customAttributes={"missionId": "inner"})
    assert job.attributes == {"missionId": "inner"}
    assert job.document["missionId"] == "outer"


@pytest.mark.parametrize("kind", ["addMission", "createNewMissionService", "", "COMPLETED"])
def test_fact_8_type_is_free_text(kind: str) -> None:
    """The type differs between versions: it is kept, and nothing depends on it."""
    job = parsed(type=kind)
    assert job.kind == kind
    assert job.messages == parsed().messages
    assert (job.status, job.progress) == (Status.RUNNING, 0.2)


# Errors: HTTP status proves nothing


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        (case("error_rest_498"), 498, "Invalid token."),
        (case("error_admin_498_token_expired"), 498, "Token Expired."),
        ({"error": {"code": 400, "message": None, "details": "No such job"}}, 400, "No such job"),
        ({"error": {"code": 403, "message": "", "details": ["a", "b"]}}, 403, "a b"),
        ({"error": {"code": 404, "message": "Gone", "details": ["more"]}}, 404, "Gone"),
        ({"error": {"code": 499, "message": "Token Required", "details": None}}, 499, "Token …"),
        ({"error": {"code": 500}}, 500, ""),
        ({"error": {"code": "498", "message": "as a text"}}, 498, "as a text"),
        ({"error": {"message": "no code"}}, None, "no code"),
        ({"error": {}}, None, ""),
        ({"error": {"code": [], "message": {"a": 1}}}, None, '{"a": 1}'),
        ({"error": "Invalid URL"}, None, "Invalid URL"),
        ({"error": "Invalid URL", "code": 400}, 400, "Invalid URL"),
        ({"status": "error", "messages": ["one", "two"], "code": 500}, 500, "one two"),
        ({"status": "error", "messages": None}, None, ""),
        ({"status": "error"}, None, ""),
        ({"success": False, "error": {"code": 404, "message": "m"}}, 404, "m"),
        ({"jobId": "j1", "error": {"code": 500, "message": "m"}}, 500, "m"),
    ],
)
def test_error_bodies(body: Any, code: int | None, text: str) -> None:
    """Both of Esri's error bodies are told from a job, whatever parts they lack."""
    error = refusal(body)
    assert error is not None
    is_error = code is not None and code >= 400
    assert error.code == (code if is_error else None)
    told = f"{code} {text}" if is_error else text or "refused"
    assert str(error).startswith(told.strip().removesuffix("…"))


@pytest.mark.parametrize(
    "body",
    [
        *ODD,
        *(document(), document(status="error"), document(error=None), document(error="none")),
        *({"jobId": "j1"}, {"asyncJobs": []}, {"status": "COMPLETED"}, {"error": None}),
    ],
)
def test_no_error_body(body: Any) -> None:
    """A job is no error body, even one whose word is "error"."""
    assert refusal(body) is None


@pytest.mark.parametrize(
    ("odd", "found"),
    [
        *((None, "null"), ({}, "an empty object"), ([1], "a list of 1"), (7, "a int")),
        *(({"b": 1, "a": 2}, "an object with: a, b"), ("COMPLETED", "a str"), (True, "a bool")),
    ],
)
def test_valid_json_that_is_no_job(odd: Any, found: str) -> None:
    """The error says what was found instead, names and types alone."""
    with pytest.raises(DocumentError, match=rf"found {found}$"):
        MISSION.read(Answer(odd))


@pytest.mark.parametrize(
    "job_id", [ABSENT, *(odd for odd in ODD if not odd or odd is True), 7, [1]]
)
def test_body_without_an_id_is_no_job(job_id: Any) -> None:
    """Without a usable id nobody knows whose document it is."""
    with pytest.raises(DocumentError, match=r'expected a job document with a "jobId"'):
        parsed(jobId=job_id)


@pytest.mark.parametrize("depth", [200, 500, 10_000])
def test_error_body_that_is_nested_deeply(depth: int) -> None:
    """So is an error body."""
    deep: Any = "deep"
    for _ in range(depth):
        deep = [deep]
    for body in ({"error": {"message": deep}}, {"error": deep}, {"error": {"details": deep}}):
        assert str(refusal(body)) in {"deep", "…"}
