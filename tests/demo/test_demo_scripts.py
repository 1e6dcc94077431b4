import pytest
from documents import CASES, case

from jobwidgets.demo import EXAMPLE, cancelled, chatty, example, failing, verbatim

STARTED = 1590523221196


def life(script, *ages):
    """Return the documents of a job at these ages, in seconds."""
    return [script.document("j1", STARTED, age) for age in ages]


def attribute(documents, name):
    """Return one custom attribute of each document."""
    return [document["customAttributes"].get(name) for document in documents]


def test_example_ends_as_published():
    """After 66.311 s, played at the original start, the document is Esri's, times included."""
    document = example().document(EXAMPLE["jobId"], STARTED, 66.311)
    assert document == case("completed") == EXAMPLE


def test_example_passes_through_the_cases():
    """It begins as the case of a submitted job, and says what the case of two steps says."""
    submitted = case("submitted") | {"jobId": "j1"}
    two_steps = case("processing-2-of-5") | {"jobId": "j1"}
    del two_steps["customAttributes"]["missionId"]  # it cannot know one
    assert life(example(), 0, 1, 30) == [submitted, submitted, two_steps]


def test_example_goes_step_by_step():
    """Steps and messages only ever grow, messages and codes together, up to 5 and 11."""
    documents = life(example(100), *range(3, 101))
    steps = attribute(documents, "stepsCompleted")
    messages = [len(document["messages"]) for document in documents]
    assert steps == sorted(steps)
    assert set(steps) == {0, 1, 2, 3, 4, 5}
    assert messages == sorted(messages)
    assert messages == [len(codes) for codes in attribute(documents, "messageCodes")]
    assert [document["status"] for document in documents[-2:]] == ["PROCESSING", "COMPLETED"]


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
def test_failing_fails_at_its_step(step):
    """The steps before the failing one are done, and the last message has no code."""
    before, after = life(failing(30, step), 29.99, 30)
    assert [before["status"], after["status"]] == ["PROCESSING", "FAILED"]
    assert attribute([before, after], "stepsCompleted") == [step - 1, step - 1]
    assert after["messages"] == [*before["messages"], "Failed to create mission."]
    assert len(after["customAttributes"]["messageCodes"]) == len(after["messages"]) - 1
    assert "missionId" not in after["customAttributes"]
    assert after["endTime"] == STARTED + 30_000


def test_cancelled_is_marked_halfway():
    """``isCancelled`` comes at half time, the status CANCELLED only at the end."""
    documents = life(cancelled(30), 14.9, 15, 29.9, 30)
    assert attribute(documents, "isCancelled") == [False, True, True, True]
    expected = ["PROCESSING", "PROCESSING", "PROCESSING", "CANCELLED"]
    assert [document["status"] for document in documents] == expected
    assert attribute(documents, "stepsCompleted") == [2, 2, 2, 2]


def test_chatty_spreads_its_messages():
    """Half of five thousand messages have come at half time, each with its code."""
    documents = life(chatty(5000, 60), 0, 30, 60)
    assert [len(document["messages"]) for document in documents] == [0, 2500, 5000]
    assert [len(codes or []) for codes in attribute(documents, "messageCodes")] == [0, 2500, 5000]
    assert attribute(documents, "stepsCompleted") == [None, 2, 5]
    assert len(set(documents[-1]["messages"])) == 5000


@pytest.mark.parametrize(("messages", "told"), [(1, 0), (9, 4), (10, 5), (5000, 5)])
def test_chatty_tells_each_step_once(messages, told):
    """Each step begins and ends, in order, or has too few messages to tell so."""
    [document] = life(chatty(messages, 60), 60)
    codes = [code for code in document["customAttributes"]["messageCodes"] if code <= 1510]
    assert len(codes) == 2 * told
    assert codes == sorted(set(codes))
    assert all(end == begin + 1 for begin, end in zip(codes[::2], codes[1::2], strict=True))


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.json")))
def test_verbatim_changes_nothing(name):
    """Whatever is given is answered at every age: ids, times and errors as they are."""
    assert life(verbatim(case(name)), 0, 1e6) == [case(name), case(name)]


def test_documents_are_copies():
    """Changing an answer changes neither the script nor the example."""
    for script in (example(), verbatim(EXAMPLE)):
        [document] = life(script, 100)
        document["messages"].clear()
        document["customAttributes"]["messageCodes"].clear()
        assert len(life(script, 100)[0]["customAttributes"]["messageCodes"]) == 11
    assert len(EXAMPLE["messages"]) == 11


@pytest.mark.parametrize("script", [example, failing, cancelled, lambda s: chatty(10, s)])
@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_time_must_pass(script, seconds):
    """A script takes a finite time above 0, and the message says so."""
    with pytest.raises(ValueError, match="seconds: expected a finite number above 0, found"):
        script(seconds)


@pytest.mark.parametrize(
    ("made", "kind", "text"),
    [
        (lambda: failing(step=6), ValueError, "step: expected 1 to 5, found 6"),
        (lambda: failing(step=0), ValueError, "step: expected 1 to 5, found 0"),
        (lambda: chatty(messages=0), ValueError, "messages: expected at least 1, found 0"),
        (lambda: verbatim({"status": object()}), TypeError, "JSON"),
        (lambda: verbatim({"progress": float("nan")}), ValueError, "JSON"),
    ],
)
def test_bad_arguments_are_named(made, kind, text):
    """A step that does not exist, a chat without messages, what JSON has not: each is refused."""
    with pytest.raises(kind, match=text):
        made()
