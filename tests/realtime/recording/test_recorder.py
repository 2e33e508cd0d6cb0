import json
import resource
import shutil
import threading

import cv2
import numpy as np
import psutil
import pytest

from realtime.capture.ring_buffer import FrameRing
from realtime.recording.recorder import Recorder
from realtime.recording.session_folder import SessionFolder
from realtime.status import RecordingState
from tests.realtime.recording.frames import STEP_NS, fill, frames_of, number_in, numbered

HANG_S = 20.0  # far more than any step takes; only a hang reaches it


@pytest.fixture
def session(tmp_path):
    return SessionFolder.create(tmp_path / "out", settings={}, source="s", engine="e")


def at(number):
    return number * STEP_NS


def side_file(session, name):
    return json.loads((session.folder / "clips" / f"{name}.json").read_text())


def clip_numbers(session, name):
    return [number for number, _ in frames_of(session.folder / "clips" / f"{name}.mp4")]


def until(true):
    """Wait for another thread's work."""
    pause = threading.Event()
    for _ in range(round(HANG_S / 0.01)):
        if true():
            return
        pause.wait(0.01)
    pytest.fail("did not happen")


def test_a_clip_holds_pre_roll_event_and_post_roll(session):
    ring = FrameRing(200)
    fill(ring, 60)
    with Recorder(session, ring, pre_s=1.0, post_s=1.0, reserve_bytes=0) as recorder:
        assert recorder.record("0001", at(50), at(53), at(58)) == "clips/0001.mp4"
        fill(ring, 60, first=60)
        until(lambda: recorder.counts().clips == 1)
        assert recorder.state() == (RecordingState.IDLE, "")
        wanted = list(range(20, 89))  # 30 frames of 33.333333 ms are a hair under a second
        assert clip_numbers(session, "0001") == wanted
        side = side_file(session, "0001")
        assert side["t_ns"] == [at(n) for n in wanted]
        assert (side["onset_ns"], side["apex_ns"], side["offset_ns"]) == (at(50), at(53), at(58))
        assert (side["missed"], side["degraded"], side["complete"]) == (0, False, True)
    assert recorder.notices() == ()


@pytest.mark.parametrize(
    ("pictures", "files"),
    [("none", []), ("stills", ["0001_apex.png", "0001_onset.png"])],
)
def test_pictures_that_are_not_wanted_are_neither_written_nor_missed(session, pictures, files):
    ring = FrameRing(200)
    fill(ring, 60)
    crop = np.zeros((224, 224), np.uint8)
    with Recorder(session, ring, pictures=pictures, reserve_bytes=0) as recorder:
        assert recorder.record("0001", at(50), at(53), at(58)) is None
        recorder.save_stills("0001", at(50), at(53), crop, None)
    written = [path for place in ("clips", "stills") for path in (session.folder / place).iterdir()]
    assert sorted(path.name for path in written) == files
    assert recorder.counts().suppressed == 0


def test_lossless_overlapping_clips_have_every_frame(session):
    ring = FrameRing(64, lossless=True, ahead=8)
    analysis = ring.reader()
    source = threading.Thread(target=lambda: (fill(ring, 150), ring.close()))
    with Recorder(session, ring, pre_s=0.5, post_s=0.5, reserve_bytes=0) as recorder:
        source.start()
        while (frame := analysis.next(HANG_S)) is not None:
            if frame.seq in (40, 44, 48, 52):
                name = f"{frame.seq:04d}"
                recorder.record(name, at(frame.seq - 10), at(frame.seq - 5), at(frame.seq))
        source.join(HANG_S)
    assert recorder.counts().clips == 4
    for seq in (40, 44, 48, 52):
        name = f"{seq:04d}"
        numbers = clip_numbers(session, name)
        assert numbers == list(range(seq - 25, seq + 16))
        assert not side_file(session, name)["degraded"]


