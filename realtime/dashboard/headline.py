"""The lines across the whole screen: header, banner, notices and footer."""

from __future__ import annotations

import math

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from realtime.capture.stats import CameraState, CaptureStats
from realtime.dashboard import words
from realtime.dashboard.halfblock import ColourMode
from realtime.dashboard.keys import KEYS
from realtime.status import Counts, Status

_BADGES = {
    CameraState.OPENING: "bold black on yellow",
    CameraState.LIVE: "bold white on green",
    CameraState.FROZEN: "bold white on red",
    CameraState.LOST: "bold white on red",
    CameraState.ENDED: "bold white on blue",
    CameraState.CLOSED: "bold white on blue",
}
_SILENT_S = 2.0  # the pipeline sends several statuses a second
_ADEQUATE_FPS = 25.0  # below, a micro-expression may fall between two frames


def badge(status: Status, look: ColourMode) -> Text:
    state = status.capture.state
    paused = state is CameraState.LIVE and status.paused
    style = "bold black on yellow" if paused else _BADGES[state]
    text = f" {words.PAUSED.upper() if paused else state.value} "
    return Text(text, "bold reverse" if look is ColourMode.NONE else style, no_wrap=True)


def header(status: Status, look: ColourMode) -> RenderableType:
    """Three lines: the source and its state; rates and losses; what could be judged."""
    top = Table.grid(expand=True, padding=(0, 1))
    top.add_column(no_wrap=True)
    top.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    top.add_column(no_wrap=True, justify="right")
    top.add_column(no_wrap=True)
    width, height = status.size
    source = Text.assemble(
        (words.printable(status.source), "bold"), (f"  {width}×{height}", "dim") if width else ""
    )
    name = Text(" FLEETING ", "bold reverse" if look is ColourMode.NONE else "bold white on blue")
    top.add_row(name, source, Text(words.span(status.elapsed_s), "bold"), badge(status, look))
    return Group(top, rates(status.capture), coverage(status.counts))


def rates(capture: CaptureStats) -> Text:
    """Requested, reported and measured rate; lost frames; reconnects."""
    measured = "green"
    if capture.measured_fps < _ADEQUATE_FPS:
        measured = "bold red"
    elif capture.requested_fps is not None and capture.measured_fps < 0.9 * capture.requested_fps:
        measured = "yellow"
    lost = "bold red" if capture.loss > 0.05 else "yellow" if capture.loss > 0.01 else "green"
    text = Text(" ", no_wrap=True, overflow="ellipsis")
    text.append("requested ", "dim").append(words.rate(capture.requested_fps))
    text.append("  reported ", "dim").append(words.rate(capture.reported_fps))
    text.append("  measured ", "dim").append(f"{capture.measured_fps:.1f} fps", measured)
    text.append("  lost ", "dim").append(f"{100 * capture.loss:.1f} %", lost)
    if capture.reconnects:  # its zero would be too wide for a terminal of 80 columns
        text.append("  reconnects ", "dim").append(str(capture.reconnects), "yellow")
    return text


def coverage(counts: Counts) -> Text:
    """Seconds judged of those seen, and why not; frames, those that could not be used first."""
    text = Text(" ", no_wrap=True, overflow="ellipsis")
    text.append(words.judged(counts.seconds), "bold" if counts.seconds.judged else "bold yellow")
    frames = counts.frames
    unused = [("undecodable", frames.undecodable), ("refused", frames.refused)]
    for name, count in unused:
        if count:
            text.append(f"  {name} ", "dim").append(str(count), "yellow")
    if counts.seconds.not_judged:
        text.append("  not: ", "dim").append(words.not_judged(counts.seconds, 2))
    text.append("  frames ", "dim")
    text.append(f"{frames.read} read, {frames.analysed} analysed, {frames.dropped} dropped")
    for name, count in unused:
        if not count:
            text.append(f", 0 {name}")
    return text


def alarm(status: Status, silent_s: float) -> tuple[str, str] | None:
    """Headline and explanation of what prevents the analysis, if anything does.

    `silent_s`: since the dashboard last received a status.
    """
    capture = status.capture
    if capture.state is CameraState.LOST:
        return (
            "SOURCE LOST",
            f"{words.age(capture)}; reconnecting{words.reconnects(capture)}. "
            "Check the cable or the network, and whether another program uses the camera.",
        )
    if capture.state is CameraState.FROZEN:
        return (
            "PICTURE FROZEN",
            f"{words.age(capture)}; reconnecting{words.reconnects(capture)}. "
            "Nothing is analysed meanwhile: the camera or its driver has stopped.",
        )
    if silent_s > _SILENT_S:
        return (
            "THE PROGRAM DOES NOT RESPOND",
            f"the picture below is {silent_s:.0f} s old.",
        )
    return None


class Banner:
    """Red across the whole screen; three rows say what happened at length, one in short."""

    def __init__(self, message: tuple[str, str], look: ColourMode, rows: int) -> None:
        self._headline, self._explanation = message
        self._style = "bold reverse" if look is ColourMode.NONE else "bold white on red"
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self._rows < 3:
            lines: tuple[str, ...] = (f"{self._headline}: {self._explanation}",)
        else:
            what, _, hint = self._explanation.partition(". ")
            lines = (self._headline, what, hint)
        for line in lines:
            text = Text(line, self._style, no_wrap=True)
            text.truncate(options.max_width, overflow="ellipsis")
            text.align("center", options.max_width)
            yield text


def notices(status: Status, rows: int) -> RenderableType:
    lines = status.notices[-rows:] if rows else ()
    return Group(
        *(
            Text.assemble(
                (" ! ", "bold yellow"), words.printable(n), no_wrap=True, overflow="ellipsis"
            )
            for n in lines
        )
    )


def footer(status: Status, keys: bool) -> RenderableType:
    """The keys, and what has been counted."""
    table = Table.grid(expand=True)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column(no_wrap=True, justify="right")
    text = Text(" ")
    for key, command in KEYS.items() if keys else ():
        text.append(f" {key} ", "reverse").append(f" {command.value}   ")
    if not keys:
        text.append("Ctrl-C ends", "dim")
    counts = Text.assemble(
        ("micro ", "dim"),
        (str(status.micro_count), "bold"),
        ("  rejected ", "dim"),
        f"{status.rejected_count} ",
    )
    table.add_row(text, counts)
    return table


def disk_style(free_bytes: int | None) -> str:
    free = math.inf if free_bytes is None else free_bytes
    return "bold red" if free < 1e9 else "yellow" if free < 5e9 else ""
