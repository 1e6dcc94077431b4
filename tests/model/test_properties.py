"""What holds for every document, whatever a server sends."""

import copy
import json
import math
import os
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from documents import CASES, JOB_ID, JOB_URL, JOBS_URL, STARTED, after, answer, case, document
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from jobwidgets import jobs_frame, messages_frame, snapshots_frame
from jobwidgets._display.job import static_html, static_text
from jobwidgets._display.words import message_text, word
from jobwidgets._http.answers import HttpAnswer, read_answer
from jobwidgets._model.contact import Contact, ContactState
from jobwidgets._model.history import JobHistory
from jobwidgets._model.redact import REDACTED, redacted_document
from jobwidgets._model.snapshot import Snapshot, Status
from jobwidgets._model.step_times import job_steps
from jobwidgets._widgets.job_updates import Updates
from jobwidgets.dialects import Answer
from jobwidgets.dialects.mission import Mission
from jobwidgets.errors import DocumentError, ExchangeError

settings.register_profile(
    "jobwidgets",
    deadline=None,
    max_examples=int(os.environ.get("JOBWIDGETS_EXAMPLES", "100")),
    derandomize="CI" in os.environ,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("jobwidgets")

MISSION = Mission()
# NaN, which JSON does not have, is read as no value.
_CONSTANTS = {"NaN": None, "Infinity": math.inf, "-Infinity": -math.inf}
SECRET = "S3cr3tT0kenOfNobody"
WORDS = ["SUBMITTED", "processing", "In Progress", "COMPLETED", "FAILED", "CANCELLED", "error", ""]
IN_TOUCH = Contact(ContactState.IN_TOUCH, last_heard=STARTED)

numbers = st.one_of(
    st.integers(-10, 10),
    st.integers(),
    st.sampled_from([2**63 - 1, 2**63, -(2**63), 10**400, 1_590_523_221_196, 253402300800000]),
    st.floats(),
)
texts = st.text(max_size=12)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts, st.sampled_from(WORDS))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
custom = st.fixed_dictionaries(
    {},
    optional={
        "stepsCompleted": values,
        "totalSteps": values,
        "isCancelled": values,
        "messageCodes": values | st.lists(scalars, max_size=5),
        "missionId": values,
        "more": values,
    },
)
jobs = st.fixed_dictionaries(
    {"jobId": st.just(JOB_ID)},
    optional={
        "status": st.sampled_from(WORDS) | values,
        "messages": st.lists(texts, max_size=5) | values,
        "startTime": numbers | values,
        "endTime": numbers | values,
        "type": values,
        "username": values,
        "customAttributes": custom | values,
        "more": values,
    },
)
REAL = [document(), *(case(file.stem) for file in sorted(CASES.iterdir()))]


@st.composite
def mutations(draw: st.DrawFn) -> Any:
    """Return a real document with some of its parts, at any depth, replaced or taken out."""
    root = {"": copy.deepcopy(draw(st.sampled_from(REAL)))}
    for _ in range(draw(st.integers(0, 4))):
        parent, key = draw(st.sampled_from(list(places(root))))
        if draw(st.booleans()):
            parent[key] = draw(values)
        elif parent is not root:
            del parent[key]
    return root[""]


def places(value: Any) -> Any:
    """Yield each container within a JSON value with each of its keys or indices."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


def is_clean(value: Any) -> bool:
    """Return whether a JSON value has nothing that would be redacted."""
    text = json.dumps(value, ensure_ascii=False)
    return "token" not in text.casefold() and text.encode("utf-8", "replace").decode() == text


def same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are the same; NaN is missing as null is, 1 is not 1.0."""
    first, second = (json.dumps(value, sort_keys=True) for value in (one, other))
    return re.sub(r"\bNaN\b", "null", first) == re.sub(r"\bNaN\b", "null", second)


def parsed(value: Any) -> Snapshot | None:
    """Return what a document says, None where it is refused with the one documented error."""
    try:
        return MISSION.read(Answer(redacted_document(value)))
    except (DocumentError, ExchangeError):
        return None


# Parsing


