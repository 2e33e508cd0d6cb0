"""The guided minute on the built-in subject at rest."""

import numpy as np
import pytest

from realtime.analysis import Analysis
from realtime.capture.held_frame import Frame
from realtime.cli.live import live
from realtime.demo.screenplay import Movement
from realtime.demo.subject import DemoSubject
from realtime.face.assessability import Assessable
from realtime.face.landmarker import LandmarkTracker
from realtime.guide.guided_minute import GuidedMinute, GuideStage
from realtime.guide.laid_movement import LaidMovement, lay

FPS = 30
RAISED = LaidMovement("brows raised", (("1", 1.0), ("2", 1.0)), 0.02, Movement(1.0, 0.1, 0.0, 0.2))


@pytest.fixture(scope="module")
def subject():
    return DemoSubject(seconds=120)  # its smile comes after the self-test


@pytest.mark.slow
@pytest.mark.usefixtures("landmark_model")
def test_a_calm_face_is_learned_tested_and_seen(subject, landmark_model):
    guided = GuidedMinute(Analysis(LandmarkTracker(landmark_model)))
    stages, k = [], 0
    while not stages or stages[-1] is not GuideStage.DONE:
        view = guided.watch(Frame(k, round(k * 1e9 / FPS), subject.frame(k, micro=False)))
        if not stages or stages[-1] is not view.stage:
            stages.append(view.stage)
        k += 1
        assert k < 30 * FPS
    assert stages == list(GuideStage)
    assert [result.found for result in guided.results()] == [True, True, True]
    assert view.assessable is Assessable.YES
    wall = np.full((480, 640, 3), 120, np.uint8)
    again = GuidedMinute(Analysis(LandmarkTracker(landmark_model)))
    assert again.watch(Frame(0, 0, wall)).assessable is Assessable.NO_FACE
    assert again.results() == ()


def test_a_laid_movement_moves_the_brows_and_nothing_else(subject):
    image = subject.frame(0, micro=False)
    assert lay(image, subject.landmarks, RAISED, 0.9) is image
    moved = lay(image, subject.landmarks, RAISED, 1.1)
    change = np.abs(moved.astype(int) - image).mean(axis=2)
    chin, brow = (subject.landmarks[k, :2].astype(int) for k in (152, 105))
    assert change[brow[1] - 9 : brow[1] + 9, brow[0] - 9 : brow[0] + 9].mean() > 1
    assert change[chin[1] - 9 :].max() <= 1


def test_the_demo_is_no_person(capsys):
    assert live.run(["--demo", "--guide"]) == 2
    assert "--camera" in capsys.readouterr().err
