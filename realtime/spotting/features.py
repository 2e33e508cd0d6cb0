"""What speaks for and against a candidate, as numbers: the verifier's input.

Everything is measured on the even grid of `timeline`, in units that do not depend on the camera:
seconds, shares of the inter-ocular distance, noise sigmas.  The same function serves twice: when
the flag may go up, and again later, when more of the movement's end is known.

Pure; a vector of `NAMES`' length, every entry finite.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

from realtime.motion.quantiles import quantile
from realtime.motion.regions import REGIONS, Stream
from realtime.spotting.apex import Pulse, project
from realtime.spotting.au_filters import KINDS
from realtime.spotting.baseline_activity import away_then_and_now_px
from realtime.spotting.channels import Channel
from realtime.spotting.context import Context
from realtime.spotting.onset import EXPRESSIVE, Candidate
from realtime.spotting.timeline import GRID_HZ, STEP_NS, Timeline, steps

Array = NDArray[np.float64]

_ORDER = list(Stream)
_MOUTH, _LIDS = 1 + _ORDER.index(Stream.MOUTH), 1 + _ORDER.index(Stream.LIDS)
_MOST = 20.0  # ratios and sigmas are cut here: beyond it more says nothing more


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

_FITS = ("t", "z", "size iod", "usual t", "most usual t", "t before", "t after")

NAMES: tuple[str, ...] = (
    "strength",
    "stream",
    *(f"{s.value} share" for s in Stream),
    *(f"{s.value} sigma" for s in Stream),
    *("sigma 1st", "sigma 2nd", "sigma 4th", "sigma 8th", "regions above 2"),
    *("skull sigma", "skull px", "skull px over usual"),
    *("rise s", "fall s", "duration s", "peak sigma", "amplitude iod", "rest after", "rise/fall"),
    *("pulse fit", "one movement", "noise px"),
    *("usual 50", "usual 75", "usual 90", "usual max", "over usual 90", "just before"),
    *("mouth before", "mouth habit", "mouth before/own", "mouth habit/own"),
    *("brows px", "midface px", "mouth px", "away before", "away now", "moved on"),
    *("after whole", "after own", "after mouth", "after lids", "seen after s"),
    *("blink rise", "blink level", "blink change", "gaze change", "jaw change", "jaw habit"),
    *("head speed", "head speed usual", "head bump", "head roll bump", "head size bump"),
    *("yaw bump", "pitch bump", "turn speed", "turn habit"),
    *("light bump", "light change", "ncc low", "since renewal s", "period s", "face px"),
    *(f"region {i}" for i in range(1, 7)),
    *(name for name, _, _ in _MOVES),
    *(f"{name}, sides apart" for name, _, _ in _MOVES),
    *(f"{name} up" for name in _MIDDLE),
    *(f"{half} {what}" for half in ("upper", "lower") for what in _FITS),
    *("face sigma", "unit share"),
    *(f"{kind} t" for kind in KINDS),
)


def features(candidate: Candidate, pulse: Pulse, timeline: Timeline, around: Context) -> Array:
    """The evidence about one candidate, known by the newest sample of the timeline."""
    at, now = around.at, around.now
    low, high, rest, bump = around.low, around.high, around.rest, around.bump
    own = 0 if candidate.stream is None else 1 + _ORDER.index(candidate.stream)
    strength = max(candidate.strength, 1e-6)
    streams = [candidate.streams[s] for s in _ORDER]
    sigma = np.sort(candidate.sigma[EXPRESSIVE])[::-1].tolist()
    disturbance_px = high[Channel.DISTURBANCE]
    usual = np.maximum(around.usual[:, 0], around.usual[:, own])
    usual_90 = quantile(usual, 0.9)
    before, after, lively = around.before, around.after, around.lively
    rise, fall = min(pulse.rise_s, 1.0), min(pulse.fall_s, 1.0)
    start = candidate.index - max(steps(min(pulse.rise_s, 0.5)) + 2, 3)
    fit = candidate.fit

    values = (
        strength,
        float(own),
        *(min(value / strength, _MOST) for value in streams),
        *streams,
        *(sigma[0], sigma[1], sigma[3], sigma[7], sum(value > 2 for value in sigma)),
        candidate.disturbance_sigma,
        disturbance_px,
        disturbance_px / max(rest[Channel.DISTURBANCE], 0.02),
        *(rise, fall, min(pulse.rise_s + fall, 1.5)),
        *(min(pulse.peak_sigma, 100.0), pulse.amplitude_iod),
        min(max(pulse.rest_after, -3.0), 3.0),
        min(pulse.rise_s / max(fall, 0.02), _MOST),
        *_shape(timeline, candidate, pulse, now),
        quantile(candidate.noise_px[EXPRESSIVE].ravel(), 0.5),
        *(quantile(usual, 0.5), quantile(usual, 0.75), usual_90, usual.max()),
        strength / max(usual_90, 0.3),
        before[0],
        *(candidate.mouth_before, candidate.mouth_habit),
        *(candidate.mouth_before / strength, candidate.mouth_habit / strength),
        *(lively[s] for s in (Stream.BROWS, Stream.NOSE_CHEEKS, Stream.MOUTH)),
        *away_then_and_now_px(timeline, start, now),
        *(after[0], after[own], after[_MOUTH], after[_LIDS]),
        min((now - at) / GRID_HZ, 1.0),
        high[Channel.BLINK] - rest[Channel.BLINK],
        rest[Channel.BLINK],
        around.range(Channel.BLINK),
        max(around.range(Channel.GAZE_X), around.range(Channel.GAZE_Y)),
        around.change(Channel.JAW),
        around.jaw_habit,
        around.speed.place,
        around.speed_usual.place,
        math.hypot(bump[Channel.HEAD_X], bump[Channel.HEAD_Y]),
        *(bump[Channel.ROLL], bump[Channel.SIZE], bump[Channel.YAW], bump[Channel.PITCH]),
        around.speed.turn,
        around.speed_usual.turn,
        bump[Channel.LIGHT],
        around.change(Channel.LIGHT),
        low[Channel.NCC],
        around.since_renewal_s,
        rest[Channel.PERIOD],
        rest[Channel.FACE_PX],
        *pulse.regions,
        *_moves(pulse.moved_iod),
        *(fit.upper.t, fit.upper.z, fit.upper.size_iod),
        *(around.usual_90[0], around.usual_most[-2], before[-2], after[-2]),
        *(fit.lower.t, fit.lower.z, fit.lower.size_iod),
        *(around.usual_90[1], around.usual_most[-1], before[-1], after[-1]),
        *(min(fit.sigma, _MOST), fit.share),
        *fit.kinds,
    )
    vector = np.array(values, np.float64)
    if not np.isfinite(vector).all():
        vector = np.nan_to_num(vector, nan=0.0, posinf=_MOST, neginf=-_MOST)
    return vector


def _moves(moved_iod: Array) -> list[float]:
    """Of a displacement (31, 2), in the order of `NAMES`."""
    moves: list[float] = (_DIRECTIONS @ moved_iod.ravel()).tolist()
    count = len(_MOVES)
    return [*moves[:count], *map(abs, moves[count : 2 * count]), *moves[2 * count :]]


def _shape(timeline: Timeline, candidate: Candidate, pulse: Pulse, now: int) -> tuple[float, float]:
    """How like a pulse the movement is, and how far all regions move as one; both up to 1.

    The first is the correlation of the projected displacement with the raised cosine of the
    pulse's own times, the second the share of the first singular value.
    """
    first = max(candidate.index - steps(0.35), timeline.oldest)
    span = timeline.span(first, min(candidate.index + steps(0.35), now))
    fit = _likeness(
        project(span, candidate.weights),
        (timeline.time_ns(first) - pulse.apex_ns) / STEP_NS,
        max(pulse.apex_ns - pulse.onset_ns, 1) / STEP_NS,
        max(pulse.offset_ns - pulse.apex_ns, 1) / STEP_NS,
    )
    energy = np.linalg.eigvalsh(_products(span, candidate.moving, candidate.noise_px))
    return fit, float(energy[-1] / max(energy.sum(), 1e-9))


@numba.njit(nogil=True, cache=True)
def _likeness(y, start, rise, fall):  # type: ignore[no-untyped-def]
    """Correlation of y (n,) with a raised cosine; its times are steps, `start` is from the apex."""
    shape = np.empty(len(y))
    for i in range(len(y)):
        t = start + i
        phase = -t / rise if t < 0 else t / fall
        shape[i] = 0.5 + 0.5 * np.cos(np.pi * min(phase, 1.0))
    middle_y, middle = y.mean(), shape.mean()
    y_y = shape_shape = together = 0.0
    for i in range(len(y)):
        a, b = y[i] - middle_y, shape[i] - middle
        y_y += a * a
        shape_shape += b * b
        together += a * b
    return together / max(np.sqrt(y_y * shape_shape), 1e-9)


@numba.njit(nogil=True, cache=True)
def _products(span, regions, noise):  # type: ignore[no-untyped-def]
    """(2m, 2m) of the courses of m regions in samples (n, 62+), in sigmas, means taken out."""
    n, m = len(span), 2 * len(regions)
    parts = np.empty((m, n))
    for k in range(m):
        r, axis = regions[k // 2], k % 2
        mean = 0.0
        for i in range(n):
            mean += span[i, 2 * r + axis] / n
        for i in range(n):
            parts[k, i] = (span[i, 2 * r + axis] - mean) / noise[r, axis]
    products = np.empty((m, m))
    for k in range(m):
        for j in range(k + 1):
            total = 0.0
            for i in range(n):
                total += parts[k, i] * parts[j, i]
            products[k, j] = products[j, k] = total
    return products
