"""How small a face may be: `python -m benchmarks.spotting.face_size SET [--as-filmed SET]`

The clips of SET are scaled so that the eyes are --iod px apart, encoded again (H.264, CRF 18) and
go through every stage of the live path, with the smallest eye distance that is assessed
(`AssessConfig.min_iod_px`) lowered below all of them.  The clips of --as-filmed are analysed as
they are, at the shipped limit and at lower ones.  Scored are the events as they were last revised.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from benchmarks.spotting.__main__ import read_set
from benchmarks.spotting.score import hits
from realtime.analysis import Analysis
from realtime.capture.held_frame import Frame
from realtime.capture.video_file import VideoFile
from realtime.errors import DataError, FleetingError
from realtime.face.assessability import AssessConfig
from realtime.face.geometry import inter_ocular
from realtime.face.judged_time import JudgedTimer, Verdict
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.statistics import rate_interval, share_interval

LOWERED_PX = 16.0
_MEASURED_FRAMES = 30  # of a clip, for its eye distance
_CRF = "18"
_TICKS = 90_000  # a second

TITLE = "Face size: recall and false alarms by the distance between the eyes"
ABOUT = (
    "Clips with known events, scaled to several distances between the eyes (IOD) and encoded "
    "again, and clips as they were filmed. False alarms are counted a minute in which the face "
    "was assessable."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the program found in one clip."""

    seconds: float
    assessable_s: float
    events: int
    found: int
    alarms: int


def iod_of(clip: Path, tracker: LandmarkTracker) -> float:
    """Median distance between the eyes in the first frames with a face, pixels.

    Raises:
        DataError: there is no face in the clip.
    """
    tracker.reset()
    distances: list[float] = []
    with closing(VideoFile(clip)) as video:
        while len(distances) < _MEASURED_FRAMES and (frame := video.read()) is not None:
            faces = tracker.track(frame.t_ns, frame.image)
            distances += [inter_ocular(face.landmarks) for face in faces[:1]]
    if not distances:
        raise DataError(f"{clip}: no face was found")
    return float(np.median(distances))


def write_scaled(clip: Path, scale: float, out: Path) -> None:
    """The clip with its time stamps and its width and height times `scale`."""
    with closing(VideoFile(clip)) as video, av.open(str(out), "w") as container:
        width, height = (
            2 * round(scale * side / 2) for side in (video.info.width, video.info.height)
        )
        stream = container.add_stream("libx264", options={"crf": _CRF})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, _TICKS)
        while (frame := video.read()) is not None:
            small = cv2.resize(
                frame.image,
                (width, height),
                interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC,
            )
            picture = av.VideoFrame.from_ndarray(np.asarray(small, np.uint8), format="bgr24")
            picture.pts, picture.time_base = frame.t_ns * _TICKS // 10**9, stream.time_base
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def outcome(clip: Path, events: Sequence[dict[str, Any]], limit_px: float) -> Outcome:
    """What is found in a clip whose faces are assessed from `limit_px` on."""
    tracker = LandmarkTracker(face_model())
    analysis = Analysis(tracker, assess_config=AssessConfig(min_iod_px=limit_px))
    timer = JudgedTimer()
    apex_s: dict[tuple[int, int], float] = {}  # of every movement that is flagged
    with closing(VideoFile(clip)) as video:
        for seq, shot in enumerate(iter(video.read, None)):
            frame = Frame(seq, shot.t_ns, shot.image)
            seen = analysis.analyse(frame, video.info.reported_fps or 0.0)
            timer.note(Verdict(shot.t_ns / 1e9, seen.assessable))
            for found in seen.findings:
                key = found.face_id, found.finding.number
                if found.finding.kind == "micro":
                    apex_s[key] = found.finding.apex_ns / 1e9
                else:
                    apex_s.pop(key, None)
    time = timer.time()
    hit = len(hits(list(apex_s.values()), events))
    return Outcome(time.seen_s, time.judged_s, len(events), hit, len(apex_s))


