import json
from pathlib import Path

import numpy as np
import pytest

from realtime.errors import SourceError
from realtime.event import Event
from realtime.recording.labels_csv import Labels
from realtime.recording.session import Clip
from realtime.recording.session_folder import SessionFolder
from realtime.review.flags import Flag
from realtime.review.replay import SIDE, ReplayFrame
from realtime.review.reviewer import Reviewer
from realtime.review.sheet import HEIGHT, WIDTH
from tests.realtime.review.made_session import event

FRAMES, FPS = 60, 30
PLAYED = (SIDE // 2, SIDE // 2)  # a pixel of the left picture, and of the right one
BESIDE = (SIDE // 2, SIDE + 100)


def flag(identity, first_frame_s=1.0):
    line = event(identity, 2.0)
    clip = Clip(identity, Path("x"), first_frame_s, 0.0, degraded=False, complete=True)
    return Flag(Event.from_json(json.dumps(line)), clip)


def looks(_):
    """Frames whose face is as grey as their number, and whose whole frame is white."""
    white = np.full((SIDE, SIDE, 3), 255, np.uint8)
    return [
        ReplayFrame(k / FPS, np.full((SIDE, SIDE, 3), k, np.uint8), white) for k in range(FRAMES)
    ]


@pytest.fixture
def labels(tmp_path):
    return Labels(SessionFolder(tmp_path))


def started(labels, *identities, look=looks):
    reviewer = Reviewer([flag(i) for i in identities], labels, look)
    reviewer.picture(0.0)  # says that it reads
    reviewer.picture(0.0)
    return reviewer


def test_an_answer_is_kept_and_the_next_one_comes(labels):
    reviewer = started(labels, "0001", "0002", "0003")
    reviewer.press("3")
    assert (labels.get("0001"), reviewer.flag.id) == ("surprise", "0002")
    reviewer.press("0")
    reviewer.press("b")
    assert (labels.get("0002"), reviewer.flag.id) == ("none", "0002")
    reviewer.press("u")
    assert (labels.get("0002"), reviewer.flag.id) == (None, "0003")
    reviewer.press("x")
    assert not reviewer.done
    reviewer.press(" ")
    assert reviewer.done
    assert labels.get("0003") is None


def test_it_goes_on_where_nothing_was_said(labels):
    labels.set("0001", "none")
    reviewer = started(labels, "0001", "0002")
    assert reviewer.flag.id == "0002"
    reviewer.press("q")
    assert reviewer.done


def test_the_movement_is_played_in_a_loop_slowed_down(labels):
    reviewer = started(labels, "0001")
    # it is played from half a second before the onset, 0.8 s into the clip, to as long after
    assert reviewer.picture(0.0)[PLAYED][0] == 9
    assert reviewer.picture(4.0 * 0.5)[PLAYED][0] == 24
    assert reviewer.picture(4.0 * (1.4 + 0.51))[PLAYED][0] == 24
    reviewer.press("c")
    assert reviewer.picture(4.0 * 0.5)[PLAYED][0] == 15
    reviewer.press("s")
    assert reviewer.picture(8.0 * 0.5)[PLAYED][0] == 15
    reviewer.press("f")
    assert reviewer.picture(8.0 * 0.5)[PLAYED][0] == 255


def test_onset_and_apex_take_turns(labels):
    reviewer = started(labels, "0001")
    assert reviewer.picture(0.1)[BESIDE][0] == 24
    assert reviewer.picture(0.6)[BESIDE][0] == 30


def test_a_clip_that_cannot_be_read_can_still_be_passed(labels):
    def broken(_):
        raise SourceError("cut")

    reviewer = started(labels, "0001", "0002", look=broken)
    assert reviewer.picture(1.0).shape == (HEIGHT, WIDTH, 3)
    reviewer.press(" ")
    assert reviewer.flag.id == "0002"


def test_a_clip_without_notes_is_played_whole(labels):
    reviewer = Reviewer([flag("0001", None)], labels, looks)
    reviewer.picture(0.0)
    assert reviewer.picture(0.0)[PLAYED][0] == 0
