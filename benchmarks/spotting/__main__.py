"""How well events are spotted: `python -m benchmarks.spotting SET [--quiet CLIP …]`

SET is a folder of clips with a truth.json: a list of {"file", "seconds", "kind", "events"}, each
event with onset_s, apex_s, offset_s and, if known, amp_iod.  --quiet adds clips in which every
alarm is false.  Faces are tracked once; then our spotter and three others analyse the same frames.

Scored as the spotting challenges do: one to one, interval IoU of at least 0.5, pooled over clips.
Beside it hits (apex inside the true interval ± 0.1 s), the recall that the same alarms reach when
each clip's are shifted at random, and false alarms an assessable minute, with
a 95 % interval.  An event counts by its last line; "raised" are all flags, retracted or not.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from benchmarks.spotting.score import OURS, ScoredClip, causes, removals, score
from benchmarks.spotting.spotters import (
    Alarm,
    SpotterOutcome,
    blendshape_spike,
    challenge_rule,
    ours,
    rules_only,
)
from model.spotting.face_footage import read_recording
from realtime.errors import DataError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.spotting.spotter import SpotterConfig
from realtime.spotting.verifier import load_verifier


def read_set(folder: Path, quiet: Sequence[Path]) -> list[dict[str, Any]]:
    """The set's entries with their paths, and the quiet clips'.

    Raises:
        DataError: there is no readable truth.json.
    """
    try:
        entries = json.loads((folder / "truth.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{folder}/truth.json cannot be read: {error}") from error
    for entry in entries:
        entry["path"] = folder / entry["file"]
    quiet_entries = [
        {"path": p, "file": p.name, "kind": p.name, "events": [], "macros": []} for p in quiet
    ]
    return [*entries, *quiet_entries]


def watch_clip(
    entry: dict[str, Any], tracker: LandmarkTracker, given: argparse.Namespace
) -> ScoredClip:
    config = SpotterConfig(alarms_per_minute=given.alarms_per_minute)
    try:
        recording = read_recording(entry["path"], tracker, any_rate=False)
    except DataError:  # no assessable face: no figure can be given
        alarms: dict[str, list[Alarm]] = {name: [] for name in SPOTTERS}
        seconds = float(entry.get("seconds", 0.0))
        return ScoredClip(
            entry["file"],
            entry["kind"],
            0.0,
            seconds,
            entry["events"],
            [],
            None,
            SpotterOutcome(),
            alarms,
        )
    watched = ours(recording, config, load_verifier(given.verifier) if given.verifier else None)
    gaps = np.diff([m.t_ns / 1e9 for m in recording.frames])
    alarms = {OURS: [a for a in watched.alarms if a.stands]}
    if not given.only_ours:
        alarms["rules only"] = rules_only(recording)
        alarms["challenge rule"] = challenge_rule(recording)
        alarms["blendshape spike"] = blendshape_spike(recording, tracker.signs)
    return ScoredClip(
        entry["file"],
        entry["kind"],
        sum(watched.judged) * float(np.median(gaps)),
        recording.seconds,
        entry["events"],
        [(float(a), float(b)) for a, b in entry.get("macros", [])],
        recording,
        watched,
        alarms,
    )


SPOTTERS = (OURS, "rules only", "challenge rule", "blendshape spike")
ABOUT = (
    "Spotting on a set of clips with known events, by kind of clip, by spotter and clip by clip. "
    'An event counts by its last revision; "by chance" is the recall of the same alarms shifted '
    "at random."
)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("set", type=Path)
    parser.add_argument("--quiet", type=Path, nargs="+", default=[], metavar="CLIP")
    parser.add_argument("--verifier", type=Path, help="file of fleeting train-verifier")
    parser.add_argument("--alarms-per-minute", type=float, default=0.2)
    parser.add_argument("--only-ours", action="store_true", help="leave the other spotters out")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="one of every clip")
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    tracker = LandmarkTracker(face_model())
    entries = read_set(given.set, given.quiet)
    clips = [
        watch_clip(entry, tracker, given)
        for entry in track(entries, "spotting", console=Console(stderr=True))
    ]
    names = (OURS,) if given.only_ours else SPOTTERS
    kinds = list(
        dict.fromkeys(c.kind for c in clips if c.kind not in {p.name for p in given.quiet})
    )
    rows = {kind: [c for c in clips if c.kind == kind] for kind in kinds}
    rows["all of the set"] = [c for c in clips if c.kind in kinds]
    rows |= {p.name: [c for c in clips if c.name == p.name] for p in given.quiet}
    result = {
        spotter: {
            name: score(chosen, spotter, np.random.default_rng(0)) for name, chosen in rows.items()
        }
        for spotter in names
    }
    result["each clip"] = {c.name: score([c], OURS, np.random.default_rng(0)) for c in clips}
    title = (
        f"Spotting on {given.set.name}, target {given.alarms_per_minute:g} false alarms a minute"
    )
    text = page(title, ABOUT, report(result, clips, names))
    publish(text, given.out)
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    if given.pictures:
        from benchmarks.spotting.pictures import draw

        given.pictures.mkdir(parents=True, exist_ok=True)
        for clip in clips:
            draw(clip, given.pictures / f"{Path(clip.name).stem}.png")
    return 0


HEADINGS = {
    "minutes_judged": "assessable minutes",
    "f1_iou50": "F1 at IoU 0.5",
    "recall_by_chance": "recall by chance",
    "false_alarms_per_min": "false alarms a minute",
    "false_alarms_95": "false alarms a minute, 95 % interval",
    "raised_per_min": "flags raised a minute",
    "onset_median_ms": "onset error, median, ms",
    "apex_median_ms": "apex error, median, ms",
    "flag_after_apex_p95_ms": "flag after the apex, 95 % quantile, ms",
    "revision_after_apex_p95_ms": "revision after the apex, 95 % quantile, ms",
}


def heading(figure: str) -> str:
    """A figure's name in words: recall_0_to_1.25_percent is recall, peak 0–1.25 % IOD."""
    band = re.fullmatch(r"recall_(?:(over)_)?([\d.]+)(?:_to_([\d.]+))?_percent", figure)
    if band is None:
        return HEADINGS.get(figure, figure)
    over, low, high = band.groups()
    return f"recall, peak over {low} % IOD" if over else f"recall, peak {low}–{high} % IOD"


