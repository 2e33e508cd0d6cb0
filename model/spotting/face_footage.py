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

_MARGIN_IOD = 0.7
_CORNER = np.array([0.5, 0.5, 0], np.float32)  # of a pixel, from its centre; depth has none


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
        frames = list(only_assessable(track_faces(shots, tracker), 0.0 if any_rate else fps))
    if not any(frame.face for frame in frames):
        raise DataError(f"{path}: no face in this video can be judged")
    return cut_to_face(FaceRecording(path.name, tuple(frames)))


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


def cut_to_face(recording: FaceRecording) -> FaceRecording:
    faces = [m.face.landmarks for m in recording.frames if m.face is not None]
    margin = _MARGIN_IOD * max(inter_ocular(points) for points in faces)
    height, width = recording.frames[0].grey.shape
    low = np.min([points[:, :2].min(axis=0) for points in faces], axis=0) - margin
    high = np.max([points[:, :2].max(axis=0) for points in faces], axis=0) + margin
    x0, y0 = np.maximum(low, 0).astype(int)
    x1, y1 = np.minimum(np.ceil(high), (width, height)).astype(int)
    offset = np.array([x0, y0, 0], np.float32)
    return FaceRecording(
        recording.name,
        tuple(
            FaceFrame(
                m.t_ns,
                np.ascontiguousarray(m.grey[y0:y1, x0:x1]),
                m.face and replace(m.face, landmarks=m.face.landmarks - offset),
            )
            for m in recording.frames
        ),
    )


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


def at_pace(recording: FaceRecording, factor: float) -> FaceRecording:
    """As if everything had happened `factor` times as fast."""
    first = recording.frames[0].t_ns
    paced = (replace(m, t_ns=first + round((m.t_ns - first) / factor)) for m in recording.frames)
    return FaceRecording(recording.name, tuple(paced))


def farther(recording: FaceRecording, factor: float) -> FaceRecording:
    """As if filmed from farther away: everything `factor` times as large, at most 1."""

    def smaller(frame: FaceFrame) -> FaceFrame:
        grey = cv2.resize(frame.grey, size, interpolation=cv2.INTER_AREA)
        face = frame.face
        if face is not None:
            face = replace(face, landmarks=(face.landmarks + _CORNER) * scale - _CORNER)
        return FaceFrame(frame.t_ns, np.asarray(grey, np.uint8), face)

    height, width = recording.frames[0].grey.shape
    size = round(width * factor), round(height * factor)
    scale = np.array([size[0] / width, size[1] / height, factor], np.float32)
    return FaceRecording(recording.name, tuple(smaller(m) for m in recording.frames))


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
