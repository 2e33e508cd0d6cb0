"""Make `realtime/spotting/unit_noise.npz`: `python -m model.tables.unit_noise --footage VIDEO …`.

How the pulses of a face's regions go together in people at rest, who talk, and who move: the
correlation that `realtime.spotting.au_filters` begins with, and holds on to while it learns a
face's own. Half of it comes from the videos, half from simulated people; every person counts the
same. A video that is to be scored must not be among them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.progress import progress
from model.spotting.face_footage import (
    FaceRecording,
    film_scene,
    mirrored,
    read_recording,
    stretches,
)
from model.spotting.scene import simulate
from model.synthetic.portraits import Portrait, load_cache, split
from model.synthetic.simulated_camera import SimulatedCamera
from realtime.errors import FleetingError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.spotting import au_filters
from realtime.spotting.face_pipeline import FacePipeline

TABLE = Path(au_filters.__file__).with_name("unit_noise.npz")
_LEARNED_NS = 6_000_000_000  # a correlation is read no sooner
_EVERY_NS = 1_000_000_000
_SECONDS = 30.0
_FPS = 30
_INDEPENDENT = 0.1  # of each region, in the mean of so few people

Array = NDArray[np.float64]


def correlation_of(recording: FaceRecording) -> Array | None:
    """(62, 62) mean over the time watched; None: nowhere is the face seen for long enough."""
    found = []
    for part in stretches(recording, _LEARNED_NS / 1e9):
        pipeline = FacePipeline()
        due_ns = part.frames[0].t_ns + _LEARNED_NS
        for frame in part.frames:
            pipeline.follow(frame.t_ns, frame.grey, frame.face)
            if pipeline.began_ns is not None and pipeline.began_ns + _LEARNED_NS > due_ns:
                due_ns = pipeline.began_ns + _LEARNED_NS  # it had to start again
            if frame.t_ns >= due_ns:
                due_ns += _EVERY_NS
                found.append(pipeline.finder.correlation)
    return np.mean(found, axis=0) if found else None


def mean_of(recordings: Iterable[FaceRecording]) -> Array:
    """Every recording counts the same, and as much as its mirror image."""
    both = (turned for r in recordings for turned in (r, mirrored(r)))
    found = [c for c in map(correlation_of, both) if c is not None]
    return np.asarray(np.mean(found, axis=0), np.float64)


def _filmed(portraits: Sequence[Portrait], seed: int) -> FaceRecording:
    rng = np.random.default_rng(seed)
    scene = simulate(portraits, seed, np.arange(round(_SECONDS * _FPS)) / _FPS)
    return film_scene(rng, SimulatedCamera.draw(rng), scene)


def build(footage: Sequence[FaceRecording], portraits: Sequence[Portrait], people: int) -> Array:
    drawn = (_filmed(portraits, seed) for seed in progress(range(people), "people"))
    mean = 0.5 * mean_of(footage) + 0.5 * mean_of(drawn)
    return (1 - _INDEPENDENT) * mean + _INDEPENDENT * np.eye(len(mean))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="model.tables.unit_noise",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--footage", type=Path, nargs="+", required=True, help="videos of faces")
    parser.add_argument("--portraits", type=Path, required=True, help="their cache, an .npz")
    parser.add_argument("--people", type=int, default=24, help="simulated")
    parser.add_argument("--face-model", type=Path, help="face_landmarker.task")
    given = parser.parse_args(arguments)
    try:
        tracker = LandmarkTracker(face_model(given.face_model))
        footage = [read_recording(path, tracker) for path in given.footage]
        learned, _ = split(load_cache(given.portraits))
        found = build(footage, learned, given.people)
    except FleetingError as error:
        sys.stderr.write(f"model.tables.unit_noise: {error}\n")
        return error.exit_code
    np.savez_compressed(TABLE, correlation=found.astype(np.float32))
    return 0


if __name__ == "__main__":
    sys.exit(main())
