"""The spotters that `benchmarks.spotting` runs beside each other, each from a recording to alarms.

Ours is the live path's own; "rules only" is its front end with the hand-written rules in the
verifier's place.  The challenge rule and the blendshape spike are what the field and the public
live projects use; they stand here to be measured, not to be imported.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft, rfftfreq

from model.spotting.face_footage import FaceFrame, FaceRecording
from realtime.face.assessability import Assessable
from realtime.face.blendshapes import SignReader
from realtime.face.face import Face
from realtime.spotting.face_pipeline import FacePipeline
from realtime.spotting.face_spotter import FaceSpotter
from realtime.spotting.rejection_rules import RejectionRules, confounders
from realtime.spotting.spotter import Finding, SpotterConfig
from realtime.spotting.verifier import Verifier


@dataclass(frozen=True, slots=True)
class Alarm:
    """Seconds on the recording's clock."""

    onset_s: float
    apex_s: float
    offset_s: float
    flagged_s: float
    stands: bool = True  # False: retracted by the second stage
    revised_s: float | None = None
    stream: str = ""
    probability: float = 1.0  # the last one


@dataclass(slots=True)
class SpotterOutcome:
    """What our spotter said of one recording."""

    alarms: list[Alarm] = field(default_factory=list)
    rejected: list[Finding] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)  # of the frames watched
    judged: list[bool] = field(default_factory=list)  # whether each was assessable, as live
    strengths: list[tuple[float, ...]] = field(default_factory=list)
    coarse: list[float] = field(default_factory=list)
    cpu_s: float = 0.0  # stabiliser and spotter


def ours(
    recording: FaceRecording, config: SpotterConfig, verifier: Verifier | None
) -> SpotterOutcome:
    watched, spotter = SpotterOutcome(), FaceSpotter(0, spotter=config, verifier=verifier)
    first: dict[int, tuple[Finding, float]] = {}
    last: dict[int, tuple[Finding, float]] = {}
    for seq, frame in enumerate(recording.frames):
        if frame.face is None:
            spotter.reset()
            continue
        began = time.thread_time()
        stabilised = spotter.align(seq, frame.t_ns, frame.grey, frame.face)
        findings = spotter.spot(stabilised, frame.face)
        watched.cpu_s += time.thread_time() - began
        watched.times_s.append(frame.t_ns / 1e9)
        watched.judged.append(spotter.assessable(Assessable.YES) is Assessable.YES)
        watched.strengths.append(spotter.strengths)
        watched.coarse.append(spotter.coarse)
        for finding in (found.finding for found in findings):
            now_s = frame.t_ns / 1e9
            first.setdefault(finding.number, (finding, now_s))
            last[finding.number] = finding, now_s
    for number, (flag, at) in first.items():
        finding, revised = last[number]
        if flag.kind == "rejected":
            watched.rejected.append(finding)
            continue
        watched.alarms.append(
            Alarm(
                finding.onset_ns / 1e9,
                finding.apex_ns / 1e9,
                finding.offset_ns / 1e9,
                at,
                finding.kind == "micro",
                revised if finding.revises else None,
                finding.stream.value if finding.stream else "whole face",
                finding.probability,
            )
        )
    return watched


def rules_only(recording: FaceRecording) -> list[Alarm]:
    """The same front end, an alarm wherever no rule of `rejection_rules` objects."""
    pipeline = FacePipeline()
    alarms: list[Alarm] = []
    for frame in recording.frames:
        for seen in pipeline.follow(frame.t_ns, frame.grey, frame.face):
            apex_s = seen.pulse.apex_ns / 1e9
            again = bool(alarms) and abs(apex_s - alarms[-1].apex_s) < SpotterConfig().refractory_s
            if seen.stage == "early" and not again and not any(confounders(seen, RejectionRules())):
                times = seen.pulse.onset_ns / 1e9, apex_s, seen.pulse.offset_ns / 1e9
                alarms.append(Alarm(*times, frame.t_ns / 1e9))
    return alarms


def blendshape_spike(recording: FaceRecording, signs: SignReader) -> list[Alarm]:
    """What public live projects do: a coefficient that jumps over the mean of its last second.

    Coefficients of brows, nose and mouth (lids and gaze left out, or every blink were one); three
    standard deviations and at least a tenth; an alarm lasts while the jump does, half a second at
    most.
    """
    alarms: list[Alarm] = []
    history: list[tuple[float, NDArray[np.float64]]] = []
    began: float | None = None
    for frame in recording.frames:
        if frame.face is None:
            history, began = [], None
            continue
        now = frame.t_ns / 1e9
        values = np.asarray(signs.coefficients(frame.face.landmarks), np.float64)[_SPIKING]
        past = np.array([v for t, v in history if now - 1.0 <= t < now])
        history = [(t, v) for t, v in history if now - 1.0 <= t] + [(now, values)]
        if len(past) < 10:
            continue
        jump = values - past.mean(axis=0)
        up = bool((jump > np.maximum(3 * past.std(axis=0), 0.1)).any())
        if up and began is None:
            began = now
        if began is not None and (not up or now - began > 0.5):
            if now - began <= 0.5:
                alarms.append(Alarm(began, (began + now) / 2, now, now))
            began = None
    return alarms


