"""Fit the spotter to one person and camera: `fleeting calibrate person --camera 0`.

Sit as you will sit, look and talk as usual for a minute.  Fleeting then adds micro-expressions to
the numbers it measured, judges them as it would live, and says what to expect of this face, this
camera and this light: how many are found, by size, and how many false alarms a minute will go up,
each with its 95 % interval.  What it learned is saved as a profile for
`fleeting live --profile FILE`.  The recording itself is kept in memory only.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import gamma

from calibration.live_rate import check_rate
from model.progress import progress
from model.spotting.face_footage import (
    FaceRecording,
    cut_to_face,
    only_assessable,
    stretches,
    track_faces,
)
from model.spotting.jobs import SimulationResult
from model.spotting.labelled_candidates import labelled_in_series
from model.spotting.movement_patterns import PatternBank, of_probes
from model.spotting.operating_point import ScoredCandidates, alarms, score_with
from model.spotting.series import FaceSeries, record_series
from model.spotting.signal_insertions import SignalMovement, add_movements
from realtime.capture.source import Source, TimedFrame
from realtime.errors import DataError
from realtime.face.face import FaceTracker
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.settings.source_arguments import Subject, open_subject
from realtime.spotting.candidates import CandidateFinder
from realtime.spotting.person_profile import Profile, save_profile
from realtime.spotting.rejection_rules import RejectionRules
from realtime.spotting.verifier import Verifier, load_verifier
from realtime.statistics import share_interval

BANDS = ((0.005, 0.01), (0.01, 0.02), (0.02, 0.035))  # peak, share of the IOD
SHORTEST_S = 6.0  # of a stretch that can be watched
_USUAL_FPS = 30.0  # of a camera that reports no rate
LEAST_S = 8.0  # of all of them
PER_MIN = (12.0, 40.0)  # movements that are added
# A target so high that a minute has alarms to count; the ratio found there is used for all targets.
LOOSE_PER_MIN = 5.0


@dataclass(frozen=True, slots=True)
class PersonOptions:
    """Arguments of `fleeting calibrate person`; its help explains each."""

    seconds: float = 60.0
    start: float = 0.0
    alarms_per_minute: float = 0.2
    name: str = "me"
    out: Path | None = None
    passes: int = 6
    seed: int = 1
    verifier: Path | None = None
    face_model: Path | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """A rate or a share with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Expectation:
    """Estimated recall and false-alarm rate of the spotter on this face."""

    target: float  # target false-alarm rate, a minute
    alarms_per_min: Expected
    recall: tuple[tuple[tuple[float, float], int, Expected], ...]  # band, movements added, found
    profile: Profile


def record(source: Source, tracker: FaceTracker, seconds: float, start_s: float) -> FaceRecording:
    """Frames of a source with the largest face in each, from `start_s` on.

    Raises:
        DataError: too little of it shows a face that can be judged.
    """
    info, last_s = source.info, start_s + seconds
    total = last_s * (info.requested_fps or info.reported_fps or _USUAL_FPS)
    read = progress(
        iter(source.read, None),
        "recording" if info.live else f"reading {info.name}",
        min(total, info.frame_count or total),
    )
    shots = _between(read, start_s, last_s)
    # the rate is judged over the whole recording, below
    recording = cut_to_face(source.info.name, only_assessable(track_faces(shots, tracker), 0.0))
    parts = () if recording is None else stretches(recording, SHORTEST_S)
    judged_s = sum(part.seconds for part in parts)
    if recording is None or judged_s < LEAST_S:
        raise DataError(
            f"{source.info.name}: a face could be judged for {judged_s:.0f} s only, "
            f"{LEAST_S:.0f} s are needed: sit closer, in more light, facing the camera"
        )
    return recording


def _between(shots: Iterable[TimedFrame], first_s: float, last_s: float) -> Iterator[TimedFrame]:
    """Seconds from the first frame."""
    began_ns: int | None = None
    for shot in shots:
        began_ns = shot.t_ns if began_ns is None else began_ns
        at_s = (shot.t_ns - began_ns) / 1e9
        if at_s >= last_s:
            return
        if at_s >= first_s:
            yield shot


