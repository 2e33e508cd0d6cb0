import dataclasses
import math
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from model.engine.engine_folder import WEIGHTS, write_description
from model.export_engine import trained_on
from model.network import losses
from model.network.frl_dgt import FrlDgt
from model.network.network_config import Config
from model.synthetic.combinations import UNKNOWN
from model.synthetic.pair_stream import Batch, PairStream
from model.synthetic.portraits import save_cache
from model.synthetic.recipe import NON_EVENT
from model.train import PORTRAITS, train
from model.training import checkpoint
from model.training.loop import CHECKPOINT, cut_windows, loss_terms
from model.training.pair_cache import PairCache
from model.training.schedule import Length, Phase, TrainSettings, phase_at, scaled, with_cache
from model.training.warm_start import start
from model.training_commands import train as train_command
from realtime.errors import DataError

NOTHING_ACTS = torch.zeros(2, 11, 2, dtype=torch.int8)

THIRDS = TrainSettings(
    phases=(
        Phase("displacement", 1 / 3, 2, 1e-3, 1e-4),
        Phase("fusion", 1 / 3, 2, 1e-3, 1e-4),
        Phase("joint", 1 / 3, 2, 1e-3, 1e-4),
    )
)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def weights(path):
    return checkpoint.read(path)["model"]


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_a_run_that_was_cut_goes_on_as_if_it_had_not_been(tmp_path, portraits, monkeypatch):
    whole = tmp_path / "whole"
    train(portraits, whole, Length(steps=3), THIRDS)

    draw = PairStream.draw

    def draw_once(self, size):
        if self.next_index >= size:
            raise KeyboardInterrupt
        return draw(self, size)

    cut = tmp_path / "cut"
    with monkeypatch.context() as patch:
        patch.setattr(PairStream, "draw", draw_once)
        with pytest.raises(KeyboardInterrupt):
            train(portraits, cut, Length(steps=3), THIRDS, save_every_s=0)
    assert checkpoint.read(cut / CHECKPOINT)["progress"][0] == 1
    train(portraits, cut, Length(steps=3), THIRDS, resume=True)
    assert same(weights(whole / CHECKPOINT), weights(cut / CHECKPOINT))


def test_every_phase_trains_its_part_and_no_other(tmp_path, portraits):
    torch.manual_seed(THIRDS.seed)
    fresh = FrlDgt().state_dict()
    for name in ("displacement", "fusion", "joint", "event"):
        settings = dataclasses.replace(THIRDS, phases=(Phase(name, 1.0, 2, 1e-3, 1e-3),))
        train(portraits, tmp_path / name, Length(steps=2), settings)
        state = weights(tmp_path / name / CHECKPOINT)
        moved = {key.split(".")[0] for key in fresh if not torch.equal(fresh[key], state[key])}
        assert ("dgm" in moved) == (name in ("displacement", "joint"))
        assert ("class_head" in moved) == ("fusion" in moved) == (name in ("fusion", "joint"))
        assert ("event_head" in moved) == (name != "displacement")


@pytest.mark.fault
def test_a_killed_process_leaves_a_checkpoint_to_go_on_from(tmp_path, portraits):
    runs = {name: tmp_path / name for name in ("whole", "killed")}
    for folder in runs.values():
        folder.mkdir()
        save_cache(folder / PORTRAITS, portraits)

    def command(folder, *more):
        return [
            *(
                sys.executable,
                "-m",
                "realtime.cli.programs",
                "train",
                "--output",
                str(folder),
                "--steps",
                "8",
            ),
            *("--threads", "1", "--workers", "0", "--save-every-s", "0", *more),
        ]

    subprocess.run(command(runs["whole"]), check=True, capture_output=True, timeout=300)
    process = subprocess.Popen(command(runs["killed"]), stderr=subprocess.DEVNULL)
    path, deadline = runs["killed"] / CHECKPOINT, time.monotonic() + 300
    while not path.exists() and process.poll() is None and time.monotonic() < deadline:
        try:
            process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    assert 0 < checkpoint.read(path)["progress"][0] < 8
    subprocess.run(command(runs["killed"], "--resume"), check=True, timeout=300)
    assert same(weights(path), weights(runs["whole"] / CHECKPOINT))


