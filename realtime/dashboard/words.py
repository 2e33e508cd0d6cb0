"""Wording of the dashboards: times, sizes, states.

Everything here turns a value into a short line of text without escape codes.
"""

from __future__ import annotations

import math

from realtime.capture.stats import CameraState, CaptureStats
from realtime.event import UNCLASSIFIED, Event
from realtime.face.assessability import Assessable
from realtime.spotting.sensitivity import MOST_IOD
from realtime.status import FrameCounts, RecordingState, SecondsCounts, Status

PAUSED = "paused"
_LEAST_SHOWN_S = 0.05  # less is 0.0 s


def sensitivity(status: Status) -> str:
    """How small a movement would be found now; "" where that is not known.

    `8 of 10 movements of 1.3 % IOD would be found (upper face; lower 2.4 %)`.
    """
    seen = status.sensitivity
    if status.assessable is Assessable.INSENSITIVE:
        most, why = f"{100 * MOST_IOD:.0f}", status.assessable.value
        return f"even of {most} % IOD fewer than 8 of 10 would be found ({why})"
    if not seen.is_known or status.assessable is not Assessable.YES:
        return ""
    halves = [("upper", seen.upper_iod), ("lower", seen.lower_iod)]
    (best, size), (other, its_size) = sorted(halves, key=lambda half: half[1])
    return (
        f"8 of 10 movements of {_size(size)} % IOD would be found "
        f"({best} face; {other} {_size(its_size)} %)"
    )


def sensitivity_unknown(status: Status) -> str:
    """Why it is not known: `sensitivity not known yet`, `sensitivity not known: too dark`."""
    soon = status.assessable in (Assessable.YES, Assessable.SETTLING)
    return "sensitivity not known" + (" yet" if soon else f": {status.assessable.value}")


def _size(size_iod: float) -> str:
    return f"{100 * size_iod:.1f}" if size_iod <= MOST_IOD else f"> {100 * MOST_IOD:.0f}"


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


def source_state(status: Status) -> str:
    """What the source does; of a film that plays it is not that it is live."""
    state = status.capture.state
    return "FILM" if state is CameraState.LIVE and not status.live else state.value


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


def unit_codes(event: Event) -> str:
    """`AU 4, AU 12 left`; "" where none is named."""
    named = event.action_units or ()
    return printable(
        ", ".join(f"AU {u.unit}" + ("" if u.side == "both" else f" {u.side}") for u in named)
    )


def played(status: Status) -> str:
    """Of a file `0:00:12 of 0:01:30, 0:00:50 left`, else the time since the first frame."""
    elapsed = span(status.elapsed_s)
    duration_s = status.facts.duration_s
    if duration_s is None:
        return elapsed
    left = "" if status.left_s is None else f", {span(status.left_s)} left"
    return f"{elapsed} of {span(duration_s)}{left}"


def target(status: Status) -> str:
    """Target false-alarm rate."""
    return f"target {status.alarms_per_minute:g}/min"


def share_judged(seconds: SecondsCounts) -> str:
    """`judged 92 %`; `-` before the first frame."""
    return f"judged {percent(seconds.judged / seconds.seen)}" if seconds.seen else "judged -"


def duration(event: Event) -> str:
    return f"{1000 * event.duration_s:.0f}"


def motion(event: Event) -> str:
    """Largest displacement of a patch, percent of the inter-ocular distance."""
    return f"{100 * event.peak_motion_iod:.1f}"


def judged(seconds: SecondsCounts) -> str:
    """`judged 28.2 of 30.6 s`."""
    return f"judged {seconds.judged:.1f} of {seconds.seen:.1f} s"


def not_judged(seconds: SecondsCounts, most: int = 12) -> str:
    """`too dark 2.2 s, face covered 0.2 s`; the longest first, `most` of them.

    "": nothing, or less than would show.
    """
    longest = list(seconds.not_judged.items())[:most]
    return ", ".join(
        f"{reason} {lost_s:.1f} s" for reason, lost_s in longest if lost_s >= _LEAST_SHOWN_S
    )


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
