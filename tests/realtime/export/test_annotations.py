import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from realtime.cli.sessions import export
from realtime.event import Event
from realtime.export.spans import Span, spans
from realtime.face.assessability import Assessable
from realtime.face.judged_time import Verdict
from realtime.recording.markers import Marker
from tests.realtime.review.made_session import event, write_events, write_record
from tests.realtime.study.made_study import label, write_labels

BIDS_VALIDATOR = shutil.which("bids-validator-deno", path=Path(sys.executable).parent)


@pytest.fixture
def session(tmp_path):
    folder = tmp_path / "session"
    events = [
        event("0001", 2.0),
        event("0002", 4.0, kind="rejected", confounders=["blink", "weak"]),
        event("0003", 6.0, label="unclassified", probabilities=None),
        event("0001", 2.05, revises=True),
        event("0004", 7.0),
        event("0004", 7.0, kind="macro", revises=True),
    ]
    write_events(folder, events)
    write_labels(folder, "anna", label("0001", "surprise"), label("0002", "none"))
    moved = label("random-0001", "micro", onset_s=8.0, apex_s=8.1, offset_s=8.2)
    write_labels(folder, "bert", label("0001", "unsure"), moved, label("random-0002", "none"))
    film = tmp_path / "film.mp4"
    film.touch()
    write_record(folder, source=str(film))
    return folder


def test_elan_reads_every_tier(session, tmp_path):
    pympi = pytest.importorskip("pympi")
    assert export.run([str(session), "--elan", str(tmp_path / "a.eaf")]) == 0
    eaf = pympi.Eaf(tmp_path / "a.eaf")
    tiers = {name: sorted(eaf.get_annotation_data_for_tier(name)) for name in eaf.get_tier_names()}
    assert tiers == {
        "flagged": [(1850, 2250, "surprise"), (5800, 6200, "")],
        "apex": [(2050, 2051, "0001"), (6000, 6001, "0003")],
        "coded by anna": [(1850, 2250, "surprise"), (3800, 4200, "none")],
        "coded by bert": [(1850, 2250, "unsure"), (8000, 8200, "micro")],
        "rejected": [(3800, 4200, "blink, weak"), (6800, 7200, "macro")],
        "not judged": [(0, 1033, "no face")],
    }
    (linked,) = eaf.get_linked_files()
    assert linked["RELATIVE_MEDIA_URL"] == "film.mp4"
    assert not list(tmp_path.glob("*.part"))


def test_bids_has_a_row_an_event_and_explains_its_columns(session, tmp_path):
    table = tmp_path / "a_events.tsv"
    assert export.run([str(session), "--bids", str(table)]) == 0
    names, *rows = (line.split("\t") for line in table.read_text().splitlines())
    assert names[:3] == ["onset", "duration", "trial_type"]
    found = [dict(zip(names, row, strict=True)) for row in rows]
    assert [row["trial_type"] for row in found] == [
        *("micro_expression", "rejected_movement", "micro_expression", "expression")
    ]
    first, second, third, _ = found
    assert float(first["onset"]) + 0.2 == pytest.approx(float(first["apex"]))
    assert (first["label"], first["coded_by_anna"]) == ("surprise", "surprise")
    assert (first["coded_by_bert"], second["coded_by_bert"]) == ("unsure", "n/a")
    assert second["reasons"] == "blink, weak"
    assert (third["label"], third["coded_by_anna"]) == ("n/a", "n/a")
    assert json.loads((tmp_path / "a_events.json").read_text()).keys() == set(names)


def mark(session, *labels):
    lines = [Marker(3.0 + k, text, "lsl").to_json() + "\n" for k, text in enumerate(labels)]
    (session / "markers.jsonl").write_text("".join(lines))


def test_elan_has_a_tier_of_markers_that_is_replaced(session, tmp_path):
    pympi = pytest.importorskip("pympi")
    for labels in (("old",), ("cue <1>", "")):
        mark(session, *labels)
        assert export.run([str(session), "--elan", str(tmp_path / "a.eaf")]) == 0
    eaf = pympi.Eaf(tmp_path / "a.eaf")
    found = sorted(eaf.get_annotation_data_for_tier("markers"))
    assert found == [(3000, 3001, "cue <1>"), (4000, 4001, "marker")]


