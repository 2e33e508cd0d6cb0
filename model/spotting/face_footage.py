"""A stretch of video with one face found in its frames: the ground movements are added to.

Read once, with the live path's tracker, and used many times: the tracker takes the most time.
Grey frames are cut to where the face goes; landmarks are pixels of the cut frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from model.progress import progress
from model.synthetic.identity import MIRROR
from model.synthetic.simulated_camera import SimulatedCamera
from realtime.capture.source import TimedFrame
from realtime.capture.video_file import VideoFile
from realtime.errors import DataError
from realtime.face.assessability import Assessable, assess
from realtime.face.face import Face, FaceTracker
from realtime.face.geometry import inter_ocular

_MARGIN_IOD = 0.7  # around all the places of the face, of the largest distance between the eyes
_KEPT_IOD = 1.2  # around the face of one frame: more than alignment and the smallest crop need


@dataclass(frozen=True, slots=True)
class FaceFrame:
    t_ns: int
    grey: NDArray[np.uint8]  # (h, w)
    face: Face | None  # None: no face, or none that is assessable


@dataclass(frozen=True, slots=True)
class FaceRecording:
    name: str
    frames: tuple[FaceFrame, ...]

    @property
    def seconds(self) -> float:
        return (self.frames[-1].t_ns - self.frames[0].t_ns) / 1e9

    def between(self, first_s: float, last_s: float) -> FaceRecording:
        """The part between two times counted from its first frame."""
        start = self.frames[0].t_ns
        kept = (m for m in self.frames if first_s <= (m.t_ns - start) / 1e9 < last_s)
        return FaceRecording(self.name, tuple(kept))


def film_scene(
    rng: np.random.Generator, camera: SimulatedCamera, scene: FaceRecording
) -> FaceRecording:
    """The scene as the camera gives it, with the same faces at the same times."""
    fps = (len(scene.frames) - 1) / scene.seconds
    pictures = camera.film(rng, [frame.grey for frame in scene.frames], fps)
    seen = (replace(m, grey=p) for m, p in zip(scene.frames, pictures, strict=True))
    return FaceRecording(scene.name, tuple(seen))


def read_recording(path: Path, tracker: FaceTracker, *, any_rate: bool = True) -> FaceRecording:
    """The largest face of a video file, where it can be judged.

    A slow camera's face moves like any other's: with `any_rate` its frames count, as they may for
    teaching; they may not for judging.

    Raises:
        DataError: there is no face in it that can be judged.
    """
    tracker.reset()
    with closing(VideoFile(path)) as video:
        fps = video.info.reported_fps or 0.0
        shots = progress(iter(video.read, None), f"reading {path.name}", video.info.frame_count)
        frames = only_assessable(track_faces(shots, tracker), 0.0 if any_rate else fps)
        recording = cut_to_face(path.name, frames)
    if recording is None:
        raise DataError(f"{path}: no face in this video can be judged")
    return recording


def track_faces(shots: Iterable[TimedFrame], tracker: FaceTracker) -> Iterator[FaceFrame]:
    """The largest face of every frame, whether it can be judged or not."""
    for shot in shots:
        grey = np.asarray(cv2.cvtColor(shot.image, cv2.COLOR_BGR2GRAY), np.uint8)
        face = next(iter(tracker.track(shot.t_ns, shot.image)), None)
        yield FaceFrame(shot.t_ns, grey, face)


def only_assessable(frames: Iterable[FaceFrame], fps: float) -> Iterator[FaceFrame]:
    """The face only where the live path would judge it; `fps` 0 for any rate."""
    known: int | None = None
    for frame in frames:
        face = frame.face
        before = face is not None and face.id == known
        seen = assess(face, frame.grey, fps, judged=before) is Assessable.YES
        known = face.id if seen and face is not None else None
        yield frame if seen else replace(frame, face=None)


def cut_to_face(name: str, frames: Iterable[FaceFrame]) -> FaceRecording | None:
    """The frames, cut to where the face goes; None if no frame has one.

    No whole frame is kept meanwhile: of each, the surroundings of its own face.  What lies farther
    from it, where the face is at another time, repeats the edge of these surroundings.
    """
    kept: list[tuple[FaceFrame, tuple[int, int]]] = []  # and the crop's left upper corner
    around: NDArray[np.float64] | None = None
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    largest_iod, size = 0.0, (0, 0)
    for frame in frames:
        size = frame.grey.shape[1], frame.grey.shape[0]
        if frame.face is not None:
            points = frame.face.landmarks
            iod = inter_ocular(points)
            ends = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
            low, high = np.minimum(low, ends[0]), np.maximum(high, ends[1])
            largest_iod = max(largest_iod, iod)
            around = np.array([ends[0] - _KEPT_IOD * iod, ends[1] + _KEPT_IOD * iod])
        if around is None:  # no face yet: its picture is of no use
            kept.append((replace(frame, grey=frame.grey[:1, :1].copy()), (0, 0)))
            continue
        x0, y0, x1, y1 = _within(around[0], around[1], size)
        kept.append((replace(frame, grey=frame.grey[y0:y1, x0:x1].copy()), (x0, y0)))
    if not largest_iod:
        return None
    box = _within(low - _MARGIN_IOD * largest_iod, high + _MARGIN_IOD * largest_iod, size)
    cut = []
    for number, (frame, corner) in enumerate(kept):
        cut.append(_placed(frame, corner, box))
        kept[number] = cut[-1], (0, 0)  # the crop is free
    return FaceRecording(name, tuple(cut))


def _within(
    low: NDArray[np.floating], high: NDArray[np.floating], size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a box in whole pixels, inside a frame of (width, height)."""
    x0, y0 = np.maximum(low, 0).astype(int)
    x1, y1 = np.minimum(np.ceil(high), size).astype(int)
    return int(x0), int(y0), int(x1), int(y1)