def test_another_run_is_neither_overwritten_nor_mixed_up(tmp_path, portraits):
    train(portraits, tmp_path, Length(steps=1), THIRDS)
    with pytest.raises(DataError, match="--resume"):
        train(portraits, tmp_path, Length(steps=1), THIRDS)
    other = dataclasses.replace(THIRDS, seed=2)
    with pytest.raises(DataError, match="seed"):
        train(portraits, tmp_path, Length(steps=2), other, resume=True)
    with pytest.raises(DataError, match="portraits"):
        train(portraits[1:], tmp_path, Length(steps=2), THIRDS, resume=True)


def test_a_damaged_checkpoint_is_named(tmp_path, portraits, capsys):
    save_cache(tmp_path / PORTRAITS, portraits)
    (tmp_path / CHECKPOINT).write_bytes(b"PK\x03\x04 cut off")
    code = train_command.run(
        ["--output", str(tmp_path), "--steps", "1", "--resume", "--workers", "0"]
    )
    assert code == DataError.exit_code
    assert CHECKPOINT in capsys.readouterr().err


def test_phases_follow_one_another_and_rates_fall():
    settings = TrainSettings()
    named = [phase_at(settings, done)[0].name for done in (0.0, 0.39, 0.41, 0.69, 0.71, 0.999)]
    assert named == ["displacement"] * 2 + ["fusion"] * 2 + ["joint"] * 2
    rates = [phase_at(settings, done)[1] for done in np.linspace(0.02, 0.39, 20)]
    assert rates == sorted(rates, reverse=True)
    assert sum(phase.share for phase in settings.phases) == pytest.approx(1.0)


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_draw_the_same_pairs_in_the_same_order(portraits, workers):
    alone = PairStream(portraits, 7, first=3).draw(5)
    shared = PairStream(portraits, 7, first=3, workers=workers).draw(5)
    assert torch.equal(alone.pair, shared.pair)
    assert torch.equal(alone.label, shared.label)


def test_windows_are_cut_alike_from_pictures_and_truth():
    ramp = torch.arange(224.0).expand(224, 224)
    both = torch.stack([ramp, ramp.T]).expand(2, 2, 224, 224)
    valid, label = ramp.expand(2, 224, 224), torch.tensor([0, NON_EVENT])
    batch = Batch(both, both.clone(), valid, label, torch.ones(2), NOTHING_ACTS)
    cut = cut_windows(batch, 112, 3, np.random.default_rng(0))
    assert cut.pair.shape == (6, 2, 112, 112)
    assert torch.equal(cut.pair, cut.displacement)
    assert torch.equal(cut.valid, cut.pair[:, 0])
    assert cut.label.tolist() == [0, 0, 0, NON_EVENT, NON_EVENT, NON_EVENT]


def moved_texture():
    noise = torch.nn.functional.avg_pool2d(torch.randn(1, 1, 68, 68), 5, 1)
    truth = torch.zeros(1, 2, 64, 64)
    truth[:, 0] = 1.0
    return torch.cat([noise, losses.carry(noise, truth)], dim=1), truth


def test_photometric_loss_is_least_at_the_true_displacement():
    pair, truth = moved_texture()
    valid = torch.ones(1, 64, 64)
    right = losses.photometric(pair, truth, valid)
    assert right < 0.6 * losses.photometric(pair, 0 * truth, valid)
    assert right < 0.6 * losses.photometric(pair, -truth, valid)


