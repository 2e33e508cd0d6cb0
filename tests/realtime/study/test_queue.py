"""What a coder is given: all flags, or a stratified sample that can be reckoned with."""

import json
import math
from itertools import pairwise

import pytest

from realtime.cli.sessions import review
from realtime.errors import SettingsError
from realtime.event import Event
from realtime.face.assessability import Assessable
from realtime.face.judged_time import Verdict
from realtime.recording.session import open_session
from realtime.study.queue import drawn_queue, flagged_queue, read_queue, shares, stretches
from realtime.study.study import open_study
from tests.realtime.review.made_session import event
from tests.realtime.study.made_study import write_session


@pytest.fixture
def study(tmp_path):
    events = [event("0001", 2.0), event("0002", 5.0, kind="rejected"), event("0003", 7.0)]
    for name in ("a", "b", "c"):
        write_session(tmp_path / name, *events)
    return open_study(tmp_path)


ALWAYS = [(-math.inf, math.inf)]


def everything(of, event):
    return True


def all_of_it(of):
    return ALWAYS


def test_without_a_sample_every_flag_comes_in_order(study):
    queue = flagged_queue(study, retracted=False)
    assert [(of.name, item.item) for of, item in queue[:3]] == [
        ("a", "0001"),
        ("a", "0003"),
        ("b", "0001"),
    ]
    assert {item.stratum for _, item in queue} == {"flagged"}


def test_a_sample_is_mixed_weighted_and_written(study):
    queue = drawn_queue(study, "anna", 9, 1, everything, all_of_it)
    strata = [item.stratum for _, item in queue]
    assert sorted(strata) == ["flagged"] * 3 + ["random"] * 3 + ["rejected"] * 3
    assert strata != sorted(strata)
    populations = [read_queue(of.session.folder, "anna").population for of in study.sessions]
    for _, item in queue:
        whole = sum(population[item.stratum] for population in populations)
        assert item.weight == pytest.approx(whole / 3)


def test_the_same_seed_gives_the_same_sample_and_another_is_refused(study):
    first = drawn_queue(study, "anna", 9, 1, everything, all_of_it)
    assert drawn_queue(study, "anna", 9, 1, everything, all_of_it) == first
    assert drawn_queue(study, "bert", 9, 1, everything, all_of_it) == first
    with pytest.raises(SettingsError, match="a sample of 9 with seed 1"):
        drawn_queue(study, "anna", 9, 2, everything, all_of_it)


def test_what_came_of_a_sample_is_said_without_naming_it_again(study, tmp_path, capsys):
    drawn_queue(study, "anna", 9, 1, everything, all_of_it)
    for coder, items in (("anna", 9), ("bert", 0)):  # these events have no clips
        assert review.run([str(tmp_path), "--coder", coder, "--summary"]) == 0
        assert f"0 of {items} items answered by {coder}" in capsys.readouterr().out


def test_what_cannot_be_played_is_not_drawn(study):
    queue = drawn_queue(study, "anna", 30, 1, lambda of, event: of.name != "b", lambda of: ())
    assert {of.name for of, _ in queue} == {"a", "c"}
    assert {item.stratum for _, item in queue} == {"flagged", "rejected"}
    assert len(queue) == 6


def test_random_stretches_are_of_the_time_that_was_filmed(study):
    def kept(of):
        return [(2.4, 4.0), (7.6, 9.0)] if of.name == "b" else ()

    queue = drawn_queue(study, "anna", 30, 1, everything, kept)
    stretches_drawn = [(of.name, item) for of, item in queue if item.stratum == "random"]
    assert {name for name, _ in stretches_drawn} == {"b"}
    assert stretches_drawn
    assert all(
        any(start_s <= item.start_s and item.end_s <= end_s for start_s, end_s in kept(of))
        for of, item in queue
        if item.stratum == "random"
    )
    populations = [read_queue(of.session.folder, "anna").population for of in study.sessions]
    assert [population["random"] for population in populations] == [0, len(stretches_drawn), 0]


def test_drawing_shows_how_many_sessions_are_read(study):
    read = []

    def track(sessions):
        for of in sessions:
            read.append(of.name)
            yield of

    drawn_queue(study, "anna", 9, 1, everything, all_of_it, track)
    assert read == ["a", "b", "c"]
    drawn_queue(study, "anna", 9, 1, everything, all_of_it, track)
    assert len(read) == 3  # what was drawn is read from its file


def test_the_strata_hold_all_judged_time_once():
    verdicts = [Verdict(k / 30, Assessable.YES) for k in range(301)]
    verdicts[100:120] = [Verdict(v.t_s, Assessable.TOO_DARK) for v in verdicts[100:120]]
    taken = [Event.from_json(json.dumps(event("0001", 7.0)))]
    free = stretches(verdicts, taken)
    assert max(end - start for start, end in free) <= 0.6 + 1e-9
    assert all(one[1] <= other[0] + 1e-9 for one, other in pairwise(free))
    span = taken[0].offset_s - taken[0].onset_s + 0.5
    judged_s = 99 / 30 + 180 / 30
    assert sum(end - start for start, end in free) == pytest.approx(judged_s - span, abs=0.05)


@pytest.mark.parametrize(
    ("population", "sizes"),
    [
        ({"flagged": 100, "rejected": 100, "random": 100}, (14, 13, 13)),
        ({"flagged": 5, "rejected": 100, "random": 100}, (5, 18, 17)),
        ({"flagged": 5, "rejected": 2, "random": 100}, (5, 2, 33)),
        ({"flagged": 5, "rejected": 2, "random": 0}, (5, 2, 0)),
    ],
)
def test_what_a_stratum_lacks_goes_to_the_others(population, sizes):
    assert tuple(shares(40, population)[name] for name in population) == sizes


def test_opening_a_study_reads_no_table_of_frames(study):
    for of in study.sessions:
        (of.session.folder / "frames.csv").write_text("not a table")
    again = open_study(study.folder)
    assert len(flagged_queue(again, retracted=True)) == 6
    assert open_session(study.folder / "a").events
