import pytest

from model.datasets.four_dme import load
from model.datasets.labels import three_classes
from realtime.errors import DataError
from tests.model.datasets.trees import pictures, workbook

HEAD = ["sub_ID", "fold_name", "Emotion", "Onset", "Apex", "Offset", "AUs", "eye blink"]
HEAD += ["Positive", "Negative", "Surprise", "Repression", "Others"]


def row(subject, clip, onset, apex, offset, labels, units="4"):
    return [subject, clip, None, onset, apex, offset, units, 1, *labels]


@pytest.fixture
def root(tmp_path):
    rows = [
        HEAD,
        row("03", "c1", 5.0, 8.0, 12.0, (0, 1, 0, 0, 0), "4+17(k)"),
        row("03", "c2", 5, 8, 12, (0, 1, 1, 0, 0)),
        row("04", "c1", 5, None, 12, (1, 0, 0, 0, 0)),
        row("05", "c1", 5, 8, 12, (1, 0, 0, 0, 0)),
        row("03", "c1", 5, 8, 12, (1, 0, 0, 0, 0)),
        [None, None, "note"],
    ]
    workbook(tmp_path / "4DME_Labelling_Micro_release v1.xlsx", {"Sheet1": rows})
    for place in ("03/c1", "03/c2", "04/c1"):
        pictures(tmp_path / "gray_micro" / place, [f"{n:04d}.png" for n in range(1, 20)])
    return tmp_path


def test_one_label_is_an_emotion_and_several_are_none(root):
    dataset = load(root)
    records = {record.clip: record for record in dataset.records}
    assert set(records) == {"03/c1", "03/c2", "04/c1"}
    first, several = records["03/c1"], records["03/c2"]
    assert (first.onset, first.apex, first.emotion, first.notes) == (5, 8, "negative", "eye blink")
    assert [unit.number for unit in first.units] == [4]
    assert three_classes(first) == 0
    assert several.emotion == ""
    assert three_classes(several) is None
    assert records["04/c1"].apex is None
    reasons = " ".join(dataset.report.summary())
    for reason in ("not exactly one emotion", "no folder", "the same clip twice", "no subject"):
        assert reason in reasons


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="4DME"):
        load(tmp_path)
