import resource

import numpy as np
import pytest

from realtime.errors import DiskFull, RecordingError
from realtime.recording.clip_writer import ClipWriter, readable_frames
from tests.realtime.recording.frames import STEP_NS, frames_of, numbered


def test_times_of_a_jittered_camera_are_kept_within_a_millisecond(tmp_path):
    rng = np.random.default_rng(3)
    steps = STEP_NS * rng.uniform(0.6, 1.4, 120)
    steps[rng.random(120) < 0.1] *= 3  # dropped frames
    times = 5_000_000_000 + np.cumsum(steps).astype(np.int64)
    with ClipWriter(tmp_path / "a.mp4", 128, 96) as clip:
        for number, t_ns in enumerate(times):
            clip.write(numbered(number), int(t_ns))
    found = frames_of(tmp_path / "a.mp4")
    assert [number for number, _ in found] == list(range(120))
    errors = np.abs(np.array([t for _, t in found]) - (times - times[0]))
    assert errors.max() <= 1_000_000
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_every_frame_time_is_its_own_even_within_a_microsecond(tmp_path):
    with ClipWriter(tmp_path / "a.mp4", 128, 96) as clip:
        for number in range(5):
            clip.write(numbered(number), number * 100)
    times = [t for _, t in frames_of(tmp_path / "a.mp4")]
    assert times == sorted(set(times))
    assert len(times) == 5


@pytest.mark.parametrize(("width", "height"), [(129, 97), (128, 97), (129, 96)])
def test_odd_sizes_are_padded(tmp_path, width, height):
    with ClipWriter(tmp_path / "a.mp4", width, height) as clip:
        for number in range(4):
            clip.write(numbered(number, width, height), number * STEP_NS)
    assert [number for number, _ in frames_of(tmp_path / "a.mp4")] == [0, 1, 2, 3]


def test_the_open_clip_can_be_read_up_to_the_frame_before_last(tmp_path):
    with ClipWriter(tmp_path / "a.mp4", 128, 96) as clip:
        for number in range(30):
            clip.write(numbered(number), number * STEP_NS)
            if number > 3:
                assert readable_frames(tmp_path / "a.part.mp4") >= number - 1


def test_an_empty_clip_leaves_nothing(tmp_path):
    clip = ClipWriter(tmp_path / "a.mp4", 128, 96)
    clip.close()
    clip.close()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_and_sizes_do_not_change(tmp_path):
    with ClipWriter(tmp_path / "a.mp4", 128, 96) as clip:
        clip.write(numbered(0), 0)
        with pytest.raises(RecordingError, match="changed"):
            clip.write(numbered(1, 130, 96), STEP_NS)
        with pytest.raises(RecordingError):
            ClipWriter(tmp_path / "a.mp4", 128, 96)  # its part is there
    with pytest.raises(RecordingError, match="exists"):
        ClipWriter(tmp_path / "a.mp4", 128, 96)


def _write_until_refused(clip):
    for number in range(200):
        clip.write(numbered(number), number * STEP_NS)


@pytest.mark.parametrize("limit", [100, 40_000, 90_001])
def test_a_full_disk_ends_the_clip_where_it_stands(tmp_path, limit):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    clip = ClipWriter(tmp_path / "a.mp4", 128, 96)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(DiskFull):
            _write_until_refused(clip)
        handed = clip.frames
        clip.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    if limit == 100:
        assert list(tmp_path.iterdir()) == []
        return
    found = frames_of(tmp_path / "a.mp4")
    assert [number for number, _ in found] == list(range(clip.frames))
    assert handed - 2 <= clip.frames <= handed
    assert clip.frames > 3
