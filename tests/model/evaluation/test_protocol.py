import pytest

from model.evaluation.protocol import Fold, folds
from realtime.errors import DataError

# Two records of each subject, apart from each other; subject "1" is in both datasets.
SUBJECTS = [("alpha", "1"), ("beta", "1"), ("alpha", "2"), ("beta", "10"), ("alpha", "3")]
KEYS = SUBJECTS * 2


def subjects_of(indices, keys=KEYS):
    return {keys[index] for index in indices}


def test_loso_tests_every_record_once_and_trains_on_all_other_subjects():
    made = folds(KEYS, "loso", seed=0)
    assert [fold.name for fold in made] == ["alpha+1", "alpha+2", "alpha+3", "beta+1", "beta+10"]
    assert [subjects_of(fold.test) for fold in made] == [{key} for key in sorted(SUBJECTS)]
    assert sorted(index for fold in made for index in fold.test) == list(range(len(KEYS)))
    for fold in made:
        assert sorted(fold.train + fold.test) == list(range(len(KEYS)))
        assert not subjects_of(fold.train) & subjects_of(fold.test)


def test_cross_dataset_holds_out_each_dataset_in_turn():
    made = folds(KEYS, "cross-dataset", seed=0)
    assert [fold.name for fold in made] == ["alpha", "beta"]
    for fold, other in zip(made, ("beta", "alpha"), strict=True):
        assert {dataset for dataset, _ in subjects_of(fold.test)} == {fold.name}
        assert {dataset for dataset, _ in subjects_of(fold.train)} == {other}
        assert len(fold.train) + len(fold.test) == len(KEYS)


def test_holdout_takes_a_fifth_of_the_subjects_of_each_dataset():
    sizes = {"large": 24, "middle": 16, "pair": 2}
    keys = [(name, str(i)) for name, size in sizes.items() for i in range(size)] * 3
    (fold,) = folds(keys, "holdout", seed=4)
    tested, trained = subjects_of(fold.test, keys), subjects_of(fold.train, keys)
    assert not tested & trained
    counts = {name: sum(key[0] == name for key in tested) for name in sizes}
    assert counts == {"large": 5, "middle": 3, "pair": 1}
    assert len(fold.train) + len(fold.test) == len(keys)


def test_who_is_held_out_hangs_on_the_seed_and_not_on_the_order_of_records():
    keys = [("alpha", str(i)) for i in range(30)]
    tested = subjects_of(folds(keys, "holdout", seed=1)[0].test, keys)
    turned = keys[::-1]
    assert subjects_of(folds(turned, "holdout", seed=1)[0].test, turned) == tested
    assert subjects_of(folds(keys, "holdout", seed=2)[0].test, keys) != tested


def test_all_trains_on_everything_and_tests_nothing():
    assert folds(KEYS, "all", seed=0) == [Fold("all", tuple(range(len(KEYS))), ())]


@pytest.mark.parametrize(
    ("protocol", "keys", "said"),
    [
        ("loso", [("alpha", "1")] * 3, "subject 1 of alpha"),
        ("cross-dataset", [("alpha", "1"), ("alpha", "2")], "all records are of alpha"),
        ("holdout", [("alpha", "1"), ("alpha", "2"), ("beta", "7")], "subject 7 of beta"),
        ("all", [], "no records"),
    ],
)
def test_a_protocol_that_cannot_be_made_says_what_is_missing(protocol, keys, said):
    with pytest.raises(DataError, match=said):
        folds(keys, protocol, seed=0)


def test_odd_subject_names_give_each_a_folder_of_its_own():
    odd = [("a+b", "c"), ("a", "b+c"), ("a", "../x"), ("a", "x y"), ("a", ".."), ("a", "\u00e9")]
    names = [fold.name for fold in folds(odd, "loso", seed=0)]
    assert len(set(names)) == len(odd)
    assert all("/" not in name and name.isascii() for name in names)


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b"])
def test_a_fold_cannot_be_named_out_of_its_folder(name):
    with pytest.raises(ValueError, match="name"):
        Fold(name, (0,), (1,))


def test_a_fold_does_not_test_what_it_trains_on():
    with pytest.raises(ValueError, match=r"\[2\]"):
        Fold("leak", (0, 1, 2), (2, 3))
