"""The live picture at every size: nothing crashes, nothing breaks the alignment."""

from __future__ import annotations

import dataclasses
import io
import math
from pathlib import Path

import cv2
import pytest
from rich.cells import cell_len

from realtime.capture.stats import CameraState
from realtime.dashboard import halfblock, open_dashboard
from realtime.dashboard.halfblock import ColourMode
from realtime.dashboard.painter import Painter
from realtime.dashboard.view import Page, View
from realtime.errors import SettingsError
from realtime.face.assessability import Assessable
from realtime.face.signal_quality import SignalQuality
from tests.realtime.dashboard.scenes import EVENTS, SCENES, capture, face_picture, rendered, status

PROMISED = ((200, 50), (120, 35), (100, 30), (80, 24), (60, 20))
SIZES = ((1, 1), (2, 3), (20, 5), (20, 10), (48, 16), (71, 24), (72, 20), *PROMISED)
ORDER = ("0006", "0003", "0001", "0005", "0004", "0002")


class Stream(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("page", Page)
def test_every_line_is_as_wide_as_the_screen(scene: str, size: tuple[int, int], page: Page) -> None:
    columns, rows = size
    lines = rendered(SCENES[scene], columns, rows, view=View(page, selected="0003"))
    assert len(lines) <= rows
    assert all(cell_len(line) <= columns for line in lines)
    if columns >= 48 and rows >= 16:
        assert len(lines) == rows


@pytest.mark.parametrize("size", PROMISED)
def test_a_researcher_s_questions_are_answered_at_every_size(size: tuple[int, int]) -> None:
    text = "\n".join(rendered(SCENES["well"], *size))
    for wanted in (
        *("FLEETING", "camera 0 (Integrated Webcam)", "0:01:24", "LIVE", "participant P07"),
        *("target 0.2/min", "profile anna", "judged 95 %", "● REC", "● LSL", "● ENGINE"),
        "8 of 10 movements of 1.3 % IOD would be found",
        *("brows", "mouth", "blink", "gaze", "speech", "head", "-10 s", "now"),
        *("the signal is good", "3 flagged, 2 rejected", "0006", "1:22.4", "micro 93 %"),
        *("positive†", "†", "not trained on real", "?  help", "q  quit"),
    ):
        assert wanted in text or (wanted == "not trained on real" and size[0] < 74), wanted


@pytest.mark.parametrize("size", PROMISED)
def test_flagged_come_first_and_every_event_has_verdict_and_reason(size: tuple[int, int]) -> None:
    lines = rendered(SCENES["well"], *size)
    rows = [next((i for i, x in enumerate(lines) if f" {n} " in x), 99) for n in ORDER]
    assert rows == sorted(rows)
    if size[1] >= 24:
        assert "rejected" in lines[rows[3]]
        assert "speech, head motion" in lines[rows[3]]


def test_a_film_says_how_far_it_is_and_several_faces_whose_event_it_is() -> None:
    text = "\n".join(rendered(SCENES["film"], 100, 30))
    assert "0:01:24 of 0:10:00, 0:05:12 left" in text
    assert "largest of 2 faces" in text
    assert "face 0; speech, head motion" in text


def test_the_threshold_of_the_target_is_a_line_at_its_height() -> None:
    """One row has it in its middle, two at the foot of the upper one; above, the bar goes on."""
    for size, line in (((80, 24), "─"), ((100, 30), "▔")):
        lines = rendered(SCENES["well"], *size)
        brows = next(x for x in lines if "brows" in x)
        assert brows.count(line) > 3 or "▁▁▁" in lines[lines.index(brows) - 1]


def test_engine_data_lies_on_its_own_page() -> None:
    main = "\n".join(rendered(SCENES["well"], 100, 30))
    page = "\n".join(rendered(SCENES["well"], 100, 30, view=View(Page.ENGINE)))
    for wanted in (
        *("onnxruntime-f32 3f9c12ab", "113 GB left", "118 of 150", "landmarks", "7.4     8.9"),
        *("requested 30, reported 30, measured 29.9", "2527 analysed", "80.1 of 84.3 s"),
        *("sessions/2026-11-23_20-14-05", "too dark 2.2 s"),
    ):
        assert wanted in page, wanted
        assert wanted not in main, wanted


def test_the_detail_of_an_event_has_times_reasons_units_and_regions() -> None:
    text = "\n".join(rendered(SCENES["well"], 100, 30, view=View(Page.DETAIL, "0006")))
    for wanted in (
        *("onset         82.233 s, frame 2467", "apex          82.400 s", "400 ms"),
        *("93 % by the network", "positive 88 %", "not trained on real micro-expressions"),
        *("brows", "44 %"),
    ):
        assert wanted in text, wanted


def test_the_detail_shows_the_stills_that_the_recorder_wrote(tmp_path: Path) -> None:
    (tmp_path / "stills").mkdir()
    name = "stills/0006_apex.png"
    cv2.imwrite(str(tmp_path / name), face_picture(200))
    shown = dataclasses.replace(EVENTS[-1], stills=("stills/0006_onset.png", name))
    scene = status(events=(shown,), session=str(tmp_path))
    lines = rendered(scene, 120, 35, view=View(Page.DETAIL, "0006"))
    assert any("0006_apex.png" in line[62:] for line in lines)
    assert sum("▀" in line for line in lines) > 10


@pytest.mark.parametrize("assessable", [a for a in Assessable if a is not Assessable.YES])
def test_a_face_that_cannot_be_judged_comes_with_advice(assessable: Assessable) -> None:
    shown = status(assessable=assessable)
    for size in ((100, 30), (60, 20), (40, 12)):
        text = " ".join("\n".join(rendered(shown, *size)).split())
        assert assessable.value in text


def test_motion_only_and_a_full_disk_are_said_in_capitals() -> None:
    text = "\n".join(rendered(SCENES["motion"], 80, 24))
    assert "MOTION ONLY: no engine" in text
    assert "REC PAUSED: disk full" in text
    assert "the disk is full: clips are paused" in text


def test_a_picture_that_is_old_says_so() -> None:
    assert "DOES NOT RESPOND" not in "\n".join(rendered(status(), 80, 24, silent_s=0.5))
    assert "THE PROGRAM DOES NOT RESPOND" in "\n".join(rendered(status(), 80, 24, silent_s=7.0))


def test_control_characters_of_a_name_do_not_reach_the_terminal() -> None:
    hostile = status(source="cam\x1b[2J\nera", session="\x9b31mred", notices=("\r\x07",))
    painter = Painter(Stream(), keys=True)
    lines, _ = painter.lines(hostile, (80, 24), silent_s=0.0)
    assert len(lines) == 24
    assert "cam?[2J?era" in lines[0]
    assert not any(c in line for line in lines for c in "\x9b\r\x07\n")


def test_wide_characters_keep_the_columns_straight() -> None:
    lines = rendered(status(source="カメラ" * 20), 80, 24)
    assert all(cell_len(line) <= 80 for line in lines)
    assert lines[0].rstrip().endswith("LIVE")


def test_strange_numbers_are_survived() -> None:
    odd = capture(CameraState.OPENING, age_s=float("inf"), measured_fps=0.0)
    window = status().motion
    traces = tuple(
        dataclasses.replace(t, values=(math.nan, math.inf, -3.0), threshold=0.0)
        for t in window.traces
    )
    strange = dataclasses.replace(window, traces=traces)
    nothing = SignalQuality(0.0)
    shown = status(capture=odd, motion=strange, quality=nothing, elapsed_s=math.nan)
    for size in ((80, 24), (120, 35)):
        assert len(rendered(shown, *size)) == size[1]


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
    picture = "".join(Painter(Stream(), keys=True).lines(status(), (80, 24))[0])
    assert has in picture
    assert has_not not in picture


def test_an_event_just_flagged_stands_out_and_an_old_one_does_not() -> None:
    def reversed_rows(elapsed_s: float) -> list[str]:
        painter = Painter(Stream(), keys=True)
        lines, _ = painter.lines(status(elapsed_s=elapsed_s), (80, 24))
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
