"""Shares of the generated streams count what could be judged, and nothing else."""

import numpy as np

from benchmarks.spotting.stream_outcome import StreamOutcome, found_share
from model.spotting.insertions import InsertedMovement


def added(peak_iod: float) -> InsertedMovement:
    return InsertedMovement(
        1.0, 1.2, 1.4, "positive", ("12",), peak_iod, np.zeros((2, 2, 2), np.float32)
    )


def test_a_movement_that_came_while_the_face_could_not_be_judged_is_in_no_share():
    three = (added(0.02), added(0.02), added(0.03))
    outcome = StreamOutcome(
        10.0, three, frozenset({0, 2}), coarse={}, found={2: (1.0, 1.2, 1.4)}, false=0, raised=1
    )
    assert found_share([outcome], 0.0, 1.0) == (1, 2)
    assert found_share([outcome], 0.015, 0.025) == (0, 1)
