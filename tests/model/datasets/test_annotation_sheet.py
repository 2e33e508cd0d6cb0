import pytest

from model.datasets.annotation_sheet import (
    check_frames,
    coded_units,
    emotion,
    find_file,
    find_folder,
    frame_number,
    frames_in,
    objective_class,
    read_sheet,
    subject_id,
)
from model.datasets.record import CodedUnit, LoadReport
from realtime.errors import DataError
from tests.model.datasets.trees import pictures, workbook


def test_frames_are_numbered_by_the_last_digits_of_their_names(tmp_path):
    names = (
        *("img46.jpg", "reg_img47.JPG", "img_48.png", "006_05562.jpg", "reg_EP01_5-113.jpg"),
        *("image090823.bmp", "Frame_000001826.jpg", "355.jpeg"),
    )
    pictures(tmp_path, [*names, "Thumbs.db", "46.lnk", ".DS_Store", "notes.txt"])
    frames = frames_in(tmp_path)
    assert list(frames) == [46, 47, 48, 113, 355, 1826, 5562, 90823]
    assert frames[46].name == "img46.jpg"


def test_ten_comes_after_nine(tmp_path):
    pictures(tmp_path, [f"img{n}.jpg" for n in (10, 9, 100, 1)])
    assert list(frames_in(tmp_path)) == [1, 9, 10, 100]


@pytest.mark.parametrize("preamble", [0, 9, 13])
def test_the_header_is_looked_for(tmp_path, preamble):
    rows = [["a note"] if n % 2 else [None] for n in range(preamble)]
    rows += [["Subject", None, "Onset  Frame", "Estimated Emotion"], ["006", None, 12, " Happy "]]
    workbook(tmp_path / "s.xlsx", {"Sheet1": rows})
    (row,) = read_sheet(tmp_path / "s.xlsx")
    assert (row["subject"], row["onset"], row["apex"]) == ("006", "12", "")
    assert emotion(row["emotion"]) == "happiness"
    assert str(preamble + 2) in row.where


def test_text_stays_text_and_blank_rows_are_left_out(tmp_path):
    workbook(tmp_path / "s.xlsx", {"S": [["Subject", "code"], ["1", "0101"], [None, None]]})
    (row,) = read_sheet(tmp_path / "s.xlsx")
    assert row["code"] == "0101"


def test_a_sheet_that_is_none_says_so(tmp_path):
    (tmp_path / "s.xlsx").write_bytes(b"not a workbook")
    with pytest.raises(DataError, match=r"s\.xlsx"):
        read_sheet(tmp_path / "s.xlsx")
    workbook(tmp_path / "t.xlsx", {"S": [["Name"], ["x"]]})
    with pytest.raises(DataError, match="subject"):
        read_sheet(tmp_path / "t.xlsx")


def test_doubled_folders_and_any_case_are_found(tmp_path):
    (tmp_path / "unpacked/CROPPED/CROPPED/sub01").mkdir(parents=True)
    found = find_folder(tmp_path, "Cropped")
    assert found == tmp_path / "unpacked/CROPPED/CROPPED"
    (tmp_path / "unpacked/Codes-V2.XLSX").touch()
    assert find_file(tmp_path, "codes*.xls*") is not None
    assert find_file(tmp_path, "other*.xls*") is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("46", 46), ("566.4", 566), ("566.5", 567), ("/", None), ("", None), ("-1", None), ("0", 0)],
)
def test_cells_as_frame_numbers(text, number):
    assert frame_number(text) == number


@pytest.mark.parametrize("text", ["sub01", "1", "01", "s1", "s01", "001"])
def test_subjects_are_their_numbers(text):
    assert subject_id(text) == "1"


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("4+7", [(4, "", ""), (7, "", "")]),
        ("L12A+4", [(12, "L", "A"), (4, "", "")]),
        ("(R6 or R12)+R15", [(6, "R", ""), (12, "R", ""), (15, "R", "")]),
        ("ref(7B)+43", [(7, "", "B"), (43, "", "")]),
        ("A/L12", [(12, "L", "")]),
        ("10A/B", [(10, "", "A/B")]),
        ("4，7", [(4, "", ""), (7, "", "")]),
        ("17(k)", [(17, "", "")]),
        ("?", []),
        ("", []),
    ],
)
def test_action_units_as_they_are_written(text, units):
    assert coded_units(text) == tuple(CodedUnit(*unit) for unit in units)


def test_objective_classes():
    assert [objective_class(t) for t in ("I", "iv", "VII", "3", "9", "")] == [
        1,
        4,
        7,
        3,
        None,
        None,
    ]


def test_missing_frames_are_reported_by_name(tmp_path):
    report = LoadReport()
    wanted = {"onset": 1, "apex": 2, "offset": None}
    assert check_frames("d", "row 3", {1: tmp_path, 2: tmp_path}, wanted, report)
    assert not check_frames("d", "row 4", {1: tmp_path}, wanted, report)
    assert [skip.where for skip in report.skipped] == ["row 4"]
    assert "apex" in report.summary()[0]