@given(values | jobs | mutations())
@example([[]])
@example({"jobId": JOB_ID, "messages": ["\ud800"], "\udfff": "\ud800"})
def test_parsing_raises_the_documented_error_only(value: Any) -> None:
    """Any JSON value is a job document, or none with a DocumentError."""
    before = json.dumps(value)
    snapshot = parsed(value)
    is_job = isinstance(value, dict) and isinstance(value.get("jobId"), str) and value["jobId"]
    assert (snapshot is not None) is bool(is_job)
    assert json.dumps(value) == before
    if snapshot is not None:
        hash(snapshot)
        assert isinstance(snapshot.status, Status)
        assert snapshot.progress is None or 0 <= snapshot.progress <= 1


@pytest.mark.parametrize("depth", [10, 200, 400, 900, 5_000, 100_000])
@pytest.mark.parametrize("name", ["more", "messages", "customAttributes", "startTime", "status"])
def test_depth_raises_the_documented_error_only(name: str, depth: int) -> None:
    """A part that is nested however deeply is read, or refused."""
    nested: Any = "core"
    for _ in range(depth):
        nested = [nested]
    snapshot = parsed(document(**{name: nested}))
    assert snapshot is not None or depth > 200
    while isinstance(nested, list):  # taken apart here: its own end would recurse as deeply
        nested = nested.pop()


@given(jobs | mutations())
def test_no_part_of_a_document_is_lost(value: Any) -> None:
    """Each part stands in its own field of the snapshot, or in the attributes under its name."""
    snapshot = parsed(value)
    assume(snapshot is not None and is_clean(value))
    assert snapshot is not None
    assert same(snapshot.document, value)
    custom = value.get("customAttributes")
    inner = custom if isinstance(custom, dict) else {}
    for name, part in inner.items():
        assert same(part, None) or same(snapshot.attributes[name], part)
    for name, part in value.items():
        is_shadowed = name in inner  # the server says it twice; the document has both
        is_kept = name in snapshot.attributes and same(snapshot.attributes[name], part)
        assert same(part, None) or is_kept or is_shadowed or is_told(snapshot, name, part)


def is_told(snapshot: Snapshot, name: str, part: Any) -> bool:
    """Return whether a part of a document stands in the snapshot's own field for it."""
    if name == "messages":
        told = [message.text for message in snapshot.messages]
        return len(told) == len(part) and all(
            text == one for text, one in zip(told, part, strict=True) if isinstance(one, str)
        )
    if name in {"startTime", "endTime"}:
        time = snapshot.started if name == "startTime" else snapshot.ended
        # 0, a negative number, and one that no calendar has, are told by the document alone.
        is_usable = isinstance(part, int | float) and 0 < part < 250_000_000_000_000
        return time is not None or not is_usable or int(part) == 0
    fields = {
        "jobId": snapshot.id,
        "status": snapshot.raw_status,
        "type": snapshot.kind,
        "username": snapshot.owner,
    }
    return name == "customAttributes" or fields.get(name) == part


@given(jobs | mutations(), st.sampled_from(["?token={}", "x&TOKEN={}&y", "token%3D{}", "{}"]))
def test_tokens_are_the_only_loss(value: Any, form: str) -> None:
    """A token is nowhere in a snapshot, whatever else the document says."""
    assume(isinstance(value, dict) and value.get("jobId") and is_clean(value))
    text = form.format(SECRET)
    hidden = {"token": text, "more": [{"myToken": text}]} if form == "{}" else {"more": text}
    snapshot = parsed({**value, "messages": [text if form != "{}" else ""], **hidden})
    if snapshot is not None:
        assert SECRET not in f"{snapshot!r}{snapshot.document!r}"
        assert REDACTED in repr(snapshot.document)
        kept = {name: part for name, part in value.items() if name not in {"messages", *hidden}}
        assert same({name: snapshot.document[name] for name in kept}, kept)


@given(st.lists(values, max_size=4) | values)
def test_lists_of_jobs_raise_the_documented_error_only(ids: Any) -> None:
    """Any value in the place of the ids is a list of texts, or a DocumentError."""
    for value in (ids, {"asyncJobs": ids}):
        try:
            page = MISSION.read_list(Answer(value, JOBS_URL))
        except DocumentError:
            continue
        found = [url for url, _ in page.entries]
        assert all(url.startswith(f"{JOBS_URL}/") for url in found)
        assert len(set(found)) == len(found)


