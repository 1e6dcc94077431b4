"""The steps of a job as plain HTML and plain text: pure functions.

Where styles are taken out, as by GitHub, the bars are gone and names and times are read all the
same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jobwidgets._display.markup import (
    CELL,
    GAP,
    MUTED,
    TABLE,
    TR,
    box,
    escaped,
)
from jobwidgets._display.saved import rows_within
from jobwidgets._display.statuses import BLUE, GREEN, GREY, RED
from jobwidgets._display.step_bars import Segment, ticks
from jobwidgets._display.steps import Span, StepLine
from jobwidgets._display.times import clock, counted
from jobwidgets._model.snapshot import Status
from jobwidgets._model.step_times import StepState

HEIGHT = 254  # px of the steps, as in _views/steps.css
_ROWS = 9  # that fit into it, below the head
_NARROWEST = 120  # px of an axis that is drawn
_NAME_WIDTH = 36  # characters of a name that times in a text stand beside
_ONE_LINE = 24  # characters of a name that are not broken
_COLOURS = {
    StepState.DONE: GREEN,
    StepState.RUNNING: BLUE,
    StepState.FAILED: RED,
    StepState.UNENDED: GREY,
    StepState.NOT_BEGUN: GREY,
}
_TIME = f"{CELL.replace('left', 'right', 1).replace('normal', 'nowrap')};width:1%"
_NAME = f"{CELL};overflow-wrap:anywhere;min-width:120px;width:200px"


def steps_html(
    lines: Sequence[StepLine],
    length: float | None,
    most: int | None = None,
    *,
    is_last_known: bool = False,
) -> str:
    """Return a table of the steps; "" for none.

    Parameters
    ----------
    length
        Seconds of the time axis; None where there is none.
    most
        As for `static_html`; the steps take half of it at most.
    is_last_known
        Whether the job is out of contact: then all bars are grey.
    """
    if not lines:
        return ""
    colours = dict.fromkeys(StepState, GREY) if is_last_known else _COLOURS
    rows = "".join(rows_within(_half(most), lines, lambda line: _row(line, length, colours)))
    head = (
        f'<th scope="col" style="{_NAME};{MUTED}">step</th>'
        f'<td style="{CELL};{MUTED}">{_axis(_tick_marks(length)) if length else ""}</td>'
        f'<th scope="col" style="{_TIME};{MUTED}">took</th>'
    )
    table = (
        f'<table style="{TABLE}"><thead><tr style="{TR}">{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
    return box(table, HEIGHT) if len(lines) > _ROWS else table


def _row(line: StepLine | int, length: float | None, colours: Mapping[StepState, str]) -> str:
    if isinstance(line, int):
        cell = f'<td colspan="3" style="{CELL};{MUTED}">{counted(line)} more</td>'
        return f'<tr style="{TR}">{cell}</tr>'
    colour = colours[line.state]
    mark = "display:inline-block;width:18px;font-weight:600"
    muted = f";{MUTED}" if line.state is StepState.NOT_BEGUN else ""
    name = _NAME.replace("normal", "nowrap") if len(line.name) <= _ONE_LINE else _NAME
    bar = _axis(_bar(line.span, length, colour)) if line.span and length else ""
    took = escaped("".join(map(str, line.took)))
    return (
        f'<tr style="{TR}"><td style="{name}{muted}"><span style="{mark}">{line.mark}</span> '
        f"{escaped(line.name)}</td>"
        f'<td title="{line.bounds}" style="{CELL}">{bar}</td>'
        f'<td title="{line.bounds}" style="{_TIME}{muted}">{took}</td></tr>'
    )


def _axis(content: str) -> str:
    """Return the axis with something on it; where there is little room it wraps out of sight."""
    outer = "display:flex;flex-wrap:wrap;height:20px;overflow:hidden"
    # Of no width by itself: its ticks would push the other columns out of a narrow table.
    size = f"height:20px;width:0;flex:1 1 {_NARROWEST}px"
    inner = f"display:flex;align-items:center;overflow:hidden;{size}"
    # What stands before the axis in the first line lets it wrap to the second.
    return (
        f'<div style="{outer}"><div style="width:1px;height:20px"></div>'
        f'<div style="{inner}">{content}</div></div>'
    )


def _bar(span: Span, length: float, colour: str) -> str:
    """Return a bar whose edges are faint over the gaps to the polls before."""
    end = length if span.end is None else span.end
    latest = length if span.latest is None else span.latest
    parts = (
        (span.earliest, "height:0"),
        (span.begin - span.earliest, f"height:6px;background-color:{colour};opacity:0.35"),
        (end - span.begin, f"height:6px;min-width:3px;background-color:{colour}"),
        (latest - end, f"height:6px;background-color:{colour};opacity:0.35"),
    )
    widths = ((min(max(seconds, 0.0) / length, 1.0), style) for seconds, style in parts)
    return "".join(
        f'<div style="flex:none;width:{width:.2%};{style}"></div>'
        for width, style in widths
        if width > 0 or "min-width" in style
    )


def _tick_marks(length: float) -> str:
    marks = ticks(length)
    widths = zip(marks, [*marks[1:], length], strict=True)
    style = "flex:none;overflow:hidden;font-size:11px;white-space:nowrap"
    return "".join(
        f'<div style="{style};width:{(following - tick) / length:.2%}">{clock(tick)}</div>'
        for tick, following in widths
    )


def segments_html(
    drawn: Sequence[Segment], status: Status | None, *, is_last_known: bool = False
) -> str:
    """Return the bar in segments, one a step."""
    done = GREEN if status is Status.SUCCEEDED else BLUE
    done = GREY if status is Status.CANCELLED or is_last_known else done
    colours = {"done": done, "running": done, "failed": RED if status is Status.FAILED else GREY}
    parts = (
        f'<div style="flex:1;height:4px;margin:0 2px 0 0;'
        f"background-color:{colours.get(one, 'rgba(128,128,128,0.35)')};"
        f'opacity:{0.6 if one == "running" else 1}"></div>'
        for one in drawn
    )
    return f'<div style="display:flex;flex:1;{GAP}">{"".join(parts)}</div>'


def step_text(lines: Sequence[StepLine], most: int | None = None) -> list[str]:
    """Return the steps as lines of text; `most` is as for `steps_html`."""
    width = min(max((len(line.name) for line in lines), default=0), _NAME_WIDTH)

    def form(line: StepLine | int) -> str:
        if isinstance(line, int):
            return f"  … {counted(line)} more"
        return f"  {line.mark} {line.name:<{width}}  {''.join(map(str, line.took))}"

    return rows_within(_half(most), lines, form)


def _half(most: int | None) -> int | None:
    return None if most is None else most // 2
