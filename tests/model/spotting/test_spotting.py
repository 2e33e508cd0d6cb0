"""The verifier's material, from movements added to a recording to the alarms that come of it."""

import weakref
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from model.spotting.claimed_folder import claim_folder
from model.spotting.face_footage import (
    FaceFrame,
    FaceRecording,
    at_pace,
    backwards,
    cut_to_face,
    film_scene,
    framed,
    mirrored,
    only_assessable,
    stretches,
    without,
)
from model.spotting.insertions import FIRST_S, LONGEST_S, draw_insertions, play
from model.spotting.jobs import (
    GROUPS,
    SIMULATED,
    Job,
    SimulationResult,
    load,
    plan,
    run,
    save,
    simulated_series,
)
from model.spotting.labelled_candidates import LabelledCandidate, labelled_candidates
from model.spotting.operating_point import (
    TARGET_RATES,
    alarms,
    operating_table,
    reliability,
    scored,
)
from model.spotting.scene import simulate
from model.spotting.simulated_person import Behaviour
from model.synthetic.simulated_camera import SimulatedCamera, encoded
from model.train_verifier import run_all
from model.training_commands import train_verifier
from realtime.errors import SettingsError
from realtime.face.geometry import apply_transform, crop_transform, face_box, inter_ocular
from realtime.face.landmarker import LandmarkTracker
from realtime.spotting.features import NAMES
from tests.model.spotting.signals import bank, quiet_series, turning

