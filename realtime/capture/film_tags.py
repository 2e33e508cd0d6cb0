"""What the tags of a film say: its length, and how telephones took a film in slow motion.

A film in slow motion is stored either with the times at which it was taken, or with times that
are stretched for viewing.  Android writes the rate of the camera (`com.android.capture.fps`);
beside the rate of the stored time stamps it tells by how much these are stretched.  Apple tells
that a film is for slow motion, and not by how much a copy of it was stretched.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

# "com.android.capture.fps", "com.apple.quicktime.capture.fps", "CaptureFrameRate", …
_CAPTURE_RATE = re.compile(
    r"(?:^|[._-])(?:capture|recording|camera|sensor)[._-]?(?:fps|frame[._-]?rate)$"
)
_CLOCK = re.compile(r"(\d+):(\d{2}):(\d{2}(?:\.\d+)?)")
_APPLE_INTENT = "com.apple.quicktime.full-frame-rate-playback-intent"
_SAME_RATE = 0.05  # share by which the two rates of a film with true times differ
_HIGH_SPEED_FPS = 90.0  # a telephone stores slow motion with true times at 120 or 240
_MAX_FPS = 20_000.0
_PLAYED = tuple(Fraction(rate) for rate in (15, 24, 25, 30, 50, 60, 120, 240))
_SAME_PLAYED = Fraction(1, 50)


@dataclass(frozen=True, slots=True)
class FilmedRate:
    """How the stored times of a film have to be read."""

    scale: Fraction  # true seconds in a stored second; 1: the times are true
    remark: str  # a line for the user; empty: nothing to tell


def stated_length_s(tags: Mapping[str, str]) -> float:
    """Of a Matroska track, whose header states it as `00:00:10.000000000`; 0: it does not."""
    stated = next((v for k, v in tags.items() if k.upper().startswith("DURATION")), "")
    parts = _CLOCK.fullmatch(stated)
    if parts is None:
        return 0.0
    hours, minutes, seconds = parts.groups()
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)


def filmed_rate(tags: Mapping[str, str], stored_fps: Fraction | None) -> FilmedRate:
    """Read the tags of a film and of its stream.

    Args:
        tags: names and values, as FFmpeg gives them.
        stored_fps: mean rate of the stored time stamps.
    """
    named = {name.lower(): value for name, value in tags.items()}
    captured = next((v for k, v in named.items() if _CAPTURE_RATE.search(k)), None)
    fps = _number(captured)
    if fps is not None and stored_fps:
        # a mean over the film lacks the last frame's duration: the encoder's rate is meant
        played = next((r for r in _PLAYED if abs(stored_fps / r - 1) < _SAME_PLAYED), stored_fps)
        scale = played / Fraction(fps).limit_denominator(1000)
        if abs(float(scale) - 1) <= _SAME_RATE:
            return FilmedRate(Fraction(1), "")
        kind = "slow motion" if scale < 1 else "time lapse"
        return FilmedRate(
            scale,
            f"{kind}: taken at {fps:.5g} fps, stored at {float(stored_fps):.5g} fps; "
            "times are those of the recording, not of the stored film",
        )
    if named.get(_APPLE_INTENT, "").strip() == "0" and stored_fps and stored_fps < _HIGH_SPEED_FPS:
        return FilmedRate(
            Fraction(1),
            f"marked for slow motion, and stored at {float(stored_fps):.5g} fps: "
            "if it was stretched, give the rate it was taken at with --fps",
        )
    return FilmedRate(Fraction(1), "")


def _number(text: str | None) -> float | None:
    try:
        value = float((text or "").split()[0])
    except (ValueError, IndexError):
        return None
    return value if math.isfinite(value) and 0.01 <= value <= _MAX_FPS else None
