"""The clip of one item: its frames, with the face of the person who moved held still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import cv2

from realtime.capture.source import TimedFrame
from realtime.face.landmarker import LandmarkTracker
from realtime.review.clip_pack import pack
from realtime.review.desk import ReviewTask
from realtime.review.footage import frames
from realtime.review.replay import FacePosition, replay
from realtime.review.views import AROUND_S, first_marks
from realtime.settings.tree import MOST_FACES

_PASSES = 2  # of `replay` over the frames


def clip_maker(face_model: Path) -> Callable[[ReviewTask, Callable[[float], None]], bytes]:
    """What makes clips, as `clip_pack` writes them; to be called in one thread.

    It tells how far it is, from 0 to 1.

    Raises:
        FaceModelError: the file is not a face landmark model.
    """
    cv2.setNumThreads(1)
    tracker = LandmarkTracker(face_model, max_faces=MOST_FACES)
    return partial(_clip, tracker)


def _clip(tracker: LandmarkTracker, task: ReviewTask, note: Callable[[float], None]) -> bytes:
    event, marks = task.event, first_marks(task)
    start_s, end_s = marks.onset_s - AROUND_S, marks.offset_s + AROUND_S
    passes = count()

    def stretch() -> Iterator[TimedFrame]:
        done = next(passes)
        for frame in frames(task.of.session, event, start_s, end_s):
            note((done + (frame.t_ns / 1e9 - start_s) / (end_s - start_s)) / _PASSES)
            yield frame

    box = None if event is None else event.face_box
    spot = None if box is None else FacePosition(marks.apex_s, box)
    return pack(replay(stretch, tracker, spot))
