"""The correlation of faces in general, as its program makes it."""

import numpy as np
import pytest

from model.spotting.face_footage import FaceRecording, film_scene, mirrored
from model.spotting.scene import simulate
from model.synthetic.simulated_camera import SimulatedCamera
from model.tables import unit_noise
from realtime.motion.regions import REGIONS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def film(portraits):
    scene = simulate(portraits, 4, np.arange(round(25 * 7.5)) / 25)
    return film_scene(np.random.default_rng(4), SimulatedCamera(0.5, 1.0, 0, 0), scene)


@pytest.fixture(scope="module")
def found(film):
    return unit_noise.mean_of([film])


def test_it_is_a_correlation_of_every_region_and_axis(found):
    assert found.shape == (2 * len(REGIONS), 2 * len(REGIONS))
    assert np.allclose(found, found.T)
    assert np.allclose(np.diag(found), 1)
    assert np.linalg.eigvalsh(found).min() > -1e-9
    assert np.abs(found - np.eye(len(found))).max() > 0.3


def test_a_person_and_the_mirror_image_count_alike(film, found):
    assert np.allclose(unit_noise.mean_of([mirrored(film)]), found, atol=0.02)


def test_a_face_seen_for_a_moment_teaches_nothing(film):
    assert unit_noise.correlation_of(FaceRecording("short", film.frames[:100])) is None
