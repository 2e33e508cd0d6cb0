"""The built-in subject: a portrait that sways, blinks, smiles once and has micro-expressions.

`DemoSource` plays it, for `--demo`; frames carry their own time, `k / fps`, and the reader
sets the pace.  The same seed gives the same frames, in any order of requests.  `truth` holds
the true events.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from realtime.capture.source import SourceInfo, SourceKind, TimedFrame
from realtime.demo.picture import NOISE_ROLL, Picture, Skin
from realtime.demo.portrait import portrait, portrait_landmarks
from realtime.demo.screenplay import SkinMovement, TruthEvent, write_screenplay
from realtime.demo.sway import Sway
from realtime.face.action_units import displacement_field, lid_field

_CHIN = 152  # the head nods and rolls about its neck
_EYES = [33, 133, 263, 362, 145, 374]
_LID_REACH_IOD = 0.3  # a closing lid stretches skin up to the brow
_REACH_IOD = 0.9  # beyond the face's outline no action unit moves a hundredth of a pixel


class DemoSubject:
    """Frames of `size` (width, height) at `fps`.

    Raises:
        ValueError: `seconds` is too short for the movements.
    """

    def __init__(
        self,
        seed: int = 0,
        seconds: float = 40.0,
        fps: float = 30.0,
        size: tuple[int, int] = (640, 480),
    ) -> None:
        # Separate streams: another length or size leaves the other draws as they are.
        play, sway, noise, order = np.random.default_rng(seed).spawn(4)
        self.fps = fps
        self.size = size
        self.frame_count = round(seconds * fps)
        self.screenplay = write_screenplay(play, seconds)
        self._picture = Picture(portrait(), portrait_landmarks(), size, noise)
        self._sway = Sway(sway, self._picture.landmarks[_CHIN, :2], self._picture.iod)
        self._grain = order.integers(0, NOISE_ROLL, (self.frame_count, 3))
        self._micros = [(m.movement, self._moved(m)) for m in self.screenplay.micros]
        smile = self.screenplay.smile
        self._smile = (smile.movement, self._moved(smile))

    @property
    def truth(self) -> tuple[TruthEvent, ...]:
        return self.screenplay.truth

    @property
    def landmarks(self) -> NDArray[np.float64]:
        """(478, 3) of the resting face, pixels of the frame."""
        return self._picture.landmarks

    @property
    def iod(self) -> float:
        """Pixels."""
        return self._picture.iod

    def pose(self, index: int) -> NDArray[np.float64]:
        """Affine (2, 3) from the resting frame to frame `index`."""
        return self._sway.pose(index / self.fps)

    def frame(self, index: int, *, micro: bool = True) -> NDArray[np.uint8]:
        """Frame `index`, (h, w, 3) BGR; without its micro-expression if `micro` is false."""
        if not 0 <= index < self.frame_count:
            raise IndexError(f"frame {index} of {self.frame_count}")
        which, down, along = (int(v) for v in self._grain[index])
        skin = self._skin(index / self.fps, micro)
        return self._picture.draw(self.pose(index), skin, (which, down, along))

    def _skin(self, t_s: float, micro: bool) -> Skin | None:
        """The displacement at a time; movements never overlap, so the first is the only one."""
        for movement, skin in (*(self._micros if micro else ()), self._smile):
            strength = movement.strength(t_s)
            if strength > 0:
                return Skin(skin.field, skin.corner, strength)
        for blink in self.screenplay.blinks:
            closure = blink.strength(t_s)
            if closure > 0:
                points, corner, shape = self._part(_EYES, _LID_REACH_IOD)
                return Skin(lid_field(points, shape, "both", closure), corner)
        return None

    def _moved(self, skin: SkinMovement) -> Skin:
        points, corner, shape = self._part(slice(None), _REACH_IOD)
        return Skin(displacement_field(skin.units, points, shape, peak_iod=skin.peak_iod), corner)

    def _part(
        self, members: slice | list[int], beyond_iod: float
    ) -> tuple[NDArray[np.float64], tuple[int, int], tuple[int, int]]:
        """The part of the frame around some landmarks.

        Returns all landmarks as they lie in it, its first pixel x, y and its height, width.
        """
        around = self.landmarks[members, :2]
        first = np.maximum(np.floor(around.min(axis=0) - beyond_iod * self.iod), 0).astype(int)
        end = np.ceil(around.max(axis=0) + beyond_iod * self.iod).astype(int)
        width, height = np.minimum(end, self.size) - first
        corner = (int(first[0]), int(first[1]))
        return self.landmarks[:, :2] - first, corner, (int(height), int(width))


class DemoSource:
    """A `Source` that ends with the last frame of its subject."""

    def __init__(self, subject: DemoSubject | None = None) -> None:
        self.subject = DemoSubject() if subject is None else subject
        self.undecodable = 0  # nothing drawn here is ever damaged
        self._at = 0
        width, height = self.subject.size
        self.info = SourceInfo(
            SourceKind.DEMO,
            "built-in subject",
            width,
            height,
            requested_fps=None,
            reported_fps=self.subject.fps,
            live=False,
            frame_count=self.subject.frame_count,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self) -> TimedFrame | None:
        """The next frame; None after the last."""
        if self._at >= self.subject.frame_count:
            return None
        index = self._at
        self._at += 1
        return TimedFrame(round(index * 1e9 / self.subject.fps), self.subject.frame(index))

    def close(self) -> None:
        """May be called twice."""
        self._at = self.subject.frame_count
