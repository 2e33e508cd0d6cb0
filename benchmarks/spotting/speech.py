"""When is a mouth taken to be speaking?  `python -m benchmarks.spotting.speech VIDEO …`

The oscillation amplitude of each mouth, as the spotter measures it some ten times a second, and the
share of these measurements in which the lower face is masked.  With --portraits also simulated
people: half a minute each of --count who talk most of the time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from benchmarks.spotting.stream_outcome import SEED, regular
from model.spotting.face_footage import FaceRecording, film_scene, read_recording, stretches
from model.spotting.labelled_candidates import labelled_candidates
from model.spotting.scene import simulate
from model.spotting.series import SHORTEST_S
from model.spotting.simulated_person import Behaviour
from model.synthetic.portraits import load_cache, split
from model.synthetic.simulated_camera import SimulatedCamera
from realtime.errors import FleetingError
from realtime.face.geometry import CROP_IOD
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.spotting.candidates import SPEAKING_PX
from realtime.spotting.features import NAMES

_MOUTH_PX = NAMES.index("mouth px")


def mouth_oscillation_px(recording: FaceRecording) -> Iterator[float]:
    """Of the mouth, at every early candidate."""
    for row in labelled_candidates(recording.frames, ()):
        if row.stage == "early":
            yield float(row.features[_MOUTH_PX])


def talkers(portraits: Path, count: int) -> Iterator[FaceRecording]:
    _, held_out = split(load_cache(portraits))
    for number in track(range(count), "talkers", console=Console(stderr=True)):
        seed = [SEED, 7, number]
        rng = np.random.default_rng(seed)
        scene = simulate(held_out, seed, regular(30.0), Behaviour.draw_talker(rng))
        yield film_scene(rng, SimulatedCamera.draw(rng), scene)


TITLE = "Mouth motion and the speech mask"
ABOUT = (
    "Oscillation amplitude of the mouth in each video, and the share of the time in which the "
    "lower face is masked. The mask is set where the amplitude exceeds the limit below the table."
)


def row(name: str, recordings: Iterable[FaceRecording]) -> list[str]:
    px = np.array([v for recording in recordings for v in mouth_oscillation_px(recording)])
    if not len(px):
        return [name, *["–"] * 4]
    low, middle, high = 100 * np.quantile(px, [0.1, 0.5, 0.9]) / CROP_IOD
    masked = (px > SPEAKING_PX).mean()
    return [name, f"{low:.1f}", f"{middle:.1f}", f"{high:.1f}", f"{100 * masked:.0f}"]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", type=Path, nargs="+")
    parser.add_argument("--portraits", type=Path, help="portraits.npz of a run")
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    rows = []
    try:
        tracker = LandmarkTracker(face_model())
        for path in given.videos:
            parts = stretches(read_recording(path, tracker), SHORTEST_S)
            rows.append(row(path.name, parts))
        if given.portraits:
            rows.append(row("simulated talkers", talkers(given.portraits, given.count)))
    except FleetingError as error:
        sys.stderr.write(f"benchmarks.spotting.speech: {error}\n")
        return error.exit_code
    headings = ["mouth oscillation, patch % IOD", "10 % quantile", "median", "90 % quantile"]
    text = table([*headings, "time masked, %"], rows)
    foot = f"Masked above {100 * SPEAKING_PX / CROP_IOD:.1f} %. {machine()}\n"
    publish(page(TITLE, ABOUT, text, foot), given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
