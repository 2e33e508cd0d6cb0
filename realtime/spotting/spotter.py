"""From aligned frames to findings: what moved, and whether it is believed, for one face.

A finding is flagged within a quarter of a second of its apex, when its return is in sight, and
revised once when most of its end is known: times move by a little, and a movement that stayed,
or that the second look does not believe, is taken back with the reason.

Pure: `update` in, findings out; no clock, no thread, no file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from realtime.event import Kind
from realtime.face.face import Face
from realtime.motion.region_motion import Motion
from realtime.motion.regions import Stream
from realtime.motion.stabiliser import Stabilised
from realtime.spotting.apex import ApexConfig
from realtime.spotting.candidates import CandidateFinder, MeasuredCandidate
from realtime.spotting.onset import DetectorState, OnsetConfig
from realtime.spotting.person_profile import Profile
from realtime.spotting.rejection_rules import RejectionRules, confounders, shape_confounders
from realtime.spotting.timeline import STEP_NS
from realtime.spotting.verifier import Verifier, load_verifier

_ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class SpotterConfig:
    alarms_per_minute: float = 0.2  # false alarms that are put up with
    onset: OnsetConfig = field(default_factory=OnsetConfig)
    apex: ApexConfig = field(default_factory=ApexConfig)
    gates: RejectionRules = field(default_factory=RejectionRules)
    refractory_s: float = 0.4  # one movement, one event
    same_s: float = 0.2  # apexes nearer than this belong to one movement
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
    probability: float  # of being a micro-expression, by the verifier
    confounders: tuple[str, ...]
    revises: bool = False


@dataclass(slots=True)
class _Pending:
    """A flag that went up, and what has been seen of the same movement since."""

    first: Finding
    due_index: int  # grid sample at which its own late sighting comes
    seen: list[tuple[float, MeasuredCandidate]] = field(
        default_factory=list
    )  # late, with probability


class Spotter:
    """One face.  `reset` when it is lost, or when the user asks to learn rest again."""

    def __init__(
        self,
        config: SpotterConfig | None = None,
        verifier: Verifier | None = None,
        profile: Profile | None = None,
    ) -> None:
        self.config = config or SpotterConfig()
        self._verifier = verifier or load_verifier()
        budget = self.config.alarms_per_minute / (profile.alarm_factor if profile else 1.0)
        self._least = {
            "early": self._verifier.early.threshold_for(budget),
            "late": self._verifier.late.threshold_for(budget),
        }
        noise = profile.noise() if profile else None
        self._sighter = CandidateFinder(self.config.onset, self.config.apex, noise)
        self._findings = 0
        self.reset()

    def reset(self) -> None:
        self._sighter.reset()
        self._pending: list[_Pending] = []
        self._last_ns: int | None = None
        self._last_flag_ns: dict[str, int] = {}

    @property
    def motion(self) -> Motion | None:
        """The newest frame's."""
        return self._sighter.motion

    @property
    def state(self) -> DetectorState:
        return self._sighter.state

    @property
    def occluded(self) -> bool:
        """Whether much of the face does not look as it did a moment ago."""
        return self._sighter.occluded

    @property
    def compressed(self) -> bool:
        """Whether the video's codec is too coarse for small movements."""
        return self._sighter.coarse > self.config.gates.max_coarse

    @property
    def coarse(self) -> float:
        """`coarseness` of the codec, grey levels, median of the last two seconds."""
        return self._sighter.coarse

    @property
    def strengths(self) -> tuple[float, ...]:
        """Newest score of every `Stream`, sigmas."""
        return self._sighter.strengths

    def update(self, stabilised: Stabilised, face: Face) -> tuple[Finding, ...]:
        """Take one frame; returns what was found or revised with it."""
        t_ns = stabilised.t_ns
        if self._last_ns is not None and t_ns - self._last_ns > self.config.max_gap_s * 1e9:
            self.reset()
        self._last_ns = t_ns
        found: list[Finding] = []
        sightings = self._sighter.update(stabilised, face, self._concerns_a_flag)
        # one movement shows in several streams at once: the strongest speaks for it
        for sighting in sorted(sightings, key=lambda s: -s.candidate.strength):
            probability = self._verifier.trees(sighting.stage).probability(sighting.evidence)
            if sighting.stage == "early":
                found.extend(self._judge(sighting, probability))
            else:
                self._look_again(sighting, probability)
        found.extend(self._revised())
        return tuple(found)

    def _concerns_a_flag(self, t_ns: int) -> bool:
        """Whether a candidate at this time may be the movement of a flag that is still open."""
        within_ns = (self.config.same_s + self.config.apex.search_s) * 1e9 + STEP_NS
        return any(abs(t_ns - p.first.apex_ns) < within_ns for p in self._pending)

    def _judge(self, sighting: MeasuredCandidate, probability: float) -> Iterator[Finding]:
        config, pulse = self.config, sighting.pulse
        hidden = sighting.masked or self.occluded or self.compressed
        open_to_view = sighting.continuous and not hidden
        believed = open_to_view and probability >= self._least["early"]
        reasons = () if believed else _reasons(sighting, config.gates)
        kind: Kind = "micro" if believed else "rejected"
        weak = sighting.candidate.strength < config.rejected_sigma or "small" in reasons
        if weak and not believed:
            return
        # a movement shows in several streams: the first that passes speaks for all
        recent = [self._last_flag_ns.get("micro")]
        if reasons:
            recent.append(self._last_flag_ns.get("rejected"))
        refractory_ns = config.refractory_s * 1e9
        if any(t is not None and abs(pulse.apex_ns - t) < refractory_ns for t in recent):
            return
        self._last_flag_ns[kind] = pulse.apex_ns
        self._findings += 1
        finding = _finding(self._findings, kind, sighting, probability, reasons)
        if kind == "micro":
            self._pending.append(_Pending(finding, sighting.candidate.index))
        yield finding

    def _look_again(self, sighting: MeasuredCandidate, probability: float) -> None:
        for pending in self._pending:
            near = abs(sighting.pulse.apex_ns - pending.first.apex_ns) < self.config.same_s * 1e9
            if near:
                pending.seen.append((probability, sighting))

    def _revised(self) -> Iterator[Finding]:
        for pending in [p for p in self._pending if self._sighter.is_late(p.due_index)]:
            self._pending.remove(pending)
            if not pending.seen:
                continue
            probability = max(p for p, _ in pending.seen)
            # of those that are believed alike, the strongest knows the times best
            believed = [s for p, s in pending.seen if p >= _ALIKE * probability]
            sighting = max(believed, key=lambda s: s.candidate.strength)
            first, gates = pending.first, self.config.gates
            kind: Kind = "micro"
            reasons: tuple[str, ...] = ()
            if probability < self._least["late"] or not sighting.continuous:
                stayed = {"no return", "too long"} & set(shape_confounders(sighting.pulse, gates))
                kind = "macro" if stayed else "rejected"
                reasons = _reasons(sighting, gates)
            revised = _finding(first.number, kind, sighting, probability, reasons, revises=True)
            if kind != first.kind or _differ(revised, first):
                yield revised


def _reasons(sighting: MeasuredCandidate, gates: RejectionRules) -> tuple[str, ...]:
    """Words for what the verifier did not believe."""
    return tuple(confounders(sighting, gates)) or ("unlikely",)


def _finding(
    number: int,
    kind: Kind,
    sighting: MeasuredCandidate,
    probability: float,
    reasons: tuple[str, ...],
    *,
    revises: bool = False,
) -> Finding:
    candidate, pulse = sighting.candidate, sighting.pulse
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
        probability,
        reasons,
        revises,
    )


def _differ(a: Finding, b: Finding) -> bool:
    """Whether a revision says something new: another part of the face, a time by over 20 ms."""
    times = zip(
        (a.onset_ns, a.apex_ns, a.offset_ns), (b.onset_ns, b.apex_ns, b.offset_ns), strict=True
    )
    return a.stream is not b.stream or any(abs(x - y) > 20_000_000 for x, y in times)
