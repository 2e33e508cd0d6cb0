"""What speaks for and against a candidate, as numbers: the verifier's input.

Everything is measured on the even grid of `timeline`, in units that do not depend on the camera:
seconds, shares of the inter-ocular distance, noise sigmas.  The same function serves twice: when
the flag may go up, and again later, when more of the movement's end is known.

Pure numpy; a vector of `NAMES`' length, every entry finite.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from realtime.apex import Pulse
from realtime.onset import EXPRESSIVE, SCORES, Candidate
from realtime.regions import MEMBERS, REGIONS, Stream
from realtime.timeline import GRID_HZ, Timeline, steps
from realtime.units import KINDS

Array = NDArray[np.float64]

_N = len(REGIONS)


class Channel(IntEnum):
    """What the timeline carries after the displacements of the regions; see `signs`."""

    BLINK = 0  # the larger eye's closure
    GAZE_X = 1
    GAZE_Y = 2
    JAW = 3
    BROKEN = 4  # 1 where nothing connects a frame to the one before
    RENEWED = 5  # 1 where a keyframe was renewed
    DISTURBANCE = 6  # what the rigid fit leaves on the skull, crop pixels
    HEAD_X = 7  # way of the eyes through the frame, IOD
    HEAD_Y = 8
    ROLL = 9  # radians
    SIZE = 10  # log of the scale
    YAW = 11  # radians
    PITCH = 12
    LIGHT = 13  # log of the face's mean grey
    NCC = 14  # mean of the regions
    PERIOD = 15  # seconds since the frame before
    FACE_PX = 16  # log2 of the IOD in frame pixels


CHANNELS = 2 * _N + len(Channel)


def displacements(timeline: Timeline, first: int, last: int) -> Array:
    """(n, 31, 2) displacement of the regions at grid samples first..last, crop pixels."""
    return timeline.span(first, last)[:, : 2 * _N].reshape(-1, _N, 2)


def signs(timeline: Timeline, first: int, last: int) -> Array:
    """(n, len(Channel)) everything else at grid samples first..last."""
    return timeline.span(first, last)[:, 2 * _N :]


_HEAD = [Channel.HEAD_X, Channel.HEAD_Y, Channel.ROLL, Channel.SIZE, Channel.YAW, Channel.PITCH]
_ORDER = list(Stream)
_BUMP = steps(0.14)
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
_RIGHT = np.array([_index(f"{name} right") for _, name, _ in _MOVES])
_LEFT = np.array([_index(f"{name} left") for _, name, _ in _MOVES])
_AXIS = np.array([axis for _, _, axis in _MOVES])
_SIGN_RIGHT = -1.0
_SIGN_LEFT = np.where(_AXIS == 0, 1.0, -1.0)
_MIDDLE = ("glabella", "forehead", "upper lip", "lower lip", "chin")
_MIDDLE_INDEX = np.array([_index(name) for name in _MIDDLE])

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


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the face, the head and the light did around one moment: alike for all its candidates."""

    at: int  # grid sample of the moment
    now: int  # newest sample known
    near: Array  # (n, len(Channel)) signs within 0.2 s
    past: Array  # (n, len(Channel)) signs of the two seconds before
    rest: Array  # (len(Channel),) their median
    change: Array  # (len(Channel),) largest departure from it
    bump: Array  # (len(Channel),) second difference
    usual: Array  # (n, SCORES) scores of the three seconds before
    before: Array  # (SCORES,) largest of the second before
    after: Array  # (SCORES,) largest since
    lively: dict[Stream, float]
    since_renewal_s: float


def surroundings(timeline: Timeline, at: int, scores: Array, first_score: int) -> Surroundings:
    """What is known by the newest sample of a timeline with `CHANNELS` channels.

    Args:
        scores: (n, SCORES) scores of grid samples `first_score` and on.
    """
    now = timeline.count - 1
    past = signs(timeline, at - steps(2.0), at - steps(0.25))
    near = signs(timeline, at - steps(0.2), min(at + steps(0.2), now))
    past = past if len(past) else near[:1]
    rest = np.median(past, axis=0)
    usual = _rows(scores, first_score, at - steps(3.0), at - steps(0.4))
    before = _rows(scores, first_score, at - steps(1.2), at - steps(0.35))
    after = _rows(scores, first_score, at + steps(0.2), now)
    renewed = np.flatnonzero(signs(timeline, at - steps(1.0), now)[:, Channel.RENEWED])
    return Surroundings(
        at,
        now,
        near,
        past,
        rest,
        np.abs(near - rest).max(axis=0),
        _bump(timeline, at, now),
        usual if len(usual) else np.zeros((1, SCORES)),
        before.max(axis=0) if len(before) else np.zeros(SCORES),
        after.max(axis=0) if len(after) else np.zeros(SCORES),
        liveliness(timeline, at - steps(0.25)),
        float(np.abs(renewed - steps(1.0)).min()) / GRID_HZ if len(renewed) else 1.0,
    )


