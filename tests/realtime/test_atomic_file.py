import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from realtime.atomic_file import whole_file, write_whole
from realtime.errors import RecordingError


def test_a_file_is_replaced_whole_and_its_folder_made(tmp_path):
    path = tmp_path / "new" / "a.json"
    for content in (b"one", b"another"):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert [p.name for p in path.parent.iterdir()] == ["a.json"]
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_cannot_be_written_leaves_what_stood_there(tmp_path):
    path = tmp_path / "a.json"
    write_whole(path, b"one")
    with suppress(KeyboardInterrupt), whole_file(path) as file:
        file.write(b"half of anoth")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"one"
    (tmp_path / "folder").mkdir()
    for wrong in (path / "below a file", tmp_path / "folder"):
        with pytest.raises(RecordingError, match=wrong.name):
            write_whole(wrong, b"x")
    assert {p.name for p in tmp_path.iterdir()} == {"a.json", "folder"}


def test_a_kill_while_writing_is_no_obstacle_to_the_next_time(tmp_path):
    path = tmp_path / "a.json"
    child = f"""
import os, pathlib, signal
from realtime.atomic_file import whole_file
with whole_file(pathlib.Path({str(path)!r})) as file:
    file.write(b"half of an")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", child]).returncode == -signal.SIGKILL
    assert not path.exists()
    write_whole(path, b"whole")
    assert path.read_bytes() == b"whole"


def test_a_private_file_is_its_owners_alone(tmp_path):
    before = os.umask(0)
    try:
        with whole_file(tmp_path / "face.png", private=True) as file:
            file.write(b"x")
        with whole_file(tmp_path / "table.csv") as file:
            file.write(b"x")
    finally:
        os.umask(before)
    modes = {p.name: p.stat().st_mode & 0o777 for p in tmp_path.iterdir()}
    assert modes == {"face.png": 0o600, "table.csv": 0o666}
