"""What a trained verifier's report says of people left out."""

import json
import sys

import pytest

from benchmarks.spotting import left_out

RUN = {
    "groups": ["anna", "portraits 0"],
    "minutes": 3.0,
    "events": 90,
    "minutes_as_they_are": 1.0,
    "people_left_out": [
        {
            "target_per_min": 0.2,
            "alarms_per_min": 0.13,
            "simulated_alarms_per_min": 0.24,
            "recall": 0.416,
        }
    ],
    "reliability": [{"probability": 0.55, "right": 0.6, "flags": 20}],
}


def test_rates_and_reliability_are_tables():
    text = left_out.report(RUN)
    assert "| 0.2 | 0.13 | 0.24 | 0.42 |" in text
    assert "| 0.55 | 0.60 | 20 |" in text
    assert "1 people and 1 groups of simulated ones; 90 movements in 3 minutes" in text


@pytest.mark.parametrize("content", ["[", json.dumps({"groups": []})])
def test_another_file_is_refused(tmp_path, monkeypatch, capsys, content):
    (tmp_path / "report.json").write_text(content)
    monkeypatch.setattr(sys, "argv", ["left_out", str(tmp_path)])
    assert left_out.main() == 1
    assert "report.json" in capsys.readouterr().err
