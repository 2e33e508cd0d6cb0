import numpy as np
import pytest

from realtime.face.affine import compose, farthest, inverse

ONE = np.array([[1.1, -0.2, 5.0], [0.2, 1.1, -3.0]])
OTHER = np.array([[0.9, 0.3, -40.0], [-0.1, 1.2, 8.0]])


def square(transform):
    """(3, 3) in homogeneous coordinates."""
    return np.vstack([transform, [0.0, 0.0, 1.0]])


def test_a_chain_of_maps_is_a_product_of_matrices():
    assert square(compose(ONE, OTHER)) == pytest.approx(square(ONE) @ square(OTHER))


def test_there_and_back_is_where_one_was():
    assert compose(inverse(OTHER), OTHER) == pytest.approx(np.eye(2, 3), abs=1e-12)


def test_maps_that_differ_by_a_shift_lie_that_far_apart():
    shifted = ONE + np.array([[0.0, 0.0, 3.0], [0.0, 0.0, 4.0]])
    assert farthest(ONE, shifted, np.array([[40.0, 30.0], [184.0, 180.0]])) == pytest.approx(5.0)
