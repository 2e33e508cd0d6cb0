import pytest

from model.datasets.casme import load
from realtime.errors import DataError
from tests.model.datasets.trees import pictures, workbook

HEAD = ["Subject", "Filename", None, "OnsetF", "ApexF1", "ApexF2", "OffsetF", None, "AU", "Emotion"]


def row(subject, clip, onset, apex, offset, emotion="tense"):
    return [subject, clip, None, onset, apex, 0, offset, None, "4", emotion]


@pytest.fixture
def root(tmp_path):
    rows = [HEAD, row(1, "EP01_12", 73, 78, 90), row(1, "EP01_12", 80, 84, 90, "disgust")]
    rows += [row(2, "EP02_1", 11, 0, 20), row(2, "EP02_1", 20, 15, 11), row(3, "EP9", 1, 2, 3)]
    workbook(tmp_path / "CASME.xlsx", {"Sheet1": rows})
    raw = tmp_path / "CASME_raw_selected"
    pictures(raw / "sub01/EP01_12", [f"EP01_12-{n}.jpg" for n in range(70, 95)])
    pictures(raw / "sub02/EP02_1", [f"EP02_1-{n:03d}.jpg" for n in range(5, 30)])
    return tmp_path


def test_every_row_is_a_movement_though_a_name_comes_twice(root):
    dataset = load(root)
    first, second, third = dataset.records
    assert (first.clip, second.clip) == ("sub01/EP01_12", "sub01/EP01_12#2")
    assert (first.apex, first.fps, first.emotion) == (78, 60.0, "tense")
    assert (third.apex, third.frames[11].name) == (None, "EP02_1-011.jpg")
    reasons = " ".join(dataset.report.summary())
    assert "not an interval" in reasons
    assert "no folder" in reasons


def test_cropped_pictures_are_known_as_such(tmp_path):
    workbook(tmp_path / "CASME.xlsx", {"S": [HEAD, row(1, "EP01_12", 73, 78, 90)]})
    folder = tmp_path / "Cropped/sub01/EP01_12"
    pictures(folder, [f"reg_EP01_12-{n}.jpg" for n in range(73, 91)])
    (record,) = load(tmp_path).records
    assert record.cropped
    assert record.frames[78].name == "reg_EP01_12-78.jpg"


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="workbook"):
        load(tmp_path)
