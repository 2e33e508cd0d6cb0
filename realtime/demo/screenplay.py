"""The time plan of the built-in subject: micro-expressions, blinks and one ordinary smile.

Seconds from the first frame; amplitudes are shares of the inter-ocular distance (IOD).  Drawn
once by `DemoSubject`; no two movements overlap, so what a frame shows has one cause.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from realtime.event import CLASSES
from realtime.face.action_units import draw_units
from realtime.face.time_course import raised_cosine

MICROS = 7
FIRST_S = 6.0  # a spotter has learnt the noise of the face by then
LAST_S = 2.0  # from the last offset to the end: a spotter looks back that far
APART_S = 2.5  # from one offset to the next onset
CLEAR_S = 0.8  # between a micro-expression and a blink or the smile

_SLACK_S = 0.05  # the limits above are kept with this much to spare
_BLINKS = (6, 8)  # fewest, most
_BLINKS_APART_S = 1.5
_CLOSING_S, _OPENING_S = 0.1, 0.2
_SMILE_UNITS = {"12": 1.0, "6": 0.6}
_SMILE_IOD = 0.08
_SMILE_S = (0.5, 1.3, 0.6)  # rise, hold, fall
SHORTEST_S = 34.0  # what the rules above need


@dataclass(frozen=True, slots=True)
class TruthEvent:
    """One true micro-expression."""

    onset_s: float
    apex_s: float
    offset_s: float
    label: str  # one of realtime.event.CLASSES
    amplitude_iod: float  # peak displacement: of the point that moves most, at the apex


@dataclass(frozen=True, slots=True)
class Movement:
    """A rise to full strength, a plateau and a fall, raised cosines both."""

    start_s: float
    rise_s: float
    hold_s: float
    fall_s: float

    @property
    def end_s(self) -> float:
        return self.start_s + self.rise_s + self.hold_s + self.fall_s

    def strength(self, t_s: float) -> float:
        """0 at rest, 1 at the apex."""
        rise = (t_s - self.start_s) / self.rise_s
        return float(raised_cosine(rise, (self.end_s - t_s) / self.fall_s))


@dataclass(frozen=True, slots=True)
class SkinMovement:
    """A movement of the skin: which units, how far."""

    movement: Movement
    units: dict[str, float]
    peak_iod: float


@dataclass(frozen=True, slots=True)
class Screenplay:
    truth: tuple[TruthEvent, ...]
    micros: tuple[SkinMovement, ...]  # one for each of `truth`, in its order
    smile: SkinMovement
    blinks: tuple[Movement, ...]


def write_screenplay(rng: np.random.Generator, seconds: float) -> Screenplay:
    """Draw the movements of a run.

    Raises:
        ValueError: too short for the movements to stand clear of each other.
    """
    if seconds < SHORTEST_S:
        raise ValueError(f"the subject needs at least {SHORTEST_S:g} s, not {seconds:g}")
    shapes = [_draw_shape(rng) for _ in range(MICROS)]
    before_smile = int(rng.integers(2, MICROS - 1))  # how many come first
    smile_s = CLEAR_S + _SLACK_S + sum(_SMILE_S) + CLEAR_S + _SLACK_S
    # The remaining time is distributed at random: ahead of each movement and behind the last.
    least = FIRST_S + LAST_S + sum(sum(s) for s in shapes)
    least += (MICROS - 2) * APART_S + smile_s + MICROS * _SLACK_S
    spare = (seconds - least) * rng.dirichlet(np.full(MICROS + 1, 2.0))

    labels = _draw_labels(rng)
    truth: list[TruthEvent] = []
    micros: list[SkinMovement] = []
    smile: SkinMovement | None = None
    t = FIRST_S
    for index, (rise, fall) in enumerate(shapes):
        if index == before_smile:
            start = t + CLEAR_S + _SLACK_S + spare[index] / 2
            smile = SkinMovement(Movement(float(start), *_SMILE_S), _SMILE_UNITS, _SMILE_IOD)
            t += smile_s
        elif index > 0:
            t += APART_S
        t += _SLACK_S + float(spare[index])
        units = draw_units(rng, labels[index])
        peak = float(rng.uniform(0.02, 0.03))
        truth.append(TruthEvent(t, t + rise, t + rise + fall, labels[index], peak))
        micros.append(SkinMovement(Movement(t, rise, 0.0, fall), units, peak))
        t += rise + fall
    assert smile is not None  # 2 <= before_smile < MICROS
    busy = [m.movement for m in micros] + [smile.movement]
    return Screenplay(tuple(truth), tuple(micros), smile, _draw_blinks(rng, seconds, busy))


def _draw_shape(rng: np.random.Generator) -> tuple[float, float]:
    """Rise and fall of a micro-expression, seconds: 0.3-0.45 together."""
    rise = float(rng.uniform(0.12, 0.20))
    return rise, float(rng.uniform(max(0.30, rise + 0.15), 0.45)) - rise


def _draw_labels(rng: np.random.Generator) -> list[str]:
    """Each class twice, the rest at random, in random order."""
    rest = [str(c) for c in rng.choice(CLASSES, MICROS - 2 * len(CLASSES))]
    return [str(label) for label in rng.permutation([*CLASSES, *CLASSES, *rest])]


def _draw_blinks(
    rng: np.random.Generator, seconds: float, busy: list[Movement]
) -> tuple[Movement, ...]:
    """Blinks wherever nothing else is near."""
    wanted = int(rng.integers(_BLINKS[0], _BLINKS[1] + 1))
    clear = CLEAR_S + _SLACK_S
    blinks: list[Movement] = []
    for start in rng.permutation(np.arange(1.0, seconds - 1.0, 0.1)):
        blink = Movement(float(start), _CLOSING_S, 0.0, _OPENING_S)
        if (
            len(blinks) < wanted
            and all(_gap(blink, other) >= clear for other in busy)
            and all(_gap(blink, other) >= _BLINKS_APART_S for other in blinks)
        ):
            blinks.append(blink)
    return tuple(sorted(blinks, key=lambda b: b.start_s))


def _gap(a: Movement, b: Movement) -> float:
    """Seconds between two movements; negative where they overlap."""
    return max(a.start_s, b.start_s) - min(a.end_s, b.end_s)