def test_no_more_than_four_clips_at_once(session):
    ring = FrameRing(100)
    fill(ring, 50)
    with Recorder(session, ring, reserve_bytes=0) as recorder:
        paths = [recorder.record(f"{n:04d}", at(40), at(45), at(49)) for n in range(6)]
        assert paths[3:] == ["clips/0003.mp4", None, None]
        state, what = recorder.state()
        assert state is RecordingState.WRITING
        assert what.startswith("clips/0000.mp4")
        assert recorder.counts().suppressed == 2
        assert "2 clips" in recorder.notices()[-1]
    assert len(list((session.folder / "clips").glob("*.mp4"))) == 4


@pytest.mark.fault
def test_of_a_thousand_events_every_one_is_a_clip_or_counted(session):
    """As fast as they can be told: an hour of them would come in some seconds."""
    ring = FrameRing(30)
    memory = psutil.Process().memory_info().rss
    with Recorder(session, ring, pre_s=0.1, post_s=0.1, reserve_bytes=0) as recorder:
        begun = 0
        for n in range(1000):
            fill(ring, 3, first=3 * n)
            newest = at(3 * n + 2)
            path = recorder.record(f"{n:04d}", newest - 2, newest - 1, newest)
            begun += path is not None
    counts = recorder.counts()
    # those whose frames were gone before they could be read have failed
    assert counts.clips + counts.suppressed + counts.failures == 1000
    assert counts.suppressed == 1000 - begun
    assert counts.clips == len(list((session.folder / "clips").glob("*.mp4"))) > 10
    assert f"{counts.suppressed} clips" in " ".join(recorder.notices())
    assert psutil.Process().memory_info().rss - memory < 100_000_000


def test_pre_roll_shorter_than_asked_and_source_ending_early(session):
    ring = FrameRing(100)
    fill(ring, 20)
    with Recorder(session, ring, reserve_bytes=0) as recorder:
        recorder.record("0001", at(10), at(12), at(15))
        fill(ring, 5, first=20)
        ring.close()
        until(lambda: recorder.counts().clips == 1)
        assert clip_numbers(session, "0001") == list(range(25))
        side = side_file(session, "0001")
        assert (side["complete"], side["degraded"]) == (False, False)


def test_closing_finishes_open_clips_and_leaves_no_part(session):
    ring = FrameRing(100)
    fill(ring, 50)
    recorder = Recorder(session, ring, reserve_bytes=0)
    with recorder:
        for n in range(3):
            recorder.record(f"{n:04d}", at(40), at(45), at(49))
    recorder.close()
    clips = session.folder / "clips"
    assert sorted(p.name for p in clips.iterdir()) == sorted(
        f"{n:04d}.{end}" for n in range(3) for end in ("mp4", "json")
    )
    assert clip_numbers(session, "0002") == list(range(10, 50))
    assert recorder.record("0009", at(40), at(45), at(49)) is None
    assert not any(t.name == "recorder" for t in threading.enumerate())


def test_frames_a_live_ring_let_go_are_counted_and_the_clip_is_marked(session):
    ring = FrameRing(10)
    fill(ring, 10)
    recorder = Recorder(session, ring, reserve_bytes=0)
    recorder.record("0001", at(2), at(4), at(6))  # before its thread runs: as late as can be
    fill(ring, 30, first=10)
    with recorder:
        until(lambda: recorder.counts().clips == 1)
    assert clip_numbers(session, "0001") == list(range(30, 37))
    side = side_file(session, "0001")
    assert side["missed"] == recorder.counts().missing_frames == 30
    assert side["degraded"]
    assert "30 frames" in recorder.notices()[-1]


def test_a_change_of_size_ends_the_clip(session):
    ring = FrameRing(100)
    fill(ring, 20)
    ring.push(at(20), numbered(20, 160, 120))
    with Recorder(session, ring, reserve_bytes=0) as recorder:
        recorder.record("0001", at(10), at(12), at(15))
        until(lambda: recorder.counts().failures == 1)
    assert clip_numbers(session, "0001") == list(range(20))
    side = side_file(session, "0001")
    assert side["degraded"]
    assert "changed from 128×96 to 160×120" in side["error"]


