import pytest

from realtime.errors import RecordingError
from realtime.whole_file import write_whole


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
    (tmp_path / "a.json.part").mkdir()  # in the way of the new one
    with pytest.raises(RecordingError, match=r"a\.json"):
        write_whole(path, b"another")
    assert path.read_bytes() == b"one"
    with pytest.raises(RecordingError):
        write_whole(path / "below a file", b"x")
