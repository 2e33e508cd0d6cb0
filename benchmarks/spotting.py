"""How well events are spotted: `python -m benchmarks.spotting SET`

SET is a folder of clips with a truth.json: a list of {"file", "seconds", "kind", "events"}, each
event with onset_s, apex_s, offset_s.  Tracker, stabiliser and spotter run as in the live path,
without the engine.  Scored as the spotting challenges do: one to one, interval IoU of at least
0.5, pooled over clips; beside it hits (apex inside the true interval ± 0.1 s), false alarms a
minute, and the recall that the same alarms reach when each clip's are shifted at random.

An event's last line counts for its times and kind, its first for the delay of the flag.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.machine import machine
from realtime.face.assess import assess
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.ring_buffer import Frame
from realtime.spotter import Finding, SpotterConfig
from realtime.stabiliser import StabiliserConfig
from realtime.status import Assessable
from realtime.watcher import FaceWatcher

SLACK_S = 0.1
SHIFTS = 200


@dataclass(frozen=True, slots=True)
class Alarm:
    onset_s: float
    apex_s: float
    offset_s: float
    flagged_s: float


@dataclass(frozen=True, slots=True)
class Clip:
    name: str
    kind: str
    seconds: float
    truth: list[dict[str, Any]]
    alarms: list[Alarm]
    rejected: Counter[str]


def spot(path: Path, model: Path) -> tuple[list[Alarm], Counter[str]]:
    tracker, watcher = LandmarkTracker(model), None
    last: dict[tuple[int, int], Finding] = {}
    flagged: dict[tuple[int, int], float] = {}
    with av.open(str(path)) as clip:
        fps = float(clip.streams.video[0].average_rate or 0)
        for seq, picture in enumerate(clip.decode(video=0)):
            image = picture.to_ndarray(format="bgr24")
            t_ns = round(float(picture.pts * picture.time_base) * 1e9)
            grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
            face = next(iter(tracker.update(t_ns, image)), None)
            if face is None or assess(face, grey, fps) is not Assessable.YES:
                watcher = None
                continue
            if watcher is None or watcher.face_id != face.id:
                watcher = FaceWatcher(face.id, StabiliserConfig(), SpotterConfig())
            stabilised = watcher.align(Frame(seq, t_ns, image), grey, face)
            for finding in watcher.spot(stabilised, face):
                key = (id(watcher), finding.number)
                last[key] = finding
                flagged.setdefault(key, t_ns / 1e9)
    alarms = [
        Alarm(f.onset_ns / 1e9, f.apex_ns / 1e9, f.offset_ns / 1e9, flagged[k])
        for k, f in last.items()
        if f.kind == "micro"
    ]
    reasons = Counter(r for f in last.values() if f.kind == "rejected" for r in f.confounders)
    return alarms, reasons


def overlap(a: Alarm, t: dict[str, Any]) -> float:
    inside = min(a.offset_s, t["offset_s"]) - max(a.onset_s, t["onset_s"])
    union = max(a.offset_s, t["offset_s"]) - min(a.onset_s, t["onset_s"])
    return max(0.0, inside) / union


def matched(pairs: list[tuple[float, int, int]]) -> list[tuple[int, int]]:
    """One to one, the best first."""
    used_a: set[int] = set()
    used_t: set[int] = set()
    chosen = []
    for _, a, t in sorted(pairs, reverse=True):
        if a not in used_a and t not in used_t:
            used_a.add(a)
            used_t.add(t)
            chosen.append((a, t))
    return chosen


def hits(apexes: list[float], truth: list[dict[str, Any]]) -> list[tuple[int, int]]:
    return matched(
        [
            (-abs(apex - t["apex_s"]), a, k)
            for a, apex in enumerate(apexes)
            for k, t in enumerate(truth)
            if t["onset_s"] - SLACK_S <= apex <= t["offset_s"] + SLACK_S
        ]
    )


def score(clips: list[Clip], random: np.random.Generator) -> dict[str, float | None]:
    n_truth = sum(len(c.truth) for c in clips)
    n_alarms = sum(len(c.alarms) for c in clips)
    minutes = sum(c.seconds for c in clips) / 60
    true = found = 0
    onset, apex, delay, by_chance = [], [], [], []
    for c in clips:
        ious = [
            (overlap(a, t), i, k) for i, a in enumerate(c.alarms) for k, t in enumerate(c.truth)
        ]
        true += len(matched([p for p in ious if p[0] >= 0.5]))
        for i, k in hits([a.apex_s for a in c.alarms], c.truth):
            found += 1
            alarm, t = c.alarms[i], c.truth[k]
            onset.append(1e3 * abs(alarm.onset_s - t["onset_s"]))
            apex.append(1e3 * abs(alarm.apex_s - t["apex_s"]))
            delay.append(1e3 * (alarm.flagged_s - t["apex_s"]))
        for shift in random.uniform(0, c.seconds, SHIFTS):
            moved = [(a.apex_s + shift) % c.seconds for a in c.alarms]
            by_chance.append(len(hits(moved, c.truth)))

    def rounded(value: float, digits: int = 3) -> float:
        return round(float(value), digits)

    return {
        "clips": len(clips),
        "minutes": rounded(minutes, 2),
        "events": n_truth,
        "alarms": n_alarms,
        "f1_iou50": rounded(2 * true / (n_truth + n_alarms)) if n_truth else None,
        "recall": rounded(found / n_truth) if n_truth else None,
        "recall_by_chance": rounded(np.sum(by_chance) / SHIFTS / n_truth) if n_truth else None,
        "false_alarms_per_min": rounded((n_alarms - found) / minutes, 2),
        "onset_median_ms": rounded(np.median(onset), 0) if onset else None,
        "apex_median_ms": rounded(np.median(apex), 0) if apex else None,
        "flag_after_apex_p95_ms": rounded(np.percentile(delay, 95), 0) if delay else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("set", type=Path)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    model, clips = face_model(), []
    truth = json.loads((options.set / "truth.json").read_text("utf-8"))
    for entry in track(truth, "spotting", console=Console(stderr=True)):
        alarms, rejected = spot(options.set / entry["file"], model)
        clips.append(
            Clip(entry["file"], entry["kind"], entry["seconds"], entry["events"], alarms, rejected)
        )
    kinds = sorted({c.kind for c in clips})
    rows = {kind: [c for c in clips if c.kind == kind] for kind in kinds} | {"all": clips}
    result = {name: score(chosen, np.random.default_rng(0)) for name, chosen in rows.items()}
    rejected = sum((c.rejected for c in clips), Counter())

    table = Table(title=f"spotting on {options.set.name}")
    table.add_column("")
    for name in result:
        table.add_column(name, justify="right")
    for figure in result["all"]:
        table.add_row(
            figure, *("-" if r[figure] is None else f"{r[figure]:g}" for r in result.values())
        )
    console = Console(width=None if sys.stdout.isatty() else 100)
    console.print(table)
    console.print("rejected: " + ", ".join(f"{k} {v}" for k, v in rejected.most_common()))
    console.print(machine())
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
