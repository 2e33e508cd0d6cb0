"""Text from outside steers no terminal, no table and no spreadsheet."""

import json
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from realtime.cli.sessions import review
from realtime.export.safe_text import csv_cell, one_line, xml_text
from realtime.recording.session import open_session
from tests.paths import PROGRAM
from tests.realtime.review.made_session import event, write_events

HOSTILE = ["\x1b[31mred", "a\tb\nc\r\x0bd", "\x00\x07\x9b", "\u202eturned", "caf\udce9", "<&>'\""]


@pytest.mark.parametrize("text", [*HOSTILE, "[bold red]x[/]", "=1+1"])
def test_a_line_stays_one_line_and_holds_no_control_character(text):
    line = one_line(text)
    assert line.isprintable() or not line
    assert len(line) == len(text)
    assert ElementTree.fromstring(f"<a>{xml_text(text)}</a>").text == line
    assert csv_cell(text).lstrip("'") == line.lstrip("'")


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)"])
def test_a_spreadsheet_takes_no_cell_for_a_formula(text):
    assert csv_cell(text) == f"'{text}"


def test_the_review_prints_neither_escapes_nor_markup(tmp_path, capsys):
    lines = [
        event("0001", 2.0),
        event("\x1b[31m0002", 4.0),
        event("0003", 5.0, label="[bold]x[/bold]"),
    ]
    write_events(tmp_path, lines)
    path = tmp_path / "events.jsonl"
    path.write_text(json.dumps(event("0004", 7.0)) + "\n\x1b]0;gone\x07\n" + path.read_text())
    review.run([str(tmp_path), "--summary"])
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
    assert [e.id for e in open_session(tmp_path).events] == ["0004", "0001"]


@pytest.mark.parametrize("name", ["\x1b[31mred.mp4", "[bold]x[red].mp4", "caf\udce9.mp4"])
def test_an_error_about_a_file_cannot_steer_the_terminal(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(b"no film")
    command = [sys.executable, str(PROGRAM), "--source", str(path), "--engine", "none"]
    done = subprocess.run([*command, "--no-record"], capture_output=True, timeout=120)
    assert done.returncode in (2, 3)
    assert b"\x1b" not in done.stderr
    if name.startswith("["):
        assert name.encode() in done.stderr
