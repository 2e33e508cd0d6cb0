"""A simulated person: how active, what the skin can do, and what happens when.

Called by `model.spotting.scene`.  Drawn in the crop's pixels around one identity of the generator;
lengths are crop pixels unless said, times seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.spotting.time_courses import occurrences, pulse, talking, waves
from model.synthetic.disturbances import Glasses, gaze_shift
from model.synthetic.identity import draw_identity, field_from_points
from model.synthetic.portraits import Portrait
from model.synthetic.random_draws import log_uniform
from realtime.event import CLASSES
from realtime.face.action_units import Field, displacement_field, draw_units
from realtime.face.geometry import CROP_EYES, CROP_IOD, CROP_SIZE, RIGID_POINTS

FRAME = 256  # pixels, both ways: the largest face fills it
_SIZE = (CROP_SIZE, CROP_SIZE)
_MOUTHS = 4  # ways the mouth of one speaker moves


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How much a person moves; the ranges are those of people at their webcams."""

    sway_iod: float  # rms
    turn_deg: float  # rms of yaw and pitch
    nods_per_min: float
    talks: float  # share of the time
    mouth_iod: float  # how far the mouth moves in speech, rms
    blinks_per_min: float
    glances_per_min: float
    macros_per_min: float

    @staticmethod
    def draw(rng: np.random.Generator) -> Behaviour:
        return Behaviour(
            sway_iod=float(np.exp(rng.uniform(np.log(0.02), np.log(0.15)))),
            turn_deg=float(np.exp(rng.uniform(np.log(0.5), np.log(4.0)))),
            nods_per_min=float(rng.uniform(0, 10)),
            talks=float(rng.choice([0.0, 0.3, 0.7, 0.9], p=[0.3, 0.3, 0.25, 0.15])),
            mouth_iod=log_uniform(rng, 0.015, 0.12),
            blinks_per_min=float(rng.uniform(6, 30)),
            glances_per_min=float(rng.uniform(4, 25)),
            macros_per_min=float(rng.uniform(0, 5)),
        )

    @staticmethod
    def draw_talker(rng: np.random.Generator) -> Behaviour:
        """Of a person who talks nearly all the time: the hardest case."""
        return replace(Behaviour.draw(rng), talks=0.9)


@dataclass(frozen=True, slots=True)
class SimulatedPerson:
    face: NDArray[np.float32]  # (224, 224)
    landmarks: NDArray[np.float32]  # (478, 3)
    parallax: tuple[Field, Field]  # displacement by a radian of yaw, of pitch
    mouth: tuple[Field, ...]  # displacement by one IOD of each way of speaking
    brows: Field  # raised while speaking or blinking
    looks: tuple[Field, Field]  # gaze to the side and up or down
    glasses: Glasses | None

    @staticmethod
    def draw(
        rng: np.random.Generator, portraits: Sequence[Portrait], glasses: bool | None
    ) -> SimulatedPerson:
        face, landmarks = draw_identity(rng, portraits)
        depth = landmarks[:468, 2] - landmarks[RIGID_POINTS, 2].mean()
        depth = depth * rng.uniform(0.85, 1.15)  # no mesh has a person's own depth
        none = np.zeros_like(depth)
        points = landmarks[:468, :2]
        parallax = [
            field_from_points(points, np.stack(pair, axis=1), 0.08 * CROP_IOD)
            for pair in ((-depth, none), (none, -depth))
        ]
        mouths = [{"26": 1.0}, {"25": 1.0, "23": 0.4}, {"20": 1.0, "12": -0.4}, {"24": 1.0}]
        mouth = [
            displacement_field(
                {u: v * rng.uniform(0.6, 1.3) for u, v in units.items()},
                landmarks,
                _SIZE,
                peak_iod=1.0,
            )
            for units in mouths
        ]
        brows = displacement_field(
            {"1": 1.0, "2": rng.uniform(0, 1)}, landmarks, _SIZE, peak_iod=1.0
        )
        looks = gaze_shift(rng, landmarks), gaze_shift(rng, landmarks)
        pair, drawn = Glasses.draw(rng, landmarks), rng.random() < 0.2
        worn = pair if (drawn if glasses is None else glasses) else None
        return SimulatedPerson(
            face, landmarks, (parallax[0], parallax[1]), tuple(mouth), brows, looks, worn
        )