# Answers

bodies = st.one_of(
    st.binary(max_size=60),
    (jobs | mutations() | values).map(lambda value: json.dumps(value).encode()),
    st.builds(
        lambda value, at, cut: json.dumps(value).encode()[: at % 400] + cut,
        mutations(),
        st.integers(0, 400),
        st.binary(max_size=4),
    ),
    st.sampled_from([b"<html>", b'<input type="password">', b"[" * 2000, b"\xef\xbb\xbf{}"]),
)
errors = st.fixed_dictionaries(
    {}, optional={"error": values, "status": st.just("error"), "code": values, "messages": values}
).map(lambda value: json.dumps(value).encode())
headers = st.fixed_dictionaries({}, optional={"retry-after": texts, "date": texts})


@given(bodies | errors, st.sampled_from([200, 204, 302, 400, 404, 498, 503, 599, 999]), headers)
def test_reading_raises_the_documented_errors_only(
    body: bytes, status: int, headers: dict[str, str]
) -> None:
    """Any bytes with any status are a JSON value, or one of the errors of an exchange."""
    refused, value = None, None
    try:
        value = read_answer(HttpAnswer(status, body, headers), MISSION.read, JOB_URL)
    except DocumentError:
        assert status < 400
        return
    except ExchangeError as error:
        refused = error
    if refused is None:
        assert value.document == json.loads(body, parse_constant=_CONSTANTS.get)
        return
    assert str(refused)
    assert "\n" not in str(refused)
    assert refused.retry_after is None or 0 <= refused.retry_after <= 86_400
    assert not isinstance(refused.__cause__, json.JSONDecodeError)


# Histories and their views


def replayed(shown: dict[int, Any], update: dict[str, Any]) -> dict[int, Any]:
    """Return the rows of a view that knew some and was told an update."""
    update = json.loads(json.dumps(update, allow_nan=False, ensure_ascii=False).encode())
    rows = {index: row for index, row in shown.items() if index < update["keep"]}
    for start, told in update["parts"]:
        rows.update(enumerate(told, start))
    return rows


@given(st.lists(st.tuples(jobs, st.booleans()), min_size=1, max_size=6))
def test_replayed_updates_are_the_history(life: list[tuple[Any, bool]]) -> None:
    """Whatever a job's documents say, a view that replays its updates shows its history."""
    updates, history, shown = Updates(), JobHistory(JOB_ID), dict[int, Any]()
    for second, (value, is_told) in enumerate([*life, (document(), True)]):
        updates.note(history.record(answered(value, second), after(second)))
        while is_told and (update := updates.next(history, IN_TOUCH, timedelta(0))):
            shown = replayed(shown, update)
    told = [(shown[index][2], shown[index][-1]) for index in range(len(shown))]
    assert told == [(word(message.code), message_text(message)) for message in history.messages]
    seen = history, IN_TOUCH, job_steps(history, MISSION)
    for text in (static_html(*seen), static_text(*seen)):
        text.encode()


def answered(value: Any, second: float) -> Snapshot:
    """Return the snapshot of a document, received some seconds after the job's start."""
    try:
        found = read_answer(answer(json.dumps(value).encode()), MISSION.read, JOB_URL)
    except (ExchangeError, DocumentError):
        found = MISSION.read(Answer(document()))
    return replace(found, seen=after(second))


# Frames


@settings(max_examples=max(settings().max_examples // 3, 1))
@given(st.lists(jobs | mutations() | values, max_size=3) | jobs | values)
def test_frames_raise_the_documented_errors_only(value: Any) -> None:
    """Any JSON value makes frames of the fixed columns, or a documented error."""
    given = value if isinstance(value, list) else [value]
    assume(not any(isinstance(item, str) for item in given))  # a text is the path of a file
    for make in (jobs_frame, messages_frame, snapshots_frame):
        empty = make([])
        try:
            frame = make(value)
        except DocumentError:
            continue
        except TypeError as error:
            if not str(error).startswith("jobs"):  # any other is a mistake of ours
                raise
            continue
        assert list(frame.columns) == list(empty.columns)
        assert frame.dtypes.tolist() == empty.dtypes.tolist()
        frame.to_csv()
