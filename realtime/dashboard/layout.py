"""The live picture for a terminal of any size.

Wide and high: face and signal at the left, motion above events at the right.  Smaller: face
beside motion, the signal in one line, the events across the screen; without room for a face,
motion alone.  Smaller still: one short line per thing, the most important first.
"""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.padding import Padding
from rich.text import Text

from realtime.dashboard import headline, pages, words
from realtime.dashboard.advice import advice
from realtime.dashboard.event_detail import detail
from realtime.dashboard.face_panel import face
from realtime.dashboard.listed_events import event_lines
from realtime.dashboard.motion_panel import motion_lines, motion_rows
from realtime.dashboard.pictures import Look
from realtime.dashboard.signal_meter import meter_line, meter_rows, sentence
from realtime.dashboard.view import INITIAL, Page, View, chosen, listed
from realtime.face.assessability import Assessable
from realtime.status import Status

_LEAST = (48, 16)  # columns, rows; smaller terminals get lines
_COLUMNS = (100, 26)  # from which face and signal have a column of their own
_FACE_FROM = 72  # columns from which there is a face
_EVENTS_ROWS = 8  # worth keeping before the traces grow
_SIGNAL_ROWS = 7  # six readings and the sentence's first line
_MOST_TRACE_ROWS = 4


def picture(
    status: Status,
    size: tuple[int, int],
    look: Look,
    view: View = INITIAL,
    *,
    keys: bool = True,
    silent_s: float = 0.0,
    typed: str | None = None,
) -> RenderableType:
    """Everything on one screen of `size` (columns, rows).

    Args:
        typed: text of the marker that is being typed; None: none is.
    """
    columns, rows = size
    message = headline.alarm(status, silent_s)
    footer = headline.footer(status, keys, columns)
    if typed is not None:
        footer = headline.typed_marker(typed)
    if columns < _LEAST[0] or rows < _LEAST[1]:
        return _compact(status, size, look, message, footer)
    top: list[RenderableType] = [*headline.header_lines(status, look.colours, columns)]
    if message is not None:
        banner_rows = 3 if rows >= 28 else 1
        top.append(headline.Banner(message, look.colours, banner_rows))
        top_rows = len(top) - 1 + banner_rows
    else:
        top_rows = len(top)
    notice_rows = min(len(status.notices), 1 if rows < 28 else 3)
    body_rows = rows - top_rows - notice_rows - 1
    parts = [
        Layout(Group(*top), size=top_rows),
        Layout(_page(status, columns, body_rows, look, view), size=body_rows),
    ]
    if notice_rows:
        parts.append(Layout(headline.notices(status, notice_rows), size=notice_rows))
    parts.append(Layout(footer, size=1))
    screen = Layout()
    screen.split_column(*parts)
    return screen


def _page(status: Status, columns: int, rows: int, look: Look, view: View) -> RenderableType:
    match view.page:
        case Page.HELP:
            return Group(_heading("keys and marks", columns), pages.help_page())
        case Page.ENGINE:
            name = "engine, recorder, frames, stage times"
            return Group(_heading(name, columns), pages.engine_page(status, rows - 1))
        case Page.DETAIL:
            event = chosen(status.events, view)
            if event is not None:
                page = Layout()
                page.split_column(
                    Layout(
                        _heading(f"event {words.printable(event.id)} (Esc: back)", columns), size=1
                    ),
                    Layout(detail(status, event, columns, rows - 1, look)),
                )
                return page
    if columns >= _COLUMNS[0] and rows >= _COLUMNS[1] - 5:
        return _in_columns(status, columns, rows, look, view)
    return _stacked(status, columns, rows, look, view)


