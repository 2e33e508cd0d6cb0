import pytest

from model.datasets.cas_me_2 import load
from model.datasets.labels import three_classes
from realtime.errors import DataError
from tests.model.datasets.trees import pictures, workbook

MICRO, MACRO = "micro-expression", "macro-expression"


def row(participant, stimulus, onset, apex, offset, kind=MICRO, valence="negative"):
    return [participant, stimulus, onset, apex, offset, "4+7", valence, kind, "happyiness"]


@pytest.fixture
def root(tmp_path):
    coding = [
        row(1, "disgust1_1", 10, 14, 20),
        row(1, "disgust1_2", 10, 14, 0, MACRO),
        row(2, "anger1_1", 10, 0, 20, MACRO, "others"),
        row(2, "anger1_2", 10, 25, 20, MACRO),
        row(2, "happy2_1", 10, 14, 20),
        row(9, "anger1_1", 10, 14, 20),
        row(1, "disgust1_3", 0, 14, 20),
        row(1, "disgust1_4", 10, 14, 999),
        row(1, "disgust1_1", 10, 14, 20),
        [None, "anger1_1", 10],
    ]
    sheets = {
        "CASFEcode_final": coding,
        "naming rule1": [[1, "s15", 1], [2, "s16", 2], [3, "s15", 1]],
        "naming rule2": [["0101", "disgust1"], ["0401", "anger1"]],
    }
    workbook(tmp_path / "CAS(ME)^2code_final.xlsx", sheets)
    names = [f"img{n:03d}.jpg" for n in range(1, 31)]
    pictures(tmp_path / "rawpic/s15/15_0101disgustingteeth", names)
    pictures(tmp_path / "rawpic/s16/16_0401girlcrashing", [f"img_{n}.jpg" for n in range(1, 31)])
    return tmp_path


def test_codes_lead_to_folders_and_zeros_are_not_frames(root):
    dataset = load(root)
    records = {record.clip: record for record in dataset.records}
    assert set(records) == {
        "s15/disgust1_1 micro",
        "s15/disgust1_2 macro",
        "s16/anger1_1 macro",
        "s16/anger1_2 macro",
    }
    first = records["s15/disgust1_1 micro"]
    assert (first.subject, first.onset, first.apex, first.offset) == ("15", 10, 14, 20)
    assert (first.fps, first.kind, first.emotion) == (30.0, "micro", "happiness")
    assert three_classes(first) == 0
    assert first.frames is records["s15/disgust1_2 macro"].frames  # one listing a video
    no_offset, no_apex = records["s15/disgust1_2 macro"], records["s16/anger1_1 macro"]
    assert (no_offset.apex, no_offset.offset) == (14, 14)
    assert no_apex.apex == 15
    assert records["s16/anger1_2 macro"].apex == 15
    assert three_classes(no_apex) is None
    reasons = " ".join(dataset.report.summary())
    expected = (
        *("no offset coded", "the middle is taken", "no folder", "not an interval"),
        *("not among the pictures", "the same movement twice", "no participant"),
    )
    for reason in expected:
        assert reason in reasons


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="code_final"):
        load(tmp_path)
