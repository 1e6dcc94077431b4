from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import pytest
from documents import STARTED, milliseconds, watched
from matplotlib import pyplot as plt

from jobwidgets._model.history import JobHistory
from jobwidgets.frames import jobs_frame
from jobwidgets.plots import durations, timeline


@pytest.fixture(autouse=True)
def no_window() -> Iterator[None]:
    """Draw without a screen, and leave no figure and no setting behind."""
    before = dict(mpl.rcParams)
    with plt.rc_context():
        plt.switch_backend("agg")
        yield
        plt.close("all")
    assert {k: v for k, v in mpl.rcParams.items() if k != "backend"} == {
        k: v for k, v in before.items() if k != "backend"
    }


def job(name: str, status: str, seconds: float | None, *codes: int) -> dict[str, Any]:
    """Return a document of a job that ended after some seconds, or goes on."""
    begin = milliseconds(STARTED)
    end = {} if seconds is None else {"endTime": begin + int(1000 * seconds)}
    custom = {"messageCodes": list(codes)}
    texts = [f"message {code}" for code in codes]
    told = {"jobId": name, "status": status, "startTime": begin, **end}
    return told | {"messages": texts, "customAttributes": custom}


def seen(name: str, status: str, *codes: int) -> JobHistory:
    """Return a job's history in which each code came a second after the one before."""
    lists = [codes[:number] for number in range(len(codes) + 1)]
    states = ["PROCESSING"] * (len(lists) - 1) + [status]
    return watched(
        *(job(name, word, None, *part) for word, part in zip(states, lists, strict=True))
    )


def bars(ax: Any) -> list[tuple[float, float]]:
    """Return the begin and width of each bar."""
    return [(patch.get_x(), patch.get_width()) for patch in ax.patches]


def test_timeline_of_jobs() -> None:
    """Each job with a start is a bar as long as it ran, in a look that its status has alone."""
    words = ["COMPLETED", "FAILED", "CANCELLED"]
    jobs = [job(word, word, 3600 * n, 1500) for n, word in enumerate(words, start=1)]
    ax = timeline(iter([*jobs, job("on", "PROCESSING", None), {"jobId": "never"}]))
    assert [label.get_text() for label in ax.get_yticklabels()] == [*words, "on"]
    hours = [round(width * 24, 6) for _, width in bars(ax)]
    assert hours == [1, 2, 3, 3]
    looks = {(patch.get_hatch(), patch.get_fill()) for patch in ax.patches}
    assert len({hatch for hatch, _ in looks}) == 3
    legend = ax.get_legend()
    assert legend is not None
    told = {text.get_text() for text in legend.get_texts()}
    assert told == {"succeeded", "failed", "cancelled", "running"}


def test_timeline_of_one_job_is_its_steps() -> None:
    """A watched job's steps are bars in seconds since its start, open where they go on."""
    ax = timeline(seen("j1", "PROCESSING", 1501, 1503, 1502))
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["tracks layers", "communications layers"]
    assert bars(ax) == [(1, 2), (2, 1)]
    assert [patch.get_facecolor()[3] for patch in ax.patches] == [1, 0]


def test_durations() -> None:
    """Each step is a row of points, the longest on top; those of failed jobs are crosses."""
    jobs = [seen("a", "COMPLETED", 1501, 1503, 1504, 1502), seen("b", "FAILED", 1501, 1502)]
    _, given = plt.subplots()
    ax = durations(jobs, ax=given)
    assert ax is given
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "tracks layers",
        "communications layers",
    ]
    points = [sorted(dots.get_offsets()[:, 0]) for dots in ax.collections]
    assert points == [[3], [1], [1], []]
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["of a failed job"]


def test_nothing_to_draw() -> None:
    """Where nobody knows a time, the error says what it takes."""
    with pytest.raises(ValueError, match="no job has a start"):
        timeline([{"jobId": "a"}, {"jobId": "b"}])
    with pytest.raises(ValueError, match="were watched"):
        durations(job("a", "COMPLETED", 9, 1501, 1502))


@pytest.mark.parametrize("draw", [timeline, durations])
def test_frames_are_no_jobs(draw: Any) -> None:
    """What a picture is given in place of jobs is told by its name."""
    with pytest.raises(TypeError, match="found a DataFrame of jobs_frame's: give the jobs"):
        draw(jobs_frame([job("j1", "COMPLETED", 60)]))
