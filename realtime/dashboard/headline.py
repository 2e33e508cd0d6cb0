"""The lines across the whole screen: header, banner, notices and footer."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from realtime.capture.stats import CameraState
from realtime.dashboard import words
from realtime.dashboard.halfblock import ColourMode
from realtime.dashboard.key_table import FOOTER
from realtime.status import EngineState, RecordingState, Status

_BADGES = {
    CameraState.OPENING: "bold black on yellow",
    CameraState.LIVE: "bold white on green",
    CameraState.FROZEN: "bold white on red",
    CameraState.LOST: "bold white on red",
    CameraState.ENDED: "bold white on blue",
    CameraState.CLOSED: "bold white on blue",
}
_SILENT_S = 2.0  # the pipeline sends several statuses a second
_BAR = 12  # columns of a file's progress
_LOSS = 0.01  # share of lost frames from which it is said


def badge(status: Status, look: ColourMode) -> Text:
    state = status.capture.state
    paused = state is CameraState.LIVE and status.paused
    style = "bold black on yellow" if paused else _BADGES[state]
    text = f" {words.PAUSED.upper() if paused else words.source_state(status)} "
    return Text(text, "bold reverse" if look is ColourMode.NONE else style, no_wrap=True)


def header_lines(status: Status, look: ColourMode, width: int) -> list[Text]:
    """The source and its state, then the run's facts in as many lines as they need."""
    frame = f"  {status.size[0]}×{status.size[1]}" if status.size[0] else ""
    state = badge(status, look)
    name = Text(" FLEETING ", "bold reverse" if look is ColourMode.NONE else "bold white on blue")
    clock = Text(f"{words.played(status)} ", "bold")
    room = width - name.cell_len - clock.cell_len - state.cell_len - 2
    source = Text.assemble((words.printable(status.source), "bold"), (frame, "dim"))
    if room < 8:  # the clock moves to the facts
        room += clock.cell_len
        facts, clock = [clock], Text()
    else:
        facts = []
    source.truncate(max(room, 0), overflow="ellipsis", pad=True)
    first = Text.assemble(name, " ", source, " ", clock, state, no_wrap=True)
    return [first, *flowed([*facts, *_facts(status, width)], width)]


def _facts(status: Status, width: int) -> list[Text]:
    facts, seconds = status.facts, status.counts.seconds
    shown = []
    if facts.participant:
        shown.append(Text(f"participant {words.printable(facts.participant)}", "bold"))
    if facts.duration_s:
        shown.append(_progress(status.elapsed_s / facts.duration_s))
    shown.append(Text(words.target(status)))
    shown.append(Text(f"profile {words.printable(facts.profile) or 'none'}"))
    judged = Text(words.share_judged(seconds), "" if seconds.judged else "bold yellow")
    shown.append(judged)
    shown += lamps(status)
    capture = status.capture
    if capture.loss > _LOSS:
        shown.append(Text(f"lost {100 * capture.loss:.1f} %", "bold yellow"))
    if capture.reconnects:
        shown.append(Text(f"reconnects {capture.reconnects}", "yellow"))
    found = words.sensitivity(status)
    if len(found) + 1 > width:  # the other half of the face has no room
        found = found.partition(" (")[0]
    shown.append(Text(found) if found else Text(words.sensitivity_unknown(status), "dim"))
    return shown


def _progress(share: float) -> Text:
    """Of a file."""
    share = min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    full = round(_BAR * share)
    bar = Text.assemble(("━" * full, "cyan"), ("─" * (_BAR - full), "dim"))
    return bar.append(f" {100 * share:.0f} %")


def lamps(status: Status) -> list[Text]:
    """Recording, LSL, engine: filled is on, hollow is off, a cross is a fault."""
    recording, engine = status.recording, status.engine_state
    bad = recording in (RecordingState.PAUSED, RecordingState.FAILED)
    rec = f"REC {words.recording(status)}" if bad else "REC"
    if recording is RecordingState.OFF:
        rec = "REC off"
    lit = {EngineState.READY: "●", EngineState.FAILED: "×", EngineState.NONE: "○"}.get(engine, "◐")
    name = "ENGINE" if engine is EngineState.READY else f"ENGINE {words.engine_state(status)}"
    return [
        _lamp("×" if bad else "○" if recording is RecordingState.OFF else "●", rec),
        _lamp("●" if status.facts.lsl else "○", "LSL" if status.facts.lsl else "LSL off"),
        _lamp(lit, "MOTION ONLY: no engine" if engine is EngineState.NONE else name),
    ]


def _lamp(light: str, name: str) -> Text:
    style = {"●": "bold green", "◐": "bold yellow", "×": "bold red", "○": "dim"}[light]
    return Text.assemble((light, style), (f" {name}", "bold red" if light == "×" else ""))


def flowed(parts: Sequence[Text], width: int) -> list[Text]:
    """The parts in lines, as many in each as fit; one that is longer is cut."""
    lines: list[Text] = []
    for part in parts:
        if lines and lines[-1].cell_len + part.cell_len + 3 <= width:
            lines[-1].append("  ").append_text(part)
        else:
            lines.append(Text.assemble(" ", part, no_wrap=True))
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


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


def typed_marker(text: str) -> Text:
    """The marker that is being typed: the keys mean nothing else meanwhile."""
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(" marker ", "reverse").append(f" {words.printable(text)}▏", "bold")
    return line.append("  Enter sets it, Esc leaves it", "dim")


def footer(status: Status, keys: bool, width: int) -> Text:
    """The keys, as many as have room, and what has been counted."""
    counts = Text(f"{status.micro_count} flagged ", "bold")
    text = Text(no_wrap=True) if keys else Text(" Ctrl-C ends", "dim", no_wrap=True)
    for key, what in FOOTER if keys else ():
        part = Text.assemble((f" {key} ", "reverse"), f" {what} ")
        if text.cell_len + part.cell_len + counts.cell_len > width:
            break
        text.append_text(part)
    gap = width - text.cell_len - counts.cell_len
    return text.append(" " * gap).append_text(counts) if gap >= 0 else text
