"""Coding by hand goes in from ELAN and from tables, and nothing of the coder's file is lost."""

import re

import pytest

from realtime.cli.sessions import export
from realtime.cli.study import import_coding
from realtime.recording.facs import notation, units_of
from realtime.recording.labels import LabelUnit, read_labels
from realtime.report.coding import coder_counts
from realtime.report.session_report import session_report
from realtime.study.study import open_study
from realtime.study.table import tables
from tests.realtime.review.made_session import event
from tests.realtime.study.made_study import label, write_labels, write_session

EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="a lab" DATE="2026-01-01T10:00:00+01:00" FORMAT="3.0" VERSION="3.0" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/>
    <TIME_ORDER>
        <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1000"/>
        <TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="1300"/>
        <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="1120"/>
        <TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="1121"/>
        <TIME_SLOT TIME_SLOT_ID="ts5" TIME_VALUE="5000"/>
        <TIME_SLOT TIME_SLOT_ID="ts6" TIME_VALUE="5400"/>
        <TIME_SLOT TIME_SLOT_ID="ts7" TIME_VALUE="7000"/>
        <TIME_SLOT TIME_SLOT_ID="ts8" TIME_VALUE="7200"/>
    </TIME_ORDER>
    <TIER LINGUISTIC_TYPE_REF="default" TIER_ID="ME  &amp; co">
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" \
TIME_SLOT_REF2="ts2"><ANNOTATION_VALUE>Disgust</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts5" \
TIME_SLOT_REF2="ts6"><ANNOTATION_VALUE>L12B+4</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts7" \
TIME_SLOT_REF2="ts8"><ANNOTATION_VALUE>=cmd|'/c calc'!A1</ANNOTATION_VALUE>\
</ALIGNABLE_ANNOTATION></ANNOTATION>
    </TIER>
    <TIER LINGUISTIC_TYPE_REF="default" TIER_ID="apex of it">
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a4" TIME_SLOT_REF1="ts3" \
TIME_SLOT_REF2="ts4"><ANNOTATION_VALUE/></ALIGNABLE_ANNOTATION></ANNOTATION>
    </TIER>
    <TIER LINGUISTIC_TYPE_REF="ref" PARENT_REF="ME  &amp; co" TIER_ID="emotion">
        <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a5" ANNOTATION_REF="a2">\
<ANNOTATION_VALUE>happiness</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
    </TIER>
    <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="default" TIME_ALIGNABLE="true"/>
    <LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Association" LINGUISTIC_TYPE_ID="ref" \
TIME_ALIGNABLE="false"/>
    <CONSTRAINT DESCRIPTION="1-1" STEREOTYPE="Symbolic_Association"/>
