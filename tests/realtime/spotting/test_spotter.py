"""Stabiliser and spotter on pixels: a textured face that is moved and warped by known amounts."""

import cv2
import numpy as np
import pytest

from realtime.face.face import Face, FaceSigns
from realtime.face.geometry import CROP_IOD, apply_transform, canonical_in_crop
from realtime.motion.regions import Stream
from realtime.motion.stabiliser import Stabiliser
from realtime.spotting.face_pipeline import FacePipeline
from realtime.spotting.face_spotter import FaceSpotter
from realtime.spotting.onset import DetectorState
from realtime.spotting.rejection_rules import RejectionRules, confounders
from realtime.spotting.spotter import Spotter
from tests.realtime.spotting.pulses import camera_times, raised_cosine

CALM = FaceSigns(0.05, 0.05, 0.0, 0.0, 0.0)
SCALE, OFFSET = 1.25, np.array([180.0, 90.0])  # where the face lies in the 640×480 frame


def face_at(shift=(0.0, 0.0), jitter=None, signs=CALM):
    points = np.zeros((478, 3), np.float32)
    points[:468, :2] = canonical_in_crop() * SCALE + OFFSET + np.array(shift)
    points[468:] = points[33]
    if jitter is not None:
        points[:, :2] += jitter.normal(0, 0.15, 2) + jitter.normal(0, 0.1, (478, 2))
    return Face(0, points, 1.0, signs)


def skin() -> np.ndarray:
    """A frame with texture at the scales of skin and features."""
    random = np.random.default_rng(3)
    fine = cv2.GaussianBlur(random.normal(0, 60, (480, 640)).astype(np.float32), (0, 0), 2)
    coarse = cv2.GaussianBlur(random.normal(0, 400, (480, 640)).astype(np.float32), (0, 0), 8)
    return np.clip(128 + 3 * fine + 1.5 * coarse, 0, 255)


SKIN = skin().astype(np.float32)


def field_around(landmarks) -> np.ndarray:
    """Share of a rise at every pixel of the frame, 1 at the landmarks."""
    y, x = np.mgrid[0:480, 0:640]
    at = canonical_in_crop()[landmarks] * SCALE + OFFSET
    squares = [((x - cx) ** 2 + (y - cy) ** 2) / (2 * (18 * SCALE) ** 2) for cx, cy in at]
    return np.exp(-np.min(squares, axis=0)).astype(np.float32)


BROWS = field_around([105, 334, 66, 296])
MOUTH = field_around([61, 291, 17, 199])
Y, X = np.mgrid[0:480, 0:640].astype(np.float32)


def frame(brow_px=0.0, shift=(0.0, 0.0), seed=0, mouth_px=0.0):
    """The skin with brows and mouth raised by crop pixels, the whole shifted, with noise."""
    x = X - np.float32(shift[0])
    raised = BROWS * np.float32(brow_px) + MOUTH * np.float32(mouth_px)
    y = Y - np.float32(shift[1]) + raised * np.float32(SCALE)
    warped = cv2.remap(SKIN, x, y, cv2.INTER_CUBIC)
    noise = np.random.default_rng(seed).normal(0, 2, warped.shape)
    return np.clip(warped + noise, 0, 255).astype(np.uint8)


def test_a_still_head_is_held_to_a_twentieth_of_a_pixel():
    stabiliser, jitter, where = Stabiliser(), np.random.default_rng(0), []
    corners = face_at().landmarks[[6, 33, 263, 4], :2]
    for k in range(60):
        s = stabiliser.align(k * 33_000_000, frame(seed=k), face_at(jitter=jitter))
        where.append(apply_transform(s.transform, corners))
    steps = np.diff(np.array(where), axis=0)
    assert np.sqrt((steps**2).sum(axis=-1).mean()) <= 0.05
    assert s.steady


def test_a_moving_head_is_followed_and_keyframes_are_renewed():
    stabiliser, jitter, where, keys = Stabiliser(), np.random.default_rng(0), [], []
    for k in range(75):
        shift = (12 * np.sin(k / 12), 6 * np.sin(k / 17))
        s = stabiliser.align(k * 33_000_000, frame(shift=shift, seed=k), face_at(shift, jitter))
        where.append(apply_transform(s.transform, face_at(shift).landmarks[[6, 33, 263], :2]))
        keys.append(s.renewed)
    steps = np.diff(np.array(where), axis=0)
    assert np.sqrt((steps**2).sum(axis=-1).mean()) <= 0.08
    assert sum(keys) == 2  # the first, and one after 1.5 s


