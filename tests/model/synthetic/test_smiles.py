import numpy as np
import pytest

from model.synthetic.smiles import smile_count, smile_field
from realtime.face.geometry import CROP_IOD, canonical_in_crop

POINTS = canonical_in_crop()


@pytest.mark.parametrize("person", [0, 50])
def test_a_smile_lifts_the_corners_and_peaks_where_asked(person):
    field = smile_field(person, {"12": 1.0}, POINTS, 0.02)
    assert field.shape == (224, 224, 2)
    assert np.hypot(*field.transpose(2, 0, 1)).max() == pytest.approx(0.02 * CROP_IOD, rel=1e-4)
    for corner, outward in ((61, -1), (291, 1)):
        x, y = np.rint(POINTS[corner]).astype(int)
        assert field[y, x, 1] < -0.1
        assert outward * field[y, x, 0] > 0


def test_one_side_alone():
    field = smile_field(3, {"L12": 1.0}, POINTS, 0.02)
    size = np.hypot(*field.transpose(2, 0, 1))
    assert size[:, :90].max() < 0.2 * size[:, 134:].max()  # the left is on the picture's right


def test_there_are_many_people():
    assert smile_count() > 100
