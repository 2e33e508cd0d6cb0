"""Is a movement in the signal what it is in the picture?
`python -m benchmarks.spotting.signal_against_picture VIDEO …`

The same movements, at the same times, are added to the pictures of each video and, as
displacements of the regions, to the numbers that were measured of it.  Compared are how far the
regions move at the apex and what the verifier says of the movement's best candidate.  The verifier
learns in the signal, so this is what its training rests on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from model.spotting.face_footage import FaceRecording, read_recording, stretches
from model.spotting.insertions import InsertedMovement, draw_insertions, play
from model.spotting.labelled_candidates import LabelledCandidate, labelled_in_series
from model.spotting.movement_patterns import displacement
from model.spotting.series import FaceSeries, record_series
from model.spotting.signal_insertions import movement_course
from realtime.errors import FleetingError
from realtime.face.geometry import apply_transform, crop_transform
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.spotting.channels import FIRST
from realtime.spotting.verifier import SHIPPED, Verifier, load_verifier

TITLE = "A movement in the signal and in the picture"
ABOUT = (
    "The same movements added to the pictures of a video and to the numbers measured of it. "
    "Correlation and ratio are those of the regions' displacement at the apex; the probability is "
    "the verifier's for the best early candidate of each movement."
)
PER_MIN = 16.0
PEAK_IOD = (0.01, 0.03)
_SHORTEST_S = 8.0
_FOUND = 0.5  # probability from which both would flag


@dataclass(frozen=True, slots=True)
class ComparedMovement:
    correlation: float  # of the displacements (62,)
    ratio: float  # picture to signal, along the signal's
    in_picture: float  # probability; 0 without a candidate
    in_signal: float


def in_signal(
    series: FaceSeries, recording: FaceRecording, added: Sequence[InsertedMovement]
) -> FaceSeries:
    """The movements as displacements of the regions, on the face where it is at the onset."""
    moved = series.rows[:, :FIRST].astype(np.float64)
    times = np.array([frame.t_ns / 1e9 for frame in recording.frames])
    for movement in added:
        face = recording.frames[int(np.abs(times - movement.onset_s).argmin())].face
        assert face is not None
        points = face.landmarks.copy()
        points[:, :2] = apply_transform(crop_transform(points), points[:, :2])
        rise, fall = movement.apex_s - movement.onset_s, movement.offset_s - movement.apex_s
        course = movement_course(series.t_s, movement.apex_s, rise, fall)
        moved += course[:, None] * displacement(movement.field, points).ravel()
    rows = series.rows.copy()
    rows[:, :FIRST] = moved
    return replace(series, rows=rows)


def compare(part: FaceRecording, seed: int, verifier: Verifier) -> list[ComparedMovement]:
    added = draw_insertions(np.random.default_rng(seed), part, PER_MIN, peak_iod=PEAK_IOD)
    plain = FaceRecording(part.name, tuple(play(part, (), (0.3, 0.3))))
    drawn = FaceRecording(part.name, tuple(play(part, added, (0.3, 0.3))))
    base, pictured = (next(record_series(r, "one"), None) for r in (plain, drawn))
    if base is None or pictured is None or len(base.t_s) != len(pictured.t_s):
        return []
    laid = in_signal(base, part, added)
    rows = [labelled_in_series(series, added) for series in (pictured, laid)]
    found = []
    for number, movement in enumerate(added):
        at = int(np.abs(base.t_s - movement.apex_s).argmin())
        window = slice(max(at - 1, 0), at + 2)
        a, b = (_moved(series, base, window) for series in (pictured, laid))
        p, q = (_best(one, number, verifier) for one in rows)
        ratio = float(a @ b) / max(float(b @ b), 1e-12)
        found.append(ComparedMovement(float(np.corrcoef(a, b)[0, 1]), ratio, p, q))
    return found


def _moved(series: FaceSeries, base: FaceSeries, window: slice) -> NDArray[np.float64]:
    change = series.rows[window, :FIRST].astype(np.float64) - base.rows[window, :FIRST]
    return np.asarray(change.mean(axis=0), np.float64)


def _best(rows: Sequence[LabelledCandidate], event: int, verifier: Verifier) -> float:
    early = (r for r in rows if r.stage == "early" and r.event == event)
    probabilities = (verifier.early.probability(np.asarray(r.features, np.float64)) for r in early)
    return max(probabilities, default=0.0)


def row(name: str, found: Sequence[ComparedMovement]) -> list[str]:
    if not found:
        return [name, "0", *["–"] * 5]
    p, q = (np.array([getattr(f, half) for f in found]) for half in ("in_picture", "in_signal"))
    ratio = np.array([f.ratio for f in found])
    return [
        name,
        str(len(found)),
        f"{np.median([f.correlation for f in found]):.2f}",
        f"{np.median(ratio):.2f} ({np.percentile(ratio, 25):.2f}–{np.percentile(ratio, 75):.2f})",
        f"{(p >= _FOUND).mean():.2f}",
        f"{(q >= _FOUND).mean():.2f}",
        f"{((p >= _FOUND) == (q >= _FOUND)).mean():.2f}",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", type=Path, nargs="+", metavar="VIDEO")
    parser.add_argument("--verifier", type=Path, default=SHIPPED)
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    rows, everything = [], []
    try:
        verifier, tracker = load_verifier(given.verifier), LandmarkTracker(face_model())
        for path in track(given.videos, "comparing", console=Console(stderr=True)):
            found = [
                one
                for part in stretches(read_recording(path, tracker), _SHORTEST_S)
                for seed in range(given.passes)
                for one in compare(part, seed, verifier)
            ]
            rows.append(row(path.name, found))
            everything += found
    except FleetingError as error:
        sys.stderr.write(f"benchmarks.spotting.signal_against_picture: {error}\n")
        return error.exit_code
    headings = [
        *("video", "movements", "correlation", "ratio, picture to signal (quartiles)"),
        *("accepted in the picture", "in the signal", "agree"),
    ]
    parts = table(headings, [*rows, row("all", everything)])
    publish(page(TITLE, ABOUT, parts, f"{machine()}\n"), given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
