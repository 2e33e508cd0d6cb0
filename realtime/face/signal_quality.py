"""How good the picture of a face is for small movements: what a person at the camera can improve.

Pure functions of one face and its aligned crop; the screen turns them into a meter and advice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.face.face import Face
from realtime.face.geometry import face_pixels, inter_ocular


@dataclass(frozen=True, slots=True)
class SignalQuality:
    """NaN: not measured."""

    fps: float  # frames a second, measured; 0: not known yet
    grey: float = math.nan  # mean of the face, grey levels
    iod_px: float = math.nan  # inter-ocular distance, pixels of the frame
    sharpness: float = math.nan  # fine detail of the crop, share of its contrast
    head_iod_s: float = math.nan  # speed of the head, IOD a second
    coarse: float = math.nan  # `coarseness` of the codec, grey levels


def signal_quality(
    face: Face,
    grey: NDArray[np.uint8],
    crop: NDArray[np.uint8] | None,
    *,
    fps: float,
    head_iod_s: float,
    coarse: float,
) -> SignalQuality:
    """Of one frame (h, w) and the face's crop (224, 224) in it; None: it is not followed."""
    seen = face_pixels(grey, face.landmarks)[::4, ::4]
    return SignalQuality(
        fps,
        float(seen.mean()) if seen.size else math.nan,
        inter_ocular(face.landmarks),
        math.nan if crop is None else sharpness(crop),
        head_iod_s,
        math.nan if crop is None else coarse,
    )


def sharpness(crop: NDArray[np.uint8]) -> float:
    """Standard deviation of the Laplacian over that of the grey levels, of a crop (224, 224)."""
    contrast = float(crop.std())
    if contrast == 0:
        return 0.0
    return float(cv2.Laplacian(crop, cv2.CV_32F).std()) / contrast
