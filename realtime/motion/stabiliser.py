"""Hold the face still: an aligned grey crop that moves far less than the landmarks do.

Landmarks place the face to about 0.2 px of the crop from one frame to the next, too coarse for
movements of 0.3 px.  So they only predict; patches on the skull (bridge of the nose, corners of
the eyes, temples) are then tracked in the crop to about 0.01 px against a keyframe that is
renewed every 1.5 s.  When a head has turned too far from it, the frame before
becomes the keyframe; only if that does not fit either is alignment lost and started again.  Renewal
as soon as the fit becomes worse would not lose less: a movement of the face makes it worse too, and
every renewal is a small step in the signal, which would then fall into that movement.

Pure: state in memory only, no clock, no thread.  Coordinates are pixels of the crop unless said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.face.affine import compose, farthest, inverse
from realtime.face.face import Face
from realtime.face.geometry import CROP_SIZE, apply_transform, crop_transform
from realtime.limits import Limits
from realtime.motion.compression import coarseness
from realtime.motion.head_motion import fit_rigid, similarity_of, to_iod
from realtime.motion.lucas_kanade import cut_patches, track_patches
from realtime.motion.regions import DEPTH, HALVES, RIGID, region_centres

Affine = NDArray[np.float64]  # (2, 3)

_SKULL = np.flatnonzero(RIGID >= 0.2)
_WEIGHTS, _DEPTH, _UNMOVED = RIGID[_SKULL], DEPTH[_SKULL], np.zeros((len(_SKULL), 2))
_SAME = np.eye(2, 3)
_AROUND_PX = 16  # searched below the skull patches: none is tracked that far
_FACE_CORNERS = np.array([[40.0, 30.0], [184.0, 30.0], [40.0, 180.0], [184.0, 180.0]])
# Gaussian before matching, of 1.3 px; 0.8–2 makes no difference.  To 2.3 sigma: what is cut off is
# 2 % of the weight.
_BLUR = cv2.getGaussianKernel(7, 1.3, cv2.CV_32F)


@dataclass(frozen=True, slots=True)
class StabiliserConfig:
    renew_s: Annotated[float, Limits("age at which a keyframe is replaced, s", 0.1, 60)] = 1.5
    min_ncc: Annotated[float, Limits("correlation below which a patch is not tracked", 0, 1)] = 0.6
    min_support: Annotated[
        float, Limits("share of the patches on the skull that must agree", 0, 1)
    ] = 0.4
    max_residual_px: Annotated[
        float, Limits("largest residual of an accepted alignment, px", 0, 100, above=True)
    ] = 1.0
    max_drift_px: Annotated[
        float,
        Limits("distance from the landmarks at which alignment restarts, px", 0, 100, above=True),
    ] = 10.0
    lead_back: Annotated[
        float, Limits("share of the way to the landmarks that a new keyframe goes", 0, 1)
    ] = 0.5
    max_gap_s: Annotated[
        float, Limits("gap between frames after which rest is learned again, s", 0, 60, above=True)
    ] = 0.25


@dataclass(frozen=True, slots=True)
class Keyframe:
    """The reference that later crops are compared with."""

    number: int
    t_ns: int
    picture: NDArray[np.float32]  # (224, 224) blurred crop
    points: NDArray[np.float64]  # (478, 2) landmarks in the crop
    continuous: bool  # False: alignment was lost, it does not continue the one before


@dataclass(frozen=True, slots=True)
class Stabilised:
    t_ns: int
    crop: NDArray[np.uint8]  # (224, 224) grey, read-only
    picture: NDArray[np.float32]  # the same blurred, for matching
    transform: Affine  # frame pixels to crop
    points: NDArray[np.float64]  # (478, 2) landmarks in the crop
    keyframe: Keyframe  # what this crop was aligned to
    renewed: bool  # the keyframe was replaced, by this frame or by the one before
    onward: (
        Affine  # this crop's pixels to those of the following crops; the identity but at renewals
    )
    residual_px: float  # residual of the skull patches; lower is better
    steady: bool  # False: aligned by landmarks alone
    coarse: float  # `coarseness` of the step from the frame before, grey levels


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where the last frame lay, as the following ones are led there."""

    t_ns: int
    transform: Affine
    by_landmarks: Affine
    picture: NDArray[np.float32]
    points: NDArray[np.float64]


