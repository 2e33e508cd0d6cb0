"""The effect of each key: the review without its window.

`press` takes a key, `picture` gives the picture at a time; the caller owns the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from realtime.dashboard.words import clock, percent
from realtime.errors import SourceError
from realtime.event import CLASSES
from realtime.recording.labels_csv import NONE, Labels
from realtime.review.flags import Flag
from realtime.review.replay import ReplayFrame
from realtime.review.sheet import Sheet, draw

SPEEDS = (4, 8, 1, 2)  # times slower, in the order of the key
_FLICKER_S = 0.5
_AROUND_S = 0.5  # before the onset and after the offset, where the movement alone is shown
_FRAME_S = 1 / 30  # for which the last frame of a clip is shown
_Marks = tuple[float | None, float | None, float | None]
_SAYS = {"0": NONE, **{str(n): label for n, label in enumerate(CLASSES, start=1)}}


class Reviewer:
    """Goes through a session's flags, first those without a label.

    Args:
        flags: at least one, each with a clip.
        labels: the session's; written at every answer.
        look: a flag's clip as pictures.
        subject: whose face it is, for the labels file.
    """

    def __init__(
        self,
        flags: Sequence[Flag],
        labels: Labels,
        look: Callable[[Flag], Sequence[ReplayFrame]],
        subject: str | None = None,
    ) -> None:
        self._flags, self._labels, self._look, self._subject = flags, labels, look, subject
        self._speed = 0
        self._whole_frame = self._whole_clip = False
        self._looks: Sequence[ReplayFrame] | None = None
        self._began_s: float | None = None
        self.done = False
        self._go(next((k for k, f in enumerate(flags) if labels.get(f.id) is None), 0))

    @property
    def flag(self) -> Flag:
        return self._flags[self._at]

    def press(self, key: str) -> None:
        """Raises DiskFull or RecordingError if an answer cannot be kept."""
        if key in _SAYS:
            self._labels.set(self.flag.id, _SAYS[key], self._subject)
            self._on()
        elif key == "u":
            self._labels.set(self.flag.id, None)
            self._on()
        elif key == " ":
            self._on()
        elif key == "b":
            self._go(max(self._at - 1, 0))
        elif key == "s":
            self._speed = (self._speed + 1) % len(SPEEDS)
        elif key == "c":
            self._whole_clip = not self._whole_clip
        elif key == "f":
            self._whole_frame = not self._whole_frame
        elif key == "q":
            self.done = True

    def picture(self, now_s: float) -> NDArray[np.uint8]:
        """What is to be seen now; the first of an event says that its clip is being read."""
        if self._began_s is None:
            self._began_s = now_s
            return draw(self._sheet(()))
        if self._looks is None:
            self._looks = self._read()
            self._began_s = now_s
        return draw(self._sheet(self._looks, now_s - self._began_s))

    def _on(self) -> None:
        if self._at + 1 == len(self._flags):
            self.done = True
        else:
            self._go(self._at + 1)

    def _go(self, at: int) -> None:
        self._at = at
        self._looks = self._began_s = None
        self._trouble = ""

    def _read(self) -> Sequence[ReplayFrame]:
        try:
            return self._look(self.flag)
        except SourceError:
            self._trouble = "  its clip cannot be read"
            return ()

    def _sheet(self, looks: Sequence[ReplayFrame], watched_s: float = 0.0) -> Sheet:
        flag, said = self.flag, self._labels.get(self.flag.id)
        slower = SPEEDS[self._speed]
        title = (
            f"{self._at + 1} of {len(self._flags)}   "
            f"event {flag.id} at {clock(flag.event.apex_s)}, "
            f"{1e3 * flag.event.duration_s:.0f} ms   "
            f"{'true speed' if slower == 1 else f'{slower} times slower'}{self._trouble}"
        )
        answer = "" if said is None else f"you: {said}   {_engine(flag)}"
        marks = _marks(flag)
        if not looks:
            return Sheet(None, None, "", 0.0, 0.0, *marks, title, answer)
        times = np.array([look.t_s for look in looks])
        length_s = float(times[-1]) + _FRAME_S
        first_s, last_s = self._stretch(marks, length_s)
        at_s = first_s + watched_s / slower % (last_s - first_s)
        shown = looks[max(int(np.searchsorted(times, at_s, "right")) - 1, 0)]
        picture = shown.whole if self._whole_frame else shown.face
        right, name = None, ""
        if marks[0] is not None and marks[1] is not None:
            first = int(watched_s / _FLICKER_S) % 2 == 0
            name, wanted = ("onset", marks[0]) if first else ("apex", marks[1])
            right = looks[int(np.abs(times - wanted).argmin())].face
        return Sheet(picture, right, name, shown.t_s, length_s, *marks, title, answer)

    def _stretch(self, marks: _Marks, length_s: float) -> tuple[float, float]:
        """What of the clip is played, seconds of its own time."""
        onset_s, _, offset_s = marks
        if self._whole_clip or onset_s is None or offset_s is None:
            return 0.0, length_s
        first_s = min(max(onset_s - _AROUND_S, 0.0), length_s - _FRAME_S)
        return first_s, max(min(offset_s + _AROUND_S, length_s), first_s + _FRAME_S)


def _marks(flag: Flag) -> _Marks:
    """Onset, apex and offset in the clip's own time."""
    event, first = flag.event, flag.first_frame_s
    if first is None:
        return None, None, None
    return event.onset_s - first, event.apex_s - first, event.offset_s - first


def _engine(flag: Flag) -> str:
    """Shown only after the answer, so that it does not influence the reviewer."""
    return "" if flag.share is None else f"program: {flag.event.label} {percent(flag.share)}"
