import numpy as np
import pytest

from model.synthetic.apex_jitter import apex_range, select_apex


@pytest.mark.parametrize(
    ("onset", "apex", "last", "r", "expected"),
    [
        (10, 30, 60, 0.4, (22, 38)),
        (10, 30, 33, 0.4, (22, 33)),  # never beyond the last frame
        (10, 12, 60, 0.4, (12, 12)),  # floor(0.8) = 0
        (10, 11, 60, 0.4, (11, 11)),  # never the onset itself
        (0, 10, 10, 1.0, (1, 10)),
        (0, 7, 99, 0.4, (5, 9)),  # floor(2.8) = 2
    ],
)
def test_range_around_the_apex(onset, apex, last, r, expected):
    assert apex_range(onset, apex, last, r) == expected


def test_both_ends_are_drawn_and_nothing_beyond():
    rng = np.random.default_rng(0)
    drawn = {select_apex(10, 30, 60, 0.4, rng) for _ in range(500)}
    assert drawn == set(range(22, 39))


@pytest.mark.parametrize(("onset", "apex", "last"), [(5, 5, 9), (5, 4, 9), (5, 9, 8)])
def test_frames_out_of_order_are_refused(onset, apex, last):
    with pytest.raises(ValueError, match="onset < apex"):
        apex_range(onset, apex, last, 0.4)