STILL = Behaviour(0.01, 0.2, 0.0, 0.0, 0.01, 0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def film(portraits):
    scene = simulate(portraits, 3, np.arange(225) / 25, STILL)
    return film_scene(np.random.default_rng(3), SimulatedCamera(0.5, 1.0, 0, 0), scene)


def test_a_simulated_recording_is_the_same_for_the_same_seed(portraits):
    first, again, other = (simulate(portraits, seed, np.arange(10) / 25) for seed in (5, 5, 6))
    assert all(
        np.array_equal(a.grey, b.grey) and np.array_equal(a.face.landmarks, b.face.landmarks)
        for a, b in zip(first.frames, again.frames, strict=True)
    )
    assert not np.array_equal(first.frames[3].grey, other.frames[3].grey)


def test_another_frame_rate_shows_the_same_person_doing_the_same(portraits):
    slow = simulate(portraits, 5, np.arange(50) / 25)
    fast = simulate(portraits, 5, np.arange(120) / 60)
    where = [[m.face.landmarks[4, :2] for m in film.frames] for film in (slow, fast)]
    at = np.arange(50) / 25
    for axis in (0, 1):
        found = np.interp(at, np.arange(120) / 60, np.array(where[1])[:, axis])
        assert np.abs(found - np.array(where[0])[:, axis]).max() < 1.5  # the landmarks' own jitter


def test_landmarks_lie_on_the_face_that_is_drawn(film):
    """Cut out by its landmarks, every frame shows the same face."""
    import cv2

    crops = [
        cv2.warpAffine(m.grey, crop_transform(m.face.landmarks), (224, 224)).astype(np.float32)
        for m in film.frames[::40]
    ]
    inside = np.s_[60:150, 60:164]
    for crop in crops[1:]:
        assert np.corrcoef(crops[0][inside].ravel(), crop[inside].ravel())[0, 1] > 0.95


def test_additions_keep_their_distance_and_their_size(film):
    rng = np.random.default_rng(0)
    added = draw_insertions(rng, film, 40)
    assert len(added) >= 1
    for a in added:
        assert a.onset_s >= FIRST_S
        assert a.offset_s - a.onset_s <= LONGEST_S + 1e-9
        assert a.strength(a.apex_s) == 1.0
        assert a.strength(a.onset_s) == a.strength(a.offset_s) == 0.0
    for a, b in pairwise(added):
        assert b.onset_s - a.offset_s > 1.0


def test_a_movement_shows_where_and_when_it_was_added_and_nowhere_else(film):
    (added, *_) = draw_insertions(np.random.default_rng(1), film, 60, peak_iod=(0.034, 0.035))
    plain = list(play(film, (), (0.0, 0.0)))
    moved = list(play(film, (added,), (0.0, 0.0)))
    change = [
        float(np.abs(a.grey.astype(float) - b.grey).mean())
        for a, b in zip(plain, moved, strict=True)
    ]
    inside = [added.onset_s < m.t_ns / 1e9 < added.offset_s for m in plain]
    assert max(c for c, i in zip(change, inside, strict=True) if not i) == 0.0
    assert max(change) > 0.1


def test_the_added_field_is_as_long_as_promised(film):
    for a in draw_insertions(np.random.default_rng(2), film, 60, peak_iod=(0.02, 0.0201)):
        longest = np.hypot(a.field[..., 0], a.field[..., 1]).max() / 72
        assert 0.01 < longest < 0.035  # a person's own way of moving varies it


def test_mirrored_twice_and_backwards_twice_is_the_same(film):
    short = film.between(0.0, 0.3)
    for there_and_back in (mirrored(mirrored(short)), backwards(backwards(short))):
        for a, b in zip(short.frames, there_and_back.frames, strict=True):
            assert a.t_ns == b.t_ns
            assert np.array_equal(a.grey, b.grey)
            assert np.allclose(a.face.landmarks, b.face.landmarks, atol=1e-3)


def test_a_mirrored_face_lies_where_its_mirrored_picture_has_it(film):
    one = film.between(0.0, 0.1)
    frame, turned = one.frames[0], mirrored(one).frames[0]
    right_eye, left_eye = turned.face.landmarks[33], turned.face.landmarks[263]
    assert right_eye[0] < left_eye[0]
    assert right_eye[0] == pytest.approx(
        frame.grey.shape[1] - 1 - frame.face.landmarks[263, 0], abs=1e-3
    )


def test_pace_changes_times_only(film):
    faster = at_pace(film, 2.0)
    assert faster.seconds == pytest.approx(film.seconds / 2, rel=1e-6)
    assert faster.frames[-1].grey is film.frames[-1].grey


def test_stretches_end_where_the_face_is_gone(film):
    frames = list(film.frames)
    frames[100] = replace(frames[100], face=None)
    parts = list(stretches(FaceRecording("x", tuple(frames)), 1.0))
    assert [len(p.frames) for p in parts] == [100, len(frames) - 101]
    assert list(stretches(FaceRecording("x", tuple(frames)), 60.0)) == []


def test_what_is_cut_out_is_in_no_stretch(film):
    kept = list(stretches(without(film, [(1.0, 2.0)]), 0.5))
    start = film.frames[0].t_ns
    times_s = [[(m.t_ns - start) / 1e9 for m in part.frames] for part in kept]
    assert len(kept) == 2
    assert times_s[0][0] == 0.0
    assert times_s[0][-1] < 1.0
    assert times_s[1][0] > 2.0
    assert kept[1].frames[-1] == film.frames[-1]


@pytest.mark.parametrize("text", ["a.mp4", "a.mp4:3", "a.mp4:3-2", "a.mp4:x-2", "a.mp4:-1-2"])
def test_a_cut_that_is_none_is_refused(text, tmp_path, capsys):
    assert train_verifier.run(["--output", str(tmp_path / "run"), "--cut", text]) == 2
    assert "not VIDEO:FROM-TO" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("note", "says"),
    [
        ('{"--minutes": 3.0, "--seed": 1}', "another --footage"),
        ("nonsense", "cannot be read"),
        (None, "does not note"),
    ],
)
def test_a_folder_of_another_run_is_left_as_it_is(note, says, tmp_path, capsys):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "00000.npz").write_bytes(b"a result")
    if note is not None:
        (tmp_path / "settings.json").write_text(note)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    assert train_verifier.run(["--output", str(tmp_path)]) == SettingsError("").exit_code
    assert says in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_a_folder_of_the_same_run_is_gone_on_with(tmp_path):
    settings = {"--seed": 1, "--footage": [("a.mp4", 5)]}
    for _ in range(2):
        claim_folder(tmp_path, settings, parts=("results",))
        (tmp_path / "results").mkdir(exist_ok=True)
    with pytest.raises(SettingsError, match="another --seed"):
        claim_folder(tmp_path, settings | {"--seed": 2}, parts=("results",))


