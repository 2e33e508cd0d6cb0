"""The folds run here train a real, if tiny, network on invented arrays."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from model.evaluation.fold_runner import fold_seed, run_folds
from model.evaluation.protocol import Fold, folds
from model.evaluation.run_folder import Prediction, read_predictions, write_predictions
from realtime.errors import DataError
from tests.paths import ROOT

HANG_S = 180
KEYS = [(dataset, str(i % 3)) for dataset in ("alpha", "beta") for i in range(12)]
LOSO = folds(KEYS, "loso", seed=0)
SETTINGS = {"seed": 5, "rates": (0.1, 0.05), "data": {"alpha": 12}}


def on_ray(test):
    missing = importlib.util.find_spec("ray") is None
    reason = "Ray is not installed: pip install 'fleeting[cluster]'"
    return pytest.mark.slow(pytest.mark.skipif(missing, reason=reason)(test))


def train_and_test(fold):
    rng = np.random.default_rng(1)
    labels = torch.from_numpy(rng.integers(0, 3, len(KEYS)))
    inputs = torch.from_numpy(rng.standard_normal((len(KEYS), 16), np.float32))
    inputs[torch.arange(len(KEYS)), labels] += 2
    torch.manual_seed(fold_seed(5, fold.name))
    network = torch.nn.Sequential(
        torch.nn.Linear(16, 32), torch.nn.Tanh(), torch.nn.Dropout(0.3), torch.nn.Linear(32, 3)
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.02)
    train = list(fold.train)
    for _ in range(40):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(inputs[train]), labels[train]).backward()
        optimiser.step()
    with torch.no_grad():
        shares = network.eval()(inputs).softmax(dim=1).tolist()
    return [Prediction(i, int(labels[i]), tuple(shares[i])) for i in fold.test]


@dataclass(frozen=True)
class Training:
    """Leaves a note of every call in `notes`; what happens to the folds named may be chosen."""

    notes: Path
    fails: str = ""
    dies: str = ""
    waits: str = ""

    def __call__(self, fold, folder):
        with (self.notes / fold.name).open("a") as note:
            note.write(f"{folder}\n")
        (folder / "checkpoint").write_text("half way")
        if fold.name == self.fails:
            raise ValueError(f"the loss is not a number\nin {fold.name}")
        if fold.name == self.dies:
            os.kill(os.getpid(), signal.SIGKILL)
        deadline = time.monotonic() + HANG_S
        while fold.name == self.waits and time.monotonic() < deadline:
            threading.Event().wait(0.05)  # in steps, as a training runs
        return train_and_test(fold)

    def calls(self):
        return {note.name: len(note.read_text().splitlines()) for note in self.notes.iterdir()}


def count_threads(fold, folder):
    return [Prediction(index, torch.get_num_threads(), (1.0,)) for index in fold.test]


def wrong_records(fold, folder):
    return [Prediction(index, 0, (1.0,)) for index in fold.train]


def not_a_number(fold, folder):
    return [Prediction(index, 0, (float("nan"), 1.0)) for index in fold.test]


def notes(tmp_path, name="notes"):
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    return folder


def files(output):
    return {path.parent.name: path.read_bytes() for path in output.glob("*/predictions.csv")}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """An undisturbed run without Ray: what every other run must give."""
    folder = tmp_path_factory.mktemp("plain")
    found = run_folds(LOSO, Training(notes(folder)), folder / "out", settings=SETTINGS)
    return found, files(folder / "out")


def test_every_fold_is_predicted_and_kept_to_the_last_digit(plain):
    found, kept = plain
    assert list(found) == [fold.name for fold in LOSO]
    for fold in LOSO:
        assert found[fold.name] == train_and_test(fold)
    assert kept.keys() == found.keys()
    pooled = [each for predictions in found.values() for each in predictions]
    right = [each.truth == int(np.argmax(each.probabilities)) for each in pooled]
    assert len(right) == len(KEYS)
    assert sum(right) > len(right) / 2  # it has learnt: these are not the numbers of a fresh net


def test_the_order_of_the_folds_changes_nothing(plain, tmp_path):
    found = run_folds(LOSO[::-1], Training(notes(tmp_path)), tmp_path / "out", settings=SETTINGS)
    assert found == plain[0]


def test_seeds_hang_on_the_seed_and_the_name():
    seeds = {fold_seed(seed, name) for seed in (0, 1) for name in ("a+1", "a+2", "b+1")}
    assert len(seeds) == 6
    assert all(0 <= seed < 2**32 for seed in seeds)
    code = (
        "from model.evaluation.fold_runner import fold_seed; import sys; "
        "sys.stdout.write(str(fold_seed(1, 'a')))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, timeout=HANG_S
    )
    assert int(shown.stdout) == fold_seed(1, "a")


def test_a_fold_that_stands_is_not_run_again(plain, tmp_path):
    work = Training(notes(tmp_path))
    output = tmp_path / "out"
    run_folds(LOSO, work, output, settings=SETTINGS)
    (output / LOSO[1].name / "predictions.csv").unlink()
    assert run_folds(LOSO, work, output, settings=SETTINGS) == plain[0]
    assert work.calls() == {fold.name: 2 if fold == LOSO[1] else 1 for fold in LOSO}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"settings": {**SETTINGS, "seed": 6}}, "another seed:"),
        ({"settings": {"seed": 5, "rates": (0.1, 0.05)}}, "another data:"),
        ({"settings": {**SETTINGS, "rates": (0.1,), "new": None}}, "another new, rates:"),
        ({"threads": 2}, "another threads:"),
        ({"folds": LOSO[:3]}, "another folds:"),
    ],
)
def test_going_on_with_other_settings_is_refused(tmp_path, changed, said):
    work = Training(notes(tmp_path))
    given = {"folds": LOSO, "work": work, "output": tmp_path / "out", "settings": SETTINGS}
    run_folds(**given)
    with pytest.raises(DataError, match=said):
        run_folds(**{**given, **changed})
    assert set(work.calls().values()) == {1}


def test_predictions_of_an_unknown_run_are_not_taken_over(tmp_path):
    write_predictions(tmp_path / "out" / LOSO[0].name / "predictions.csv", [])
    with pytest.raises(DataError, match=r"no run\.json"):
        run_folds(LOSO, count_threads, tmp_path / "out", settings=SETTINGS)


def test_a_failing_fold_is_named_and_the_others_finish(plain, tmp_path, caplog):
    output, failing = tmp_path / "out", LOSO[2].name
    with pytest.raises(DataError, match="1 of 6 folds failed") as caught:
        run_folds(LOSO, Training(notes(tmp_path), fails=failing), output, settings=SETTINGS)
    assert f"{failing} (ValueError: the loss is not a number)" in str(caught.value)
    assert "Traceback" in caplog.text
    assert files(output) == {name: text for name, text in plain[1].items() if name != failing}
    mended = Training(notes(tmp_path, "mended"))
    assert run_folds(LOSO, mended, output, settings=SETTINGS) == plain[0]
    assert mended.calls() == {failing: 1}


@pytest.mark.parametrize(
    ("work", "said"), [(wrong_records, "each once"), (not_a_number, "not a number")]
)
def test_predictions_that_cannot_be_scored_fail_the_fold(tmp_path, work, said):
    with pytest.raises(DataError, match=said):
        run_folds(LOSO[:1], work, tmp_path / "out", settings={})
    assert not files(tmp_path / "out")


def test_a_fold_without_test_records_ends_with_an_empty_table(tmp_path):
    everything = folds(KEYS, "all", seed=0)
    found = run_folds(everything, count_threads, tmp_path / "out", settings={})
    assert found == {"all": []}


def test_two_folds_cannot_share_a_folder(tmp_path):
    twice = [Fold("same", (0,), (1,)), Fold("same", (1,), (0,))]
    with pytest.raises(ValueError, match="same name"):
        run_folds(twice, count_threads, tmp_path, settings={})


def test_threads_are_those_asked_for_and_given_back(tmp_path):
    before = torch.get_num_threads()
    found = run_folds(LOSO, count_threads, tmp_path / "out", settings={}, threads=before + 1)
    assert {each.truth for each in found[LOSO[0].name]} == {before + 1}
    assert torch.get_num_threads() == before


def test_numbers_come_back_exactly(tmp_path):
    awkward = (0.1, 1 / 3, 5e-324, 1.0, float(np.float32(0.7)), 0.30000000000000004)
    given = [Prediction(3, 2, awkward), Prediction(1, 0, awkward[::-1])]
    write_predictions(tmp_path / "a" / "predictions.csv", given)
    assert read_predictions(tmp_path / "a" / "predictions.csv") == given
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["predictions.csv"]


def test_a_damaged_table_is_named(tmp_path):
    path = tmp_path / "predictions.csv"
    path.write_text("index,truth,p0\n1,0,abc\n")
    with pytest.raises(DataError, match=r"predictions\.csv cannot be read"):
        read_predictions(path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(DataError, match=r"run\.json cannot be written"):
        run_folds(LOSO, count_threads, tmp_path / "out", settings={})


def test_without_ray_the_message_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DataError, match="pip install 'ray"):
        run_folds(LOSO, count_threads, tmp_path / "out", settings={}, cluster=True)


def begin(folder, waits, cluster):
    """What the processes below run: a run that stops in the fold `waits`, and waits there."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = Path(folder)
    work = Training(notes(folder), waits=waits)
    run_folds(LOSO, work, folder / "out", settings=SETTINGS, cluster=cluster)


