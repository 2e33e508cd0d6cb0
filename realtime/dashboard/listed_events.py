"""The events: flagged first, each with its verdict and the reason or action units, at any width."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from realtime.dashboard import words
from realtime.dashboard.motion_panel import MARKS
from realtime.dashboard.view import View, listed, rows_around
from realtime.event import Event
from realtime.status import Status

FLAG_S = 3.0  # an event stands out for this long after it was flagged, in source time
CAVEAT = "† class: not trained on real micro-expressions"

_CLASS_STYLES = {"negative": "magenta", "positive": "green", "surprise": "yellow"}
_WIDE, _FULL = 74, 100  # columns from which duration and size, and both probabilities have room


def event_lines(status: Status, view: View, width: int, rows: int) -> RenderableType:
    """A heading and `rows` - 1 events, or fewer."""
    shown = listed(status.events, view)
    ids = [event.id for event in shown]
    selected = ids.index(view.selected) if view.selected in ids else None
    visible = rows_around(len(shown), selected, max(rows - 1, 0))
    table = Table.grid(expand=True, padding=(0, 1, 0, 0))
    for justify in ("left", "left", "right", "left"):
        table.add_column(justify=justify, no_wrap=True)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column(no_wrap=True)
    if width >= _WIDE:
        table.add_column(justify="right", no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
    several = has_several_faces(status)
    for k in visible:
        event = shown[k]
        fresh = _is_fresh(event, status)
        style = "bold reverse" if fresh else "" if event.kind == "micro" else "dim"
        if k == selected:
            style = "bold on blue" if not fresh else "bold reverse"
        table.add_row(
            *_cells(event, width, several, is_selected=k == selected, is_fresh=fresh), style=style
        )
    body: RenderableType = table
    if not shown:
        hidden = " (rejected ones are hidden: f)" if status.events else ""
        body = Text(f" nothing flagged yet{hidden}", "dim")
    return Group(_heading(status, view, visible, len(shown), width), body)


def has_several_faces(status: Status) -> bool:
    """Whether it must be said whose an event is."""
    return status.faces > 1 or len({event.face for event in status.events}) > 1


def _heading(status: Status, view: View, visible: range, count: int, width: int) -> Text:
    text = Text("─ ", "dim", no_wrap=True, overflow="crop")
    text.append(f"{status.micro_count} flagged", "bold not dim")
    hidden = " hidden" if view.hides_rejected else ""
    text.append(f", {status.rejected_count} rejected{hidden} ", "not dim")
    if len(visible) < count:
        text.append(f"({visible.start + 1} to {visible.stop} of {count}) ")
    caveat = CAVEAT if width >= _WIDE else "† not trained on real ones"
    known = any(event.classification is not None for event in status.events)
    tail = f" {caveat} ─" if known and width > text.cell_len + len(caveat) + 3 else ""
    text.append("─" * max(0, width - text.cell_len - len(tail)))
    return text.append(tail, "not dim" if tail else "")


def _is_fresh(event: Event, status: Status) -> bool:
    return event.kind == "micro" and 0 <= status.elapsed_s - event.flagged_s < FLAG_S


def _cells(
    event: Event, width: int, several: bool, *, is_selected: bool, is_fresh: bool
) -> tuple[Text | str, ...]:
    flagged = event.kind == "micro"
    mark = Text(">" if is_selected else " ").append(MARKS[event.kind], "bold")
    verdict: str = "micro" if flagged else event.kind
    known = event.classification is not None
    if flagged and known:
        verdict += f" {words.micro_probability(event)}"
    why = words.reasons(event)
    parts = [f"face {event.face}" if several else "", words.unit_codes(event), why]
    why = "; ".join(part for part in parts if part)
    label = Text(f"{event.label}†" if known and flagged else "")
    if flagged and not is_fresh:
        label.stylize(_CLASS_STYLES.get(event.label, ""))
    if known and flagged and width >= _FULL:
        label.append(f" {words.probability(event)}")
    cells = (
        mark,
        words.printable(event.id),
        words.clock(event.apex_s),
        Text(verdict),
        Text(why),
        label,
    )
    if width < _WIDE:
        return cells
    return (*cells, f"{words.duration(event)} ms", f"{words.motion(event)} %")
