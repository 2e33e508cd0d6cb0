import pytest

from model.datasets.samm_lv import load
from realtime.errors import DataError
from tests.model.datasets.trees import pictures, workbook

HEAD = ["Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type"]
HEAD += ["Action Units", "Notes"]


def row(clip, onset, apex, offset, kind="Micro - 1/2"):
    return [clip[:3], clip, 1, onset, apex, offset, 1, kind, "4", None]


@pytest.fixture
def root(tmp_path):
    rows = [[f"line {n}"] for n in range(9)] + [HEAD]
    rows += [
        row("006_1_1", 20.4, 25.5, 30.6),
        row("006_1_2", 40, -1, 50, "Macro"),
        row("037_4_1", 5, 8, 12),
        row("037_4_1", 20, 28, 45, "Macro"),
        row("006_1_3", 0, 20, 30, "Macro"),
        row("006_1_4", 40, 45, 4000),
        row("009_9_1", 40, 45, 50),
        row("006_1_1", 20, 25, 30),
    ]
    workbook(tmp_path / "SAMM_LongVideos_V3_Release.xlsx", {"FACS_Movement_Only": rows})
    for video in ("006_1", "037_4"):
        folder = tmp_path / "SAMM_longvideos" / video
        pictures(folder, [f"{video}_{n:04d}.jpg" for n in range(1, 61)])
    return tmp_path


def test_long_videos_are_shared_and_odd_rows_reported(root):
    dataset = load(root)
    records = {record.clip: record for record in dataset.records}
    assert set(records) == {
        *("006_1_1 micro", "006_1_2 macro", "006_1_3 macro"),
        *("037_4_1 micro", "037_4_1 macro"),
    }
    first = records["006_1_1 micro"]
    assert (first.onset, first.apex, first.offset) == (20, 26, 31)  # halves are rounded up
    assert records["006_1_2 macro"].apex is None
    assert records["006_1_3 macro"].onset == 1
    assert first.frames is records["006_1_2 macro"].frames
    assert not first.colour
    reasons = " ".join(dataset.report.summary())
    for reason in ("offset not among", "no folder", "the same clip twice", "begins with it"):
        assert reason in reasons


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="SAMM_LongVideos"):
        load(tmp_path)
