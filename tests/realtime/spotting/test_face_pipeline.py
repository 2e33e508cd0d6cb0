"""The one way from frames to candidates: when it restarts; a series of rows is read the same."""

from dataclasses import replace

import numpy as np
import pytest

from realtime.motion.regions import REGIONS, Stream
from realtime.spotting.candidates import CandidateFinder
from realtime.spotting.channels import CHANNELS, FIRST
from realtime.spotting.face_pipeline import FacePipeline
from realtime.spotting.timeline import GRID_HZ, STEP_NS
from tests.realtime.spotting.pulses import raised_cosine
from tests.realtime.spotting.test_spotter import face_at, frame

MS = 1_000_000


def followed(*steps):
    """A pipeline that has seen frames at (ms, face)."""
    pipeline = FacePipeline()
    for k, (ms, face) in enumerate(steps):
        pipeline.follow(ms * MS, frame(seed=k), face)
    return pipeline


@pytest.mark.parametrize(
    ("then", "began_ms"),
    [
        ((290, face_at()), 0),  # a quarter of a second is no interruption
        ((300, face_at()), 300),
        ((80, replace(face_at(), id=1)), 80),
    ],
    ids=["silence", "gap", "another face"],
)
def test_nothing_is_carried_over_a_gap_or_to_another_face(then, began_ms):
    pipeline = followed((0, face_at()), (40, face_at()), then)
    assert pipeline.began_ns == began_ms * MS
    assert pipeline.stabilised.steady is (began_ms == 0)


def test_a_lost_face_is_forgotten():
    pipeline = followed((0, face_at()), (40, face_at()), (80, None))
    assert (pipeline.began_ns, pipeline.stabilised, pipeline.motion) == (None, None, None)
    assert pipeline.finder.newest_index == -1


def test_a_candidate_is_found_where_the_movement_has_its_apex():
    random = np.random.default_rng(2)
    moving = [i for i, region in enumerate(REGIONS) if region.stream is Stream.BROWS]
    rows = np.zeros((300, CHANNELS))
    rows[:, :FIRST] = random.normal(0, 0.02, (300, FIRST)).cumsum(axis=0) * 0.2
    t = np.arange(300) / GRID_HZ
    for i in moving:
        rows[:, 2 * i + 1] -= 2.0 * raised_cosine(t, 3.8, 4.0, 4.25)
    finder = CandidateFinder()
    found = [c for k, row in enumerate(rows) for c in finder.find(k * STEP_NS, row)]
    assert {c.stage for c in found} == {"early", "late"}
    best = max(found, key=lambda c: c.candidate.strength)
    assert best.candidate.stream in (None, Stream.BROWS)
    assert best.pulse.apex_ns / 1e9 == pytest.approx(4.0, abs=0.02)
    assert best.continuous


def test_a_late_measurement_is_made_only_where_it_is_wanted():
    rows = np.random.default_rng(1).normal(0, 0.1, (400, CHANNELS))
    rows[:, FIRST:] = 0.0
    finder, asked = CandidateFinder(), []
    found = [
        c
        for k, row in enumerate(rows)
        for c in finder.find(k * STEP_NS, row, lambda t_ns: asked.append(t_ns))
    ]
    assert asked
    assert {c.stage for c in found} == {"early"}
