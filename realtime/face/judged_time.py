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
    not_judged_s: Mapping[str, float] = field(default_factory=dict)  # by reason, longest first

    @property
    def main_reason(self) -> str | None:
        """Why most of what was not judged was not."""
        return next(iter(self.not_judged_s), None)


class JudgedTimer:
    """Adds up the time from each frame to the next, by the later one's verdict."""

    def __init__(self) -> None:
        self._last_s: float | None = None
        self._seen_s = self._judged_s = 0.0
        self._not_judged_s: dict[str, float] = {}

    def note(self, verdict: Verdict) -> None:
        """The verdict on the next frame."""
        last_s, self._last_s = self._last_s, verdict.t_s
        if last_s is None:
            return
        step_s = verdict.t_s - last_s
        watched_s = min(step_s, MAX_STEP_S)
        if verdict.assessable is Assessable.LOW_RATE:
            watched_s = step_s  # frames this far apart are all that the source has
        self._seen_s += step_s
        if verdict.assessable is Assessable.YES:
            self._judged_s += watched_s
        else:
            self._lose(verdict.assessable.value, watched_s)
        if step_s > watched_s:
            self._lose(NO_FRAMES, step_s - watched_s)

    def time(self) -> JudgedTime:
        """So far."""
        longest_first = sorted(self._not_judged_s.items(), key=lambda item: -item[1])
        return JudgedTime(self._seen_s, self._judged_s, dict(longest_first))

    def _lose(self, reason: str, seconds: float) -> None:
        self._not_judged_s[reason] = self._not_judged_s.get(reason, 0.0) + seconds


def judged_time(verdicts: Iterable[Verdict]) -> JudgedTime:
    """Of every frame's verdict, in order."""
    timer = JudgedTimer()
    for verdict in verdicts:
        timer.note(verdict)
    return timer.time()
