"""What a person is told to do fits the source, and the record."""

import pytest

from realtime.dashboard.advice import advice, nothing_judged, unused_frames
from realtime.face.assessability import Assessable
from realtime.face.judged_time import NO_FRAMES
from realtime.status import FrameCounts, SecondsCounts

REASONS = [reason for reason in Assessable if reason is not Assessable.YES]
FOR_WHO_FILMS = ("light", "come closer", "look", "hold still", "move ", "face the camera", "keep")


@pytest.mark.parametrize("reason", REASONS)
def test_a_film_is_not_told_what_only_a_person_can_do(reason):
    line = advice(reason, live=False)
    assert line.startswith(f"{reason.value}: ")
    assert not any(words in line for words in FOR_WHO_FILMS), line
    assert advice(reason, live=True).startswith(f"{reason.value}: ")


@pytest.mark.parametrize("reason", [reason.value for reason in REASONS] + [NO_FRAMES])
@pytest.mark.parametrize("live", [True, False])
def test_nothing_judged_is_a_sentence_with_the_reason_and_what_to_do(reason, live):
    seconds = SecondsCounts(12.0, 0.0, 0.0, {reason: 10.0, "another": 2.0})
    why, _, todo = nothing_judged(seconds, live=live).partition("; ")
    assert why == f"nothing could be judged: {reason} for 10.0 of 12.0 s"
    assert len(todo) > 5
    if not live:
        assert not any(words in todo for words in FOR_WHO_FILMS), todo


def test_no_frame_at_all_is_said():
    assert "no more than one frame came" in nothing_judged(SecondsCounts(), live=False)


def test_above_two_percent_of_unused_frames_there_is_a_warning_with_the_cause():
    assert unused_frames(FrameCounts(read=1000, undecodable=10, refused=10)) is None
    said = unused_frames(FrameCounts(read=1000, undecodable=1, refused=330))
    assert said.startswith("33 % of the frames cannot be used: 1 are damaged")
    assert "330 do not lie after the frame before by their time stamps" in said
    assert "damaged" not in unused_frames(FrameCounts(read=10, refused=1))