def begun(folder, waits, cluster, others):
    """A process that has finished the `others` and hangs in the fold `waits`."""
    code = f"from {__name__} import begin; begin({str(folder)!r}, {waits!r}, {cluster})"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, start_new_session=True, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + HANG_S
    while not ((folder / "notes" / waits).exists() and len(files(folder / "out")) == others):
        assert process.poll() is None, process.stderr.read().decode()
        assert time.monotonic() < deadline
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    return process


def end(process, how):
    """Send a signal as a terminal would; all processes it had started must end with it."""
    started = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, how)
    _, said = process.communicate(timeout=HANG_S)
    _, alive = psutil.wait_procs(started, timeout=HANG_S)
    assert not alive
    return said.decode()


def check_what_a_cut_run_left(folder, cut, others):
    assert len(files(folder / "out")) == others
    assert not list((folder / "out").rglob("*.part"))
    assert cut not in files(folder / "out")


@pytest.mark.fault
def test_a_killed_run_goes_on_to_the_same_numbers(plain, tmp_path):
    cut = LOSO[3].name
    end(begun(tmp_path, cut, False, others=3), signal.SIGKILL)
    check_what_a_cut_run_left(tmp_path, cut, 3)
    assert (tmp_path / "out" / cut / "checkpoint").exists()
    work = Training(notes(tmp_path))
    assert run_folds(LOSO, work, tmp_path / "out", settings=SETTINGS) == plain[0]
    assert work.calls() == {fold.name: 2 if fold.name == cut else 1 for fold in LOSO}


