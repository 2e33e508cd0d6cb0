"""Simulated people before a camera: everything a face does but micro-expressions.

Called by the verifier's training and the benchmarks.  The head sways, nods and turns with
parallax, the person talks, blinks, looks elsewhere, swallows and makes ordinary expressions, and
the light changes; what a camera does to it is `model.synthetic.simulated_camera`'s.  Deterministic
by seed.

Drawn in the crop's pixels around one identity of the generator and brought to a small frame;
lengths are crop pixels unless said, times seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from model.spotting.face_footage import FaceFrame, FaceRecording
from model.spotting.simulated_person import FRAME, Behaviour, SimulatedPerson, TimeCourse
from model.spotting.time_courses import waves
from model.synthetic.disturbances import close_lids
from model.synthetic.portraits import Portrait
from realtime.face.action_units import Field, warp
from realtime.face.face import Face, FaceSigns
from realtime.face.geometry import CROP_SIZE


def simulate(
    portraits: Sequence[Portrait],
    seed: int | Sequence[int],
    times_s: NDArray[np.float64],
    behaviour: Behaviour | None = None,
    *,
    scale: float | None = None,
    glasses: bool | None = None,
) -> FaceRecording:
    """One person as a camera without flaws would record it; without micro-expressions.

    The same seed is the same person doing the same, whatever the frame times.

    Args:
        times_s: of the frames, ascending from about 0.
        scale: frame pixels per crop pixel; None: any.
        glasses: whether the person wears some; None: perhaps.
    """
    rng = np.random.default_rng(seed)
    behaviour = behaviour or Behaviour.draw(rng)
    t = times_s
    person = SimulatedPerson.draw(rng, portraits, glasses)
    course = TimeCourse.draw(rng, t, behaviour, person, scale)
    side = FRAME if scale is None else int(np.ceil(FRAME * max(scale, 1.0)))
    fps = (len(t) - 1) / (t[-1] - t[0])
    pictures, landmarks = [], []
    for k in range(len(t)):
        skin = course.skin(person, k)
        landmarks.append(_moved(person.landmarks, skin))
        pictures.append(_picture(person, course, k, skin, landmarks[-1], side))
    jitter = waves(rng, t, (0.5, 0.45 * fps), 2) * 0.1
    frames = []
    for k, (picture, points) in enumerate(zip(pictures, landmarks, strict=True)):
        noise = rng.normal(0, 0.12, points.shape).astype(np.float32)
        points = points + noise + np.array([jitter[0, k], jitter[1, k], 0], np.float32)
        points[:, :2] = points[:, :2] @ course.pose[k][:, :2].T + course.pose[k][:, 2]
        points[:, 2] *= np.hypot(*course.pose[k][:, 0])
        blink = float(np.clip(course.lids[k] + rng.normal(0, 0.02) + 0.05, 0, 1))
        signs = FaceSigns(
            blink_left=blink,
            blink_right=float(np.clip(blink + rng.normal(0, 0.02), 0, 1)),
            gaze_x=float(course.gaze[0, k] * 4 + rng.normal(0, 0.02)),
            gaze_y=float(course.gaze[1, k] * 4 + rng.normal(0, 0.02)),
            jaw_open=float(np.clip(0.02 + 3 * abs(course.mouth[0, k]), 0, 1)),
        )
        face = Face(0, points.astype(np.float32), 1.0, signs)
        frames.append(FaceFrame(round(t[k] * 1e9), picture, face))
    return FaceRecording(f"simulated {seed}", tuple(frames))


def _moved(landmarks: NDArray[np.float32], skin: Field) -> NDArray[np.float32]:
    """Landmarks (478, 3) carried along by the skin."""
    points = landmarks.copy()
    column, row = np.clip(np.rint(points[:, :2]), 0, CROP_SIZE - 1).astype(np.intp).T
    points[:, :2] += skin[row, column]
    return points


def _picture(
    person: SimulatedPerson,
    course: TimeCourse,
    k: int,
    skin: Field,
    landmarks: NDArray[np.float32],
    side: int,
) -> NDArray[np.uint8]:
    """Frame k, square, of a face whose skin has moved so far."""
    field = skin
    if course.gaze[:, k].any():
        gaze = course.gaze[0, k] * person.looks[0] + course.gaze[1, k] * person.looks[1]
        field = skin + gaze.astype(np.float32)
    face = warp(person.face, field)
    if course.lids[k] > 0.02:
        lids = float(course.lids[k])
        face, _ = close_lids(face, landmarks, (lids, lids))
    if person.glasses is not None:
        head = course.turn[0, k] * person.parallax[0] + course.turn[1, k] * person.parallax[1]
        face = person.glasses.put_on(face, head.astype(np.float32))
    scene = cv2.warpAffine(
        face * np.float32(course.light[k]),
        course.pose[k],
        (side, side),
        flags=cv2.INTER_LANCZOS4,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.clip(np.rint(scene), 0, 255).astype(np.uint8)
