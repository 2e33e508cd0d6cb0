"""The benchmark of face sizes: what it scales, and what its table says."""

from contextlib import closing
from fractions import Fraction

import av
import numpy as np
import pytest

from benchmarks.spotting.face_size import SizeOutcome, iod_of, outcome, row, write_scaled
from realtime.capture.video_file import VideoFile
from realtime.errors import DataError
from realtime.face.landmarker import LandmarkTracker

TICKS = (0, 3000, 6000, 12000, 15000)  # of 90 kHz; one frame is missing
FOUR_SECONDS = range(0, 4 * 90_000, 3000)


def film(path, image, ticks=TICKS, sway_px=0):
    """The picture as a film; with `sway_px` it moves left and right, as a person does."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", options={"crf": "18"})
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 90_000)
        for tick in ticks:
            shift = round(sway_px * np.sin(tick / 30_000))
            moved = np.ascontiguousarray(np.roll(image, shift, axis=1))
            picture = av.VideoFrame.from_ndarray(moved, format="bgr24")
            picture.pts, picture.time_base = tick, stream.time_base
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def times_ns(path):
    with closing(VideoFile(path)) as video:
        return [frame.t_ns for frame in iter(video.read, None)]


def test_a_scaled_clip_has_the_iod_and_the_time_stamps(tmp_path, landmark_model, portrait):
    clip, tracker = film(tmp_path / "clip.mp4", portrait), LandmarkTracker(landmark_model)
    whole = iod_of(clip, tracker)
    write_scaled(clip, 32 / whole, tmp_path / "small.mp4")
    assert iod_of(tmp_path / "small.mp4", tracker) == pytest.approx(32, abs=1)
    assert times_ns(tmp_path / "small.mp4") == pytest.approx(times_ns(clip), abs=100_000)


@pytest.mark.parametrize(("limit_px", "assessable"), [(16.0, True), (80.0, False)])
def test_the_limit_decides_what_is_assessed(
    tmp_path, landmark_model, portrait, limit_px, assessable
):
    """The portrait has 42 px between the eyes."""
    clip = film(tmp_path / "clip.mp4", portrait[:320, 64:384], FOUR_SECONDS, sway_px=4)
    found = outcome(clip, [], limit_px)
    assert found.seconds == pytest.approx(4, abs=0.1)
    assert found.alarms == found.events == 0
    assert (found.assessable_s > 0.5) == assessable


def test_a_clip_without_a_face_is_refused(tmp_path, landmark_model):
    clip = film(tmp_path / "clip.mp4", np.full((240, 320, 3), 90, np.uint8))
    with pytest.raises(DataError, match="no face"):
        iod_of(clip, LandmarkTracker(landmark_model))


def test_the_row_pools_the_clips():
    pooled = row("set, 32 px", 16.0, [SizeOutcome(60, 45, 4, 3, 4), SizeOutcome(60, 15, 4, 1, 2)])
    assert pooled[:5] == ["set, 32 px", "16", "1.0", "50", "8"]
    assert pooled[5].startswith("0.50 (")
    assert pooled[6].startswith("2.00 (")
