"""From aligned frames to findings: region motion, onset, apex and the rules, for one face.

A finding is flagged about 0.28 s after its apex, when its return is in sight, and revised once
when 0.5 s have passed: the end is known then, and a movement that stayed turns out to be an
ordinary expression.

Pure: `update` in, findings out; no clock, no thread, no file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from realtime.apex import ApexConfig, Pulse, measure_pulse
from realtime.events import Kind
from realtime.face.face import FaceSigns
from realtime.gates import GateConfig, Surroundings, confounders, shape_confounders
from realtime.motion import Motion, RegionMotion
from realtime.onset import Candidate, DetectorState, OnsetConfig, OnsetDetector
from realtime.regions import REGIONS, Stream
from realtime.stabiliser import Stabilised
from realtime.timeline import Timeline, steps

_N = len(REGIONS)
_BLINK, _GAZE_X, _GAZE_Y, _BROKEN = 2 * _N, 2 * _N + 1, 2 * _N + 2, 2 * _N + 3


@dataclass(frozen=True, slots=True)
class SpotterConfig:
    onset: OnsetConfig = field(default_factory=OnsetConfig)
    apex: ApexConfig = field(default_factory=ApexConfig)
    gates: GateConfig = field(default_factory=GateConfig)
    refractory_s: float = 0.4  # one movement, one event
    revise_s: float = 0.5  # after the apex
    max_gap_s: float = 0.25  # a longer silence between frames forgets everything
    rejected_sigma: float = 5.0  # a rejected candidate below this is not worth a line,
    # nor is one that moved less than `gates.min_amplitude_iod`


@dataclass(frozen=True, slots=True)
class Finding:
    """A movement the spotter has an opinion on."""

    number: int  # counts up; a revision repeats it
    kind: Kind
    stream: Stream | None
    onset_ns: int
    apex_ns: int
    offset_ns: int
    peak_motion_iod: float
    peak_sigma: float
    regions: tuple[float, ...]  # share of AU regions 1..6
    confounders: tuple[str, ...]
    revises: bool = False


@dataclass(slots=True)
class _Pending:
    finding: Finding
    candidate: Candidate


class Spotter:
    """One face.  `reset` when it is lost, or when the user asks to learn rest again."""

    def __init__(self, config: SpotterConfig | None = None) -> None:
        self.config = config or SpotterConfig()
        self._motion = RegionMotion()
        self._detector = OnsetDetector(self.config.onset)
        self._findings = 0
        self.reset()

    def reset(self) -> None:
        self._motion.reset()
        self._detector.reset()
        self._timeline = Timeline(2 * _N + 4, keep_s=4.0)
        self._pending: list[_Pending] = []
        self._last_ns: int | None = None
        self._last_flag_ns: dict[str, int] = {}
        self.motion: Motion | None = None  # the newest frame's

    @property
    def state(self) -> DetectorState:
        return self._detector.state

    @property
    def strengths(self) -> tuple[float, ...]:
        """Newest score of every `Stream`, sigmas."""
        return self._detector.strengths()

    def update(self, stabilised: Stabilised, signs: FaceSigns) -> tuple[Finding, ...]:
        """Take one frame; returns what was found or revised with it."""
        t_ns = stabilised.t_ns
        if self._last_ns is not None and t_ns - self._last_ns > self.config.max_gap_s * 1e9:
            self.reset()
        self._last_ns = t_ns
        self.motion = motion = self._motion.update(stabilised)
        blink = max(signs.blink_left, signs.blink_right)
        extra = (blink, signs.gaze_x, signs.gaze_y, float(motion.broken))
        known = self._timeline.push(t_ns, np.append(motion.displacement.ravel(), extra))
        found: list[Finding] = []
        for index in known:
            for candidate in self._detector.update(self._timeline, index):
                found.extend(self._judge(candidate, index))
            found.extend(self._revised(index))
        return tuple(found)

    def _judge(self, candidate: Candidate, index: int) -> Iterator[Finding]:
        pulse = measure_pulse(self._timeline, candidate, self.config.apex)
        if pulse is None:
            return
        around = self._surroundings(candidate, pulse, index)
        reasons = tuple(confounders(candidate, pulse, around, self.config.gates))
        kind: Kind = "rejected" if reasons else "micro"
        if "small" in reasons or (reasons and candidate.strength < self.config.rejected_sigma):
            return
        # a movement shows in several streams: the first that passes speaks for all
        recent = [self._last_flag_ns.get("micro")]
        if reasons:
            recent.append(self._last_flag_ns.get("rejected"))
        refractory_ns = self.config.refractory_s * 1e9
        if any(t is not None and abs(pulse.apex_ns - t) < refractory_ns for t in recent):
            return
        self._last_flag_ns[kind] = pulse.apex_ns
        self._findings += 1
        finding = _finding(self._findings, kind, candidate, pulse, reasons)
        if kind == "micro":
            self._pending.append(_Pending(finding, candidate))
        yield finding

    def _revised(self, index: int) -> Iterator[Finding]:
        due = [p for p in self._pending if index >= p.candidate.index + steps(self.config.revise_s)]
        for pending in due:
            self._pending.remove(pending)
            pulse = measure_pulse(self._timeline, pending.candidate, self.config.apex)
            if pulse is None:
                continue
            first = pending.finding
            stayed = any(
                r in ("no return", "too long") for r in shape_confounders(pulse, self.config.gates)
            )
            kind: Kind = "macro" if stayed else first.kind
            revised = _finding(first.number, kind, pending.candidate, pulse, first.confounders)
            if kind != first.kind or _differ(revised, first):
                yield replace(revised, revises=True)

    def _surroundings(self, candidate: Candidate, pulse: Pulse, index: int) -> Surroundings:
        at = candidate.index
        near = self._timeline.span(at - steps(0.15), at + steps(0.2))
        past = self._timeline.span(at - steps(2.0), at - steps(0.2))
        rest = np.median(past, axis=0) if len(past) else near[0]
        whole = self._timeline.span(at - steps(0.5), index)
        gaze = near[:, [_GAZE_X, _GAZE_Y]]
        return Surroundings(
            blink_rise=float(near[:, _BLINK].max() - rest[_BLINK]),
            gaze_change=float(np.ptp(gaze, axis=0).max()),
            continuous=bool(whole[:, _BROKEN].max() == 0.0),
            judged_s=(self._timeline.time_ns(index) - pulse.apex_ns) / 1e9,
        )


def _finding(
    number: int, kind: Kind, candidate: Candidate, pulse: Pulse, reasons: tuple[str, ...]
) -> Finding:
    return Finding(
        number,
        kind,
        candidate.stream,
        pulse.onset_ns,
        pulse.apex_ns,
        pulse.offset_ns,
        pulse.amplitude_iod,
        max(candidate.strength, max(candidate.streams.values())),
        pulse.regions,
        reasons,
    )


def _differ(a: Finding, b: Finding) -> bool:
    """Whether a revision says something new: a time moved by more than 20 ms."""
    times = zip(
        (a.onset_ns, a.apex_ns, a.offset_ns), (b.onset_ns, b.apex_ns, b.offset_ns), strict=True
    )
    return any(abs(x - y) > 20_000_000 for x, y in times)
