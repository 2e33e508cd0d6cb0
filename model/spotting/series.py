"""What the live path measured of a recorded face: the verifier learns from this, not from pictures.

A series is one row of `CHANNELS` values a frame: displacements of the 31 regions, and signs of
eyes, head and light.  A movement added to the displacements gives the candidates that the same
movement added to the pictures gives (`benchmarks.spotting.signal_against_picture`), at a
hundredth of the cost.  A series holds numbers only: no picture and no landmark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from model.spotting.face_footage import FaceRecording
from model.synthetic.random_draws import log_uniform
from realtime.atomic_file import whole_file
from realtime.errors import DataError
from realtime.motion.regions import REGIONS
from realtime.spotting.channels import CHANNELS, FIRST, Channel
from realtime.spotting.face_pipeline import FacePipeline

Array = NDArray[np.float64]
_Float = TypeVar("_Float", np.float32, np.float64)

SHORTEST_S = 2.0  # a shorter stretch holds nothing that can be assessed
_HEAD = [Channel.HEAD_X, Channel.HEAD_Y, Channel.ROLL, Channel.SIZE, Channel.YAW, Channel.PITCH]
# What changes its sign in a mirror.
_ACROSS = [Channel.GAZE_X, Channel.HEAD_X, Channel.ROLL, Channel.YAW]


@dataclass(frozen=True, slots=True)
class FaceSeries:
    """One stretch of one person's face, measured without a break."""

    person: str  # who is held out together
    name: str  # of the recording
    t_s: Array  # (n,) of the frames, ascending, on the recording's own clock
    rows: NDArray[np.float32]  # (n, CHANNELS)
    turns_s: tuple[float, ...] = ()  # where it is played backwards from, or forward again

    @property
    def seconds(self) -> float:
        return float(self.t_s[-1] - self.t_s[0])

    @property
    def fps(self) -> float:
        return (len(self.t_s) - 1) / self.seconds


def record_series(
    recording: FaceRecording,
    person: str,
    shortest_s: float = SHORTEST_S,
    turns_s: Sequence[float] = (),
) -> Iterator[FaceSeries]:
    """Every unbroken stretch of a recording, as the live path measures it.

    Args:
        turns_s: where the recording is played backwards from, or forward again.
    """
    pipeline, about = FacePipeline(), (person, recording.name, turns_s, shortest_s)
    times: list[float] = []
    rows: list[Array] = []
    for frame in recording.frames:
        face = frame.face
        if times and (face is None or pipeline.is_interrupted(frame.t_ns, face)):
            yield from _series(*about, times, rows)
            times, rows = [], []
        if face is None:
            pipeline.reset()
            continue
        held = pipeline.align(frame.t_ns, frame.grey, face)
        times.append(frame.t_ns / 1e9)
        rows.append(pipeline.measure(held, face))
    yield from _series(*about, times, rows)


def _series(
    person: str,
    name: str,
    turns_s: Sequence[float],
    shortest_s: float,
    times: list[float],
    rows: list[Array],
) -> Iterator[FaceSeries]:
    if times and times[-1] - times[0] >= shortest_s:
        turns = tuple(t for t in turns_s if times[0] < t < times[-1])
        yield FaceSeries(person, name, np.array(times), np.array(rows, np.float32), turns)


def mirrored(series: FaceSeries) -> FaceSeries:
    """As in a mirror: a face has two sides, and recordings are scarce."""
    rows = series.rows.copy()
    rows[:, :FIRST] = mirror_displacement(rows[:, :FIRST])
    rows[:, [FIRST + c for c in _ACROSS]] *= -1
    return replace(series, rows=rows)


def mirror_displacement(moved: NDArray[_Float]) -> NDArray[_Float]:
    """(..., 62) of the 31 regions, with left and right exchanged."""
    pairs = moved.reshape(*moved.shape[:-1], len(REGIONS), 2)[..., _OTHER_SIDE, :].copy()
    pairs[..., 0] *= -1
    return pairs.reshape(moved.shape)


def _other_sides() -> NDArray[np.intp]:
    names = [region.name for region in REGIONS]
    turned = {"right": "left", "left": "right"}
    others = (" ".join(turned.get(word, word) for word in name.split()) for name in names)
    return np.array([names.index(name) for name in others])


_OTHER_SIDE = _other_sides()


def backwards(series: FaceSeries) -> FaceSeries:
    """Played backwards: every habit of this face in another order."""
    ends = series.t_s[0] + series.t_s[-1]
    turns = tuple(ends - t for t in series.turns_s)
    rows = series.rows[::-1].copy()
    return _paced(replace(series, t_s=(ends - series.t_s)[::-1], rows=rows, turns_s=turns))


