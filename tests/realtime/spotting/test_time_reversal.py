"""A film that is played backwards from some moment is told from a face that moves and returns."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from realtime.spotting.candidates import CandidateFinder
from realtime.spotting.channels import CHANNELS, FIRST, Channel
from realtime.spotting.spotter import Spotter, SpotterConfig
from realtime.spotting.time_reversal import MIRRORED, reversal
from realtime.spotting.timeline import GRID_HZ, HALF_WINDOW_NS, STEP_NS, Timeline
from tests.realtime.spotting.pulses import raised_cosine, region_index

LENGTH = 60  # samples on either side of the moment


def wandering(seed, length, step_px=0.2):
    """What the regions of a face that speaks do, (length, 62) crop pixels."""
    white = np.random.default_rng(seed).normal(0, 1, (length, FIRST))
    smooth = gaussian_filter1d(white, 3.0, axis=0)
    return step_px * smooth / smooth.std() * np.linspace(0.3, 3, FIRST)


def noisy(moved, seed, noise_px=0.04):
    return moved + np.random.default_rng(seed).normal(0, noise_px, moved.shape)


def timeline_of(moved):
    line = Timeline(CHANNELS, keep_s=4.0)
    for number, row in enumerate(moved):
        line.resample(number * STEP_NS, np.concatenate([row, np.zeros(CHANNELS - FIRST)]))
    return line


def sample_of(frame):
    """The grid sample nearest to a frame: the first lies half a window after the first frame."""
    return frame - round(HALF_WINDOW_NS / STEP_NS)


def brow_raise(length, at, px=3.0):
    """Fast up and slower down, of the regions of both brows."""
    course = raised_cosine(np.arange(length), at - 8, at, at + 14)
    pattern = np.zeros((31, 2))
    for name in ("inner brow right", "inner brow left", "outer brow right", "outer brow left"):
        pattern[region_index(name), 1] = -px
    return course[:, None] * pattern.ravel()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("off", [-3, 0, 3])
def test_where_a_film_turns_everything_goes_back_the_way_it_came(seed, off):
    there = wandering(seed, LENGTH)
    film = noisy(np.concatenate([there, there[-2::-1]]), seed)  # no noise comes twice
    assert reversal(timeline_of(film), sample_of(LENGTH - 1) + off) > MIRRORED


@pytest.mark.parametrize("seed", range(6))
def test_a_micro_expression_alone_goes_and_returns(seed):
    face = noisy(wandering(seed, 2 * LENGTH) + brow_raise(2 * LENGTH, LENGTH), seed)
    assert reversal(timeline_of(face), sample_of(LENGTH)) < MIRRORED


@pytest.mark.parametrize("seed", range(6))
def test_in_a_still_face_it_is_no_turn_of_the_film_either(seed):
    still = noisy(brow_raise(2 * LENGTH, LENGTH), seed)
    assert reversal(timeline_of(still), sample_of(LENGTH)) < MIRRORED


def test_too_little_known_on_one_side_says_nothing():
    assert reversal(timeline_of(wandering(0, LENGTH)), LENGTH - 5) == -1.0


def verdicts(moved):
    """Every verdict on a face that was still before, each with its reasons."""
    rows = np.zeros((len(moved), CHANNELS))
    rows[:, :FIRST] = moved
    rows[:, FIRST + Channel.NCC], rows[:, FIRST + Channel.FACE_PX] = 1.0, 6.5
    rows[:, FIRST + Channel.PERIOD] = 1 / GRID_HZ
    finder, spotter = CandidateFinder(), Spotter(SpotterConfig(alarms_per_minute=10))
    for number, row in enumerate(rows):
        found = finder.find(number * STEP_NS, row, spotter.wants_late)
        yield from spotter.judge(found, finder.newest_index)


def test_a_movement_under_way_where_a_film_turns_is_retracted_with_the_reason():
    still, there = np.zeros((8 * GRID_HZ, FIRST)), wandering(1, LENGTH, 0.05)
    # a raise that would have stayed, were it not for the turn in the middle of it
    there += brow_raise(LENGTH + 20, LENGTH + 4)[:LENGTH]
    film = noisy(np.concatenate([still, there, there[-2::-1], still[:GRID_HZ]]), 1, noise_px=0.02)
    turn_s = (len(still) + LENGTH - 1) / GRID_HZ
    of_turn = [found for found in verdicts(film) if abs(found.apex_ns / 1e9 - turn_s) < 0.1]
    flagged, retracted = of_turn
    assert (flagged.kind, retracted.kind) == ("micro", "rejected")
    assert "played backwards" in retracted.confounders
