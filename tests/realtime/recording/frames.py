"""Frames whose number can be read back from the decoded picture, and what a clip holds."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from realtime.capture.ring_buffer import FrameRing

STEP_NS = 33_333_333  # 30 fps


def numbered(number: int, width: int = 128, height: int = 96) -> NDArray[np.uint8]:
    """Noise, and the number in 16 blocks of black or white along the top."""
    rng = np.random.default_rng(number)
    image = rng.integers(90, 166, (height, width, 3), dtype=np.uint8)
    for bit in range(16):
        image[:8, bit * 8 : bit * 8 + 8] = 255 * (number >> bit & 1)
    return image


def number_in(image: NDArray[np.uint8]) -> int:
    bits = [image[2:6, bit * 8 + 2 : bit * 8 + 6].mean() > 127 for bit in range(16)]
    return sum(int(on) << bit for bit, on in enumerate(bits))


def frames_of(path: Path) -> list[tuple[int, int]]:
    """(number, time since the first in ns) of every frame of a clip."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [
            (number_in(f.to_ndarray(format="bgr24")), round(f.pts * stream.time_base * 10**9))
            for f in container.decode(stream)
        ]


def fill(ring: FrameRing, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        ring.push(number * STEP_NS, numbered(number))
