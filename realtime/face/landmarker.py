"""Faces by Google's landmark model under LiteRT: detect once, then follow.

About 6 ms a frame and face on one core.  The detector runs only while a face is missing.
Opens no socket; the same frames give the same landmarks.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.errors import FaceModelError
from realtime.face.blazeface import FaceDetector
from realtime.face.blendshapes import SignReader
from realtime.face.face import Face
from realtime.face.face_mesh import FaceMesh, FaceRegion

_PRESENT = 0.5
_SEARCH_NS = 150_000_000  # an empty picture is searched this often
_OTHERS_NS = 1_000_000_000  # and one with fewer faces than requested this often
_SAME_FACE = 0.5  # centres nearer than this share of the side are one face


@dataclass(slots=True)
class _Track:
    id: int
    region: FaceRegion


class LandmarkTracker:
    """Follows up to `max_faces` faces; a `FaceTracker`.

    Raises:
        FaceModelError: the file is not a face landmark model.
    """

    def __init__(self, model: Path, *, max_faces: int = 1) -> None:
        try:
            with zipfile.ZipFile(model) as archive:
                self._detector = FaceDetector(archive.read("face_detector.tflite"))
                self._mesh = FaceMesh(archive.read("face_landmarks_detector.tflite"))
                self.signs = SignReader(archive.read("face_blendshapes.tflite"))
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise FaceModelError(f"{model} is not a face landmark model ({error})") from error
        self._max_faces = max_faces
        self._next_id = 0
        self.reset()

    def reset(self) -> None:
        self._tracks: list[_Track] = []
        self._searched_ns: int | None = None

    def track(self, t_ns: int, image: NDArray[np.uint8]) -> tuple[Face, ...]:
        faces = [f for track in self._tracks if (f := self._follow(track, image)) is not None]
        if len(faces) < self._max_faces and self._may_search(t_ns, bool(faces)):
            self._searched_ns = t_ns
            faces.extend(self._search(image, faces))
        faces = sorted(_distinct(faces), key=_side, reverse=True)[: self._max_faces]
        self._tracks = [_Track(f.id, FaceRegion.of_landmarks(f.landmarks)) for f in faces]
        return tuple(faces)

    def _may_search(self, t_ns: int, some: bool) -> bool:
        if self._searched_ns is None:
            return True
        return t_ns - self._searched_ns >= (_OTHERS_NS if some else _SEARCH_NS)

    def _search(self, image: NDArray[np.uint8], known: list[Face]) -> list[Face]:
        taken = [FaceRegion.of_landmarks(f.landmarks) for f in known]
        new = []
        for found in self._detector.detect(image):
            region = FaceRegion.of_detection(found)
            if any(_near(region, other) for other in taken):
                continue
            # a second pass, from where the mesh itself places the face, corrects the region
            landmarks, presence = self._mesh.fit(image, region)
            if presence < _PRESENT:
                continue
            face = self._follow(_Track(self._next_id, FaceRegion.of_landmarks(landmarks)), image)
            if face is not None:
                self._next_id += 1
                new.append(face)
                taken.append(FaceRegion.of_landmarks(face.landmarks))
        return new

    def _follow(self, track: _Track, image: NDArray[np.uint8]) -> Face | None:
        landmarks, presence = self._mesh.fit(image, track.region)
        if presence < _PRESENT or not np.isfinite(landmarks).all():
            return None
        return Face(track.id, landmarks, presence, self.signs.read(landmarks))


def _side(face: Face) -> float:
    return FaceRegion.of_landmarks(face.landmarks).side


def _near(a: FaceRegion, b: FaceRegion) -> bool:
    return bool(np.hypot(*(a.centre - b.centre)) < _SAME_FACE * max(a.side, b.side) / 1.5)


def _distinct(faces: list[Face]) -> list[Face]:
    """Two tracks that came to lie on one face become the older one."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda f: f.id):
        region = FaceRegion.of_landmarks(face.landmarks)
        if not any(_near(region, FaceRegion.of_landmarks(k.landmarks)) for k in kept):
            kept.append(face)
    return kept
