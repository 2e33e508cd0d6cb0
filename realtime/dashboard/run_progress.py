"""How far a run over a file is, and how long the rest takes at the pace so far.  Pure."""

from __future__ import annotations

import math

from realtime.capture.source import SourceInfo


def duration_s(info: SourceInfo, most_s: float = math.inf) -> float | None:
    """Of a file, as far as it is analysed; None where its length is not known.

    Args:
        most_s: of the source after which the run ends.
    """
    fps = info.requested_fps or info.reported_fps
    whole_s = info.frame_count / fps if info.frame_count and fps else math.inf
    known_s = min(whole_s, most_s)
    return known_s if math.isfinite(known_s) else None


def left_s(duration_s: float | None, elapsed_s: float, spent_s: float) -> float | None:
    """Wall time to the end; None before the second frame, and where no end is known.

    Args:
        elapsed_s: of the source, in `spent_s` of wall time.
    """
    if duration_s is None or elapsed_s <= 0:
        return None
    return spent_s * max(0.0, duration_s - elapsed_s) / elapsed_s
