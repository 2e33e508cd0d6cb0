"""Traces of the region groups, lanes of what confounds them, and a time axis with marks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.text import Text

from realtime.dashboard import words
from realtime.dashboard.trace import full_height, joined, trace_lines
from realtime.event import Event
from realtime.status import MotionWindow, Trace

MARKS = {"micro": "▲", "rejected": "·", "macro": "–"}
_MARK_STYLES = {"micro": "bold yellow", "rejected": "bold", "macro": "bold"}
_NAME = 8  # columns of a name, with the space behind it
_VALUES = 11  # of the newest value and the threshold
_WIDE = 60  # from here on the values have room
_TICK_S = 2
_LANE_ROWS = 1


def motion_rows(window: MotionWindow, rows_each: int) -> int:
    """Lines that `motion_lines` makes."""
    return len(window.traces) * rows_each + len(window.lanes) * _LANE_ROWS + 1


def motion_lines(
    window: MotionWindow, events: Sequence[Event], width: int, rows_each: int
) -> list[Text]:
    """Each line is `width` columns wide."""
    values = _VALUES if width >= _WIDE else 0
    columns = max(8, width - _NAME - values)
    lines = []
    for trace in window.traces:
        body = trace_lines(trace, window.judged, columns, rows_each, top=full_height(trace))
        for row, cells in enumerate(body):
            last = row == len(body) - 1
            line = _named(trace.name if last else "", cells)
            if values and last:
                line.append_text(_reading(trace))
            lines.append(line)
    for lane in window.lanes:
        style = "magenta"
        body = trace_lines(lane, window.judged, columns, _LANE_ROWS, top=1.0, style=style)
        lines += [_named(lane.name, cells, "dim") for cells in body]
    lines.append(_named("", axis(window, events, columns)))
    return lines


def axis(window: MotionWindow, events: Sequence[Event], columns: int) -> Text:
    """Seconds before now, and a mark at every event's apex."""
    span_s = len(window.judged) * window.slot_s
    if not span_s:
        return Text("no frame yet", "dim", no_wrap=True)
    cells = [("─", "dim")] * columns
    for back_s in range(_TICK_S, math.ceil(span_s), _TICK_S):
        label = f"-{back_s}"
        at = round(columns * (1 - back_s / span_s))
        if at + len(label) < columns - 3:
            cells[at : at + len(label)] = [(c, "dim") for c in label]
    cells[-3:] = [(c, "dim") for c in "now"]
    if columns > 24:
        cells[:5] = [(c, "dim") for c in f"-{span_s:.0f} s"[:5]]
    free = [k for k, (cell, _) in enumerate(cells) if cell == "─"]
    # what was flagged is drawn last: it stays where two marks meet
    for event in sorted(events, key=lambda event: event.kind == "micro"):
        at = math.floor(columns * (1 - (window.end_s - event.apex_s) / span_s))
        if not 0 <= at < columns:
            continue
        # beside a number rather than in it: "-10" must not read "-▲0"
        at = min(free, key=lambda k: abs(k - at), default=at)
        cells[at] = MARKS[event.kind], _MARK_STYLES[event.kind]
    return joined(cells)


def _named(name: str, cells: Text, style: str = "") -> Text:
    line = Text(words.printable(name)[: _NAME - 1].ljust(_NAME), style, no_wrap=True)
    return Text.assemble(line, cells, no_wrap=True)


def _reading(trace: Trace) -> Text:
    now = trace.values[-1] if trace.values else math.nan
    text = Text(no_wrap=True)
    text.append(
        f"{now:5.1f}" if math.isfinite(now) else "    -", "bold" if now >= trace.threshold else ""
    )
    known = math.isfinite(trace.threshold)
    return text.append(f"/{trace.threshold:.1f}" if known else "/-", "dim")
