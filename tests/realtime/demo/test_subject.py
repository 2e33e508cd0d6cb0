"""The built-in subject: same seed same frames, and its truth stands in the pixels."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.capture.source import SourceKind
from realtime.demo.subject import DemoSource, DemoSubject
from realtime.face.geometry import apply_transform, eye_centres

_UPPER = {"1", "2", "4", "5", "7"}
_LOWER = {"12", "14", "15", "17", "20", "23", "24", "25", "26"}


@pytest.fixture(scope="module")
def subject() -> DemoSubject:
    return DemoSubject(seed=0)


def _nearest(subject: DemoSubject, t_s: float) -> int:
    return round(t_s * subject.fps)


def _change(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(h, w) squared difference."""
    return ((a.astype(np.float64) - b) ** 2).sum(axis=2)


def test_the_same_seed_gives_the_same_frames_in_any_order(subject: DemoSubject) -> None:
    other = DemoSubject(seed=0)
    for index in (700, 3, 226):
        assert np.array_equal(other.frame(index), subject.frame(index))
    assert other.truth == subject.truth


def test_another_seed_gives_other_times_and_frames(subject: DemoSubject) -> None:
    other = DemoSubject(seed=1)
    assert other.truth != subject.truth
    assert not np.array_equal(other.frame(3), subject.frame(3))


def test_the_face_has_the_size_promised(subject: DemoSubject) -> None:
    right, left = eye_centres(subject.landmarks)
    assert 85 <= np.hypot(*(left - right)) <= 90
    assert np.hypot(*(left - right)) == pytest.approx(subject.iod)


def test_a_micro_expression_changes_its_part_of_the_face(subject: DemoSubject) -> None:
    rows = np.arange(subject.size[1])
    middle = subject.landmarks[[4, 197], 1].mean()  # upper half of the nose
    seen = set()
    for event, movement in zip(subject.truth, subject.screenplay.micros, strict=True):
        index = _nearest(subject, event.apex_s)
        change = _change(subject.frame(index), subject.frame(index, micro=False))
        upper = change[rows < middle].sum() / change.sum()
        if set(movement.units) <= _UPPER:
            assert upper > 0.9, event
            seen.add("upper")
        elif set(movement.units) <= _LOWER:
            assert upper < 0.1, event
            seen.add("lower")
    assert seen == {"upper", "lower"}


def test_outside_its_interval_a_micro_expression_leaves_no_trace(subject: DemoSubject) -> None:
    for event in subject.truth:
        before = int(event.onset_s * subject.fps)
        after = int(np.ceil(event.offset_s * subject.fps))
        for index in (before, after):
            assert np.array_equal(subject.frame(index), subject.frame(index, micro=False))


def test_the_skin_goes_as_far_as_the_truth_says(subject: DemoSubject) -> None:
    for event, (movement, skin) in zip(subject.truth, subject._micros, strict=True):
        assert movement.strength(event.apex_s) == pytest.approx(1.0)
        longest = np.hypot(skin.field[..., 0], skin.field[..., 1]).max()
        assert longest == pytest.approx(event.amplitude_iod * subject.iod, rel=0.05)


def test_a_movement_fades_out_before_the_border_of_its_part(subject: DemoSubject) -> None:
    for _, skin in (*subject._micros, subject._smile):
        rim = [skin.field[0], skin.field[-1], skin.field[:, 0], skin.field[:, -1]]
        assert max(float(np.abs(line).max()) for line in rim) < 0.05  # pixels: no visible seam


def test_a_blink_hides_the_eyes(subject: DemoSubject) -> None:
    blink = subject.screenplay.blinks[0]
    index = _nearest(subject, blink.start_s + blink.rise_s)
    closed, before = subject.frame(index), subject.frame(index - 9)
    for eye in ([33, 133, 159, 145], [263, 362, 386, 374]):
        now, then = (_patch(subject, image, at, eye) for image, at in _both(closed, before, index))
        nose_now, nose_then = (
            _patch(subject, image, at, [197, 4]) for image, at in _both(closed, before, index)
        )
        # skin over the iris: the eye gets far brighter, the nose stays as it was
        assert now.mean() - then.mean() > 10
        assert abs(nose_now.mean() - nose_then.mean()) < 4


def _both(
    closed: NDArray[np.uint8], before: NDArray[np.uint8], index: int
) -> tuple[tuple[NDArray[np.uint8], int], ...]:
    return (closed, index), (before, index - 9)


def _patch(
    subject: DemoSubject, image: NDArray[np.uint8], index: int, members: list[int]
) -> NDArray[np.uint8]:
    """Twelve pixels square around some landmarks, where the head is in that frame."""
    centre = subject.landmarks[members, :2].mean(axis=0, keepdims=True)
    x, y = np.rint(apply_transform(subject.pose(index), centre)[0]).astype(int)
    return image[y - 6 : y + 6, x - 6 : x + 6]


def test_the_head_sways_a_little(subject: DemoSubject) -> None:
    centre = subject.landmarks[[168], :2]
    path = np.concatenate(
        [apply_transform(subject.pose(i), centre) for i in range(subject.frame_count)]
    )
    assert (path.std(axis=0) / subject.iod > 0.005).all()
    assert (path.std(axis=0) / subject.iod < 0.02).all()
    turns = [np.degrees(np.arctan2(p[1, 0], p[0, 0])) for p in map(subject.pose, range(1200))]
    assert 0.1 < np.max(np.abs(turns)) < 1.5


def test_the_noise_is_new_in_each_frame_and_two_grey_levels_strong(subject: DemoSubject) -> None:
    # The smooth wall behind her: what differs from one frame to the next is noise.
    corner = [subject.frame(i)[20:100, 20:140].astype(np.float64) for i in (30, 31)]
    assert (corner[1] - corner[0]).std() / np.sqrt(2) == pytest.approx(2.0, abs=0.3)


def test_the_source_plays_every_frame_once_and_ends() -> None:
    with DemoSource(DemoSubject(seconds=34, fps=10, size=(160, 120))) as source:
        assert source.info.kind is SourceKind.DEMO
        assert not source.info.live
        shots = []
        while (shot := source.read()) is not None:
            shots.append(shot)
        assert len(shots) == source.info.frame_count == 340
        assert [s.t_ns for s in shots[:3]] == [0, 100_000_000, 200_000_000]
        assert np.array_equal(shots[70].image, source.subject.frame(70))
        assert shots[0].image.shape == (120, 160, 3)


def test_a_closed_source_gives_nothing(subject: DemoSubject) -> None:
    source = DemoSource(subject)
    assert source.read() is not None
    source.close()
    source.close()
    assert source.read() is None


def test_a_frame_outside_the_run_is_refused(subject: DemoSubject) -> None:
    with pytest.raises(IndexError):
        subject.frame(subject.frame_count)