def bent(points_x, points_y, bend_px):
    """Pixels across, in a turn that shift, scale, roll and parallax cannot make."""
    middle = face_at().landmarks[:468, :2].mean(axis=0)
    across = (points_x - middle[0]) / (CROP_IOD * SCALE)
    down = (points_y - middle[1]) / (CROP_IOD * SCALE)
    return np.float32(bend_px * SCALE) * (across**2 + 0.7 * across * down)


def test_a_turn_that_no_longer_fits_the_keyframe_is_followed_from_frame_to_frame():
    stabiliser, jitter, steady, renewed = Stabiliser(), np.random.default_rng(0), [], []
    for k in range(60):
        bend_px = 9 * np.sin(k / 10)
        face = face_at(jitter=jitter)
        x, y = face.landmarks[:, 0].copy(), face.landmarks[:, 1]
        face.landmarks[:, 0] = x + bent(x, y, bend_px)
        picture = cv2.remap(SKIN, X - bent(X, Y, bend_px), Y, cv2.INTER_CUBIC)
        held = stabiliser.align(k * 33_000_000, picture.astype(np.uint8), face)
        steady.append(held.steady)
        renewed.append(held.renewed)
    assert steady == [False] + 59 * [True]  # nothing comes before the first frame
    assert sum(renewed) > 2  # the first, one for its age, and those that the turn asked for


def test_a_cut_starts_anew_and_says_so():
    stabiliser = Stabiliser()
    stabiliser.align(0, frame(), face_at())
    assert stabiliser.align(33_000_000, frame(), face_at()).steady
    after = stabiliser.align(66_000_000, np.flipud(frame()).copy(), face_at((40, 30)))
    assert not after.steady
    assert after.renewed


def spot(times_ns, brow_of_t, signs=lambda t: CALM):
    spotter, jitter, found = FaceSpotter(0), np.random.default_rng(1), []
    for k, t in enumerate(times_ns):
        face = face_at(jitter=jitter, signs=signs(t / 1e9))
        brow = float(brow_of_t(np.array([t / 1e9]))[0])
        stabilised = spotter.align(k, int(t), frame(brow, seed=k), face)
        found.extend(spotter.spot(stabilised, face))
    return [one.finding for one in found]


@pytest.mark.slow
@pytest.mark.parametrize("fps", [25, 60])
def test_a_brow_raise_of_two_percent_is_flagged_once(fps):
    amplitude = 0.02 * CROP_IOD
    found = spot(
        camera_times(fps, 6.5, jitter=0.2),
        lambda t: amplitude * raised_cosine(t, 4.5, 4.68, 4.9),
    )
    flagged = [f for f in found if f.kind == "micro" and not f.revises]
    assert len(flagged) == 1
    event = {f.number: f for f in found}[flagged[0].number]  # as it was last seen
    assert event.kind == "micro"
    assert event.apex_ns / 1e9 == pytest.approx(4.68, abs=1.5 / fps + 0.02)
    assert 0.008 < event.peak_motion_iod < 0.024  # a patch sees the mean of the skin it covers
    assert event.stream in (None, Stream.BROWS)
    assert event.regions.index(max(event.regions)) == 1


@pytest.mark.slow
def test_what_would_have_been_flagged_of_a_hidden_face_is_rejected_with_the_reason():
    pipeline, spotter, jitter, found = FacePipeline(), Spotter(), np.random.default_rng(1), []
    for k, t in enumerate(camera_times(25, 6.5)):
        brow = 0.02 * CROP_IOD * float(raised_cosine(np.array([t / 1e9]), 4.5, 4.68, 4.9)[0])
        face = face_at(jitter=jitter)
        candidates = pipeline.find(pipeline.align(int(t), frame(brow, seed=k), face), face)
        found += spotter.judge(candidates, pipeline.finder.newest_index, hidden=True)
    assert {f.kind for f in found} == {"rejected"}
    assert ("not assessable",) in [f.confounders for f in found]


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["gap", "face lost"])
def test_a_flag_whose_second_stage_does_not_come_is_told(fault):
    spotter, jitter, flagged = FaceSpotter(0), np.random.default_rng(1), []
    times = camera_times(30, 6.5)
    for k, t in enumerate(times):
        if flagged and t - flagged[0].apex_ns < 700_000_000:
            if fault == "face lost":
                spotter.reset()
                break
            continue  # no frame comes until the second stage is long due
        brow = 1.4 * raised_cosine(np.array([t / 1e9]), 4.5, 4.68, 4.9)[0]
        face = face_at(jitter=jitter)
        found = spotter.spot(spotter.align(k, int(t), frame(float(brow), seed=k), face), face)
        flagged += [one.finding for one in found if one.finding.kind == "micro"]
    assert spotter.take_unconfirmed() == [flagged[0].number]
    assert spotter.take_unconfirmed() == []


