"""Which stretches two raters are compared on, and what comes of it."""

import csv
import math

import numpy as np
import pytest

from realtime.errors import DataError
from realtime.study.agreement import WORDS, group, pairs
from realtime.study.agreement_program import print_agreement
from realtime.study.ratings import PROGRAM, rate
from realtime.study.study import open_study
from tests.realtime.review.made_session import event
from tests.realtime.study.made_study import label, write_labels, write_session


def by_hand(number, word, onset_s, offset_s, **more):
    times = {"onset_s": onset_s, "offset_s": offset_s}
    return label(f"imported-{number:04d}", word, stratum="imported", **times, **more)


@pytest.fixture
def folder(tmp_path):
    """A minute seen; flags at 2, 4 and 6 s, one rejected at 8 s."""
    events = [event("0001", 2.0), event("0002", 4.0, label="negative"), event("0003", 6.0)]
    events.append(event("0004", 8.0, kind="rejected", confounders=["blink"]))
    return write_session(tmp_path / "20260101-100000-0001", *events, seen_s=60.0)


def confusion(pair):
    return {
        (WORDS[row], WORDS[column]): int(pair.confusion[row, column])
        for row, column in np.argwhere(pair.confusion)
    }


def test_answers_to_the_same_items_are_compared(folder):
    write_labels(
        folder, "anna", label("0001", "surprise"), label("0002", "none"), label("0003", "micro")
    )
    write_labels(
        folder,
        "bert",
        label("0001", "negative"),
        label("0002", "none"),
        label("0003", "unsure"),
        label("random-0001", "none", stratum="random"),
    )
    pair, *with_program = pairs(open_study(folder))
    assert confusion(pair) == {("surprise", "negative"): 1, ("none", "none"): 1}
    assert (pair.sessions, pair.unsure) == (1, 1)
    assert pair.detection_kappa.value == 1.0
    assert pair.positive_agreement == 1.0
    assert [(other.first, other.second) for other in with_program] == [
        (PROGRAM, "anna"),
        (PROGRAM, "bert"),
    ]
    # a random stretch is one that the program flagged nothing in
    assert confusion(with_program[1]) == {
        ("surprise", "negative"): 1,
        ("negative", "none"): 1,
        ("none", "none"): 1,
    }


def test_hand_coding_is_matched_by_overlap_and_counts_what_nobody_marked(folder):
    write_labels(
        folder,
        "anna",
        by_hand(1, "surprise", 1.85, 2.2, apex_s=1.95),
        by_hand(2, "micro", 4.15, 4.6),  # overlaps the flag at 4 s, too little
        by_hand(3, "negative", 20.0, 20.4),
    )
    write_labels(folder, "bert", by_hand(1, "negative", 20.02, 20.42, apex_s=20.2))
    between, with_anna, with_bert = pairs(open_study(folder))
    assert confusion(between) == {
        ("surprise", "none"): 1,
        ("micro", "none"): 1,
        ("negative", "negative"): 1,
        ("none", "none"): int((60 - 0.35 - 0.45 - 0.4) / 0.5),
    }
    assert between.median_iou == pytest.approx(0.38 / 0.42)
    assert math.isnan(between.median_apex_difference_s)
    assert confusion(with_anna) == {
        ("surprise", "surprise"): 1,
        ("negative", "none"): 1,
        ("none", "micro"): 1,
        ("surprise", "none"): 1,
        ("none", "negative"): 1,
        ("none", "none"): int((60 - 0.35 - 0.45 - 0.4 - 0.4 - 0.4) / 0.5),
    }
    assert with_anna.median_apex_difference_s == pytest.approx(-0.05)
    assert with_bert.detection.tolist()[0][0] == 0


def test_hand_coding_is_compared_with_answers_to_a_queue_on_the_items_alone(folder):
    write_labels(folder, "anna", by_hand(1, "micro", 1.8, 2.2), by_hand(2, "micro", 30.0, 30.3))
    write_labels(
        folder,
        "bert",
        label("0001", "micro"),
        label("0004", "none", stratum="rejected"),
        label("random-0001", "none", stratum="random"),  # where it lies is not said
    )
    (pair, *_) = pairs(open_study(folder))
    assert confusion(pair) == {("micro", "micro"): 1, ("none", "none"): 1}


def test_no_mark_is_matched_twice(folder):
    write_labels(folder, "anna", by_hand(1, "micro", 1.8, 2.2), by_hand(2, "micro", 1.85, 2.25))
    rated = rate(open_study(folder).sessions[0].session, (PROGRAM, "anna"))
    words = [(unit[PROGRAM].word, unit["anna"].word) for unit in rated.units]
    assert words.count(("surprise", "micro")) == 1
    assert words.count(("none", "micro")) == 1


def test_three_coders_have_an_alpha_together(folder):
    answers = {"anna": "sssnn", "bert": "ssnnn", "carl": "ss nn"}
    words = {"s": "surprise", "n": "none"}
    for coder, said in answers.items():
        given = [label(f"000{k}", words[c]) for k, c in enumerate(said, 1) if c != " "]
        write_labels(folder, coder, *given)
    together = group(open_study(folder))
    assert together.coders == ("anna", "bert", "carl")
    assert together.units == 5
    # 4 units of full agreement, 1 of two raters who differ: 13 + 1 values
    values = np.array([7, 7])
    expected = (14**2 - (values**2).sum()) / 13
    assert together.detection_alpha.value == pytest.approx(1 - 2 / expected)


def test_pairs_and_their_table_are_printed_and_written(folder, tmp_path, capsys):
    write_labels(folder, "anna", label("0001", "surprise"), label("0002", "none"))
    write_labels(folder, "bert", label("0001", "surprise"), label("0002", "unsure"))
    write_labels(folder, "carl", label("0001", "surprise"))
    out = tmp_path / "agreement.csv"
    print_agreement(folder, out)
    shown = capsys.readouterr().out
    for words in ("κ of class", "all 3 coders", "anna (rows) and bert", "program (rows)"):
        assert words in shown
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert len(rows) == 6
    assert rows[3] | {"first": PROGRAM, "second": "anna", "both": "1", "first_only": "1"} == rows[3]
    assert rows[0]["detection_kappa"] == ""


def test_a_study_that_nobody_coded_is_said(folder):
    with pytest.raises(DataError, match="nobody has coded"):
        print_agreement(folder)
