import pytest

from model.datasets.mmew import load
from realtime.errors import DataError
from tests.model.datasets.trees import pictures, workbook

HEAD = ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Action Units"]
HEAD += ["Estimated Emotion", "remarks"]


def row(clip, onset, apex, offset, emotion="happiness"):
    return [clip[1:3], clip, onset, apex, offset, "12", emotion, "x"]


@pytest.fixture
def root(tmp_path):
    rows = [HEAD, row("S03-01-002", 1, 8, 15), row("S03-07-001", 2, 5, 9, "others")]
    rows += [row("S04-01-001", 540, 548, 556), row("S05-01-001", 1, 8, 15)]
    rows += [row("S03-01-002", 1, 8, 15), row("S06-01-001", 1, 8, 99)]
    workbook(tmp_path / "MMEW_Micro_Exp_v2.xlsx", {"Sheet1": rows})
    base = tmp_path / "MMEW_Final/Micro_Expression"
    names = [f"{n}.jpg" for n in range(1, 21)]
    for place in ("happiness/S03-01-002", "repression/S03-07-001", "S04/happiness/S04-01-001"):
        pictures(base / place, names)
    pictures(base / "happiness/S06-01-001", names)
    return tmp_path


def test_clips_are_found_below_their_emotion(root):
    dataset = load(root)
    records = {record.clip: record for record in dataset.records}
    assert set(records) == {"S03-01-002", "S03-07-001", "S04-01-001"}
    assert (records["S03-01-002"].subject, records["S03-01-002"].fps) == ("3", 90.0)
    assert records["S03-07-001"].emotion == "others"
    shifted = records["S04-01-001"]
    assert (shifted.onset, shifted.apex, shifted.offset) == (1, 9, 17)
    reasons = " ".join(dataset.report.summary())
    for reason in ("shifted", "no folder", "the same clip twice", "offset not among"):
        assert reason in reasons


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="MMEW_Micro_Exp"):
        load(tmp_path)
