"""Faces by Google's landmark model under LiteRT: detect once, then follow.

The landmark network runs as often as a face changes: between two runs its mesh is carried along
by the upper face (`held_face`).  When it runs depends on the frames and their times alone, so
that live, training and calibration see the same face.  The detector runs only while a face is
missing, and now and then while a small one is followed: there may be a larger one.
Opens no socket; the same frames give the same landmarks.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.errors import FaceModelError
from realtime.face.blazeface import Detection
from realtime.face.blendshapes import SignReader
from realtime.face.choice import FaceChoice, FaceChooser
from realtime.face.face import Face
from realtime.face.face_mesh import FaceMesh, FaceRegion
from realtime.face.face_search import FaceSearch, least_iod
from realtime.face.geometry import inter_ocular
from realtime.face.held_face import Change, HeldFace

_PRESENT = 0.5
# Of a candidate of a tile, or for the place of a followed face.  Of 58 faces with 24 px between
# the eyes none was under 0.97.
_SURELY_PRESENT = 0.9
_CONFIRMED_A_FRAME = 2  # candidates of tiles that the mesh is fitted to
_SEARCH_NS = 500_000_000  # how often further or larger faces are searched
_SAME_FACE = 0.5  # centres nearer than this share of the side are one face
_LARGER = 1.25  # sides; a face so much larger takes the place of a small one

# The network runs again when a face has changed, or when it was held for so long.
_HELD_NS = 150_000_000
_SHORTEST_NS = 15_000_000  # signs are used at 60 Hz: it need not run more often
_MAX_CHANGE = Change(skull=0.25, eyes=0.2, mouth=0.35)


class LandmarkTracker:
    """Follows up to `max_faces` faces; a `FaceTracker`.

    Args:
        choice: which faces, where there are more.

    Raises:
        FaceModelError: the file is not a face landmark model.
    """

    def __init__(self, model: Path, *, max_faces: int = 1, choice: FaceChoice = "largest") -> None:
        try:
            with zipfile.ZipFile(model) as archive:
                self._search = FaceSearch(archive.read("face_detector.tflite"))
                self._mesh = FaceMesh(archive.read("face_landmarks_detector.tflite"))
                self.signs = SignReader(archive.read("face_blendshapes.tflite"))
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise FaceModelError(f"{model} is not a face landmark model ({error})") from error
        self._max_faces = max_faces
        self._next_id = 0
        self._by_size = choice == "largest"
        self._chooser = FaceChooser(choice)
        self.reset()

    def reset(self) -> None:
        self._followed: list[Face] = []
        self._held: dict[int, HeldFace] = {}
        self._searched_ns: int | None = None
        self._search.reset()
        self._chooser.reset()

    def give_up(self, face_id: int) -> None:
        self._followed = [face for face in self._followed if face.id != face_id]

    def track(self, t_ns: int, image: NDArray[np.uint8]) -> tuple[Face, ...]:
        faces = []
        for before in self._followed:
            face = self._carried(t_ns, before.id, image)
            if face is None:
                del self._held[before.id]
                face = self._follow(before.id, FaceRegion.of_landmarks(before.landmarks), image)
            if face is None:
                self._chooser.lose(t_ns, before)
            else:
                faces.append(face)
        faces = _distinct(faces)
        if self._may_search(t_ns, image, faces):
            self._searched_ns = t_ns
            found = _distinct([*faces, *self._new_faces(image, faces)])[len(faces) :]
            missing = self._max_faces - len(faces)
            if missing > 0:
                found = self._chooser.choose(t_ns, found, missing, image.shape[1])
            faces += found  # a place that is taken goes to a larger face
        if len(faces) > 1:
            faces = sorted(faces, key=_side, reverse=True)[: self._max_faces]
        self._followed = faces
        self._held = {
            face.id: self._held.get(face.id) or HeldFace(t_ns, image, face)
            for face in self._followed
        }
        return tuple(self._followed)

    def _carried(self, t_ns: int, face_id: int, image: NDArray[np.uint8]) -> Face | None:
        """A face as it is held; None where the network is to see it."""
        held = self._held[face_id]
        age_ns = t_ns - held.t_ns
        if not 0 < age_ns < _HELD_NS:
            return None
        face, change = held.follow(image)
        if age_ns >= _SHORTEST_NS and change.exceeds(_MAX_CHANGE):
            return None
        return face

    def _may_search(self, t_ns: int, image: NDArray[np.uint8], faces: list[Face]) -> bool:
        """Without a face in every frame; else now and then, if one is missing or small."""
        if not faces or self._searched_ns is None:
            return True
        if t_ns - self._searched_ns < _SEARCH_NS:
            return False
        small = least_iod(image)
        if len(faces) < self._max_faces:
            return True
        return self._by_size and any(inter_ocular(f.landmarks) < small for f in faces)

    def _new_faces(self, image: NDArray[np.uint8], known: list[Face]) -> list[Face]:
        candidates = self._search.search(image)
        taken = [FaceRegion.of_landmarks(f.landmarks) for f in known]
        full = len(known) >= self._max_faces
        least = _LARGER * min(map(_side, known)) if full else 0.0
        new: list[Face] = []

        def confirm(found: Detection, present: float) -> bool:
            """Whether the mesh was fitted."""
            region = FaceRegion.of_detection(found)
            if region.side < least or any(_near(region, other) for other in taken):
                return False
            face = self._confirmed(image, region, present)
            if face is not None and _side(face) >= least:
                self._next_id += 1
                new.append(face)
                taken.append(FaceRegion.of_landmarks(face.landmarks))
            return True

        for found in candidates.whole:
            confirm(found, _SURELY_PRESENT if full else _PRESENT)
        fitted = 0
        for found in candidates.tiled:
            if fitted == _CONFIRMED_A_FRAME:
                break
            fitted += confirm(found, _SURELY_PRESENT)
        return new

    def _confirmed(
        self, image: NDArray[np.uint8], region: FaceRegion, present: float
    ) -> Face | None:
        """A candidate whose presence is at least `present` wherever the mesh is fitted."""
        # a second pass, from where the mesh itself places the face, corrects the region
        landmarks, presence = self._mesh.fit(image, region)
        if presence < present:
            return None
        face = self._follow(self._next_id, FaceRegion.of_landmarks(landmarks), image)
        return face if face is not None and face.score >= present else None

    def _follow(self, face_id: int, region: FaceRegion, image: NDArray[np.uint8]) -> Face | None:
        landmarks, presence = self._mesh.fit(image, region)
        if presence < _PRESENT or not np.isfinite(landmarks).all():
            return None
        return Face(face_id, landmarks, presence, self.signs.read(landmarks))


def _side(face: Face) -> float:
    return FaceRegion.of_landmarks(face.landmarks).side


def _near(a: FaceRegion, b: FaceRegion) -> bool:
    return bool(np.hypot(*(a.centre - b.centre)) < _SAME_FACE * max(a.side, b.side) / 1.5)


def _distinct(faces: list[Face]) -> list[Face]:
    """Two tracks that came to lie on one face become the older one."""
    if len(faces) < 2:
        return faces
    kept: list[Face] = []
    taken: list[FaceRegion] = []
    for face in sorted(faces, key=lambda f: f.id):
        region = FaceRegion.of_landmarks(face.landmarks)
        if not any(_near(region, other) for other in taken):
            kept.append(face)
            taken.append(region)
    return kept