def expect(
    recording: FaceRecording,
    verifier: Verifier,
    target: float,
    *,
    passes: int,
    seed: int,
    name: str,
) -> Expectation:
    """What the spotter finds in the recording as it is, and with movements added.

    Raises:
        DataError: its codec is too coarse or its rate too low; the live path would not judge it.
    """
    parts = list(record_series(recording, name, SHORTEST_S))
    fps = sum(len(part.t_s) - 1 for part in parts) / sum(part.seconds for part in parts)
    check_rate(recording.name, fps)
    settled = _settled(max(parts, key=lambda part: part.seconds))
    if settled.coarse > RejectionRules().max_coarse:
        raise DataError(
            f"{recording.name}: the video is too compressed for small movements, it changes in "
            f"steps of {settled.coarse:.1f} grey levels: raise its bit rate"
        )
    plain = [judged(part, (), verifier) for part in parts]
    minutes = sum(j.result.seconds for j in plain) / 60
    loose = verifier.early.threshold_for(LOOSE_PER_MIN), verifier.late.threshold_for(LOOSE_PER_MIN)
    counted = sum(alarms(j, *loose)[0] for j in plain)
    # Gamma: the prior has the weight of one expected alarm.
    expected = LOOSE_PER_MIN * minutes
    factor = (counted + 1) / (expected + 1)
    spread = gamma.ppf([0.025, 0.975], counted + 1) / (expected + 1)
    nominal = target / factor  # of the operating table
    least = verifier.early.threshold_for(nominal), verifier.late.threshold_for(nominal)

    bank = of_probes(verifier.probes)
    sizes: list[tuple[float, bool]] = []
    for number in progress(range(passes), "adding movements"):
        rng = np.random.default_rng([seed, number])
        for part in parts:
            moved, added = with_movements(rng, part, bank)
            _, found = alarms(judged(moved, added, verifier), *least)
            sizes += [(movement.peak_iod, k in found) for k, movement in enumerate(added)]
    recall = []
    for low, high in BANDS:
        hits = [ok for size, ok in sizes if low <= size < high]
        recall.append(((low, high), len(hits), share(sum(hits), len(hits))))
    return Expectation(
        target,
        Expected(target, target * spread[0] / factor, target * spread[1] / factor),
        tuple(recall),
        Profile(
            name,
            round(float(factor), 4),
            tuple((round(float(x), 4), round(float(y), 4)) for x, y in settled.noise_px),
            round(60 * minutes, 1),
            round(fps, 1),
            verifier.digest,
        ),
    )


def share(hits: int, of: int) -> Expected:
    """A share with its 95 % interval of Wilson, which always holds the share itself."""
    if not of:
        return Expected(float("nan"), *share_interval(0, 0))
    return Expected(hits / of, *share_interval(hits, of))


def with_movements(
    rng: np.random.Generator, part: FaceSeries, bank: PatternBank
) -> tuple[FaceSeries, tuple[SignalMovement, ...]]:
    """A part with micro-expressions of all of `BANDS` in it."""
    sizes = BANDS[0][0], BANDS[-1][1]
    return add_movements(rng, part, bank, peak_iod=sizes, per_min=PER_MIN)


def judged(
    part: FaceSeries, added: Sequence[SignalMovement], verifier: Verifier
) -> ScoredCandidates:
    """Every candidate of a part, with the verifier's probability."""
    rows = tuple(labelled_in_series(part, added))
    return score_with(
        SimulationResult(part.name, False, False, part.seconds, len(added), rows), verifier
    )


def _settled(part: FaceSeries) -> CandidateFinder:
    """One that has watched the whole of a stretch."""
    finder = CandidateFinder()
    for t_s, row in zip(part.t_s.tolist(), part.rows.astype(np.float64), strict=True):
        finder.find(round(t_s * 1e9), row)
    return finder


def report(expectation: Expectation, console: Console) -> None:
    rate = expectation.alarms_per_min
    table = Table(title="Estimated for this face, camera and light", title_justify="left")
    for column in ("", "expected", "95 %"):
        table.add_column(column, justify="right" if column else "left")
    table.add_row("false alarms a minute", f"{rate.value:.2f}", f"{rate.low:.2f}–{rate.high:.2f}")
    for (low, high), count, found in expectation.recall:
        if count:
            table.add_row(
                f"recall, peak {100 * low:g}–{100 * high:g} % IOD ({count} added)",
                f"{found.value:.0%}",
                f"{found.low:.0%}–{found.high:.0%}",
            )
    console.print(table)
    factor = expectation.profile.alarm_factor
    console.print(
        f"This face gives {factor:.2f} times the alarms of those Fleeting was trained on; the "
        f"threshold is set for {expectation.target:g} a minute.",
        highlight=False,
    )


def run(subject: Subject, given: PersonOptions) -> None:
    """Record, fit, print what to expect and save; see `fleeting calibrate person --help`.

    Raises:
        SourceError: the camera or file cannot be opened.
        DataError: too little of it can be used.
        RecordingError: the profile cannot be written.
    """
    cv2.setNumThreads(1)
    console = Console(width=None if sys.stdout.isatty() else 100)
    verifier = load_verifier(given.verifier) if given.verifier else load_verifier()
    tracker = LandmarkTracker(face_model(given.face_model))
    if subject.source is None:
        sys.stderr.write(
            f"Look at the screen and talk as usual for {given.seconds:.0f} seconds …\n"
        )
    began = time.monotonic()
    with open_subject(subject) as source:
        recording = record(source, tracker, given.seconds, given.start)
    sys.stderr.write(f"recorded in {time.monotonic() - began:.0f} s; now adding movements\n")
    expectation = expect(
        recording,
        verifier,
        given.alarms_per_minute,
        passes=given.passes,
        seed=given.seed,
        name=given.name,
    )
    report(expectation, console)
    path = given.out or Path("profiles") / f"{given.name}.json"
    save_profile(path, expectation.profile)
    console.print(f"saved: {path}   use it: fleeting live --camera 0 --profile {path}")
