"""The promises of the front end, on region signals whose movements are known."""

import numpy as np
import pytest

from realtime.motion.regions import REGIONS, Stream
from realtime.spotting.apex import measure_pulse
from realtime.spotting.onset import OnsetDetector
from realtime.spotting.timeline import Timeline
from tests.realtime.spotting.pulses import camera_times, raised_cosine, region_index

BROWS = [
    region_index(f"{part} brow {side}") for part in ("inner", "outer") for side in ("left", "right")
]


def candidates(times_ns, movement, *, noise_px=0.05, seed=0):
    """Every candidate with its pulse; `movement(t_s)` is the rise of the brows in pixels."""
    random = np.random.default_rng(seed)
    line, detector, found = Timeline(2 * len(REGIONS), keep_s=4.0), OnsetDetector(), []
    for t in times_ns:
        e = random.normal(0, noise_px, (len(REGIONS), 2))
        e[BROWS, 1] -= movement(np.array([t / 1e9]))[0]
        for index in line.resample(int(t), e.ravel()):
            for c in detector.detect(line, index):
                pulse = measure_pulse(line, c)
                if pulse is not None:
                    found.append((c, pulse))
    return found


def strongest(found):
    return max(found, key=lambda pair: pair[0].strength)


@pytest.mark.parametrize("fps", [24, 30, 60, 120, 200])
@pytest.mark.parametrize(("jitter", "drops"), [(0.0, 0.0), (0.4, 0.1)])
def test_one_brief_movement_whatever_the_frame_rate(fps, jitter, drops):
    times = camera_times(fps, 8.0, jitter=jitter, drops=drops)
    found = candidates(times, lambda t: raised_cosine(t, 5.0, 5.18, 5.4))
    candidate, pulse = strongest(found)
    assert candidate.stream in (None, Stream.BROWS)
    tolerance = 1.5 / fps + 0.02
    assert pulse.apex_ns / 1e9 == pytest.approx(5.18, abs=tolerance)
    assert pulse.onset_ns / 1e9 == pytest.approx(5.0, abs=tolerance + 0.03)
    assert pulse.amplitude_iod * 72 == pytest.approx(1.0, abs=0.2)
    assert pulse.regions.index(max(pulse.regions)) == 1  # region 2: brows


@pytest.mark.parametrize(
    "movement",
    [
        lambda t: np.clip(t - 3, 0, 2) * 3.0,  # steady drift
        lambda t: np.where(t > 5.0, 0.0, 0.0),  # nothing
    ],
    ids=["drift", "rest"],
)
def test_rest_and_drift_are_not_candidates(movement):
    times = camera_times(30, 30.0)
    found = [c for c, _ in candidates(times, movement) if c.strength >= 5.0]
    assert found == []


def test_a_movement_that_stays_has_not_come_back():
    step = candidates(camera_times(30, 8.0), lambda t: np.clip((t - 5.0) / 0.15, 0, 1) * 2.0)
    near = [p for c, p in step if c.strength >= 5.0]
    assert near
    assert all(abs(p.rest_after) > 0.35 or p.fall_s > 0.45 for p in near)


def test_nothing_is_judged_before_rest_is_known():
    found = candidates(camera_times(30, 2.0), lambda t: raised_cosine(t, 0.8, 1.0, 1.2) * 3)
    assert found == []


@pytest.mark.parametrize("fps", [30, 60])
def test_noise_on_a_flat_peak_hardly_moves_the_apex(fps):
    """The highest sample lies 8 ms off, half of the time."""
    off_s = []
    for seed in range(16):
        times = camera_times(fps, 8.0)
        found = candidates(
            times, lambda t: raised_cosine(t, 5.0, 5.26, 5.46), noise_px=0.1, seed=seed
        )
        off_s.append(strongest(found)[1].apex_ns / 1e9 - 5.26)
    assert np.median(np.abs(off_s)) < 0.007
