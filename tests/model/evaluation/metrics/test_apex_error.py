import pytest

from model.evaluation.metrics.apex_error import FoundApex, score_apices
from realtime.errors import DataError


def test_errors_in_frames_seconds_and_clip_lengths():
    clips = [
        FoundApex(1, 5, 10, 7.0, 100.0),
        FoundApex(1, 5, 20, 5.0, 200.0),
        FoundApex(1, None, 20, 5.0, 200.0),
        FoundApex(1, 40, 20, 5.0, 200.0),
    ]
    scores = score_apices(clips)
    assert (scores.clips, scores.left_out) == (2, 2)
    assert scores.mae_frames == pytest.approx(1.0)
    assert scores.mae_ms == pytest.approx(10.0)
    assert scores.nmae == pytest.approx(0.1)


def test_the_success_rate_leaves_out_or_keeps_the_ends():
    clips = [FoundApex(1, 5, 10, found, 30.0) for found in (1.0, 10.0, 5.0, 11.0)]
    assert score_apices(clips).asr == 0.25
    assert score_apices(clips, inclusive=True).asr == 0.75


def test_no_coded_apex_is_an_error():
    with pytest.raises(DataError):
        score_apices([FoundApex(1, None, 10, 5.0, 30.0)])
