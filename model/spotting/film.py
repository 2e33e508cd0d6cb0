"""Simulated recordings of a person at a camera: everything a face does but micro-expressions.

Called by the verifier's training and the benchmarks.  The head sways, nods and turns with
parallax, the person talks, blinks, looks elsewhere, swallows and makes ordinary expressions;
the camera adds noise, exposure steps and compression.  Deterministic by seed.

Drawn in the crop's pixels around one identity of the generator and brought to a small frame;
lengths are crop pixels unless said, times seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model.spotting.codec import h264
from model.spotting.courses import waves
from model.spotting.person import FRAME, Course, Habits, Person
from model.spotting.recording import Moment, Recording
from model.synthetic.confounders import close_lids
from model.synthetic.portraits import Portrait
from realtime.action_units import Field, warp
from realtime.face.face import Face, FaceSigns
from realtime.face.geometry import CROP_SIZE


def simulate(
    portraits: Sequence[Portrait],
    seed: int | Sequence[int],
    times_s: NDArray[np.float64],
    habits: Habits | None = None,
    camera: Camera | None = None,
    *,
    scale: float | None = None,
    glasses: bool | None = None,
) -> Recording:
    """One recording of one person; without micro-expressions.

    The same seed is the same person doing the same, whatever the frame times and the camera.

    Args:
        times_s: of the frames, ascending from about 0.
        scale: frame pixels per crop pixel; None: any.
        glasses: whether the person wears some; None: perhaps.
    """
    rng = np.random.default_rng(seed)
    habits = habits or Habits.draw(rng)
    t = times_s
    person = Person.draw(rng, portraits, glasses)
    course = Course.draw(rng, t, habits, person, scale)
    camera = camera or Camera.draw(rng)
    side = FRAME if scale is None else int(np.ceil(FRAME * max(scale, 1.0)))
    fps = (len(t) - 1) / (t[-1] - t[0])
    pictures, landmarks = [], []
    for k in range(len(t)):
        skin = course.skin(person, k)
        landmarks.append(_moved(person.landmarks, skin))
        pictures.append(camera.see(rng, person, course, k, skin, landmarks[-1], side))
    if camera.crf:
        pictures = h264(pictures, camera.crf, fps)
    jitter = waves(rng, t, (0.5, 0.45 * fps), 2) * 0.1
    filmed = []
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
        filmed.append(Moment(round(t[k] * 1e9), picture, face))
    return Recording(f"simulated {seed}", tuple(filmed))


def _moved(landmarks: NDArray[np.float32], skin: Field) -> NDArray[np.float32]:
    """Landmarks (478, 3) carried along by the skin."""
    points = landmarks.copy()
    column, row = np.clip(np.rint(points[:, :2]), 0, CROP_SIZE - 1).astype(np.intp).T
    points[:, :2] += skin[row, column]
    return points


@dataclass(frozen=True, slots=True)
class Camera:
    blur_px: float
    noise: float  # standard deviation, grey levels
    quality: int  # JPEG; 0 is none
    crf: int  # H.264; 0 is none

    @staticmethod
    def draw(rng: np.random.Generator) -> Camera:
        codec = rng.random()
        return Camera(
            blur_px=float(rng.uniform(0.3, 1.0)) if rng.random() < 0.5 else 0.0,
            noise=float(np.exp(rng.uniform(np.log(0.5), np.log(5.0)))),
            quality=int(rng.integers(55, 96)) if codec < 0.5 else 0,
            crf=int(rng.integers(20, 33)) if codec > 0.75 else 0,
        )

    def see(
        self,
        rng: np.random.Generator,
        person: Person,
        course: Course,
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
        if self.blur_px:
            scene = cv2.GaussianBlur(scene, (0, 0), self.blur_px)
        spread = self.noise * np.sqrt(0.4 + 0.6 * np.clip(scene, 0, 255) / 128)
        scene = scene + spread * rng.standard_normal(scene.shape, np.float32)
        image = np.clip(np.rint(scene), 0, 255).astype(np.uint8)
        if self.quality:
            _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
            image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
        return image