def at_pace(series: FaceSeries, factor: float) -> FaceSeries:
    """As if everything had happened `factor` times as fast."""
    first = series.t_s[0]
    turns = tuple(first + (t - first) / factor for t in series.turns_s)
    t_s = first + (series.t_s - first) / factor
    return _paced(replace(series, t_s=t_s, rows=series.rows.copy(), turns_s=turns))


def at_rate(rng: np.random.Generator, series: FaceSeries, fps: float) -> FaceSeries:
    """As a camera of a lower frame rate, whose frames come with a little jitter, had seen it."""
    wanted = np.arange(series.t_s[0], series.t_s[-1], 1 / fps)
    wanted += rng.normal(0, 0.004, len(wanted))
    kept = np.unique(np.clip(np.searchsorted(series.t_s, wanted), 0, len(series.t_s) - 1))
    rows = series.rows[kept]
    for channel in (Channel.RENEWED, Channel.BROKEN):  # of any frame that is left out
        counted = np.cumsum(series.rows[:, FIRST + channel])[kept]
        rows[:, FIRST + channel] = np.diff(counted, prepend=0.0) > 0
    return _paced(replace(series, t_s=series.t_s[kept], rows=rows))


def _paced(series: FaceSeries) -> FaceSeries:
    series.rows[1:, FIRST + Channel.PERIOD] = np.minimum(np.diff(series.t_s), 0.2)
    return series


def livelier(series: FaceSeries, motion: float, head: float) -> FaceSeries:
    """As of a person who moves the face `motion` times, and the head `head` times, as much."""
    rows = series.rows.copy()
    rows[:, :FIRST] *= motion
    rows[:, FIRST + Channel.DISTURBANCE] *= motion
    rows[:, [FIRST + c for c in _HEAD]] *= head
    return replace(series, rows=rows)


def noisier(rng: np.random.Generator, series: FaceSeries, noise_px: float) -> FaceSeries:
    """With white noise of so many crop pixels on every displacement."""
    rows = series.rows.copy()
    rows[:, :FIRST] += rng.normal(0, noise_px, (len(rows), FIRST))
    return replace(series, rows=rows)


def vary(rng: np.random.Generator, series: FaceSeries, *, quieter: bool = True) -> FaceSeries:
    """Another recording that this camera and a person like this one could have made.

    Args:
        quieter: whether three in ten are of a person who moves less: most films are of people
            who talk.
    """
    if rng.random() < 0.5:
        series = mirrored(series)
    if rng.random() < 0.3:
        series = backwards(series)
    series = at_pace(series, float(rng.uniform(0.87, 1.15)))
    if rng.random() < 0.3 and series.fps > _LEAST_FPS + 2:
        series = at_rate(rng, series, log_uniform(rng, _LEAST_FPS, series.fps))
    motion, head = float(np.exp(rng.normal(0, 0.12))), 1.0
    if quieter and rng.random() < 0.3:
        quiet = log_uniform(rng, 0.1, 0.8)
        motion, head = motion * quiet, quiet ** float(rng.uniform(0, 1))
    series = livelier(series, motion, head)
    if rng.random() < 0.4:
        series = noisier(rng, series, log_uniform(rng, 0.01, 0.06))
    return series


_LEAST_FPS = 14.5


def save_series(path: Path, parts: list[FaceSeries]) -> None:
    """Raises DiskFull or RecordingError if it cannot be written; what stood there stands then."""
    arrays: dict[str, NDArray[np.generic]] = {
        "person": np.array([p.person for p in parts]),
        "name": np.array([p.name for p in parts]),
        "length": np.array([len(p.t_s) for p in parts], np.int64),
        "t_s": np.concatenate([p.t_s for p in parts]) if parts else np.zeros(0),
        "rows": np.concatenate([p.rows for p in parts]) if parts else np.zeros((0, CHANNELS)),
        "turns_s": np.array([t for p in parts for t in p.turns_s], np.float64),
        "turns": np.array([len(p.turns_s) for p in parts], np.int64),
    }
    with whole_file(path) as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load_series(path: Path) -> list[FaceSeries]:
    """Raises DataError: the file is missing, damaged or of another version's channels."""
    try:
        with np.load(path, allow_pickle=False) as a:
            person, name, length, t_s, rows, turns_s, turns = (
                a[key] for key in ("person", "name", "length", "t_s", "rows", "turns_s", "turns")
            )
        if rows.shape != (len(t_s), CHANNELS) or length.sum() != len(t_s):
            raise ValueError("its channels are another version's")
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise DataError(f"{path} is not a file of series ({error})") from error
    parts, end, turn = [], 0, 0
    for p, n, frames, count in zip(person, name, length.tolist(), turns.tolist(), strict=True):
        of_part = tuple(turns_s[turn : turn + count].tolist())
        span = slice(end, end + frames)
        parts.append(FaceSeries(str(p), str(n), t_s[span], rows[span].astype(np.float32), of_part))
        end, turn = end + frames, turn + count
    return parts