_SPIKING = np.array([*range(1, 6), *range(23, 51)])  # brows; jaw, mouth and nose

# The challenge rule (training-free, second place of MEGC 2023): windows of 200 frames with the
# first as reference, Farneback flow of regions against it less the nose's, low-passed, thresholds
# in pixels of a 256-pixel face.
_WINDOW, _HOP = 200, 100
_FACE_PX = 256
_BROW = ((55, 65, 52), (285, 295, 282))
_MOUTH = ((61,), (0,), (291,), (17,), (13,))
_WINGS = ((129,), (358,))
_THRESHOLD = {"brow": 2.0, "mouth": 2.05, "nose": 2.3}
_LEAST, _JOIN, _BACK = 1.6, 3, 0.33
_LOWPASS_HZ = 2.0
_FRAMES = (12, 200)
_OVERLAP = 0.29


def challenge_rule(recording: FaceRecording) -> list[Alarm]:
    """The whole window is used for each decision: not a live method."""
    found: list[tuple[float, float, float]] = []
    for start in range(0, max(len(recording.frames) - _WINDOW // 2, 1), _HOP):
        window = recording.frames[start : start + _WINDOW]
        part = [m for m in window if m.face is not None]
        if len(part) < 30 or window[0].face is None:
            continue
        found += _in_window(part)
    merged: list[list[float]] = []
    for onset, apex, offset in sorted(found):
        if merged:
            shared = min(offset, merged[-1][2]) - max(onset, merged[-1][0])
            shorter = min(offset - onset, merged[-1][2] - merged[-1][0])
            if shared > _OVERLAP * shorter:
                merged[-1][2] = max(offset, merged[-1][2])
                continue
        merged.append([onset, apex, offset])
    return [Alarm(a, b, c, c) for a, b, c in merged if c - a <= 0.5]


def _in_window(part: Sequence[FaceFrame]) -> list[tuple[float, float, float]]:
    face = part[0].face
    assert face is not None
    times = np.array([m.t_ns / 1e9 for m in part])
    fps = (len(times) - 1) / (times[-1] - times[0])
    corner, scale = _box(face)
    points = (face.landmarks[:, :2] - corner) * scale
    crops = [_crop(m.grey, corner, scale) for m in part]
    regions = [("brow", c) for side in _BROW for c in side]
    regions += [("mouth", c[0]) for c in _MOUTH] + [("nose", c[0]) for c in _WINGS]
    places = [points[4], *(points[c] for _, c in regions)]
    motion = np.array([[_flow(crops[0], crop, p) for p in places] for crop in crops])
    size = np.hypot(*np.moveaxis(motion[:, 1:] - motion[:, :1], 2, 0))
    spectrum = rfft(size, axis=0)
    spectrum[rfftfreq(len(size), 1 / fps) > _LOWPASS_HZ] = 0
    smooth = irfft(spectrum, len(size), axis=0)
    found = []
    for (kind, _), m in zip(regions, smooth.T, strict=True):
        above = np.flatnonzero(m - m.min() >= _LEAST)
        for run in np.split(above, np.flatnonzero(np.diff(above) > _JOIN) + 1):
            if not len(run):
                continue
            peak = run[np.argmax(m[run])]
            base = m[max(peak - 30, 0) : peak + 31].min()
            if m[peak] - base <= _THRESHOLD[kind]:
                continue
            foot = base + _BACK * (m[peak] - base)
            first, last = peak, peak
            while first > 0 and m[first] > foot:
                first -= 1
            while last < len(m) - 1 and m[last] > foot:
                last += 1
            if _FRAMES[0] <= (last - first) * 30 / fps <= _FRAMES[1]:
                found.append((times[first], times[peak], times[last]))
    return found


def _box(face: Face) -> tuple[NDArray[np.float64], float]:
    """Corner of the square around the face, frame pixels, and frame to 256-pixel scale."""
    right, left = (np.asarray(face.landmarks[i, :2], np.float64) for i in (133, 362))
    half = float(np.hypot(*(left - right))) / 2
    middle = (left + right) / 2
    return middle - np.array([4.5, 3.5]) * half, _FACE_PX / (10 * half)


def _crop(grey: NDArray[np.uint8], corner: NDArray[np.float64], scale: float) -> NDArray[np.uint8]:
    to_crop = np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]])
    crop = cv2.warpAffine(grey, to_crop, (_FACE_PX, _FACE_PX), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)


def _flow(
    before: NDArray[np.uint8], after: NDArray[np.uint8], at: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Mean of the quarter of longest flow vectors of a 20 × 20 region."""
    x, y = np.clip(np.rint(at), 20, _FACE_PX - 21).astype(int)
    a, b = (np.ascontiguousarray(p[y - 20 : y + 20, x - 20 : x + 20]) for p in (before, after))
    flow = cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 3, 15, 5, 7, 1.5, 0)  # type: ignore[call-overload]
    inner = flow[10:30, 10:30].reshape(-1, 2)
    longest = np.argsort(np.hypot(inner[:, 0], inner[:, 1]))[-len(inner) // 4 :]
    return np.asarray(inner[longest].mean(axis=0), np.float64)
