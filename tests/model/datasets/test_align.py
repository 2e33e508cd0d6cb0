from dataclasses import replace

import cv2
import numpy as np
import pytest

from benchmarks._common.invented import write
from model.datasets import aligned_cache, pair_file
from model.datasets.align import MOST_FRAMES, AlignedClip, R, align_clip, labelled_apex
from model.datasets.labels import three_classes
from model.datasets.record import Dataset, LoadReport, Record
from model.datasets.registry import load
from model.synthetic.apex_jitter import apex_range
from realtime.face.action_units import displacement_field, warp
from realtime.face.geometry import apply_transform, crop_transform, face_box
from realtime.face.landmarker import LandmarkTracker
from realtime.motion.stabiliser import Stabiliser

PEAK_IOD = 0.03


@pytest.fixture(scope="module")
def tracker(landmark_model):
    return LandmarkTracker(landmark_model)


@pytest.fixture(scope="module")
def smile(portrait, tracker):
    """The portrait's landmarks and the field of a smile on it, both in its pixels."""
    tracker.reset()
    (face,) = tracker.track(0, portrait)
    field = displacement_field({"12": 1.0}, face.landmarks, portrait.shape[:2], peak_iod=PEAK_IOD)
    return face.landmarks, field


@pytest.fixture(scope="module")
def film(portrait, smile, tmp_path_factory):
    """Writes a smile that rises to frame 100 + `rise` and falls as long, on a head that drifts."""
    folder = tmp_path_factory.mktemp("film")

    def written(rise: int, fps: float, every: int = 1) -> Record:
        rng = np.random.default_rng(rise)
        frames = {}
        for index in range(0, 2 * rise + 1, every):
            drift = np.array([1.5, -1.0], np.float32) * np.float32(index / rise)
            strength = np.float32(np.sin(np.pi / 2 * index / rise) ** 2)
            moved = warp(portrait.astype(np.float32), smile[1] * strength + drift)
            noisy = np.clip(np.rint(moved + rng.normal(0, 1.0, moved.shape)), 0, 255)
            frames[100 + index] = folder / f"{rise}-{fps}-{every}-{100 + index}.jpg"
            cv2.imwrite(str(frames[100 + index]), noisy.astype(np.uint8))
        return Record(
            dataset="invented",
            subject="1",
            clip=f"{rise}-{fps}-{every}",
            frames=frames,
            fps=fps,
            onset=100,
            apex=100 + rise,
            offset=100 + 2 * rise,
            kind="micro",
            emotion="happiness",
        )

    return written


@pytest.fixture(scope="module")
def short(film):
    return film(6, 50.0)


@pytest.fixture
def laid_by_skull(monkeypatch):
    """Whether each crop was laid by the patches of the skull, not by landmarks alone."""
    steady = []

    class Watched(Stabiliser):
        def align(self, t_ns, grey, face):
            stabilised = super().align(t_ns, grey, face)
            steady.append(stabilised.steady)
            return stabilised

    monkeypatch.setattr(pair_file, "Stabiliser", Watched)
    return steady


def flow_of(clip):
    onset, apex = clip.labelled_pair()
    return cv2.calcOpticalFlowFarneback(onset, apex, None, 0.5, 3, 15, 3, 5, 1.1, 0)


def around(flow, point, reach=6):
    x, y = np.rint(point).astype(int)
    return flow[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 2).mean(axis=0)


@pytest.fixture(scope="module")
def invented(landmark_model, tmp_path_factory):
    roots = write(tmp_path_factory.mktemp("invented"), subjects=1, each=3)
    return {name: load(f"{name}={root}") for name, root in roots.items()}


