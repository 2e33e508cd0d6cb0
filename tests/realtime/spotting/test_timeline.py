import numpy as np
import pytest

from realtime.spotting.timeline import GRID_HZ, Timeline
from tests.realtime.spotting.pulses import camera_times, raised_cosine


@pytest.mark.parametrize("fps", [24, 30, 60, 120, 200])
@pytest.mark.parametrize("jitter", [0.0, 0.4])
def test_same_movement_whatever_the_rate(fps, jitter):
    line = Timeline(1, keep_s=4.0)
    for t in camera_times(fps, 3.0, jitter=jitter):
        line.resample(int(t), raised_cosine(np.array([t / 1e9]), 1.0, 1.2, 1.4))
    seen = line.span(0, line.count)[:, 0]
    grid_s = np.array([line.time_ns(i) for i in range(len(seen))]) / 1e9
    assert grid_s[np.argmax(seen)] == pytest.approx(1.2, abs=0.5 / fps + 1 / GRID_HZ)
    assert seen == pytest.approx(raised_cosine(grid_s, 1.0, 1.2, 1.4), abs=0.15)


def test_samples_come_once_and_in_order():
    line = Timeline(1, keep_s=1.0)
    seen = [i for t in camera_times(30, 5.0) for i in line.resample(int(t), np.zeros(1))]
    assert seen == list(range(len(seen)))
    assert len(seen) == pytest.approx(5.0 * GRID_HZ, abs=5)


def test_a_straight_line_stays_straight_across_a_gap():
    line = Timeline(1, keep_s=4.0)
    for t in (0, 100, 200, 700, 800):
        line.resample(t * 1_000_000, np.array([float(t)]))
    seen = line.span(0, line.count)[:, 0]
    times_ms = np.array([line.time_ns(i) for i in range(len(seen))]) / 1e6
    assert seen == pytest.approx(times_ms, abs=1e-3)


def test_time_must_move_forward():
    line = Timeline(1, keep_s=1.0)
    line.resample(5, np.zeros(1))
    with pytest.raises(ValueError, match="backwards"):
        line.resample(5, np.zeros(1))
