"""The summary of a session, printed by the program after the dashboard is closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from realtime.dashboard import words
from realtime.dashboard.advice import cut_off, nothing_judged, unused_frames
from realtime.event import Event
from realtime.status import Status


def summary(status: Status) -> RenderableType:
    """For a `rich.console.Console`; without escape codes where that is not a terminal.

    Where the status does not hold every event of the session, the summary says so.
    """
    flagged = [e for e in status.events if e.kind == "micro"]
    parts: list[RenderableType] = [Text(), _facts(status)]
    if flagged:
        parts += [Text(), _table(flagged)]
    if len(flagged) < status.micro_count:
        missing = status.micro_count - len(flagged)
        parts.append(Text(f"  and {missing} earlier: see events.jsonl", "dim"))
    return Group(*parts, Text())


def _facts(status: Status) -> Table:
    capture = status.capture
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("  source", Text(words.printable(status.source)))
    table.add_row("  session", f"{words.span(status.elapsed_s)} ({status.elapsed_s:.1f} s)")
    frames, seconds = status.counts.frames, status.counts.seconds
    table.add_row("  frames", words.frames(frames))
    table.add_row("  lost", f"{capture.missing} ({100 * capture.loss:.1f} %)")
    if capture.reconnects:
        table.add_row("  reconnects", str(capture.reconnects))
    for warning in filter(None, (unused_frames(frames), cut_off(seconds))):
        table.add_row("  warning", Text(warning))
    table.add_row("  judged", Text(f"{seconds.judged:.1f} of {seconds.seen:.1f} s"))
    if lost := words.not_judged(seconds):
        table.add_row("  not judged", Text(lost))
    if seconds.speech_masked:
        masked = f"{seconds.speech_masked:.1f} s, in which the lower face is not judged"
        table.add_row("  speech", masked)
    table.add_row("  engine", Text(words.printable(_engine(status))))
    if seconds.judged:
        plural = "" if status.micro_count == 1 else "s"
        table.add_row("  flagged", f"{status.micro_count} micro-expression{plural}")
    else:
        table.add_row("  flagged", Text(nothing_judged(seconds, live=status.live)))
    table.add_row("  rejected", f"{status.rejected_count}{_reasons(status)}")
    for half, shares in status.counts.seconds.sensitivity.items():
        sizes = ", ".join(f"{100 * shares[s]:.0f} % at {s}" for s in ("1", "1.5", "2", "3"))
        table.add_row(f"  {half} face", f"8 of 10 found: {sizes} % IOD, of the assessable time")
    table.add_row("  folder", Text(words.printable(status.session or _not_kept(status))))
    if status.session and status.micro_count:
        check = f"fleeting review {words.printable(status.session)}"
        table.add_row("  check", Text(check))
    return table


def _not_kept(status: Status) -> str:
    detail = status.recording_detail
    return f"nothing is kept: {detail}" if detail else "nothing was kept"


def _engine(status: Status) -> str:
    """Which, and how often it answered and did not."""
    counts = status.counts.engine
    if counts is None:
        return status.engine
    said = f"{status.engine}, {counts.answered} answered"
    others = ("failed", counts.failed), ("refused", counts.refused), ("restarts", counts.restarted)
    return ", ".join([said, *(f"{count} {name}" for name, count in others if count)])


def _reasons(status: Status) -> str:
    """`: blink 3, speech 1`; an event with two reasons counts for both."""
    rejected = [e for e in status.events if e.kind == "rejected"]
    counts = Counter(reason for e in rejected for reason in e.confounders or ("no reason given",))
    if not counts:
        return ""
    listed = ", ".join(f"{words.printable(reason)} {n}" for reason, n in counts.most_common())
    part = "" if len(rejected) >= status.rejected_count else f" (of the last {len(rejected)})"
    return f": {listed}{part}"


def _table(flagged: Sequence[Event]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=True)
    table.add_column("id")
    for name in ("onset", "apex", "offset"):
        table.add_column(f"{name} s", justify="right")
    table.add_column("class")
    for name in ("prob", "micro", "ms", "patch % IOD"):
        table.add_column(name, justify="right")
    for event in flagged:
        table.add_row(
            Text(words.printable(event.id)),
            f"{event.onset_s:.3f}",
            f"{event.apex_s:.3f}",
            f"{event.offset_s:.3f}",
            words.label(event),
            words.probability(event),
            words.micro_probability(event),
            words.duration(event),
            words.motion(event),
        )
    return table
