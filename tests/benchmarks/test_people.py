"""Figures over people: rates, recall, causes, whether the sensitivity was true."""

import json
import math

import pytest

from benchmarks.spotting.people import (
    TARGETS,
    Film,
    FilmMovement,
    interval,
    left_out_verifiers,
    rate,
    recall,
    report,
)
from realtime.errors import DataError


def movement(peak_iod=0.02, *, found=True, sensitivity_iod=0.02, cause="during a blink"):
    return FilmMovement(
        1.0, 1.2, 1.4, peak_iod, True, sensitivity_iod, cause, dict.fromkeys(TARGETS, found)
    )


def film(person, movements=(), *, false=0, minutes=2.0, kind="talk"):
    return Film(f"{person}.mp4", kind, person, minutes, movements, dict.fromkeys(TARGETS, false))


def test_a_rate_is_alarms_a_minute_of_all_people():
    films = [film("a", false=1), film("b", false=2)]
    assert rate(0.2)(films) == 0.75
    assert interval(films, rate(0.2)) == "0.75 (0.50–1.00)"
    assert interval([film("a", minutes=0.0)], rate(0.2)) == "–"


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
