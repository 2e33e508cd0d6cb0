"""What one session shows: how long a face could be judged, what would have been found, what was.

Seconds are those of the session's time line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.event import Event
from realtime.export.spans import Span, not_judged
from realtime.face.judged_time import JudgedTime
from realtime.recording.frames_csv import read_columns
from realtime.recording.markers import Marker
from realtime.recording.session import Session
from realtime.study.study import StudySession

_BINS = 240  # of a sensitivity course
_COLUMNS = ("timestamp", "iod_px", "sensitivity_upper_iod", "sensitivity_lower_iod")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SensitivityCourse:
    """Smallest movement of which 8 of 10 would be found, peak % IOD; NaN where it is unknown."""

    t_s: Floats  # (bins,) their middles
    upper: Floats  # (bins,) medians
    lower: Floats
    median_upper: float  # of all frames in which it is known
    median_lower: float


@dataclass(frozen=True, slots=True)
class SessionReport:
    of: StudySession
    start_s: float
    end_s: float
    judged: JudgedTime
    unjudged: tuple[Span, ...]
    fps: float  # median, of the analysed frames; NaN without any
    iod_px: float  # median
    sensitivity: SensitivityCourse
    flagged: tuple[Event, ...]  # in the order of their apexes
    rejected: tuple[Event, ...]  # what is not flagged in the end
    markers: tuple[Marker, ...]

    @property
    def session(self) -> Session:
        return self.of.session

    @property
    def judged_minutes(self) -> float:
        return self.judged.judged_s / 60


def session_report(of: StudySession) -> SessionReport:
    """Read a session.

    Raises:
        DataError: its table of frames is not ours.
    """
    session = of.session
    t_s, iod_px, upper, lower = read_columns(session.folder, _COLUMNS)
    steps = np.diff(np.unique(t_s))
    events = sorted(session.events, key=lambda event: event.apex_s)
    times = [*t_s[:1], *t_s[-1:], *(event.offset_s for event in events)]
    start_s, end_s = (float(min(times)), float(max(times))) if times else (0.0, 0.0)
    return SessionReport(
        of=of,
        start_s=start_s,
        end_s=end_s,
        judged=session.judged,
        unjudged=tuple(not_judged(session.verdicts)),
        fps=1 / float(np.median(steps)) if len(steps) else math.nan,
        iod_px=_median(iod_px),
        sensitivity=_course(t_s, 100 * upper, 100 * lower, start_s, end_s),
        flagged=tuple(event for event in events if event.kind == "micro"),
        rejected=tuple(event for event in events if event.kind != "micro"),
        markers=session.markers,
    )


def _course(
    t_s: Floats, upper: Floats, lower: Floats, start_s: float, end_s: float
) -> SensitivityCourse:
    edges = np.linspace(start_s, max(end_s, start_s + 1e-9), _BINS + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    cuts = np.searchsorted(t_s, edges[1:-1])

    def binned(values: Floats) -> Floats:
        return np.array([_median(part) for part in np.split(values, cuts)])

    return SensitivityCourse(middles, binned(upper), binned(lower), _median(upper), _median(lower))


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else math.nan
