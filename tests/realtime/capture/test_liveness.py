"""Whether a live source is alive, by the age of its newest changed picture."""

from __future__ import annotations

from realtime.capture.liveness import Liveness
from realtime.capture.stats import CameraState
from tests.servers import numbered

S = 1_000_000_000


def test_from_opening_through_live_and_frozen_to_lost_and_back() -> None:
    liveness = Liveness(stall_s=1.2, frozen_s=1.0)
    assert liveness.judge(9 * S) is CameraState.OPENING
    assert liveness.age_s(9 * S) == float("inf")
    liveness.observe(10 * S, numbered(0))
    assert liveness.judge(10 * S + S // 2) is CameraState.LIVE
    liveness.observe(11 * S, numbered(0))
    assert liveness.judge(11 * S) is CameraState.FROZEN
    assert liveness.age_s(11 * S) == 1.0
    assert liveness.judge(13 * S) is CameraState.LOST
    liveness.observe(13 * S, numbered(1))
    assert liveness.judge(13 * S) is CameraState.LIVE


def test_sensor_noise_is_a_change() -> None:
    liveness = Liveness(stall_s=1.2, frozen_s=1.0)
    image = numbered(0)
    liveness.observe(0, image)
    noisy = image.copy()
    noisy[::8] ^= 1
    liveness.observe(S, noisy)
    assert liveness.age_s(S) == 0.0


def test_time_in_which_nobody_watched_proves_nothing() -> None:
    liveness = Liveness(stall_s=1.2, frozen_s=1.0)
    liveness.observe(0, numbered(0))
    liveness.excuse(60 * S)
    assert liveness.judge(60 * S) is CameraState.LIVE
    assert (liveness.still_s(61 * S), liveness.age_s(61 * S)) == (1.0, 61.0)
    assert liveness.judge(62 * S) is CameraState.LOST
