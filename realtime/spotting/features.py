"""The features of a candidate, for and against it: the verifier's input.

Everything is measured on the even grid of `timeline`, in units that do not depend on the camera:
seconds, shares of the inter-ocular distance, noise sigmas.  The same function is used at both
stages: at the flag, and later, when more of the movement's end is known.

`FEATURES` names every entry beside its formula.  Pure; every entry is finite.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.motion.quantiles import quantile
from realtime.motion.regions import REGIONS, Stream
from realtime.spotting.apex import Pulse
from realtime.spotting.au_filters import KINDS, UnitMatch
from realtime.spotting.baseline_activity import away_then_and_now_px
from realtime.spotting.channels import Channel
from realtime.spotting.context import Context
from realtime.spotting.mean_filters import MeanEvidence
from realtime.spotting.movement_shape import one_movement, pulse_fit
from realtime.spotting.onset import EXPRESSIVE, Candidate
from realtime.spotting.timeline import GRID_HZ, Timeline, steps

Array = NDArray[np.float64]

_ORDER = list(Stream)
_MOUTH, _LIDS = 1 + _ORDER.index(Stream.MOUTH), 1 + _ORDER.index(Stream.LIDS)
_MOST = 20.0  # ratios and sigmas are clipped here: larger ones carry no more information


def _index(name: str) -> int:
    return next(i for i, region in enumerate(REGIONS) if region.name == name)


# Movements with a meaning, of the displacement between base and apex: (name, pair of regions,
# axis).  Up the picture is -y; outward is -x on the person's right, which lies left in a picture.
_MOVES = (
    ("inner brow up", "inner brow", 1),
    ("inner brow out", "inner brow", 0),
    ("outer brow up", "outer brow", 1),
    ("under eye up", "under eye", 1),
    ("cheek up", "cheek", 1),
    ("nose wing up", "nose wing", 1),
    ("corner up", "mouth corner", 1),
    ("corner out", "mouth corner", 0),
    ("chin side up", "chin side", 1),
    ("upper lid up", "upper lid", 1),
    ("lower lid up", "lower lid", 1),
)
_MIDDLE = ("glabella", "forehead", "upper lip", "lower lip", "chin")


def _directions() -> Array:
    """(27, 62) what to take of a displacement (31, 2): `_MOVES`, their sides apart, `_MIDDLE`."""
    count = len(_MOVES)
    table = np.zeros((2 * count + len(_MIDDLE), len(REGIONS), 2))
    for k, (_, name, axis) in enumerate(_MOVES):
        right, left = _index(f"{name} right"), _index(f"{name} left")
        outward = 1.0 if axis == 0 else -1.0  # of the left side; the right side's is always -1
        table[k, right, axis], table[k, left, axis] = -0.5, 0.5 * outward
        table[count + k, right, axis], table[count + k, left, axis] = -1.0, -outward
    for k, name in enumerate(_MIDDLE, start=2 * count):
        table[k, _index(name), 1] = -1.0
    return table.reshape(len(table), -1)


_DIRECTIONS = _directions()


@dataclass(frozen=True, slots=True)
class _Measured:
    """What the features of one candidate are read from."""

    candidate: Candidate
    pulse: Pulse
    around: Context
    means: MeanEvidence
    course: Pulse  # along the unit that fits the means best
    course_fit: float
    own: int  # column of the candidate's stream among the scores
    strength: float
    streams: list[float]  # largest score of each `Stream`
    shares: list[float]  # and over the strength
    sigma: list[float]  # of the expressive regions, largest first
    rise_s: float
    fall_s: float
    usual: Array  # (n,) scores of the seconds before, the larger of the whole face and the own
    usual_90: float
    moves: list[float]  # in the order of `_MOVE_NAMES`
    away: tuple[float, float, float]  # crop pixels: before, now, and between
    pulse_fit: float
    one_movement: float


Feature = tuple[str, Callable[[_Measured], float]]


def _each(
    names: Iterable[str], values: Callable[[_Measured], Sequence[float]]
) -> tuple[Feature, ...]:
    """One feature for each entry of a list."""

    def entry(k: int) -> Callable[[_Measured], float]:
        return lambda m: values(m)[k]

    return tuple((name, entry(k)) for k, name in enumerate(names))


def _half(name: str, fit: Callable[[_Measured], UnitMatch], k: int) -> tuple[Feature, ...]:
    """How well the action units of one half of the face fit; `k` is its column of the scores."""
    return (
        (f"{name} t", lambda m: fit(m).t),
        (f"{name} z", lambda m: fit(m).z),
        (f"{name} size iod", lambda m: fit(m).size_iod),
        (f"{name} usual t", lambda m: m.around.usual_90[k]),
        (f"{name} most usual t", lambda m: m.around.usual_most[k]),
        (f"{name} t before", lambda m: m.around.before[k]),
        (f"{name} t after", lambda m: m.around.after[k]),
    )


def _half_mean(name: str, fit: Callable[[_Measured], UnitMatch], k: int) -> tuple[Feature, ...]:
    """The same of means in time; `k` is 0 for the upper face, 1 for the lower."""
    return (
        (f"{name} mean t", lambda m: fit(m).t),
        (f"{name} mean z", lambda m: fit(m).z),
        (f"{name} mean size iod", lambda m: fit(m).size_iod),
        (f"{name} mean usual t", lambda m: m.means.usual_t[k]),
        (f"{name} mean most usual t", lambda m: m.means.most_usual_t[k]),
    )


_MOVE_NAMES = (
    *(name for name, _, _ in _MOVES),
    *(f"{name}, sides apart" for name, _, _ in _MOVES),
    *(f"{name} up" for name in _MIDDLE),
)

FEATURES: tuple[Feature, ...] = (
    ("strength", lambda m: m.strength),
    ("stream", lambda m: float(m.own)),
    *_each((f"{s.value} share" for s in Stream), lambda m: m.shares),
    *_each((f"{s.value} sigma" for s in Stream), lambda m: m.streams),
    ("sigma 1st", lambda m: m.sigma[0]),
    ("sigma 2nd", lambda m: m.sigma[1]),
    ("sigma 4th", lambda m: m.sigma[3]),
    ("sigma 8th", lambda m: m.sigma[7]),
    ("regions above 2", lambda m: sum(value > 2 for value in m.sigma)),
    ("skull sigma", lambda m: m.candidate.disturbance_sigma),
    ("skull px", lambda m: m.around.high[Channel.DISTURBANCE]),
    (
        "skull px over usual",
        lambda m: (
            m.around.high[Channel.DISTURBANCE] / max(m.around.rest[Channel.DISTURBANCE], 0.02)
        ),
    ),
    ("rise s", lambda m: m.rise_s),
    ("fall s", lambda m: m.fall_s),
    ("duration s", lambda m: min(m.pulse.rise_s + m.fall_s, 1.5)),
    ("peak sigma", lambda m: min(m.pulse.peak_sigma, 100.0)),
    ("amplitude iod", lambda m: m.pulse.amplitude_iod),
    ("rest after", lambda m: min(max(m.pulse.rest_after, -3.0), 3.0)),
    ("rise/fall", lambda m: min(m.pulse.rise_s / max(m.fall_s, 0.02), _MOST)),
    ("pulse fit", lambda m: m.pulse_fit),
    ("one movement", lambda m: m.one_movement),
    ("noise px", lambda m: quantile(m.candidate.noise_px[EXPRESSIVE].ravel(), 0.5)),
    ("usual 50", lambda m: quantile(m.usual, 0.5)),
    ("usual 75", lambda m: quantile(m.usual, 0.75)),
    ("usual 90", lambda m: m.usual_90),
    ("usual max", lambda m: m.usual.max()),
    ("over usual 90", lambda m: m.strength / max(m.usual_90, 0.3)),
    ("just before", lambda m: m.around.before[0]),
    ("mouth before", lambda m: m.candidate.mouth_before),
    ("mouth activity", lambda m: m.candidate.mouth_activity),
    ("mouth before/own", lambda m: m.candidate.mouth_before / m.strength),
    ("mouth activity/own", lambda m: m.candidate.mouth_activity / m.strength),
    ("brows px", lambda m: m.around.oscillation_px[Stream.BROWS]),
    ("midface px", lambda m: m.around.oscillation_px[Stream.NOSE_CHEEKS]),
    ("mouth px", lambda m: m.around.oscillation_px[Stream.MOUTH]),
    *_each(("away before", "away now", "moved on"), lambda m: m.away),
    ("after whole", lambda m: m.around.after[0]),
    ("after own", lambda m: m.around.after[m.own]),
    ("after mouth", lambda m: m.around.after[_MOUTH]),
    ("after lids", lambda m: m.around.after[_LIDS]),
    ("seen after s", lambda m: min((m.around.now - m.around.at) / GRID_HZ, 1.0)),
    ("blink rise", lambda m: m.around.high[Channel.BLINK] - m.around.rest[Channel.BLINK]),
    ("blink level", lambda m: m.around.rest[Channel.BLINK]),
    ("blink change", lambda m: m.around.range(Channel.BLINK)),
    (
        "gaze change",
        lambda m: max(m.around.range(Channel.GAZE_X), m.around.range(Channel.GAZE_Y)),
    ),
    ("jaw change", lambda m: m.around.change(Channel.JAW)),
    ("jaw activity", lambda m: m.around.jaw_activity),
    ("head speed", lambda m: m.around.speed.place),
    ("head speed usual", lambda m: m.around.speed_usual.place),
    (
        "head bump",
        lambda m: math.hypot(m.around.bump[Channel.HEAD_X], m.around.bump[Channel.HEAD_Y]),
    ),
    ("head roll bump", lambda m: m.around.bump[Channel.ROLL]),
    ("head size bump", lambda m: m.around.bump[Channel.SIZE]),
    ("yaw bump", lambda m: m.around.bump[Channel.YAW]),
    ("pitch bump", lambda m: m.around.bump[Channel.PITCH]),
    ("turn speed", lambda m: m.around.speed.turn),
    ("turn speed usual", lambda m: m.around.speed_usual.turn),
    ("light bump", lambda m: m.around.bump[Channel.LIGHT]),
    ("light change", lambda m: m.around.change(Channel.LIGHT)),
    ("ncc low", lambda m: m.around.low[Channel.NCC]),
    ("since renewal s", lambda m: m.around.since_renewal_s),
    ("period s", lambda m: m.around.rest[Channel.PERIOD]),
    ("face px", lambda m: m.around.rest[Channel.FACE_PX]),
    *_each((f"region {i}" for i in range(1, 7)), lambda m: m.pulse.regions),
    *_each(_MOVE_NAMES, lambda m: m.moves),
    *_half("upper", lambda m: m.candidate.fit.upper, -2),
    *_half("lower", lambda m: m.candidate.fit.lower, -1),
    ("face sigma", lambda m: min(m.candidate.fit.sigma, _MOST)),
    ("unit share", lambda m: m.candidate.fit.share),
    *_each((f"{kind} t" for kind in KINDS), lambda m: m.candidate.fit.kinds),
    *_half_mean("upper", lambda m: m.means.fit.upper, 0),
    *_half_mean("lower", lambda m: m.means.fit.lower, 1),
    ("mean sigma", lambda m: min(m.means.fit.sigma, _MOST)),
    ("mean unit share", lambda m: m.means.fit.share),
    ("mean rise s", lambda m: min(m.course.rise_s, 1.0)),
    ("mean fall s", lambda m: min(m.course.fall_s, 1.0)),
    ("mean peak sigma", lambda m: min(m.course.peak_sigma, 100.0)),
    ("mean amplitude iod", lambda m: m.course.amplitude_iod),
    ("mean rest after", lambda m: min(max(m.course.rest_after, -3.0), 3.0)),
    ("mean pulse fit", lambda m: m.course_fit),
    ("mean apex later s", lambda m: (m.course.apex_ns - m.pulse.apex_ns) / 1e9),
    *_each((f"{kind} mean t" for kind in KINDS), lambda m: m.means.fit.kinds),
)
NAMES: tuple[str, ...] = tuple(name for name, _ in FEATURES)


def features(
    candidate: Candidate,
    pulse: Pulse,
    timeline: Timeline,
    around: Context,
    means: MeanEvidence,
    course: Pulse,
) -> Array:
    """The features of one candidate, (len(NAMES),), known by the newest sample of the timeline.

    Args:
        course: the movement as measured along the unit that fits `means` best.
    """
    own = 0 if candidate.stream is None else 1 + _ORDER.index(candidate.stream)
    usual = np.maximum(around.usual[:, 0], around.usual[:, own])
    start = candidate.index - max(steps(min(pulse.rise_s, 0.5)) + 2, 3)
    strength = max(candidate.strength, 1e-6)
    streams = [candidate.streams[s] for s in _ORDER]
    measured = _Measured(
        candidate,
        pulse,
        around,
        means,
        course,
        pulse_fit(timeline, candidate.index, means.weights, course, around.now),
        own,
        strength=strength,
        streams=streams,
        shares=[min(value / strength, _MOST) for value in streams],
        sigma=np.sort(candidate.sigma[EXPRESSIVE])[::-1].tolist(),
        rise_s=min(pulse.rise_s, 1.0),
        fall_s=min(pulse.fall_s, 1.0),
        usual=usual,
        usual_90=quantile(usual, 0.9),
        moves=_moves(pulse.moved_iod),
        away=away_then_and_now_px(timeline, start, around.now),
        pulse_fit=pulse_fit(timeline, candidate.index, candidate.weights, pulse, around.now),
        one_movement=one_movement(timeline, candidate, around.now),
    )
    vector = np.array([value(measured) for _, value in FEATURES], np.float64)
    if not np.isfinite(vector).all():
        vector = np.nan_to_num(vector, nan=0.0, posinf=_MOST, neginf=-_MOST)
    return vector


def _moves(moved_iod: Array) -> list[float]:
    """Of a displacement (31, 2), in the order of `_MOVE_NAMES`."""
    moves: list[float] = (_DIRECTIONS @ moved_iod.ravel()).tolist()
    count = len(_MOVES)
    return [*moves[:count], *map(abs, moves[count : 2 * count]), *moves[2 * count :]]
