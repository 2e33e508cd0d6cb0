"""Micro-expressions added to a recording at known times.

Called by the verifier's training, by the calibration to a person and by the benchmarks.  The
skin moves by the generator's own action units, laid on the face where it is in each frame; the
landmarks stay those of the recording, since movements of 0.5–3.5 % of the inter-ocular distance
lie below their noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from model.spotting.face_footage import FaceFrame, FaceRecording
from model.synthetic.disturbances import vary
from model.synthetic.random_draws import log_uniform
from model.synthetic.skin_models import LEARNED, SKINS, Motion
from realtime.event import CLASSES
from realtime.face.action_units import Field, draw_units, warp
from realtime.face.geometry import CROP_SIZE, apply_transform, crop_transform
from realtime.face.time_course import raised_cosine

FIRST_S = 4.0  # the spotter has learned the face's rest by then
APART_S = 1.3  # from one offset to the next onset
RISE_S = (0.07, 0.30)
FALL_S = (0.09, 0.32)
LONGEST_S = 0.5
PEAK_IOD = (0.007, 0.035)
_EDGE = 10  # pixels over which a movement fades out at the border of the crop
_STEADY = 2  # frames to either side that a face's place is the mean of


@dataclass(frozen=True, slots=True)
class InsertedMovement:
    """One movement; seconds on the recording's own clock."""

    onset_s: float
    apex_s: float
    offset_s: float
    label: str
    units: tuple[str, ...]
    peak_iod: float
    field: Field  # (224, 224, 2) at the apex, crop pixels

    def strength(self, t_s: float) -> float:
        """0 at rest, 1 at the apex; raised cosines."""
        rise = (t_s - self.onset_s) / (self.apex_s - self.onset_s)
        fall = (self.offset_s - t_s) / (self.offset_s - self.apex_s)
        return float(raised_cosine(rise, fall))


def draw_insertions(
    rng: np.random.Generator,
    recording: FaceRecording,
    per_min: float,
    *,
    motions: Sequence[Motion] = LEARNED,
    peak_iod: tuple[float, float] = PEAK_IOD,
    one_sided: float = 0.3,
) -> tuple[InsertedMovement, ...]:
    """Movements at random times, as many as requested, or as there is room for."""
    frames = [m for m in recording.frames if m.face is not None]
    start, end = frames[0].t_ns / 1e9 + FIRST_S, frames[-1].t_ns / 1e9 - 0.8
    if end <= start:
        return ()
    wanted = rng.poisson(per_min * (end - start) / 60)
    added: list[InsertedMovement] = []
    for onset in rng.uniform(start, end, 4 * wanted):
        if len(added) == wanted:
            break
        rise = rng.uniform(*RISE_S)
        fall = min(rng.uniform(*FALL_S), LONGEST_S - rise)
        if any(
            onset < other.offset_s + APART_S and other.onset_s < onset + rise + fall + APART_S
            for other in added
        ):
            continue
        at = min(frames, key=lambda m: abs(m.t_ns / 1e9 - onset))
        assert at.face is not None
        points = at.face.landmarks.copy()
        points[:, :2] = apply_transform(crop_transform(points), points[:, :2])
        label = str(rng.choice(CLASSES))
        units = draw_units(rng, label)
        if rng.random() < one_sided:
            side = str(rng.choice(["L", "R"]))
            units = {side + unit: strength for unit, strength in units.items()}
        peak = log_uniform(rng, *peak_iod)
        skin = SKINS[motions[int(rng.integers(len(motions)))]]
        field = np.asarray(vary(rng, skin(units, points, peak)) * _FADE[..., None], np.float32)
        added.append(
            InsertedMovement(
                onset, onset + rise, onset + rise + fall, label, tuple(units), peak, field
            )
        )
    return tuple(sorted(added, key=lambda a: a.onset_s))


def play(
    recording: FaceRecording, added: Sequence[InsertedMovement], start: tuple[float, float]
) -> Iterator[FaceFrame]:
    """The recording's frames with the movements in them.

    Every frame is resampled once, shifted by `start` (x, y, pixels): were those without a
    movement left as they are, the others would be known by the blur of interpolation.
    """
    transforms = _steady_transforms(recording)
    height, width = recording.frames[0].grey.shape
    shift = np.broadcast_to(np.array(start, np.float32), (height, width, 2))
    for frame, to_crop in zip(recording.frames, transforms, strict=True):
        field = shift
        t_s = frame.t_ns / 1e9
        for movement in added:
            strength = movement.strength(t_s)
            if strength > 0 and to_crop is not None:
                laid = cv2.warpAffine(
                    movement.field,
                    to_crop,
                    (width, height),
                    flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                    borderMode=cv2.BORDER_CONSTANT,
                )
                turn = np.linalg.inv(to_crop[:, :2]).astype(np.float32)
                field = field + np.float32(strength) * (laid @ turn.T)
        grey = warp(frame.grey, np.ascontiguousarray(field))
        face = frame.face
        if face is not None:
            points = face.landmarks.copy()
            points[:, :2] += np.array(start, np.float32)
            face = replace(face, landmarks=points)
        yield FaceFrame(frame.t_ns, grey, face)


def _steady_transforms(recording: FaceRecording) -> list[NDArray[np.float64] | None]:
    """Where the face lies in each frame, with the landmarks' jitter averaged out."""
    each = [None if m.face is None else crop_transform(m.face.landmarks) for m in recording.frames]
    steady: list[NDArray[np.float64] | None] = []
    for i, own in enumerate(each):
        near = [t for t in each[max(i - _STEADY, 0) : i + _STEADY + 1] if t is not None]
        # a mean over frames of both sides, unless the face comes or goes just here
        whole = own is not None and len(near) == 2 * _STEADY + 1
        steady.append(np.mean(near, axis=0) if whole else own)
    return steady


def _fade() -> NDArray[np.float32]:
    ramp = np.minimum(np.arange(CROP_SIZE), np.arange(CROP_SIZE)[::-1]) / _EDGE
    ramp = np.clip(ramp, 0, 1).astype(np.float32)
    return np.asarray(ramp[:, None] * ramp[None], np.float32)


_FADE = _fade()
