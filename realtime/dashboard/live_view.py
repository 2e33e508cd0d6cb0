"""What the screen shows of the analysis: the face's picture, its last seconds, its signal.

Fed by the pipeline with every frame on its own thread, so it only keeps and refers; what costs
time is made when a status is.
"""

from __future__ import annotations

import math
from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.dashboard.motion_history import LANES, MotionHistory, MotionSample
from realtime.face.assessability import Assessable
from realtime.face.face import Face, FaceSigns
from realtime.face.geometry import cut_out, eye_centres, face_box, inter_ocular, widened
from realtime.face.signal_quality import SignalQuality, signal_quality
from realtime.motion.regions import region_centres
from realtime.spotting.frame_analysis import FaceAnalysis, FrameAnalysis
from realtime.spotting.onset import DetectorState
from realtime.spotting.rejection_rules import RejectionRules
from realtime.spotting.sensitivity import UNKNOWN, Sensitivity
from realtime.status import FacePicture, MotionWindow

_AROUND = 0.25  # of a face that is shown with it, share of its size
_QUALITY_S = 0.5  # between two measurements of the signal's quality
_SPEED_S = 0.1  # over which the head's speed is measured: from frame to frame there is noise
_FULL_HEAD_IOD_S = 0.5  # speed of the head that fills its lane
_FULL_GAZE = 2 * RejectionRules().gaze  # twice what means a movement of the eyes,
_FULL_BLINK = 2 * RejectionRules().blink  # or a blink
_MEAN_S = 1.0  # time constant of the mean from which a change is counted


class LiveView:
    def __init__(self) -> None:
        self._history = MotionHistory()
        self._image: NDArray[np.uint8] | None = None
        self._shown: FaceAnalysis | None = None
        self._places: deque[tuple[float, int, NDArray[np.float64]]] = deque()  # time, face, eyes
        self._means: tuple[float, NDArray[np.float64]] | None = None  # time; of `_changes`
        self._head_iod_s = 0.0
        self._quality: tuple[float, SignalQuality] | None = None

    def note(self, t_s: float, image: NDArray[np.uint8], shown: FrameAnalysis) -> None:
        """The newest frame (h, w, 3) BGR, and what was found in it."""
        self._image, self._shown = image, shown.largest
        if shown.largest is None:
            self._history.note(MotionSample(t_s, None, (0.0,) * len(LANES), judged=False))
            return
        one = shown.largest
        self._head_iod_s = self._head_speed(t_s, one.face)
        gaze_x, gaze_y, blink = self._changes(t_s, one.face.signs).tolist()
        lanes = (
            max(blink, 0.0) / _FULL_BLINK,
            math.hypot(gaze_x, gaze_y) / _FULL_GAZE,
            float(one.state is DetectorState.SPEAKING),
            self._head_iod_s / _FULL_HEAD_IOD_S,
        )
        scores = None if one.state is None else one.strengths
        judged = one.assessable is Assessable.YES
        self._history.note(MotionSample(t_s, scores, lanes, judged))

    def note_pause(self, t_s: float) -> None:
        """A frame that is not analysed."""
        self._image = self._shown = None
        self._history.note(MotionSample(t_s, None, (0.0,) * len(LANES), judged=False))

    def window(self) -> MotionWindow:
        return self._history.window(self.sensitivity)

    @property
    def sensitivity(self) -> Sensitivity:
        return UNKNOWN if self._shown is None else self._shown.sensitivity

    def picture(self) -> FacePicture | None:
        """The newest frame's largest face; None: there is none in it."""
        if self._shown is None or self._image is None:
            return None
        landmarks = self._shown.face.landmarks
        box = widened(face_box(landmarks), _AROUND)
        image = cut_out(self._image, box)
        if not image.size:
            return None
        corner = np.maximum(np.array(box[:2]).astype(int), 0)
        centres = region_centres(landmarks[:, :2]) - corner
        return FacePicture(image, centres, inter_ocular(landmarks))

    def quality(self, t_s: float, fps: float) -> SignalQuality | None:
        """Measured twice a second; None without a face."""
        if self._shown is None or self._image is None:
            self._quality = None
            return None
        if self._quality is None or not 0 <= t_s - self._quality[0] < _QUALITY_S:
            one = self._shown
            grey = np.asarray(cv2.cvtColor(self._image, cv2.COLOR_BGR2GRAY), np.uint8)
            crop = None if one.stabilised is None else one.stabilised.crop
            measured = signal_quality(
                one.face, grey, crop, fps=fps, head_iod_s=self._head_iod_s, coarse=one.coarse
            )
            self._quality = t_s, measured
        return self._quality[1]

    def _head_speed(self, t_s: float, face: Face) -> float:
        """IOD a second, of the middle between the eyes."""
        eyes = eye_centres(face.landmarks).mean(axis=0)
        places = self._places
        if places and (places[-1][1] != face.id or t_s < places[-1][0]):
            places.clear()
        places.append((t_s, face.id, eyes))
        while len(places) > 2 and t_s - places[1][0] >= _SPEED_S:
            places.popleft()
        then_s, _, then = places[0]
        if t_s <= then_s:
            return 0.0
        moved = float(np.hypot(*(eyes - then))) / max(inter_ocular(face.landmarks), 1.0)
        return moved / (t_s - then_s)

    def _changes(self, t_s: float, signs: FaceSigns) -> NDArray[np.float64]:
        """(3,) of gaze x, gaze y and blink: how far each is from its mean of the last second."""
        blink = max(signs.blink_left, signs.blink_right)
        now = np.array([signs.gaze_x, signs.gaze_y, blink])
        if self._means is None or not 0 <= t_s - self._means[0] < _MEAN_S:
            self._means = t_s, now
            return np.zeros(3)
        then_s, mean = self._means
        share = 1 - math.exp(-(t_s - then_s) / _MEAN_S)
        self._means = t_s, mean + share * (now - mean)
        return np.asarray(now - mean, np.float64)
