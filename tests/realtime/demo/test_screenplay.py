"""The rules the played movements keep, for many seeds."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from realtime.demo.screenplay import Movement, Screenplay, write_screenplay
from realtime.event import CLASSES
from realtime.face.action_units import RECIPES

_SEEDS = range(200)


def _play(seed: int, seconds: float = 40.0) -> Screenplay:
    return write_screenplay(np.random.default_rng(seed), seconds)


def _gap(a: Movement, b: Movement) -> float:
    return max(a.start_s, b.start_s) - min(a.end_s, b.end_s)


@pytest.mark.parametrize("seconds", [34.0, 40.0, 60.0])
def test_micro_expressions_keep_their_distances(seconds: float) -> None:
    for seed in _SEEDS:
        truth = _play(seed, seconds).truth
        assert truth[0].onset_s >= 6.0
        assert truth[-1].offset_s <= seconds - 2.0
        assert all(b.onset_s - a.offset_s >= 2.5 for a, b in pairwise(truth))


def test_nothing_else_is_near_a_micro_expression() -> None:
    for seed in _SEEDS:
        play = _play(seed)
        others = [play.smile.movement, *play.blinks]
        for micro in play.micros:
            assert all(_gap(micro.movement, other) >= 0.8 for other in others)


def test_blinks_are_six_to_eight_and_stand_apart() -> None:
    for seed in _SEEDS:
        blinks = _play(seed).blinks
        assert 6 <= len(blinks) <= 8
        assert all(b.start_s - a.end_s >= 1.0 for a, b in pairwise(blinks))


def test_micro_expressions_are_short_small_and_of_each_class() -> None:
    for seed in _SEEDS:
        play = _play(seed)
        truth = play.truth
        assert len(truth) == 7
        counts = Counter(event.label for event in truth)
        assert set(counts) == set(CLASSES)
        assert min(counts.values()) >= 2
        for event, movement in zip(truth, play.micros, strict=True):
            assert 0.12 <= event.apex_s - event.onset_s <= 0.2
            assert 0.3 - 1e-9 <= event.offset_s - event.onset_s <= 0.45 + 1e-9
            assert 0.02 <= event.amplitude_iod <= 0.03
            assert movement.units
            assert set(movement.units) <= set(RECIPES[event.label])


def test_the_smile_is_an_ordinary_one() -> None:
    smile = _play(0).smile
    assert smile.movement.end_s - smile.movement.start_s > 1.0
    assert smile.peak_iod > 0.05


def test_a_movement_rises_to_one_and_returns_to_nothing() -> None:
    movement = Movement(2.0, 0.2, 0.0, 0.1)
    strengths = [movement.strength(t) for t in (1.9, 2.0, 2.1, 2.2, 2.25, 2.3, 2.4)]
    assert strengths == pytest.approx([0.0, 0.0, 0.5, 1.0, 0.5, 0.0, 0.0])


def test_a_run_too_short_for_the_rules_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 34 s"):
        _play(0, 20.0)