@dataclass(frozen=True, slots=True)
class TimeCourse:
    """What happens when; k counts frames."""

    pose: NDArray[np.float64]  # (k, 2, 3) crop to frame
    turn: NDArray[np.float64]  # (2, k) yaw, pitch, radians
    mouth: NDArray[np.float64]  # (4, k) IOD
    brows: NDArray[np.float64]  # (k,) IOD
    lids: NDArray[np.float64]  # (k,) closure
    gaze: NDArray[np.float64]  # (2, k)
    macros: tuple[tuple[Field, NDArray[np.float64]], ...]
    light: NDArray[np.float64]  # (k,) gain

    @staticmethod
    def draw(
        rng: np.random.Generator,
        t: NDArray[np.float64],
        behaviour: Behaviour,
        person: SimulatedPerson,
        scale: float | None,
    ) -> TimeCourse:
        speech = talking(rng, t, behaviour.talks)
        activity = 0.5 + 0.5 * speech  # a speaking person moves more
        shift = waves(rng, t, (0.05, 1.2), 2) * behaviour.sway_iod * CROP_IOD * activity
        turn = np.radians(waves(rng, t, (0.05, 1.5), 2) * behaviour.turn_deg * activity)
        for start, length in occurrences(rng, t, behaviour.nods_per_min, (0.25, 0.9)):
            course = pulse(t, start, length * 0.5, 0.0, length * 0.5)
            nod = np.radians(rng.normal(0, [2.0, 3.5]))
            turn += nod[:, None] * course
            shift += (np.sin(nod) * CROP_IOD * rng.uniform(0.3, 0.9))[:, None] * course
        roll = np.radians(waves(rng, t, (0.05, 1.0), 1)[0] * rng.uniform(0.2, 1.5)) * activity
        size = waves(rng, t, (0.05, 0.8), 1)[0] * rng.uniform(0.002, 0.015) * activity
        drawn = rng.uniform(0.6, 1.05)
        scale = drawn if scale is None else scale
        pose = _pose(scale * (1 + size), roll, shift, FRAME * max(scale, 1.0))

        syllables = waves(rng, t, (1.5, 7.0), _MOUTHS)
        size_of = behaviour.mouth_iod * rng.dirichlet(np.full(_MOUTHS, 1.5)) * _MOUTHS**0.5
        mouth = np.maximum(syllables, -0.8) * size_of[:, None] * speech
        for start, length in occurrences(rng, t, 2.0, (0.4, 0.9)):  # swallows, lips moistened
            mouth[rng.integers(_MOUTHS)] += rng.normal(0, 0.02) * pulse(
                t, start, length / 2, 0.0, length / 2
            )
        brows = np.zeros(len(t))
        for start, length in occurrences(rng, t, 6.0 * behaviour.talks, (0.6, 1.8)):
            brows += rng.uniform(0.01, 0.08) * pulse(
                t, start, 0.3 * length, 0.4 * length, 0.3 * length
            )

        lids = np.zeros(len(t))
        for start, length in occurrences(rng, t, behaviour.blinks_per_min, (0.2, 0.45)):
            closure = rng.uniform(0.25, 1.0) if rng.random() < 0.3 else 1.0
            blink = closure * pulse(t, start, 0.35 * length, 0.1 * length, 0.55 * length)
            lids = np.maximum(lids, blink)
            brows -= rng.uniform(0, 0.008) * blink  # the brow comes down with the lid
        gaze = np.zeros((2, len(t)))
        for start, length in occurrences(rng, t, behaviour.glances_per_min, (0.3, 2.0)):
            gaze += rng.normal(0, [[0.8], [0.5]]) * pulse(t, start, 0.05, length, 0.05)
        macros = []
        for start, length in occurrences(rng, t, behaviour.macros_per_min, (0.7, 3.0)):
            units = draw_units(rng, str(rng.choice(CLASSES)))
            peak = log_uniform(rng, 0.02, 0.14)
            field = displacement_field(units, person.landmarks, _SIZE, peak_iod=peak)
            parts = length * rng.dirichlet([4, 4, 4])
            macros.append((field, pulse(t, start, *parts)))
        light = 1 + 0.01 * waves(rng, t, (0.02, 0.3), 1)[0]
        for start, _ in occurrences(rng, t, 1.5, (0.1, 0.2)):
            light *= 1 + rng.normal(0, 0.04) * (t >= start)
        return TimeCourse(pose, turn, mouth, brows, lids, gaze, tuple(macros), light)

    def skin(self, person: SimulatedPerson, k: int) -> Field:
        """Displacement of the face in frame k, (224, 224, 2), gaze not counted."""
        field = self.turn[0, k] * person.parallax[0] + self.turn[1, k] * person.parallax[1]
        for ways, part in zip(self.mouth, person.mouth, strict=True):
            if ways[k]:
                field = field + ways[k] * part
        if self.brows[k]:
            field = field + self.brows[k] * person.brows
        for macro, course in self.macros:
            if course[k]:
                field = field + course[k] * macro
        return np.asarray(field, np.float32)


def _pose(
    scale: NDArray[np.float64],
    roll: NDArray[np.float64],
    shift: NDArray[np.float64],
    side: float,
) -> NDArray[np.float64]:
    """(k, 2, 3) from the crop to the frame: the middle of the eyes a little above the centre."""
    c, s = scale * np.cos(roll), scale * np.sin(roll)
    linear = np.stack([np.stack([c, -s], axis=-1), np.stack([s, c], axis=-1)], axis=1)
    eyes = np.array(CROP_EYES)
    to = np.array([side / 2, 0.38 * side]) + shift.T * scale[:, None]
    return np.concatenate([linear, (to - linear @ eyes)[..., None]], axis=-1)