def _placed(frame: FaceFrame, corner: tuple[int, int], box: tuple[int, int, int, int]) -> FaceFrame:
    """A crop with its left upper corner at `corner`, as the picture of the box."""
    x0, y0, x1, y1 = box
    height, width = frame.grey.shape
    left, top = corner[0] - x0, corner[1] - y0
    right, bottom = x1 - x0 - width - left, y1 - y0 - height - top
    grey = frame.grey[
        max(-top, 0) : height - max(-bottom, 0), max(-left, 0) : width - max(-right, 0)
    ]
    if not grey.size:  # of a frame without a face, elsewhere
        grey, top, left = frame.grey[:1, :1], 0, 0
        bottom, right = y1 - y0 - 1, x1 - x0 - 1
    edges = (max(top, 0), max(bottom, 0), max(left, 0), max(right, 0))
    grey = np.asarray(cv2.copyMakeBorder(grey, *edges, cv2.BORDER_REPLICATE), np.uint8)
    offset = np.array([x0, y0, 0], np.float32)
    face = frame.face and replace(frame.face, landmarks=frame.face.landmarks - offset)
    return FaceFrame(frame.t_ns, grey, face)


def without(recording: FaceRecording, spans_s: Sequence[tuple[float, float]]) -> FaceRecording:
    """Without an assessable face between these times, counted from the first frame."""
    start = recording.frames[0].t_ns

    def seen(frame: FaceFrame) -> FaceFrame:
        t_s = (frame.t_ns - start) / 1e9
        return replace(frame, face=None) if any(a <= t_s <= b for a, b in spans_s) else frame

    return FaceRecording(recording.name, tuple(seen(m) for m in recording.frames))


def mirrored(recording: FaceRecording) -> FaceRecording:
    """As in a mirror: a face has two sides, and recordings are scarce."""

    def turned(frame: FaceFrame) -> FaceFrame:
        grey = np.ascontiguousarray(frame.grey[:, ::-1])
        if frame.face is None:
            return replace(frame, grey=grey)
        points = frame.face.landmarks[MIRROR].copy()
        points[:, 0] = grey.shape[1] - 1 - points[:, 0]
        signs = frame.face.signs
        signs = replace(
            signs,
            blink_left=signs.blink_right,
            blink_right=signs.blink_left,
            gaze_x=-signs.gaze_x,
        )
        return FaceFrame(frame.t_ns, grey, replace(frame.face, landmarks=points, signs=signs))

    return FaceRecording(recording.name, tuple(turned(m) for m in recording.frames))


def backwards(recording: FaceRecording) -> FaceRecording:
    """Backwards in time: what this face does, in another order."""
    first, last = recording.frames[0].t_ns, recording.frames[-1].t_ns
    turned = (replace(m, t_ns=first + last - m.t_ns) for m in reversed(recording.frames))
    return FaceRecording(recording.name, tuple(turned))


def forward_and_back(
    recording: FaceRecording, seconds: float
) -> tuple[FaceRecording, tuple[float, ...]]:
    """Forward and backwards in turn until it is at least so long, and the times where it turns, s.

    A recording that is long enough stays as it is.
    """
    frames = list(recording.frames)
    turns: list[float] = []
    there, back = recording.frames, backwards(recording).frames
    while (frames[-1].t_ns - frames[0].t_ns) / 1e9 < seconds:
        end_ns, part = frames[-1].t_ns, back if len(turns) % 2 == 0 else there
        turns.append(end_ns / 1e9)
        later_ns = end_ns - part[0].t_ns
        frames += [replace(m, t_ns=m.t_ns + later_ns) for m in part[1:]]
    return FaceRecording(recording.name, tuple(frames)), tuple(turns)


def at_pace(recording: FaceRecording, factor: float) -> FaceRecording:
    """As if everything had happened `factor` times as fast."""
    first = recording.frames[0].t_ns
    paced = (replace(m, t_ns=first + round((m.t_ns - first) / factor)) for m in recording.frames)
    return FaceRecording(recording.name, tuple(paced))


def framed(recording: FaceRecording, width: int, height: int) -> FaceRecording:
    """As the middle of a larger frame, whose rest is the picture mirrored at its edges."""

    def larger(frame: FaceFrame) -> FaceFrame:
        grey = cv2.copyMakeBorder(
            frame.grey, top, height - high - top, left, width - wide - left, cv2.BORDER_REFLECT_101
        )
        face = frame.face
        if face is not None:
            face = replace(face, landmarks=face.landmarks + offset)
        return FaceFrame(frame.t_ns, np.asarray(grey, np.uint8), face)

    high, wide = recording.frames[0].grey.shape
    left, top = (width - wide) // 2, (height - high) // 2
    offset = np.array([left, top, 0], np.float32)
    return FaceRecording(recording.name, tuple(larger(m) for m in recording.frames))


def stretches(recording: FaceRecording, shortest_s: float) -> Iterator[FaceRecording]:
    """Parts in which the face can be judged throughout."""
    part: list[FaceFrame] = []
    for frame in (*recording.frames, None):
        if frame is not None and frame.face is not None:
            part.append(frame)
            continue
        if part and (part[-1].t_ns - part[0].t_ns) / 1e9 >= shortest_s:
            yield FaceRecording(recording.name, tuple(part))
        part = []
