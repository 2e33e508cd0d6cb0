"""Ablation of the spotter: `python -m benchmarks.spotting.ablation SET --run DIR`

DIR is a run of train-verifier, SET a folder of clips with a truth.json.  Every row is scored at
the same target false-alarm rate: on SET, and where it is fitted again also on people left out, by
movements added to what was measured of them.  Rows that change what is learned are fitted again,
with an operating table of their own; those that change how motion is measured keep the trees and
the table of the complete spotter.  Videos named by --leave-out are used in no row.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from benchmarks.spotting.__main__ import read_set
from model.progress import progress
from model.spotting.boosted_trees import Forests, Platt, cross_fit, decision, fit_stage
from model.spotting.face_footage import FaceRecording, read_recording
from model.spotting.insertions import InsertedMovement
from model.spotting.jobs import SimulationResult, load
from model.spotting.labelled_candidates import LabelledCandidate, labelled_candidates
from model.spotting.operating_point import (
    TARGET_RATES,
    ScoredCandidates,
    alarms,
    operating_table,
    scored,
)
from realtime.errors import DataError, FleetingError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.motion.region_motion import RegionMotion
from realtime.spotting.features import NAMES
from realtime.spotting.onset_config import OnsetConfig
from realtime.spotting.verifier import STAGES

Change = Callable[[LabelledCandidate], LabelledCandidate | None]  # None: this row is not there

TITLE = "Ablation of the spotter"
ABOUT = (
    "Each row leaves out or changes one part and is scored on the same clips at the same target "
    "false-alarm rate. Rows that change what is learned are trained again, and also scored on real "
    "people left out, by movements added to the numbers measured of them; the others keep the "
    "trees. The rate of a row's people left out is counted at thresholds fitted on them."
)
_UNSCORED = ["–", "–"]
_STREAM = NAMES.index("stream")
_UNITS = NAMES.index("upper t")  # it and all behind it
_MEANS = NAMES.index("upper mean t")
_PULSE = [
    NAMES.index(name)
    for name in ("rise s", "fall s", "duration s", "peak sigma", "amplitude iod", "rest after")
]


@dataclass(frozen=True, slots=True)
class SpottingVariant:
    name: str
    learned: Change | None = None  # what becomes of each row before it is learned and judged
    simulated: bool | None = None  # learn from simulated people only, from videos only
    second_stage: bool = True
    front: Callable[[], RegionMotion] | None = None  # another way to measure motion
    refit: bool = True

    def learns_from(self, result: SimulationResult) -> bool:
        return self.simulated is None or result.simulated == self.simulated


def pulse_only(row: LabelledCandidate) -> LabelledCandidate:
    kept = np.zeros_like(row.features)
    kept[_PULSE] = row.features[_PULSE]
    return replace(row, features=kept)


def no_units(row: LabelledCandidate) -> LabelledCandidate:
    features = row.features.copy()
    features[_UNITS:] = 0.0
    return replace(row, features=features)


def no_means(row: LabelledCandidate) -> LabelledCandidate:
    features = row.features.copy()
    features[_MEANS:] = 0.0
    return replace(row, features=features)


def whole_face(row: LabelledCandidate) -> LabelledCandidate | None:
    return row if row.features[_STREAM] == 0 else None


def side_lobes(row: LabelledCandidate) -> LabelledCandidate:
    return replace(row, late_by_s=0.0)


def unmasked(row: LabelledCandidate) -> LabelledCandidate:
    return replace(row, masked=False)


VARIANTS = (
    SpottingVariant("complete"),
    SpottingVariant("without the second stage", second_stage=False, refit=False),
    SpottingVariant("lower face not masked during speech", unmasked, refit=False),
    SpottingVariant("patches without a prior", front=lambda: RegionMotion(prior=0.0), refit=False),
    SpottingVariant(
        "yaw and pitch not removed", front=lambda: RegionMotion(parallax=False), refit=False
    ),
    SpottingVariant("without means in time", no_means),
    SpottingVariant("without action-unit filters", no_units),
    SpottingVariant("side lobes labelled as peaks", side_lobes),
    SpottingVariant("shape of the pulse only", pulse_only),
    SpottingVariant("whole face only, no region groups", whole_face),
    SpottingVariant("trained without simulated people", simulated=False),
    SpottingVariant("trained without videos", simulated=True),
)


def changed(results: Iterable[SimulationResult], change: Change | None) -> list[SimulationResult]:
    if change is None:
        return list(results)
    return [
        replace(p, rows=tuple(r for r in map(change, p.rows) if r is not None)) for p in results
    ]


@dataclass(frozen=True, slots=True)
class LabelledClip:
    kind: str
    recording: FaceRecording
    truth: tuple[InsertedMovement, ...]

    def watched(self, front: Callable[[], RegionMotion] | None) -> SimulationResult:
        """The clip as if it were a recording whose movements had been added."""
        rows = labelled_candidates(self.recording.frames, self.truth, front and front())
        about = False, False, self.recording.seconds, len(self.truth)
        return SimulationResult(self.kind, *about, tuple(rows))


def read_clips(folder: Path) -> list[LabelledClip]:
    tracker = LandmarkTracker(face_model())
    clips = []
    for entry in progress(read_set(folder, ()), "reading the set"):
        truth = (
            InsertedMovement(
                e["onset_s"], e["apex_s"], e["offset_s"], "", (), 0.0, np.zeros((0, 0, 2))
            )
            for e in entry["events"]
        )
        recording = read_recording(entry["path"], tracker, any_rate=False)
        clips.append(LabelledClip(entry["kind"], recording, tuple(truth)))
    return clips


def score(cases: Sequence[ScoredCandidates], early: float, late: float) -> list[str]:
    outcomes = [alarms(case, early, late) for case in cases]
    false, found = sum(f for f, _ in outcomes), sum(len(k) for _, k in outcomes)
    events = sum(case.result.events for case in cases)
    minutes = sum(case.result.seconds for case in cases) / 60
    f1 = 2 * found / max(events + found + false, 1)
    return [f"{found / events:.2f}", f"{false / minutes:.2f}", f"{f1:.2f}"]


def left_out(cases: Sequence[ScoredCandidates], early: float, late: float) -> list[str]:
    """Recall and false alarms a minute of real people, none learned from by the trees that judge.

    As in training, recall is of movements added, the rate of people watched as they are.
    """
    real = [case for case in cases if not case.result.simulated]
    moved = [case for case in real if case.result.events]
    still = [case for case in real if not case.result.events]
    found = sum(len(alarms(case, early, late)[1]) for case in moved)
    false = sum(alarms(case, early, late)[0] for case in still)
    minutes = sum(case.result.seconds - OnsetConfig().learn_s for case in still) / 60
    return [f"{found / sum(c.result.events for c in moved):.2f}", f"{false / minutes:.2f}"]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", type=Path)
    parser.add_argument("--run", type=Path, required=True, help="of fleeting train-verifier")
    parser.add_argument("--leave-out", nargs="+", default=[])
    parser.add_argument("--alarms-per-minute", type=float, default=0.5, choices=list(TARGET_RATES))
    parser.add_argument("--one-in", type=int, default=1, help="learn from one recording in so many")
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        paths = sorted((given.run / "results").glob("[0-9]*[0-9].npz"))
        # drawn, not counted off: groups of people follow each other in turn
        drawn = np.random.default_rng(0).permutation(len(paths))[:: given.one_in]
        run = [load(paths[i]) for i in sorted(drawn)]
        run = [p for p in run if p.rows and p.group not in given.leave_out]
        if not run:
            raise DataError(f"{given.run}/results holds nothing to learn from")
        clips = read_clips(given.set)
    except FleetingError as error:
        sys.stderr.write(f"benchmarks.spotting.ablation: {error}\n")
        return error.exit_code
    k = list(TARGET_RATES).index(given.alarms_per_minute)
    as_usual = [clip.watched(None) for clip in progress(clips, "watching it")]
    rows: list[list[str]] = []
    fitted: tuple[Forests, Platt] | None = None
    for variant in progress(VARIANTS, "ablation"):
        if variant.refit or fitted is None:
            results = changed(run, variant.learned)
            cases, platt, _ = cross_fit(results, variant.learns_from)
            learned = [p for p in results if variant.learns_from(p)]
            models = {stage: fit_stage(learned, stage) for stage in STAGES}
            operating, fitted = operating_table(cases), (models, platt)
            people = left_out(cases, operating.least_early[k], operating.least_late[k])
        models, platt = fitted
        watched = [clip.watched(variant.front) for clip in clips] if variant.front else as_usual
        judged_clips = []
        for clip in changed(watched, variant.learned):
            p = np.zeros(len(clip.rows))
            for stage in STAGES:
                at = [i for i, r in enumerate(clip.rows) if r.stage == stage]
                slope, offset = platt[stage]
                raw = decision(models[stage], np.stack([clip.rows[i].features for i in at]))
                p[at] = 1 / (1 + np.exp(-(slope * raw + offset)))
            judged_clips.append(scored(clip, p))
        late = operating.least_late[k] if variant.second_stage else 0.0
        of_set = score(judged_clips, operating.least_early[k], late)
        rows.append([variant.name, *of_set, *(people if variant.refit else _UNSCORED)])
        sys.stderr.write(" | ".join(rows[-1]) + "\n")
    passes_rules = [scored(c, np.array([float(r.passes_rules) for r in c.rows])) for c in as_usual]
    rows.append(["rules in place of the verifier", *score(passes_rules, 0.5, 0.5), *_UNSCORED])
    heads = ["variant", "recall", "false alarms a minute", "F1 of hits"]
    heads += ["recall, people left out", "false alarms a minute, people left out"]
    text = table(heads, rows)
    minutes = sum(p.seconds for p in run) / 60
    foot = f"Target {given.alarms_per_minute:g} a minute; trained on {minutes:.0f} minutes. "
    publish(page(TITLE, ABOUT, text, f"{foot}{machine()}\n"), given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
