"""The programs that write the tables and pictures of docs/ run, on a few pairs of drawn faces."""

import dataclasses
import sys

import matplotlib
import pytest

from benchmarks.network import ablation, ablation_work, displacement, pictures, recognition
from model.synthetic.portraits import is_held_out, save_cache
from realtime.face.action_units import displacement_field, warp
from tests.model.conftest import drawn_portrait

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    names = [f"person{i}" for i in range(40)]
    held_out = [name for name in names if is_held_out(name)][:2]
    seen = [name for name in names if not is_held_out(name)][:3]
    path = tmp_path_factory.mktemp("faces") / "portraits.npz"
    save_cache(path, [drawn_portrait(name, i) for i, name in enumerate((*held_out, *seen))])
    return path


def run(monkeypatch, program, *arguments):
    monkeypatch.setattr(sys, "argv", ["benchmark", *map(str, arguments)])
    return program.main()


def test_recognition(cache, tmp_path, monkeypatch):
    out = tmp_path / "recognition.md"
    code = run(
        *(monkeypatch, recognition, "--portraits", cache, "--count", 2, "--cnn-pairs", 8),
        *("--cnn", tmp_path / "cnn.safetensors", "--out", out),
    )
    assert code == 0
    text = out.read_text()
    for system in ("network", "flow CNN", "hand rule", "majority"):
        assert f"| {system} |" in text
    assert "2 held-out identities" in text
    assert text.count("| rig |") == 5 * 4


def test_displacement_is_measured_against_the_truth(cache, tmp_path, monkeypatch):
    out = tmp_path / "displacement.md"
    assert run(monkeypatch, displacement, "--portraits", cache, "--count", 3, "--out", out) == 0
    assert "| zero displacement |" in out.read_text()


def test_flows_say_how_far_the_skin_has_come(cache, monkeypatch):
    portrait = drawn_portrait("x", 3)
    field = displacement_field({"12": 1.0}, portrait.landmarks, (224, 224), peak_iod=0.04)
    pair = dataclasses.make_dataclass("Pair", ["onset", "apex"])(
        portrait.crop, warp(portrait.crop, field)
    )
    x, y = portrait.landmarks[291, :2].astype(int)
    flows = displacement.methods(recogniser=None)
    for name in ("DIS, medium", "Farneback"):
        assert flows[name](pair)[:, y, x] == pytest.approx(field[y, x], abs=0.7)
        assert flows[name](pair)[0, y, x] * field[y, x, 0] > 0


def test_ablation_goes_on_where_it_was(cache, tmp_path, monkeypatch):
    behind = [row for row in ablation.BEHIND if row.source != "module" or row.config.stem == 0]
    monkeypatch.setitem(ablation.TABLES, "behind", behind)
    monkeypatch.setitem(ablation.TABLES, "losses", ablation.LOSSES[2:])
    arguments = (
        *("--portraits", cache, "--runs", tmp_path / "runs", "--seeds", 1, 2),
        *("--module-steps", 1, "--pairs", 32, "--epochs", 1, "--tested", 32),
    )
    first, again = tmp_path / "first.md", tmp_path / "again.md"
    assert run(monkeypatch, ablation, *arguments, "--out", first) == 0
    monkeypatch.setattr(ablation_work, "train_fusion", lambda *_: pytest.fail("trained again"))
    assert run(monkeypatch, ablation, *arguments, "--out", again) == 0
    tables = [path.read_text().split("##", 1)[1] for path in (first, again)]
    assert tables[0] == tables[1]
    assert "Farneback" in tables[0]
    assert "| without the true displacement |" in tables[0]


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_pictures(name, cache, tmp_path, monkeypatch):
    matplotlib.use("agg")
    out = tmp_path / f"{name}.png"
    assert run(monkeypatch, pictures, name, "--out", out, "--portraits", cache, "--count", 12) == 0
    assert out.stat().st_size > 10_000


def test_without_held_out_faces_nothing_is_measured(tmp_path, monkeypatch, capsys):
    path = tmp_path / "one.npz"
    save_cache(path, [drawn_portrait("alone", 1)])
    for program in (recognition, displacement, ablation):
        assert run(monkeypatch, program, "--portraits", path) == 7
        assert "held out" in capsys.readouterr().err
