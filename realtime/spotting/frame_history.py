"""The last two seconds of one face's crops: where the onset–apex pair of a finding comes from."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.face.face import Box
from realtime.motion.stabiliser import Stabilised, warp_crop

_SAME = np.eye(2, 3)
_KEEP_NS = 2_000_000_000  # an event and the wait for its flag


@dataclass(frozen=True, slots=True)
class KeptFrame:
    seq: int
    t_ns: int
    crop: NDArray[np.uint8]  # (224, 224) grey
    onward: NDArray[np.float64]  # (2, 3) its pixels to those of the crops that follow
    face_box: Box


class FrameHistory:
    """One face.  `clear` when it is lost."""

    def __init__(self) -> None:
        self._frames: deque[KeptFrame] = deque()

    def clear(self) -> None:
        self._frames.clear()

    def keep(self, seq: int, stabilised: Stabilised, box: Box) -> None:
        """Add the newest frame, with its number and the face's box in it."""
        t_ns = stabilised.t_ns
        self._frames.append(KeptFrame(seq, t_ns, stabilised.crop, stabilised.onward, box))
        while t_ns - self._frames[0].t_ns > _KEEP_NS:
            self._frames.popleft()

    def nearest(self, t_ns: int) -> KeptFrame:
        """The kept frame nearest to a time."""
        return min(self._frames, key=lambda frame: abs(frame.t_ns - t_ns))

    def frame_number(self, t_ns: int) -> int:
        """The frame nearest to a time; one that has yet to come is counted at the present rate."""
        newest, oldest = self._frames[-1], self._frames[0]
        if t_ns <= newest.t_ns or newest is oldest:
            return self.nearest(t_ns).seq
        rate = (newest.seq - oldest.seq) / (newest.t_ns - oldest.t_ns)
        return newest.seq + round((t_ns - newest.t_ns) * rate)

    def pair(self, onset_ns: int, apex_ns: int) -> NDArray[np.float32]:
        """Onset and apex crops for the network, aligned alike, (2, 224, 224) in [0, 1]."""
        onset, apex = self.nearest(onset_ns), self.nearest(apex_ns)
        crop = onset.crop
        for frame in self._frames:
            if onset.t_ns <= frame.t_ns < apex.t_ns and not np.array_equal(frame.onward, _SAME):
                crop = warp_crop(crop, frame.onward)
        return np.stack([crop, apex.crop]).astype(np.float32) / np.float32(255)
