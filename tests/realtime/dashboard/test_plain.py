"""Plain lines: what they say, and that a pipe gets each event once and no escape codes."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys

import pytest

from realtime.dashboard import open_dashboard
from realtime.dashboard.plain import News, added, event_line, status_line
from realtime.event import ActionUnit
from realtime.face.assessability import Assessable
from realtime.face.signal_quality import SignalQuality
from tests.paths import ROOT
from tests.realtime.dashboard.scenes import EVENTS, SCENES, event, status

PROGRAM = """
import sys
from dataclasses import replace
from realtime.dashboard import open_dashboard
from tests.realtime.dashboard.scenes import EVENTS, status
usual = status()
with open_dashboard("auto", keys=True) as dashboard:
    for i in range(2000):
        n = min(i // 100, len(EVENTS))
        shown = EVENTS[max(0, n - 2):n]  # a window that moves on
        notices = ("note one",) if i else ()
        dashboard.show(replace(usual, elapsed_s=i / 30, events=shown, notices=notices))
print("shown, closed", file=sys.stderr)
"""


def run(stdout: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
    )


def fill(pipe: int) -> None:
    os.set_blocking(pipe, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(pipe, b"x")
    os.set_blocking(pipe, True)


def test_a_pipe_gets_every_event_exactly_once_and_no_escape_codes() -> None:
    done = run(subprocess.PIPE)
    assert done.returncode == 0
    assert done.stderr == "shown, closed\n"
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    for flagged in EVENTS:
        assert sum(f"EVENT {flagged.id}" in line for line in lines) == 1
    assert sum("note one" in line for line in lines) == 1
    assert lines[-1].startswith("    66.6 s  LIVE 29.9 fps")


def test_a_pipe_nobody_reads_blocks_neither_show_nor_the_end() -> None:
    ours, theirs = os.pipe()
    fill(theirs)
    done = run(theirs)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0
    assert "shown, closed" in done.stderr
    assert "were not taken" in done.stderr


def test_a_reader_that_went_away_ends_the_lines_and_not_the_program() -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = run(theirs)
    os.close(theirs)
    assert done.returncode == 0
    assert "standard output was closed" in done.stderr
    assert "shown, closed" in done.stderr


def test_none_writes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with open_dashboard("none", keys=True) as dashboard:
        dashboard.show(status())
        assert dashboard.commands() == ()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("scene", "says"),
    [
        (
            "well",
            "84.3 s  LIVE 29.9 fps  face ok  judged 95 percent  flagged 3  rejected 2  "
            "target 0.2 false alarms a minute  8 of 10 movements of 1.3 percent IOD would be "
            "found (upper face; lower 2.4 percent)  lost 0.1 percent  undecodable frames 1",
        ),
        ("film", "0:05:12 left"),
        ("film", " FILM 29.9 fps"),
        ("well", "| engine onnxruntime-f32"),
        ("lost", "LOST (no new frame for 3.4 s; reconnecting) 0.0 fps"),
        ("frozen", "FROZEN (the same picture for 2.1 s; reconnecting)"),
        ("dark", "too dark: turn on a light in front of you"),
        ("motion", "engine none: MOTION ONLY"),
        ("motion", "recorder PAUSED: disk full"),
        ("opening", "OPENING 0.0 fps"),
    ],
)
def test_a_status_in_words(scene: str, says: str) -> None:
    assert says in status_line(SCENES[scene])


def test_pausing_and_several_faces_are_said() -> None:
    line = status_line(status(paused=True, faces=2, assessable=Assessable.YES))
    assert "LIVE (PAUSED)" in line
    assert "faces 2" in line


def test_a_poor_signal_is_said_with_what_to_do() -> None:
    dark = SignalQuality(30.0, 45.0, 90.0, 0.2, 0.0, 0.0)
    assert "face ok, but little light on the face: turn on" in status_line(status(quality=dark))


def test_an_event_in_words() -> None:
    assert event_line(EVENTS[0]) == (
        "    12.4 s  EVENT 0001  flagged as micro-expression, probability 93 percent  "
        "class surprise 88 percent, not trained on real micro-expressions  "
        "onset 12.133 s  apex 12.300 s  400 ms  patch 2.1 percent IOD  face 0"
    )
    assert "EVENT 0005  rejected: speech, head motion  " in event_line(EVENTS[4])
    assert not any("%" in event_line(event) for event in EVENTS)


def test_an_event_line_tells_its_units() -> None:
    named = (ActionUnit("4", "both", 0.0162, 0.9), ActionUnit("9", "left", 0.008, 0.6))
    flagged = dataclasses.replace(EVENTS[0], action_units=named)
    told = "brow lowered (4), both, 1.6 percent; nose wrinkled (9), left, 0.8 percent"
    assert told in event_line(flagged)


def test_a_file_name_cannot_steer_the_terminal() -> None:
    hostile = status(notices=("lost \x1b]0;gone\x07 camera",))
    assert all(line.isprintable() for line in News().of(hostile))


def test_a_revision_is_said_once_and_an_unchanged_event_never_again() -> None:
    news = News()
    first = event(1, 12.3, label=None)
    revised = dataclasses.replace(event(1, 12.3), revises=True)
    assert len(news.of(status(events=(first,)))) == 1
    assert news.of(status(events=(first,))) == []
    assert [line.split()[2] for line in news.of(status(events=(revised,)))] == ["REVISED"]
    assert news.of(status(events=(revised,))) == []


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ((), ("a",), ("a",)),
        (("a",), ("a",), ()),
        (("a", "b"), ("b", "c"), ("c",)),
        (("a",), ("a", "a"), ("a",)),
        (("a", "b"), (), ()),
        (("a",), ("b", "c"), ("b", "c")),
    ],
)
def test_only_what_was_appended_is_news(
    before: tuple[str, ...], after: tuple[str, ...], new: tuple[str, ...]
) -> None:
    assert tuple(added(before, after)) == new