def test_bids_has_a_row_a_marker_that_is_replaced(session, tmp_path):
    table = tmp_path / "a_events.tsv"
    for labels in (("old",), ("cue\t1", "")):
        mark(session, *labels)
        assert export.run([str(session), "--bids", str(table)]) == 0
    names, *rows = (line.split("\t") for line in table.read_text().splitlines())
    found = [dict(zip(names, row, strict=True)) for row in rows]
    marked = [row for row in found if row["trial_type"] == "marker"]
    assert [(row["onset"], row["value"], row["marker_origin"]) for row in marked] == [
        ("3.000000", "cue 1", "lsl"),
        ("4.000000", "n/a", "lsl"),
    ]
    assert len(found) == 6
    assert json.loads((tmp_path / "a_events.json").read_text()).keys() == set(names)


@pytest.mark.parametrize(
    ("only", "identities"), [("flagged", {"0001", "0003"}), ("rejected", {"0002", "0004"})]
)
def test_events_are_written_by_their_last_verdict(session, tmp_path, only, identities):
    table = tmp_path / "a_events.tsv"
    assert export.run([str(session), "--bids", str(table), "--only", only]) == 0
    times = {line.split("\t")[3] for line in table.read_text().splitlines()[1:]}
    apexes = {"0001": 2.05, "0002": 4, "0003": 6, "0004": 7}
    assert times == {f"{apexes[identity]:.6f}" for identity in identities}


@pytest.mark.skipif(BIDS_VALIDATOR is None, reason="no bids-validator-deno is installed")
def test_the_bids_validator_finds_no_error(session, tmp_path):
    study, beh = tmp_path / "bids", tmp_path / "bids" / "sub-01" / "beh"
    beh.mkdir(parents=True)
    about = {"Name": "films", "BIDSVersion": "1.10.0", "DatasetType": "raw", "License": "CC0"}
    (study / "dataset_description.json").write_text(json.dumps(about))
    (study / "README").write_text("Films of one participant, analysed for micro-expressions.\n")
    (study / "participants.tsv").write_text("participant_id\nsub-01\n")
    mark(session, "cue 1")
    table = beh / "sub-01_task-film_events.tsv"
    assert export.run([str(session), "--bids", str(table)]) == 0
    checked = subprocess.run(
        [BIDS_VALIDATOR, str(study), "--json"], capture_output=True, text=True, timeout=300
    )
    issues = json.loads(checked.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []


def test_a_tier_says_whose_face_where_there_are_several():
    lines = [event("1", 2.0), event("2", 4.0, face=3)]
    events = [Event.from_json(json.dumps(line)) for line in lines]
    assert {s.tier for s in spans(events, {}, [])} == {
        *("flagged 0", "apex 0", "flagged 3", "apex 3")
    }


def test_what_was_not_judged_is_told_with_its_reason():
    yes, away, dark = Assessable.YES, Assessable.TURNED_AWAY, Assessable.TOO_DARK
    seen = [(0.0, away), (0.1, away), (0.2, dark), (0.3, yes), (0.4, yes), (2.0, yes), (2.1, dark)]
    seen.append((2.2, dark))
    assert spans([], {}, [Verdict(*each) for each in seen]) == [
        Span("not judged", 0.0, 0.2, "turned away"),
        Span("not judged", 0.2, 0.3, "too dark"),
        Span("not judged", 0.4, 2.0, "no frames"),
        Span("not judged", 2.1, 2.2, "too dark"),
    ]


@pytest.mark.parametrize(
    ("flags", "code", "says"),
    [
        ([], 2, "--elan FILE"),
        (["--elan", "x.eaf", "--media", "nowhere.mp4"], 2, "nowhere.mp4"),
        (["--bids", "/dev/null/x.tsv"], 6, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said(session, capsys, flags, code, says):
    assert export.run([str(session), *flags]) == code
    assert says in capsys.readouterr().err
