"""Slow motion as telephones mark it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from realtime.capture.film_tags import filmed_rate


@pytest.mark.parametrize(
    ("tags", "stored", "scale", "told"),
    [
        ({"com.android.capture.fps": "240.000000"}, 30, Fraction(1, 8), "slow motion"),
        ({"com.android.capture.fps": "240"}, 240, Fraction(1), ""),
        ({"COM.ANDROID.CAPTURE.FPS": "1"}, 30, Fraction(30), "time lapse"),
        ({"com.apple.quicktime.capture.fps": "120"}, 30, Fraction(1, 4), "slow motion"),
        ({"com.apple.quicktime.full-frame-rate-playback-intent": "0"}, 240, Fraction(1), ""),
        ({"com.apple.quicktime.full-frame-rate-playback-intent": "0"}, 30, Fraction(1), "--fps"),
        ({"com.apple.quicktime.full-frame-rate-playback-intent": "1"}, 30, Fraction(1), ""),
        ({"com.android.capture.fps": "nan"}, 30, Fraction(1), ""),
        ({"com.android.capture.fps": ""}, 30, Fraction(1), ""),
        ({"com.android.capture.fps": "0"}, 30, Fraction(1), ""),
        ({}, 30, Fraction(1), ""),
    ],
)
def test_what_the_tags_tell(tags: dict[str, str], stored: int, scale: Fraction, told: str) -> None:
    filmed = filmed_rate(tags, Fraction(stored))
    assert filmed.scale == scale
    assert told in filmed.remark
    assert bool(filmed.remark) == bool(told)


def test_the_rate_of_a_player_is_meant_not_the_mean_of_a_short_film() -> None:
    filmed = filmed_rate({"com.android.capture.fps": "240"}, Fraction(3011, 100))
    assert filmed.scale == Fraction(1, 8)
