"""Charts of the page in its own coordinates: x from 0 to WIDTH, y from 0 downwards.

The template draws them as SVG, so that they stay sharp in print and need no library.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.report.rates import FlagRate
from realtime.report.session_report import SessionReport

WIDTH = 1000.0
COURSE_HEIGHT = 90.0

_TOP_IOD = 6.0  # % IOD: beyond it a face is not assessable
_TICKS = 8  # of an axis, at most
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)


@dataclass(frozen=True, slots=True)
class ChartTick:
    x: float
    text: str


@dataclass(frozen=True, slots=True)
class ChartBar:
    x: float
    width: float
    text: str


@dataclass(frozen=True, slots=True)
class TimelineChart:
    unjudged: tuple[ChartBar, ...]
    flagged: tuple[ChartTick, ...]
    rejected: tuple[ChartTick, ...]
    markers: tuple[ChartTick, ...]
    ticks: tuple[ChartTick, ...]
    upper: tuple[str, ...]  # points of each stretch of the sensitivity's course
    lower: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RateRow:
    rate: FlagRate
    group: bool  # of several participants
    x: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RateChart:
    rows: tuple[RateRow, ...]
    ticks: tuple[ChartTick, ...]


def timeline(report: SessionReport) -> TimelineChart:
    length_s = max(report.end_s - report.start_s, 1e-9)

    def x(t_s: float) -> float:
        return round(min(max((t_s - report.start_s) / length_s, 0.0), 1.0) * WIDTH, 1)

    course = report.sensitivity
    return TimelineChart(
        unjudged=_merged((x(s.start_s), x(s.end_s), s.text) for s in report.unjudged),
        flagged=tuple(
            ChartTick(x(event.apex_s), f"{event.id} {event.label}, {event.apex_s:.2f} s")
            for event in report.flagged
        ),
        rejected=tuple(
            ChartTick(x(event.apex_s), f"{event.id} {', '.join(event.reasons) or event.kind}")
            for event in report.rejected
        ),
        markers=tuple(ChartTick(x(m.t_s), m.label or "marker") for m in report.markers),
        ticks=tuple(ChartTick(x(t_s), _clock(t_s)) for t_s in _times(report)),
        upper=_lines([x(t_s) for t_s in course.t_s], course.upper),
        lower=_lines([x(t_s) for t_s in course.t_s], course.lower),
    )


def rate_chart(groups: Sequence[FlagRate], participants: Sequence[FlagRate]) -> RateChart:
    rates = [*((rate, True) for rate in groups), *((rate, False) for rate in participants)]
    known = [(rate, group, rate.interval) for rate, group in rates if rate.interval is not None]
    top = max((high for _, _, (_, high) in known), default=1.0)
    step = _round_step(top / 5)
    top = step * math.ceil(top / step)

    def x(per_minute: float) -> float:
        return round(per_minute / top * WIDTH, 1)

    rows = (
        RateRow(rate, group, x(rate.per_minute), x(low), x(high))
        for rate, group, (low, high) in known
    )
    count = round(top / step)
    return RateChart(
        tuple(rows),
        tuple(ChartTick(x(k * step), f"{k * step:.10g}") for k in range(count + 1)),
    )


def _merged(spans: Iterable[tuple[float, float, str]]) -> tuple[ChartBar, ...]:
    """Spans that touch on the page are one bar; each reason is named once."""
    bars: list[tuple[float, float, list[str]]] = []
    for left, right, text in sorted(spans):
        right = max(right, left + 0.5)
        if bars and left - bars[-1][1] < 0.5:
            before, end, texts = bars.pop()
            bars.append((before, max(end, right), list(dict.fromkeys([*texts, text]))))
        else:
            bars.append((left, right, [text]))
    return tuple(
        ChartBar(left, round(right - left, 1), ", ".join(texts)) for left, right, texts in bars
    )


def _lines(x: Sequence[float], values: NDArray[np.float64]) -> tuple[str, ...]:
    """The points of each stretch in which the size is known; 0 is at the foot."""
    lines: list[list[str]] = [[]]
    for place, value in zip(x, values, strict=True):
        if math.isfinite(value):
            y = COURSE_HEIGHT * (1 - min(value, _TOP_IOD) / _TOP_IOD)
            lines[-1].append(f"{place:.1f},{y:.1f}")
        elif lines[-1]:
            lines.append([])
    # a single point would not show
    return tuple(" ".join(line if len(line) > 1 else line * 2) for line in lines if line)


def _times(report: SessionReport) -> list[float]:
    length_s = report.end_s - report.start_s
    step = next((s for s in _STEPS_S if length_s / s <= _TICKS), _STEPS_S[-1])
    first = math.ceil(report.start_s / step)
    return [k * step for k in range(first, math.floor(report.end_s / step) + 1)]


def _clock(t_s: float) -> str:
    minutes, seconds = divmod(round(t_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _round_step(least: float) -> float:
    """1, 2 or 5 times a power of ten, not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(k * power for k in (1, 2, 5, 10) if k * power >= least * (1 - 1e-9))