def test_warping_teaches_where_the_displacement_is_not_known():
    torch.manual_seed(3)
    network, map_ = FrlDgt(), torch.rand(2, 2, 64, 64)
    label, known = torch.tensor([0, 1]), torch.ones(2) > 0
    batch = Batch(map_, 0 * map_, torch.ones(2, 64, 64), label, known, NOTHING_ACTS)
    nobody = dataclasses.replace(batch, known=~batch.known)

    def supervised(batch, weights):
        terms = loss_terms(network, batch, "displacement", weights)
        assert (terms["displacement"] > 0) == bool(batch.known.any())
        return [float(terms[name].detach()) for name in ("photometric", "smoothness")]

    assert supervised(batch, losses.Weights()) == [0, 0]
    assert min(supervised(nobody, losses.Weights())) > 0
    assert min(supervised(batch, losses.Weights(supervise_known=True))) > 0


def test_carry_moves_the_picture_along_the_displacement():
    picture = torch.zeros(1, 1, 9, 9)
    picture[..., 4, 4] = 1.0
    way = torch.zeros(1, 2, 9, 9)
    way[:, 0], way[:, 1] = 2.0, -1.0
    assert losses.carry(picture, way)[0, 0, 3, 6] == pytest.approx(1.0, abs=1e-4)


def test_endpoint_error_ignores_what_is_not_seen():
    truth = torch.full((1, 2, 8, 8), 3.0)
    answer = truth.clone()
    answer[..., :4] = 50.0
    valid = torch.ones(1, 8, 8)
    valid[..., :4] = 0
    assert losses.endpoint(answer, truth, valid) < 0.02
    assert losses.endpoint(0 * truth, truth, valid) == pytest.approx(3 * 2**0.5, rel=0.01)


def test_non_events_teach_the_event_head_but_no_class():
    logits = torch.randn(4, 3, requires_grad=True)
    label = torch.tensor([0, NON_EVENT, 2, NON_EVENT])
    losses.classes(logits, label).backward()
    assert (logits.grad[[1, 3]] == 0).all()
    assert (logits.grad[[0, 2]] != 0).any()
    assert losses.classes(logits, torch.full((4,), NON_EVENT)) == 0
    sure = torch.tensor([9.0, -9.0, 9.0, -9.0])
    assert losses.event(sure, label) < 0.01 < 1.0 < losses.event(-sure, label)


def engine_of(folder, network):
    folder.mkdir()
    save_file(network.state_dict(), folder / WEIGHTS)
    write_description(folder, {"trained_on": "ten thousand pairs"})


def test_a_run_starts_from_an_engines_weights_and_remembers_it(tmp_path, portraits):
    torch.manual_seed(99)
    before = FrlDgt()
    engine_of(tmp_path / "engine", before)
    settings = dataclasses.replace(THIRDS, phases=(Phase("fusion", 1.0, 2, 0.0, 0.0),))
    arguments = (portraits, tmp_path / "run")
    train(*arguments, Length(steps=1), settings, start_from=tmp_path / "engine")
    state = checkpoint.read(tmp_path / "run" / CHECKPOINT)
    assert same(state["model"], before.state_dict())
    assert trained_on(state).startswith("all but the displacement module, on 2 synthetic pairs")
    assert trained_on(state).endswith("before that: ten thousand pairs")
    train(*arguments, Length(steps=2), settings, resume=True)
    assert "ten thousand" in trained_on(checkpoint.read(tmp_path / "run" / CHECKPOINT))


def test_the_displacement_module_can_be_taken_alone(tmp_path):
    before, after = FrlDgt(), FrlDgt()
    fresh = {name: value.clone() for name, value in after.state_dict().items()}
    engine_of(tmp_path / "engine", before)
    # Only the module need be that of this network.
    held = load_file(tmp_path / "engine" / WEIGHTS)
    save_file({**held, "fusion.elsewhere": torch.zeros(1)}, tmp_path / "engine" / WEIGHTS)
    assert start(after, tmp_path / "engine", only_module=True).startswith("the displacement module")
    for name, value in after.state_dict().items():
        origin = before.state_dict() if name.startswith("dgm.") else fresh
        assert torch.equal(value, origin[name]), name


def test_caches_are_as_long_as_requested_and_other_phases_stay():
    phases = with_cache(TrainSettings().phases, 100, 7)
    assert [(phase.cache_pairs, phase.epochs) for phase in phases] == [
        (0, 1),
        (100, 7),
        (0, 1),
        (100, 7),
    ]
    assert [phase.batch for phase in phases] == [phase.batch for phase in TrainSettings().phases]


