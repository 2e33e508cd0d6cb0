"""Wording of the dashboards: times, sizes, states.

Everything here turns a value into a short line of text without escape codes.
"""

from __future__ import annotations

import math

from realtime.capture.stats import CameraState, CaptureStats
from realtime.event import UNCLASSIFIED, Event
from realtime.status import FrameCounts, RecordingState, SecondsCounts, Status

PAUSED = "paused"


def printable(text: str) -> str:
    """The text without control characters: a file name must not steer the terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def clock(seconds: float) -> str:
    """0:12.1, 83:45.2: minutes and seconds to a tenth."""
    tenths = round(max(0.0, seconds) * 10) if math.isfinite(seconds) else 0
    return f"{tenths // 600}:{tenths % 600 // 10:02d}.{tenths % 10}"


def span(seconds: float) -> str:
    """0:00:12: hours, minutes and whole seconds, as a session's length."""
    whole = int(max(0.0, seconds)) if math.isfinite(seconds) else 0
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def rate(fps: float | None) -> str:
    return "-" if fps is None else f"{fps:.4g}"


def disk(free_bytes: int | None) -> str:
    """Decimal units, as the makers of disks and file managers use them."""
    if free_bytes is None:
        return "-"
    if free_bytes >= 1e9:
        return f"{free_bytes / 1e9:.3g} GB" if free_bytes < 1e12 else f"{free_bytes / 1e12:.3g} TB"
    return f"{free_bytes / 1e6:.0f} MB"


def age(capture: CaptureStats) -> str:
    """Age of the newest changed frame."""
    if not math.isfinite(capture.age_s):
        return "no frame yet"
    what = "the same picture" if capture.state is CameraState.FROZEN else "no new frame"
    return f"{what} for {capture.age_s:.1f} s"


def reconnects(capture: CaptureStats) -> str:
    """Earlier reconnects; "" before the first."""
    if not capture.reconnects:
        return ""
    times = "once" if capture.reconnects == 1 else f"{capture.reconnects} times"
    return f"; reconnected {times} before"


def label(event: Event) -> str:
    return "no class" if event.label == UNCLASSIFIED else event.label


def probability(event: Event) -> str:
    """Of the class, "-" without an engine's answer."""
    verdict = event.classification
    return "-" if verdict is None else percent(max(verdict.probabilities))


def micro_probability(event: Event) -> str:
    verdict = event.classification
    return "-" if verdict is None else percent(verdict.micro_probability)


# FACS names of `ACTION_UNITS`.
_UNIT_NAMES = {
    **{"1+2": "brows raised", "4": "brow lowered", "5": "upper lid raised", "6": "cheek raised"},
    **{"7": "lids tightened", "9": "nose wrinkled", "10": "upper lip raised"},
    **{"12": "lip corner pulled", "14": "dimpler", "15": "lip corner depressed"},
    **{"17": "chin raised"},
}


def action_units(event: Event) -> str:
    """`brow lowered (4), both, 1.6 %; nose wrinkled (9), left, 0.8 %`; "" where none is named."""
    return printable(
        "; ".join(
            f"{_UNIT_NAMES.get(named.unit, 'unit')} ({named.unit}), {named.side}, "
            f"{100 * named.amplitude_iod:.1f} %"
            for named in event.action_units or ()
        )
    )


def duration(event: Event) -> str:
    return f"{1000 * event.duration_s:.0f}"


def motion(event: Event) -> str:
    """Largest displacement of a patch, percent of the inter-ocular distance."""
    return f"{100 * event.peak_motion_iod:.1f}"


def judged(seconds: SecondsCounts) -> str:
    """`judged 28.2 of 30.6 s`."""
    return f"judged {seconds.judged:.1f} of {seconds.seen:.1f} s"


def not_judged(seconds: SecondsCounts, most: int = 12) -> str:
    """`too dark 2.2 s, face covered 0.2 s`; the longest first, `most` of them."""
    longest = list(seconds.not_judged.items())[:most]
    return ", ".join(f"{reason} {lost_s:.1f} s" for reason, lost_s in longest)


def frames(counts: FrameCounts) -> str:
    """`765 read, 0 undecodable, 0 refused, 765 analysed, 0 dropped`."""
    return (
        f"{counts.read} read, {counts.undecodable} undecodable, {counts.refused} refused, "
        f"{counts.analysed} analysed, {counts.dropped} dropped"
    )


def detector(status: Status) -> str:
    """State of the largest face's onset detector."""
    if status.paused:
        return PAUSED
    return "no face" if status.detector is None else status.detector.value


def recording(status: Status) -> str:
    """`idle`, `writing clips/0003.mp4`, `PAUSED: disk full`."""
    state = status.recording
    between = " " if state is RecordingState.WRITING else ": "
    detail = status.recording_detail
    return printable(f"{state.value}{between}{detail}" if detail else state.value)


def engine_state(status: Status) -> str:
    """`ready`, `restarting: its process died`."""
    state, detail = status.engine_state.value, status.engine_detail
    return printable(f"{state}: {detail}" if detail else state)


def reasons(event: Event) -> str:
    return printable(", ".join(event.reasons))
