"""The live picture for a terminal of any size.

From 72×20 on everything has its panel; smaller terminals get one short line per thing, the most
important first.
"""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.text import Text

from realtime.dashboard import headline, panels, words
from realtime.dashboard.advice import advice
from realtime.dashboard.halfblock import ColourMode
from realtime.face.assessability import Assessable
from realtime.status import Status

_FULL = (72, 20)  # columns, rows from which the panels have room
_SESSION_ROWS = 6  # four lines and a frame
_EVENTS_ROWS = 6  # worth keeping before the traces grow
_FACE_ROWS = 8
_FOOTER_COLUMNS = 64


def picture(
    status: Status,
    size: tuple[int, int],
    look: ColourMode,
    *,
    keys: bool = True,
    silent_s: float = 0.0,
) -> RenderableType:
    """Everything on one screen of `size` (columns, rows)."""
    columns, rows = size
    message = headline.alarm(status, silent_s)
    if columns < _FULL[0] or rows < _FULL[1]:
        return _compact(status, size, look, message, keys)
    banner_rows = 0 if message is None else 3
    notice_rows = min(len(status.notices), 1 if rows < 28 else 3)
    body_rows = rows - 4 - banner_rows - notice_rows
    parts = [Layout(headline.header(status, look), size=3)]
    if message is not None:
        parts.append(Layout(headline.Banner(message, look, banner_rows), size=banner_rows))
    parts.append(_body(status, columns, body_rows, look))
    if notice_rows:
        parts.append(Layout(headline.notices(status, notice_rows), size=notice_rows))
    parts.append(Layout(headline.footer(status, keys), size=1))
    screen = Layout()
    screen.split_column(*parts)
    return screen


def _body(status: Status, columns: int, rows: int, look: ColourMode) -> Layout:
    """Face and stages on the left; motion, events and session on the right."""
    left_columns = min(56, max(24, columns // 3))
    right_columns = columns - left_columns
    stage_rows = min(len(status.stages) + 3, max(3, rows - _FACE_ROWS))
    left = Layout(size=left_columns)
    left.split_column(
        Layout(panels.face(status, look), size=rows - stage_rows),
        Layout(panels.stages(status), size=stage_rows),
    )
    groups = max(1, len(status.traces))
    room = rows - _SESSION_ROWS - _EVENTS_ROWS - 2
    trace_rows = min(3, max(1, room // groups))
    motion_rows = max(3, min(groups * trace_rows + 2, rows - _SESSION_ROWS - 4))
    right = Layout(size=right_columns)
    right.split_column(
        Layout(panels.motion(status, trace_rows), size=motion_rows),
        Layout(panels.events(status, right_columns - 2), size=rows - motion_rows - _SESSION_ROWS),
        Layout(panels.session(status), size=_SESSION_ROWS),
    )
    body = Layout(size=rows)
    body.split_row(left, right)
    return body


def _compact(
    status: Status,
    size: tuple[int, int],
    look: ColourMode,
    message: tuple[str, str] | None,
    keys: bool,
) -> RenderableType:
    columns, rows = size
    capture = status.capture
    good = status.assessable is Assessable.YES
    lines: list[RenderableType] = []
    if message is not None:
        lines.append(headline.Banner(message, look, 1))
    top = headline.badge(status, look)
    top.append(f" {words.span(status.elapsed_s)}", "bold")
    lines += [
        top,
        Text(f"{capture.measured_fps:.1f} fps  lost {100 * capture.loss:.1f} %"),
        Text(advice(status.assessable, live=status.live), "green" if good else "bold yellow"),
        *([Text(found)] if (found := words.sensitivity(status)) else []),
        Text(words.detector(status)),
        Text(words.judged(status.counts.seconds)),
        Text(f"micro {status.micro_count}  rejected {status.rejected_count}", "bold"),
    ]
    lines += [
        Text(f"{words.printable(e.id)} {words.clock(e.apex_s)} {words.label(e)} {e.kind}")
        for e in reversed(status.events[-max(0, rows - len(lines) - 4) :])
    ]
    lines += [panels.engine(status), panels.recorder(status)]
    lines += [Text(f"! {words.printable(n)}", "yellow") for n in status.notices[-1:]]
    for line in lines:
        if isinstance(line, Text):
            line.no_wrap, line.overflow = True, "ellipsis"
    body = lines[: max(1, rows - 1)]
    body += [Text()] * (rows - 1 - len(body))
    if rows > 1 and columns >= _FOOTER_COLUMNS:
        body.append(headline.footer(status, keys))
    elif rows > 1:
        body.append(Text("q r m p" if keys else "Ctrl-C ends", "dim", no_wrap=True))
    return Group(*body)
