"""Why a candidate is not a micro-expression (a blink, speech, head motion …): the rules.

Every rule is a pure function of what the onset detector and the apex estimator measured.  The
verifier decides; when it does not accept a candidate, these rules say in words what speaks
against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from realtime.limits import Limits
from realtime.motion.regions import Stream
from realtime.spotting.apex import Pulse
from realtime.spotting.candidates import MeasuredCandidate


@dataclass(frozen=True, slots=True)
class RejectionRules:
    min_sigma: Annotated[
        float, Limits("smallest score of the candidate's own stream, sigmas", 0, 20)
    ] = 4.0
    min_amplitude_iod: Annotated[
        float, Limits("smallest peak displacement, share of the inter-ocular distance", 0, 1)
    ] = 0.0017
    # Micro-expressions reach 0.5–3 %, speech and smiles far more.
    max_amplitude_iod: Annotated[
        float, Limits("largest peak displacement, share of the inter-ocular distance", 0, 1)
    ] = 0.035
    max_rise_s: Annotated[float, Limits("longest time from onset to apex, s", 0.02, 5)] = 0.42
    max_fall_s: Annotated[float, Limits("longest time from apex to offset, s", 0.02, 5)] = 0.45
    min_total_s: Annotated[float, Limits("shortest duration, s", 0, 5)] = 0.14
    # Half a second, and what an extrapolated offset may err.
    max_total_s: Annotated[float, Limits("longest duration, s", 0.02, 5)] = 0.55
    max_rest: Annotated[
        float, Limits("displacement left after the offset, share of the peak", 0, 1)
    ] = 0.35
    lid_ratio: Annotated[
        float, Limits("eyelid score that means a blink, share of the candidate's score", 0, 100)
    ] = 1.0
    blink: Annotated[
        float, Limits("rise of the blink blendshape that means a blink, 1 is a closed eye", 0, 1)
    ] = 0.25
    gaze: Annotated[
        float, Limits("change of gaze that means an eye movement, share of its range", 0, 2)
    ] = 0.35
    mouth_before: Annotated[
        float, Limits("mouth score shortly before that means speech, share of the score", 0, 10)
    ] = 0.7
    mouth_activity: Annotated[
        float, Limits("75 % quantile of the mouth score over 3 s, share of the score", 0, 10)
    ] = 0.5
    max_disturbance: Annotated[
        float, Limits("largest residual motion of the skull, sigmas", 0, 100)
    ] = 6.0
    light: Annotated[float, Limits("change of the face's brightness, natural logarithm", 0, 5)] = (
        0.1
    )
    # Real videos have 1.5 at most; above this, more than half of the movements of 2 % IOD are lost
    # (docs/spotting_compression.md).
    max_coarse: Annotated[float, Limits("largest step of the video codec, grey levels", 0, 255)] = (
        2.5
    )


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
    if measured.mirrored:
        yield "played backwards"
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
    # a talking mouth moves the cheeks and the nose as well
    if candidate.stream is not Stream.BROWS and mouth >= own:
        before = candidate.mouth_before > config.mouth_before * mouth
        active = candidate.mouth_activity > config.mouth_activity * mouth
        if before or (active and candidate.stream is not Stream.NOSE_CHEEKS):
            yield "mouth activity"
    yield from shape_confounders(pulse, config)


def shape_confounders(pulse: Pulse, config: RejectionRules) -> Iterator[str]:
    """Reasons in the time course alone."""
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
