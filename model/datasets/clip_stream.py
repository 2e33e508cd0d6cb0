"""Endless, ordered stream of training pairs from aligned clips of real datasets.

Called by the folds of `model.evaluation.cross_validate`.  Classes are drawn equally often, the apex
by the paper's eq. 2-4, half of the pairs are mirrored, and light and contrast vary a little.  A
share of the pairs shows no event: what a reviewer called none, the frame just after the onset, or
the onset again with the noise of another picture.  Pair i is a function of the clips, the seed and
i alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from model.datasets.align import AlignedClip, R
from model.synthetic.apex_jitter import select_apex
from model.synthetic.combinations import UNKNOWN
from model.synthetic.pair_stream import Batch
from model.synthetic.recipe import NON_EVENT
from realtime.errors import DataError
from realtime.event import ACTION_UNITS

_NON_EVENT_SHARE = 0.2
_NOISE_GREY = (0.5, 2.5)  # standard deviation, of a picture of its own and of none
_EVENT_FREE_SHARE = 0.5  # of non-events, from clips a reviewer called none, if there are any


class ClipStream:
    """Of several streams that share a run, number `rank` of `size` takes every `size`-th pair."""

    def __init__(
        self,
        clips: Sequence[AlignedClip],
        seed: int,
        first: int = 0,
        rank: int = 0,
        size: int = 1,
        non_events: float = _NON_EVENT_SHARE,
    ) -> None:
        labels = sorted({clip.label for clip in clips} - {NON_EVENT})
        if not labels:
            raise DataError("there is no clip of an expression to train on: give more data")
        self.next_index = first
        self._rank, self._size, self._seed = rank, size, seed
        self._non_events = non_events
        self._event_free = [clip for clip in clips if clip.label == NON_EVENT]
        self._by_label = [[clip for clip in clips if clip.label == label] for label in labels]

    def draw(self, size: int) -> Batch:
        indices = [self.next_index + self._rank + place * self._size for place in range(size)]
        self.next_index += size * self._size
        drawn = [self._draw(index) for index in indices]
        pair = torch.from_numpy(np.stack([pair for pair, _ in drawn])).float() / 255
        height, width = pair.shape[2:]
        return Batch(
            pair=pair,
            displacement=torch.zeros(size, 2, height, width),
            valid=torch.ones(size, height, width),
            label=torch.tensor([label for _, label in drawn]),
            known=torch.zeros(size, dtype=torch.bool),
            acts=torch.full((size, len(ACTION_UNITS), 2), UNKNOWN, dtype=torch.int8),
        )

    def _draw(self, index: int) -> tuple[NDArray[np.uint8], int]:
        rng = np.random.default_rng([self._seed, index])
        group = self._by_label[rng.integers(len(self._by_label))]
        clip = group[rng.integers(len(group))]
        if rng.random() >= self._non_events:
            label, later = clip.label, clip.later[_random_apex(clip, rng)]
        elif self._event_free and rng.random() < _EVENT_FREE_SHARE:
            label, clip = NON_EVENT, self._event_free[rng.integers(len(self._event_free))]
            later = clip.later[_random_apex(clip, rng)]
        else:
            label, later = NON_EVENT, _still(clip, rng)
        pair = np.stack([clip.onset, later])
        if rng.random() < 0.5:
            pair = pair[..., ::-1]
        gain, offset = rng.uniform(0.85, 1.15), rng.uniform(-12, 12)
        return np.clip(np.rint(gain * pair + offset), 0, 255).astype(np.uint8), label


def _still(clip: AlignedClip, rng: np.random.Generator) -> NDArray[np.floating]:
    """The onset (224, 224) a moment later: as it was filmed where there is such a frame, or again
    with new noise.  Only the first has what alignment leaves over; only the second is surely
    without motion."""
    filmed = len(clip.after) > 0 and rng.random() < 0.5
    noise = rng.uniform(*_NOISE_GREY) * rng.standard_normal(clip.onset.shape)
    return clip.after[0] + noise / 2 if filmed else clip.onset + noise


def _random_apex(clip: AlignedClip, rng: np.random.Generator) -> int:
    """Which of the kept frames is nearest to the apex that eq. 2-4 draw."""
    onset, last = clip.span
    drawn = select_apex(onset, int(clip.numbers[clip.apex]), last, R, rng)
    return int(np.abs(clip.numbers - drawn).argmin())
