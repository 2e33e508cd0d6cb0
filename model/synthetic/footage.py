"""Real video of a face, to which action units are added.

Called by the trainer and the generator.  A detector trained only on simulated noise, light and
head motion finds little on real people; any video of a face supplies the real ones.  The
frames are aligned by the live path's own stabiliser, so what it leaves of the head's motion is
in them too.  Pixels of the 224 × 224 crop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from model.progress import progress
from model.synthetic.identity import field_from_points, mirror_landmarks
from realtime.capture.source import TimedFrame
from realtime.capture.video_file import VideoFile
from realtime.errors import DataError
from realtime.face.action_units import Field, warp
from realtime.face.face import FaceTracker
from realtime.face.geometry import CROP_IOD
from realtime.motion.stabiliser import Stabiliser

# From onset to apex: nine tenths of the field's micro-expressions.
GAP_S = (0.07, 0.32)
_SHORTEST_S = 0.5
# A small movement added to a large one cannot be classified: half of the draws take a quieter
# moment.
_QUIET_SHARE = 0.5
_QUIET_GREY = 5.0
_TRIES = 4
_FLOW_BLUR_PX = 3.0
_FACE = np.s_[30:200, 40:184]


@dataclass(frozen=True, slots=True)
class Footage:
    """One face held still for a while without a break."""

    name: str
    person: str
    t_s: NDArray[np.float64]  # (n,) ascending
    crops: NDArray[np.uint8]  # (n, 224, 224)
    landmarks: NDArray[np.float32]  # (n, 478, 2)

    @property
    def seconds(self) -> float:
        return float(self.t_s[-1] - self.t_s[0])

    def draw(
        self, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """(earlier crop, later crop, landmarks at the later) an onset-to-apex time apart.

        Half of them mirrored: a face has two sides, and footage is scarce.
        """
        for _ in range(_TRIES if rng.random() < _QUIET_SHARE else 1):
            first, second = self._moments(rng)
            change = self.crops[second][_FACE].astype(np.float32) - self.crops[first][_FACE]
            if float(np.abs(change).mean()) < _QUIET_GREY:
                break
        before, after = (self.crops[index].astype(np.float32) for index in (first, second))
        landmarks = self.landmarks[second]
        if rng.random() < 0.5:
            return before, after, landmarks
        return before[:, ::-1].copy(), after[:, ::-1].copy(), mirror_landmarks(landmarks)

    def _moments(self, rng: np.random.Generator) -> tuple[int, int]:
        latest = np.searchsorted(self.t_s, self.t_s[-1] - GAP_S[1])
        first = int(rng.integers(latest + 1))
        second = np.searchsorted(self.t_s, self.t_s[first] + rng.uniform(*GAP_S))
        return first, int(np.clip(second, first + 1, len(self.t_s) - 1))


def borrowed_motion(
    moment: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
    landmarks: NDArray[np.floating],
) -> Field:
    """How the face moved between two crops of `Footage.draw`, laid onto another face.

    Returns:
        (224, 224, 2) displacement on the later picture's grid, crop pixels: optical flow,
        smoothed by as much as its errors reach.
    """
    before, after, points = moment
    later, earlier = (np.clip(frame, 0, 255).astype(np.uint8) for frame in (after, before))
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    back = method.calc(later, earlier, np.zeros((*later.shape, 2), np.float32))
    field = cv2.GaussianBlur(-np.asarray(back, np.float32), (0, 0), _FLOW_BLUR_PX)
    way = np.asarray(landmarks[:468, :2] - points[:468, :2], np.float32)
    return warp(
        np.asarray(field, np.float32), field_from_points(landmarks[:468, :2], way, 0.1 * CROP_IOD)
    )


def pick(rng: np.random.Generator, footage: Sequence[Footage]) -> Footage:
    """A stretch, of each person as often as the root of how long they are filmed.

    By length alone one person of whom there is much would be half of all pairs; evenly, a few
    seconds of another would be drawn again and again.
    """
    weight = {stretch.person: 0.0 for stretch in footage}
    for stretch in footage:
        weight[stretch.person] += stretch.seconds
    people = list(weight)
    odds = np.sqrt(list(weight.values()))
    person = people[rng.choice(len(people), p=odds / odds.sum())]
    own = [stretch for stretch in footage if stretch.person == person]
    length = np.array([stretch.seconds for stretch in own])
    return own[rng.choice(len(own), p=length / length.sum())]


def read_footage(path: Path, tracker: FaceTracker, person: str | None = None) -> list[Footage]:
    """Every unbroken stretch of a video; frames without a steadily held face end one.

    Args:
        person: who is in it; the file's name where nobody says so.
    """
    tracker.reset()
    stabiliser, keyframe = Stabiliser(), -1
    stretches: list[list[tuple[float, NDArray[np.uint8], NDArray[np.float32]]]] = [[]]
    for shot in _frames(path):
        faces = tracker.track(shot.t_ns, shot.image)
        if not faces:
            stabiliser.reset()
            stretches.append([])
            continue
        grey = np.asarray(cv2.cvtColor(shot.image, cv2.COLOR_BGR2GRAY), np.uint8)
        held = stabiliser.align(shot.t_ns, grey, faces[0])
        broken = held.keyframe.number != keyframe and not held.keyframe.continuous
        keyframe = held.keyframe.number
        if broken or not held.steady:
            stretches.append([])
        stretches[-1].append((shot.t_ns * 1e-9, held.crop, held.points.astype(np.float32)))
    found = [
        Footage(
            f"{path.name} at {stretch[0][0]:.1f} s",
            person or path.stem,
            np.array([t_s for t_s, _, _ in stretch]),
            np.stack([crop for _, crop, _ in stretch]),
            np.stack([points for _, _, points in stretch]),
        )
        for stretch in stretches
        if len(stretch) > 2 and stretch[-1][0] - stretch[0][0] >= _SHORTEST_S
    ]
    if not found:
        raise DataError(f"{path}: no face is held steadily for {_SHORTEST_S} s in this video")
    return found


def _frames(path: Path) -> Iterator[TimedFrame]:
    with closing(VideoFile(path)) as video:
        shots = iter(video.read, None)
        total = video.info.frame_count
        yield from progress(shots, f"reading {path.name}", total=total)
