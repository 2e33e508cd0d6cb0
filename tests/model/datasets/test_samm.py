import pytest

from model.datasets.samm import load
from realtime.errors import DataError
from tests.model.datasets.trees import pictures, workbook

HEAD = ["Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame"]
HEAD += ["Duration", "Micro", "Action Units", "Estimated Emotion", "Objective Classes", "Notes"]


def row(subject, clip, onset, apex, offset, emotion="Anger", units="4", note=None):
    return [subject, clip, 1, onset, apex, offset, 20, "Micro - 1/2", units, emotion, "II", note]


ROWS = [
    row("006", "006_1_2", 561, 565, 570, note="blink"),
    row(7, "007_3_1", 561, 600, 570, "Other", "(R6 or R12)+R15"),
    row("028", "028_4_1", 561, 12, 570),
    row("009", "009_1_1", 561, 565, 570),
    row("006", "006_1_2", 561, 565, 570),
    row("028", "006_1_2", 561, 565, 570),
]


def tree(root, name="SAMM", digits=5):
    for subject, clip in (("006", "006_1_2"), ("007", "007_3_1"), ("028", "028_4_1")):
        names = [f"{subject}_{n:0{digits}d}.jpg" for n in range(555, 575)]
        pictures(root / name / subject / clip, names)


@pytest.mark.parametrize("preamble", [0, 13])
@pytest.mark.parametrize("digits", [4, 5])
def test_rows_below_any_preamble_and_any_padding(tmp_path, preamble, digits):
    rows = [["SAMM"] for _ in range(preamble)] + [HEAD, *ROWS]
    workbook(tmp_path / "SAMM_Micro_FACS_Codes_v2.xlsx", {"MICRO_ONLY": rows})
    tree(tmp_path, digits=digits)
    dataset = load(tmp_path)
    records = {record.clip: record for record in dataset.records}
    assert set(records) == {"006_1_2", "007_3_1", "028_4_1"}
    assert (records["006_1_2"].subject, records["007_3_1"].subject) == ("6", "7")
    assert (records["006_1_2"].apex, records["006_1_2"].notes) == (565, "blink")
    assert not records["006_1_2"].colour
    assert records["007_3_1"].emotion == "others"
    assert (records["007_3_1"].apex, records["028_4_1"].apex_raw) == (None, "12")
    reasons = " ".join(dataset.report.summary())
    assert "no apex within" in reasons
    assert "no folder" in reasons
    assert "skipped 2, the same clip twice" in reasons


def test_raw_pictures_before_cropped(tmp_path):
    workbook(tmp_path / "SAMM.xlsx", {"S": [HEAD, *ROWS[:1]]})
    tree(tmp_path, "SAMM_CROP")
    (record,) = load(tmp_path).records
    assert record.cropped
    tree(tmp_path, "SAMM")
    (record,) = load(tmp_path).records
    assert not record.cropped


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="SAMM_Micro"):
        load(tmp_path)
    workbook(tmp_path / "SAMM_Micro_FACS_Codes_v2.xlsx", {"S": [HEAD]})
    with pytest.raises(DataError, match="006"):
        load(tmp_path)