def test_below_the_reserve_nothing_is_begun_until_there_is_room(session, monkeypatch):
    free = [10]
    monkeypatch.setattr(SessionFolder, "free_bytes", lambda _: free[0])
    ring = FrameRing(100)
    fill(ring, 50)
    with Recorder(session, ring, reserve_bytes=1000) as recorder:
        assert recorder.record("0001", at(10), at(12), at(15)) is None
        newest = ring.newest
        assert (
            recorder.save_stills("0001", newest.t_ns, newest.t_ns, newest.image[:, :, 0], None)
            == ()
        )
        assert recorder.state() == (RecordingState.PAUSED, "disk full")
        free[0] = 2000
        assert recorder.state() == (RecordingState.IDLE, "")
        assert recorder.record("0002", at(10), at(12), at(15)) == "clips/0002.mp4"


@pytest.mark.fault
def test_a_disk_that_fills_up_in_mid_clip(session):
    ring = FrameRing(100, lossless=True, ahead=4)
    analysis = ring.reader()
    source = threading.Thread(target=lambda: (fill(ring, 80), ring.close()))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Recorder(session, ring, reserve_bytes=0) as recorder:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        try:
            source.start()
            seen = 0
            while (frame := analysis.next(HANG_S)) is not None:
                seen += 1
                if frame.seq == 20:
                    recorder.record("0001", at(10), at(12), at(15))
            until(lambda: recorder.counts().failures == 1)
            assert recorder.state() == (RecordingState.PAUSED, "disk full")
            assert "no room left" in recorder.notices()[0]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        source.join(HANG_S)
    assert seen == 80
    numbers = clip_numbers(session, "0001")
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert 5 < len(numbers) < 46
    side = side_file(session, "0001")
    assert side["degraded"]
    assert side["t_ns"] == [at(n) for n in numbers]


def test_a_folder_removed_in_the_run_is_made_again(session):
    ring = FrameRing(100)
    fill(ring, 50)
    with Recorder(session, ring, reserve_bytes=0) as recorder:
        shutil.rmtree(session.folder)
        recorder.record("0001", at(10), at(12), at(15))
        ring.close()
    assert clip_numbers(session, "0001") == list(range(46))


def test_a_fault_in_the_thread_is_shown_and_frees_the_source(session, monkeypatch, caplog):
    def broken(*_):
        raise ZeroDivisionError("broken on purpose")

    monkeypatch.setattr("realtime.recording.clip_recording.ClipWriter", broken)
    ring = FrameRing(64, lossless=True, ahead=4)
    with Recorder(session, ring, reserve_bytes=0) as recorder:
        recorder.record("0001", 0, at(2), at(4))
        fill(ring, 50)  # would wait for ever on a reader that nobody moves
        until(lambda: recorder.state()[0] is RecordingState.FAILED)
        assert "broken on purpose" in recorder.state()[1]
        assert recorder.record("0002", at(40), at(41), at(42)) is None
    assert "the recorder stopped" in caplog.text


@pytest.mark.parametrize("name", ["../x", "a/b", "", "x" * 41, "a.b"])
def test_an_event_id_cannot_name_another_file(session, name):
    ring = FrameRing(4)
    fill(ring, 2)
    recorder = Recorder(session, ring)
    with pytest.raises(ValueError, match="cannot name"):
        recorder.record(name, 0, 0, 0)


