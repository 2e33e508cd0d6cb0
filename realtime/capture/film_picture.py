"""From a decoded frame to the picture as it is shown: square pixels, upright, BGR."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

_MAX_ASPECT = 4  # of a pixel; beyond it the file is wrong, not the picture


def picture(frame: av.VideoFrame, stream: av.VideoStream) -> NDArray[np.uint8]:
    """(h, w, 3) BGR.

    Args:
        stream: of the frame; where it stores pixels that are not square, the short side is
            stretched, so that no detail is lost.
    """
    width, height = frame.width, frame.height
    # width of a stored pixel by its height: as the container states it, or the pictures themselves
    aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1)
    if not Fraction(1, _MAX_ASPECT) <= aspect <= _MAX_ASPECT:
        aspect = Fraction(1)
    if aspect > 1:
        width = _even(width * aspect)
    elif aspect < 1:
        height = _even(height / aspect)
    if (width, height) == (frame.width, frame.height):
        image = frame.to_ndarray(format="bgr24")
    else:
        image = frame.to_ndarray(
            format="bgr24", width=width, height=height, interpolation="BICUBIC"
        )
    # A telephone held upright stores the picture lying down and says by how much.
    quarter_turns = round((frame.rotation or 0) / 90) % 4
    turned = np.rot90(image, quarter_turns) if quarter_turns else image
    return np.ascontiguousarray(turned, np.uint8)


def _even(length: Fraction) -> int:
    return 2 * round(length / 2)
