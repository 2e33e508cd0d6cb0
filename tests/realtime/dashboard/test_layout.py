"""The live picture at every size: nothing crashes, nothing breaks the alignment."""

from __future__ import annotations

import dataclasses
import io

import pytest
from rich.cells import cell_len

from realtime.capture.stats import CameraState
from realtime.dashboard import halfblock, open_dashboard
from realtime.dashboard.halfblock import ColourMode
from realtime.dashboard.live import Painter
from realtime.errors import SettingsError
from realtime.face.assessability import Assessable
from tests.realtime.dashboard.scenes import EVENTS, SCENES, capture, rendered, status

SIZES = ((1, 1), (2, 3), (20, 5), (20, 10), (71, 24), (72, 20), (80, 24), (100, 30), (160, 45))


class Stream(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("size", SIZES)
def test_every_line_is_as_wide_as_the_screen(scene: str, size: tuple[int, int]) -> None:
    columns, rows = size
    lines = rendered(SCENES[scene], columns, rows)
    assert len(lines) <= rows
    assert all(cell_len(line) <= columns for line in lines)
    if columns >= 72 and rows >= 20:
        assert len(lines) == rows
        framed = [line for line in lines if line.startswith(("│", "╭", "╰"))]
        assert framed
        assert {cell_len(line) for line in framed} == {columns}
        assert all(line.endswith(("│", "╮", "╯")) for line in framed)


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 45)])
def test_what_a_user_looks_for_is_there(size: tuple[int, int]) -> None:
    text = "\n".join(rendered(SCENES["well"], *size))
    for wanted in (
        *("FLEETING", "camera 0 (Integrated Webcam)", "640×480", "0:01:24", "LIVE"),
        *("requested 30", "reported 30", "measured 29.9 fps", "lost 0.1 %", "not: too dark 2.2 s"),
        *("landmarks", "7.4", "8.9", "eyes", "chin", "0.8/6.0", "detector: resting"),
        *("assessable", "0006", "1:22.4", "positive", "88 %", "93 %", "400", "2.1", "micro 3"),
        *("rejected 2", "ready  onnxruntime-f32 3f9c12ab", "idle", "113 GB left", "118/150"),
        *("sessions/2026-11-23_20-14-05", "analysed 2527", "judged 80.1 of 84.3 s"),
    ):
        assert wanted in text, wanted


def test_events_are_newest_first_and_wide_screens_say_why_one_was_rejected() -> None:
    lines = rendered(SCENES["well"], 160, 45)
    rows = [next(i for i, line in enumerate(lines) if f" {e.id} " in line) for e in EVENTS]
    assert rows == sorted(rows, reverse=True)
    assert "speech, head motion" in lines[rows[4]]


@pytest.mark.parametrize("assessable", [a for a in Assessable if a is not Assessable.YES])
def test_a_face_that_cannot_be_judged_comes_with_advice(assessable: Assessable) -> None:
    text = " ".join("\n".join(rendered(status(assessable=assessable), 100, 30)).split())
    plain = "\n".join(rendered(status(assessable=assessable), 60, 12))
    assert assessable.value in text
    assert f"{assessable.value}: " in plain


def test_motion_only_and_a_full_disk_are_said_in_capitals() -> None:
    text = "\n".join(rendered(SCENES["motion"], 80, 24))
    assert "MOTION ONLY: no engine, no classes" in text
    assert "PAUSED: disk full" in text
    assert "the disk is full: clips are paused" in text


def test_a_picture_that_is_old_says_so() -> None:
    assert "DOES NOT RESPOND" not in "\n".join(rendered(status(), 80, 24, silent_s=0.5))
    assert "THE PROGRAM DOES NOT RESPOND" in "\n".join(rendered(status(), 80, 24, silent_s=7.0))


def test_control_characters_of_a_name_do_not_reach_the_terminal() -> None:
    hostile = status(source="cam\x1b[2J\nera", session="\x9b31mred", notices=("\r\x07",))
    painter = Painter(Stream(), keys=True)
    lines = painter.lines(hostile, (80, 24), silent_s=0.0)
    assert len(lines) == 24
    assert "cam?[2J?era" in lines[0]
    assert not any(c in line for line in lines for c in "\x9b\r\x07\n")


def test_wide_characters_keep_the_frames_straight() -> None:
    lines = rendered(status(session="会话/二〇二六", source="カメラ"), 80, 24)
    assert {cell_len(line) for line in lines if line.startswith(("│", "╭"))} == {80}


def test_strange_numbers_are_survived() -> None:
    odd = capture(CameraState.OPENING, age_s=float("inf"), measured_fps=0.0)
    traces = tuple(
        dataclasses.replace(t, values=(float("nan"), float("inf"), -3.0), threshold=0.0)
        for t in status().traces
    )
    shown = status(capture=odd, traces=traces, ring_capacity=0, elapsed_s=float("nan"))
    assert len(rendered(shown, 80, 24)) == 24


@pytest.mark.parametrize(
    ("environment", "has", "has_not"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "48;2;", "48;5;"),
        ({"TERM": "xterm-256color", "COLORTERM": ""}, "48;5;", "48;2;"),
        ({"TERM": "xterm", "COLORTERM": ""}, "\x1b[32m", "8;"),
        ({"TERM": "xterm", "COLORTERM": "", "NO_COLOR": "1"}, "\x1b[1m", "\x1b[3"),
    ],
)
def test_colours_follow_the_terminal(
    environment: dict[str, str], has: str, has_not: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    halfblock._style.cache_clear()  # a rich style remembers its codes for one kind of terminal
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    picture = "".join(Painter(Stream(), keys=True).lines(status(), (80, 24), silent_s=0))
    assert has in picture
    assert has_not not in picture


def test_an_event_just_flagged_stands_out_and_an_old_one_does_not() -> None:
    def reversed_rows(elapsed_s: float) -> list[str]:
        painter = Painter(Stream(), keys=True)
        lines = painter.lines(status(elapsed_s=elapsed_s), (80, 24), silent_s=0)
        return [line for line in lines if "\x1b[1;7m" in line and "000" in line]

    assert len(reversed_rows(EVENTS[-1].flagged_s + 1.0)) == 1
    assert reversed_rows(EVENTS[-1].flagged_s + 60.0) == []


def test_live_on_something_that_is_no_terminal_is_refused_in_one_sentence() -> None:
    with pytest.raises(SettingsError, match="--dashboard plain"):
        open_dashboard("live", stream=io.StringIO())


@pytest.mark.parametrize("look", [ColourMode.BASIC, ColourMode.NONE])
def test_without_many_colours_the_face_is_drawn_in_greys(look: ColourMode) -> None:
    text = "\n".join(rendered(status(), 80, 24, look=look))
    assert "▒" in text
    assert "▀" not in text
