"""Figures over people: rates, recall, causes, whether the sensitivity was true."""

import json
import math

import cv2
import pytest

from benchmarks.spotting.people import (
    interval,
    left_out_verifiers,
    rate,
    rate_interval,
    recall,
    report,
)
from benchmarks.spotting.people_films import TARGETS, Film, FilmMovement, measured, watch
from benchmarks.spotting.people_pictures import draw
from model.spotting.series import save_series
from realtime.errors import DataError
from realtime.spotting.verifier import load_verifier
from tests.model.spotting.signals import quiet_series


def movement(peak_iod=0.02, *, found=True, sensitivity_iod=0.02, cause="during a blink"):
    return FilmMovement(
        1.0, 1.2, 1.4, peak_iod, True, sensitivity_iod, cause, dict.fromkeys(TARGETS, found)
    )


def film(person, movements=(), *, false=0, at_turns=0, minutes=2.0, kind="talk"):
    counts = dict.fromkeys(TARGETS, false), dict.fromkeys(TARGETS, at_turns)
    return Film(f"{person}.mp4", kind, person, minutes, movements, *counts)


def test_a_rate_is_alarms_a_minute_of_all_people():
    films = [film("a", false=1), film("b", false=2)]
    assert rate(0.2)(films) == 0.75
    assert interval(films, rate(0.2)) == "0.75 (0.50–1.00)"
    assert interval([film("a", minutes=0.0)], rate(0.2)) == "–"
    assert rate_interval([film("a")], 0.2) == "0.00 (0.00–1.84)"
    assert rate(0.2, at_turns=False)([film("a", false=3, at_turns=2)]) == 0.5


def test_recall_counts_what_is_kept():
    films = [film("a", (movement(0.01, found=False), movement(0.03)))]
    assert recall(0.2, lambda _: True)(films) == 0.5
    assert recall(0.2, lambda m: m.peak_iod > 0.02)(films) == 1.0
    assert math.isnan(recall(0.2, lambda m: m.peak_iod > 1)(films))


def test_the_report_says_what_was_missed_and_whether_the_size_shown_was_true():
    films = [
        film("a", (movement(0.03), movement(0.03, found=False)), false=1),
        film("b", (movement(0.005, found=False, cause="smaller"),), kind="quiet"),
    ]
    text = report(films, "one verifier")
    assert "| during a blink | 1 |" in text
    assert "| smaller | 1 |" in text
    assert "| 1.5 to inf" not in text
    assert "| 0.25 to 0.5 | 1 | 0.00 |" in text
    assert "| over 1.5 | 2 | 0.50 |" in text
    assert "| quiet | 0.2 |" in text


def test_a_movement_holds_an_apex_near_it():
    assert movement().holds(0.95)
    assert not movement().holds(1.6)


def test_left_out_verifiers_are_named_by_person(tmp_path):
    (tmp_path / "persons.json").write_text(json.dumps({"anna": "0.npz"}))
    assert left_out_verifiers(tmp_path) == {"anna": tmp_path / "0.npz"}
    (tmp_path / "persons.json").write_text("[")
    with pytest.raises(DataError, match="cannot be read"):
        left_out_verifiers(tmp_path)


def test_a_film_that_was_measured_before_is_not_opened_again(tmp_path):
    save_series(tmp_path / "anna.npz", [quiet_series(seconds=6.0)])
    entry = {"file": "anna.mp4", "path": tmp_path / "gone.mp4", "kind": "quiet", "events": []}
    parts = measured(entry, None, tmp_path)
    seen = watch(entry, parts, load_verifier())
    assert seen.person == "anna.mp4"
    assert 0.05 < seen.minutes < 0.07  # all but the first two seconds
    assert set(seen.false.values()) == {0}
    draw(seen, tmp_path / "anna.png")
    assert cv2.imread(str(tmp_path / "anna.png")).shape[1] == 1120