def test_a_cut_of_no_video_is_refused(tmp_path, capsys):
    (tmp_path / "a.mp4").touch()
    given = ["--output", tmp_path / "run", "--footage", tmp_path / "a.mp4", "--cut", "b.mp4:1-2"]
    assert train_verifier.run([str(word) for word in given]) == SettingsError("").exit_code
    assert "no video of --footage has this name" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_cutting_moves_landmarks_with_the_picture(film):
    wide = FaceRecording(
        "wide",
        tuple(
            FaceFrame(
                m.t_ns,
                np.pad(m.grey, ((300, 200), (400, 100))),
                replace(m.face, landmarks=m.face.landmarks + np.array([400, 300, 0], np.float32)),
            )
            for m in film.frames[:3]
        ),
    )
    cut = cut_to_face("", wide.frames)
    assert cut.frames[0].grey.size < wide.frames[0].grey.size / 4
    points = cut.frames[0].face.landmarks[:, :2]
    assert inter_ocular(points) == pytest.approx(inter_ocular(film.frames[0].face.landmarks), 1e-4)
    to_crop = crop_transform(points)
    assert apply_transform(to_crop, points).mean() == pytest.approx(112, abs=30)


def test_of_a_face_that_moves_about_no_whole_frame_is_kept_while_it_is_read(film):
    """Only the frame that is read now is whole; around each face the picture is what it was."""
    still = film.frames[0]
    height, width = still.grey.shape
    places = [(0, 0), (300, 200), (600, 100), None, (150, 50)]
    whole = []

    def frames():
        for number, place in enumerate(places):
            assert sum(ref() is not None for ref in whole) <= 1
            grey = np.full((height + 300, width + 700), 17, np.uint8)
            left, top = place or (0, 0)
            grey[top : top + height, left : left + width] = still.grey
            points = still.face.landmarks + np.array([left, top, 0], np.float32)
            face = replace(still.face, landmarks=points) if place else None
            whole.append(weakref.ref(grey))
            yield FaceFrame(number * 40_000_000, grey, face)
            del grey

    cut = cut_to_face("moving", frames())
    shapes = {frame.grey.shape for frame in cut.frames}
    assert len(shapes) == 1
    assert [frame.face is None for frame in cut.frames] == [False, False, False, True, False]
    for frame in cut.frames:
        if frame.face is None:
            continue
        box = [round(v) for v in face_box(frame.face.landmarks)]
        at = [round(v) for v in face_box(still.face.landmarks)]
        seen = frame.grey[box[1] : box[3], box[0] : box[2]]
        assert np.array_equal(seen, still.grey[at[1] : at[3], at[0] : at[2]])
    assert cut_to_face("nobody", [replace(still, face=None)]) is None


def test_in_a_larger_frame_a_face_is_what_it_was_with_its_picture_around_it(film):
    one = film.frames[0]
    height, width = one.grey.shape
    (frame,) = framed(FaceRecording("", (one,)), 640, 480).frames
    assert frame.grey.shape == (480, 640)
    left, top = (640 - width) // 2, (480 - height) // 2
    assert np.array_equal(frame.grey[top : top + height, left : left + width], one.grey)
    assert frame.face.landmarks - one.face.landmarks == pytest.approx(
        np.broadcast_to([left, top, 0], one.face.landmarks.shape), abs=1e-4
    )
    assert frame.grey[:, :left].std() > 1  # an encoder has something to do there too


@pytest.mark.parametrize("kbit_s", [400, 100])
def test_an_encoder_of_even_bit_rate_keeps_to_it(film, kbit_s):
    seen = film_scene(np.random.default_rng(0), SimulatedCamera(0.0, 3.0, 0, 0), film)
    packets = encoded([m.grey for m in seen.frames], 25.0, kbit_s=kbit_s)
    bits = 8 * sum(packet.size for packet in packets)
    assert bits / film.seconds == pytest.approx(1000 * kbit_s, rel=0.15)


@pytest.mark.parametrize("draw", [SimulatedCamera.draw, SimulatedCamera.draw_second])
def test_filming_keeps_faces_and_times(film, draw):
    short = film.between(0.0, 0.5)
    for seed in range(6):
        rng = np.random.default_rng(seed)
        seen = film_scene(rng, draw(rng), short)
        for now, before in zip(seen.frames, short.frames, strict=True):
            assert now.t_ns == before.t_ns
            assert now.face is before.face
            assert now.grey.shape == before.grey.shape


