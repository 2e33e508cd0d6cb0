"""How long each stage of the analysis takes, over the last frames."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from realtime.status import StageTime

_FRAMES = 300


class StageTimes:
    """`with clock.stage("face"): …`; the order of first use is the order of the table."""

    def __init__(self) -> None:
        self._took: dict[str, deque[float]] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.note(name, time.perf_counter() - start)

    def note(self, name: str, seconds: float) -> None:
        self._took.setdefault(name, deque(maxlen=_FRAMES)).append(1e3 * seconds)

    def times(self) -> tuple[StageTime, ...]:
        table = []
        for name, took in self._took.items():
            p50, p95 = np.percentile(list(took), [50, 95])
            table.append(StageTime(name, float(p50), float(p95)))
        return tuple(table)
