import pytest

from model.datasets.dfme import load
from realtime.errors import DataError
from tests.model.datasets.trees import pictures, workbook

HEAD = ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Emotion", "EmotionId"]
HEAD += ["Fps", "AU"]


def row(clip, onset, apex, offset, fps=200):
    return [clip[:7], clip, onset, apex, offset, "anger", 0, fps, "4"]


@pytest.fixture
def root(tmp_path):
    train = [HEAD, row("sub0003_01", 0, 9, 19), row("sub0004_01", 2, 9, 19, 500)]
    train += [row("sub0005_01", 0, 9, 19, None), row("sub0006_01", 0, 9, 19)]
    train += [row("sub0003_01", 0, 9, 19)]
    workbook(tmp_path / "DFME_train.xlsx", {"Sheet1": train})
    workbook(tmp_path / "testA.xlsx", {"Sheet1": [HEAD, row("sub0100_01", 0, 9, 19, 300)]})
    names = [f"{n:05d}.png" for n in range(20)]
    for clip in ("sub0003_01", "sub0004_01", "sub0005_01"):
        pictures(tmp_path / "DFME_train" / clip, names)
    pictures(tmp_path / "test_data_A/sub0100_01", names)
    return tmp_path


def test_frames_count_from_zero_and_rates_differ_by_row(root):
    dataset = load(root)
    records = {record.clip: record for record in dataset.records}
    assert set(records) == {"sub0003_01", "sub0004_01", "sub0100_01"}
    assert (records["sub0003_01"].onset, records["sub0003_01"].fps) == (0, 200.0)
    assert records["sub0004_01"].fps == 500.0
    assert records["sub0100_01"].subject == "100"
    reasons = " ".join(dataset.report.summary())
    for reason in ("no frame rate", "no folder", "the same clip twice"):
        assert reason in reasons


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="DFME_train"):
        load(tmp_path)