def test_stills_are_the_frames_and_the_displacement(session):
    ring = FrameRing(100)
    fill(ring, 50)
    onset_image = numbered(10)
    field = np.zeros((2, 224, 224), np.float32)
    field[0, 60:90, 60:90] = 1.0
    with Recorder(session, ring, reserve_bytes=0) as recorder:
        crop = np.full((224, 224), 128, np.uint8)
        paths = recorder.save_stills("0001", at(10), at(15), crop, field)
        assert recorder.save_stills("0002", at(10), at(15), crop, None) == (
            "stills/0002_onset.png",
            "stills/0002_apex.png",
        )
    assert paths == tuple(f"stills/0001_{n}.png" for n in ("onset", "apex", "displacement"))
    onset, apex, displacement = (cv2.imread(str(session.folder / path)) for path in paths)
    assert np.array_equal(onset, onset_image)
    assert number_in(apex) == 15
    assert displacement.shape == (738, 672, 3)
    moved, still = displacement[210, 240].astype(int), displacement[600, 600].astype(int)
    assert moved[2] > moved[0] + 40  # to the right is red
    assert np.ptp(still) == 0


@pytest.mark.parametrize(
    ("lossless", "apart", "begun"), [(True, 200, 6), (True, 1, 4), (False, 200, 4)]
)
def test_in_a_file_only_its_own_time_decides_which_clips_begin(session, lossless, apart, begun):
    recorder = Recorder(session, FrameRing(8, lossless=lossless))  # its thread never comes to work
    onsets = [at(100 + apart * k) for k in range(6)]
    paths = [
        recorder.record(f"{k:04d}", onset, onset + at(4), onset + at(10))
        for k, onset in enumerate(onsets)
    ]
    recorder.close()
    assert sum(path is not None for path in paths) == begun


def test_a_picture_of_another_moment_is_no_still(session):
    ring = FrameRing(10)
    fill(ring, 50)
    with Recorder(session, ring, reserve_bytes=0) as recorder:
        assert (
            recorder.save_stills("0001", at(30), at(45), np.zeros((224, 224), np.uint8), None) == ()
        )
        assert "without stills" in recorder.notices()[-1]


def test_a_pre_roll_that_was_let_go_marks_the_clip_with_what_it_lacks(session):
    ring = FrameRing(20)
    fill(ring, 60)
    with Recorder(session, ring, pre_s=1.0, post_s=0.1, reserve_bytes=0) as recorder:
        recorder.record("0001", at(50), at(52), at(55))
        until(lambda: recorder.counts().clips == 1)
    side = side_file(session, "0001")
    assert side["degraded"]
    assert side["missing_pre_roll_s"] == pytest.approx((at(40) - at(50)) / 1e9 + 1.0, abs=1e-6)
    assert clip_numbers(session, "0001")[0] == 40


def test_a_clip_does_not_go_on_behind_a_restart_nor_begin_before_one(session):
    ring = FrameRing(200)
    fill(ring, 60)
    ring.push(at(60), numbered(60), restart=True)
    fill(ring, 10, first=61)
    with Recorder(session, ring, pre_s=1.0, post_s=1.0, reserve_bytes=0) as recorder:
        recorder.record("0001", at(50), at(52), at(55))
        recorder.record("0002", at(65), at(66), at(67))
        fill(ring, 60, first=71)
        until(lambda: recorder.counts().clips == 2)
    assert clip_numbers(session, "0001") == list(range(20, 60))
    assert not side_file(session, "0001")["complete"]
    assert clip_numbers(session, "0002")[0] == 60
    assert side_file(session, "0002")["complete"]
    assert not side_file(session, "0002")["degraded"]


@pytest.mark.parametrize(("room_s", "told"), [(2.0, False), (6.0, False), (1.5, True), (0.3, True)])
def test_a_pre_roll_that_memory_cannot_hold_is_told_at_the_start(session, room_s, told):
    lines = Recorder(session, FrameRing(8), pre_s=1.0).shortage(room_s)
    assert bool(lines) is told
    if told:
        assert f"{max(0.0, room_s - 1.0):.1f} s before the onset, not 1.0 s" in lines[0]
