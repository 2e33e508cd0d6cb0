import pytest

from model.datasets.casme2 import load
from realtime.errors import DataError
from tests.model.datasets.trees import pictures, workbook

HEAD = ["Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None]
HEAD += ["Action Units", "Estimated Emotion", "Objective Classes"]


def row(subject, clip, onset, apex, offset, units="4", emotion="disgust", objective="III"):
    return [subject, clip, None, onset, apex, offset, None, units, emotion, objective]


@pytest.fixture
def root(tmp_path):
    rows = [
        HEAD,
        row("01", "EP01_2", 11, 15, 21),
        row("02", "EP09f", 11, "/", 21, "?", "Happiness"),
        row(3, "EP06_02_01", 11, 11, 21, "L12", "surprise"),
        row("04", "EP08_1", 11, 40, 21),
        row("05", "EP08_1", 21, 15, 11),
        row("06", "EP08_1", 11, 15, 21),
        row("07", "EP08_1", 11, 15, 99),
        row("01", "EP01_2", 11, 15, 21),
        [None, "stray", None, None, None, None, None, None, None, None],
    ]
    workbook(tmp_path / "CASME2-coding-20190701.xlsx", {"Sheet1": rows, "Sheet2": [[]]})
    for subject, clip in (
        *(("sub01", "EP01_2"), ("sub02", "EP09f"), ("sub03", "EP06_02_01")),
        *(("sub04", "EP08_1"), ("sub05", "EP08_1"), ("Sub07", "ep08_1")),
    ):
        folder = tmp_path / "CASME2_RAW_selected/CASME2_RAW_selected" / subject / clip
        pictures(folder, [*(f"img{n}.jpg" for n in range(9, 23)), "Thumbs.db"])
    return tmp_path


def test_clips_are_looked_up_and_odd_rows_reported(root):
    dataset = load(root)
    records = {record.clip: record for record in dataset.records}
    assert set(records) == {"sub01/EP01_2", "sub02/EP09f", "sub03/EP06_02_01", "sub04/EP08_1"}
    first = records["sub01/EP01_2"]
    assert (first.onset, first.apex, first.offset, first.fps) == (11, 15, 21, 200.0)
    assert first.frames[11].name == "img11.jpg"
    assert (first.emotion, first.objective_class, first.cropped) == ("disgust", 3, False)
    reasons = " ".join(dataset.report.summary())
    assert "the same clip twice" in reasons
    assert "no folder of pictures" in reasons
    assert "not an interval" in reasons
    assert "offset not among the pictures" in reasons
    assert "no subject" in reasons


def test_an_apex_that_is_missing_or_outside_stays_open(root):
    records = {record.clip: record for record in load(root).records}
    assert (records["sub02/EP09f"].apex, records["sub02/EP09f"].apex_raw) == (None, "/")
    assert (records["sub04/EP08_1"].apex, records["sub04/EP08_1"].apex_raw) == (None, "40")
    assert records["sub03/EP06_02_01"].apex == 11
    assert records["sub03/EP06_02_01"].units[0].side == "L"


def test_the_2014_coding_and_the_separate_objective_classes_come_first(root):
    rows = [HEAD[:-1], row("01", "EP01_2", 11, 15, 21, emotion="sadness")[:-1]]
    workbook(root / "CASME2-coding-20140508.xlsx", {"Sheet1": rows})
    classes = [["Subject", "Filename", "Objective Class"], ["sub01", "EP01_2", 5]]
    workbook(root / "CASME2-ObjectiveClasses.xlsx", {"Sheet1": classes})
    (record,) = load(root).records
    assert (record.emotion, record.objective_class) == ("sadness", 5)


def test_cropped_pictures_keep_the_absolute_numbers(tmp_path):
    workbook(
        tmp_path / "CASME2-coding-20140508.xlsx", {"S": [HEAD, row("01", "EP02_01f", 46, 59, 86)]}
    )
    folder = tmp_path / "Cropped/Cropped/sub01/EP02_01f"
    pictures(folder, [f"reg_img{n}.jpg" for n in range(46, 87)])
    (record,) = load(tmp_path).records
    assert record.cropped
    assert record.frames[59].name == "reg_img59.jpg"


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="CASME2-coding"):
        load(tmp_path)
    workbook(tmp_path / "CASME2-coding-20140508.xlsx", {"S": [HEAD]})
    with pytest.raises(DataError, match="CASME2-RAW"):
        load(tmp_path)
