"""The whole session as video: every frame once, in segments; what the disk did not take is told."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from realtime.capture.ring_buffer import FrameRing
from realtime.recording.clip_recovery import recover
from realtime.recording.session_folder import SessionFolder
from realtime.recording.session_video import SessionVideo
from realtime.status import VideoCounts
from tests.paths import ROOT
from tests.realtime.recording.frames import STEP_NS, fill, frames_of, numbered
from tests.realtime.recording.video_child import AHEAD

HANG_S = 20.0
RESERVE = 500_000_000


@pytest.fixture
def session(tmp_path: Path) -> SessionFolder:
    return SessionFolder.create(tmp_path / "out", settings={}, source="s", engine="e")


def until(true: Callable[[], bool]) -> None:
    """Wait for another thread's work."""
    pause = threading.Event()
    for _ in range(round(HANG_S / 0.01)):
        if true():
            return
        pause.wait(0.01)
    raise AssertionError("it never happened")


def segments(session: SessionFolder) -> dict[str, list[int]]:
    found = sorted((session.folder / "video").glob("*.mp4"))
    return {path.name: [number for number, _ in frames_of(path)] for path in found}


def starts(session: SessionFolder) -> dict[str, float]:
    lines = map(json.loads, (session.folder / "video.jsonl").read_text().splitlines())
    return {line["file"]: line["start_s"] for line in lines}


def test_every_frame_of_a_session_is_in_one_segment_whose_beginning_is_known(
    session: SessionFolder,
) -> None:
    ring = FrameRing(100, lossless=True)
    with SessionVideo(session, ring, free_bytes=lambda: 10**9, segment_s=1.0) as video:
        ring.push(0, numbered(0))
        video.begin(0, -2 * STEP_NS)
        fill(ring, 69, first=1)
        ring.close()
    assert segments(session) == {
        "0001.mp4": list(range(31)),
        "0002.mp4": list(range(31, 62)),
        "0003.mp4": list(range(62, 70)),
    }
    assert starts(session) == {
        f"video/{k + 1:04}.mp4": pytest.approx((31 * k + 2) * STEP_NS / 1e9, abs=1e-6)
        for k in range(3)
    }
    assert video.counts() == VideoCounts(segments=3, frames=70)
    assert video.notices() == ()
    assert (session.folder / "video").stat().st_mode & 0o077 == 0


def test_a_restart_of_the_source_or_another_size_begins_a_segment(session: SessionFolder) -> None:
    ring = FrameRing(100, lossless=True)
    with SessionVideo(session, ring, free_bytes=lambda: 10**9) as video:
        ring.push(0, numbered(0))
        video.begin(0, 0)
        ring.push(STEP_NS, numbered(1))
        ring.push(2 * STEP_NS, numbered(2, 160, 96), restart=True)
        ring.close()
    assert segments(session) == {"0001.mp4": [0, 1], "0002.mp4": [2]}


def test_a_full_disk_pauses_it_and_room_lets_it_go_on(session: SessionFolder) -> None:
    room = [10**9]
    ring = FrameRing(100, lossless=True)
    with SessionVideo(session, ring, free_bytes=lambda: room[0], reserve_bytes=RESERVE) as video:
        ring.push(0, numbered(0))
        video.begin(0, 0)
        fill(ring, 4, first=1)
        until(lambda: video.counts().frames == 5)
        room[0] = RESERVE - 1
        fill(ring, 3, first=5)
        until(lambda: video.counts().missing_frames == 3)
        assert video.notices()[0] == "video: nothing is written: the disk is full"
        room[0] = RESERVE
        fill(ring, 2, first=8)
        ring.close()
    assert segments(session) == {"0001.mp4": [0, 1, 2, 3, 4], "0002.mp4": [8, 9]}
    assert video.notices() == ("video: 3 frames of the session are missing",)


def test_what_stands_in_the_folder_s_place_is_told_and_nothing_else_is_hurt(
    session: SessionFolder,
) -> None:
    (session.folder / "video").write_text("mine")
    ring = FrameRing(100, lossless=True)
    with SessionVideo(session, ring, free_bytes=lambda: 10**9) as video:
        ring.push(0, numbered(0))
        video.begin(0, 0)
        fill(ring, 9, first=1)
        ring.close()
    assert (session.folder / "video").read_text() == "mine"
    assert video.counts() == VideoCounts(missing_frames=10, failures=1)
    assert "video" in video.notices()[0]


def test_withdrawn_consent_removes_the_open_segment(session: SessionFolder) -> None:
    ring = FrameRing(100, lossless=True)
    with SessionVideo(session, ring, free_bytes=lambda: 10**9, segment_s=1.0) as video:
        ring.push(0, numbered(0))
        video.begin(0, 0)
        fill(ring, 39, first=1)
        until(lambda: video.counts().frames == 40)
        assert video.discard()
    assert list(segments(session)) == ["0001.mp4"]
    assert not list((session.folder / "video").glob("*.part.mp4"))


@pytest.mark.fault
@pytest.mark.parametrize("last", [41, 70])
def test_a_kill_costs_the_frame_or_two_that_were_being_written(tmp_path: Path, last: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.realtime.recording.video_child", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        folder = Path(child.stdout.readline().strip())
        pushed = next(number for number in map(int, child.stdout) if number >= last)
        child.kill()
        rest = [int(line) for line in child.stdout if line.endswith("\n")]
    recover(tmp_path)
    session = SessionFolder(folder)
    found, begun = segments(session), starts(session)
    kept = [number for numbers in found.values() for number in numbers]
    assert kept == list(range(len(kept)))
    assert len(kept) >= [pushed, *rest][-1] - AHEAD - 2
    assert "0001.mp4" in found
    torn = len(kept) % len(found["0001.mp4"])  # none where it was killed between two segments
    assert any(name.endswith(".recovered.mp4") for name in found) or not torn
    for name, numbers in found.items():
        start_s = begun[f"video/{name.split('.')[0]}.mp4"]
        assert start_s == pytest.approx(numbers[0] * STEP_NS / 1e9, abs=1e-6)


def test_without_a_frame_there_is_no_video(session: SessionFolder) -> None:
    with SessionVideo(session, FrameRing(10), free_bytes=lambda: 10**9) as video:
        pass
    assert video.counts() == VideoCounts()
    assert not (session.folder / "video").exists()
