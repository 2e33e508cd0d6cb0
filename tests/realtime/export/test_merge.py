"""Exports into files of others: their tiers, rows and columns stay."""

import difflib
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from realtime.cli.sessions import export
from tests.realtime.review.made_session import event, write_events
from tests.realtime.study.made_study import label, write_labels

CODED = """<?xml version='1.0' encoding='UTF-8'?>
<ANNOTATION_DOCUMENT AUTHOR="researcher" VERSION="2.8" FORMAT="2.8"
 DATE="2026-11-29T17:23:49" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv2.8.xsd">
\t<HEADER>
\t\t<PROPERTY NAME="lastUsedAnnotation">0</PROPERTY>
\t\t</HEADER>
\t<TIME_ORDER>
\t\t<TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="1000" />
\t\t<TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="2000" />
\t\t</TIME_ORDER>
\t<TIER TIER_ID="default" LINGUISTIC_TYPE_REF="default-lt" />
\t<TIER TIER_ID="researcher" LINGUISTIC_TYPE_REF="default-lt">
\t\t<ANNOTATION>
\t\t\t<ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
\t\t\t\t<ANNOTATION_VALUE>coded  by &#xE4; hand &gt; 1</ANNOTATION_VALUE>
\t\t\t\t</ALIGNABLE_ANNOTATION>
\t\t\t</ANNOTATION>
\t\t</TIER>
\t<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true" />
\t</ANNOTATION_DOCUMENT>
"""


@pytest.fixture
def session(tmp_path):
    folder = tmp_path / "session"
    write_events(folder, [event("0001", 2.0), event("0002", 4.0, kind="rejected")])
    return folder


def tiers_of(path):
    root = ElementTree.fromstring(path.read_bytes())
    return {
        tier.get("TIER_ID"): [value.text for value in tier.iter("ANNOTATION_VALUE")]
        for tier in root.iter("TIER")
    }


def test_a_coder_s_tiers_keep_their_bytes_and_ours_are_replaced(session, tmp_path):
    path = tmp_path / "coded.eaf"
    path.write_bytes(CODED.encode())
    run = [str(session), "--elan", str(path)]
    assert export.run(run) == 0
    first = path.read_text("utf-8")
    assert tiers_of(path)["researcher"] == ["coded  by ä hand > 1"]
    assert tiers_of(path)["flagged"] == ["surprise"]
    assert len(re.findall(r'TIME_SLOT_ID="ts3"', first)) == 1
    # every byte of the coder's file is there, in order
    for line in CODED.splitlines():
        assert line in first
    assert export.run(run) == 0
    assert path.read_text("utf-8") == first
    write_labels(session, "anna", label("0001", "negative"))
    write_events(session, [event("0001", 3.0)])
    assert export.run(run) == 0
    assert tiers_of(path)["coded by anna"] == ["negative"]
    assert tiers_of(path)["rejected"] == []
    pympi = pytest.importorskip("pympi")
    eaf = pympi.Eaf(path)
    assert eaf.get_annotation_data_for_tier("flagged") == [(2800, 3200, "surprise")]
    assert eaf.get_annotation_data_for_tier("researcher") == [(1000, 2000, "coded  by ä hand > 1")]