</ANNOTATION_DOCUMENT>
"""


@pytest.fixture
def session(tmp_path):
    return write_session(tmp_path / "P07.mp4/20260101-100000-0001", event("0001", 5.2))


@pytest.fixture
def eaf(tmp_path):
    path = tmp_path / "anna.eaf"
    path.write_text(EAF, "utf-8")
    return path


def imported(session, coder="anna"):
    return [
        (said.item, said.word, said.onset_s, said.apex_s, said.offset_s)
        for said in read_labels(session)[coder]
    ]


def run(*words):
    return import_coding.run([str(word) for word in words])


def test_a_tier_of_elan_becomes_labels(session, eaf, capsys):
    given = (session, eaf, "--coder", "anna", "--tier", "ME  & co", "--apex-tier", "apex of it")
    assert run(*given) == 0
    assert imported(session) == [
        ("imported-0000", "none", None, None, None),
        ("imported-0001", "negative", 1.0, 1.12, 1.3),
        ("imported-0002", "micro", 5.0, None, 5.4),
        ("imported-0003", "micro", 7.0, None, 7.2),
    ]
    *_, units, other = read_labels(session)["anna"]
    assert units.units == (LabelUnit("12", "left", "B"), LabelUnit("4", "both", ""))
    assert other.comment == "=cmd|'/c calc'!A1"
    assert {said.stratum for said in read_labels(session)["anna"]} == {"imported"}
    shown = capsys.readouterr()
    assert "3 movements by anna" in shown.out
    assert "=cmd" in shown.err
    assert eaf.read_text("utf-8") == EAF


def test_a_tier_that_depends_on_another_has_its_times(session, eaf):
    assert run(session, eaf, "--coder", "anna", "--tier", "emotion") == 0
    assert imported(session)[1:] == [("imported-0001", "positive", 5.0, None, 5.4)]


def test_the_file_comes_out_with_ours_added_and_every_other_byte_as_it_was(session, eaf):
    assert run(session, eaf, "--coder", "anna", "--tier", "ME  & co") == 0
    assert export.run([str(session), "--elan", str(eaf)]) == 0
    written = eaf.read_text("utf-8")
    ours = r"""    <TIER [^>]*ANNOTATOR="fleeting"[^>]*>\n.*?    </TIER>\n"""
    slots = [f'        <TIME_SLOT TIME_SLOT_ID="ts{n}" ' for n in range(9, 60)]
    rest = re.sub(ours, "", written, flags=re.DOTALL)
    rest = re.sub(r' *<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="fleeting"[^>]*/>\n', "", rest)
    kept = [line for line in rest.split("\n") if not line.startswith(tuple(slots))]
    assert "\n".join(kept) == EAF
    pympi = pytest.importorskip("pympi")
    tiers = pympi.Eaf(eaf)
    assert tiers.get_annotation_data_for_tier("flagged") == [(5000, 5400, "surprise")]
    assert tiers.get_annotation_data_for_tier("coded by anna")[0] == (1000, 1300, "negative")
    assert tiers.get_annotation_data_for_tier("ME  & co")[0] == (1000, 1300, "Disgust")


def test_that_the_whole_film_was_coded_is_no_answer(session, eaf):
    run(session, eaf, "--coder", "anna", "--tier", "ME  & co")
    study = open_study(session)
    (count,) = coder_counts(map(session_report, study.sessions))
    assert (count.coder, count.stratum, count.micro, count.none) == ("anna", "imported", 3, 0)
    assert list(tables(study)[2].frame["item"]) == [
        f"imported-{number:04d}" for number in (1, 2, 3)
    ]


def test_coding_again_replaces_what_was_imported_and_keeps_the_review(session, eaf, tmp_path):
    write_labels(session, "anna", label("0001", "surprise"))
    assert run(session, eaf, "--coder", "anna", "--tier", "ME  & co") == 0
    table = tmp_path / "less.csv"
    table.write_text("onset,offset\n1.0,1.3\n")
    assert run(session, table, "--coder", "anna") == 0
    assert [each[0] for each in imported(session)] == ["0001", "imported-0000", "imported-0001"]


@pytest.mark.parametrize(
    "table",
    [
        "\ufeffOnset;apex;Offset;label;confidence;notes\r\n1,5;1,6;1,75;Surprise;4;x\r\n;;;;;\r\n",
        "onset\tapex\toffset\tlabel\tconfidence\n1.5\t1.6\t1.75\tsurprise\t4\n",
        'offset,onset,apex,label,confidence,comment\n1.75,1.5,1.6,surprise,4,"two\nlines, "\n',
    ],
    ids=["semicolons and decimal commas", "tabs", "commas"],
)
def test_a_table_as_a_spreadsheet_writes_it_becomes_labels(session, tmp_path, table):
    path = tmp_path / "coding.csv"
    path.write_text(table, "utf-8", newline="")
    assert run(session, path, "--coder", "bert") == 0
    assert imported(session, "bert")[1:] == [("imported-0001", "surprise", 1.5, 1.6, 1.75)]
    assert read_labels(session)["bert"][1].confidence == 4


def test_a_table_of_a_study_says_which_film(session, tmp_path):
    write_session(tmp_path / "P08.mp4/20260101-100000-0001")
    path = tmp_path / "coding.csv"
    rows = "P08.mp4,1.0,1.2,none\nC:\\films\\P07.mp4,1.5,1.75,unsure\n"
    path.write_text(f"file,onset,offset,label\n{rows}")
    assert run(tmp_path, path, "--coder", "bert") == 0
    assert imported(session, "bert")[1:] == [("imported-0001", "unsure", 1.5, None, 1.75)]
    other = tmp_path / "P08.mp4/20260101-100000-0001"
    assert imported(other, "bert")[1:] == [("imported-0001", "none", 1.0, None, 1.2)]


def test_a_film_in_which_nothing_was_seen_is_coded_too(session, tmp_path):
    path = tmp_path / "nothing.csv"
    path.write_text("onset,offset\n")
    assert run(session, path, "--coder", "bert") == 0
    assert imported(session, "bert") == [("imported-0000", "none", None, None, None)]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("start,end\n1,2\n", "needs the columns onset, offset"),
        ("onset,offset\n1.0,abc\n", "line 2: offset is 'abc', not seconds"),
        ("onset,offset\n1.0,nan\n", "line 2: offset is 'nan'"),
        ("onset,offset\n2.0,1.0\n", "line 2: onset, apex and offset are not in this order"),
        ("onset,offset,confidence\n1.0,2.0,high\n", "line 2"),
        ("onset,offset,confidence\n1.0,2.0,9\n", "not an answer (confidence"),
        ("onset,offset,units\n1.0,2.0,smile\n", "'smile' is no list of action units"),
        ("file,onset,offset\nP09.mp4,1.0,2.0\n", "no session of 'P09.mp4'"),
        ("", "needs the columns"),
    ],
)
def test_a_table_that_is_none_is_refused_whole(session, tmp_path, capsys, table, says):
    path = tmp_path / "coding.csv"
    path.write_text(table)
    assert run(session, path, "--coder", "bert") == 7
    assert says in capsys.readouterr().err.replace("\n", " ")
    assert read_labels(session) == {}


def test_what_cannot_be_imported_is_said(session, eaf, tmp_path, capsys):
    assert run(session, eaf, "--coder", "anna") == 7
    assert "its tiers are 'ME  & co', 'apex of it', 'emotion'" in capsys.readouterr().err
    assert run(session, eaf, "--coder", "anna", "--tier", "micro") == 7
    assert "no tier 'micro'" in capsys.readouterr().err
    assert run(session, eaf, "--coder", "program") == 2
    assert run(session, tmp_path / "nowhere.csv", "--coder", "anna") == 7
    assert run(session, tmp_path / "nowhere.csv", "--coder", "anna", "--tier", "x") == 2
    unaligned = EAF.replace(' TIME_VALUE="1000"', "")
    eaf.write_text(unaligned, "utf-8")
    assert run(session, eaf, "--coder", "anna", "--tier", "ME  & co") == 7
    assert "align it in ELAN" in capsys.readouterr().err
    write_session(tmp_path / "P08.mp4/20260101-100000-0001")
    assert run(tmp_path, eaf, "--coder", "anna", "--tier", "apex of it") == 7
    assert "holds 2 sessions" in capsys.readouterr().err
    assert read_labels(session) == {}


@pytest.mark.parametrize(
    ("text", "written"),
    [("L12B+4", "L12B+4"), ("AU1, au2 r10e", "1+2+R10E"), ("B6", "6"), ("smile", None), ("", None)],
)
def test_action_units_are_read_in_facs_notation(text, written):
    units = units_of(text)
    assert (units and notation(units)) == written
