"""The last seconds of every stream's score, for the dashboard's traces."""

from __future__ import annotations

from collections import deque

from realtime.motion.regions import Stream
from realtime.status import Trace

_KEEP_NS = 8_000_000_000
_STEP_NS = 40_000_000  # a terminal column shows no more; between them the largest score counts


class TraceHistory:
    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._points: deque[tuple[int, tuple[float, ...]]] = deque()

    def note(self, t_ns: int, strengths: tuple[float, ...]) -> None:
        """Scores of one frame in the order of `Stream`, sigmas."""
        if self._points and t_ns - self._points[-1][0] < _STEP_NS:
            at, before = self._points[-1]
            self._points[-1] = (at, tuple(map(max, before, strengths)))
        else:
            self._points.append((t_ns, strengths))
        while t_ns - self._points[0][0] > _KEEP_NS:
            self._points.popleft()

    def traces(self) -> tuple[Trace, ...]:
        columns = zip(*(values for _, values in self._points), strict=True)
        return tuple(
            Trace(stream.value, tuple(values), self._threshold)
            for stream, values in zip(Stream, columns, strict=False)
        )