# what ELAN writes behind the tiers, and a tier that depends on another
MORE = """\t<TIER TIER_ID="note" LINGUISTIC_TYPE_REF="note-lt" PARENT_REF="researcher">
\t\t<ANNOTATION>
\t\t\t<REF_ANNOTATION ANNOTATION_ID="a5" ANNOTATION_REF="a2">
\t\t\t\t<ANNOTATION_VALUE>left</ANNOTATION_VALUE>
\t\t\t</REF_ANNOTATION>
\t\t</ANNOTATION>
\t</TIER>
"""
BEHIND = """\t<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="note-lt" TIME_ALIGNABLE="false"
\t\tCONSTRAINTS="Symbolic_Association" CONTROLLED_VOCABULARY_REF="sides"/>
\t<LOCALE COUNTRY_CODE="US" LANGUAGE_CODE="en"/>
\t<CONSTRAINT STEREOTYPE="Symbolic_Association" DESCRIPTION="1-1 association"/>
\t<CONTROLLED_VOCABULARY CV_ID="sides">
\t\t<DESCRIPTION LANG_REF="und"/>
\t</CONTROLLED_VOCABULARY>
"""
ORDER = [
    *("LICENSE", "HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "LOCALE", "LANGUAGE"),
    *("CONSTRAINT", "CONTROLLED_VOCABULARY", "LEXICON_REF", "REF_LINK_SET", "EXTERNAL_REF"),
]  # of the children of the root, by the schema of the format 3.0


def with_more(coded, *, types=True):
    before, rest = coded.split("\t<LINGUISTIC_TYPE ")
    kept = f"\t<LINGUISTIC_TYPE {rest.splitlines(True)[0]}" if types else ""
    behind = BEHIND if types else "\t<LOCALE LANGUAGE_CODE='en'/>\n"
    return f"{before}{MORE if types else ''}{kept}{behind}\t</ANNOTATION_DOCUMENT>\n"


def assert_as_the_schema_wants(data):
    """Its elements in order, no id twice, and nothing refers to what is not there."""
    root = ElementTree.fromstring(data)
    order = [ORDER.index(child.tag) for child in root]
    assert order == sorted(order)
    elements = [*root.iter()]
    for unique in (("TIME_SLOT_ID", "ANNOTATION_ID"), ("TIER_ID",), ("LINGUISTIC_TYPE_ID",)):
        ids = [e.get(name) for e in elements for name in unique if e.get(name) is not None]
        assert len(ids) == len(set(ids))
    for name, of in {
        "TIME_SLOT_REF1": "TIME_SLOT_ID",
        "TIME_SLOT_REF2": "TIME_SLOT_ID",
        "ANNOTATION_REF": "ANNOTATION_ID",
        "PARENT_REF": "TIER_ID",
        "LINGUISTIC_TYPE_REF": "LINGUISTIC_TYPE_ID",
        "CONSTRAINTS": "STEREOTYPE",
    }.items():
        there = {e.get(of) for e in elements}
        assert {e.get(name) for e in elements if e.get(name) is not None} <= there
    slots = {e.get("TIME_SLOT_ID"): int(e.get("TIME_VALUE")) for e in root.iter("TIME_SLOT")}
    for annotation in root.iter("ALIGNABLE_ANNOTATION"):
        start, end = (slots[annotation.get(f"TIME_SLOT_REF{k}")] for k in (1, 2))
        assert 0 <= start < end


def test_a_coder_s_file_is_byte_for_byte_what_is_left_without_ours(session, tmp_path):
    path, coded = tmp_path / "coded.eaf", with_more(CODED).encode()
    path.write_bytes(coded)
    write_labels(session, "anna", label("0001", "negative"))
    assert export.run([str(session), "--elan", str(path)]) == 0
    merged = path.read_bytes()
    assert_as_the_schema_wants(merged)
    pieces = difflib.SequenceMatcher(
        None, coded.splitlines(True), merged.splitlines(True), autojunk=False
    ).get_opcodes()
    assert [piece[0] for piece in pieces] == ["equal", "insert", "equal", "insert", "equal"]
    added = [
        b"".join(merged.splitlines(True)[start:end])
        for kind, *_, start, end in pieces
        if kind == "insert"
    ]
    assert coded == merged.replace(added[0], b"").replace(added[1], b"")
    assert set(re.findall(rb"<(\w+)", added[0])) == {b"TIME_SLOT"}
    assert b"researcher" not in added[1]
    pympi = pytest.importorskip("pympi")
    eaf = pympi.Eaf(path)
    assert eaf.get_ref_annotation_data_for_tier("note")[0][2] == "left"
    assert eaf.get_annotation_data_for_tier("coded by anna") == [(1800, 2200, "negative")]


def test_a_file_without_types_gets_ours_before_what_stands_behind_types(session, tmp_path):
    path = tmp_path / "coded.eaf"
    tierless = re.sub(r"\t<TIER .*</TIER>\n", "", with_more(CODED, types=False), flags=re.DOTALL)
    path.write_text(tierless)
    assert export.run([str(session), "--elan", str(path)]) == 0
    assert_as_the_schema_wants(path.read_bytes())
    assert set(tiers_of(path)) == {"flagged", "apex", "rejected", "not judged"}


def test_a_new_file_is_as_the_schema_wants(session, tmp_path):
    write_events(session, [event("0001", 0.1), event("0002", 0.15), event("0003", 4.0)])
    assert export.run([str(session), "--elan", str(tmp_path / "new.eaf")]) == 0
    assert_as_the_schema_wants((tmp_path / "new.eaf").read_bytes())


def test_after_another_program_has_written_it_ours_are_still_known(session, tmp_path):
    pympi = pytest.importorskip("pympi")
    path = tmp_path / "a.eaf"
    assert export.run([str(session), "--elan", str(path)]) == 0
    eaf = pympi.Eaf(path)
    eaf.add_tier("coder")
    eaf.add_annotation("coder", 100, 900, "by hand")
    eaf.to_file(str(path))
    assert export.run([str(session), "--elan", str(path)]) == 0
    assert tiers_of(path)["coder"] == ["by hand"]
    assert [name for name in tiers_of(path) if name == "flagged"] == ["flagged"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04 a document", "not XML"),
        (b"<html></html>", "not an ELAN file"),
        (CODED.replace("researcher", "apex").encode(), "another annotator"),
        (CODED.replace("UTF-8", "UTF-16").encode("utf-16"), "UTF-8"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><ANNOTATION_DOCUMENT/>', "entities"),
    ],
)
def test_what_cannot_be_kept_is_left_as_it_is_but_for_force(
    session, tmp_path, capsys, content, says
):
    path = tmp_path / "theirs.eaf"
    path.write_bytes(content)
    run = [str(session), "--elan", str(path)]
    assert export.run(run) == 7
    said = capsys.readouterr().err
    assert says in said
    assert "--force" in said
    assert path.read_bytes() == content
    assert export.run([*run, "--force"]) == 0
    assert tiers_of(path)["flagged"] == ["surprise"]


def test_rows_and_columns_of_a_bids_table_stay(session, tmp_path):
    path, sidecar = tmp_path / "a_events.tsv", tmp_path / "a_events.json"
    theirs = (
        "onset\tduration\ttrial_type\tstimulus\n0.5\t1.0\texpression\tface.png\n3.0\t1\tshow\tb\n"
    )
    path.write_text(theirs)
    said = {"stimulus": {"Description": "picture"}, "onset": {"Description": "of the stimulus"}}
    sidecar.write_text(json.dumps(said))
    for _ in range(2):
        assert export.run([str(session), "--bids", str(path)]) == 0
        names, *rows = (line.split("\t") for line in path.read_text().splitlines())
        assert names[:4] == ["onset", "duration", "trial_type", "stimulus"]
        assert [row[:4] for row in rows] == [
            ["0.5", "1.0", "expression", "face.png"],
            ["1.800000", "0.400000", "micro_expression", "n/a"],
            ["3.0", "1", "show", "b"],
            ["3.800000", "0.400000", "rejected_movement", "n/a"],
        ]
    described = json.loads(sidecar.read_text())
    assert described["stimulus"] == said["stimulus"]
    assert described["onset"] == said["onset"]
    assert "micro_expression" in described["trial_type"]["Levels"]


@pytest.mark.parametrize("content", ["a\tb\n1\t2\n", "onset\tduration\n1\n", "\x00\xff"])
def test_a_table_that_is_none_of_events_is_left_as_it_is(session, tmp_path, capsys, content):
    path = tmp_path / "b_events.tsv"
    path.write_text(content)
    assert export.run([str(session), "--bids", str(path)]) == 7
    assert "--force" in capsys.readouterr().err
    assert path.read_text() == content
    assert not path.with_suffix(".json").exists()


def test_control_characters_make_no_row_and_no_broken_xml(session, tmp_path):
    hostile = ["tab\there", "line\nend", "\x1b[31mred", "<b>&\x00", "a\u2028b"]
    write_events(session, [event("0001", 2.0, kind="rejected", confounders=hostile)])
    elan, bids = tmp_path / "a.eaf", tmp_path / "a.tsv"
    assert export.run([str(session), "--elan", str(elan), "--bids", str(bids)]) == 0
    (text,) = tiers_of(elan)["rejected"]
    assert text == "tab here, line end, ?[31mred, <b>&?, a b"
    header, row = bids.read_text("utf-8").split("\n")[:2]
    assert len(row.split("\t")) == len(header.split("\t"))
    assert "\x1b" not in row
    assert Path(bids).read_bytes().count(b"\n") == 2
