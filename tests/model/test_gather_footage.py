"""Who is in which video, and whose videos are left out."""

from pathlib import Path

import pytest

from model import train
from realtime.errors import DataError


@pytest.fixture
def videos(tmp_path, monkeypatch):
    """Three videos, two of them of ann; what is read of one is (file name, person)."""
    monkeypatch.setattr(train, "face_model", lambda path: path)
    monkeypatch.setattr(train, "LandmarkTracker", lambda path: None)
    monkeypatch.setattr(train, "read_footage", lambda path, _, person: [(path.name, person)])
    (tmp_path / "people.csv").write_text("file,person\nvideo/a1.mp4,ann\nvideo/a2.mp4,ann\n")
    return [tmp_path / name for name in ("a1.mp4", "a2.mp4", "b.mp4")]


def test_a_video_that_nobody_names_is_a_person_of_its_own(videos):
    people = videos[0].with_name("people.csv")
    found = train.gather_footage(videos, None, people)
    assert found == [("a1.mp4", "ann"), ("a2.mp4", "ann"), ("b.mp4", "b")]


def test_all_videos_of_a_person_are_left_out(videos):
    people = videos[0].with_name("people.csv")
    assert train.gather_footage(videos, None, people, ["ann"]) == [("b.mp4", "b")]
    assert train.gather_footage(videos[:2], None, people, ["ann"]) == []


def test_a_person_nobody_filmed_cannot_be_left_out(videos):
    with pytest.raises(DataError, match="zoe"):
        train.gather_footage(videos, None, None, ["zoe"])


def test_a_table_that_names_nobody_is_refused(videos):
    table = videos[0].with_name("other.csv")
    table.write_text("name\nx\n")
    with pytest.raises(DataError, match=r"other\.csv"):
        train.gather_footage(videos, None, table)
    with pytest.raises(DataError):
        train.gather_footage(videos, None, Path("missing.csv"))