@pytest.mark.slow
def test_a_raise_that_stays_is_not_a_micro_expression():
    found = spot(camera_times(30, 6.5), lambda t: 1.5 * np.clip((t - 4.5) / 0.2, 0, 1))
    last = {f.number: f for f in found}
    assert [f for f in last.values() if f.kind == "micro"] == []


def pictures(times_ns, brow_of_t, mouth_of_t=np.zeros_like):
    for k, t in enumerate(times_ns):
        t_s = np.array([t / 1e9])
        yield frame(float(brow_of_t(t_s)[0]), seed=k, mouth_px=float(mouth_of_t(t_s)[0]))


def find(times_ns, frames):
    """Every measured candidate, and the last state of the detector."""
    pipeline, jitter, found = FacePipeline(), np.random.default_rng(1), []
    for t, picture in zip(times_ns, frames, strict=True):
        found.extend(pipeline.follow(int(t), picture, face_at(jitter=jitter)))
    return found, pipeline.finder.state


@pytest.mark.slow
def test_a_talking_mouth_masks_the_lower_face_and_not_the_brows():
    times, amplitude = camera_times(30, 6.0), 0.03 * CROP_IOD
    frames = pictures(
        times,
        lambda t: amplitude * raised_cosine(t, 5.0, 5.15, 5.3),
        lambda t: 3.0 * np.sin(2 * np.pi * 4 * t) * (1 + np.sin(2 * np.pi * 0.7 * t)) * (t > 2.5),
    )
    seen, state = find(times, frames)
    assert state is DetectorState.SPEAKING
    after_2_s = [s for s in seen if s.pulse.apex_ns > 4.6e9]
    lower = [s for s in after_2_s if s.candidate.stream is Stream.MOUTH]
    assert lower
    assert all(s.masked for s in lower)
    brows = [s for s in seen if s.candidate.stream is Stream.BROWS]
    assert any(abs(s.pulse.apex_ns / 1e9 - 5.15) < 0.05 for s in brows)
    assert not any(s.masked for s in brows)


@pytest.mark.slow
def test_one_movement_of_a_mouth_that_fidgets_a_little_is_not_speech():
    times = camera_times(30, 6.0)
    frames = pictures(
        times,
        np.zeros_like,
        lambda t: (
            0.8 * np.sin(2 * np.pi * 3 * t) + 0.035 * CROP_IOD * raised_cosine(t, 5.0, 5.15, 5.3)
        ),
    )
    seen, state = find(times, frames)
    at_it = [s for s in seen if abs(s.pulse.apex_ns / 1e9 - 5.15) < 0.05]
    assert any(s.candidate.stream is Stream.MOUTH for s in at_it)
    assert not any(s.masked for s in seen)
    assert state is not DetectorState.SPEAKING


@pytest.fixture(scope="module")
def brow_raise():
    """Times and frames of one brow raise, apex at 4.68 s."""
    times = camera_times(30, 5.5)
    return times, list(pictures(times, lambda t: 1.5 * raised_cosine(t, 4.5, 4.68, 4.9)))


def words(times, frames):
    """What the rules have to say of the brow raise."""
    near = [s for s in find(times, frames)[0] if abs(s.pulse.apex_ns / 1e9 - 4.68) < 0.15]
    assert near
    return {word for s in near for word in confounders(s, RejectionRules())}


@pytest.mark.slow
def test_a_screen_that_lights_up_is_told_apart(brow_raise):
    times, frames = brow_raise
    assert "light" not in words(times, frames)
    lit = [
        np.clip(1.2 * f, 0, 255).astype(np.uint8) if t > 4.6e9 else f
        for t, f in zip(times, frames, strict=True)
    ]
    assert "light" in words(times, lit)


@pytest.mark.slow
def test_after_a_gap_rest_is_learned_again():
    times = np.concatenate([camera_times(30, 4.0), camera_times(30, 1.5) + 5_000_000_000])
    found = spot(times, lambda t: 1.5 * raised_cosine(t, 5.6, 5.8, 6.0))
    assert [f for f in found if f.kind == "micro"] == []
