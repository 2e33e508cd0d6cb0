"""The framed parts of the live picture, each made of one `Status`; sizes are in cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from realtime.dashboard import words
from realtime.dashboard.advice import advice
from realtime.dashboard.halfblock import ColourMode, HalfBlocks
from realtime.dashboard.headline import disk_style
from realtime.dashboard.trace import bars
from realtime.event import Event
from realtime.face.assessability import Assessable
from realtime.status import EngineState, RecordingState, Status, Trace

FLAG_S = 3.0  # an event stands out for this long after it was flagged, in source time

_RECORDING_STYLES = {
    RecordingState.WRITING: "bold green",
    RecordingState.PAUSED: "bold red",
    RecordingState.FAILED: "bold red",
}
_CLASS_STYLES = {"negative": "magenta", "positive": "green", "surprise": "yellow"}


def framed(
    body: RenderableType, title: str, *, subtitle: str = "", border: str = "dim", right: int = 0
) -> RenderableType:
    return Panel(
        body,
        title=Text(title, "bold not dim"),
        title_align="left",
        subtitle=Text(subtitle, "not dim") if subtitle else None,
        subtitle_align="right",
        box=box.ROUNDED,
        border_style=border,
        padding=(0, right, 0, 0),
    )


def face(status: Status, look: ColourMode) -> RenderableType:
    """The face, and whether it is assessable or what the user can do."""
    good = status.assessable is Assessable.YES
    style = "green" if good else "cyan" if status.assessable is Assessable.SETTLING else "yellow"
    line = advice(status.assessable, live=status.live)
    caption = Text(line, f"bold {style}", justify="center")
    if found := words.sensitivity(status):
        caption.append(f"\n{found}", "not bold")
    title = "face" if status.faces < 2 else f"faces {status.faces}"
    body = FacePanel(status.face_picture, caption, look)
    return framed(body, title, border="dim" if good else style)


class FacePanel:
    """The face's picture, as large as there is room, above a line of words."""

    def __init__(self, picture: NDArray[np.uint8] | None, advice: Text, look: ColourMode) -> None:
        self._picture = picture
        self._advice = advice
        self._look = look

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        advice = console.render_lines(self._advice, options.update(height=None))
        rows = max(0, (options.height or len(advice)) - len(advice))
        if self._picture is not None and self._picture.size and rows:
            yield HalfBlocks(self._picture, self._look, rows)
            rows = 0
        yield from [Segment.line()] * (rows // 2)
        for line in advice:
            yield from line
            yield Segment.line()


def stages(status: Status) -> RenderableType:
    """Milliseconds per frame and stage."""
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_row(*(Text(t, "dim") for t in (" ms a frame", "p50", "p95")))
    for stage in status.stages:
        table.add_row(
            f" {words.printable(stage.name)}", f"{stage.p50_ms:.1f}", f"{stage.p95_ms:.1f}"
        )
    return framed(table, "stages", right=1)


class Traces:
    """One signal per region group, `rows` lines each."""

    def __init__(self, traces: tuple[Trace, ...], rows: int) -> None:
        self._traces = traces
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        names = [words.printable(t.group)[:8] for t in self._traces]
        label = max((len(n) for n in names), default=0)
        columns = max(1, options.max_width - label - 13)
        for name, trace in zip(names, self._traces, strict=True):
            now = trace.values[-1] if trace.values else 0.0
            over = now > trace.threshold
            lines = bars(trace.values, trace.threshold, columns, self._rows)
            for row, line in enumerate(lines):
                last = row == len(lines) - 1
                text = Text(" " + (name if last else "").ljust(label) + " ", no_wrap=True)
                text.append_text(line)
                if last:
                    text.append(f"{now:5.1f}", "bold yellow" if over else "")
                    text.append(f"/{trace.threshold:.1f}", "dim")
                yield text


def motion(status: Status, rows: int) -> RenderableType:
    """Each region group against its threshold, and the state of the detector."""
    state = f"detector: {words.detector(status)}"
    return framed(Traces(status.traces, rows), "motion, in noise units / threshold", subtitle=state)


def events(status: Status, width: int) -> RenderableType:
    """The last events, newest first; an event just flagged is highlighted."""
    wide = width >= 70
    table = Table.grid(expand=True, padding=(0, 2 if wide else 1, 0, 0))
    for justify in ("left", "right", "left", "right", "right", "right", "right", "left"):
        table.add_column(justify=justify, no_wrap=True)
    patch = "patch % IOD" if wide else "patch"
    names = [" id", "time", "class", "prob", "micro", "ms", patch, "verdict"]
    if wide:
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        names.append("reason")
    table.add_row(*(Text(name, "dim") for name in names))
    flagged = False
    for event in reversed(status.events):
        fresh = _fresh(event, status)
        flagged = flagged or fresh
        cells = _cells(event, plain=fresh)
        reason = (words.reasons(event),) if wide else ()
        table.add_row(*cells, *reason, style=_row(event, fresh))
    body = table if status.events else Group(table, Text(" nothing flagged yet", "dim"))
    unit = "" if wide else "patch: % IOD"
    return framed(body, "events", subtitle=unit, border="bold yellow" if flagged else "dim")


def session(status: Status) -> RenderableType:
    """Engine, recorder, session folder and frame ring."""
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_row(" engine", engine(status))
    table.add_row(" record", recorder(status))
    table.add_row(" folder", words.printable(status.session or "nothing is kept"))
    table.add_row(" ring", ring(status))
    return framed(table, "session")


def engine(status: Status) -> Text:
    """Without an engine nothing is classified: that stands out."""
    if status.engine_state is EngineState.NONE:
        return Text("MOTION ONLY: no engine, no classes", "bold yellow")
    style = "green" if status.engine_state is EngineState.READY else "bold yellow"
    return Text.assemble((words.engine_state(status), style), "  ", words.printable(status.engine))


def recorder(status: Status) -> Text:
    text = Text(words.recording(status), _RECORDING_STYLES.get(status.recording, ""))
    if status.disk_free_bytes is not None:
        left = words.disk(status.disk_free_bytes)
        text.append("   ").append(f"{left} left", disk_style(status.disk_free_bytes) or "not bold")
    return text


def ring(status: Status) -> Text:
    """Frames held, analysed and dropped."""
    frames = status.counts.frames
    full = status.ring_held / max(1, status.ring_capacity)
    filled = round(10 * min(1.0, full))
    text = Text.assemble(
        ("█" * filled, "cyan"),
        ("░" * (10 - filled), "dim"),
        f" {status.ring_held}/{status.ring_capacity}",
        ("  analysed ", "dim"),
        str(frames.analysed),
        ("  dropped ", "dim"),
    )
    return text.append(str(frames.dropped), "yellow" if frames.dropped else "")


def _fresh(event: Event, status: Status) -> bool:
    return event.kind == "micro" and 0 <= status.elapsed_s - event.flagged_s < FLAG_S


def _row(event: Event, fresh: bool) -> str:
    return "bold reverse" if fresh else "" if event.kind == "micro" else "dim"


def _cells(event: Event, *, plain: bool) -> tuple[Text | str, ...]:
    """One row; `plain`: the row's own style is enough."""
    coloured = event.kind == "micro" and not plain
    return (
        f" {words.printable(event.id)}",
        words.clock(event.apex_s),
        Text(words.label(event), _CLASS_STYLES.get(event.label, "") if coloured else ""),
        words.probability(event),
        words.micro_probability(event),
        words.duration(event),
        words.motion(event),
        Text(event.kind, "bold cyan" if coloured else ""),
    )
