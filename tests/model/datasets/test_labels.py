from pathlib import Path

import pytest

from model.datasets.labels import (
    check_official_counts,
    five_classes,
    megc2019,
    objective_classes,
    three_classes,
)
from model.datasets.record import Record
from model.synthetic.recipe import NON_EVENT


def record(
    dataset, emotion, subject="1", clip="c", apex=5, valence="", objective=None, kind="micro"
):
    frames = {n: Path(f"{n}.jpg") for n in range(1, 11)}
    return Record(
        dataset=dataset,
        subject=subject,
        clip=clip,
        frames=frames,
        fps=200.0,
        onset=1,
        apex=apex,
        offset=10,
        kind=kind,
        emotion=emotion,
        valence_raw=valence,
        objective_class=objective,
    )


@pytest.mark.parametrize(
    ("dataset", "emotion", "label"),
    [
        ("casme2", "disgust", 0),
        ("casme2", "repression", 0),
        ("casme2", "happiness", 1),
        ("casme2", "surprise", 2),
        ("casme2", "sadness", None),  # left out of CASME II by MEGC 2019
        ("casme2", "fear", None),
        ("casme2", "others", None),
        ("samm", "anger", 0),
        ("samm", "contempt", 0),
        ("samm", "sadness", 0),
        ("samm", "others", None),
        ("mmew", "fear", 0),
        ("mmew", "others", None),
        ("casme", "tense", None),
        ("4dme", "positive", 1),
    ],
)
def test_three_classes_of_each_dataset(dataset, emotion, label):
    assert three_classes(record(dataset, emotion)) == label


def test_a_datasets_own_valence_comes_first():
    assert three_classes(record("cas_me_2", "disgust", valence="Surprise")) == 2
    assert three_classes(record("cas_me_2", "disgust", valence="others")) is None
    assert three_classes(record("sessions", "none", valence="none")) == NON_EVENT


def test_five_classes_are_those_of_the_dataset():
    assert five_classes(record("casme2", "others")) == 2
    assert five_classes(record("samm", "anger")) == 0
    assert five_classes(record("smic_hs", "negative")) is None


def test_objective_classes_end_at_five():
    found = [objective_classes(record("samm", "x", objective=n)) for n in (1, 5, 6, 7, None)]
    assert found == [0, 4, None, None, None]


def official():
    """Invented records with the composite's counts: classes and subjects, nothing else of it."""
    counts = {
        "smic_hs": ({"negative": 70, "positive": 51, "surprise": 43}, 16),
        "casme2": ({"disgust": 88, "happiness": 32, "surprise": 25}, 24),
        "samm": ({"anger": 92, "happiness": 26, "surprise": 15}, 28),
    }
    records = []
    for dataset, (classes, people) in counts.items():
        for emotion, count in classes.items():
            for index in range(count):
                subject = str(len(records) % people)
                records.append(record(dataset, emotion, subject, f"{emotion}{index}"))
    return records


def test_the_composite_leaves_out_what_the_official_list_leaves_out():
    whole = official()
    odd = [
        record("casme2", "disgust", clip="no apex", apex=None),
        record("casme2", "repression", clip="apex at onset", apex=1),
        record("casme2", "others"),
        record("samm", "others"),
        record("mmew", "disgust"),
        record("samm", "anger", kind="macro"),
    ]
    assert megc2019([*whole, *odd]) == whole
    assert len(whole) == 442


def test_counts_that_differ_from_the_official_ones_are_named():
    whole = official()
    three = [line for line in check_official_counts(whole) if "three" in line]
    assert three == []
    lines = check_official_counts(whole[1:])
    assert any("smic_hs" in line and "(69, 51, 43)" in line for line in lines)
    assert not any("samm, three" in line for line in lines)
    assert check_official_counts([record("mmew", "fear")]) == []
