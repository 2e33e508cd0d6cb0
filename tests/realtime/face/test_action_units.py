import cv2
import numpy as np
import pytest

from realtime.face.action_units import (
    PULLS,
    RECIPES,
    displacement_field,
    draw_units,
    lid_field,
    parse_unit,
    warp,
)
from realtime.face.geometry import CROP_IOD, canonical_in_crop

SIZE = (224, 224)


@pytest.fixture
def landmarks():
    return canonical_in_crop()


@pytest.fixture
def texture():
    noise = np.random.default_rng(3).standard_normal(SIZE)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.0)
    return (128 + 30 * smooth / smooth.std()).astype(np.float32)


def at(field, point):
    return field[round(point[1]), round(point[0])]


def test_lip_corner_puller_moves_both_corners_up_and_out(landmarks):
    field = displacement_field({"12": 1.0}, landmarks, SIZE)
    right, left = at(field, landmarks[61]), at(field, landmarks[291])
    assert right[0] < -2
    assert right[1] < -2
    assert left[0] > 2
    assert left[1] < -2


def test_inner_brow_raiser_moves_inner_brows_up_more_than_outer_ones(landmarks):
    field = displacement_field({"1": 1.0}, landmarks, SIZE)
    for inner, outer in ((107, 70), (336, 300)):
        assert at(field, landmarks[inner])[1] < -4
        assert at(field, landmarks[inner])[1] < 4 * at(field, landmarks[outer])[1]


@pytest.mark.parametrize("unit", sorted(PULLS, key=int))
def test_one_sided_units_leave_the_other_half_alone(landmarks, unit):
    field = displacement_field({f"L{unit}": 1.0}, landmarks, SIZE)
    length = np.hypot(field[..., 0], field[..., 1])
    midline, blur = 112, 10
    assert length[:, midline + blur :].max() > 1.0
    assert length[:, : midline - blur].max() < 0.05 * length.max()


@pytest.mark.parametrize("peak", [0.005, 0.013, 0.035])
def test_peak_is_the_stated_share_of_the_iod(landmarks, peak):
    field = displacement_field({"4": 0.7, "R10": 1.0}, landmarks, SIZE, peak_iod=peak)
    assert np.hypot(field[..., 0], field[..., 1]).max() == pytest.approx(peak * CROP_IOD, rel=0.02)


def test_a_turned_face_moves_along_its_own_axes(landmarks):
    centre = np.array([112.0, 112.0])
    quarter = np.array([[0.0, -1.0], [1.0, 0.0]])  # clockwise in the picture
    turned = (landmarks - centre) @ quarter.T + centre
    upright = displacement_field({"17": 1.0}, landmarks, SIZE)
    field = displacement_field({"17": 1.0}, turned, SIZE)
    expected = quarter @ at(upright, landmarks[200])
    assert at(field, turned[200]) == pytest.approx(expected, abs=0.3)


@pytest.mark.parametrize("shift", [0.02, 0.1, 0.36, 0.9, 2.5])
def test_warped_picture_moves_by_the_stated_amount(texture, shift):
    moved = warp(texture, np.full((*SIZE, 2), (shift, 0.0), np.float32))
    # The phase of low frequencies is an exact measure of a shift; the rim does not wrap round.
    window = np.outer(np.hanning(224), np.hanning(224))
    before = np.fft.fft2((texture - texture.mean()) * window)
    after = np.fft.fft2((moved - texture.mean()) * window)
    frequency = np.fft.fftfreq(224)[:12]
    cross = (after * before.conj())[:6, :12].sum(axis=0)[2:]
    measured = np.average(-np.angle(cross) / (2 * np.pi * frequency[2:]), weights=np.abs(cross))
    assert measured == pytest.approx(shift, rel=0.1)


def test_optical_flow_finds_the_movement_where_it_was_put(landmarks, texture):
    field = displacement_field({"12": 1.0}, landmarks, SIZE, peak_iod=0.03)
    moved = warp(texture, field)
    corners = landmarks[[61, 291]].astype(np.float32)[:, None]
    found, _, _ = cv2.calcOpticalFlowPyrLK(
        texture.astype(np.uint8), moved.astype(np.uint8), corners, None, winSize=(15, 15)
    )
    # A tracker sees the mean over its window, and the field belongs to the moved picture.
    seen = cv2.blur(field, (15, 15))
    expected = np.array([at(seen, place) for place in found[:, 0]])
    error = np.linalg.norm((found - corners)[:, 0] - expected, axis=1)
    assert (error < 0.1 * np.linalg.norm(expected, axis=1)).all()


def test_lids_cover_the_eye_and_nothing_below_it(landmarks):
    picture = np.full(SIZE, 200, np.uint8)
    cv2.circle(picture, tuple(np.rint(landmarks[[159, 145]].mean(0)).astype(int)), 2, 20, -1)
    closed = warp(picture, lid_field(landmarks, SIZE, "right", 1.0))
    half = warp(picture, lid_field(landmarks, SIZE, "right", 0.3))
    assert picture.min() == 20
    assert closed[:, :100].min() > 100
    assert half.min() < 60
    below = int(landmarks[145, 1]) + 3
    assert (closed[below:] == picture[below:]).all()


def test_lids_are_not_scaled_with_the_skin(landmarks):
    weak = displacement_field({"12": 1.0, "45": 1.0}, landmarks, SIZE, peak_iod=0.005)
    assert weak[..., 1].max() == pytest.approx(
        lid_field(landmarks, SIZE, "both", 1.0)[..., 1].max(), abs=0.3
    )


def test_warp_keeps_dtype_and_channels(texture):
    colour = np.repeat(texture.astype(np.uint8)[..., None], 3, axis=2)
    still = warp(colour, np.zeros((*SIZE, 2), np.float32))
    assert still.dtype == np.uint8
    assert (still == colour).all()


@pytest.mark.parametrize("name", ["99", "X12", "", "L"])
def test_unknown_units_are_refused(name):
    with pytest.raises(ValueError, match="unknown action unit"):
        parse_unit(name)


@pytest.mark.parametrize("label", sorted(RECIPES))
def test_drawn_units_follow_the_recipe(label):
    rng = np.random.default_rng(1)
    drawn = [draw_units(rng, label) for _ in range(600)]
    assert all(drawn)
    for unit, probability in RECIPES[label].items():
        share = np.mean([unit in units for units in drawn])
        # Empty draws are redrawn, so a share may lie a little above its probability.
        assert probability - 0.06 < share < probability + 0.10