@pytest.mark.fault
def test_ctrl_c_leaves_whole_files_only(plain, tmp_path):
    cut = LOSO[3].name
    assert "KeyboardInterrupt" in end(begun(tmp_path, cut, False, others=3), signal.SIGINT)
    check_what_a_cut_run_left(tmp_path, cut, 3)
    work = Training(notes(tmp_path))
    assert run_folds(LOSO, work, tmp_path / "out", settings=SETTINGS) == plain[0]


@on_ray
def test_ray_gives_the_same_to_the_last_digit(plain, tmp_path):
    work, output = Training(notes(tmp_path)), tmp_path / "out"
    found = run_folds(LOSO, work, output, settings=SETTINGS, cluster=True, workers=2)
    assert found == plain[0]
    assert list(found) == list(plain[0])
    assert files(output) == plain[1]
    places = [Path(note.read_text().strip()) for note in work.notes.iterdir()]
    assert not any(place.exists() or output in place.parents for place in places)


@on_ray
def test_a_fold_on_ray_has_the_threads_asked_for(tmp_path):
    found = run_folds(
        LOSO[:2], count_threads, tmp_path / "out", settings={}, cluster=True, workers=1, threads=2
    )
    assert {each.truth for predictions in found.values() for each in predictions} == {2}


@on_ray
def test_folds_that_fail_or_die_on_ray_are_named_and_the_others_finish(plain, tmp_path):
    output, fails, dies = tmp_path / "out", LOSO[0].name, LOSO[4].name
    work = Training(notes(tmp_path), fails=fails, dies=dies)
    with pytest.raises(DataError, match="2 of 6 folds failed") as caught:
        run_folds(LOSO, work, output, settings=SETTINGS, cluster=True)
    assert f"{fails} (ValueError: the loss is not a number)" in str(caught.value)
    assert f"{dies} (WorkerCrashedError" in str(caught.value)
    shutil.rmtree(Path((work.notes / dies).read_text().strip()).parent)
    assert files(output).keys() == plain[1].keys() - {fails, dies}
    mended = Training(notes(tmp_path, "mended"))
    assert run_folds(LOSO, mended, output, settings=SETTINGS) == plain[0]
    assert set(mended.calls()) == {fails, dies}


@on_ray
@pytest.mark.fault
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_on_ray_that_is_cut_ends_ray_and_goes_on(plain, tmp_path, how):
    cut = LOSO[1].name
    end(begun(tmp_path, cut, True, others=5), how)
    check_what_a_cut_run_left(tmp_path, cut, 5)
    place = Path((tmp_path / "notes" / cut).read_text().strip()).parent
    assert place.exists() == (how == signal.SIGKILL)  # nobody is left to remove it then
    shutil.rmtree(place, ignore_errors=True)
    found = run_folds(
        LOSO, Training(notes(tmp_path)), tmp_path / "out", settings=SETTINGS, cluster=True
    )
    assert found == plain[0]


@on_ray
def test_a_cluster_that_runs_is_joined_and_left_running(plain, tmp_path, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"),
        *(f"--port={port}", "--num-cpus=2", "--include-dashboard=false", "--disable-usage-stats"),
    ]
    with (tmp_path / "head.log").open("w") as said:
        head = subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True)
    try:
        deadline = time.monotonic() + HANG_S
        while "--block" not in (tmp_path / "head.log").read_text():
            assert head.poll() is None
            assert time.monotonic() < deadline
            with contextlib.suppress(subprocess.TimeoutExpired):
                head.wait(0.1)
        monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{port}")
        found = run_folds(
            LOSO, Training(notes(tmp_path)), tmp_path / "out", settings=SETTINGS, cluster=True
        )
        assert found == plain[0]
        assert head.poll() is None
    finally:
        head.terminate()
        head.wait(HANG_S)
