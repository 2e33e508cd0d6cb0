"""Half-blocks, traces and words, each on its own."""

from __future__ import annotations

import math

import numpy as np
import pytest
from rich.console import Console

from realtime.dashboard import words
from realtime.dashboard.halfblock import ColourMode, HalfBlocks, fit
from realtime.dashboard.motion_panel import axis, motion_lines
from realtime.dashboard.plain import status_line
from realtime.dashboard.run_summary import summary
from realtime.dashboard.trace import binned, full_height, trace_lines
from realtime.event import Kind
from realtime.face.assessability import Assessable
from realtime.spotting.sensitivity import UNKNOWN, Sensitivity
from realtime.status import MotionWindow, SecondsCounts, Trace
from tests.realtime.dashboard.scenes import EVENTS, counts, event, motion, status


@pytest.mark.parametrize(
    ("shape", "space", "fitted"),
    [
        ((120, 120), (22, 20), (20, 20)),  # (h, w) into (width, height)
        ((100, 200), (40, 40), (20, 40)),
        ((200, 100), (40, 40), (40, 20)),
        ((10, 10), (40, 41), (40, 40)),
        ((300, 1), (5, 5), (4, 1)),
    ],
)
def test_a_picture_keeps_its_proportions(
    shape: tuple[int, int], space: tuple[int, int], fitted: tuple[int, int]
) -> None:
    assert fit(np.zeros((*shape, 3), np.uint8), *space).shape[:2] == fitted


def test_each_half_of_a_cell_has_the_colour_of_its_pixel() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[0, 0] = (0, 0, 248)  # BGR: red above
    picture[1, 0] = (248, 0, 0)  # blue below
    console = Console(width=2)
    options = console.options.update_width(2)
    segments = [
        s for s in console.render(HalfBlocks(picture, ColourMode.FULL, 1), options) if s.style
    ]
    first = segments[0]
    assert first.text == "▀"
    assert first.style is not None
    assert first.style.color is not None
    assert first.style.bgcolor is not None
    assert first.style.color.triplet == (248, 0, 0)
    assert first.style.bgcolor.triplet == (0, 0, 248)


def test_no_peak_is_lost_when_a_trace_is_longer_than_its_space() -> None:
    values = [0.0] * 1000
    values[617] = 9.0
    levels = binned(values, 37)
    assert len(levels) == 37
    assert max(levels) == 9.0
    assert levels.index(9.0) == 617 * 37 // 1000


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
@pytest.mark.parametrize("threshold", [2.0, 5.0, 6.0, 9.0])
def test_the_threshold_is_a_line_at_its_own_height(rows: int, threshold: float) -> None:
    quiet = Trace("brows", (0.0,) * 30, threshold)
    lines = trace_lines(quiet, [True] * 30, 30, rows, top=10.0)
    (row,) = [k for k, line in enumerate(lines) if set(line.plain) <= set("▁─▔")]
    height = (rows - 1 - row + {"▁": 0.0, "─": 0.5, "▔": 1.0}[lines[row].plain[0]]) / rows
    assert abs(height - threshold / 10.0) <= 0.4 / rows


def test_what_is_above_the_threshold_is_higher_than_its_line_and_of_another_colour() -> None:
    trace = Trace("brows", (5.9, 6.1, 12.0), 6.0)
    upper, lower = trace_lines(trace, [True] * 3, 3, 2, top=full_height(trace))
    assert (upper.plain, lower.plain) == ("▁▁█", "███")
    styles = [next(str(s.style) for s in lower.spans if s.start <= x < s.end) for x in range(3)]
    assert styles == ["cyan", "bold yellow", "bold yellow"]


def test_unjudged_time_is_shaded_and_has_no_line() -> None:
    trace = Trace("brows", (0.5,) * 4 + (math.nan,) * 4, 6.0)
    (line,) = trace_lines(trace, [True] * 4 + [False] * 4, 8, 1, top=12.0)
    assert line.plain == "────░░░░"


def test_marks_lie_at_the_apex_and_a_flag_covers_a_rejection() -> None:
    window = MotionWindow(10.0, 0.04, judged=(True,) * 250)
    events = [event(1, 5.0), event(2, 5.0, kind="rejected"), event(3, 7.5, kind="rejected")]
    cells = axis(window, events, 100).plain
    assert cells.index("▲") == 50
    assert cells.index("·") == 75
    assert cells.count("▲") + cells.count("·") == 2
    assert axis(window, [event(4, -1.0), event(5, 10.0)], 100).plain.count("▲") == 0


