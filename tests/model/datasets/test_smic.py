import pytest

from model.datasets.smic import load
from realtime.errors import DataError
from tests.model.datasets.trees import pictures, workbook

HEAD = ["Subject", "Filename", "x", "OnsetF", "OffsetF", "Onset 2", "Offset 2", "FirstF", "Emotion"]


def test_the_short_release_says_everything_by_its_folders(tmp_path):
    base = tmp_path / "SMIC_all_raw/SMIC_all_raw/HS"
    pictures(base / "s3/micro/negative/s3_ne_01", [f"image{n}.bmp" for n in range(302370, 302401)])
    pictures(base / "s3/micro/surprise/s3_sur_02", ["image090823.bmp", "image090824.bmp"])
    pictures(base / "s4/micro/positive/s4_po_01", ["image1.bmp"])
    pictures(base / "s4/micro/positive/s4_other", ["image1.bmp", "image2.bmp"])
    pictures(base / "s4/non_micro/negative/s4_ne_09", ["image1.bmp", "image2.bmp"])
    dataset = load(tmp_path, "smic_hs")
    first, second = dataset.records
    assert (first.subject, first.clip, first.emotion) == ("3", "s3_ne_01", "negative")
    assert (first.onset, first.apex, first.offset) == (302370, None, 302400)
    assert (first.fps, first.colour) == (100.0, True)
    assert (second.clip, second.onset) == ("s3_sur_02", 90823)
    assert "fewer than two pictures" in " ".join(dataset.report.summary())


def test_near_infrared_has_plain_names_and_25_frames_a_second(tmp_path):
    pictures(tmp_path / "NIR/s11/micro/positive/s11_po_01", ["01234.bmp", "01240.bmp"])
    (record,) = load(tmp_path, "smic_nir").records
    assert (record.dataset, record.fps, record.colour) == ("smic_nir", 25.0, False)
    assert (record.onset, record.offset) == (1234, 1240)


@pytest.fixture
def extended(tmp_path):
    rows = [
        HEAD,
        ["s03", "s3_ne_01", None, 302400, 302420, None, None, "302370", "negative"],
        ["s03", "s3_po_02", None, 302400, 302420, 302450, 302460, 302370, "positive"],
        ["s04", "s4_ne_05", None, None, None, None, None, 302370, "negative"],
        ["s05", "s5_ne_01", None, 302400, 302420, None, None, 302370, "negative"],
        [None, None, None, None],
        ["Note: frame numbers are those of the camera"],
    ]
    root = tmp_path / "SMIC-E_raw image/HS_long"
    workbook(root / "SMIC-HS-E_annotation_2019.xlsx", {"Sheet1": rows})
    for subject, clip in (("s03", "s3_ne_01"), ("s03", "s03_po_02"), ("s04", "s4_ne_05")):
        names = [f"image{n}.jpg" for n in range(302370, 302500)]
        pictures(root / "SMIC-HS-E/HS" / subject / clip, names)
    return tmp_path


def test_the_long_clips_follow_their_sheet(extended):
    dataset = load(extended, "smic_e_hs")
    records = {record.clip: record for record in dataset.records}
    assert set(records) == {"s3_ne_01", "s3_po_02", "s3_po_02+"}
    assert (records["s3_ne_01"].onset, records["s3_ne_01"].offset) == (302400, 302420)
    assert (records["s3_po_02+"].onset, records["s3_po_02+"].offset) == (302450, 302460)
    assert min(records["s3_ne_01"].frames) == 302370
    reasons = " ".join(dataset.report.summary())
    assert "text below the table" in reasons
    assert "not an interval" in reasons
    assert "no folder of pictures" in reasons


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="HS/s1/micro"):
        load(tmp_path, "smic_hs")
    with pytest.raises(DataError, match="SMIC-VIS-E_annotation"):
        load(tmp_path, "smic_e_vis")
