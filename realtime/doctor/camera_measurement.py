"""Measures a camera picture by picture; only a few numbers of each are kept."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from realtime.capture.frame_rate import FrameRate
from realtime.capture.source import TimedFrame
from realtime.errors import DataError
from realtime.face.face import FaceTracker
from realtime.face.geometry import face_pixels, inter_ocular
from realtime.motion.compression import coarseness

LEAST_FRAMES = 50
OUTAGE_S = 1.2
_COARSE = 8  # every eighth pixel is enough for brightness and for whether a picture is new
_LOOK_S = 1.0  # between pictures that are searched for a face


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the pictures came."""

    frames: int
    seconds: float
    fps: float
    interval_ms: float  # median
    jitter_ms: float  # 95 % of the intervals are within this of the median
    lost: float  # share of the frames that should have come, [0, 1]
    repeated: float  # share that are the picture before once more, [0, 1]
    undecodable: int  # damaged ones
    age_ms: float | None  # median, from the driver's stamp to the grab, where it gives stamps


@dataclass(frozen=True, slots=True)
class Light:
    """What the pictures show; grey levels 0..255.  Of the face, where there is one."""

    flicker: float  # standard deviation of the whole picture's mean, slow changes removed
    noise: float  # standard deviation of a pixel that shows nothing new
    grey: float | None  # mean of the face
    burnt: float | None  # share of its pixels at the upper end, [0, 1]
    iod_px: float | None  # inter-ocular distance
    coarse: float  # steps in which a codec changes the face, median; 0 without a face or a codec


class Meter:
    """Takes pictures one by one and keeps a few numbers of each.

    Args:
        tracker: detects a face in one picture a second.
    """

    def __init__(self, tracker: FaceTracker) -> None:
        self._tracker = tracker
        self._rate = FrameRate(OUTAGE_S)
        self._times: list[int] = []
        self._means: list[float] = []
        self._noise: list[float] = []
        self._repeated = 0
        self._last: NDArray[np.float32] | None = None
        self._faces: list[tuple[float, float, float]] = []
        self._looked_ns: int | None = None
        self._landmarks: NDArray[np.float32] | None = None  # where a face was seen last
        self._before: NDArray[np.uint8] | None = None
        self._steps: list[float] = []
        self._ages: list[float] = []

    def add(self, shot: TimedFrame, age_ms: float | None = None) -> None:
        """One picture, and how old it was when it was grabbed."""
        if age_ms is not None:
            self._ages.append(age_ms)
        coarse = shot.image[::_COARSE, ::_COARSE].mean(axis=2, dtype=np.float32)
        if self._last is not None and self._last.shape == coarse.shape:
            change = np.abs(coarse - self._last)
            # What does not move shows the sensor's noise alone; most of a picture does not.
            self._noise.append(1.4826 * float(np.median(change)) / 2**0.5)
            self._repeated += not change.any()
        self._last = coarse
        grey = np.asarray(cv2.cvtColor(shot.image, cv2.COLOR_BGR2GRAY), np.uint8)
        if self._landmarks is not None:
            step = coarseness(grey, self._before, self._landmarks)
            self._steps += [] if step is None else [step]
        self._before = grey
        self._rate.add(shot.t_ns)
        self._times.append(shot.t_ns)
        self._means.append(float(coarse.mean()))
        if self._looked_ns is None or shot.t_ns - self._looked_ns >= _LOOK_S * 1e9:
            self._looked_ns = shot.t_ns
            self._look(shot, grey)

    def _look(self, shot: TimedFrame, grey: NDArray[np.uint8]) -> None:
        self._tracker.reset()  # a second is too long to follow a face
        face = next(iter(self._tracker.track(shot.t_ns, shot.image)), None)
        if face is None:
            return
        self._landmarks = face.landmarks
        skin = face_pixels(grey, face.landmarks)
        if skin.size:
            iod = inter_ocular(face.landmarks)
            self._faces.append((float(skin.mean()), float((skin >= 250).mean()), float(iod)))

    def delivery(self, undecodable: int = 0) -> Delivery:
        """Raises DataError on too few pictures."""
        count = len(self._times)
        if count < LEAST_FRAMES:
            raise DataError(
                f"only {count} pictures came, {LEAST_FRAMES} are needed: give it more --seconds"
            )
        intervals_ms = np.diff(self._times) / 1e6
        middle = float(np.median(intervals_ms))
        seconds = (self._times[-1] - self._times[0]) / 1e9
        missing = self._rate.missing
        return Delivery(
            frames=count,
            seconds=seconds,
            fps=(count - 1) / seconds,
            interval_ms=middle,
            jitter_ms=float(np.quantile(np.abs(intervals_ms - middle), 0.95)),
            lost=missing / (count + missing),
            repeated=self._repeated / (count - 1),
            undecodable=undecodable,
            age_ms=float(np.median(self._ages)) if self._ages else None,
        )

    def light(self) -> Light:
        means = np.array(self._means)
        quick = means - median_filter(means, 15, mode="nearest")
        found = np.median(self._faces, axis=0) if self._faces else (None, None, None)
        grey, burnt, iod = (None if v is None else float(v) for v in found)
        coarse = float(np.median(self._steps)) if self._steps else 0.0
        return Light(float(quick.std()), float(np.median(self._noise)), grey, burnt, iod, coarse)
