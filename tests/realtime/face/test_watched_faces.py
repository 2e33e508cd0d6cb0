"""A picture is no person; a chosen face is kept."""

from dataclasses import replace

import cv2
import numpy as np

from realtime.face.choice import FaceChooser
from realtime.face.face import Face, FaceSigns
from realtime.face.geometry import canonical_in_crop
from realtime.face.watched_faces import WatchedFaces

MS = 1_000_000
SIGNS = FaceSigns(0.0, 0.0, 0.0, 0.0, 0.0)


def face(number: int, x: float, y: float = 120.0, scale: float = 0.5) -> Face:
    landmarks = np.zeros((478, 3), np.float32)
    landmarks[:, :2] = (x, y)
    landmarks[:468, :2] = (canonical_in_crop() - 112) * scale + (x, y)
    return Face(number, landmarks, 1.0, SIGNS)


class BrightBlobs:
    """A tracker of the places that are not painted over."""

    def __init__(self, *faces: Face) -> None:
        self.faces, self.given_up = faces, []

    def track(self, t_ns, image):
        found = []
        for one in self.faces:
            x, y = one.landmarks[477, :2].astype(int)
            if image[y - 20 : y + 20, x - 20 : x + 20].std() > 1:
                found.append(one)
        return tuple(found)

    def give_up(self, face_id):
        self.given_up.append(face_id)

    def reset(self):
        pass


def scene(k: int, noise: np.random.Generator, *, poster_moves: bool = False):
    """A texture on the left that stands still but for noise, one on the right that sways."""
    base = np.random.default_rng(1).integers(60, 200, (12, 16), dtype=np.uint8)
    left = cv2.resize(base, (160, 240), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    shift = 3 * np.sin(k / 9)
    move = np.float32([[1, 0, shift], [0, 1, 0]])
    right = cv2.warpAffine(left, move, (160, 240), borderMode=cv2.BORDER_REPLICATE)
    if poster_moves:
        left = right
    grey = np.hstack([left, right]) + noise.normal(0, 1, (240, 320))
    return np.clip(grey, 0, 255).astype(np.uint8)


def test_a_face_that_never_moves_is_left_out_until_something_moves_in_its_place():
    poster, person = face(0, 80), face(1, 240, scale=0.4)
    tracker = BrightBlobs(poster, person)
    watched, noise = WatchedFaces(tracker), np.random.default_rng(2)
    seen = []
    for k in range(200):
        grey = scene(k, noise, poster_moves=k >= 150)
        image = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
        seen.append([one.id for one in watched.track(k * 33 * MS, image, grey)])
    assert seen[:40] == [[0, 1]] * 40
    assert seen[60:150] == [[1]] * 90
    assert seen[155:] == [[0, 1]] * 45
    assert tracker.given_up == [0]
    assert watched.pictures == 0


def chosen(choice, *found, count=1):
    return [one.id for one in FaceChooser(choice).choose(0, found, count, 640)]


def test_which_of_three_is_watched():
    found = (face(0, 100), face(1, 300), face(2, 560, scale=0.7))
    assert chosen("largest", *found) == [2]
    assert chosen("left", *found) == [0]
    assert chosen("right", *found, count=2) == [2, 1]
    assert chosen("centre", *found) == [1]


def test_a_face_lost_a_moment_ago_is_waited_for():
    chooser = FaceChooser()
    mine, other = face(0, 150), face(7, 500, scale=0.9)
    chooser.lose(0, mine)
    assert chooser.choose(300 * MS, [other], 1, 640) == []
    again = replace(face(8, 170), id=8)
    assert chooser.choose(600 * MS, [other, again], 1, 640) == [again]
    chooser.lose(700 * MS, again)
    assert chooser.choose(1800 * MS, [other], 1, 640) == [other]  # it has not come back
