import json
import os
import pickle
import shutil

import numpy as np
import pytest

from realtime.engine.backends import open_session
from realtime.engine.folder import EngineFolder
from realtime.errors import EngineError, EngineMismatch, EngineUntrusted
from tests.realtime.engine.tiny_engine import data_elsewhere, write_engine


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return write_engine(tmp_path_factory.mktemp("engine") / "tiny")


@pytest.fixture
def folder(original, tmp_path):
    return shutil.copytree(original, tmp_path / "engine")


def test_a_sound_folder_loads_and_answers(folder):
    engine = EngineFolder.load(folder)
    session = open_session(engine, "auto", 1)
    answer = session.run(np.zeros((2, 2, 224, 224), np.float32))
    assert answer.logits.shape == (2, 3)
    assert answer.micro_logit.shape == (2,)
    assert answer.displacement.shape == (2, 2, 224, 224)


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"classes": ["a", "b", "c"]},
        {"crop": {"size": 112, "iod": 72.0, "eyes": [112, 76]}},
        {"temperature": 0.0},
        {"temperature": float("inf")},
        {"files": {}},
        {"files": {"../model.onnx": "0" * 64}},
        {"canary": None},
        {"canary": {"seed": -1, "logits": [0.0, 0.0, 0.0], "micro_logit": 0.0}},
        {"canary": {"seed": 1 << 70, "logits": [0.0, 0.0, 0.0], "micro_logit": 0.0}},
    ],
)
def test_another_contract_is_refused(tmp_path, changes):
    with pytest.raises(EngineMismatch):
        EngineFolder.load(write_engine(tmp_path / "engine", **changes))


def test_every_damage_to_the_network_is_refused(folder):
    network = folder / "model.onnx"
    sound, random = network.read_bytes(), np.random.default_rng(0)
    for _ in range(200):
        damaged = bytearray(sound)
        if random.random() < 0.5:
            damaged[random.integers(len(damaged))] ^= 1 << int(random.integers(8))
        else:
            del damaged[random.integers(len(damaged)) :]
        network.write_bytes(damaged)
        with pytest.raises(EngineUntrusted):
            EngineFolder.load(folder)
    network.write_bytes(sound)
    assert EngineFolder.load(folder).name == "tiny"


def test_damage_to_the_description_is_refused_or_harmless(folder):
    path = folder / "engine.json"
    sound, random = path.read_bytes(), np.random.default_rng(1)
    for _ in range(200):
        damaged = bytearray(sound)
        damaged[random.integers(len(damaged))] = int(random.integers(256))
        path.write_bytes(damaged)
        try:
            EngineFolder.load(folder)
        except EngineError:
            continue


@pytest.mark.parametrize("missing", ["engine.json", "model.onnx"])
def test_a_missing_file_says_what_to_do(folder, missing):
    (folder / missing).unlink()
    with pytest.raises(EngineError, match="--engine DIR"):
        EngineFolder.load(folder)


def test_a_wrong_answer_to_the_canary_is_a_mismatch(folder):
    path = folder / "engine.json"
    description = json.loads(path.read_text())
    description["canary"]["logits"][0] += 0.5
    path.write_text(json.dumps(description))
    engine = EngineFolder.load(folder)
    with pytest.raises(EngineMismatch, match="exported with"):
        open_session(engine, "auto", 1)


def test_a_pickle_is_never_loaded(tmp_path):
    class Burglar:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "was here"),)

    data = pickle.dumps(Burglar())
    folder = write_engine(tmp_path / "engine", network_bytes=data)
    with pytest.raises(EngineError):
        open_session(EngineFolder.load(folder), "onnxruntime", 1)
    (folder / "engine.json").write_bytes(data)
    with pytest.raises(EngineError):
        EngineFolder.load(folder)
    assert not (tmp_path / "was here").exists()


@pytest.mark.parametrize("location", ["../../secret.bin", "{}/secret.bin", "secret.bin"])
@pytest.mark.parametrize("claimed", [8, 4_000_000_000])
def test_a_network_reads_no_other_file(tmp_path, location, claimed):
    data, weights = data_elsewhere(location.format(tmp_path), claimed)
    for place in (tmp_path, tmp_path / "a" / "engine"):  # read, it would give the right answers
        place.mkdir(parents=True, exist_ok=True)
        (place / "secret.bin").write_bytes(weights)
    folder = write_engine(tmp_path / "a" / "engine", network_bytes=data)
    with pytest.raises(EngineError):
        open_session(EngineFolder.load(folder), "onnxruntime", 1)
