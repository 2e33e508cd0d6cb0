"""The steps of the target false-alarm rate."""

import pytest

from realtime.spotting.spotter import Spotter
from realtime.spotting.target_rate import RATES, neighbour


@pytest.mark.parametrize(
    ("rate", "higher", "then"),
    [
        (0.2, True, 0.5),
        (0.2, False, 0.1),
        (0.3, True, 0.5),
        (0.3, False, 0.2),
        (RATES[-1], True, RATES[-1]),
        (RATES[0], False, RATES[0]),
    ],
)
def test_a_step_goes_to_the_next_rate_and_stops_at_the_ends(rate, higher, then):
    assert neighbour(rate, higher=higher) == then


def test_a_higher_target_accepts_what_a_lower_one_rejects_from_the_next_candidate_on():
    spotter = Spotter()
    strict = dict(spotter._least)
    spotter.set_alarms_per_minute(5.0)
    assert all(spotter._least[stage] < strict[stage] for stage in ("early", "late"))
    spotter.set_alarms_per_minute(spotter.config.alarms_per_minute)
    assert spotter._least == strict