def gather(candidate: Candidate, pulse: Pulse, timeline: Timeline, around: Surroundings) -> Array:
    """The evidence about one candidate, known by the newest sample of the timeline."""
    at, now = around.at, around.now
    near, past, rest, change, bump = (
        around.near,
        around.past,
        around.rest,
        around.change,
        around.bump,
    )
    own = 0 if candidate.stream is None else 1 + _ORDER.index(candidate.stream)
    strength = max(candidate.strength, 1e-6)
    streams = np.array([candidate.streams[s] for s in _ORDER])
    sigma = np.sort(candidate.sigma[EXPRESSIVE])[::-1]

    speed = _speed(near), _speed(past)
    usual, after, lively = around.usual[:, [0, own]], around.after, around.lively
    mouth, lids = 1 + _ORDER.index(Stream.MOUTH), 1 + _ORDER.index(Stream.LIDS)
    q50, q75, q90 = _quantiles(usual.max(axis=1), 0.5, 0.75, 0.9)

    fall = min(pulse.fall_s, 1.0)
    fit, one = _shape(timeline, candidate, pulse, now)
    moved = pulse.moved_iod

    values = (
        strength,
        float(own),
        *np.minimum(streams / strength, _MOST),
        *streams,
        *(sigma[0], sigma[1], sigma[3], sigma[7], float((sigma > 2).sum())),
        candidate.disturbance_sigma,
        near[:, Channel.DISTURBANCE].max(),
        near[:, Channel.DISTURBANCE].max() / max(rest[Channel.DISTURBANCE], 0.02),
        *(min(pulse.rise_s, 1.0), fall, min(pulse.rise_s + fall, 1.5)),
        *(min(pulse.peak_sigma, 100.0), pulse.amplitude_iod, np.clip(pulse.rest_after, -3, 3)),
        min(pulse.rise_s / max(fall, 0.02), _MOST),
        *(fit, one, float(np.median(candidate.noise_px[EXPRESSIVE]))),
        *(q50, q75, q90, usual.max(), strength / max(q90, 0.3)),
        around.before[0],
        *(candidate.mouth_before, candidate.mouth_habit),
        *(candidate.mouth_before / strength, candidate.mouth_habit / strength),
        *(lively[s] for s in (Stream.BROWS, Stream.NOSE_CHEEKS, Stream.MOUTH)),
        *_away(timeline, candidate, pulse, now),
        *(after[0], after[own], after[mouth], after[lids]),
        min((now - at) / GRID_HZ, 1.0),
        near[:, Channel.BLINK].max() - rest[Channel.BLINK],
        rest[Channel.BLINK],
        np.ptp(near[:, Channel.BLINK]),
        np.ptp(near[:, [Channel.GAZE_X, Channel.GAZE_Y]], axis=0).max(),
        change[Channel.JAW],
        past[:, Channel.JAW].std(),
        speed[0][0],
        speed[1][0],
        float(np.hypot(bump[Channel.HEAD_X], bump[Channel.HEAD_Y])),
        *(bump[Channel.ROLL], bump[Channel.SIZE], bump[Channel.YAW], bump[Channel.PITCH]),
        speed[0][1],
        speed[1][1],
        bump[Channel.LIGHT],
        change[Channel.LIGHT],
        near[:, Channel.NCC].min(),
        around.since_renewal_s,
        rest[Channel.PERIOD],
        rest[Channel.FACE_PX],
        *pulse.regions,
        *_moves(moved),
        *(-moved[_MIDDLE_INDEX, 1]),
        *_fits(candidate, around),
        *candidate.fit.kinds,
    )
    vector = np.array(values, np.float64)
    return np.nan_to_num(vector, nan=0.0, posinf=_MOST, neginf=-_MOST)


def liveliness(timeline: Timeline, last: int) -> dict[Stream, float]:
    """How much each stream has been moving to and fro in the two seconds before a sample, px.

    The upper quartile of the second difference: a single pulse does not raise it, speech does.
    """
    e = displacements(timeline, last - steps(2.0), last)
    if len(e) <= 2 * _BUMP:
        return dict.fromkeys(Stream, 0.0)
    bump = e[_BUMP:-_BUMP] - 0.5 * (e[: -2 * _BUMP] + e[2 * _BUMP :])
    size = (bump**2).sum(axis=2)
    # the root is taken last: it keeps the order
    return {
        stream: float(np.sqrt(_quantiles(size[:, members].mean(axis=1), 0.75)[0]))
        for stream, members in MEMBERS.items()
    }


