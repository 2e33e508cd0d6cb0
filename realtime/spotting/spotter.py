"""From measured candidates to findings: which movements are accepted, for one face.

A finding is flagged within a quarter of a second of its apex, when its return is in sight, and
revised once, in the second stage, when most of its end is known: times move by a little, and a
movement that stayed, or that the second stage does not accept, is retracted with the reason.

Pure: no clock, no thread, no file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from realtime.event import Kind
from realtime.limits import Limits
from realtime.motion.regions import Stream
from realtime.spotting.apex import ApexConfig
from realtime.spotting.candidates import LATE_S, MeasuredCandidate
from realtime.spotting.onset_config import OnsetConfig
from realtime.spotting.person_profile import Profile
from realtime.spotting.rejection_rules import RejectionRules, confounders, shape_confounders
from realtime.spotting.timeline import STEP_NS, steps
from realtime.spotting.verifier import Verifier, load_verifier

_TIMES_FROM = 0.5  # share of the highest probability that a candidate has whose times count
_TOGETHER_S = 0.05
# Of a patch.  No micro-expression is a third as large; the trees have learned from none so large.
_LARGEST_IOD = 0.2
_UNLIKELY = ("unlikely",)  # where no rule names a reason


@dataclass(frozen=True, slots=True)
class SpotterConfig:
    alarms_per_minute: Annotated[
        float, Limits("target false-alarm rate, a minute: lower, and more is missed", 0.05, 10)
    ] = 0.2
    onset: OnsetConfig = field(default_factory=OnsetConfig)
    apex: ApexConfig = field(default_factory=ApexConfig)
    rules: RejectionRules = field(default_factory=RejectionRules)
    refractory_s: Annotated[float, Limits("no second event this soon after an apex, s", 0, 10)] = (
        0.4
    )
    same_s: Annotated[float, Limits("apexes nearer than this belong to one movement, s", 0, 2)] = (
        0.2
    )
    # Nor is one that moved less than `rules.min_amplitude_iod`.
    rejected_sigma: Annotated[
        float, Limits("a rejected candidate below this score is not logged, sigmas", 0, 100)
    ] = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """A movement that was flagged or rejected."""

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
    """A flag that may still be revised, and what was measured of the same movement since."""

    first: Finding
    due_index: int  # grid sample of its candidate
    # late candidates with their probability
    seen: list[tuple[float, MeasuredCandidate]] = field(default_factory=list)


class Spotter:
    """One face.  `reset` when it is lost, or when the user resets the rest."""

    def __init__(
        self,
        config: SpotterConfig | None = None,
        verifier: Verifier | None = None,
        profile: Profile | None = None,
    ) -> None:
        self.config = config or SpotterConfig()
        self._verifier = verifier or load_verifier()
        self._alarm_factor = profile.alarm_factor if profile else 1.0
        self.set_alarms_per_minute(self.config.alarms_per_minute)
        self._findings = 0
        self._unconfirmed: list[int] = []
        self._pending: list[_Pending] = []
        self.reset()

    def reset(self) -> None:
        self._unconfirmed.extend(pending.first.number for pending in self._pending)
        self._pending = []
        self._last_flag_ns: dict[str, int] = {}

    def set_alarms_per_minute(self, rate: float) -> None:
        """Accept at this target false-alarm rate from now on, flags that are open included."""
        target = rate / self._alarm_factor
        self._least = {
            "early": self._verifier.early.threshold_for(target),
            "late": self._verifier.late.threshold_for(target),
        }

    def judge(
        self, candidates: Sequence[MeasuredCandidate], newest_index: int, *, hidden: bool = False
    ) -> tuple[Finding, ...]:
        """What is found, or revised, with one frame.

        Args:
            candidates: those that the frame completed.
            newest_index: the newest grid sample.
            hidden: the face is covered, its video too compressed, or its motion too large for a
                micro-expression to be found: nothing is accepted.
        """
        found: list[Finding] = []
        # one movement is found in several streams at once: the strongest is judged first
        for measured in sorted(candidates, key=lambda m: -m.candidate.strength):
            probability = self._probability(measured)
            if measured.stage == "early":
                found.extend(self._flagged(measured, probability, hidden))
            else:
                self._note_late(measured, probability)
        found.extend(self._revised(newest_index))
        return tuple(found)

    def would_stand(self, measured: MeasuredCandidate) -> bool:
        """Whether a candidate of the first stage is so probable that its flag will likely stand.

        The first stage flags some two for each that stands.  Its probability is that of the same
        thing, so the second stage's threshold is asked of it.  Of a face that is not hidden.
        """
        return self._is_assessable(measured) and self._probability(measured) >= self._least["late"]

    def _probability(self, measured: MeasuredCandidate) -> float:
        return self._verifier.trees(measured.stage).probability(measured.features)

    def _is_assessable(self, measured: MeasuredCandidate) -> bool:
        possible = measured.pulse.amplitude_iod <= _LARGEST_IOD
        return possible and measured.continuous and not measured.masked

    def take_unconfirmed(self) -> list[int]:
        """Flags whose second stage will not come, by their numbers, since the last call."""
        taken, self._unconfirmed = self._unconfirmed, []
        return taken

    def wants_late(self, t_ns: int) -> bool:
        """Whether a candidate at this time may belong to a flag that is still open."""
        within_ns = (self.config.same_s + self.config.apex.search_s) * 1e9 + STEP_NS
        return any(abs(t_ns - p.first.apex_ns) < within_ns for p in self._pending)

    def _flagged(
        self, measured: MeasuredCandidate, probability: float, hidden: bool
    ) -> Iterator[Finding]:
        config, pulse = self.config, measured.pulse
        probable = probability >= self._least["early"]
        accepted = probable and not hidden and self._is_assessable(measured)
        reasons = () if accepted else _reasons(measured, config.rules)
        if probable and hidden and reasons == _UNLIKELY:
            reasons = ("not assessable",)
        kind: Kind = "micro" if accepted else "rejected"
        weak = measured.candidate.strength < config.rejected_sigma or "small" in reasons
        if weak and not accepted:
            return
        # a movement is found in several streams: the first that passes is reported
        recent = [self._last_flag_ns.get("micro")]
        if reasons:
            recent.append(self._last_flag_ns.get("rejected"))
        refractory_ns = config.refractory_s * 1e9
        if any(t is not None and abs(pulse.apex_ns - t) < refractory_ns for t in recent):
            return
        self._last_flag_ns[kind] = pulse.apex_ns
        self._findings += 1
        finding = _finding(self._findings, kind, measured, probability, reasons)
        if kind == "micro":
            self._pending.append(_Pending(finding, measured.candidate.index))
        yield finding

    def _note_late(self, measured: MeasuredCandidate, probability: float) -> None:
        for pending in self._pending:
            near = abs(measured.pulse.apex_ns - pending.first.apex_ns) < self.config.same_s * 1e9
            if near:
                pending.seen.append((probability, measured))

    def _revised(self, newest_index: int) -> Iterator[Finding]:
        # candidates of one movement lie a few samples apart: the last of them are waited for
        due = newest_index - steps(LATE_S + _TOGETHER_S)
        for pending in [p for p in self._pending if p.due_index <= due]:
            self._pending.remove(pending)
            if not pending.seen:
                self._unconfirmed.append(pending.first.number)
                continue
            probability = max(p for p, _ in pending.seen)
            # of those about as probable, the strongest has the best times
            probable = [m for p, m in pending.seen if p >= _TIMES_FROM * probability]
            mirrored = [m for _, m in pending.seen if m.mirrored]
            measured = max(mirrored or probable, key=lambda m: m.candidate.strength)
            first, rules = pending.first, self.config.rules
            kind: Kind = "micro"
            reasons: tuple[str, ...] = ()
            refused = measured.mirrored or not measured.continuous
            if probability < self._least["late"] or refused:
                stayed = {"no return", "too long"} & set(shape_confounders(measured.pulse, rules))
                kind = "macro" if stayed else "rejected"
                reasons = _reasons(measured, rules)
            revised = _finding(first.number, kind, measured, probability, reasons, revises=True)
            if kind != first.kind or _differ(revised, first):
                yield revised


def _reasons(measured: MeasuredCandidate, rules: RejectionRules) -> tuple[str, ...]:
    """Why a candidate is not accepted, in the words of the rules."""
    return tuple(confounders(measured, rules)) or _UNLIKELY


def _finding(
    number: int,
    kind: Kind,
    measured: MeasuredCandidate,
    probability: float,
    reasons: tuple[str, ...],
    *,
    revises: bool = False,
) -> Finding:
    candidate, pulse = measured.candidate, measured.pulse
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
    """Whether a revision changes the region group, or a time by over 20 ms."""
    times = zip(
        (a.onset_ns, a.apex_ns, a.offset_ns), (b.onset_ns, b.apex_ns, b.offset_ns), strict=True
    )
    return a.stream is not b.stream or any(abs(x - y) > 20_000_000 for x, y in times)