def _in_columns(status: Status, columns: int, rows: int, look: Look, view: View) -> Layout:
    left_columns = min(64, columns // 3)
    right_columns = columns - left_columns - 1
    signal = _signal(status, left_columns)
    face_rows = rows - len(signal) - 2
    left = Layout(size=left_columns + 1)
    left.split_column(
        Layout(_heading(_face_name(status), left_columns), size=1),
        Layout(Padding(face(status, look, face_rows), (0, 1, 0, 0)), size=face_rows),
        Layout(_heading("signal", left_columns), size=1),
        Layout(Group(*signal), size=len(signal)),
    )
    each = _trace_rows(status, rows - 1)
    motion = motion_lines(status.motion, status.events, right_columns, each)
    events_rows = rows - len(motion) - 1
    right = Layout(size=right_columns)
    right.split_column(
        Layout(_heading(_motion_name(status), right_columns), size=1),
        Layout(Group(*motion), size=len(motion)),
        Layout(event_lines(status, view, right_columns, events_rows), size=events_rows),
    )
    body = Layout()
    body.split_row(left, right)
    return body


def _stacked(status: Status, columns: int, rows: int, look: Look, view: View) -> Layout:
    each = _trace_rows(status, rows - 2) if rows > 24 else 1
    high = motion_rows(status.motion, each)
    with_face = columns >= _FACE_FROM
    left_columns = columns // 3 if with_face else 0
    motion = motion_lines(status.motion, status.events, columns - left_columns, each)
    upper = Layout(size=high)
    parts = [Layout(Group(*motion), size=columns - left_columns)]
    if with_face:
        shown = Padding(face(status, look, high), (0, 1, 0, 0))
        parts.insert(0, Layout(shown, size=left_columns))
    upper.split_row(*parts)
    signal: list[RenderableType] = [_said(status, columns)]
    if status.quality is not None and columns >= _FACE_FROM:
        signal.insert(0, meter_line(status.quality, columns))
    events_rows = max(0, rows - high - len(signal))
    body = Layout()
    body.split_column(
        upper,
        Layout(Group(*signal), size=len(signal)),
        Layout(event_lines(status, view, columns, events_rows), size=events_rows),
    )
    return body


def _trace_rows(status: Status, rows: int) -> int:
    """Rows of each trace, so that events keep theirs."""
    each = 1
    while each < _MOST_TRACE_ROWS and rows - motion_rows(status.motion, each + 1) >= (
        _EVENTS_ROWS + 2 * each
    ):
        each += 1
    return each


def _signal(status: Status, width: int) -> list[Text]:
    """The meter and the sentence under it, wrapped."""
    lines = meter_rows(status.quality, width) if status.quality is not None else []
    wrapped = _said(status, 10_000)
    console_lines = _wrapped(wrapped, width, 2)
    return [*lines, *console_lines]


def _wrapped(text: Text, width: int, most: int) -> list[Text]:
    """The text in at most so many lines, always as many: nothing below moves."""
    words_left, lines = text.plain.split(" "), [""]
    for word in words_left:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width and len(lines) < most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    lines += [""] * (most - len(lines))
    return [Text(line, text.style, no_wrap=True, overflow="ellipsis") for line in lines]


def _said(status: Status, width: int) -> Text:
    """One sentence: why the face cannot be judged, or what would make its signal better."""
    good = status.assessable is Assessable.YES
    said = advice(status.assessable, live=status.live)
    style = "bold green" if good else "bold yellow"
    if status.assessable is Assessable.SETTLING:
        style = "bold cyan"
    if good and status.quality is not None:
        poor = sentence(status.quality, live=status.live)
        said = poor or "the signal is good"
        style = "bold yellow" if poor else style
    text = Text(said, style, no_wrap=True)
    text.truncate(width, overflow="ellipsis")
    return text


def _heading(name: str, width: int) -> Text:
    text = Text("─ ", "dim", no_wrap=True, overflow="crop")
    text.append(f"{name} ", "bold not dim")
    return text.append("─" * max(0, width - text.cell_len))


def _face_name(status: Status) -> str:
    return "face" if status.faces < 2 else f"largest of {status.faces} faces"


def _motion_name(status: Status) -> str:
    return f"motion, sigmas / threshold at the target ({words.detector(status)})"


def _compact(
    status: Status,
    size: tuple[int, int],
    look: Look,
    message: tuple[str, str] | None,
    footer: Text,
) -> RenderableType:
    rows = size[1]
    lines: list[RenderableType] = []
    if message is not None:
        lines.append(headline.Banner(message, look.colours, 1))
    top = headline.badge(status, look.colours)
    top.append(f" {words.played(status)}", "bold")
    good = status.assessable is Assessable.YES
    lines += [
        top,
        Text(f"{status.micro_count} flagged, {status.rejected_count} rejected", "bold"),
        _said(status, 10_000)
        if good
        else Text(advice(status.assessable, live=status.live), "bold yellow"),
        *([Text(found)] if (found := words.sensitivity(status)) else []),
        Text(f"{words.target(status)}  {words.share_judged(status.counts.seconds)}"),
    ]
    room = max(0, rows - len(lines) - 3)
    lines += [
        Text(f"{words.clock(e.apex_s)} {e.kind} {words.reasons(e) or words.unit_codes(e)}")
        for e in listed(status.events, INITIAL)[:room]
    ]
    lines += [pages.engine(status), pages.recorder(status)]
    lines += [Text(f"! {words.printable(n)}", "yellow") for n in status.notices[-1:]]
    for line in lines:
        if isinstance(line, Text):
            line.no_wrap, line.overflow = True, "ellipsis"
    body = lines[: max(1, rows - 1)]
    body += [Text()] * (rows - 1 - len(body))
    return Group(*body, footer) if rows > 1 else Group(*body)
