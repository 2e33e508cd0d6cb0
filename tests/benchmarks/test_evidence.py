"""How far known movements stand out: of a face that is known to be noisy."""

import numpy as np

from benchmarks.spotting.evidence import (
    EARLY,
    FILTERS,
    LATE,
    PersonCourses,
    evidence,
    report,
    watched,
)
from tests.model.spotting.signals import quiet_series, turning

SINGLE = FILTERS["second difference over 0.14 s"]


def z_of(person):
    found = evidence(np.random.default_rng(1), [person], before=True)
    return {FILTERS[name]: np.median([e.z for e in each]) for name, each in found.items()}


def noisy(times):
    halves = np.random.default_rng(0).normal(0, 0.02 * times, (2, 400, 62))
    return PersonCourses(False, (halves[0],), (halves[1],))


def test_a_noisier_face_gives_less_evidence():
    clean, loud = z_of(noisy(1)), z_of(noisy(5))
    assert all(clean[temporal] > loud[temporal] for temporal in FILTERS.values())


def test_white_noise_is_told_from_movements_better_by_means_than_by_single_frames():
    z = z_of(noisy(10))
    assert z[LATE] > z[EARLY] > z[SINGLE]


def test_what_was_learned_before_is_not_what_is_judged():
    once = turning(quiet_series(14.0), 10.0)
    again = quiet_series(14.0, seed=1)
    film = [
        type(once)(p.person, name, p.t_s, p.rows, p.turns_s)
        for name, p in (("a 0.0", once), ("a 0.1", again))
    ]
    (person,) = watched(film, [])
    assert sum(map(len, (*person.before, *person.after))) < 10.1 * 60
    assert watched([quiet_series(3.0)], []) == []
    assert "1 people, 0 simulated ones" in report([person])
