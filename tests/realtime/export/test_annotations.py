import json

import pytest

from realtime.cli.sessions import export
from realtime.event import Event
from realtime.export.spans import Span, spans
from realtime.face.assessability import Assessable
from realtime.face.judged_time import Verdict
from realtime.recording.labels_csv import NAME
from tests.realtime.review.made_session import event, write_events, write_record


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
    (folder / NAME).write_text("id,label\n0001,surprise\n0002,none\n")
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
        "reviewed": [(1850, 2250, "surprise"), (3800, 4200, "none")],
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
    assert (first["label"], first["reviewed"]) == ("surprise", "surprise")
    assert second["reasons"] == "blink, weak"
    assert (third["label"], third["reviewed"]) == ("n/a", "n/a")
    assert json.loads((tmp_path / "a_events.json").read_text()).keys() == set(names)


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
