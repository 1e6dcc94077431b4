"""What is selected on a board, from Python and from its views."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import traitlets
from servers import FAST, HANG, until

from jobwidgets import Job, JobBoard, jobs_frame
from jobwidgets._watch.poller import poller

Site = Any  # the maker of servers in conftest.py


@pytest.fixture
def board(opened: Callable[[Any], Any], site: Site) -> JobBoard:
    """Return a board of four jobs that run."""
    shown = opened(JobBoard(site("a", "b", "c", "d").jobs()))
    until(lambda: all(job.status for job in shown))
    return shown  # type: ignore[no-any-return]


def ask(board: JobBoard, **request: Any) -> None:
    """Let a view send a message, and wait until it was heard."""
    board._on_view_message(board, {"view": "v", **request}, [])
    poller().thread.do(lambda: None)


def told(board: JobBoard) -> Any:
    """Return what a view that opens now is told of the selection."""
    return board.get_state()["_update"]["selection"]


def test_view_selects_for_the_next_cell(board: JobBoard) -> None:
    """The jobs that a view selects are the trait's, in the order of the board."""
    seen: list[Any] = []
    board.observe(lambda change: seen.append(change["new"]), "selected")
    ask(board, select=[[2, 4], [0, 1]], turn=3)
    assert board.selected == (board[0], board[2], board[3])
    assert list(jobs_frame(board.selected)["job_id"]) == ["a", "c", "d"]
    assert told(board) == {"view": "v", "turn": 3, "ranges": [[0, 1], [2, 4]]}
    until(lambda: seen == [board.selected])


def test_python_selects_for_every_view(board: JobBoard) -> None:
    """What is set from Python is told to the views, in the order of the board, once each."""
    numbers: list[int] = []
    board.observe(lambda change: numbers.append(change["new"]["n"]), "_update")
    ask(board, select=[[0, 1]], turn=1)
    again = Job(str(board[1].url))
    board.selected = [board[3], again, board[1]]
    assert board.selected == (board[1], board[3])
    assert told(board) == {"view": "", "turn": 0, "ranges": [[1, 2], [3, 4]]}
    until(lambda: board._update["selection"] == told(board))
    board.selected = ()
    assert told(board)["ranges"] == []


@pytest.mark.parametrize("odd", ["a", 1, None, "stranger"])
def test_others_are_refused(board: JobBoard, odd: object, site: Site) -> None:
    """Only jobs of the board are selected; the error names what was found."""
    (stranger,) = site("x").jobs()
    given = stranger if odd == "stranger" else odd
    with pytest.raises(traitlets.TraitError, match=r"jobs of this board, found (job 'x'|a )"):
        board.selected = [given]
    assert board.selected == ()


@pytest.mark.parametrize(
    "select", [None, "all", [[1]], [["0", 1]], [[True, 2]], [[4, 9]], [[3, 1]], [[-5, 0]]]
)
def test_odd_requests_select_nothing(board: JobBoard, select: Any) -> None:
    """What a page sends is checked."""
    ask(board, select=select, turn="x")
    ask(board, act="close", on=[[0, 4]])
    ask(board, act="stop", on=select)
    assert board.selected == ()
    assert [str(job.contact.state) for job in board] == ["in touch"] * 4


def test_watches_are_stopped_and_resumed(board: JobBoard) -> None:
    """What a view stops it can resume: the view stays. What has ended is left alone."""
    board._ipython_display_()
    ask(board, act="stop", on=[[0, 4]])
    until(lambda: all(job.contact.state == "stopped" for job in board))
    assert not board._is_over()
    ask(board, act="start", on=[[0, 2]])
    until(lambda: [str(job.contact.state) for job in board] == ["in touch"] * 2 + ["stopped"] * 2)


def test_stopped_in_the_view_and_ended_is_over(opened: Callable[[Any], Any], site: Site) -> None:
    """A watch that was stopped in the view, and then read to the job's end, is over as any is."""
    server = site("a")
    board = opened(JobBoard(server.jobs()))
    until(lambda: board[0].status)
    ask(board, act="stop", on=[[0, 1]])
    until(lambda: board[0].contact.state == "stopped")
    server.ended.add("a")
    ask(board, act="start", on=[[0, 1]])
    board.wait(HANG)
    assert board._is_over()


def test_selected_jobs_that_gave_up_try_again(opened: Callable[[Any], Any], site: Site) -> None:
    """While a view can try again the output stays live; what is back is watched on."""
    server = site("a", "b")
    server.missing.update("ab")
    board = opened(JobBoard(server.jobs()))
    until(lambda: all(job.contact.state == "lost" for job in board))
    assert not board._is_over()
    server.missing.remove("b")
    ask(board, act="try", on=[[0, 2]])
    until(lambda: [str(job.contact.state) for job in board] == ["lost", "in touch"])


def test_selected_jobs_are_cancelled(opened: Callable[[Any], Any]) -> None:
    """Of the selected jobs those are cancelled that can be; the others go on."""
    told = [{"status": "running"} for _ in "abc"]
    jobs = [
        Job.from_function(
            told[number].copy,
            id=number,
            cancel=partial(told[number].update, status="cancelled") if number else None,
            pace=FAST,
        )
        for number in range(3)
    ]
    board = opened(JobBoard(jobs))
    until(lambda: all(job.status for job in board))
    ask(board, act="cancel", on=[[0, 2]])
    until(lambda: board[1].status == "cancelled")
    assert [str(job.status) for job in board] == ["running", "cancelled", "running"]
