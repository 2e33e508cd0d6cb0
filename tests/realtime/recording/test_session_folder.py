import errno
import json
import os
import resource
import stat
from contextlib import contextmanager

import pytest

from realtime.capture.ring_buffer import FrameRing
from realtime.errors import DiskFull, RecordingError, recording_error
from realtime.event import Event
from realtime.face.assessability import Assessable
from realtime.recording.event_log import EventLog
from realtime.recording.frame_row import COLUMNS, FrameRow
from realtime.recording.frames_csv import FramesCsv
from realtime.recording.recorder import Recorder
from realtime.recording.session import open_session
from realtime.recording.session_folder import SessionFolder
from realtime.recording.session_record import SessionEnd, SessionOutcome
from realtime.status import Counts
from tests.realtime.recording.frames import STEP_NS, fill

BOX = (200.0, 90.0, 420.0, 370.0)
EVENT = Event("0001", 0, BOX, "micro", 1.0, 1.1, 1.3, 1.35, 30, 33, 39, 0.02, 9.0, (0.5,) * 6)


@pytest.fixture
def session(tmp_path):
    return SessionFolder.create(
        tmp_path / "out", settings={"seconds": 2}, source="file a.mp4", engine="motion only"
    )


@contextmanager
def no_room():
    """Every file of this process may hold 300 bytes at most.

    Not a fixture: the test runner's own output may be a file, and is written before fixtures end.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_session_file_says_what_ran_and_how_it_ended(session):
    at_start = json.loads((session.folder / "session.json").read_text())
    assert at_start["settings"] == {"seconds": 2}
    assert at_start["source"] == "file a.mp4"
    assert at_start["engine"] == "motion only"
    assert at_start["clock"]["monotonic_ns"] > 0
    assert at_start["packages"]["av"].count(".") >= 1
    assert at_start["ended"] is at_start["counts"] is None
    assert open_session(session.folder).record.outcome is SessionOutcome.FAILED

    session.finish(Counts(events={"micro": 3}), SessionEnd.SOURCE_ENDED)
    at_end = json.loads((session.folder / "session.json").read_text())
    assert at_end["counts"]["events"] == {"micro": 3}
    assert at_end["counts"]["engine"] is None
    assert at_end["ended"]["reason"] == "the source ended"
    assert at_end["clock"] == at_start["clock"]
    assert open_session(session.folder).record.outcome is SessionOutcome.NOT_JUDGED


def test_counters_go_on_over_sessions(tmp_path):
    made = [
        SessionFolder.create(tmp_path, settings={}, source="s", engine="e").folder.name
        for _ in range(3)
    ]
    assert [name[-4:] for name in made] == ["0001", "0002", "0003"]


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_everything_is_private_whatever_the_umask(tmp_path, umask):
    output = tmp_path / "out"
    output.mkdir()
    before = os.umask(umask)
    try:
        session = SessionFolder.create(output, settings={}, source="s", engine="e")
        EventLog(session).append(EVENT)
        with FramesCsv(session) as table:
            table.append(FrameRow.without_face(0, 0.0))
        ring = FrameRing(64)
        fill(ring, 20)
        with Recorder(session, ring) as recorder:
            recorder.record("0001", 5 * STEP_NS, 6 * STEP_NS, 7 * STEP_NS)
            newest = ring.newest
            recorder.save_stills("0001", newest.t_ns, newest.t_ns, newest.image[:, :, 0], None)
            ring.close()
        session.finish(Counts(), SessionEnd.TIME_UP)
    finally:
        os.umask(before)
    modes = {
        p.relative_to(output).parts[-1]: stat.S_IMODE(p.stat().st_mode) for p in output.rglob("*")
    }
    folders = {session.folder.name, "clips", "stills"}
    assert {name: mode for name, mode in modes.items() if name in folders} == dict.fromkeys(
        folders, 0o700
    )
    files = {name: mode for name, mode in modes.items() if name not in folders}
    assert {"0001.mp4", "0001.json", "0001_apex.png", "events.jsonl", "frames.csv"} <= set(files)
    assert set(files.values()) == {0o600}


@pytest.mark.parametrize(
    "name", ["../x", "clips/../../x", "/etc/passwd", "", ".", "a\0b", "..\\x", "C:x"]
)
def test_no_name_leaves_the_folder(session, name):
    with pytest.raises(RecordingError):
        session.path(name)
    with pytest.raises(RecordingError):
        session.replace(name, b"x")
    assert not session.append_line(name, "x")


def test_links_are_refused(session, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (session.folder / "link").symlink_to(outside)
    (session.folder / "events.jsonl").symlink_to(outside / "stolen")
    with pytest.raises(RecordingError, match="link"):
        session.path("link/x")
    log = EventLog(session)
    log.append(EVENT)
    assert log.failures == 1
    (session.folder / "clips").rmdir()
    (session.folder / "clips").symlink_to(outside)
    with pytest.raises(RecordingError, match="link"):
        session.ensure_folders()
    assert not list(outside.iterdir())


def test_a_removed_folder_is_made_again(session):
    log = EventLog(session)
    log.append(EVENT)
    for path in sorted(session.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    session.folder.rmdir()
    assert session.free_bytes() > 0
    log.append(EVENT)
    assert log.failures == 0
    assert len(open_session(session.folder).events) == 1
    assert stat.S_IMODE(session.folder.stat().st_mode) == 0o700


def test_a_full_disk_is_counted_and_leaves_whole_lines(session):
    with no_room():
        log, table = EventLog(session), FramesCsv(session)
        for _ in range(3):
            log.append(EVENT)
        for n in range(50):
            table.append(FrameRow.without_face(n, n / 10))
        table.close()
        assert log.failures == 3  # one line is longer than the limit
        assert open_session(session.folder).events == ()
        lines = (session.folder / "frames.csv").read_text().splitlines()
        assert 0 < table.failures < 50 or (table.failures == 50 and len(lines) == 0)
        assert len(lines) == (51 - table.failures if lines else 0)
        with pytest.raises(DiskFull):
            session.replace("big.bin", bytes(1000))
        assert not list(session.folder.glob("big*"))


def test_a_torn_last_line_is_left_out_and_a_torn_middle_is_told(session):
    path = session.folder / "events.jsonl"
    log = EventLog(session)
    log.append(EVENT)
    log.append(EVENT)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert [e.id for e in open_session(session.folder).lines] == ["0001"]
    path.write_bytes(whole[:30] + b"\n" + whole)
    read = open_session(session.folder)
    assert [e.id for e in read.lines] == ["0001", "0001"]
    assert [trouble[:20] for trouble in read.troubles] == ["events.jsonl line 1:"]


def test_frame_table_has_openface_columns_and_repeatable_bytes(tmp_path):
    row = FrameRow(
        *(7, 2, 0.2333333, 0.98765, True, 0.1, -0.2, -0.0000001),
        *(0.5, 0.25, 0.125, 81.237, float("inf"), Assessable.YES, 1.0, 2.0, 3.0, 4.0, 5.0),
        sensitivity_upper_iod=0.013,
        **dict(pose_tx=12.34, pose_ty=-56.78, pose_tz=601.2, gaze_x=0.25, gaze_y=-0.5),
    )
    written = []
    for run in "ab":
        session = SessionFolder.create(tmp_path / run, settings={}, source="s", engine="e")
        with FramesCsv(session) as table:
            table.append(FrameRow.without_face(6, 0.2))
            table.append(row)
        written.append((session.folder / "frames.csv").read_bytes())
    assert written[0] == written[1]
    rows = written[1].decode().splitlines()[1:]
    assert [again.to_csv() for again in open_session(session.folder).frames] == rows
    header, without, full = written[0].decode().splitlines()
    assert header.startswith(
        "frame,face_id,timestamp,confidence,success,pose_Rx,pose_Ry,pose_Rz,blink_left"
    )
    assert without == "6,0,0.200000,0.0000,0,0.00000,0.00000,0.00000,,,,,,no_face,,,,,,,,,,,,"
    assert full == (
        "7,2,0.233333,0.9877,1,0.10000,-0.20000,0.00000,0.5000,0.2500,0.1250,81.24,,yes,"
        "1.000,2.000,3.000,4.000,5.000,0.0130,,12.3,-56.8,601.2,0.2500,-0.5000"
    )
    assert len(without.split(",")) == len(full.split(",")) == len(COLUMNS)


def test_rows_reach_the_disk_about_once_a_second(session):
    table = FramesCsv(session)
    for n in range(31):
        table.append(FrameRow.without_face(n, n / 30))
    assert len((session.folder / "frames.csv").read_text().splitlines()) == 32


def test_disk_errors_are_told_apart():
    assert isinstance(recording_error(OSError(errno.ENOSPC, "full"), "x"), DiskFull)
    assert not isinstance(recording_error(OSError(errno.EACCES, "no"), "x"), DiskFull)
