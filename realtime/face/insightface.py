"""Faces by insightface (SCRFD and 2d106det), for those who hold one of its model packs.

The packs are for non-commercial research only and are never downloaded from here: the package
would fetch a missing one by itself, so it is given a folder and nothing else.  No pack could be
had when this was written; the adapter is tested with an invented one of the same shapes.

The 106 points are not the mesh's 478: the canonical mesh is laid over them as a camera far away
would see it, by the centres of eyes, brows, nose and mouth, the mouth corners and the chin.  That
places the regions and tells how the head is turned; the stabiliser takes care of the rest.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime.errors import FaceModelError
from realtime.extras import install_command
from realtime.face.choice import FaceChoice, FaceChooser
from realtime.face.face import Face, FaceSigns
from realtime.face.geometry import CANONICAL

_EYE_RIGHT, _EYE_LEFT = slice(33, 43), slice(87, 97)  # the person's own
_BROW_RIGHT, _BROW_LEFT = slice(43, 52), slice(97, 106)
_MOUTH, _NOSE = slice(52, 72), slice(72, 87)
_CORNER_RIGHT, _CORNER_LEFT, _CHIN = 52, 61, 0

# What of the canonical mesh lies where those points lie.
_MESH_ANCHORS = (
    (33, 133, 159, 145),
    (263, 362, 386, 374),
    (46, 53, 52, 65, 55, 70, 63, 105, 66, 107),
    (276, 283, 282, 295, 285, 300, 293, 334, 296, 336),
    (61, 291, 0, 17, 37, 267, 84, 314, 13, 14),
    (168, 6, 197, 195, 5, 4, 129, 358, 98, 327, 2),
    (61,),
    (291,),
    (152,),
)
_DEPTH_PRIOR = 0.1  # IOD; pulls the least certain part of the fit, depth, towards a frontal face
_OPEN_EYE = 0.30  # height of the open eye over its width; a closed one has about a tenth
_CLOSED_EYE = 0.10
_SAME_FACE = 0.5  # overlap that makes two boxes of neighbouring frames one face


class InsightFaceTracker:
    """A `FaceTracker`; detects in every frame.

    Args:
        pack: folder of the model pack, or the name of one in ~/.insightface/models;
            None: the one named buffalo_l.
        choice: which faces, where there are more than `max_faces`.

    Raises:
        FaceModelError: package or pack are not there, or the pack lacks what is needed.
    """

    def __init__(
        self, pack: Path | None = None, *, max_faces: int = 1, choice: FaceChoice = "largest"
    ) -> None:
        folder = find_pack(pack)
        os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
        try:
            from insightface.app import FaceAnalysis
        except ImportError as error:
            raise FaceModelError(
                f"insightface is not installed: {install_command('insightface')}"
            ) from error
        try:
            self._analysis: Any = FaceAnalysis(
                name=str(folder.resolve()),
                allowed_modules=["detection", "landmark_2d_106"],
                providers=["CPUExecutionProvider"],
            )
            self._analysis.prepare(ctx_id=-1, det_size=(640, 640))
        except AssertionError as error:  # how the package says that it found none
            raise FaceModelError(f"{folder} is not a pack with a face detector") from error
        except Exception as error:  # onnxruntime raises classes of its own for every bad file
            raise FaceModelError(f"{folder} holds a damaged model: {error}") from error
        if "landmark_2d_106" not in self._analysis.models:
            raise FaceModelError(f"{folder} holds no model of 106 landmarks")
        self._max_faces = max_faces
        self._next_id = 0
        self._chooser = FaceChooser(choice)
        self.reset()

    def reset(self) -> None:
        self._followed: dict[int, tuple[NDArray[np.float64], Face]] = {}  # box and face, by id
        self._chooser.reset()

    def give_up(self, face_id: int) -> None:
        self._followed.pop(face_id, None)

    def track(self, t_ns: int, image: NDArray[np.uint8]) -> tuple[Face, ...]:
        known = self._followed
        boxes: dict[int, NDArray[np.float64]] = {}
        faces: list[Face] = []
        new: list[Face] = []
        for one in sorted(self._analysis.get(image), key=_area, reverse=True):
            box = np.asarray(one.bbox, np.float64)
            same = [i for i in known if i not in boxes and _overlap(box, known[i][0]) > _SAME_FACE]
            number = same[0] if same else self._next_id
            self._next_id += not same
            boxes[number] = box
            points = np.asarray(one.landmark_2d_106, np.float64)
            face = Face(number, lay_mesh(points), float(one.det_score), read_signs(points))
            (faces if same else new).append(face)
        for number in known.keys() - boxes.keys():
            self._chooser.lose(t_ns, known[number][1])
        missing = self._max_faces - len(faces)
        faces += self._chooser.choose(t_ns, new, missing, image.shape[1])
        faces.sort(key=lambda face: float(np.prod(np.ptp(boxes[face.id].reshape(2, 2), axis=0))))
        self._followed = {face.id: (boxes[face.id], face) for face in faces}
        return tuple(reversed(faces))


def find_pack(pack: Path | None) -> Path:
    """Folder of a pack on disk, absolute; the package must never see a bare name.

    Raises:
        FaceModelError: there is none.
    """
    store = Path.home() / ".insightface" / "models"
    given = pack or Path("buffalo_l")
    places = [given.expanduser()] if pack is not None else []
    if len(given.parts) == 1:
        places.append(store / given)
    for folder in places:
        if any(folder.glob("*.onnx")):
            return folder.resolve()
    raise FaceModelError(
        f"there is no insightface model pack at {' or '.join(map(str, places))}; give one with "
        "--pack FOLDER (the published packs are for non-commercial research only)"
    )


def lay_mesh(points: NDArray[np.float64]) -> NDArray[np.float32]:
    """The 478-point mesh over 106 points (106, 2) of the same face."""
    groups = (_EYE_RIGHT, _EYE_LEFT, _BROW_RIGHT, _BROW_LEFT, _MOUTH, _NOSE)
    singles = (_CORNER_RIGHT, _CORNER_LEFT, _CHIN)
    seen = np.stack([*(points[g].mean(axis=0) for g in groups), *(points[i] for i in singles)])
    model = np.stack([CANONICAL[list(a)].mean(axis=0) for a in _MESH_ANCHORS])
    middle = model.mean(axis=0)
    model -= middle
    prior = np.diag([0.0, 0.0, _DEPTH_PRIOR**2])
    camera = np.linalg.solve(
        model.T @ model + prior, model.T @ (seen - seen.mean(axis=0))
    )  # (3, 2)
    across, down = camera.T
    # the camera's third axis is square to the other two, and as long as they are
    length = np.sqrt(np.linalg.norm(across) * np.linalg.norm(down))
    away = np.cross(across, down) / max(float(length), 1e-9)
    mesh = np.empty((478, 3), np.float32)
    mesh[:468, :2] = (CANONICAL - middle) @ camera + seen.mean(axis=0)
    mesh[:468, 2] = (CANONICAL - middle) @ away
    mesh[468:473] = [*points[_EYE_RIGHT].mean(axis=0), mesh[133, 2]]
    mesh[473:] = [*points[_EYE_LEFT].mean(axis=0), mesh[362, 2]]
    return mesh


def read_signs(points: NDArray[np.float64]) -> FaceSigns:
    """Blink and jaw from openings; 106 points hold no irises, so gaze reads 0."""
    dx, dy = points[_EYE_LEFT].mean(axis=0) - points[_EYE_RIGHT].mean(axis=0)
    iod = max(float(np.hypot(dx, dy)), 1e-6)
    upright = points @ (np.array([[dx, -dy], [dy, dx]]) / iod)  # a tilted head keeps its heights
    mouth_height = float(np.ptp(upright[_MOUTH, 1])) / iod
    return FaceSigns(
        blink_left=_closure(upright[_EYE_LEFT]),
        blink_right=_closure(upright[_EYE_RIGHT]),
        gaze_x=0.0,
        gaze_y=0.0,
        jaw_open=float(np.clip((mouth_height - 0.3) / 0.6, 0.0, 1.0)),
    )


def _closure(eye: NDArray[np.float64]) -> float:
    width, height = np.ptp(eye, axis=0)
    open_share = (height / max(width, 1e-6) - _CLOSED_EYE) / (_OPEN_EYE - _CLOSED_EYE)
    return float(np.clip(1.0 - open_share, 0.0, 1.0))


def _area(face: Any) -> float:
    x0, y0, x1, y1 = face.bbox
    return float((x1 - x0) * (y1 - y0))


def _overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    inside = np.clip(np.minimum(a[2:4], b[2:4]) - np.maximum(a[:2], b[:2]), 0, None)
    shared = float(np.prod(inside))
    union = float(np.prod(a[2:4] - a[:2]) + np.prod(b[2:4] - b[:2])) - shared
    return shared / max(union, 1e-9)
