"""Does the network's event head improve spotting?  `python -m benchmarks.spotting.event_head SET …`

Flags raised at a high target false-alarm rate are given to the engine, as live.  How well do the
verifier's last probability, the event head's logit and a logistic regression on both separate true
flags from false ones?  Measured on generated streams of held-out people, on such people who talk,
on the clips of SET (a folder with a truth.json) and on movements added to videos (--footage) that
neither verifier nor network was trained on.  The regression of each row is fitted on the other
rows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from sklearn.linear_model import LogisticRegression

from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from benchmarks.spotting.__main__ import read_set
from benchmarks.spotting.score import SLACK_S
from benchmarks.spotting.stream_outcome import EVENTS_PER_MIN, SEED, regular
from model.evaluation.metrics.ranking import auroc
from model.spotting.face_footage import (
    FaceFrame,
    FaceRecording,
    film_scene,
    read_recording,
    stretches,
)
from model.spotting.insertions import draw_insertions, play
from model.spotting.scene import simulate
from model.spotting.series import SHORTEST_S
from model.spotting.simulated_person import Behaviour
from model.synthetic.portraits import load_cache, split
from model.synthetic.simulated_camera import SimulatedCamera
from realtime.engine.backends import open_session
from realtime.engine.folder import EngineFolder, default_engine
from realtime.engine.runtime import EngineSession
from realtime.errors import FleetingError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.spotting.face_spotter import FaceSpotter
from realtime.spotting.spotter import SpotterConfig
from realtime.spotting.verifier import Verifier, load_verifier

LOOSE_PER_MIN = 5.0
TITLE = "The network's event head as a second opinion"
ABOUT = (
    "How well the verifier, the network's event head and a logistic regression on both separate "
    "true flags from false ones, as AUROC. The regression of each row is fitted on the other rows."
)


@dataclass(slots=True)
class RaisedFlag:
    right: bool
    micro_logit: float
    probability: float  # the last one: of the second stage where that changed something


def flags(
    frames: Sequence[FaceFrame],
    intervals: Sequence[tuple[float, float]],
    session: EngineSession,
    verifier: Verifier | None,
) -> Iterator[RaisedFlag]:
    """Every flag that goes up; `intervals` are the true movements, seconds."""
    config = SpotterConfig(alarms_per_minute=LOOSE_PER_MIN)
    spotter = FaceSpotter(0, spotter=config, verifier=verifier)
    up: dict[int, RaisedFlag] = {}
    for seq, frame in enumerate(frames):
        if frame.face is None:
            spotter.reset()
            continue
        stabilised = spotter.align(seq, frame.t_ns, frame.grey, frame.face)
        for found in spotter.spot(stabilised, frame.face):
            finding = found.finding
            if finding.revises:
                up[finding.number].probability = finding.probability
            elif found.pair is not None:
                answer = session.run(found.pair[None])
                apex_s = finding.apex_ns / 1e9
                right = any(a - SLACK_S <= apex_s <= b + SLACK_S for a, b in intervals)
                logit = float(answer.micro_logit[0])
                up[finding.number] = RaisedFlag(right, logit, finding.probability)
    yield from up.values()


FlagFinder = Callable[[Sequence[FaceFrame], Sequence[tuple[float, float]]], Iterator[RaisedFlag]]


def on_added(
    recording: FaceRecording,
    seed: Sequence[int],
    spot: FlagFinder,
    camera: SimulatedCamera | None = None,
) -> Iterator[RaisedFlag]:
    """Flags on a recording, or a scene and its camera, with movements added to it."""
    rng = np.random.default_rng(seed)
    added = draw_insertions(rng, recording, EVENTS_PER_MIN)
    acted = FaceRecording(recording.name, tuple(play(recording, added, (0.3, -0.2))))
    filmed = film_scene(rng, camera, acted) if camera else acted
    return spot(filmed.frames, [(a.onset_s, a.offset_s) for a in added])


def on_everything(
    given: argparse.Namespace, spot: FlagFinder, console: Console
) -> dict[str, list[RaisedFlag]]:
    """Flags by kind of recording."""
    _, held_out = split(load_cache(given.portraits))
    tracker = LandmarkTracker(face_model())
    found: dict[str, list[RaisedFlag]] = {}
    drawn = {"generated streams": Behaviour.draw, "generated talkers": Behaviour.draw_talker}
    for kind, (name, draw) in enumerate(drawn.items(), start=4):
        seen = found.setdefault(name, [])
        for number in track(range(given.count), name, console=console):
            seed = [SEED, kind, number]
            rng = np.random.default_rng(seed)
            scene = simulate(held_out, seed, regular(30.0), draw(rng))
            seen += on_added(scene, seed, spot, SimulatedCamera.draw(rng))
    seen = found.setdefault(given.set.name, [])
    for entry in track(read_set(given.set, ()), "set", console=console):
        recording = read_recording(entry["path"], tracker, any_rate=False)
        seen += spot(recording.frames, [(e["onset_s"], e["offset_s"]) for e in entry["events"]])
    for path in given.footage:
        seen = found.setdefault(path.name, [])
        parts = list(stretches(read_recording(path, tracker), SHORTEST_S))
        for number in track(range(given.passes), path.name, console=console):
            for k, part in enumerate(parts):
                seen += on_added(part, [SEED, 6, number, k], spot)
    return found


def columns(kind: Sequence[RaisedFlag]) -> tuple[np.ndarray, np.ndarray]:
    """(log odds by the verifier, logit of the head) and whether each flag was right."""
    p = np.clip([f.probability for f in kind], 1e-4, 1 - 1e-4)
    return np.column_stack([np.log(p / (1 - p)), [f.micro_logit for f in kind]]), np.array(
        [f.right for f in kind]
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", type=Path)
    parser.add_argument("--portraits", type=Path, required=True, help="portraits.npz of a run")
    parser.add_argument("--count", type=int, default=20, help="streams of half a minute, a kind")
    parser.add_argument("--footage", type=Path, nargs="+", default=[], help="videos of faces")
    parser.add_argument("--passes", type=int, default=12, help="over each video")
    parser.add_argument("--verifier", type=Path, help="file of fleeting train-verifier")
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        session = open_session(EngineFolder.load(default_engine()), "onnxruntime-f32", 1)
        verifier = load_verifier(given.verifier) if given.verifier else None
        spot = partial(flags, session=session, verifier=verifier)
        found = on_everything(given, spot, Console(stderr=True))
    except FleetingError as error:
        sys.stderr.write(f"benchmarks.spotting.event_head: {error}\n")
        return error.exit_code
    table_of = {name: columns(kind) for name, kind in found.items()}
    rows = []
    for name, (x, right) in table_of.items():
        others = [value for key, value in table_of.items() if key != name]
        together = (np.concatenate(part) for part in zip(*others, strict=True))
        line = LogisticRegression().fit(*together).decision_function(x)
        ranks = [auroc(v[right], v[~right]) for v in (x[:, 0], x[:, 1], line)]
        shown = ["–" if rank is None else f"{rank:.3f}" for rank in ranks]
        rows.append([name, str(len(right)), str(right.sum()), *shown])
    headings = ["flags on", "flags", "true", "verifier", "event head", "regression on both"]
    foot = f"AUROC, chance 0.5. Target {LOOSE_PER_MIN:g} false alarms a minute. {machine()}\n"
    text = page(TITLE, ABOUT, table(headings, rows), foot)
    publish(text, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
