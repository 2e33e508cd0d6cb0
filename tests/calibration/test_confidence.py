import json
import shutil

import numpy as np
import pytest

from calibration.commands import confidence
from calibration.confidence import Answers, Fit, fit, report, write
from model.synthetic.recipe import NON_EVENT
from realtime.engine.folder import EngineFolder, default_engine
from realtime.errors import DataError


def too_sure(people: int, sharpness: float, seed: int = 0) -> Answers:
    """Answers whose true log odds were multiplied by `sharpness`."""
    random = np.random.default_rng(seed)
    odds = random.normal(0, 1.5, (people, 3))
    shares = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    label = np.array([random.choice(3, p=p) for p in shares])
    none = random.random(people) < 0.4
    micro = np.where(none, random.beta(2, 5, people), random.beta(5, 2, people))
    return Answers(np.where(none, NON_EVENT, label), sharpness * odds, micro)


def test_the_temperature_undoes_too_much_confidence():
    found = fit(too_sure(4000, 3.0), 0.1)
    assert found.temperature == pytest.approx(3.0, rel=0.1)
    seen = report(too_sure(4000, 3.0, seed=1), found)
    assert seen.ece_after < 0.03 < seen.ece_before
    assert seen.right_when_sure > 0.75


def test_the_threshold_lets_pass_the_stated_share_of_others():
    found = fit(too_sure(4000, 1.0), 0.1)
    seen = report(too_sure(4000, 1.0, seed=1), found)
    assert seen.passed == pytest.approx(0.1, abs=0.03)
    assert seen.found > 0.5


def test_too_few_pairs_are_refused():
    with pytest.raises(DataError, match="30 events"):
        fit(too_sure(40, 1.0), 0.1)


def test_what_is_written_is_what_the_live_path_reads(tmp_path):
    engine = shutil.copytree(default_engine(), tmp_path / "engine")
    write(engine, Fit(1.7, 0.62))
    folder = EngineFolder.load(engine)
    assert (folder.temperature, folder.micro_threshold) == (1.7, 0.62)
    assert json.loads((engine / "engine.json").read_text())["trained_on"] == folder.trained_on


def test_the_program_wants_one_source_of_pairs(capsys):
    assert confidence.run(["--engine", str(default_engine())]) == 2
    assert "give one of --pairs" in capsys.readouterr().err
