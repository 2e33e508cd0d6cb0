"""Learn a face at rest: `fleeting calibrate rest --camera 0`.

Ten seconds of a neutral face that looks at the screen.  From them come the noise of this face, this
camera and this light, region by region, and with it the smallest movement that can stand out.  It
is saved as a profile for `fleeting live --profile FILE`, where it serves from the first half second
and goes on being learned.  A profile that is there keeps what `fleeting calibrate person` found.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from calibration.live_rate import check_rate
from realtime.capture.source import Source
from realtime.dashboard.advice import advice
from realtime.errors import DataError
from realtime.face.assessability import Assessable, assess
from realtime.face.face import FaceTracker
from realtime.face.geometry import CROP_IOD
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.motion.regions import MEMBERS, Stream
from realtime.settings.source_arguments import Subject, open_subject
from realtime.spotting.face_pipeline import FacePipeline
from realtime.spotting.onset_config import OnsetConfig
from realtime.spotting.person_profile import Profile, load_profile, save_profile
from realtime.spotting.verifier import load_verifier

PATIENCE = 6  # times the requested duration, after which it gives up
_ROWS = {
    Stream.BROWS: "brows, forehead",
    Stream.NOSE_CHEEKS: "nose, cheeks, under the eyes",
    Stream.MOUTH: "mouth, chin",
}


@dataclass(frozen=True, slots=True)
class RestProgress:
    rest_s: float  # of unbroken rest so far
    assessable: Assessable
    noise_px: NDArray[np.float64]  # (31, 2) of the regions' pulses
    fps: float = 0.0  # frames a second of this rest


def learn(source: Source, tracker: FaceTracker, seconds: float) -> Iterator[RestProgress]:
    """Watch until one face has been judged for `seconds` on end; yields after every frame.

    Raises:
        DataError: the source ended, or six times as long passed, before that; or its rate is too
            low to be judged live.
    """
    pipeline = FacePipeline()
    first_ns: int | None = None
    longest_s, reason = 0.0, Assessable.NO_FACE
    watched: int | None = None
    frames = 0  # of the rest
    for shot in iter(source.read, None):
        first_ns = shot.t_ns if first_ns is None else first_ns
        if (shot.t_ns - first_ns) / 1e9 > PATIENCE * seconds:
            break
        grey = np.asarray(cv2.cvtColor(shot.image, cv2.COLOR_BGR2GRAY), np.uint8)
        face = next(iter(tracker.track(shot.t_ns, shot.image)), None)
        judged = face is not None and face.id == watched
        seen = assess(face, grey, 0.0, judged=judged)
        pipeline.follow(shot.t_ns, grey, face if seen is Assessable.YES else None)
        reason = seen if seen is not Assessable.YES else reason
        watched = None if pipeline.began_ns is None or face is None else face.id
        frames = 0 if pipeline.began_ns is None else frames + 1
        rest_s = 0.0 if pipeline.began_ns is None else (shot.t_ns - pipeline.began_ns) / 1e9
        longest_s = max(longest_s, rest_s)
        fps = (frames - 1) / rest_s if rest_s else 0.0
        if rest_s >= seconds:
            check_rate(source.info.name, fps)
        yield RestProgress(rest_s, seen, pipeline.finder.noise_px, fps)
        if rest_s >= seconds:
            return
    raise DataError(
        f"{source.info.name}: {longest_s:.0f} s of rest on end, {seconds:.0f} s are needed; "
        f"what came between: {advice(reason, live=source.info.live)}"
    )


def smallest(noise_px: NDArray[np.float64], stream: Stream) -> float:
    """Peak of the smallest movement of a stream's regions that reaches the score of a candidate.

    In shares of the inter-ocular distance.  A movement that comes and goes within the detector's
    window has a pulse as high as itself; the regions move along their quieter axis at best.
    """
    quiet = noise_px[MEMBERS[stream]].min(axis=1)
    return float(OnsetConfig().enter_sigma * np.median(quiet) / CROP_IOD)


def report(noise_px: NDArray[np.float64]) -> Table:
    table = Table(title="This face at rest", title_justify="left")
    for heading in ("", "noise", "stands out from"):
        table.add_column(heading, justify="right" if heading else "left")
    for stream, words in _ROWS.items():
        noise = float(np.median(noise_px[MEMBERS[stream]])) / CROP_IOD
        table.add_row(words, f"{noise:.2%}", f"{smallest(noise_px, stream):.1%}")
    table.caption = "shares of the distance between the eyes"
    return table


def _guide(now: RestProgress, seconds: float) -> Text:
    if now.assessable is not Assessable.YES:
        return Text(f"  {advice(now.assessable, live=True)}", "yellow")
    done = round(30 * min(1.0, now.rest_s / seconds))
    left = max(0.0, seconds - now.rest_s)
    return Text(
        f"  {'█' * done}{'░' * (30 - done)}  look at the screen, face at rest: {left:.0f} s"
    )


def _updated(before: Profile | None, name: str, rest: RestProgress) -> Profile:
    """A profile with the noise of this rest; at another rate, nothing else is kept."""
    noise = tuple((round(float(x), 4), round(float(y), 4)) for x, y in rest.noise_px)
    if before is not None and before.misfit(rest.fps) is None:
        return replace(before, noise_px=noise)
    seconds, fps = round(rest.rest_s, 1), round(rest.fps, 1)
    return Profile(name, 1.0, noise, seconds, fps, load_verifier().digest)


def run(
    subject: Subject, *, seconds: float, name: str, out: Path | None, face_model_file: Path | None
) -> None:
    """Learn and save a profile; see `fleeting calibrate rest --help`.

    Raises:
        SourceError: the camera or file cannot be opened.
        DataError: the profile that is there is damaged, or there was too little rest.
        RecordingError: the profile cannot be written.
    """
    path = out or Path("profiles") / f"{name}.json"
    cv2.setNumThreads(1)
    console = Console(width=None if sys.stdout.isatty() else 100)
    before = (
        load_profile(path, load_verifier().digest) if path.exists() else None
    )  # a damaged one is an error at once
    tracker = LandmarkTracker(face_model(face_model_file))
    with (
        open_subject(subject) as source,
        Live(console=Console(stderr=True), transient=True, auto_refresh=False) as live,
    ):
        for now in learn(source, tracker, seconds):
            live.update(_guide(now, seconds), refresh=live.console.is_terminal)
    save_profile(path, _updated(before, name, now))
    console.print(report(now.noise_px))
    console.print(f"saved: {path}   use it: fleeting live --camera 0 --profile {path}")
