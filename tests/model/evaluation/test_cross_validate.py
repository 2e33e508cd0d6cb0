import json

import pytest

from benchmarks._common.invented import write
from model.evaluation.run_folder import read_predictions
from model.train import ENGINE, SCORES
from model.training_commands import train
from realtime.errors import DataError, SettingsError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def specs(tmp_path_factory):
    roots = write(tmp_path_factory.mktemp("invented"), subjects=1, each=2)
    return [f"{name}={root}" for name, root in roots.items()]


def command(specs, output, *more):
    return [
        *(word for spec in specs for word in ("--data", spec)),
        *("--output", str(output), "--threads", "1", "--steps", "3"),
        *("--shares", "0", "0.5", "0.5", "0", *more),
    ]


def test_every_subject_is_held_out_once_and_a_finished_run_is_not_repeated(
    specs, tmp_path, capsys, monkeypatch
):
    assert train.run(command(specs, tmp_path, "--protocol", "loso")) == 0
    run = tmp_path / "loso"
    folds = sorted(path.parent for path in run.glob("*/predictions.csv"))
    assert len(folds) == 3
    tested = [p.index for fold in folds for p in read_predictions(fold / "predictions.csv")]
    assert sorted(tested) == list(range(6))
    assert not list(run.glob("*/checkpoint.pt"))
    scores = json.loads((run / SCORES).read_text())
    assert set(scores) == {"all", "casme2", "samm", "smic_hs"}
    assert (scores["all"]["pairs"], scores["all"]["subjects"]) == (6, 3)
    assert "chance 0.3333" in capsys.readouterr().out

    monkeypatch.setattr(
        "model.evaluation.cross_validate.fit", lambda *_, **__: pytest.fail("trained again")
    )
    assert train.run(command(specs, tmp_path, "--protocol", "loso")) == 0
    assert json.loads((run / SCORES).read_text()) == scores
    assert train.run(command(specs, tmp_path, "--protocol", "loso", "--seed", "9")) == 7


def test_trained_on_everything_it_ends_with_an_engine_and_its_card(specs, tmp_path):
    assert train.run(command(specs, tmp_path)) == 0
    description = json.loads((tmp_path / ENGINE / "engine.json").read_text())
    assert "6 annotated clips" in description["trained_on"]
    assert (tmp_path / ENGINE / "README.md").read_text().startswith("This network has been trained")


def test_what_makes_no_sense_is_refused_before_hours_of_work(specs, tmp_path, capsys):
    minutes = command(specs, tmp_path, "--protocol", "loso")
    minutes[minutes.index("--steps")] = "--minutes"
    assert train.run(minutes) == SettingsError.exit_code
    assert train.run(command(specs, tmp_path, "--labels", "five")) == SettingsError.exit_code
    assert train.run(command(specs[:1], tmp_path, "--protocol", "loso")) == DataError.exit_code
    assert (
        train.run(command(["synthetic"], tmp_path, "--protocol", "loso")) == SettingsError.exit_code
    )
    assert train.run(command(["casme9=x"], tmp_path)) == DataError.exit_code
    told = capsys.readouterr().err
    for said in ("--minutes", "three classes", "one subject", "no subjects", "casme9"):
        assert said in told
