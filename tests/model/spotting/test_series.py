"""What was measured of a face, and what may be made of it."""

import numpy as np
import pytest

from model.spotting.face_footage import FaceRecording, film_scene, forward_and_back
from model.spotting.footage_series import series_of
from model.spotting.scene import simulate
from model.spotting.series import (
    at_pace,
    at_rate,
    backwards,
    livelier,
    load_series,
    mirrored,
    noisier,
    record_series,
    save_series,
    vary,
)
from model.spotting.simulated_person import Behaviour
from model.synthetic.simulated_camera import SimulatedCamera
from realtime.errors import DataError
from realtime.spotting.channels import CHANNELS, FIRST, Channel
from realtime.spotting.face_pipeline import FacePipeline
from tests.model.spotting.signals import quiet_series, turning

STILL = Behaviour(0.01, 0.2, 0.0, 0.0, 0.01, 0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def film(portraits):
    scene = simulate(portraits, 3, np.arange(75) / 25, STILL)
    return film_scene(np.random.default_rng(3), SimulatedCamera(0.5, 1.0, 0, 0), scene)


def test_a_series_is_what_the_live_path_measures(film):
    (series,) = record_series(film, "anna")
    pipeline = FacePipeline()
    for frame, row in zip(film.frames, series.rows, strict=True):
        held = pipeline.align(frame.t_ns, frame.grey, frame.face)
        assert np.allclose(pipeline.measure(held, frame.face), row, atol=1e-5)
    assert series.person == "anna"


def test_a_face_that_was_lost_begins_another_series(film):
    frames = list(film.frames)
    frames[40] = type(frames[40])(frames[40].t_ns, frames[40].grey, None)
    parts = list(record_series(FaceRecording("film", tuple(frames)), "anna", shortest_s=1.0))
    assert [len(part.t_s) for part in parts] == [40, 34]


def test_mirrored_and_backwards_twice_is_the_same():
    series = turning(quiet_series(7.0), 3.0, 6.0)
    for there_and_back in (mirrored(mirrored(series)), backwards(backwards(series))):
        assert np.allclose(there_and_back.rows, series.rows, atol=1e-6)
        assert np.allclose(there_and_back.t_s, series.t_s)
        assert np.allclose(there_and_back.turns_s, series.turns_s)


def test_what_is_played_backwards_knows_where_it_turns(film):
    longer, turns_s = forward_and_back(film, 6.0)
    times = [frame.t_ns for frame in longer.frames]
    assert (times[-1] - times[0]) / 1e9 >= 6.0
    assert (np.diff(times) > 0).all()
    assert turns_s == pytest.approx((2.96, 5.92))
    assert longer.frames[74 - 5].grey is longer.frames[74 + 5].grey
    assert forward_and_back(film, 2.0) == (film, ())
    (series,) = record_series(longer, "anna", turns_s=(*turns_s, 20.0))
    assert series.turns_s == turns_s


def test_a_short_film_is_learned_as_two_other_cameras_would_have_filmed_it(film):
    one, other = series_of(film, "anna", seed=1)
    for series in (one, other):
        assert series.person == "anna"
        assert series.seconds >= 14.0
        assert len(series.turns_s) == 4
    assert one.name != other.name
    assert not np.array_equal(one.rows, other.rows)
    forth, back = one.rows[20:70, :FIRST], one.rows[128:78:-1, :FIRST]
    assert not np.array_equal(forth, back)  # the same pictures, each time with noise of its own


def test_pace_moves_times_and_turns():
    series = turning(quiet_series(5.0), 3.0)
    faster = at_pace(series, 2.0)
    assert faster.seconds == pytest.approx(series.seconds / 2)
    assert faster.turns_s[0] == pytest.approx(series.turns_s[0] / 2)
    assert faster.rows[5, FIRST + Channel.PERIOD] == pytest.approx(1 / 60, rel=1e-3)


def test_a_lower_rate_keeps_what_happened_between_its_frames():
    series = quiet_series(4.0)
    series.rows[31, FIRST + Channel.RENEWED] = 1.0
    slower = at_rate(np.random.default_rng(0), series, 15.0)
    assert slower.fps == pytest.approx(15.0, rel=0.05)
    assert slower.rows[:, FIRST + Channel.RENEWED].sum() == 1.0


def test_a_quieter_person_moves_less_and_noise_adds_up():
    series = quiet_series(4.0, noise_px=0.1)
    quieter = livelier(series, 0.5, 1.0)
    assert quieter.rows[:, :FIRST].std() == pytest.approx(0.05, rel=0.05)
    noisy = noisier(np.random.default_rng(1), series, 0.1)
    assert noisy.rows[:, :FIRST].std() == pytest.approx(0.1 * 2**0.5, rel=0.05)


def test_the_same_draws_make_the_same_variation():
    first, again = (vary(np.random.default_rng(7), quiet_series()) for _ in range(2))
    assert np.array_equal(first.rows, again.rows)


def test_series_are_read_as_they_were_kept(tmp_path):
    kept = [turning(quiet_series(5.0), 3.0), quiet_series(2.5, seed=1, person="ben")]
    save_series(tmp_path / "x.npz", kept)
    for before, after in zip(kept, load_series(tmp_path / "x.npz"), strict=True):
        assert (before.person, before.name, before.turns_s) == (
            after.person,
            after.name,
            after.turns_s,
        )
        assert np.array_equal(before.rows, after.rows)
    save_series(tmp_path / "none.npz", [])
    assert load_series(tmp_path / "none.npz") == []


def test_a_file_of_other_channels_is_refused(tmp_path):
    save_series(tmp_path / "x.npz", [quiet_series(2.5)])
    with np.load(tmp_path / "x.npz") as arrays:
        content = dict(arrays)
    content["rows"] = np.zeros((len(content["t_s"]), CHANNELS + 1), np.float32)
    np.savez(tmp_path / "other.npz", **content)
    with pytest.raises(DataError, match="another version"):
        load_series(tmp_path / "other.npz")
