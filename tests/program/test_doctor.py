"""The doctor on this machine and on one that lacks things."""

import re
import shutil

import pytest

from realtime.cli.system import doctor
from realtime.doctor import examine
from realtime.engine.folder import default_engine


def found(engine=None, output=None, *, what, tmp_path):
    return [f for f in examine(engine, output or tmp_path) if f.what == what]


def test_it_says_what_runs_here(landmark_model, capsys):
    assert doctor.run([]) == 0
    shown = capsys.readouterr().out
    for what in ("processor", "camera", "face model", "verifier", "engine", "runs on", "torch-f32"):
        assert what in shown


def test_a_damaged_engine_must_be_mended(tmp_path, capsys):
    engine = shutil.copytree(default_engine(), tmp_path / "engine")
    (engine / "model.onnx").write_bytes(b"")
    (finding,) = found(engine, what="engine", tmp_path=tmp_path)
    assert finding.verdict == "must be mended"
    assert "exported" in finding.found
    assert doctor.run(["--engine", str(engine)]) == 1


def test_an_absent_face_model_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (finding,) = found(what="face model", tmp_path=tmp_path)
    assert "fleeting face-model" in finding.advice


def test_a_damaged_face_model_is_not_replaced_by_looking(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    model = tmp_path / "fleeting" / "face_landmarker.task"
    model.parent.mkdir()
    model.write_bytes(b"no model")
    (finding,) = found(what="face model", tmp_path=tmp_path)
    assert finding.verdict == "must be mended"
    assert model.read_bytes() == b"no model"


@pytest.mark.parametrize("name", ["tensorrt-f16", "openvino-f32"])
def test_a_backend_that_cannot_run_says_why(name, tmp_path):
    (finding,) = found(what=f"  {name}", tmp_path=tmp_path)
    assert re.fullmatch(r"yes, \d+ ms|no: .+", finding.found)
