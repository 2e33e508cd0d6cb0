"""For how many seconds a face was assessable, and for how many not, by reason.

Fed with the verdict on every frame, live or out of frames.csv: both give the same figures.
Pure.  Times are seconds on the time line of the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from realtime.face.assessability import Assessable

MAX_STEP_S = 0.25  # from one frame to the next; the rest of a longer step was not seen
NO_FRAMES = "no frames"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one frame was assessable."""

    t_s: float  # on the time line of the source
    assessable: Assessable  # YES if any face in it was assessable


@dataclass(frozen=True, slots=True)
class JudgedTime:
    """`judged_s` and all of `not_judged_s` add up to `seen_s`."""

    seen_s: float = 0.0
    judged_s: float = 0.0
    speech_masked_s: float = 0.0  # of these: the lower face was masked by speech
    not_judged_s: Mapping[str, float] = field(default_factory=dict)  # by reason, longest first


@dataclass(frozen=True, slots=True)
class UnjudgedSpan:
    """A stretch in which nothing could be judged, for one reason."""

    start_s: float
    end_s: float
    reason: str


class JudgedTimer:
    """Adds up the time from each frame to the next, by the later one's verdict."""

    def __init__(self) -> None:
        self._last_s: float | None = None
        self._seen_s = self._judged_s = self._masked_s = 0.0
        self._not_judged_s: dict[str, float] = {}
        self._open: UnjudgedSpan | None = None
        self._ended: list[UnjudgedSpan] = []

    def note(self, verdict: Verdict, *, speech_masked: bool = False) -> None:
        """The verdict on the next frame."""
        last_s, self._last_s = self._last_s, verdict.t_s
        if last_s is None:
            return
        step_s = verdict.t_s - last_s
        watched_s = min(step_s, MAX_STEP_S)
        if verdict.assessable in (Assessable.LOW_RATE, Assessable.TOO_SLOW):
            watched_s = step_s  # frames this far apart are all that there are
        self._seen_s += step_s
        if verdict.assessable is Assessable.YES:
            self._judged_s += watched_s
            self._masked_s += watched_s if speech_masked else 0.0
        if step_s > watched_s:
            self._lose(NO_FRAMES, last_s, verdict.t_s - watched_s)
        if verdict.assessable is Assessable.YES:
            self._end_span()
        else:
            self._lose(verdict.assessable.value, verdict.t_s - watched_s, verdict.t_s)

    def time(self) -> JudgedTime:
        """So far."""
        longest_first = sorted(self._not_judged_s.items(), key=lambda item: -item[1])
        return JudgedTime(self._seen_s, self._judged_s, self._masked_s, dict(longest_first))

    def ended_spans(self) -> list[UnjudgedSpan]:
        """Stretches that have ended since the last call."""
        ended, self._ended = self._ended, []
        return ended

    def _lose(self, reason: str, start_s: float, end_s: float) -> None:
        self._not_judged_s[reason] = self._not_judged_s.get(reason, 0.0) + end_s - start_s
        if self._open is None or self._open.reason != reason:
            self._end_span()
            self._open = UnjudgedSpan(start_s, end_s, reason)
        else:
            self._open = UnjudgedSpan(self._open.start_s, end_s, reason)

    def _end_span(self) -> None:
        if self._open is not None:
            self._ended.append(self._open)
            self._open = None


def judged_time(verdicts: Iterable[Verdict]) -> JudgedTime:
    """Of every frame's verdict, in order."""
    timer = JudgedTimer()
    for verdict in verdicts:
        timer.note(verdict)
    return timer.time()
