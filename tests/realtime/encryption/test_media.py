"""Clips and stills of an encrypted session, as everything that reads them finds them."""

import json

import cv2
import numpy as np
import pytest

from realtime.capture.video_file import VideoFile
from realtime.cli.retention import new_key
from realtime.encryption.key import KEYRING, read_key
from realtime.encryption.media import is_sealed, read_still
from realtime.encryption.sealed_file import sealed
from realtime.errors import DataError, SettingsError
from realtime.recording.clip_recovery import recover
from realtime.recording.clip_writer import ClipWriter, readable_frames
from realtime.recording.session_folder import SessionFolder
from tests.realtime.recording.frames import STEP_NS, number_in, numbered


@pytest.fixture
def place(tmp_path):
    assert new_key.run([str(tmp_path / "lab.key")]) == 0
    return tmp_path / "lab.key"


@pytest.fixture
def session(tmp_path, place):
    settings = {"recorder": {"key": str(place)}}
    key = read_key(place)
    return SessionFolder.create(
        tmp_path / "out", settings=settings, source="s", engine="e", key=key
    )


def written(session, name="0001.mp4", frames=12):
    writer = ClipWriter(session.path(f"clips/{name}"), 128, 96, session.key)
    for number in range(frames):
        writer.write(numbered(number), number * STEP_NS)
    return writer


def test_a_clip_is_read_with_the_key_and_is_noise_without(session, place, monkeypatch):
    written(session).close()
    clip = session.path("clips/0001.mp4")
    assert is_sealed(clip)
    assert b"ftyp" not in clip.read_bytes()
    with VideoFile(clip) as film:
        shown = [number_in(film.read().image) for _ in range(12)]
    assert shown == list(range(12))
    moved = place.rename(place.with_name("elsewhere.key"))
    with pytest.raises(
        DataError,
        match=r"0001\.mp4 is encrypted: there is no key .*; put it back, or say in FLEETING_KEY",
    ):
        VideoFile(clip)
    monkeypatch.setenv("FLEETING_KEY", str(moved))
    assert readable_frames(clip) == 12
    new_key.run([str(place)])
    monkeypatch.setenv("FLEETING_KEY", str(place))
    with pytest.raises(DataError, match="not the key it was encrypted with"):
        VideoFile(clip)


def test_a_still_is_read_with_the_key(session):
    picture = numbered(7)
    png = cv2.imencode(".png", picture)[1].tobytes()
    session.replace("stills/0001_apex.png", sealed(png, session.key))
    assert np.array_equal(read_still(session.path("stills/0001_apex.png")), picture)
    assert read_still(session.path("stills/0002_apex.png")) is None


def test_killed_while_it_is_written_a_clip_is_recovered_to_its_last_whole_chunk(session):
    writer = written(session)
    part = session.path("clips/0001.part.mp4")
    cut = part.read_bytes()[:-5]  # in the middle of the last chunk
    writer.discard()
    part.write_bytes(cut)
    (line,) = recover(session.folder.parent)
    assert "recovered as 0001.recovered.mp4" in line
    recovered = session.path("clips/0001.recovered.mp4")
    assert is_sealed(recovered)
    assert 9 <= readable_frames(recovered) < 12


def test_without_its_key_a_part_is_left_as_it_is(session, place):
    writer = written(session)
    part = session.path("clips/0001.part.mp4")
    cut = part.read_bytes()
    writer.discard()
    part.write_bytes(cut)
    place.unlink()
    (line,) = recover(session.folder.parent)
    assert "not recovered: 0001.part.mp4 is encrypted: there is no key" in line
    assert part.read_bytes() == cut


def test_a_key_is_its_owner_s_alone_and_never_replaced(place, capsys):
    assert place.stat().st_mode & 0o077 == 0
    before = place.read_bytes()
    assert new_key.run([str(place)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert place.read_bytes() == before


def test_the_key_itself_is_in_no_file_of_the_session(session, place):
    written(session).close()
    secret = place.read_bytes().strip()
    for path in session.folder.rglob("*"):
        assert path.is_dir() or secret not in path.read_bytes()
    assert json.loads((session.folder / "session.json").read_text())["settings"]


def test_the_key_may_lie_in_the_system_s_keyring(capsys):
    keyring = pytest.importorskip("keyring")
    held = {}

    class Held(keyring.backend.KeyringBackend):
        """A keyring as a desktop has it, in memory."""

        priority = 1

        def get_password(self, service, username):
            return held.get((service, username))

        def set_password(self, service, username, password):
            held[service, username] = password

    before = keyring.get_keyring()
    keyring.set_keyring(Held())
    try:
        with pytest.raises(SettingsError, match="fleeting new-key keyring"):
            read_key(KEYRING)
        assert new_key.run(["keyring"]) == 0
        assert len(read_key(KEYRING)) == 32
        assert new_key.run(["keyring"]) == 2
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 44, b"A" * 45])
def test_what_is_no_key_is_named(tmp_path, content):
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(SettingsError, match="holds no key of fleeting"):
        read_key(tmp_path / "key")
