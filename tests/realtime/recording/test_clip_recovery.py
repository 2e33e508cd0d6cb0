"""What a kill left is finished; what is not ours is not touched."""

import os

import pytest

from realtime.recording.clip_recovery import recover
from realtime.recording.clip_writer import ClipWriter
from realtime.recording.session_folder import SessionFolder
from tests.realtime.recording.frames import STEP_NS, frames_of, numbered


@pytest.fixture
def session(tmp_path):
    output = tmp_path / "sessions"
    return SessionFolder.create(output, settings={}, source="s", engine="e").folder


@pytest.fixture
def whole(tmp_path):
    with ClipWriter(tmp_path / "whole.mp4", 128, 96) as clip:
        for number in range(40):
            clip.write(numbered(number), number * STEP_NS)
    return (tmp_path / "whole.mp4").read_bytes()


def test_what_is_readable_is_recovered_and_every_part_is_kept(session, whole, tmp_path):
    clips = session / "clips"
    parts = {
        "0002.part.mp4": whole[: len(whole) * 2 // 3],
        "0003.part.mp4": whole[:200],
        "0004.part.mp4": b"",
        "0005.part.mp4": b"no clip at all" * 99,
    }
    for name, data in parts.items():
        (clips / name).write_bytes(data)
    lines = recover(session.parent)
    assert [line.split()[1].removesuffix(":") for line in lines] == [*parts]
    assert "0002.recovered.mp4" in lines[0]
    assert all("nothing readable" in line for line in lines[1:])
    for name, data in parts.items():
        assert (clips / f"{name}.kept").read_bytes() == data
    found = frames_of(clips / "0002.recovered.mp4")
    assert [number for number, _ in found] == list(range(len(found)))
    assert 20 <= len(found) < 40
    assert recover(session.parent) == []


def test_what_is_not_ours_is_not_touched(session, whole, tmp_path):
    output, clips = session.parent, session / "clips"
    own = clips / "0001.part.mp4"
    own.write_bytes(whole)
    foreign = [
        output / "holiday.part.mp4",
        output / "films" / "clips" / "0001.part.mp4",  # no session of ours
        output / "20260101-000000-0001" / "clips" / "0001.part.mp4",  # named as one, without record
        session / "0001.part.mp4",
        clips / "holiday.part.mp4",
        clips / "below" / "0001.part.mp4",
    ]
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(whole)
    outside = tmp_path / "outside.mp4"
    outside.write_bytes(whole)
    (clips / "0006.part.mp4").symlink_to(outside)
    os.mkfifo(clips / "0007.part.mp4")
    link = output / "20260101-000000-0002"
    link.symlink_to(session)
    assert len(recover(output)) == 1
    assert not own.exists()
    assert all(path.read_bytes() == whole for path in (*foreign, outside))
    assert (clips / "0006.part.mp4").is_symlink()


def test_nothing_is_overwritten(session, whole):
    clips = session / "clips"
    (clips / "0001.part.mp4").write_bytes(whole)
    (clips / "0001.recovered.mp4").write_bytes(b"mine")
    (line,) = recover(session.parent)
    assert "there already" in line
    assert (clips / "0001.recovered.mp4").read_bytes() == b"mine"
    assert (clips / "0001.part.mp4").read_bytes() == whole
    (clips / "0001.recovered.mp4").unlink()
    (clips / "0001.part.mp4.kept").write_bytes(b"mine too")
    recover(session.parent)
    assert (clips / "0001.part.mp4.kept").read_bytes() == b"mine too"
    assert (clips / "0001.part.mp4.kept.2").read_bytes() == whole


def test_a_clip_in_work_is_left_alone(session):
    with ClipWriter(session / "clips" / "0001.mp4", 128, 96) as clip:
        for number in range(5):
            clip.write(numbered(number), number * STEP_NS)
        assert recover(session.parent) == []
    assert [p.name for p in (session / "clips").iterdir()] == ["0001.mp4"]


def test_where_there_is_no_output_there_is_nothing_to_recover(tmp_path):
    assert recover(tmp_path / "nowhere") == []
