"""The pages of `?` and `i`: keys, and what an engineer asks of a run."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from realtime.dashboard import words
from realtime.dashboard.key_table import HELP
from realtime.status import EngineState, Status

_LOW_BYTES, _FEW_BYTES = 1e9, 5e9  # of the disk


def help_page() -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for key, what in HELP:
        table.add_row(f" {key}", what)
    table.add_row("", "")
    for mark, what in (
        ("▲ · –", "flagged, rejected, ordinary expression"),
        ("░", "not judged: no face, not assessable, or paused"),
        ("─", "score from which a movement is flagged at the target rate"),
        ("†", "the class: the network was never trained on real micro-expressions"),
    ):
        table.add_row(f" {mark}", what)
    return table


def engine_page(status: Status, rows: int) -> RenderableType:
    """Engine, recorder, source, frames; then milliseconds a frame for each stage."""
    table = Table.grid(expand=True, padding=(0, 2, 0, 1))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    facts = list(_facts(status))
    stages = [(stage.name, f"{stage.p50_ms:7.1f} {stage.p95_ms:7.1f}") for stage in status.stages]
    for name, value in facts:
        table.add_row(name, value)
    if len(facts) < rows - 1 and stages:
        table.add_row("ms a frame", Text("    p50     p95", "dim"))
        for name, times in stages[: rows - len(facts) - 1]:
            table.add_row(words.printable(name), times)
    return table


def _facts(status: Status) -> Iterable[tuple[str, Text]]:
    capture, counts = status.capture, status.counts
    yield "engine", engine(status)
    if counts.engine is not None:
        asked = counts.engine
        told = f"{asked.answered} answered, {asked.failed} failed, {asked.refused} refused"
        yield "", Text(f"{told}, {asked.restarted} restarts")
    yield "recorder", recorder(status)
    yield "folder", Text(words.printable(status.session or "nothing is kept"))
    yield (
        "rate",
        Text(
            f"requested {words.rate(capture.requested_fps)}, "
            f"reported {words.rate(capture.reported_fps)}, measured {capture.measured_fps:.1f} fps"
        ),
    )
    yield "lost", Text(f"{100 * capture.loss:.1f} %, {capture.reconnects} reconnects")
    yield "frames", Text(words.frames(counts.frames))
    yield "ring", Text(f"{status.ring_held} of {status.ring_capacity} frames")
    yield "judged", Text(words.judged(counts.seconds).removeprefix("judged "))
    if counts.seconds.not_judged:
        yield "not judged", Text(words.not_judged(counts.seconds))
    yield "detector", Text(words.detector(status))


def engine(status: Status) -> Text:
    """Without an engine nothing is classified: that stands out."""
    if status.engine_state is EngineState.NONE:
        return Text("MOTION ONLY: no engine, no classes", "bold yellow")
    style = "green" if status.engine_state is EngineState.READY else "bold yellow"
    return Text.assemble((words.engine_state(status), style), "  ", words.printable(status.engine))


def recorder(status: Status) -> Text:
    text = Text(words.recording(status))
    if status.disk_free_bytes is None:
        return text
    free = status.disk_free_bytes
    style = "bold red" if free < _LOW_BYTES else "yellow" if free < _FEW_BYTES else ""
    return text.append("   ").append(f"{words.disk(free)} left", style)