def test_a_codec_short_of_bits_leaves_small_movements_out(film):
    """Why movements are added to the scene, and not to what was filmed of it."""
    added = draw_insertions(np.random.default_rng(1), film, 60, peak_iod=(0.010, 0.011))
    times_s = np.array([m.t_ns for m in film.frames]) / 1e9
    k = int(np.abs(times_s - added[0].apex_s).argmin())

    def shown(camera):
        moved, still = (
            film_scene(
                np.random.default_rng(0),
                camera,
                FaceRecording("", tuple(play(film, movements, (0.0, 0.0)))),
            ).frames[k]
            for movements in (added, ())
        )
        return float(np.abs(moved.grey.astype(float) - still.grey).mean())

    assert shown(SimulatedCamera(0.0, 0.0, 0, 40)) < 0.5 * shown(SimulatedCamera(0.0, 0.0, 0, 0))


def test_a_face_at_the_limit_of_size_does_not_come_and_go(film):
    """32 px between the eyes to be judged; once it is, a tenth less will do."""

    def far(iod_px):
        frame = film.frames[0]
        scale = np.float32(iod_px / inter_ocular(frame.face.landmarks))
        grey = cv2.resize(frame.grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        points = frame.face.landmarks * scale
        return replace(frame, grey=grey, face=replace(frame.face, landmarks=points))

    sizes = (31, 33, 31, 30, 33, 28, 31)
    seen = [m.face is not None for m in only_assessable(map(far, sizes), 25.0)]
    assert seen == [False, True, True, True, True, False, False]


def test_candidates_know_which_movement_they_belong_to(film):
    rng = np.random.default_rng(4)
    added = draw_insertions(rng, film, 30, peak_iod=(0.03, 0.035))
    rows = labelled_candidates(play(film, added, (0.2, 0.1)), added)
    assert {r.stage for r in rows} == {"early", "late"}
    assert {r.event for r in rows} >= {0}
    for r in rows:
        assert r.features.shape == (len(NAMES),)
        assert np.isfinite(r.features).all()
        if r.event >= 0:
            a = added[r.event]
            assert a.onset_s - 0.11 <= r.apex_s <= a.offset_s + 0.11


@pytest.mark.parametrize("moved", [True, False])
def test_a_job_is_a_function_of_its_numbers(tmp_path, moved):
    job = Job(turning(quiet_series(14.0), 3.0, 6.0), 2, moved)
    first, again = run(job, bank(), 1), run(job, bank(), 1)
    assert len(first.rows) == len(again.rows)
    for a, b in zip(first.rows, again.rows, strict=True):
        assert np.array_equal(a.features, b.features)
    assert (first.events > 0) == moved
    save(tmp_path / "x.npz", first)
    back = load(tmp_path / "x.npz")
    assert (back.group, back.events, back.simulated) == ("anna", first.events, False)
    assert [r.apex_s for r in back.rows] == [r.apex_s for r in first.rows]
    assert [p.name for p in tmp_path.iterdir()] == ["x.npz"]


def test_every_person_is_moved_for_as_long_and_watched_as_is_a_quarter_of_it():
    series = [quiet_series(30.0), quiet_series(60.0, person="ben")]
    series.append(quiet_series(30.0, person=f"{SIMULATED}0"))
    jobs = plan(series, minutes=4.0, simulated_passes=2)
    moved = {s.person: sum(j.moved for j in jobs if j.series is s) for s in series}
    still = {s.person: sum(not j.moved for j in jobs if j.series is s) for s in series}
    assert list(moved.values()) == [9, 5, 2]
    assert list(still.values()) == [3, 2, 1]


@pytest.mark.slow
def test_a_simulated_person_is_measured(portraits, monkeypatch):
    monkeypatch.setattr("model.spotting.jobs.SIMULATED_S", 4.0)
    (series,) = simulated_series(portraits, 1, 7)
    assert series.person == f"{SIMULATED}{7 % GROUPS}"
    assert series.seconds > 3.5


def case_of(*candidates, seconds=60.0, events=1, simulated=True):
    """Candidates as (stage, apex_s, event, probability)."""
    rows = tuple(
        LabelledCandidate(
            stage, apex, apex - 0.1, apex + 0.1, 5.0, True, True, False, event, 0.0, np.zeros(1)
        )
        for stage, apex, event, _ in candidates
    )
    result = SimulationResult("a", simulated, False, seconds, events, rows)
    return scored(result, np.array([p for *_, p in candidates]))


def test_one_movement_is_one_alarm_and_the_second_stage_retracts_it():
    case = case_of(
        ("early", 5.0, 0, 0.9),
        ("early", 5.1, 0, 0.95),  # the same movement in another stream
        ("late", 5.0, 0, 0.8),
        ("early", 9.0, -1, 0.7),
        ("late", 9.05, -1, 0.2),  # no longer accepted
        ("early", 20.0, -1, 0.6),
        ("late", 20.0, -1, 0.6),
    )
    assert alarms(case, 0.5, 0.5) == (1, {0})
    assert alarms(case, 0.5, 0.1) == (2, {0})
    assert alarms(case, 0.65, 0.5) == (0, {0})
    assert alarms(case, 0.99, 0.5) == (0, set())


def test_the_operating_table_keeps_to_its_targets():
    rng = np.random.default_rng(0)
    cases = []
    for simulated in (False, True):
        for _ in range(20):
            candidates = []
            for k, apex in enumerate(np.arange(2, 58, 2.0)):
                event = k if k % 4 == 0 else -1
                p = rng.beta(5, 2) if event >= 0 else rng.beta(2, 5)
                candidates += [("early", apex, event, p), ("late", apex, event, p)]
            cases.append(case_of(*candidates, events=7, simulated=simulated))
        for _ in range(20):
            p = rng.beta(2, 5, 28)
            still = [("early", 2.0 + 2 * k, -1, p[k]) for k in range(28)]
            cases.append(case_of(*still, events=0, simulated=simulated))
    table = operating_table(cases)
    counted = table.alarms_per_min[TARGET_RATES >= 1]
    assert counted == pytest.approx(TARGET_RATES[TARGET_RATES >= 1], rel=0.4)
    assert (table.least_late > table.least_early).all()
    assert (np.diff(table.least_early) <= 0).all()
    assert (np.diff(table.recall) >= 0).all()


def test_a_probability_is_reliable_where_as_many_are_right():
    rng, candidates = np.random.default_rng(0), []
    for k in range(400):
        p = float(rng.uniform(0.15, 0.95))
        event = k if rng.random() < p else -1
        candidates += [("early", 2.0 * k, event, p), ("late", 2.0 * k, event, p)]
    bands = reliability([case_of(*candidates, events=400, simulated=False)])
    assert sum(band.flags for band in bands) == 400
    assert all(abs(band.right - band.probability) < 0.2 for band in bands)
    assert reliability([case_of(*candidates, events=0, simulated=False)]) == []


def test_the_more_people_differ_the_stricter_is_the_table():
    tables = []
    for spread in (0.0, 0.6):
        rng, cases = np.random.default_rng(0), []
        for person in range(8):
            p = rng.beta(2, 5 * (1 + spread * (-1) ** person), 200).clip(0.01, 0.99)
            still = [("early", 2.0 + 2 * k, -1, p[k]) for k in range(200)]
            case = case_of(*still, events=0, seconds=402.0, simulated=False)
            cases.append(replace(case, result=replace(case.result, group=f"person {person}")))
        tables.append(operating_table(cases))
    alike, unlike = (table.alarms_per_min[TARGET_RATES >= 3] for table in tables)
    assert (unlike < alike).all()


@pytest.mark.slow
def test_tasks_are_run_though_a_landmark_model_holds_threads(
    tmp_path, landmark_model, portrait_frame
):
    """Processes forked from one that has used the model wait for its threads for ever."""
    LandmarkTracker(landmark_model).track(0, portrait_frame)
    made = [tmp_path / "a", tmp_path / "b"]
    run_all([path.touch for path in made], "testing", workers=2)
    assert all(path.exists() for path in made)
