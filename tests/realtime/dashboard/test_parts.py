"""Half-blocks, traces and words, each on its own."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console

from realtime.dashboard import words
from realtime.dashboard.halfblock import ColourMode, HalfBlocks, fit
from realtime.dashboard.summary import summary
from realtime.dashboard.trace import bars, binned
from tests.realtime.dashboard.scenes import EVENTS, counts, status


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


def test_a_short_trace_stands_at_the_right() -> None:
    (line,) = bars([6.0, 6.0], 6.0, 10, 1)
    assert line.plain == " " * 8 + "▄▄"


@pytest.mark.parametrize("rows", [2, 3])
def test_the_threshold_is_the_border_above_the_lowest_row(rows: int) -> None:
    *upper, lowest = bars([1.0, 5.9, 6.0, 9.0, 100.0], 6.0, 5, rows)
    assert lowest.plain == "▁████"
    assert upper[-1].plain == "▁▁▁▄█"  # the line where nothing is higher, else the signal
    styles = [next(str(s.style) for s in lowest.spans if s.start <= x < s.end) for x in range(5)]
    assert styles == ["cyan", "cyan", "cyan", "bold yellow", "bold yellow"]


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
        console.print(summary(status(counts=counts(micro=10, rejected=50)), EVENTS[2:]))
    assert "and 8 earlier: see events.jsonl" in captured.get()
    assert "(of the last 1)" in captured.get()