@dataclass(frozen=True, slots=True)
class Task:
    """One clip to analyse."""

    entry: dict[str, Any]
    iod_px: float | None  # None: as it was filmed
    limit_px: float

    def run(self) -> Outcome:
        clip: Path = self.entry["path"]
        cv2.setNumThreads(1)
        with TemporaryDirectory() as scratch:
            if self.iod_px is not None:
                clip = Path(scratch) / "scaled.mp4"
                scale = self.iod_px / iod_of(self.entry["path"], LandmarkTracker(face_model()))
                write_scaled(self.entry["path"], scale, clip)
            return outcome(clip, self.entry["events"], self.limit_px)


def row(name: str, limit_px: float, outcomes: Sequence[Outcome]) -> list[str]:
    events, found = sum(o.events for o in outcomes), sum(o.found for o in outcomes)
    false = sum(o.alarms for o in outcomes) - found
    seconds, minutes = sum(o.seconds for o in outcomes), sum(o.assessable_s for o in outcomes) / 60
    recall, rate = "–", "–"
    if events:
        low, high = share_interval(found, events)
        recall = f"{found / events:.2f} ({low:.2f}–{high:.2f})"
    if minutes:
        low, high = rate_interval(false, minutes)
        rate = f"{false / minutes:.2f} ({low:.2f}–{high:.2f})"
    share = f"{100 * 60 * minutes / seconds:.0f}" if seconds else "–"
    return [name, f"{limit_px:g}", f"{minutes:.1f}", share, str(events), recall, rate]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", type=Path)
    parser.add_argument("--as-filmed", type=Path, metavar="SET")
    parser.add_argument("--iod", type=float, nargs="*", default=[24.0, 28.0, 32.0, 45.0])
    parser.add_argument(
        "--limits",
        type=float,
        nargs="+",
        default=[24.0],
        help="smallest eye distances assessed in --as-filmed, beside the shipped one, px",
    )
    parser.add_argument(
        "--only", nargs="+", default=[""], metavar="TEXT", help="clips with this in their name"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    given = parser.parse_args()
    shipped = AssessConfig().min_iod_px

    def chosen(folder: Path) -> list[dict[str, Any]]:
        return [e for e in read_set(folder, []) if any(text in e["file"] for text in given.only)]

    tasks: dict[tuple[str, float], list[Task]] = {}
    rows = []
    try:
        for iod in given.iod:
            name = f"{given.set.name}, {iod:g} px"
            tasks[name, LOWERED_PX] = [Task(e, iod, LOWERED_PX) for e in chosen(given.set)]
        if given.as_filmed:
            entries, tracker = chosen(given.as_filmed), LandmarkTracker(face_model())
            typical = np.median([iod_of(e["path"], tracker) for e in entries])
            name = f"{given.as_filmed.name} as filmed, {typical:.0f} px"
            for limit in sorted({shipped, *given.limits}, reverse=True):
                tasks[name, limit] = [Task(e, None, limit) for e in entries]
        with ProcessPoolExecutor(given.jobs, get_context("spawn")) as pool:
            flat = [task for group in tasks.values() for task in group]
            found: Iterator[Outcome] = iter(
                track(pool.map(Task.run, flat), "clips", len(flat), console=Console(stderr=True))
            )
            for (name, limit), group in tasks.items():
                rows.append(row(name, limit, [next(found) for _ in group]))
    except FleetingError as error:
        sys.stderr.write(f"benchmarks.spotting.face_size: {error}\n")
        return error.exit_code
    headings = ["clips, IOD", "smallest IOD assessed, px", "assessable minutes", "assessable, %"]
    headings += ["events", "recall (95 % interval)", "false alarms a minute (95 % interval)"]
    foot = f"Shipped limit: {shipped:g} px. Clips: {', '.join(given.only)}. {machine()}\n"
    if given.only == [""]:
        foot = f"Shipped limit: {shipped:g} px. {machine()}\n"
    publish(page(TITLE, ABOUT, table(headings, rows), foot), given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
