"""Why a candidate is not a micro-expression: the rules, each with the word the user will read.

Every rule is a pure function of what the onset detector and the apex estimator measured.  The
verifier decides; when it does not accept a candidate, these rules say in words what speaks
against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from realtime.motion.regions import Stream
from realtime.spotting.apex import Pulse
from realtime.spotting.candidates import MeasuredCandidate


@dataclass(frozen=True, slots=True)
class RejectionRules:
    min_sigma: float = 4.0  # score of the stream the candidate stands in
    min_amplitude_iod: float = 0.0017
    max_amplitude_iod: float = 0.035  # micro-expressions reach 0.5–3 %, speech and smiles far more
    max_rise_s: float = 0.42
    max_fall_s: float = 0.45
    min_total_s: float = 0.14
    max_total_s: float = 0.55  # half a second, and what an extrapolated offset may err
    max_rest: float = 0.35  # how far from rest the face may stay, share of the height
    lid_ratio: float = 1.0  # lids against the candidate's own stream
    blink: float = 0.25  # rise of the blink sign, share of a closed eye
    gaze: float = 0.35  # change of gaze, share of its full range
    mouth_before: float = 0.7  # mouth score shortly before, share of the score now
    mouth_habit: float = 0.5  # its 75 % quantile over 3 s, share of the score now
    max_disturbance: float = 6.0  # skull residual, sigmas
    light: float = 0.1  # change of the face's brightness, log
    # Of a codec's steps, grey levels.  Real videos have 1.5 at most; above this, more than half of
    # the movements of 2 % IOD are lost (docs/spotting_compression.md).
    max_coarse: float = 2.5


def confounders(measured: MeasuredCandidate, config: RejectionRules) -> Iterator[str]:
    """Every reason that a rule finds against a measured."""
    candidate, pulse = measured.candidate, measured.pulse
    streams = candidate.streams
    expressive = {s: v for s, v in streams.items() if s not in (Stream.LIDS, Stream.EYES)}
    own = max(expressive.values()) if candidate.stream is None else candidate.strength
    lids, mouth = streams[Stream.LIDS], streams[Stream.MOUTH]
    eyes_only = candidate.stream in (Stream.LIDS, Stream.EYES)

    if not measured.continuous:
        yield "tracking"
    if candidate.disturbance_sigma > config.max_disturbance:
        yield "head motion"
    if measured.light_change > config.light:
        yield "light"
    if measured.coarse > config.max_coarse:
        yield "compression"
    if own < config.min_sigma:
        yield "weak"
    if pulse.amplitude_iod < config.min_amplitude_iod:
        yield "small"
    if pulse.amplitude_iod > config.max_amplitude_iod:
        yield "large"
    if lids > config.lid_ratio * own and (eyes_only or measured.blink_rise > config.blink):
        yield "blink"
    if eyes_only and measured.gaze_change > config.gaze:
        yield "gaze"
    if measured.masked:
        yield "speaking"
    # a talking mouth shakes the cheeks and the nose as well
    if candidate.stream is not Stream.BROWS and mouth >= own:
        before = candidate.mouth_before > config.mouth_before * mouth
        habit = candidate.mouth_habit > config.mouth_habit * mouth
        if before or (habit and candidate.stream is not Stream.NOSE_CHEEKS):
            yield "mouth activity"
    yield from shape_confounders(pulse, config)


def shape_confounders(pulse: Pulse, config: RejectionRules) -> Iterator[str]:
    """Reasons that lie in the time course alone."""
    if pulse.rise_s > config.max_rise_s:
        yield "slow rise"
    if pulse.fall_s > config.max_fall_s or pulse.rest_after > config.max_rest:
        yield "no return"
    elif pulse.rest_after < -config.max_rest:
        yield "swing"  # went past rest the other way: one beat of a repeated movement
    if pulse.duration_s < config.min_total_s:
        yield "too short"
    if pulse.duration_s > config.max_total_s:
        yield "too long"