@pytest.mark.parametrize(("kind", "mark"), [("rejected", "·"), ("micro", "▲")])
def test_a_mark_stands_beside_a_number_of_the_axis_and_not_in_it(kind: Kind, mark: str) -> None:
    window = MotionWindow(10.0, 0.04, judged=(True,) * 250)
    bare = axis(window, [], 100).plain
    apexes = [(k + 0.5) / 10 for k in range(100)]  # one a column
    dense = [event(k, apex_s, kind=kind) for k, apex_s in enumerate(apexes)]
    cells = axis(window, dense, 100).plain
    labels = [k for k, cell in enumerate(bare) if cell != "─"]
    assert "".join(cells[k] for k in labels) == "".join(bare[k] for k in labels)
    assert cells.count(mark) == 100 - len(labels)


@pytest.mark.parametrize(
    ("assessable", "seen", "says"),
    [
        (
            Assessable.YES,
            Sensitivity(0.013, 0.024),
            "8 of 10 movements of 1.3 % IOD would be found",
        ),
        (Assessable.YES, UNKNOWN, "sensitivity not known yet"),
        (Assessable.SETTLING, UNKNOWN, "sensitivity not known yet"),
        (Assessable.TOO_DARK, Sensitivity(0.013, 0.024), "sensitivity not known: too dark"),
        (
            Assessable.INSENSITIVE,
            Sensitivity(0.07, 0.1),
            "even of 6 % IOD fewer than 8 of 10 would be found (too much motion)",
        ),
    ],
)
def test_the_screen_says_what_would_be_found_or_why_that_is_not_known(
    assessable: Assessable, seen: Sensitivity, says: str
) -> None:
    now = status(assessable=assessable, sensitivity=seen)
    assert (words.sensitivity(now) or words.sensitivity_unknown(now)).startswith(says)
    assert says.replace(" %", " percent") in status_line(now)


def test_what_is_less_than_it_shows_is_no_reason() -> None:
    seconds = SecondsCounts(
        seen=9.0, judged=6.0, not_judged={"too dark": 2.96, "turned away": 0.04}
    )
    assert words.not_judged(seconds) == "too dark 3.0 s"
    assert words.not_judged(SecondsCounts(seen=9.0, not_judged={"too dark": 0.01})) == ""


def test_a_blink_looks_like_a_blink() -> None:
    lines = [line.plain for line in motion_lines(motion(), (), 120, 1)]
    blink = next(line for line in lines if line.startswith("blink"))
    still = next(line for line in lines if line.startswith("head"))
    assert "█" in blink
    assert not set(still[8:]) & set("▃▄▅▆▇█")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (words.clock(12.34), "0:12.3"),
        (words.clock(59.96), "1:00.0"),
        (words.clock(5025.2), "83:45.2"),
        (words.span(3671.9), "1:01:11"),
        (words.disk(113_400_000_000), "113 GB"),
        (words.disk(2_500_000_000_000), "2.5 TB"),
        (words.disk(400_000_000), "400 MB"),
        (words.disk(None), "-"),
        (words.rate(None), "-"),
        (words.rate(29.97), "29.97"),
        (words.rate(30.0), "30"),
    ],
)
def test_figures_in_words(given: str, said: str) -> None:
    assert given == said


def test_the_summary_says_what_came_of_the_session() -> None:
    console = Console(width=90, record=True, force_terminal=False, quiet=False)
    with console.capture() as captured:
        console.print(summary(status(counts=counts(dropped=4))))
    text = captured.get()
    assert "\x1b" not in text
    for wanted in (
        *(
            "0:01:24",
            "2531 read, 1 undecodable, 0 refused, 2527 analysed, 4 dropped",
            "3 (0.1 %)",
            "3 micro-expressions",
        ),
        *("2: blink 1, speech 1, head motion 1", "sessions/2026-11-23_20-14-05"),
        "fleeting review sessions/2026-11-23_20-14-05",
        *("0003    32.933   33.100     33.333   negative", "surprise", "positive"),
    ):
        assert wanted in text, wanted
    assert "0004" not in text  # an ordinary expression is no flag
    assert "earlier" not in text


def test_the_summary_owns_up_to_what_it_does_not_know() -> None:
    console = Console(width=90)
    with console.capture() as captured:
        console.print(summary(status(counts=counts(micro=10, rejected=50), events=EVENTS[2:])))
    assert "and 8 earlier: see events.jsonl" in captured.get()
    assert "(of the last 1)" in captured.get()
