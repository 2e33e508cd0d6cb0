"""Watch a camera for some seconds: what it delivers, what that means, and what to do.

Frames are taken as the live path takes them.  Nothing is kept.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
from rich.console import Console
from rich.progress import Progress

from realtime.capture.opencv_source import OpenCvSource
from realtime.capture.source import Source, SourceInfo, SourceKind
from realtime.doctor.camera_measurement import Delivery, Light, Meter
from realtime.face.assessability import AssessConfig
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.settings.source_arguments import Subject, open_subject
from realtime.spotting.rejection_rules import RejectionRules

# Limits beyond which a problem is reported.
SLOW = 0.9  # share of the rate that the driver claims
IRREGULAR = 0.3  # of an interval: beyond it times are wrong by a frame
LOST = 0.01  # share of the frames
REPEATED = 0.01
FLICKER = 1.0  # grey levels, from one picture to another
NOISY = 4.0  # grey levels
BURNT = 0.1  # share of the face's pixels without a difference left in them


@dataclass(frozen=True, slots=True)
class Advice:
    trouble: str
    remedy: str


def advise(info: SourceInfo, came: Delivery, light: Light) -> Iterator[Advice]:
    """Problems for the detection of micro-expressions, the worst first."""
    needs = AssessConfig()
    nominal = info.requested_fps or info.reported_fps
    on_linux = sys.platform == "linux" and info.kind is SourceKind.CAMERA
    device = f"/dev/video{info.name.split()[-1]}"
    if came.fps < needs.min_fps:
        yield Advice(
            f"{came.fps:.1f} pictures a second; {needs.min_fps + 0.5:.0f} are needed",
            "a light in front of you, a smaller --size, or --fourcc MJPG",
        )
    if nominal and came.fps < SLOW * nominal:
        remedy = "more light: in the dark a camera holds every picture longer"
        if on_linux:
            remedy += f"; or: v4l2-ctl -d {device} -c exposure_dynamic_framerate=0"
        yield Advice(f"{nominal:.0f} a second were requested or reported", remedy)
    if came.repeated > REPEATED:
        yield Advice(
            f"{came.repeated:.0%} of the pictures repeat the one before",
            "the true rate is lower: request a lower --fps, or switch off frame doubling",
        )
    if came.lost > LOST:
        yield Advice(
            f"{came.lost:.1%} of the pictures are lost",
            "another USB port, no hub, a shorter cable, or fewer other programs",
        )
    if came.jitter_ms > IRREGULAR * came.interval_ms:
        yield Advice(
            f"pictures come up to {came.jitter_ms:.0f} ms early or late",
            "event times have this error: use a cable instead of a network, run fewer programs",
        )
    if light.iod_px is None:
        yield Advice("no face was seen", "sit in front of the camera and do this again")
    elif light.iod_px < needs.min_iod_px:
        yield Advice(
            f"the face is small: {light.iod_px:.0f} px between the eyes",
            f"sit closer, or a larger --size: from {needs.min_iod_px:.0f} px on it is assessable",
        )
    if light.grey is not None and light.grey < needs.min_grey:
        yield Advice(f"the face is dark: {light.grey:.0f} of 255", "a light in front of you")
    if light.burnt is not None and light.burnt > BURNT:
        yield Advice(
            f"{light.burnt:.0%} of the face is overexposed",
            "less light from one side, or expose less",
        )
    if light.coarse > RejectionRules().max_coarse:
        yield Advice(
            f"the video is compressed: the face changes in steps of {light.coarse:.1f} grey levels",
            "a higher bit rate; of a camera that compresses by itself, --fourcc MJPG",
        )
    if light.flicker > FLICKER:
        remedy = "set the mains frequency in the camera's settings"
        if on_linux:
            remedy += f": v4l2-ctl -d {device} -c power_line_frequency=1 (50 Hz) or 2 (60 Hz)"
        yield Advice(f"the light flickers by {light.flicker:.1f} grey levels", remedy)
    if light.noise > NOISY:
        yield Advice(f"the picture is noisy: {light.noise:.1f} grey levels", "more light")


@dataclass(frozen=True, slots=True)
class Watched:
    """A source that was watched for some seconds."""

    info: SourceInfo
    came: Delivery
    light: Light

    @property
    def advice(self) -> tuple[Advice, ...]:
        return tuple(advise(self.info, self.came, self.light))


def watch(subject: Subject, seconds: float, face_model_file: Path | None = None) -> Watched:
    """Open a source and measure it for so many seconds, with a progress bar on stderr.

    Raises:
        SourceError: it cannot be opened.
        DataError: too few frames came.
    """
    cv2.setNumThreads(1)
    meter = Meter(LandmarkTracker(face_model(face_model_file)))
    console = Console(stderr=True)
    with open_subject(subject) as source, Progress(console=console, transient=True) as bar:
        task = bar.add_task("watching the camera", total=seconds)
        for at_s in _measure(source, seconds, meter):
            bar.update(task, completed=at_s)
        return Watched(source.info, meter.delivery(source.undecodable), meter.light())


def _measure(source: Source, seconds: float, meter: Meter) -> Iterator[float]:
    """Feed the meter; yields the seconds of the source that have passed."""
    first_ns: int | None = None
    for shot in iter(source.read, None):
        first_ns = shot.t_ns if first_ns is None else first_ns
        at_s = (shot.t_ns - first_ns) / 1e9
        if at_s >= seconds:
            return
        meter.add(shot, source.age_ms if isinstance(source, OpenCvSource) else None)
        yield at_s
