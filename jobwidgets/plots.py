"""Pictures of jobs: when they ran, and how long their steps took. They take matplotlib.

Nothing here sets a style: text and lines follow matplotlib's own settings, light or dark, and what
a colour says is said by a hatch or a mark too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from matplotlib import dates
from matplotlib import pyplot as plt
from matplotlib.patches import Patch

from jobwidgets.dialects import Dialect
from jobwidgets.frames import jobs_frame, snapshots_frame, steps_frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LOOKS: dict[str, dict[str, Any]] = {
    "succeeded": {"facecolor": "#3fa45b"},
    "failed": {"facecolor": "#e5534b", "hatch": "////"},
    "cancelled": {"facecolor": "#9198a1", "hatch": "...."},
    "gone": {"facecolor": "#9198a1", "hatch": "xxxx"},
}
# Every other status is one that goes on: an open bar.
_OPEN: dict[str, Any] = {"facecolor": "none", "linestyle": "--"}
_HEIGHT = 0.7  # of a bar, where a row is 1
_INCHES = 0.28  # a row
_MOST_NAMES = 60  # rows that have a name beside them: more cannot be read


def timeline(jobs: Any, *, dialect: str | Dialect | None = None, ax: Axes | None = None) -> Axes:
    """Draw when jobs ran: one bar a job, or one bar a step of a single job.

    Bars of jobs go from start to end by the server's clock, in UTC; those of steps begin where the
    step was first seen, and a thin line before it says how much earlier it may have begun. What
    had not ended is open, up to the last that is known.

    Parameters
    ----------
    jobs
        As for `jobs_frame`. Jobs without a start have no bar.
    dialect
        Which servers the documents are from.
    ax
        Where to draw; None makes a figure.

    Returns
    -------
    Axes
        The first job, or step, is on top.

    Raises
    ------
    ValueError
        There is nothing to draw: no job has a start, and of a single job no step has a time.
    """
    given = list(jobs) if isinstance(jobs, Iterator) else jobs
    frame = jobs_frame(given, dialect=dialect)
    if len(frame) != 1:
        return _draw_jobs(frame[frame["started"].notna()], ax)
    steps = steps_frame(given, dialect=dialect)
    seen = snapshots_frame(given, dialect=dialect)["seen"].max()
    if steps["begun"].notna().any():
        return _draw_steps(steps[steps["begun"].notna()], frame.iloc[0], seen, ax)
    return _draw_jobs(frame[frame["started"].notna()], ax)


def _draw_jobs(frame: Any, ax: Axes | None) -> Axes:
    if frame.empty:
        raise ValueError("no job has a start, so there is no time to draw it at")
    ax = _axes(len(frame), ax)
    frame = frame.sort_values("started", kind="stable")
    last = frame[["started", "ended"]].max().max()  # NaT does not count
    begins, ends = _days(frame["started"]), _days(frame["ended"].fillna(last))
    for row, (begin, end, status) in enumerate(zip(begins, ends, frame["status"], strict=True)):
        _bar(ax, row, begin, max(end - begin, 0), _LOOKS.get(status, _OPEN))
    ax.xaxis_date()
    ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(ax.xaxis.get_major_locator()))
    ax.set_xlabel("UTC")
    _name_rows(ax, [str(job_id) for job_id in frame["job_id"]])
    _explain(ax, [str(status) for status in frame["status"].unique()])
    return ax


def _draw_steps(steps: Any, job: Any, seen: Any, ax: Axes | None) -> Axes:
    ax = _axes(len(steps), ax)
    first = steps["begun"].min()
    zero = job["started"] if job["started"] <= first else first  # NaT is not before
    begins = (steps["begun"] - zero).dt.total_seconds()
    ends = (steps["ended"].fillna(seen) - zero).dt.total_seconds()
    earlier = steps["begun_early"].dt.total_seconds().fillna(0)
    rows = zip(begins, ends, earlier, steps["complete"], strict=True)
    for row, (begin, end, early, is_complete) in enumerate(rows):
        _bar(ax, row, begin, max(end - begin, 0), _LOOKS["succeeded"] if is_complete else _OPEN)
        ax.plot([begin - early, begin], [row, row], color=_line_colour(), linewidth=1)
    ax.set_xlabel("seconds since the start")
    _name_rows(ax, list(steps["step"]))
    ax.set_title(f"{job['job_id']}: {job['status']}", fontsize="medium")
    return ax


def durations(jobs: Any, *, dialect: str | Dialect | None = None, ax: Axes | None = None) -> Axes:
    """Draw how long each step took: a point a job, and a line at the median.

    Points of jobs that failed are crosses. The step that takes longest is on top.

    Parameters
    ----------
    jobs, dialect, ax
        As for `timeline`. Only steps that were watched from begin to end have a duration.

    Returns
    -------
    Axes
        A row a step.

    Raises
    ------
    ValueError
        No step has a duration.
    """
    given = list(jobs) if isinstance(jobs, Iterator) else jobs
    steps = steps_frame(given, dialect=dialect).dropna(subset="duration")
    if steps.empty:
        raise ValueError("no step has a duration: it takes jobs that were watched as they ran")
    frame = jobs_frame(given, dialect=dialect)
    failed = set(frame.loc[frame["status"] == "failed", "job_id"])
    seconds = steps["duration"].dt.total_seconds()
    medians = seconds.groupby(steps["step"]).median().sort_values(ascending=False)
    ax = _axes(2 * len(medians), ax)
    for row, (step, median) in enumerate(medians.items()):
        of_step = steps["step"] == step
        has_failed = steps.loc[of_step, "job_id"].isin(failed)
        _strip(ax, row, seconds[of_step], has_failed)
        ax.plot([median, median], [row - 0.35, row + 0.35], color=_line_colour(), linewidth=2)
    ax.set_xlabel("seconds")
    _name_rows(ax, [str(step) for step in medians.index])
    if failed.intersection(steps["job_id"]):
        ax.legend(loc="best", frameon=False)
    return ax


def _strip(ax: Axes, row: int, seconds: Any, has_failed: Any) -> None:
    """Draw the points of one row, side by side where they would cover each other."""
    ranks = seconds.rank(method="first").astype(int)
    heights = row + ((ranks * 7) % 11 - 5) / 22
    looks: list[tuple[Any, dict[str, Any]]] = [
        (~has_failed, {"marker": "o", "color": "#539bf5", "alpha": 0.7}),
        (has_failed, {"marker": "X", "color": "#e5534b", "label": "of a failed job", "zorder": 3}),
    ]
    for chosen, look in looks:
        named = look if row == 0 or "label" not in look else look | {"label": None}
        ax.scatter(seconds[chosen], heights[chosen], s=22, linewidths=0, **named)


def _axes(rows: int, ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    height = 1.2 + _INCHES * min(max(rows, 3), 2 * _MOST_NAMES)
    return plt.subplots(figsize=(7, height), layout="constrained")[1]


def _bar(ax: Axes, row: int, left: float, width: float, look: dict[str, Any]) -> None:
    ax.barh(row, width, left=left, height=_HEIGHT, edgecolor=_line_colour(), linewidth=0.7, **look)


def _line_colour() -> Any:
    return plt.rcParams["axes.edgecolor"]


def _days(times: Any) -> Any:
    return dates.date2num(times.dt.tz_convert(None).to_numpy())


def _name_rows(ax: Axes, names: list[str]) -> None:
    """Put the first row on top, with the names of all rows if they can be read."""
    ax.use_sticky_edges = False  # bars keep clear of the frame
    ax.autoscale_view(scaley=False)
    ax.set_ylim(len(names) - 0.4, -0.6)
    if len(names) <= _MOST_NAMES:
        ax.set_yticks(range(len(names)), names)
    else:
        ax.set_yticks([])
        ax.set_ylabel(f"{len(names):,} jobs")
    ax.spines[["top", "right"]].set_visible(False)


def _explain(ax: Axes, found: list[str]) -> None:
    handles = [
        Patch(label=status, edgecolor=_line_colour(), **_LOOKS.get(status, _OPEN))
        for status in sorted(found)
    ]
    ax.legend(handles=handles, loc="best", frameon=False)
