import csv
import subprocess
import sys

import cv2
import numpy as np
import pytest

from model.engine_commands import predict
from model.predict import ADDED, write_rows
from realtime.demo.portrait import portrait
from realtime.errors import DataError, EngineError
from realtime.extras import install_command
from realtime.face.action_units import displacement_field, warp
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model


@pytest.fixture(scope="module")
def pair_file(tmp_path_factory):
    """A raised brow on a real face, the face unmoved, and a picture without a face."""
    folder = tmp_path_factory.mktemp("pairs")
    face = portrait()[:400, 20:420]
    (found,) = LandmarkTracker(face_model()).track(0, face)
    field = displacement_field({"1": 1.0, "2": 1.0}, found.landmarks, face.shape[:2], peak_iod=0.02)
    pictures = {"onset": face, "apex": warp(face, field), "none": np.zeros_like(face)}
    for name, picture in pictures.items():
        cv2.imwrite(str(folder / f"{name}.png"), picture)
    path = folder / "pairs.csv"
    path.write_text(
        "onset_path,apex_path,label,remark\n"
        "onset.png,apex.png,surprise,brows\nonset.png,onset.png,none,\nnone.png,apex.png,,gone\n"
    )
    return path


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_rows_come_back_as_they_were_with_the_answer_beside_them(pair_file, tmp_path):
    out = tmp_path / "answers.csv"
    assert predict.run([str(pair_file), "--out", str(out)]) == 0
    given, rows = read(pair_file), read(out)
    assert [{name: row[name] for name in given[0]} for row in rows] == given
    for row in rows[:2]:
        shares = [float(row[name]) for name in ADDED[1:4]]
        assert sum(shares) == pytest.approx(1, abs=1e-5)
        assert row["pred"] == ("negative", "positive", "surprise")[int(np.argmax(shares))]
    moved, still, gone = rows
    assert moved["pred"] == "surprise"
    assert float(moved["p_micro"]) > float(still["p_micro"])
    assert all(gone[name] == "" for name in ADDED)


def test_what_is_wrong_is_said_and_nothing_is_written(pair_file, tmp_path, capsys):
    out = tmp_path / "answers.csv"
    assert predict.run([str(tmp_path / "no.csv"), "--out", str(out)]) == DataError.exit_code
    assert "no.csv" in capsys.readouterr().err
    bad = tmp_path / "bad.csv"
    bad.write_text("onset_path,apex_path\na.png,b.png,c.png\n")
    assert predict.run([str(bad), "--out", str(out)]) == DataError.exit_code
    assert "more cells" in capsys.readouterr().err
    code = predict.run([str(pair_file), "--out", str(out), "--engine", str(tmp_path)])
    assert code == EngineError.exit_code
    assert list(tmp_path.iterdir()) == [bad]


def test_an_answer_that_cannot_be_written_leaves_no_part(tmp_path):
    (tmp_path / "answers.csv").mkdir()
    with pytest.raises(DataError, match="cannot be written"):
        write_rows(tmp_path / "answers.csv", [{"a": "1"}])
    assert [path.name for path in tmp_path.iterdir()] == ["answers.csv"]


@pytest.mark.parametrize(
    "words",
    [("train", "--output", "run", "--steps", "1"), ("export-engine", "a.pt", "b")],
    ids=lambda words: words[0],
)
def test_without_torch_a_command_that_needs_it_says_what_to_install(words):
    ended = without_torch(*words)
    assert ended.returncode == 1
    assert ended.stderr.strip().endswith(install_command("train"))
    assert "Traceback" not in ended.stderr
    assert without_torch(words[0], "--help").returncode == 0


def test_prediction_needs_no_torch(pair_file, tmp_path):
    ended = without_torch("predict", str(pair_file), "--out", str(tmp_path / "answers.csv"))
    assert ended.returncode == 0, ended.stderr


def without_torch(*words):
    run = (
        "import sys; sys.modules['torch'] = None; from realtime.cli.programs import main; "
        f"sys.exit(main({list(words)!r}))"
    )
    return subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, timeout=120)
