"""The signal's quality as six shares, and one sentence on the worst of them.

0 is the limit at which a face is not assessable any more, 1 is where more brings nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from rich.text import Text

from realtime.face.signal_quality import SignalQuality

_POOR = 0.4  # below, something is to be said
_EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class Reading:
    """One line of the meter."""

    name: str
    share: float  # [0, 1]; NaN: not measured
    value: str  # with its unit


# Where a share is 0 and 1, with steps between: choices, not measured.
_RATE = (15, 25, 30, 60), (0.0, 0.5, 0.8, 1.0)  # frames a second
_LIGHT = (35, 60, 90, 190, 235, 255), (0.0, 0.5, 1.0, 1.0, 0.4, 0.0)  # mean grey level
_SIZE = (32, 50, 80, 120), (0.0, 0.5, 0.85, 1.0)  # inter-ocular distance, px
_SHARPNESS = (0.02, 0.05, 0.10), (0.0, 0.5, 1.0)
_HEAD = (0.02, 0.15, 0.5), (1.0, 0.5, 0.0)  # IOD a second
_CODEC = (0.0, 1.5, 3.0), (1.0, 0.5, 0.0)  # grey levels

_LIVE = {
    "rate": "few frames a second: add light, or request a smaller --size",
    "light": "little light on the face: turn on a lamp in front of you",
    "too bright": "too much light on the face: move the lamp away",
    "size": "the face is small: come closer",
    "sharpness": "the picture is blurred: clean or focus the lens, add light",
    "head": "the head moves much: sit back and hold still",
    "codec": "the video is compressed much: raise its bit rate",
}
_FILM = {
    "rate": "few frames a second: brief movements fall between them",
    "light": "the face is dark: small movements drown in noise",
    "too bright": "the face is overexposed: small movements are lost",
    "size": "the face is small: use the film at its original size",
    "sharpness": "the picture is blurred: small movements are lost",
    "head": "the head moves much: small movements are lost meanwhile",
    "codec": "the video is compressed much: use the original, not a copy",
}
_BRIGHT = 150.0  # grey levels; a poor light above it is too much of it


def readings(quality: SignalQuality) -> tuple[Reading, ...]:
    """Rate, light, size, sharpness, head, codec."""
    return (
        _reading("rate", quality.fps or math.nan, _RATE, f"{quality.fps:.0f} fps"),
        _reading("light", quality.grey, _LIGHT, f"{quality.grey:.0f} of 255"),
        _reading("size", quality.iod_px, _SIZE, f"{quality.iod_px:.0f} px IOD"),
        _reading("sharpness", quality.sharpness, _SHARPNESS, f"{100 * quality.sharpness:.0f} %"),
        _reading("head", quality.head_iod_s, _HEAD, f"{quality.head_iod_s:.2f} IOD/s"),
        _reading("codec", quality.coarse, _CODEC, f"step {quality.coarse:.1f}"),
    )


def sentence(quality: SignalQuality, *, live: bool) -> str:
    """What to do about the poorest reading; "" where none is poor."""
    measured = [one for one in readings(quality) if math.isfinite(one.share)]
    worst = min(measured, key=lambda one: one.share, default=None)
    if worst is None or worst.share >= _POOR:
        return ""
    name = worst.name
    if name == "light" and quality.grey > _BRIGHT:
        name = "too bright"
    return (_LIVE if live else _FILM)[name]


def meter_rows(quality: SignalQuality, width: int) -> list[Text]:
    """One line for each reading, `width` columns wide."""
    bar = max(4, width - 25)
    lines = []
    for one in readings(quality):
        line = Text(f"{one.name:<10}", no_wrap=True)
        line.append_text(_bar(one.share, bar))
        line.append(f" {one.value if math.isfinite(one.share) else '-'}", "not dim")
        lines.append(line)
    return lines


def meter_line(quality: SignalQuality, width: int) -> Text:
    """All of it in one line, as far as it has room."""
    bar = 4 if width >= 6 * 11 + 12 else 2
    line = Text(no_wrap=True, overflow="crop")
    for one in readings(quality):
        line.append(f"{one.name} ", "dim").append_text(_bar(one.share, bar)).append(" ")
    return line


def in_words(quality: SignalQuality) -> str:
    """`rate 80 %, light 100 %, …`, for plain lines."""
    return ", ".join(_words(readings(quality)))


def _words(shown: Iterable[Reading]) -> Iterable[str]:
    return (f"{one.name} {100 * one.share:.0f} %" for one in shown if math.isfinite(one.share))


def _reading(
    name: str, value: float, steps: tuple[tuple[float, ...], tuple[float, ...]], text: str
) -> Reading:
    share = float(np.interp(value, *steps)) if math.isfinite(value) else math.nan
    return Reading(name, share, text)


def _bar(share: float, columns: int) -> Text:
    if not math.isfinite(share):
        return Text("·" * columns, "dim")
    eighths = round(8 * columns * share)
    full, part = divmod(eighths, 8)
    cells = ("█" * full + (_EIGHTHS[part] if part else "")).ljust(columns, "░")
    style = "green" if share >= 0.7 else "yellow" if share >= _POOR else "bold red"
    return Text.assemble(
        (cells.rstrip("░"), style), ("░" * (columns - len(cells.rstrip("░"))), "dim")
    )
