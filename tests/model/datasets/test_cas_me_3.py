import pytest

from model.datasets.cas_me_3 import load
from realtime.errors import DataError
from tests.model.datasets.trees import pictures, workbook

HEAD = ["Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion"]


def row(subject, sequence, onset, apex, offset, emotion="disgust"):
    return [subject, sequence, onset, apex, offset, "4", "II", emotion]


ROWS = [
    row("spNO.1", "a", 10, 14, 20),
    row("spNO.1", "a", 40, 44, 50, "Others"),
    row("spNO.2", "b", 3460, 3470, 34),
    row("spNO.3", "c", 10, 10, 20, "happy"),
    row("spNO.1", "a", 10, 14, 20),
]


def test_full_sequences_are_known_by_their_onsets_too(tmp_path):
    sheet = tmp_path / "part_A/annotation/cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx"
    workbook(sheet, {"label": [HEAD, *ROWS]})
    macro = tmp_path / "part_A/annotation/cas(me)3_part_A_MaE_label_JpgIndex_v2_emotion.xlsx"
    workbook(macro, {"label": [HEAD, row("spNO.1", "a", 10, 30, 60)]})
    base = tmp_path / "part_A/data"
    pictures(base / "spNo.1/a/color", [f"{n}.jpg" for n in range(70)])
    pictures(base / "spNo.1/a/depth", [f"{n}.png" for n in range(70)])
    pictures(base / "spNO.3/c/color", [f"{n}.jpg" for n in range(5, 15)])
    dataset = load(tmp_path)
    clips = [record.clip for record in dataset.records]
    assert sorted(clips) == ["A spNO.1_a_10 macro", "A spNO.1_a_10 micro", "A spNO.1_a_40 micro"]
    second = next(r for r in dataset.records if r.clip == "A spNO.1_a_40 micro")
    assert (second.emotion, second.objective_class, second.fps) == ("others", 2, 30.0)
    assert second.frames[44].parent.name == "color"
    reasons = " ".join(dataset.report.summary())
    for reason in ("not an interval", "offset not among", "the same movement twice"):
        assert reason in reasons


def test_clips_are_named_by_subject_sequence_and_onset(tmp_path):
    workbook(tmp_path / "CAS(ME)3_part_A_ME.xlsx", {"label": [HEAD, *ROWS[:2]]})
    clips = tmp_path / "Part_A_ME_clip/Part_A_ME_clip"
    for folder, ending in (("depth", "png"), ("frame", "jpg")):
        for onset in (10, 40):
            names = [f"{n}.{ending}" for n in range(onset, onset + 11)]
            pictures(clips / folder / f"spNO.1_a_{onset}", names)
    first, second = load(tmp_path).records
    assert (first.onset, second.onset) == (10, 40)
    assert first.frames[14].suffix == ".jpg"


def test_the_older_sheet_says_the_kind_itself(tmp_path):
    rows = [[*HEAD, "Expression type"]]
    rows += [[*row("spNO.1", "a", 10, 14, 20), "Macro-expression"]]
    rows += [[*row("spNO.1", "a", 40, 44, 50), "Micro-expression"]]
    workbook(tmp_path / "CAS(ME)3_part_A_v2.xlsx", {"label": rows})
    pictures(tmp_path / "part_A/spNO.1/a/color", [f"{n}.jpg" for n in range(70)])
    assert [record.kind for record in load(tmp_path).records] == ["macro", "micro"]


def test_part_c_has_no_apex(tmp_path):
    head = ["sub", "count", "onset", "offset", "au", "PHY"]
    workbook(tmp_path / "CAS(ME)3_part_C_ME.xlsx", {"S": [head, [1, "a", 5, 12, "4,7，12", ""]]})
    pictures(tmp_path / "part_C/01/a/color", [f"{n}.jpg" for n in range(1, 20)])
    (record,) = load(tmp_path).records
    assert (record.subject, record.apex) == ("C1", None)
    assert [unit.number for unit in record.units] == [4, 7, 12]


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="part_A_ME"):
        load(tmp_path)
