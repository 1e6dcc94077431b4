"""One job of a board, and what a view can do with its watch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from jobwidgets._watch.feed import Throttle
from jobwidgets._widgets.job_values import action
from jobwidgets.job import Job


class Row:
    """One job of a board: its place, and what listens to it.

    Parameters
    ----------
    note
        Called with the row, and the index of the first message that changed, when the job did.
    """

    def __init__(self, index: int, job: Job, note: Callable[[Row, int | None], None]) -> None:
        self.index = index
        self.job = job
        self.listener = Throttle(partial(note, self))
        self._was_stopped_here = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come.

        A stopped watch counts, for nothing more comes of it by itself; unless it was stopped in a
        view, where it can be resumed: so that view stays. It stays as well for a watch that gave
        up, since a view can try again.
        """
        if self.job._is_done:
            return self.job.history.has_ended
        return self.job._is_at_rest and not self._was_stopped_here

    def act(self, name: str) -> None:
        """Do what a view asks for, on the poller's thread; ignore what does not fit the job."""
        if name == "cancel":
            self.job._cancel_soon()
        elif name in ACTIONS and name == action(self.job.history, self.job.contact):
            self._was_stopped_here = name == "stop"
            ACTIONS[name](self.job)


ACTIONS: dict[str, Callable[[Job], object]] = {
    "stop": Job.stop,
    "start": Job._begin,
    "try": Job._try_now,
}
"""What a view can do with each selected job, by the names in _views/board_actions.js."""