def test_steps_that_are_left_of_a_phase_end_with_its_share_of_the_run():
    first, second = Phase("displacement", 0.4, 2, 1.0, 0.0), Phase("fusion", 0.6, 2, 1.0, 0.0)
    assert Length(steps=10).steps_left((first, second), first, 1) == 3
    assert Length(steps=10).steps_left((first, second), second, 9) == 1
    assert Length(minutes=1).steps_left((first, second), second, 9) > 10**9


def test_a_cache_takes_its_share_of_the_phase_in_a_run_of_minutes_alone():
    first, second = Phase("displacement", 0.4, 2, 1.0, 0.0), Phase("fusion", 0.6, 2, 1.0, 0.0)
    assert Length(steps=10).drawing_s((first, second), second, 5.0) == math.inf
    limit_s = Length(minutes=2).drawing_s((first, second), second, 50.0)
    assert 0 < limit_s < 120 - 50
    assert Length(minutes=2).drawing_s((first, second), second, 130.0) == 0


@pytest.mark.parametrize(
    ("length", "step_s", "room"),
    [
        (Length(minutes=2), 10.0, True),
        (Length(minutes=2), 10.1, False),
        (Length(steps=5), 1e9, True),
    ],
)
def test_a_step_that_would_end_after_the_clock_is_not_begun(length, step_s, room):
    assert length.has_room(checkpoint.TrainingProgress(elapsed_s=110.0), step_s) is room


def test_a_cache_whose_time_is_up_ends_with_the_batch_and_is_as_long_again_on_resuming(
    tmp_path, portraits, monkeypatch
):
    """No time is left for drawing: one batch of the phase is drawn, of the many that are wanted."""
    monkeypatch.setattr("model.training.schedule._DRAWING", 0.0)
    fusion = Phase("fusion", 1.0, 8, 1e-3, 0.0, cache_pairs=4096, epochs=1000, laid_in=0.5)
    settings = dataclasses.replace(THIRDS, phases=(fusion,))
    for minutes, resume in ((0.1, False), (0.15, True)):
        train(portraits, tmp_path, Length(minutes=minutes), settings, resume=resume)
        state = checkpoint.read(tmp_path / CHECKPOINT)["progress"]
        progress = checkpoint.TrainingProgress(*state)
        assert progress.chapter_pairs == 16
        assert progress.next_index == 16
        assert progress.chapter_step > 0


def test_what_is_left_of_the_fusion_reads_no_whole_cache(tmp_path, portraits):
    fusion = Phase("fusion", 1.0, 2, 1e-3, 0.0, cache_pairs=8, epochs=2)
    settings = dataclasses.replace(THIRDS, phases=(fusion,))
    train(portraits, tmp_path, Length(steps=9), settings)
    progress = checkpoint.TrainingProgress(*checkpoint.read(tmp_path / CHECKPOINT)["progress"])
    assert (progress.step, progress.next_index) == (9, 8 + 2)


def test_weights_that_do_not_fit_are_refused_and_another_class_head_starts_fresh(tmp_path):
    before = FrlDgt()
    engine_of(tmp_path / "engine", before)
    wider = FrlDgt(Config(classes=5))
    start(wider, tmp_path / "engine")
    assert torch.equal(wider.dgm.conv1[0].weight, before.dgm.conv1[0].weight)
    assert wider.class_head[-1].out_features == 5
    save_file({"other": torch.zeros(1)}, tmp_path / "engine" / WEIGHTS)
    with pytest.raises(DataError, match="another network"):
        start(wider, tmp_path / "engine")
    (tmp_path / "engine" / WEIGHTS).write_bytes(b"not weights")
    with pytest.raises(DataError, match="no weights"):
        start(wider, tmp_path / "engine")


