"""The filters for action units: what they find, and what they are not fooled by."""

import numpy as np
import pytest

from model.tables import unit_patterns
from realtime.motion.regions import REGIONS
from realtime.spotting import au_filters as units
from realtime.spotting.au_filters import KINDS, UnitFilter

N = len(REGIONS)
IOD_PX = 72


def shape(kind):
    """(31, 2) of the first pattern of a kind."""
    return units._SHAPES[units._KIND_NAMES.index(kind)]


def noise(random, count, common_px=0.0):
    """Pulses (count, 31, 2); `common_px` of them moves the whole face back and forth as one."""
    own = random.normal(0, 0.1, (count, N, 2))
    return own + common_px * random.normal(0, 1, (count, 1, 2))


@pytest.fixture
def taught():
    def teach(**of_noise):
        random, filters = np.random.default_rng(0), UnitFilter()
        for pulse in noise(random, 600, **of_noise):
            filters.score(pulse)
        return filters, random

    return teach


def test_the_table_is_what_its_program_makes():
    made = unit_patterns.build()
    with np.load(unit_patterns.TABLE, allow_pickle=False) as kept:
        assert kept["kinds"].tolist() == made["kinds"].tolist()
        assert np.abs(kept["patterns"] - made["patterns"]).max() < 1e-4


@pytest.mark.parametrize(
    "kind", ["brows up", "brows down", "nose", "smile", "corners down", "chin"]
)
def test_a_unit_is_known_by_its_kind_and_its_size(taught, kind):
    filters, random = taught()
    moved = 0.015 * IOD_PX * shape(kind) + noise(random, 1)[0]
    fit = filters.fit(moved)
    assert KINDS[int(np.argmax(fit.kinds))] == kind
    best = max((fit.upper, fit.lower), key=lambda match: match.t)
    assert best.size_iod == pytest.approx(0.015, abs=0.005)
    assert best.z > 5
    assert fit.share > 0.4


def test_z_counts_sigmas_of_this_face(taught):
    filters, random = taught(common_px=0.5)
    z = [filters.fit(pulse).upper.z for pulse in noise(random, 400, 0.5)]
    # the largest of some thirty patterns, many alike, in noise alone
    assert 0.5 < np.median(z) < 2.5


def test_what_moves_the_whole_face_hides_little(taught):
    """A common sway of 1 px hides a movement of 1 px from each region, not from the filters."""
    filters, random = taught(common_px=1.0)
    moved = 0.02 * IOD_PX * shape("brows up")
    rest = noise(random, 200, 1.0)
    with_it = [filters.fit(p + moved).upper.z for p in rest]
    without = [filters.fit(p).upper.z for p in rest]
    assert np.quantile(with_it, 0.05) > np.quantile(without, 0.99)


def test_a_wild_pulse_like_no_unit_fits_none(taught):
    filters, random = taught()
    fit = filters.fit(random.normal(0, 3.0, (N, 2)))
    assert fit.sigma > 10
    assert max(fit.upper.t, fit.lower.t) < 5
    assert fit.share < 0.5


def test_a_movement_does_not_hide_itself(taught):
    filters, random = taught()
    moved = 0.02 * IOD_PX * shape("smile")
    course = np.sin(np.linspace(0, np.pi, 12))
    scores = [
        filters.score(moved * c + n)[1] for c, n in zip(course, noise(random, 12), strict=True)
    ]
    assert max(scores) > 8


def test_a_known_noise_is_believed_before_anything_is_seen():
    calm, active = (UnitFilter(np.full((N, 2), px)) for px in (0.05, 0.5))
    moved = 0.01 * IOD_PX * shape("brows up")
    assert calm.fit(moved).upper.z > 3 * active.fit(moved).upper.z


def test_how_faces_move_in_general_is_a_correlation():
    usual = units._CORRELATION
    assert np.allclose(usual, usual.T, atol=1e-6)
    assert np.allclose(np.diag(usual), 1, atol=1e-3)
    assert np.linalg.eigvalsh(usual).min() > 0.05


def test_what_faces_do_in_general_surprises_less_than_what_they_do_not():
    """Of two pulses of one size, on a face that nothing is known of yet."""
    _, directions = np.linalg.eigh(units._CORRELATION)
    rare, usual = (UnitFilter().fit(d.reshape(N, 2)).sigma for d in directions.T[[0, -1]])
    assert rare > 1.5 * usual


def test_a_face_that_moves_otherwise_is_learned():
    random, filters = np.random.default_rng(0), UnitFilter()
    before = filters.correlation[0, 1]
    for pulse in noise(random, 900, 1.0):
        filters.score(pulse)
    assert np.abs(filters.correlation[0::2, 0::2]).min() > 0.8
    assert abs(before) < 0.8