@pytest.fixture(scope="module")
def clips(invented, tracker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("aligned")
    return [
        clip
        for dataset in invented.values()
        for clip in aligned_cache.aligned(dataset, three_classes, tracker, folder)
    ]


def test_every_layout_is_read_and_every_face_found(invented, clips):
    assert {clip.dataset for clip in clips} == {"casme2", "samm", "smic_hs"}
    assert len(clips) == 9
    assert sorted({clip.label for clip in clips}) == [0, 1, 2]
    assert all(dataset.report.skipped == [] for dataset in invented.values())


def test_kept_frames_are_those_the_apex_may_be_drawn_from(invented, clips):
    records = {(r.dataset, r.clip): r for d in invented.values() for r in d.records}
    for clip in clips:
        record = records[clip.dataset, clip.clip]
        apex = labelled_apex(record)
        low, high = apex_range(record.onset, apex, record.offset, R)
        assert clip.numbers[clip.apex] == apex
        assert clip.numbers.min() == low
        assert clip.numbers.max() == high
        if record.apex is None:
            assert apex == record.onset + (record.offset - record.onset) // 2


def test_the_face_is_held_still_and_the_expression_is_left(clips):
    for clip in clips:
        onset, apex = clip.labelled_pair().astype(np.float32)
        flow = cv2.calcOpticalFlowFarneback(onset, apex, None, 0.5, 3, 15, 3, 5, 1.1, 0)
        moved = np.hypot(*flow.transpose(2, 0, 1))
        assert np.percentile(moved[30:200, 50:174], 99) > 0.7  # the peak is 2.2 pixels
        assert np.median(moved[70:95, 100:124]) < 0.5  # the bridge of the nose


def test_what_is_left_points_where_the_action_unit_moves(smile, short, tracker):
    landmarks, field = smile
    clip = align_clip(short, 1, tracker)
    flow, transform = flow_of(clip), crop_transform(landmarks)
    points = landmarks[:, :2]
    in_crop = apply_transform(transform, points)
    for corner in (61, 291):
        true = transform[:, :2] @ around(field, points[corner])
        assert true[1] < -0.5  # a smile lifts the corners
        assert np.linalg.norm(around(flow, in_crop[corner]) - true) < 0.4 * np.linalg.norm(true)
    # The head drifted by 1.8 pixels of the picture, which is 2 of the crop.
    assert np.linalg.norm(around(flow, in_crop[6])) < 0.3


@pytest.mark.parametrize(("rise", "fps"), [(36, 200.0), (50, 100.0), (9, 25.0)])
def test_the_skull_is_found_again_however_slow_the_rise(film, tracker, laid_by_skull, rise, fps):
    record = film(rise, fps)
    clip = align_clip(record, 1, tracker)
    assert laid_by_skull == [False] + [True] * (len(laid_by_skull) - 1)
    low, high = apex_range(record.onset, record.apex, record.offset, R)
    assert (clip.numbers[0], clip.numbers[-1]) == (low, high)
    assert (np.diff(clip.numbers) > 0).all()
    assert len(clip.later) == len(clip.numbers)
    assert len(clip.numbers) >= min(high - low + 1, MOST_FRAMES - 2)
    assert len(clip.numbers) <= MOST_FRAMES
    assert clip.numbers[clip.apex] == record.apex


def test_two_stills_are_enough_however_long_apart(film, tracker, laid_by_skull):
    record = film(30, 50.0, every=30)
    record = replace(record, frames={n: record.frames[n] for n in (100, 130)}, offset=None)
    clip = align_clip(record, 1, tracker)
    assert clip.numbers.tolist() == [130]
    assert clip.span == (100, 130)
    assert laid_by_skull == [False, True]
    assert clip.after.shape == (0, 224, 224)


def test_the_frame_just_after_the_onset_shows_next_to_nothing(film, tracker):
    clip = align_clip(film(36, 200.0), 1, tracker)
    assert clip.after.shape == (1, 224, 224)
    assert not np.array_equal(clip.after[0], clip.onset)
    quiet = replace(clip, later=np.stack([clip.after[0]] * len(clip.later)))
    assert np.percentile(np.hypot(*flow_of(quiet)[40:190, 50:174].transpose(2, 0, 1)), 99) < 0.5


@pytest.fixture
def cut_out(smile, short, tmp_path):
    """The short film as small grey face crops, less a share of the face on every side."""

    def cut(share: float) -> Record:
        points = smile[0][:, :2]
        low, high = points.min(axis=0), points.max(axis=0)
        left, top = np.rint(low + share * (high - low)).astype(int)
        right, bottom = np.rint(high - share * (high - low)).astype(int)
        frames = {number: tmp_path / f"{share}-{number}.png" for number in short.frames}
        for number, path in short.frames.items():
            grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            cv2.imwrite(str(frames[number]), grey[top:bottom, left:right])
        return replace(short, frames=frames, cropped=True)

    return cut


def test_small_grey_face_crops_lie_as_whole_pictures_do(short, cut_out, tracker):
    whole, clip = (align_clip(record, 1, tracker) for record in (short, cut_out(0.0)))
    assert (clip.numbers == whole.numbers).all()
    middle = np.s_[60:170, 70:150]
    alike = np.corrcoef(clip.onset[middle].ravel(), whole.onset[middle].ravel())[0, 1]
    assert alike > 0.95


def test_a_face_without_forehead_and_chin_is_held_as_still(smile, cut_out, tracker, laid_by_skull):
    clip = align_clip(cut_out(0.13), 1, tracker)
    assert laid_by_skull == [False] + [True] * len(clip.after) + [True] * len(clip.later)
    landmarks = smile[0]
    points = apply_transform(crop_transform(landmarks), landmarks[:, :2])
    flow = flow_of(clip)
    assert all(around(flow, points[corner])[1] < -0.5 for corner in (61, 291))
    assert np.linalg.norm(around(flow, points[6])) < 0.3


def test_a_crop_too_tight_for_the_detector_alone_is_found(cut_out, tracker):
    assert isinstance(align_clip(cut_out(0.16), 1, tracker), AlignedClip)


def test_unusable_pictures_are_told_apart(short, tracker, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    assert (
        align_clip(replace(short, frames={**short.frames, 106: broken}), 1, tracker)
        == "a picture cannot be read"
    )
    late = {number: path for number, path in short.frames.items() if number > 100}
    assert (
        align_clip(replace(short, frames=late), 1, tracker)
        == "onset or apex is not among the pictures"
    )


def test_a_clip_without_a_face_is_reported_by_every_run(short, tracker, tmp_path):
    blank = tmp_path / "blank.jpg"
    cv2.imwrite(str(blank), np.full((300, 300), 90, np.uint8))
    faceless = replace(short, clip="blank", frames=dict.fromkeys(short.frames, blank))
    for _ in ("aligned", "from the file"):
        dataset = Dataset("invented", (faceless, short), LoadReport())
        clips = aligned_cache.aligned(dataset, lambda _: 1, tracker, tmp_path)
        assert [clip.clip for clip in clips] == [short.clip]
        assert dataset.report.summary() == ["invented: skipped 1, no face found"]
    assert len(list(tmp_path.glob("*.npz"))) == 1


def test_alignment_is_kept(short, tracker, tmp_path, monkeypatch):
    dataset = Dataset("invented", (short,), LoadReport())
    (first,) = aligned_cache.aligned(dataset, lambda _: 1, tracker, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(aligned_cache, "align_clip", lambda *_: pytest.fail("aligned again"))
        (again,) = aligned_cache.aligned(dataset, lambda _: 1, tracker, tmp_path)
    for name in first.__slots__:
        assert np.array_equal(getattr(first, name), getattr(again, name)), name
    moved = Dataset("invented", (replace(short, apex=107),), LoadReport())
    (other,) = aligned_cache.aligned(moved, lambda _: 1, tracker, tmp_path)
    assert other.numbers[other.apex] == 107


@pytest.mark.parametrize("damage", ["cut", "emptied", "overwritten", "one byte"])
def test_a_damaged_file_is_made_again(short, tracker, tmp_path, caplog, damage):
    dataset = Dataset("invented", (short,), LoadReport())
    (first,) = aligned_cache.aligned(dataset, lambda _: 1, tracker, tmp_path)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    turned = bytearray(whole)
    turned[len(whole) // 2] ^= 0xFF
    ruined = {
        "cut": whole[:5000],
        "emptied": b"",
        "overwritten": b"\x00" * len(whole),
        "one byte": bytes(turned),
    }
    kept.write_bytes(ruined[damage])
    (again,) = aligned_cache.aligned(dataset, lambda _: 1, tracker, tmp_path)
    assert np.array_equal(first.later, again.later)
    assert f"{kept} is damaged and made again" in caplog.text
    assert [path for path in tmp_path.iterdir()] == [kept]
    caplog.clear()
    aligned_cache.aligned(dataset, lambda _: 1, tracker, tmp_path)
    assert not caplog.text


def test_of_two_people_the_one_of_the_record_is_laid_out(
    film, two_people, landmark_model, tmp_path
):
    cv2.imwrite(str(tmp_path / "both.png"), two_people)
    frames = {100: tmp_path / "both.png", 106: tmp_path / "both.png"}
    record = replace(film(6, 30.0), frames=frames, apex=106, offset=106)
    tracker = LandmarkTracker(landmark_model)
    second = LandmarkTracker(landmark_model, max_faces=2).track(0, two_people)[1]
    box = face_box(second.landmarks)
    one = align_clip(record, 1, tracker).onset
    other = align_clip(replace(record, face_box=box), 1, tracker).onset
    correlation = np.corrcoef([one.ravel(), one[:, ::-1].ravel(), other.ravel()])
    assert correlation[0, 2] < 0.8 < 0.9 < correlation[1, 2]
    elsewhere = replace(record, face_box=(5000.0, 10.0, 5050.0, 60.0))
    assert align_clip(elsewhere, 1, tracker) == "a picture cannot be read"
