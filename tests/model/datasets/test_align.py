import cv2
import numpy as np
import pytest
import torch

from benchmarks.invented import write
from model.apex import apex_range
from model.datasets import align, cache
from model.datasets.align import R, align_clip, labelled_apex
from model.datasets.clip_stream import ClipStream
from model.datasets.labels import three_classes
from model.datasets.record import Dataset, Report
from model.datasets.registry import load
from model.synthetic.pairs import NON_EVENT
from realtime.errors import DataError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model


@pytest.fixture(scope="module")
def tracker():
    return LandmarkTracker(face_model())


@pytest.fixture(scope="module")
def invented(tmp_path_factory):
    roots = write(tmp_path_factory.mktemp("invented"), subjects=1, each=3)
    return {name: load(f"{name}={root}") for name, root in roots.items()}


@pytest.fixture(scope="module")
def clips(invented, tracker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("aligned")
    return [
        clip
        for dataset in invented.values()
        for clip in cache.aligned(dataset, three_classes, tracker, folder)
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


def test_a_clip_without_a_face_is_reported(invented, tracker, tmp_path):
    record = invented["casme2"].records[0]
    blank = tmp_path / "blank.jpg"
    cv2.imwrite(str(blank), np.full((300, 300), 90, np.uint8))
    faceless = type(record)(**{
        **{name: getattr(record, name) for name in record.__slots__},
        "frames": dict.fromkeys(record.frames, blank),
    })  # fmt: skip
    assert align_clip(faceless, 0, tracker) == "no face found"
    dataset = Dataset("casme2", (faceless,), Report())
    assert cache.aligned(dataset, lambda _: 0, tracker, tmp_path) == []
    assert "no face found" in dataset.report.summary()[0]


def test_alignment_is_kept_and_a_damaged_file_is_made_again(
    invented, tracker, tmp_path, monkeypatch, caplog
):
    dataset = invented["samm"]
    first = cache.aligned(dataset, three_classes, tracker, tmp_path)
    (kept,) = tmp_path.glob("samm-*.npz")
    with monkeypatch.context() as patch:
        patch.setattr(cache, "align_clip", lambda *_: pytest.fail("aligned again"))
        again = cache.aligned(dataset, three_classes, tracker, tmp_path)
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.later, other.later)
        assert (one.clip, one.label, one.apex, one.span) == (
            *(other.clip, other.label, other.apex, other.span),
        )
    kept.write_bytes(kept.read_bytes()[:5000])
    anew = cache.aligned(dataset, three_classes, tracker, tmp_path)
    assert len(anew) == len(first)
    assert "damaged" in caplog.text
    assert align.MOST_FRAMES == 16


def test_a_pair_is_a_function_of_seed_and_index(clips):
    whole = ClipStream(clips, 5).take(6)
    later = ClipStream(clips, 5, first=4).take(2)
    assert torch.equal(whole.pair[4:], later.pair)
    assert torch.equal(whole.label[4:], later.label)
    other = ClipStream(clips, 6).take(6)
    assert not torch.equal(whole.pair, other.pair)
    second = ClipStream(clips, 5, rank=1, size=2).take(3)
    assert torch.equal(second.pair, whole.pair[1::2])


def test_classes_are_drawn_alike_and_some_pairs_show_nothing(clips):
    uneven = [clip for clip in clips if clip.label == 0] * 5
    uneven += [clip for clip in clips if clip.label == 2][:1]
    batch = ClipStream(uneven, 1).take(400)
    share = {label: float((batch.label == label).float().mean()) for label in (0, 2, NON_EVENT)}
    assert share[0] == pytest.approx(0.4, abs=0.08)
    assert share[2] == pytest.approx(0.4, abs=0.08)
    assert share[NON_EVENT] == pytest.approx(0.2, abs=0.07)
    assert not batch.known.any()
    with pytest.raises(DataError):
        ClipStream([], 1)
