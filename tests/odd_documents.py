"""Mission documents as hypothesis makes them: mostly usual, now and then odd."""

from typing import Any

from hypothesis import strategies as st

from jobwidgets._model.history import JobHistory
from jobwidgets._model.redact import redacted_document
from jobwidgets.dialects import Answer
from jobwidgets.dialects.mission import Mission

START = 1_590_523_221_196
"""When the jobs of `DOCUMENT` start, in milliseconds, if that is told."""
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(
        ["COMPLETED", "failed", "1500", " 7", "token=abc", "to\u212aen=abc", "\ud800"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
WORDS = st.sampled_from(["COMPLETED", "FAILED", "CANCELLED", "EXECUTING", "SUBMITTED", "Odd Word"])
TEXTS = st.sampled_from(["Started.", "see ?token=abc&f=json", "Erzeugte Küche", ""]) | st.text()


def fields(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return what a field holds: mostly its usual value, now and then any."""
    return st.one_of(usual, usual, usual, st.none(), ODD)


CUSTOM = st.fixed_dictionaries(
    {},
    optional={
        "stepsCompleted": fields(st.integers(0, 5)),
        "totalSteps": fields(st.just(5)),
        "isCancelled": fields(st.booleans()),
        "missionId": fields(st.text(max_size=5)),
        "messageCodes": fields(st.lists(fields(st.integers(1500, 1510)), max_size=4)),
    },
)
DOCUMENT = st.fixed_dictionaries(
    {"jobId": st.text("abc\u00e9", min_size=1, max_size=3)},
    optional={
        "status": fields(WORDS),
        "messages": fields(st.lists(fields(TEXTS), max_size=4)),
        "startTime": fields(st.integers(START, START + 9)),
        "endTime": fields(st.integers(START, START + 9)),
        "type": fields(st.text(max_size=3)),
        "username": fields(st.text(max_size=3)),
        "missionId": ODD,
        "customAttributes": fields(CUSTOM),
    },
)


def by_watch(documents: list[Any]) -> list[JobHistory]:
    """Return what a watch has of each document, read one by one."""
    histories = []
    for document in documents:
        snapshot = Mission().read(Answer(redacted_document(document)))
        history = JobHistory(snapshot.id)
        history.record(snapshot)
        histories.append(history)
    return histories