def report(
    result: dict[str, dict[str, dict[str, Any]]], clips: Sequence[ScoredClip], names: Sequence[str]
) -> str:
    def cell(value: object) -> str:
        return "–" if value is None else str(value)

    groups = list(result[OURS])
    figures = list(dict.fromkeys(name for g in groups for name in result[OURS][g]))
    parts = [
        table(
            [OURS, *groups],
            [[heading(f), *(cell(result[OURS][g].get(f)) for g in groups)] for f in figures],
        )
    ]
    if len(names) > 1:
        chosen = ("f1_iou50", "recall", "recall_by_chance", "false_alarms_per_min")
        parts.append(
            table(
                ["all of the set", *map(heading, chosen)],
                [[n, *(cell(result[n]["all of the set"][f]) for f in chosen)] for n in names],
            )
        )
    of_a_clip = ("events", "alarms", "f1_iou50", "recall", "false_alarms_per_min")
    parts.append(
        table(
            [
                "clip",
                *map(heading, of_a_clip),
                "what coincided with the false alarms",
            ],
            [
                [
                    c.name,
                    *(cell(result["each clip"][c.name][f]) for f in of_a_clip),
                    ", ".join(f"{k} {v}" for k, v in causes(c).most_common())
                    or ("not assessable" if c.recording is None else "–"),
                ]
                for c in clips
            ],
        )
    )
    false = [
        [f"{name}, {alarm.apex_s:.1f} s", f"{alarm.probability:.2f}", str(price)]
        for name, alarm, price in removals(clips)
    ]
    if false:
        parts.append(
            table(["false alarm", "probability", "hits with no higher probability"], false)
        )
    reasons = Counter(r for c in clips for f in c.watched.rejected for r in f.confounders)
    parts.append(
        "Rejected candidates by reason: "
        + ", ".join(f"{k} {v}" for k, v in reasons.most_common())
        + ".\n"
    )
    frames = sum(len(c.watched.times_s) for c in clips)
    cpu_ms = 1e3 * sum(c.watched.cpu_s for c in clips) / max(frames, 1)
    parts.append(f"Stabiliser and spotter: {cpu_ms:.2f} ms of one core a frame. {machine()}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