def _quantiles(values: Array, *shares: float) -> list[float]:
    """As numpy's, between neighbours in proportion; numpy's own takes ten times as long."""
    ordered = np.sort(values)
    at = np.array(shares) * (len(ordered) - 1)
    low = at.astype(np.intp)
    high = np.minimum(low + 1, len(ordered) - 1)
    return [float(v) for v in ordered[low] + (at - low) * (ordered[high] - ordered[low])]


def _away(
    timeline: Timeline, candidate: Candidate, pulse: Pulse, now: int
) -> tuple[float, float, float]:
    """How far the face was from its usual place before the rise and is now, and between; px.

    A movement at the edge of an ordinary expression starts or ends far from where the face was
    during the last seconds.
    """
    before = candidate.index - max(steps(min(pulse.rise_s, 0.5)) + 2, 3)
    past = displacements(timeline, before - steps(2.5), before)
    if not len(past):
        return 0.0, 0.0, 0.0
    usual, start = np.median(past, axis=0), past[-1]
    end = displacements(timeline, now, now)[0]
    return _rms_px(start - usual), _rms_px(end - usual), _rms_px(end - start)


def away_px(timeline: Timeline, index: int) -> float:
    """How far the face is from its usual place of the last seconds, crop pixels."""
    past = displacements(timeline, index - steps(3.0), index)
    return _rms_px(past[-1] - np.median(past, axis=0))


def _rms_px(e: Array) -> float:
    return float(np.sqrt((e[EXPRESSIVE] ** 2).sum(axis=1).mean()))


def _fits(candidate: Candidate, around: Surroundings) -> Iterator[float]:
    """How well the movement fits units of the upper and the lower face, and others lately did."""
    fit = candidate.fit
    for column, match in zip((-2, -1), (fit.upper, fit.lower), strict=True):
        usual = around.usual[:, column]
        yield from (match.t, match.z, match.size_iod)
        yield from (*_quantiles(usual, 0.9), usual.max())
        yield from (around.before[column], around.after[column])
    yield from (min(fit.sigma, _MOST), fit.share)


def _moves(moved: Array) -> list[float]:
    right = _SIGN_RIGHT * moved[_RIGHT, _AXIS]
    left = _SIGN_LEFT * moved[_LEFT, _AXIS]
    return [*((right + left) / 2), *np.abs(right - left)]


def _shape(timeline: Timeline, candidate: Candidate, pulse: Pulse, now: int) -> tuple[float, float]:
    """How like a pulse the movement is, and how far all regions move as one; both up to 1.

    The first is the correlation of the projected displacement with the raised cosine of the
    pulse's own times, the second the share of the first singular value.
    """
    first = max(candidate.index - steps(0.35), timeline.oldest)
    last = min(candidate.index + steps(0.35), now)
    e = displacements(timeline, first, last)
    y = np.tensordot(e, candidate.weights, axes=2)
    t = np.array([timeline.time_ns(first + i) for i in range(len(y))], np.float64)
    rise = max(pulse.apex_ns - pulse.onset_ns, 1)
    fall = max(pulse.offset_ns - pulse.apex_ns, 1)
    phase = np.where(t < pulse.apex_ns, (pulse.apex_ns - t) / rise, (t - pulse.apex_ns) / fall)
    shape = 0.5 + 0.5 * np.cos(np.pi * np.clip(phase, 0, 1))
    y, shape = y - y.mean(), shape - shape.mean()
    fit = float(y @ shape) / max(float(np.sqrt((y @ y) * (shape @ shape))), 1e-9)
    used = candidate.moving
    parts = (e[:, used] / candidate.noise_px[used]).reshape(len(e), -1)
    parts = parts - parts.mean(axis=0)
    energy = np.linalg.eigvalsh(parts.T @ parts)
    return fit, float(energy[-1] / max(energy.sum(), 1e-9))


def _speed(x: Array) -> tuple[float, float]:
    """Largest speed of the head over 0.1 s: of its place, IOD/s, and of its turning, rad/s."""
    k = steps(0.1)
    if len(x) <= k:
        return 0.0, 0.0
    step = (x[k:, _HEAD] - x[:-k, _HEAD]) * (GRID_HZ / k)
    place = np.hypot(step[:, 0], step[:, 1]).max()
    turn = np.hypot(step[:, 4], step[:, 5]).max()
    return float(place), float(turn)


def _bump(timeline: Timeline, at: int, now: int) -> Array:
    """|second difference| of every sign around a sample, (len(Channel),)."""
    last = min(at + _BUMP, now)
    x = signs(timeline, at - _BUMP, last)
    if len(x) < 3:
        return np.zeros(x.shape[1])
    middle = min(_BUMP, len(x) - 2)
    return np.asarray(np.abs(x[middle] - 0.5 * (x[0] + x[-1])), np.float64)


def _rows(scores: Array, first: int, low: int, high: int) -> Array:
    return scores[max(low - first, 0) : max(high - first + 1, 0)]
