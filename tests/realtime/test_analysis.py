"""A frame in; faces, verdicts and findings out: who is followed, when a face is learned again."""

from contextlib import contextmanager
from dataclasses import replace

import cv2
import numpy as np
import pytest

from realtime.analysis import Analysis
from realtime.capture.ring_buffer import Frame
from realtime.face.assessability import Assessable
from realtime.spotting.onset import DetectorState
from tests.realtime.spotting.test_spotter import face_at, frame

MS = 1_000_000


class ScriptedTracker:
    """Tells the faces of each frame as they are written down."""

    def __init__(self, *faces):
        self.faces = list(faces)
        self.resets = 0

    def track(self, t_ns, image):
        return self.faces.pop(0)

    def reset(self):
        self.resets += 1


def shown(seq, *, restart=False):
    image = cv2.cvtColor(frame(seed=seq), cv2.COLOR_GRAY2BGR)
    return Frame(seq, seq * 40 * MS, image, restart)


def analysed(*faces, fps=25.0):
    analysis = Analysis(ScriptedTracker(*faces))
    return [analysis.analyse(shown(seq), fps) for seq in range(len(faces))]


def test_without_a_face_there_is_nothing_to_assess():
    (found,) = analysed(())
    assert (found.faces, found.findings, found.largest) == ((), (), None)
    assert found.assessable is Assessable.NO_FACE


def test_a_face_is_followed_from_its_first_frame_and_is_learned_first():
    first, second = analysed((face_at(),), (face_at(),))
    assert first.largest.state is second.largest.state is DetectorState.LEARNING
    assert first.assessable is Assessable.UNSTABLE  # nothing comes before it
    assert second.assessable is Assessable.SETTLING
    assert second.largest.stabilised.steady


def test_a_face_that_cannot_be_assessed_is_not_followed_and_begins_anew():
    small = replace(face_at(), landmarks=face_at().landmarks * np.float32(0.2))
    followed, lost, again = analysed((face_at(),), (small,), (face_at(),))
    assert followed.largest.state is DetectorState.LEARNING
    assert (lost.assessable, lost.largest.state) == (Assessable.TOO_SMALL, None)
    assert lost.largest.stabilised is None
    assert lost.largest.strengths == (0.0,) * 5
    assert again.assessable is Assessable.UNSTABLE


def test_the_largest_face_speaks_for_the_frame():
    other = replace(face_at((0.0, 0.0)), id=1)
    *_, last = analysed(*[(face_at(), other)] * 2)
    assert [one.face.id for one in last.faces] == [0, 1]
    assert last.largest.face.id == 0


@pytest.mark.parametrize("again", ["forget", "learn_rest"])
def test_what_was_learned_can_be_forgotten(again):
    analysis = Analysis(ScriptedTracker(*[(face_at(),)] * 3))
    for seq in range(2):
        found = analysis.analyse(shown(seq), 25.0)
    assert found.assessable is Assessable.SETTLING
    getattr(analysis, again)()
    assert analysis.analyse(shown(2), 25.0).assessable is Assessable.UNSTABLE


def test_a_frame_that_does_not_continue_the_last_starts_anew():
    tracker = ScriptedTracker(*[(face_at(),)] * 2)
    analysis = Analysis(tracker)
    analysis.analyse(shown(0), 25.0)
    assert analysis.analyse(shown(1, restart=True), 25.0).assessable is Assessable.UNSTABLE
    assert tracker.resets == 1


def test_every_stage_is_timed_by_its_name():
    names = []

    @contextmanager
    def timed(name):
        names.append(name)
        yield

    analysis = Analysis(ScriptedTracker((face_at(),)), timed=timed)
    analysis.analyse(shown(0), 25.0)
    assert names == ["face", "stabiliser", "spotter"]
