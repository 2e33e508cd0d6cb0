"""The last seconds of the largest face, in slots of equal length, for the traces on the screen.

Fed by `live_view` with every analysed frame.  Times are seconds of the source.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from realtime.motion.regions import Stream
from realtime.spotting.sensitivity import Sensitivity
from realtime.status import MotionWindow, Trace

SLOT_S = 0.04  # a terminal's column shows no more; the largest value in it counts
WINDOW_S = 10.0
LANES = ("blink", "gaze", "speech", "head")
_SLOTS = round(WINDOW_S / SLOT_S)
_GAP = round(0.25 / SLOT_S)  # slots between two frames that still belong together
_UPPER = (Stream.BROWS, Stream.LIDS, Stream.EYES)


@dataclass(frozen=True, slots=True)
class MotionSample:
    """One frame."""

    t_s: float
    scores: tuple[float, ...] | None  # of every `Stream`, sigmas; None: the face is not followed
    lanes: tuple[float, ...]  # in the order of `LANES`, [0, 1]
    judged: bool


class MotionHistory:
    def __init__(self) -> None:
        self._slots: deque[tuple[int, MotionSample]] = deque()

    def note(self, sample: MotionSample) -> None:
        """The next frame; after a time that goes back the history begins anew."""
        slot = math.floor(sample.t_s / SLOT_S)
        if self._slots and slot < self._slots[-1][0]:
            self._slots.clear()
        if self._slots and slot == self._slots[-1][0]:
            sample = _joined(self._slots.pop()[1], sample)
        self._slots.append((slot, sample))
        while slot - self._slots[0][0] >= _SLOTS:
            self._slots.popleft()

    def window(self, sensitivity: Sensitivity) -> MotionWindow:
        """`WINDOW_S` up to the newest frame."""
        if not self._slots:
            return MotionWindow(slot_s=SLOT_S)
        newest = self._slots[-1][0]
        filled: list[MotionSample | None] = [None] * _SLOTS
        before: tuple[int, MotionSample] | None = None
        for slot, sample in self._slots:
            place = slot - newest + _SLOTS - 1
            if before is not None and slot - before[0] <= _GAP:
                for between in range(before[0] - newest + _SLOTS, place):
                    filled[between] = before[1]
            filled[place] = sample
            before = slot, sample
        return MotionWindow(
            (newest + 1) * SLOT_S,
            SLOT_S,
            tuple(
                Trace(
                    stream.value,
                    tuple(_score(sample, k) for sample in filled),
                    sensitivity.upper_sigma if stream in _UPPER else sensitivity.lower_sigma,
                )
                for k, stream in enumerate(Stream)
            ),
            tuple(
                Trace(name, tuple(s.lanes[k] if s is not None else math.nan for s in filled))
                for k, name in enumerate(LANES)
            ),
            tuple(s is not None and s.judged for s in filled),
        )


def _score(sample: MotionSample | None, stream: int) -> float:
    return math.nan if sample is None or sample.scores is None else sample.scores[stream]


def _joined(first: MotionSample, second: MotionSample) -> MotionSample:
    """Of two frames in one slot the largest values; judged if both were."""
    scores = second.scores or first.scores
    if first.scores is not None and second.scores is not None:
        scores = tuple(map(max, first.scores, second.scores))
    lanes = tuple(map(max, first.lanes, second.lanes))
    return MotionSample(second.t_s, scores, lanes, first.judged and second.judged)