def test_a_cache_moves_every_face_and_its_displacement_alike():
    random = torch.Generator().manual_seed(1)
    small = torch.randint(0, 256, (4, 2, 14, 14), generator=random).float()
    pair = torch.nn.functional.interpolate(small, size=(224, 224), mode="bilinear")
    pair = pair.round().to(torch.uint8)
    acts = torch.zeros(4, 11, 2, dtype=torch.int8)
    label = torch.zeros(4, dtype=torch.long)
    cache = PairCache(pair, (pair.float() / 255).half(), label, acts, 5)
    batch, raw = cache.batch(0, 4)
    assert torch.allclose(raw[:, 1], batch.pair[:, 1], atol=1e-3)  # downwards: no sign to turn
    still = [
        (picture - own / 255).abs().mean() for picture in batch.pair[:, 1] for own in pair[:, 1]
    ]
    assert min(still) > 0.005


def test_a_cache_is_read_whole_and_mirrored_alike(portraits, monkeypatch):
    monkeypatch.setattr("model.training.pair_cache.SHIFT", 0.0)
    monkeypatch.setattr("model.training.pair_cache.SCALE", 0.0)
    network = FrlDgt().eval()
    cache = PairCache.fill(network, PairStream(portraits, 3), 6, seed=4)
    assert cache.steps(2) == 3
    plain = PairStream(portraits, 3).draw(6).pair
    seen = []
    for step in range(6):
        batch, raw = cache.batch(step, 2)
        for pair, field in zip(batch.pair, raw, strict=True):
            turned = [torch.allclose(pair.flip(-1), one, atol=1e-4) for one in plain]
            straight = [torch.allclose(pair, one, atol=1e-4) for one in plain]
            place = (turned if any(turned) else straight).index(True)
            away = torch.tensor([-1.0, 1.0])[:, None, None] if any(turned) else 1.0
            own = field.flip(-1) * away if any(turned) else field
            assert torch.allclose(own, cache.raw[place].float(), atol=1e-4)
            seen.append(place)
    assert sorted(seen[:6]) == sorted(seen[6:]) == list(range(6))


def test_movements_are_laid_into_pairs_that_show_none(portraits):
    network = FrlDgt().eval()
    cache = PairCache.fill(network, PairStream(portraits, 3), 24, seed=4, laid_in=0.5)
    drawn = PairStream(portraits, 3).draw(12)
    assert (drawn.label == NON_EVENT).any()
    assert torch.equal(cache.label[:12], drawn.label)
    assert (cache.label[12:] != NON_EVENT).all()
    grounds = cache.pair[:12][drawn.label == NON_EVENT]
    for pair, raw in zip(cache.pair[12:], cache.raw[12:], strict=True):
        same = [place for place, ground in enumerate(grounds) if torch.equal(pair[0], ground[0])]
        assert same
        before = cache.raw[:12][drawn.label == NON_EVENT][same[0]]
        assert 0.01 < 12 * (raw.float() - before.float()).abs().max() < 6


def test_units_that_nobody_coded_teach_nothing():
    logits = torch.zeros(1, 11, 2, requires_grad=True)
    acts = torch.full((1, 11, 2), UNKNOWN, dtype=torch.int8)
    assert losses.units(logits, acts) == 0
    acts[0, 3] = 1
    losses.units(logits, acts).backward()
    assert (logits.grad[0, 3] < 0).all()
    assert not logits.grad[0, :3].any()


def test_events_and_non_events_weigh_alike():
    logit = torch.zeros(8, requires_grad=True)
    label = torch.tensor([0, 1, 2, 0, 1, 2, NON_EVENT, NON_EVENT])
    losses.event(logit, label).backward()
    assert logit.grad[:6].sum() == pytest.approx(-float(logit.grad[6:].sum()))


def test_phases_are_scaled_alike_and_those_without_a_share_left_out():
    phases = scaled(TrainSettings().phases, [0, 0.5, 0.5, 0], 2.0, 4)
    assert [(phase.name, phase.batch) for phase in phases] == [("fusion", 128), ("joint", 32)]
    assert phases[0].first_rate == pytest.approx(2e-3)
    assert phases[0].cache_pairs == TrainSettings().phases[1].cache_pairs