class Stabiliser:
    """One face.  Call `reset` when it is lost."""

    def __init__(self, config: StabiliserConfig | None = None) -> None:
        self.config = config or StabiliserConfig()
        self._keyframes = 0
        self.reset()

    def reset(self) -> None:
        self._key: Keyframe | None = None
        self._last: _Placed | None = None
        self._before: NDArray[np.uint8] | None = None
        self._coarse = 0.0

    def align(self, t_ns: int, grey: NDArray[np.uint8], face: Face) -> Stabilised:
        """Align one frame (h, w) of the same face; times must move forward."""
        by_landmarks = crop_transform(face.landmarks)
        coarse = coarseness(grey, self._before, face.landmarks)
        if coarse is not None:  # a repeated frame has no information
            self._coarse = coarse
        self._before = grey
        before = self._key
        transform = self._aligned(t_ns, grey, by_landmarks)
        steady = transform is not None
        if transform is None:
            transform, residual_px = by_landmarks, float("inf")
        else:
            residual_px = self._residual_px
        crop = warp_crop(grey, transform)
        crop.flags.writeable = False
        picture = ahead = _blurred(crop)
        points = placed = apply_transform(transform, face.landmarks[:, :2])
        used, anchor, onward = self._key, transform, _SAME
        if used is None or not steady or t_ns - used.t_ns >= self.config.renew_s * 1e9:
            # The patches and the landmarks place a turned head differently: the crop is led back
            # in steps that change no measurement, since the keyframe changes with it.
            anchor = transform + self.config.lead_back * (by_landmarks - transform)
            if steady:
                ahead = _blurred(warp_crop(grey, anchor))
            placed = apply_transform(anchor, face.landmarks[:, :2])
            onward = compose(anchor, inverse(transform))
            self._renew(t_ns, ahead, placed, continuous=steady)
        self._last = _Placed(t_ns, anchor, by_landmarks, ahead, placed)
        key = used if steady and used is not None else self._key
        assert key is not None
        renewed = self._key is not before
        return Stabilised(
            t_ns,
            crop,
            picture,
            transform,
            points,
            key,
            renewed,
            onward,
            residual_px,
            steady,
            self._coarse,
        )

    def _aligned(self, t_ns: int, grey: NDArray[np.uint8], by_landmarks: Affine) -> Affine | None:
        """The transform that aligns the skull to the keyframe; None: it was not found."""
        last, config = self._last, self.config
        if self._key is None or last is None or t_ns - last.t_ns > config.max_gap_s * 1e9:
            return None
        # what the landmarks say has changed since the last frame, on top of where that one lay
        moved = compose(inverse(last.by_landmarks), by_landmarks)
        predicted = compose(last.transform, moved)
        if farthest(predicted, by_landmarks, _FACE_CORNERS) > config.max_drift_px:
            return None
        found = self._found(grey, predicted)
        if found is None and self._key.t_ns < last.t_ns:
            self._renew(last.t_ns, last.picture, last.points, continuous=True)
            found = self._found(grey, predicted)
        return found

    def _found(self, grey: NDArray[np.uint8], predicted: Affine) -> Affine | None:
        """The prediction, corrected by where the keyframe's patches are; None: they are not."""
        config = self.config
        patches = self._patches
        picture = _blurred(warp_crop(grey, predicted, self._height))
        found = track_patches(patches, picture, _UNMOVED)
        weights = np.where(found.ncc >= config.min_ncc, _WEIGHTS, 0.0)
        fit = fit_rigid(found.d, self._centres, _DEPTH, patches.hessian, weights, parallax=True)
        support = fit.support * weights.sum() / _WEIGHTS.sum()
        if support < config.min_support or fit.disturbance_px > config.max_residual_px:
            return None
        self._residual_px = fit.disturbance_px
        aligned: Affine = compose(inverse(similarity_of(fit.coefficients)), predicted)
        return aligned

    def _renew(
        self,
        t_ns: int,
        picture: NDArray[np.float32],
        points: NDArray[np.float64],
        *,
        continuous: bool,
    ) -> None:
        self._keyframes += 1
        self._key = Keyframe(self._keyframes, t_ns, picture, points, continuous)
        self._patches = cut_patches(picture, region_centres(points)[_SKULL], HALVES[_SKULL])
        self._centres = to_iod(self._patches.centres)
        lowest = int((self._patches.centres[:, 1] + self._patches.halves).max())
        self._height = min(lowest + _AROUND_PX, CROP_SIZE)


def warp_crop(
    grey: NDArray[np.uint8], transform: Affine, height: int = CROP_SIZE
) -> NDArray[np.uint8]:
    """The (224, 224) crop that an affine from the picture's pixels to the crop's cuts out.

    Args:
        height: how many of its upper rows are wanted.
    """
    crop = cv2.warpAffine(
        grey,
        transform,
        (CROP_SIZE, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(crop, np.uint8)


def _blurred(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(cv2.sepFilter2D(crop, cv2.CV_32F, _BLUR, _BLUR), np.float32)
